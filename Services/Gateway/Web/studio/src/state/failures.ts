// What was refused or not reached: said in words, with a way on.

import { Refusal, Unreachable } from "../api/client";
import { shortage } from "./shortage";
import type { Studio } from "./studio";

export class Failures {
  private retry: (() => Promise<void>) | null = null;

  constructor(private studio: Studio) {}

  fail(error: unknown, retry: (() => Promise<void>) | null, label = "this step"): void {
    if (error instanceof Unreachable) {
      this.retry = retry ?? this.retry;
      return this.studio.patch({
        isOnline: false,
        trouble: retry ? { text: "The studio cannot be reached.", canRetry: true } : null,
      });
    }
    if (!(error instanceof Refusal)) throw error;
    switch (error.code) {
      case "ACTIVE_SESSION_EXISTS":
        return void this.studio.sessions.offerResume(String(error.details["sessionId"] ?? ""));
      case "SESSION_EXPIRED":
      case "SESSION_NOT_FOUND":
        this.studio.sessions.forget();
        return this.studio.patch({ dialog: { kind: "expired" } });
      case "INSUFFICIENT_CREDITS":
        return this.studio.patch({
          dialog: { kind: "short", shortage: shortage(error.details, this.studio.state, label) },
        });
      case "VERSION_CONFLICT":
      case "STEP_CONFLICT":
        this.studio.patch({ notice: "This was changed elsewhere; here is how it is now." });
        return this.studio.sessions.later();
      case "UNAUTHENTICATED":
        this.retry = retry ?? this.retry;
        return void this.studio.account.ended();
    }
    this.retry = error.problem.retryable ? retry : null;
    this.studio.patch({ trouble: { text: error.problem.detail, canRetry: this.retry !== null } });
  }

  /** Sends what has failed once more, with the key that it had. */
  retryFailed = async (): Promise<void> => {
    const retry = this.retry;
    this.retry = null;
    this.studio.feed.hurry();
    if (!retry) return;
    this.studio.patch({ trouble: null });
    await retry();
  };
}
