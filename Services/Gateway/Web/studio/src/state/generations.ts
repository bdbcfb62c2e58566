// The final video of the session that is shown.

import { Action } from "../api/client";
import { GenerationAnswer } from "../api/schema";
import { AspectRatio } from "./flow";
import { store } from "./storage";
import type { Studio } from "./studio";

// Of this tab alone: the video it goes on showing after a reload.
export const generationKey = "convergence.generation";

export class Generations {
  constructor(private studio: Studio) {}

  async generate(model: string, cost: number): Promise<void> {
    const session = this.studio.state.session;
    const finished = this.studio.state.finished;
    if (!session || !finished || !(await this.studio.credits.hasCredits(cost, "the video"))) return;
    const action = new Action("startGeneration", {
      kind: "final", sessionId: session.id, model,
      aspectRatio: session.aspectRatio as AspectRatio,
    });
    const attempt = async (): Promise<void> => {
      this.studio.patch({ clicked: cost, trouble: null });
      try {
        const answer = await this.studio.client.send(action);
        if (!("state" in answer)) return;
        store(generationKey, answer.id, sessionStorage);
        this.studio.patch({ generation: answer });
        // Its end may have come as an event before its beginning was answered.
        await this.readGeneration();
      } catch (error) {
        this.studio.patch({ clicked: 0 });
        this.studio.failures.fail(error, attempt);
      }
    };
    await attempt();
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
