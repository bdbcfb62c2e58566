// The studio: what the page knows, and its parts, one for each concern.

import { Client } from "../api/client";
import { Account } from "./account";
import { Credits } from "./credits";
import { Drafts } from "./draft";
import { Failures } from "./failures";
import { Feed } from "./feed";
import { Flow } from "./flow";
import { Gallery } from "./gallery";
import { Generations } from "./generations";
import { Runner } from "./runner";
import { Sessions } from "./sessions";
import { Event, initialState, reduce, State } from "./state";

export class Studio {
  readonly client = new Client();
  readonly account = new Account(this);
  readonly credits = new Credits(this);
  readonly drafts = new Drafts(this);
  readonly failures = new Failures(this);
  readonly feed = new Feed(this);
  readonly flow = new Flow(this);
  readonly gallery = new Gallery(this);
  readonly generations = new Generations(this);
  readonly runner = new Runner(this);
  readonly sessions = new Sessions(this);

  private current: State = initialState;
  private listeners = new Set<() => void>();

  get state(): State {
    return this.current;
  }

  snapshot = (): State => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  apply(event: Event): void {
    this.current = reduce(this.current, event);
    for (const listener of this.listeners) listener();
  }

  patch = (change: Partial<State>): void => this.apply({ type: "patch", change });

  /** Knows nothing any more, as before the first sign-in. */
  reset(): void {
    this.current = { ...initialState };
  }

  async start(): Promise<void> {
    window.addEventListener("online", () => this.feed.hurry());
    window.addEventListener("offline", () => this.patch({ isOnline: false }));
    await this.account.start();
  }
}
