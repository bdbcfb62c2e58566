// What lies on the table of the Studio tool. It survives a reload; links are asked for anew.

import { Creation, Session } from "../api/schema";
import { go, paths } from "../router";
import { AspectRatio } from "./flow";
import type { GenerationBody } from "./generations";
import { chosen, progressSteps } from "./state";
import { store, stored } from "./storage";
import type { Studio } from "./studio";

const draftKey = "convergence.draft";

export interface Lock {
  step: string;
  label: string;
}

export interface Draft {
  prompt: string;
  /** As it was carried over; null when it was begun here. */
  original: string | null;
  aspectRatio: AspectRatio;
  sessionId: string | null;
  /** What it was taken from in the gallery. */
  creationId: string | null;
  /** The picture that a video moves over. */
  sourceAssetId: string | null;
  pictureUrl: string | null;
  pictures: string[];
  locks: Lock[];
}

const blank: Draft = {
  prompt: "", original: null, aspectRatio: "16:9", sessionId: null, creationId: null,
  sourceAssetId: null, pictureUrl: null, pictures: [], locks: [],
};

/** The draft of the Studio tool: a store of its own. */
export class Drafts {
  private current: Draft = read();
  private listeners = new Set<() => void>();
  private isFresh = false;

  constructor(private studio: Studio) {}

  snapshot = (): Draft => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  patch(change: Partial<Draft>): void {
    this.current = { ...this.current, ...change };
    store(draftKey, JSON.stringify(this.current));
    for (const listener of this.listeners) listener();
  }

  clear(): void {
    this.patch({ ...blank, aspectRatio: this.current.aspectRatio });
  }

  /** Takes over what was chosen in the flow: prompt, locks and pictures. */
  fromSession(session: Session): void {
    this.isFresh = true;
    this.patch({ ...blank, ...parts(session), prompt: session.finalPrompt ?? session.intent,
      original: session.finalPrompt ?? session.intent });
    go(paths.studio);
  }

  /** Takes over something of the gallery. */
  fromCreation(item: Creation): void {
    this.isFresh = true;
    const picture = item.kind === "picture" ? item.assets[0] : undefined;
    this.patch({
      ...blank,
      prompt: item.prompt,
      original: item.prompt,
      aspectRatio: item.aspectRatio as AspectRatio,
      creationId: item.id,
      sourceAssetId: picture?.id ?? item.sourceAssetId,
      pictureUrl: picture?.url ?? item.sourceImageUrl,
      pictures: item.assets.length > 1 ? item.assets.map((asset) => asset.url) : [],
      locks: item.choices.map((choice) => ({ step: choice.type, label: choice.label })),
    });
    go(paths.studio);
  }

  /** After a reload: the links have run out, what they lead to is still there. */
  async renew(): Promise<void> {
    const { sessionId, creationId } = this.current;
    if (this.isFresh || !this.studio.state.isSignedIn) return;
    this.isFresh = true;
    try {
      if (sessionId) {
        const { session } = await this.studio.client.read("getSession", { id: sessionId });
        this.patch(parts(session));
      } else if (creationId) {
        const item = await this.studio.client.read("getCreation", { id: creationId });
        const picture = item.kind === "picture" ? item.assets[0] : undefined;
        this.patch({
          pictureUrl: picture?.url ?? item.sourceImageUrl,
          pictures: item.assets.length > 1 ? item.assets.map((asset) => asset.url) : [],
        });
      }
    } catch {
      // Somebody else's, or gone: the words stay.
      this.patch({ ...blank, prompt: this.current.prompt, aspectRatio: this.current.aspectRatio });
    }
  }

  /** What to ask the server for. */
  body(kind: GenerationBody["kind"], model: string | null): GenerationBody {
    const { prompt, original, aspectRatio, sessionId, sourceAssetId } = this.current;
    const isVideo = kind === "draft" || kind === "final";
    // The server knows the session's own prompt better: a video's has the camera in it.
    const isOwn = sessionId !== null && prompt === original;
    return {
      kind,
      aspectRatio,
      ...(isOwn ? {} : { prompt: prompt.trim() || "…" }),
      ...(sessionId ? { sessionId } : {}),
      ...(!sessionId && isVideo && sourceAssetId ? { sourceAssetId } : {}),
      ...(model ? { model } : {}),
    };
  }
}

function parts(session: Session): Partial<Draft> {
  const locks = progressSteps.flatMap(({ step }): Lock[] => {
    const choice = chosen(session, step);
    return choice ? [{ step, label: choice.label }] : [];
  });
  if (session.subjectMotion) locks.push({ step: "subject_motion", label: session.subjectMotion });
  const pictures = session.imageHistory.flatMap((set) => {
    const option = chosen(session, set.dimension)?.id;
    const image = set.images.find((one) => one.optionId === option);
    return image && "url" in image ? [image.url] : [];
  });
  return {
    sessionId: session.id,
    aspectRatio: session.aspectRatio as AspectRatio,
    pictureUrl: session.previewImageUrl,
    pictures,
    locks,
  };
}

function read(): Draft {
  try {
    return { ...blank, ...(JSON.parse(stored(draftKey) ?? "{}") as Partial<Draft>) };
  } catch {
    return blank;
  }
}
