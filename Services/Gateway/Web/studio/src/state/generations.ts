// What is made outside of the flow: stills, storyboards, drafts and final videos.

import { Action, Refusal } from "../api/client";
import { GenerationAnswer, Operations, Session } from "../api/schema";
import { go, paths } from "../router";
import { AspectRatio } from "./flow";
import { modelKey, Quote } from "./state";
import { store } from "./storage";
import type { Studio } from "./studio";

// Of this tab alone: the video it goes on showing after a reload.
export const generationKey = "convergence.generation";

export type GenerationBody = Operations["startGeneration"]["body"];

/** Each kind in the words of a sentence. */
const names: Record<GenerationBody["kind"], string> = {
  image: "the still", storyboard: "the storyboard", draft: "the draft video",
  final: "the final video",
};

export class Generations {
  constructor(private studio: Studio) {}

  /** The final video of the session that is shown; from there on it is seen in the gallery. */
  async generate(model: string, cost: number): Promise<void> {
    const { session, finished } = this.studio.state;
    if (!session || !finished) return;
    const started = await this.start(finalOf(session, model), cost);
    if (!started) return;
    store(generationKey, started.id, sessionStorage);
    this.studio.patch({ generation: started });
    go(paths.generations);
    // Its end may have come as an event before its beginning was answered.
    await this.readGeneration();
  }

  /** Final videos are made with this model from now on. */
  pick(modelID: string): void {
    store(modelKey, modelID);
    this.studio.patch({ modelID });
  }

  /** Begins one; null when it was refused, which has been said then. */
  async start(body: GenerationBody, cost = 0): Promise<GenerationAnswer | null> {
    const label = names[body.kind];
    if (!(await this.studio.credits.hasCredits(cost, label))) return null;
    return this.attempt(new Action("startGeneration", body), cost, label);
  }

  private async attempt(
    action: Action<"startGeneration">,
    cost: number,
    label: string,
  ): Promise<GenerationAnswer | null> {
    this.studio.patch({ clicked: cost, trouble: null });
    try {
      const answer = await this.studio.client.send(action);
      void this.studio.gallery.refresh();
      return "state" in answer ? answer : null;
    } catch (error) {
      this.studio.patch({ clicked: 0 });
      const again = async (): Promise<void> => {
        if (await this.attempt(action, cost, label)) go(paths.generations);
      };
      this.studio.failures.fail(error, again, label);
      return null;
    }
  }

  /** The exact cost, by trying without doing: the server checks everything that it would check. */
  async quote(body: GenerationBody): Promise<Quote> {
    try {
      const action = new Action("startGeneration", body, { dryRun: "true" });
      const answer = await this.studio.client.send(action);
      return "dryRun" in answer ? { credits: answer.credits } : null;
    } catch (error) {
      if (!(error instanceof Refusal)) return null;
      if (error.code === "INSUFFICIENT_CREDITS") {
        return { credits: Number(error.details["required"] ?? 0) };
      }
      return { reason: error.problem.detail };
    }
  }

  async readGeneration(): Promise<void> {
    const id = this.studio.state.generation?.id;
    if (!id || this.studio.state.generation?.finishedAt) return;
    const generation = await this.studio.client.read("getGeneration", { id });
    if (this.studio.state.generation?.id === id) this.studio.patch({ generation });
  }

  /** An event of the server. */
  changed(generation: GenerationAnswer): void {
    if (generation.id === this.studio.state.generation?.id) this.studio.patch({ generation });
    this.studio.gallery.changed(generation);
  }

  async cancelGeneration(): Promise<void> {
    const generation = this.studio.state.generation;
    if (!generation) return;
    try {
      const action = new Action("cancelGeneration", {}, { id: generation.id });
      this.studio.patch({ generation: await this.studio.client.send(action) });
    } catch (error) {
      this.studio.failures.fail(error, null);
    }
  }
}

function finalOf(session: Session, model: string): GenerationBody {
  const aspectRatio = session.aspectRatio as AspectRatio;
  return { kind: "final", sessionId: session.id, model, aspectRatio };
}
