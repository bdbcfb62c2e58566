// The events of the server, each to whom it concerns.

import { EventReader, ServerEvent } from "../api/events";
import { BalanceEvent, BudgetEvent, LowBalanceEvent, Operation, WorkEvent } from "../api/schema";
import { credits } from "./state";
import type { Studio } from "./studio";

export class Feed {
  private events: EventReader | null = null;

  constructor(private studio: Studio) {}

  follow(): void {
    this.stop();
    this.events = new EventReader(this.studio.client, {
      event: (event) => this.handle(event),
      connected: (isConnected) => {
        if (!isConnected) return this.studio.patch({ isOnline: false });
        const wasCut = !this.studio.state.isOnline;
        this.studio.patch({ isOnline: true });
        if (wasCut) {
          void this.studio.sessions.refresh();
          void this.studio.failures.retryFailed();
        }
      },
      unauthorized: () => void this.studio.account.ended(),
    });
    this.events.start();
  }

  private handle({ name, data }: ServerEvent): void {
    switch (name) {
      case "balance":
        return this.studio.credits.setBalance(data as BalanceEvent);
      case "lowBalance": {
        const { available } = data as LowBalanceEvent;
        return this.studio.patch({ notice: `Few credits are left: ${credits(available)}.` });
      }
      case "budget": {
        const { reached, credits: budget } = data as BudgetEvent;
        const all = credits(budget);
        return this.studio.patch({
          notice: reached === 100
            ? `Your budget of ${all} credits is used up.`
            : `More than ${reached} % of your budget of ${all} credits is used.`,
        });
      }
      case "picture": {
        const event = data as WorkEvent;
        const image = event.image;
        const { session, running } = this.studio.state;
        if (!image || event.sessionId !== session?.id) return this.studio.sessions.later();
        const dimension = "dimension" in image ? image.dimension : running?.dimension;
        if (dimension) this.studio.apply({ type: "picture", dimension, image });
        return;
      }
      case "operation": {
        const event = data as WorkEvent;
        if (event.operation) this.operation(event.operation);
        return;
      }
      case "generation": {
        const { generation } = data as WorkEvent;
        if (generation) this.studio.generations.changed(generation);
        return;
      }
      case "ready":
      case "resync":
        this.studio.gallery.later();
        // What happened before the stream began, or in its gap, comes as no event.
        void this.studio.credits.readBalance();
        return this.studio.sessions.later();
      case "session":
        return this.studio.sessions.later();
      default:
        return;
    }
  }

  private operation(operation: Operation): void {
    const { running, session } = this.studio.state;
    const isOurs = running?.id === operation.id;
    if (operation.state === "running") {
      // Another page of the same person works on this session, or ours was faster than its answer.
      if (operation.sessionId === session?.id) this.studio.apply({ type: "operation", operation });
      return;
    }
    if (isOurs) void this.studio.runner.finish(operation);
    else this.studio.sessions.later();
  }

  stop(): void {
    this.events?.stop();
    this.events = null;
  }

  /** Does not wait any longer with connecting again. */
  hurry(): void {
    this.events?.hurry();
  }
}
