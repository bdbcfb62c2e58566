// Runs one action of the person at a time: asked, accepted, followed, ended.

import { Action, OperationName, Refusal } from "../api/client";
import { Operation, Session } from "../api/schema";
import { shortage } from "./shortage";
import { Running, State } from "./state";
import type { Studio } from "./studio";

export interface Plan<N extends OperationName> {
  action: Action<N>;
  running: Running;
  cost: number;
  /** Whether the page may refuse by itself when credits are short. */
  isGated: boolean;
  label: string;
}

export class Runner {
  /** What was asked for last, in words. */
  private label = "this step";

  constructor(private studio: Studio) {}

  async withSession<N extends OperationName>(
    plan: (session: Session) => Plan<N>,
  ): Promise<void> {
    const session = this.studio.state.session;
    if (session && !this.studio.state.running) await this.run(plan(session));
  }

  async run<N extends OperationName>(plan: Plan<N>): Promise<void> {
    if (this.studio.state.running || this.studio.state.isChecking) return;
    if (plan.isGated && !(await this.studio.credits.hasCredits(plan.cost, plan.label))) return;
    await this.attempt(plan);
  }

  private async attempt<N extends OperationName>(plan: Plan<N>): Promise<void> {
    this.label = plan.label || "this step";
    this.studio.apply({ type: "asked", running: plan.running, cost: plan.cost });
    try {
      const answer = await this.studio.client.send(plan.action);
      const accepted = acceptedOperation(answer);
      if (accepted) {
        await this.accepted(accepted);
      } else {
        const { sessionId } = answer as unknown as { sessionId: string };
        if (plan.action.name === "finalizeSession") {
          this.studio.patch({ finished: answer as unknown as State["finished"] });
        }
        await this.studio.sessions.readSession(sessionId);
        this.studio.apply({ type: "settled" });
      }
    } catch (error) {
      this.studio.apply({ type: "settled" });
      this.studio.failures.fail(error, () => this.attempt(plan), plan.label);
    }
  }

  private async accepted(operation: Operation): Promise<void> {
    const wasCancelled = this.studio.state.running?.isCancelling ?? false;
    this.studio.apply({ type: "accepted", operation });
    if (!this.studio.state.session && operation.sessionId) {
      await this.studio.sessions.readSession(operation.sessionId);
    }
    if (operation.state !== "running") return this.finish(operation);
    if (wasCancelled) return this.cancelOnServer(operation.id);
    // Its end may have come as an event before its beginning was answered.
    const now = await this.studio.client.read("getOperation", { id: operation.id });
    if (now.state !== "running") await this.finish(now);
    else this.studio.apply({ type: "operation", operation: now });
  }

  async finish(operation: Operation): Promise<void> {
    if (this.studio.state.running?.id !== operation.id) return;
    try {
      if (operation.sessionId) await this.studio.sessions.readSession(operation.sessionId);
    } catch (error) {
      const isGone = error instanceof Refusal && error.status === 404;
      if (!isGone) return this.studio.failures.fail(error, null);
      this.studio.sessions.show(null);
    }
    if (this.studio.state.running?.id !== operation.id) return;
    this.studio.apply({ type: "settled" });
    this.studio.gallery.later();
    if (operation.state === "cancelled") {
      return this.studio.patch({ notice: "Stopped. Nothing was charged." });
    }
    if (operation.state !== "failed" || !operation.error) return;
    const { code, detail, details } = operation.error;
    if (code === "INSUFFICIENT_CREDITS") {
      return this.studio.patch({
        dialog: { kind: "short", shortage: shortage(details, this.studio.state, this.label) },
      });
    }
    this.studio.patch({ trouble: { text: `${detail} Nothing was charged.`, canRetry: false } });
  }

  /** Really stops what runs; what was set aside for it comes back. */
  async cancel(): Promise<void> {
    const running = this.studio.state.running;
    if (!running || running.isCancelling) return;
    this.studio.patch({ running: { ...running, isCancelling: true } });
    if (!running.id) return;
    await this.cancelOnServer(running.id);
  }

  private async cancelOnServer(id: string): Promise<void> {
    try {
      const operation = await this.studio.client.send(new Action("cancelOperation", {}, { id }));
      if (operation.state !== "running") await this.finish(operation);
    } catch (error) {
      this.studio.failures.fail(error, () => this.cancelOnServer(id));
    }
  }
}

/** The operation of an answer that only says that the work has begun. */
function acceptedOperation(answer: unknown): Operation | null {
  if (typeof answer !== "object" || answer === null || !("operationId" in answer)) return null;
  return (answer as unknown as { operation: Operation }).operation;
}
