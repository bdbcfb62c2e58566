// The event stream, read with fetch because EventSource cannot send a token.

import { Client } from "./client";

export interface ServerEvent {
  name: string;
  data: unknown;
}

export interface EventListener {
  event(event: ServerEvent): void;
  /** True when the stream is open, false when it was cut. */
  connected(isConnected: boolean): void;
  unauthorized(): void;
}

const silenceMax = 25_000;

/** Follows the events until it is stopped; after a cut it goes on from the last one it has seen. */
export class EventReader {
  private stopped = new AbortController();
  private lastID: string | null = null;
  private wake: (() => void) | null = null;

  constructor(
    private client: Client,
    private listener: EventListener,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped.abort();
    this.wake?.();
  }

  /** Does not wait any longer with the next attempt. */
  hurry(): void {
    this.wake?.();
  }

  private async run(): Promise<void> {
    let delay = 500;
    while (!this.stopped.signal.aborted) {
      const isOpen = await this.follow();
      if (this.stopped.signal.aborted) return;
      this.listener.connected(false);
      if (isOpen) delay = 500;
      // Spread out, so that a gateway that starts again is not met by all pages at once.
      await this.pause(delay * (0.75 + Math.random() / 2));
      delay = Math.min(delay * 2, 15_000);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Reads one connection to its end; true if it was ever open. */
  private async follow(): Promise<boolean> {
    const connection = new AbortController();
    const stop = () => connection.abort();
    this.stopped.signal.addEventListener("abort", stop);
    let watch = setTimeout(stop, silenceMax);
    let isOpen = false;
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.lastID) headers["Last-Event-ID"] = this.lastID;
      const response = await fetch(this.client.address("watchEvents"), {
        headers: { ...headers, ...this.client.headers() },
        signal: connection.signal,
      });
      if (response.status === 401) this.listener.unauthorized();
      if (response.status === 422) this.lastID = null;
      if (!response.ok || !response.body) return false;
      isOpen = true;
      this.listener.connected(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return true;
        clearTimeout(watch);
        watch = setTimeout(stop, silenceMax);
        for (const event of parser.push(value)) {
          if (parser.lastID !== null) this.lastID = parser.lastID === "-.-" ? null : parser.lastID;
          this.listener.event(event);
        }
      }
    } catch {
      return isOpen;
    } finally {
      clearTimeout(watch);
      this.stopped.signal.removeEventListener("abort", stop);
    }
  }
}

/** Server-sent events out of pieces of text that may end anywhere. */
export class EventParser {
  lastID: string | null = null;
  private buffer = "";

  push(text: string): ServerEvent[] {
    this.buffer += text;
    const events: ServerEvent[] = [];
    for (;;) {
      const end = this.buffer.indexOf("\n\n");
      if (end < 0) return events;
      const block = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + 2);
      let name = "message";
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("id: ")) this.lastID = line.slice(4);
        else if (line.startsWith("event: ")) name = line.slice(7);
        else if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data) events.push({ name, data: JSON.parse(data) });
    }
  }
}
