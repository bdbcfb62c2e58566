// Which session is shown, and that it is shown as the server has it.

import { Action, Refusal } from "../api/client";
import { Session } from "../api/schema";
import { generationKey } from "./generations";
import { intentKey, store, stored } from "./storage";
import type { Studio } from "./studio";

// Of this tab alone: what it goes on with after a reload.
const sessionKey = "convergence.session";
/** Instead of its id: a session was asked for, and a reload may come before the answer. */
const asked = "asked";

export class Sessions {
  private refreshing: number | null = null;

  constructor(private studio: Studio) {}

  /** A session that is there at the beginning: shown by itself after a reload, else asked about. */
  async meet(session: Session, isReturning: boolean): Promise<void> {
    if (this.isOfThisTab(session) || !isReturning) return this.open(session);
    this.studio.patch({ dialog: { kind: "resume", session } });
  }

  private isOfThisTab(session: Session): boolean {
    const known = stored(sessionKey, sessionStorage);
    return known === session.id || known === asked;
  }

  /** What begins from here on is this tab's, whether its beginning is answered or not. */
  async begin(start: () => Promise<void>): Promise<void> {
    store(sessionKey, asked, sessionStorage);
    await start();
    if (!this.studio.state.session) this.forget();
  }

  /** A session that was completed in this tab stays until another is begun. */
  async restore(): Promise<void> {
    const id = stored(sessionKey, sessionStorage);
    if (!id || id === asked) return;
    try {
      const { session } = await this.studio.client.read("getSession", { id });
      if (session.status !== "completed") return;
      const answer = await this.studio.client.send(new Action("finalizeSession", { sessionId: id }));
      if ("finalPrompt" in answer) this.studio.patch({ finished: answer });
      this.show(session);
      const generation = stored(generationKey, sessionStorage);
      if (!generation) return;
      this.studio.patch({ generation: await this.studio.client.read("getGeneration", { id: generation }) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      store(sessionKey, null, sessionStorage);
    }
  }

  async open(session: Session): Promise<void> {
    this.show(session);
    if (!session.operationId) return;
    const operation = await this.studio.client.read("getOperation", { id: session.operationId });
    this.studio.apply({ type: "operation", operation });
  }

  show(session: Session | null): void {
    if (session?.imageHistory.length) store(intentKey, null, sessionStorage);
    store(sessionKey, session?.id ?? null, sessionStorage);
    this.studio.apply({ type: "session", session });
  }

  /** There is none any more: a reload begins anew. */
  forget(): void {
    store(sessionKey, null, sessionStorage);
  }

  async readSession(id: string): Promise<void> {
    const { session } = await this.studio.client.read("getSession", { id });
    this.show(session);
  }

  /** Reads the session again, once for several reasons that come together. */
  later(): void {
    if (this.refreshing !== null) return;
    this.refreshing = window.setTimeout(() => {
      this.refreshing = null;
      void this.refresh();
    }, 120);
  }

  async refresh(): Promise<void> {
    const { session, running, dialog } = this.studio.state;
    try {
      await this.studio.generations.readGeneration();
      if (running?.id) {
        const operation = await this.studio.client.read("getOperation", { id: running.id });
        if (operation.state !== "running") return this.studio.runner.finish(operation);
        this.studio.apply({ type: "operation", operation });
      } else if (running) {
        return;
      } else if (session && session.status === "active") {
        const fresh = await this.studio.client.read("getSession", { id: session.id });
        if (!this.studio.state.running) await this.replace(fresh.session);
      } else if (!session && !dialog && !this.studio.state.finished) {
        const active = await this.studio.client.read("getActiveSession");
        const isFree = !this.studio.state.session && !this.studio.state.running && !this.studio.state.dialog;
        if (active.session && isFree) await this.meet(active.session, true);
      }
    } catch (error) {
      this.studio.failures.fail(error, null);
    }
  }

  private async replace(session: Session): Promise<void> {
    if (session.status === "abandoned") return this.show(null);
    if (session.status === "completed" && !this.studio.state.finished) return this.restore();
    if (session.version >= (this.studio.state.session?.version ?? 0)) await this.open(session);
  }

  async resume(session: Session): Promise<void> {
    this.studio.patch({ dialog: null });
    try {
      const action = new Action("resumeSession", { sessionId: session.id });
      const answer = await this.studio.client.send(action);
      await this.open("session" in answer ? answer.session : session);
    } catch (error) {
      this.studio.failures.fail(error, () => this.resume(session));
    }
  }

  /** Gives the session up and begins with an empty page. */
  async startFresh(session: Session | null): Promise<void> {
    this.studio.patch({ dialog: null });
    try {
      if (session?.status === "active") {
        await this.studio.client.send(new Action("abandonSession", { sessionId: session.id }));
      }
      this.studio.apply({ type: "settled" });
      this.show(null);
      store(generationKey, null, sessionStorage);
      this.studio.patch({ finished: null, generation: null, trouble: null });
    } catch (error) {
      this.studio.failures.fail(error, () => this.startFresh(session));
    }
  }

  async offerResume(id: string): Promise<void> {
    try {
      const { session } = await this.studio.client.read("getSession", { id });
      this.studio.patch({ dialog: { kind: "resume", session } });
    } catch (error) {
      this.studio.failures.fail(error, null);
    }
  }
}
