// Everything the page does: actions of the person, answers of the gateway and its events.

import { Action, Client, OperationName, Refusal, Unreachable } from "../api/client";
import { EventReader, ServerEvent } from "../api/events";
import {
  BalanceEvent, LowBalanceEvent, Operation, Operations, Session, WorkEvent,
} from "../api/schema";
import {
  Costs, credits, Event, initialState, isPictureStep, PictureStep, pictureSteps, reduce, Running,
  shownStep, State, Step,
} from "./state";
import { shortage } from "./shortage";
import { store, stored } from "./storage";

const tokenKey = "convergence.token";
// Of this tab alone: what it goes on with after a reload.
const sessionKey = "convergence.session";
const generationKey = "convergence.generation";

interface Plan<N extends OperationName> {
  action: Action<N>;
  running: Running;
  cost: number;
  /** Whether the page may refuse by itself when credits are short. */
  isGated: boolean;
  label: string;
}

export class Studio {
  private state: State = initialState;
  private listeners = new Set<() => void>();
  private client = new Client();
  private events: EventReader | null = null;
  private retry: (() => Promise<void>) | null = null;
  private refreshing: number | null = null;
  private balanceWaiters: (() => void)[] = [];

  // MARK: For React

  snapshot = (): State => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private apply(event: Event): void {
    this.state = reduce(this.state, event);
    for (const listener of this.listeners) listener();
  }

  patch = (change: Partial<State>): void => this.apply({ type: "patch", change });

  // MARK: Signing in

  async start(): Promise<void> {
    window.addEventListener("online", () => this.events?.hurry());
    window.addEventListener("offline", () => this.patch({ isOnline: false }));
    this.client.token = stored(tokenKey);
    await this.enter(this.client.token !== null);
  }

  private async enter(isReturning: boolean): Promise<void> {
    try {
      if (!this.client.token) await this.becomeGuest();
      const active = await this.client.read("getActiveSession");
      this.patch({ isSignedIn: true, isOnline: true, trouble: null });
      this.follow();
      void this.readPrices();
      if (active.session) await this.meet(active.session, isReturning);
      else await this.restore();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401 && this.client.token) {
        return this.signInAnew();
      }
      this.fail(error, () => this.enter(isReturning));
    }
  }

  private async becomeGuest(): Promise<void> {
    const { token } = await this.client.send(new Action("createGuest", {}));
    this.client.token = token;
    store(tokenKey, token);
  }

  /** The token has expired or was revoked: a new guest, after saying so. */
  private async signInAnew(): Promise<void> {
    this.client.token = null;
    store(tokenKey, null);
    this.events?.stop();
    this.events = null;
    this.state = { ...initialState };
    await this.enter(false);
    this.patch({ notice: "Your sign-in had ended. You are here as a new guest." });
  }

  /** A session that is there at the beginning: shown by itself after a reload, else asked about. */
  private async meet(session: Session, isReturning: boolean): Promise<void> {
    const isReload = stored(sessionKey, sessionStorage) === session.id;
    if (isReload || !isReturning) return this.open(session);
    this.patch({ dialog: { kind: "resume", session } });
  }

  /** A session that was completed in this tab stays until another is begun. */
  private async restore(): Promise<void> {
    const id = stored(sessionKey, sessionStorage);
    if (!id) return;
    try {
      const { session } = await this.client.read("getSession", { id });
      if (session.status !== "completed") return;
      const answer = await this.client.send(new Action("finalizeSession", { sessionId: id }));
      if ("finalPrompt" in answer) this.patch({ finished: answer });
      this.show(session);
      const generation = stored(generationKey, sessionStorage);
      if (!generation) return;
      this.patch({ generation: await this.client.read("getGeneration", { id: generation }) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      store(sessionKey, null, sessionStorage);
    }
  }

  private async open(session: Session): Promise<void> {
    this.show(session);
    if (!session.operationId) return;
    const operation = await this.client.read("getOperation", { id: session.operationId });
    this.apply({ type: "operation", operation });
  }

  private show(session: Session | null): void {
    store(sessionKey, session?.id ?? null, sessionStorage);
    this.apply({ type: "session", session });
  }

  private async readPrices(): Promise<void> {
    try {
      const items = [
        { operation: "image.preview", quantity: 16 },
        { operation: "depth", quantity: 1 },
        { operation: "video.preview", quantity: 1 },
        { operation: "image.regenerate", quantity: 4 },
      ];
      const [quote, packs, balance] = await Promise.all([
        this.client.send(new Action("quoteCredits", { items })),
        this.client.read("listPacks"),
        this.client.read("getCredits"),
      ]);
      const [pictures, camera, motion, again] = quote.lines.map((line) => line.credits);
      const costs: Costs = {
        pictures: (pictures ?? 0) / 4,
        camera: camera ?? 0,
        motion: motion ?? 0,
        regenerate: again ?? 0,
        total: (pictures ?? 0) + (camera ?? 0) + (motion ?? 0),
      };
      this.patch({ costs, packs: packs.packs });
      if (!this.state.balance) this.setBalance(balance);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return this.signInAnew();
      setTimeout(() => void this.readPrices(), 3000);
    }
  }

  // MARK: Events

  private follow(): void {
    this.events?.stop();
    this.events = new EventReader(this.client, {
      event: (event) => this.handle(event),
      connected: (isConnected) => {
        if (!isConnected) return this.patch({ isOnline: false });
        const wasCut = !this.state.isOnline;
        this.patch({ isOnline: true });
        if (wasCut) {
          void this.refresh();
          void this.retryFailed();
        }
      },
      unauthorized: () => void this.signInAnew(),
    });
    this.events.start();
  }

  private handle({ name, data }: ServerEvent): void {
    switch (name) {
      case "balance":
        return this.setBalance(data as BalanceEvent);
      case "lowBalance": {
        const { available } = data as LowBalanceEvent;
        return this.patch({ notice: `Few credits are left: ${credits(available)}.` });
      }
      case "picture": {
        const event = data as WorkEvent;
        const image = event.image;
        if (!image || event.sessionId !== this.state.session?.id) return this.later();
        const dimension = "dimension" in image ? image.dimension : this.state.running?.dimension;
        if (dimension) this.apply({ type: "picture", dimension, image });
        return;
      }
      case "operation": {
        const event = data as WorkEvent;
        if (event.operation) this.operation(event.operation);
        return;
      }
      case "generation": {
        const { generation } = data as WorkEvent;
        if (generation && generation.id === this.state.generation?.id) this.patch({ generation });
        return;
      }
      case "ready":
      case "resync":
        if (name === "resync") void this.readBalance();
        return this.later();
      case "session":
        return this.later();
      default:
        return;
    }
  }

  private operation(operation: Operation): void {
    const { running, session } = this.state;
    const isOurs = running?.id === operation.id;
    if (operation.state === "running") {
      // Another page of the same person works on this session, or ours was faster than its answer.
      if (operation.sessionId === session?.id) this.apply({ type: "operation", operation });
      return;
    }
    if (isOurs) void this.finish(operation);
    else this.later();
  }

  private setBalance(balance: State["balance"]): void {
    if (!balance) return;
    this.apply({ type: "balance", balance });
    for (const waiter of this.balanceWaiters.splice(0)) waiter();
  }

  private async readBalance(): Promise<void> {
    this.setBalance(await this.client.read("getCredits"));
  }

  /** Reads the session again, once for several reasons that come together. */
  private later(): void {
    if (this.refreshing !== null) return;
    this.refreshing = window.setTimeout(() => {
      this.refreshing = null;
      void this.refresh();
    }, 120);
  }

  private async refresh(): Promise<void> {
    const { session, running, dialog } = this.state;
    try {
      await this.readGeneration();
      if (running?.id) {
        const operation = await this.client.read("getOperation", { id: running.id });
        if (operation.state !== "running") return this.finish(operation);
        this.apply({ type: "operation", operation });
      } else if (running) {
        return;
      } else if (session && session.status === "active") {
        const fresh = await this.client.read("getSession", { id: session.id });
        if (!this.state.running) await this.replace(fresh.session);
      } else if (!session && !dialog && !this.state.finished) {
        const active = await this.client.read("getActiveSession");
        const isFree = !this.state.session && !this.state.running && !this.state.dialog;
        if (active.session && isFree) {
          this.patch({ dialog: { kind: "resume", session: active.session } });
        }
      }
    } catch (error) {
      this.fail(error, null);
    }
  }

  private async replace(session: Session): Promise<void> {
    if (session.status === "abandoned") return this.show(null);
    if (session.status === "completed" && !this.state.finished) return this.restore();
    if (session.version >= (this.state.session?.version ?? 0)) await this.open(session);
  }

  // MARK: Commands

  startSession(intent: string, aspectRatio: "16:9" | "9:16" | "1:1" | "4:3" | "3:4"): Promise<void> {
    return this.run({
      action: new Action("startConvergence", { intent, aspectRatio }),
      running: making("start", "direction"),
      cost: this.state.costs?.pictures ?? 0,
      isGated: true,
      label: "four directions",
    });
  }

  async choose(step: PictureStep, optionId: string): Promise<void> {
    const session = this.state.session;
    if (!session || this.state.running) return;
    const next = pictureSteps[pictureSteps.indexOf(step) + 1] ?? null;
    const isSeen = session.imageHistory.some((set) => set.dimension === next);
    const isFree = next === null;
    await this.run({
      action: new Action("selectOption", {
        sessionId: session.id, dimension: step, optionId, version: session.version,
      }),
      running: next ? making("select", next) : { ...making("camera_motion", null), total: 0 },
      cost: isFree || isSeen ? 0 : this.state.costs?.pictures ?? 0,
      // What was seen before costs nothing: the server decides.
      isGated: !isFree && !isSeen,
      label: "the next four pictures",
    });
    const now = this.state.session;
    if (now?.currentStep === "camera_motion" && !now.cameraPaths.length && !this.state.trouble) {
      await this.findMoves();
    }
  }

  regenerate(step: PictureStep): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("regenerateDimension", {
        sessionId: session.id, dimension: step, version: session.version,
      }),
      running: making("regenerate", step),
      cost: this.state.costs?.regenerate ?? 0,
      isGated: true,
      label: "four new pictures",
    }));
  }

  retryPicture(step: PictureStep, optionId: string): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("retryImage", {
        sessionId: session.id, dimension: step, optionId, version: session.version,
      }),
      running: { ...making("retry", step), optionId, total: 1 },
      cost: (this.state.costs?.pictures ?? 0) / 4,
      isGated: true,
      label: "this picture",
    }));
  }

  findMoves(): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("startCameraMotion", { sessionId: session.id, version: session.version }),
      running: { ...making("camera_motion", null), total: 1 },
      cost: this.state.costs?.camera ?? 0,
      isGated: true,
      label: "the camera moves",
    }));
  }

  chooseMove(cameraMotionId: string): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("selectCameraMotion", {
        sessionId: session.id, cameraMotionId, version: session.version,
      }),
      running: { ...making("select_camera_motion", null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  moveSubject(subjectMotion: string): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("startSubjectMotion", {
        sessionId: session.id, subjectMotion, version: session.version,
      }),
      running: { ...making("subject_motion", null), total: 1 },
      cost: this.state.costs?.motion ?? 0,
      isGated: true,
      label: "the motion preview",
    }));
  }

  skipMotion = (): Promise<void> => this.navigate("skipSubjectMotion");
  back = (): Promise<void> => this.navigate("goBack");

  jump(step: Step): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("jumpToStep", {
        sessionId: session.id, version: session.version,
        step: step as Operations["jumpToStep"]["body"]["step"],
      }),
      running: { ...making("jump", null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  editIntent(intent: string): Promise<void> {
    return this.withSession((session) => ({
      action: new Action("editIntent", { sessionId: session.id, intent, version: session.version }),
      running: making("intent", "direction"),
      cost: this.state.costs?.pictures ?? 0,
      isGated: true,
      label: "four directions",
    }));
  }

  finalize = (): Promise<void> => this.navigate("finalizeSession");

  private navigate(name: "goBack" | "skipSubjectMotion" | "finalizeSession"): Promise<void> {
    return this.withSession((session) => ({
      action: new Action(name, { sessionId: session.id, version: session.version }),
      running: { ...making(name, null), total: 0 },
      cost: 0,
      isGated: false,
      label: "",
    }));
  }

  /** Really stops what runs; what was set aside for it comes back. */
  async cancel(): Promise<void> {
    const running = this.state.running;
    if (!running || running.isCancelling) return;
    this.patch({ running: { ...running, isCancelling: true } });
    if (!running.id) return;
    await this.cancelOnServer(running.id);
  }

  private async cancelOnServer(id: string): Promise<void> {
    try {
      const operation = await this.client.send(new Action("cancelOperation", {}, { id }));
      if (operation.state !== "running") await this.finish(operation);
    } catch (error) {
      this.fail(error, () => this.cancelOnServer(id));
    }
  }

  async resume(session: Session): Promise<void> {
    this.patch({ dialog: null });
    try {
      const action = new Action("resumeSession", { sessionId: session.id });
      const answer = await this.client.send(action);
      await this.open("session" in answer ? answer.session : session);
    } catch (error) {
      this.fail(error, () => this.resume(session));
    }
  }

  /** Gives the session up and begins with an empty page. */
  async startFresh(session: Session | null): Promise<void> {
    this.patch({ dialog: null });
    try {
      if (session?.status === "active") {
        await this.client.send(new Action("abandonSession", { sessionId: session.id }));
      }
      this.apply({ type: "settled" });
      this.show(null);
      store(generationKey, null, sessionStorage);
      this.patch({ finished: null, generation: null, trouble: null });
    } catch (error) {
      this.fail(error, () => this.startFresh(session));
    }
  }

  // MARK: The final video

  async generate(model: string, cost: number): Promise<void> {
    const session = this.state.session;
    const finished = this.state.finished;
    if (!session || !finished || !(await this.hasCredits(cost, "the video"))) return;
    const action = new Action("startGeneration", {
      kind: "final", sessionId: session.id, model,
      aspectRatio: session.aspectRatio as "16:9" | "9:16" | "1:1" | "4:3" | "3:4",
    });
    const attempt = async (): Promise<void> => {
      this.patch({ clicked: cost, trouble: null });
      try {
        const answer = await this.client.send(action);
        if (!("state" in answer)) return;
        store(generationKey, answer.id, sessionStorage);
        this.patch({ generation: answer });
        // Its end may have come as an event before its beginning was answered.
        await this.readGeneration();
      } catch (error) {
        this.patch({ clicked: 0 });
        this.fail(error, attempt);
      }
    };
    await attempt();
  }

  private async readGeneration(): Promise<void> {
    const id = this.state.generation?.id;
    if (!id || this.state.generation?.finishedAt) return;
    const generation = await this.client.read("getGeneration", { id });
    if (this.state.generation?.id === id) this.patch({ generation });
  }

  async cancelGeneration(): Promise<void> {
    const generation = this.state.generation;
    if (!generation) return;
    try {
      const action = new Action("cancelGeneration", {}, { id: generation.id });
      this.patch({ generation: await this.client.send(action) });
    } catch (error) {
      this.fail(error, null);
    }
  }

  // MARK: Running one action

  private async withSession<N extends OperationName>(
    plan: (session: Session) => Plan<N>,
  ): Promise<void> {
    const session = this.state.session;
    if (session && !this.state.running) await this.run(plan(session));
  }

  private async run<N extends OperationName>(plan: Plan<N>): Promise<void> {
    if (this.state.running || this.state.isChecking) return;
    if (plan.isGated && !(await this.hasCredits(plan.cost, plan.label))) return;
    await this.attempt(plan);
  }

  private async attempt<N extends OperationName>(plan: Plan<N>): Promise<void> {
    this.apply({ type: "asked", running: plan.running, cost: plan.cost });
    try {
      const answer = await this.client.send(plan.action);
      const accepted = acceptedOperation(answer);
      if (accepted) {
        await this.accepted(accepted);
      } else {
        const { sessionId } = answer as unknown as { sessionId: string };
        if (plan.action.name === "finalizeSession") {
          this.patch({ finished: answer as unknown as State["finished"] });
        }
        await this.readSession(sessionId);
        this.apply({ type: "settled" });
      }
    } catch (error) {
      this.apply({ type: "settled" });
      this.fail(error, () => this.attempt(plan), plan.label);
    }
  }

  private async accepted(operation: Operation): Promise<void> {
    const wasCancelled = this.state.running?.isCancelling ?? false;
    this.apply({ type: "accepted", operation });
    if (!this.state.session && operation.sessionId) await this.readSession(operation.sessionId);
    if (operation.state !== "running") return this.finish(operation);
    if (wasCancelled) return this.cancelOnServer(operation.id);
    // Its end may have come as an event before its beginning was answered.
    const now = await this.client.read("getOperation", { id: operation.id });
    if (now.state !== "running") await this.finish(now);
    else this.apply({ type: "operation", operation: now });
  }

  private async finish(operation: Operation): Promise<void> {
    if (this.state.running?.id !== operation.id) return;
    try {
      if (operation.sessionId) await this.readSession(operation.sessionId);
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) return this.fail(error, null);
      this.show(null);
    }
    if (this.state.running?.id !== operation.id) return;
    this.apply({ type: "settled" });
    if (operation.state === "cancelled") {
      return this.patch({ notice: "Stopped. Nothing was charged." });
    }
    if (operation.state !== "failed" || !operation.error) return;
    const { code, detail, details } = operation.error;
    if (code === "INSUFFICIENT_CREDITS") {
      return this.patch({
        dialog: { kind: "short", shortage: shortage(details, this.state, "this step") },
      });
    }
    this.patch({ trouble: { text: `${detail} Nothing was charged.`, canRetry: false } });
  }

  private async readSession(id: string): Promise<void> {
    const { session } = await this.client.read("getSession", { id });
    this.show(session);
  }

  // MARK: Credits

  /** Known and enough: true. Unknown: waits. Short: says so, and false. */
  private async hasCredits(cost: number, label: string): Promise<boolean> {
    if (!this.state.balance) {
      this.patch({ isChecking: true });
      await new Promise<void>((resolve) => this.balanceWaiters.push(resolve));
      this.patch({ isChecking: false });
    }
    const available = this.state.balance?.available ?? 0;
    if (available >= cost) return true;
    const details = { required: cost, available, shortBy: cost - available };
    this.patch({ dialog: { kind: "short", shortage: shortage(details, this.state, label) } });
    return false;
  }

  /** Goes to the checkout for a pack, and from there back here; else says why not. */
  async checkout(pack: string): Promise<string | null> {
    const back = "/create";
    try {
      const answer = await this.client.send(
        new Action("createCheckout", { pack, successUrl: back, cancelUrl: back }),
      );
      location.assign(answer.url);
      return null;
    } catch (error) {
      if (error instanceof Refusal || error instanceof Unreachable) return error.message;
      throw error;
    }
  }

  // MARK: Failures

  private fail(error: unknown, retry: (() => Promise<void>) | null, label = "this step"): void {
    if (error instanceof Unreachable) {
      this.retry = retry ?? this.retry;
      return this.patch({
        isOnline: false,
        trouble: retry ? { text: "The studio cannot be reached.", canRetry: true } : null,
      });
    }
    if (!(error instanceof Refusal)) throw error;
    switch (error.code) {
      case "ACTIVE_SESSION_EXISTS":
        return void this.offerResume(String(error.details["sessionId"] ?? ""));
      case "SESSION_EXPIRED":
      case "SESSION_NOT_FOUND":
        store(sessionKey, null, sessionStorage);
        return this.patch({ dialog: { kind: "expired" } });
      case "INSUFFICIENT_CREDITS":
        return this.patch({
          dialog: { kind: "short", shortage: shortage(error.details, this.state, label) },
        });
      case "VERSION_CONFLICT":
      case "STEP_CONFLICT":
        this.patch({ notice: "This was changed elsewhere; here is how it is now." });
        return this.later();
      case "UNAUTHENTICATED":
        return void this.signInAnew();
    }
    this.retry = error.problem.retryable ? retry : null;
    this.patch({ trouble: { text: error.problem.detail, canRetry: this.retry !== null } });
  }

  private async offerResume(id: string): Promise<void> {
    try {
      const { session } = await this.client.read("getSession", { id });
      this.patch({ dialog: { kind: "resume", session } });
    } catch (error) {
      this.fail(error, null);
    }
  }

  /** Sends what has failed once more, with the key that it had. */
  retryFailed = async (): Promise<void> => {
    const retry = this.retry;
    this.retry = null;
    this.events?.hurry();
    if (!retry) return;
    this.patch({ trouble: null });
    await retry();
  };

  step(): Step {
    return shownStep(this.state);
  }

  canRegenerate(): boolean {
    const { session, running } = this.state;
    const step = this.step();
    if (!session || running || !isPictureStep(step)) return false;
    return (session.remainingRegenerations[step] ?? 0) > 0;
  }
}

/** The operation of an answer that only says that the work has begun. */
function acceptedOperation(answer: unknown): Operation | null {
  if (typeof answer !== "object" || answer === null || !("operationId" in answer)) return null;
  return (answer as unknown as { operation: Operation }).operation;
}

function making(kind: string, dimension: string | null): Running {
  return { id: null, kind, dimension, optionId: null, done: 0, total: 4, isCancelling: false };
}
