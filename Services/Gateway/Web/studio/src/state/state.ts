// What the page knows. One reducer holds it; the server owns what is true.

import {
  Balance, FinalizeAnswer, FinalModel, GenerationAnswer, Image, Operation, Pack, Session, User,
} from "../api/schema";
import { stored } from "./storage";

export type PictureStep = "direction" | "mood" | "framing" | "lighting";
export type Step =
  | "intent" | PictureStep | "camera_motion" | "subject_motion" | "preview" | "complete";

export const pictureSteps: PictureStep[] = ["direction", "mood", "framing", "lighting"];

export const progressSteps: { step: Step; label: string }[] = [
  { step: "direction", label: "Direction" },
  { step: "mood", label: "Mood" },
  { step: "framing", label: "Framing" },
  { step: "lighting", label: "Lighting" },
  { step: "camera_motion", label: "Camera" },
  { step: "subject_motion", label: "Motion" },
  { step: "preview", label: "Preview" },
];

export function isPictureStep(step: string): step is PictureStep {
  return (pictureSteps as string[]).includes(step);
}

/** What each step costs, as the server quotes it; null until it has. */
export interface Costs {
  pictures: number;
  regenerate: number;
  camera: number;
  motion: number;
  total: number;
}

/** What runs on the server, or has just been asked for. */
export interface Running {
  /** Null until the server has answered. */
  id: string | null;
  kind: string;
  dimension: string | null;
  /** The slot that is made again alone. */
  optionId: string | null;
  done: number;
  total: number;
  isCancelling: boolean;
}

export interface Shortage {
  required: number;
  available: number;
  shortBy: number;
  operation: string;
  /** What would be enough, and how often it must be bought. */
  pack: Pack | null;
  quantity: number;
}

export type Dialog =
  | { kind: "resume"; session: Session }
  | { kind: "expired" }
  | { kind: "short"; shortage: Shortage }
  | { kind: "credits" }
  | { kind: "keys" }
  | { kind: "account"; isEnded: boolean; email: string };

/** What something would cost, or why it cannot be had; null until the server has said. */
export type Quote = { credits: number } | { reason: string } | null;

export interface Trouble {
  text: string;
  /** Does the same action again, with the same key. */
  canRetry: boolean;
}

export interface State {
  isSignedIn: boolean;
  user: User | null;
  isOnline: boolean;
  balance: Balance | null;
  /** Credits of an action that was clicked and that the ledger has not shown yet. */
  clicked: number;
  costs: Costs | null;
  packs: Pack[];
  plans: Pack[];
  /** Those of final videos, with what each costs. */
  models: FinalModel[];
  /** The one that was picked; another serves while it has no provider. */
  modelID: string | null;
  /** What each kind would cost that the Studio tool can make of what lies on its table. */
  quotes: Record<string, Quote>;
  session: Session | null;
  /** What was chosen last at each step of this session, also where one has gone back since. */
  chosenBefore: Record<string, string>;
  /** The step whose pictures are on the way, while the session is still at the one before. */
  running: Running | null;
  /** Pictures that came as events, by dimension and option. */
  arrived: Record<string, Record<string, Image>>;
  finished: FinalizeAnswer | null;
  generation: GenerationAnswer | null;
  dialog: Dialog | null;
  trouble: Trouble | null;
  notice: string | null;
  isChecking: boolean;
}

/** The model of final videos that was picked, in this browser. */
export const modelKey = "convergence.model";

export const initialState: State = {
  isSignedIn: false,
  user: null,
  isOnline: true,
  balance: null,
  clicked: 0,
  costs: null,
  packs: [],
  plans: [],
  models: [],
  modelID: stored(modelKey),
  quotes: {},
  session: null,
  chosenBefore: {},
  running: null,
  arrived: {},
  finished: null,
  generation: null,
  dialog: null,
  trouble: null,
  notice: null,
  isChecking: false,
};

export type Event =
  | { type: "patch"; change: Partial<State> }
  | { type: "session"; session: Session | null }
  | { type: "asked"; running: Running; cost: number }
  | { type: "accepted"; operation: Operation }
  | { type: "operation"; operation: Operation }
  | { type: "picture"; dimension: string; image: Image }
  | { type: "settled" }
  | { type: "balance"; balance: Balance };

export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "patch":
      return { ...state, ...event.change };
    case "session":
      return {
        ...state,
        session: event.session,
        chosenBefore: remembered(state, event.session),
        arrived: state.running ? state.arrived : {},
      };
    case "asked":
      return {
        ...state,
        running: event.running,
        clicked: event.cost,
        arrived: {},
        trouble: null,
        notice: null,
      };
    case "accepted":
    case "operation": {
      const { operation } = event;
      if (operation.state !== "running") return state;
      const known = state.running;
      if (known?.id && known.id !== operation.id) return state;
      const arrived = { ...state.arrived };
      const dimension = operation.dimension;
      for (const image of operation.images ?? []) {
        if (dimension && "url" in image) {
          arrived[dimension] = { ...arrived[dimension], [image.optionId]: image };
        }
      }
      return {
        ...state,
        arrived,
        running: {
          id: operation.id,
          kind: operation.kind,
          dimension,
          optionId: known?.optionId ?? null,
          done: Math.max(operation.done, known?.done ?? 0),
          total: operation.total,
          isCancelling: known?.isCancelling ?? false,
        },
      };
    }
    case "picture": {
      const slots = { ...state.arrived[event.dimension], [event.image.optionId]: event.image };
      const running = state.running && {
        ...state.running,
        done: Math.max(state.running.done, Object.keys(slots).length),
      };
      return { ...state, running, arrived: { ...state.arrived, [event.dimension]: slots } };
    }
    case "settled":
      return { ...state, running: null, clicked: 0, arrived: {}, isChecking: false };
    case "balance":
      return { ...state, balance: event.balance, clicked: event.balance.held > 0 ? 0 : state.clicked };
  }
}

function remembered(state: State, session: Session | null): Record<string, string> {
  if (!session) return {};
  const before = session.id === state.session?.id ? state.chosenBefore : {};
  const now = pictureSteps.flatMap((step) => {
    const option = chosen(session, step)?.id;
    return option ? [[step, option] as const] : [];
  });
  return { ...before, ...Object.fromEntries(now) };
}

// MARK: What follows from it

/** The step that is shown: the one that is being made, else the one the server is at. */
export function shownStep(state: State): Step {
  const { running, session } = state;
  if (running) {
    if (running.kind === "camera_motion") return "camera_motion";
    if (running.kind === "subject_motion") return "subject_motion";
    if (running.dimension && isPictureStep(running.dimension)) return running.dimension;
  }
  if (!session) return "intent";
  return session.currentStep as Step;
}

/** The model that a final video would be made with now. */
export function finalModel(state: State): FinalModel | null {
  const available = state.models.filter((model) => model.available);
  return available.find((model) => model.id === state.modelID) ?? available[0] ?? null;
}

export interface Slot {
  optionId: string;
  label: string;
  image: Image | null;
  state: "ready" | "pending" | "failed";
}

/** The four slots of a step, with what is there of each. */
export function slots(state: State, step: PictureStep): Slot[] {
  const set = state.session?.imageHistory.find((one) => one.dimension === step);
  const running = state.running;
  const isMaking = running !== null && running.dimension === step;
  const labels = set?.options.length ? set.options : optionLabels[step];
  return labels.map(({ id, label }) => {
    const arrived = state.arrived[step]?.[id] ?? null;
    const known = set?.images.find((image) => image.optionId === id) ?? null;
    const isRemade = isMaking && (running.optionId === null || running.optionId === id);
    const image = isRemade ? arrived : arrived ?? known;
    const slot = { optionId: id, label, image };
    if (image && "url" in image) return { ...slot, state: "ready" };
    if (image && "error" in image) return { ...slot, state: "failed" };
    return { ...slot, state: isMaking || image ? "pending" : "failed" };
  });
}

/** What stands in the skeletons before the server has said it; it says the same. */
const optionLabels: Record<PictureStep, { id: string; label: string }[]> = {
  direction: [
    { id: "cinematic", label: "Cinematic" },
    { id: "social", label: "Social Media" },
    { id: "artistic", label: "Artistic" },
    { id: "documentary", label: "Documentary" },
  ],
  mood: [
    { id: "dramatic", label: "Dramatic" },
    { id: "peaceful", label: "Peaceful" },
    { id: "mysterious", label: "Mysterious" },
    { id: "nostalgic", label: "Nostalgic" },
  ],
  framing: [
    { id: "wide", label: "Wide Shot" },
    { id: "medium", label: "Medium Shot" },
    { id: "closeup", label: "Close-up" },
    { id: "extreme_closeup", label: "Extreme Close-up" },
  ],
  lighting: [
    { id: "golden_hour", label: "Golden Hour" },
    { id: "blue_hour", label: "Blue Hour" },
    { id: "high_key", label: "High Key" },
    { id: "low_key", label: "Low Key" },
  ],
};

/** The option chosen at a step, if any. */
export function chosen(session: Session, step: string): { id: string; label: string } | null {
  if (step === "direction") {
    const id = session.direction;
    if (!id) return null;
    const set = session.imageHistory.find((one) => one.dimension === "direction");
    return { id, label: set?.options.find((option) => option.id === id)?.label ?? id };
  }
  if (step === "camera_motion") {
    const id = session.cameraMotion;
    if (!id) return null;
    return { id, label: session.cameraPaths.find((path) => path.id === id)?.label ?? id };
  }
  const lock = session.lockedDimensions.find((one) => one.type === step);
  return lock ? { id: lock.optionId, label: lock.label } : null;
}

/** Credits that are set aside or about to be. */
export function pending(state: State): number {
  return state.clicked || (state.balance?.held ?? 0);
}

export function credits(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

export function countOf(value: number): string {
  return `${credits(value)} ${value === 1 ? "credit" : "credits"}`;
}
