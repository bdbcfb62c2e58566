// Signing in: as a guest at once, and as a new one when the sign-in has ended.

import { Action, Refusal } from "../api/client";
import { store, stored } from "./storage";
import type { Studio } from "./studio";

const tokenKey = "convergence.token";

export class Account {
  constructor(private studio: Studio) {}

  /** Goes on as whoever used this browser last. */
  async start(): Promise<void> {
    this.studio.client.token = stored(tokenKey);
    this.studio.credits.welcomeBack();
    await this.enter(this.studio.client.token !== null);
  }

  async enter(isReturning: boolean): Promise<void> {
    try {
      if (!this.studio.client.token) await this.becomeGuest();
      const active = await this.studio.client.read("getActiveSession");
      this.studio.patch({ isSignedIn: true, isOnline: true, trouble: null });
      this.studio.feed.follow();
      void this.studio.credits.readPrices();
      if (active.session) await this.studio.sessions.meet(active.session, isReturning);
      else await this.studio.sessions.restore();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401 && this.studio.client.token) {
        return this.signInAnew();
      }
      this.studio.failures.fail(error, () => this.enter(isReturning));
    }
  }

  private async becomeGuest(): Promise<void> {
    const { token } = await this.studio.client.send(new Action("createGuest", {}));
    this.studio.client.token = token;
    store(tokenKey, token);
  }

  /** The token has expired or was revoked: a new guest, after saying so. */
  async signInAnew(): Promise<void> {
    this.studio.client.token = null;
    store(tokenKey, null);
    this.studio.feed.stop();
    this.studio.reset();
    await this.enter(false);
    this.studio.patch({ notice: "Your sign-in had ended. You are here as a new guest." });
  }
}
