// Who uses the studio: a guest at once, somebody with an account when they like.

import { Action, Refusal } from "../api/client";
import { Operations, User } from "../api/schema";
import { store, stored } from "./storage";
import type { Studio } from "./studio";

type TokenAnswer = Operations["logIn"]["answer"];

const tokenKey = "convergence.token";
/** The e-mail of the member whose token it is; nothing for a guest. */
const memberKey = "convergence.member";
/** The guest who logged in to an account, for when they log out again. */
const guestKey = "convergence.guest";
/** Said after the page was loaded anew. */
const noticeKey = "convergence.notice";

export class Account {
  constructor(private studio: Studio) {}

  /** Goes on as whoever used this browser last. */
  async start(): Promise<void> {
    window.addEventListener("storage", (event) => {
      // Another tab has become somebody else; the same person only has a newer token.
      if (event.key === tokenKey && event.newValue) void this.follow(event.newValue);
    });
    this.studio.client.token = stored(tokenKey);
    this.studio.credits.welcomeBack();
    const notice = stored(noticeKey, sessionStorage);
    store(noticeKey, null, sessionStorage);
    if (notice) this.studio.patch({ notice });
    await this.enter(this.studio.client.token !== null);
  }

  async enter(isReturning: boolean): Promise<void> {
    try {
      if (!this.studio.client.token) await this.becomeGuest();
      const [active, me] = await Promise.all([
        this.studio.client.read("getActiveSession"),
        this.studio.client.read("getMe"),
      ]);
      this.studio.patch({ isSignedIn: true, isOnline: true, trouble: null, user: me.user });
      store(memberKey, me.user.kind === "member" ? me.user.email : null);
      this.studio.feed.follow();
      void this.studio.credits.readPrices();
      if (active.session) await this.studio.sessions.meet(active.session, isReturning);
      else await this.studio.sessions.restore();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401 && this.studio.client.token) {
        return this.ended();
      }
      this.studio.failures.fail(error, () => this.enter(isReturning));
    }
  }

  private async becomeGuest(): Promise<void> {
    const { token } = await this.studio.client.send(new Action("createGuest", {}));
    this.use(token);
  }

  private use(token: string | null): void {
    this.studio.client.token = token;
    store(tokenKey, token);
  }

  // MARK: The end of a sign-in

  /** The token has expired or was revoked. Nothing on the page is given up for it. */
  async ended(): Promise<void> {
    this.studio.feed.stop();
    const newer = stored(tokenKey);
    if (newer && newer !== this.studio.client.token) return this.follow(newer);
    const email = stored(memberKey);
    if (email) return this.studio.patch({ dialog: { kind: "account", isEnded: true, email } });
    await this.startAnew();
    this.studio.patch({ notice: "Your sign-in had ended. You are here as a new guest." });
  }

  /** A new guest, who has nothing yet. */
  async startAnew(): Promise<void> {
    this.use(null);
    store(memberKey, null);
    this.studio.feed.stop();
    this.studio.reset();
    await this.enter(false);
  }

  // MARK: Accounts

  /** Makes an account; what the guest has made stays. Throws what the server refuses. */
  async signUp(email: string, password: string): Promise<void> {
    await this.take(await this.studio.client.send(new Action("signUp", { email, password })));
    this.studio.patch({ notice: "Your account is there, with everything you have made." });
  }

  /** Logs in, and goes on here when it is the same person. Throws what the server refuses. */
  async logIn(email: string, password: string): Promise<void> {
    await this.take(await this.studio.client.send(new Action("logIn", { email, password })));
  }

  private async take({ token, user }: TokenAnswer): Promise<void> {
    const before = this.studio.state.user;
    const old = this.studio.client.token;
    this.use(token);
    store(memberKey, user.email);
    if (before?.id !== user.id) {
      if (before?.kind === "guest") store(guestKey, old);
      return this.reload(`Welcome back, ${user.name}.`);
    }
    await this.goOn(user);
  }

  /** The same person with a newer token: what was interrupted goes on. */
  private async goOn(user: User): Promise<void> {
    this.studio.patch({ user, dialog: null, trouble: null });
    this.studio.feed.follow();
    await this.studio.failures.retryFailed();
  }

  private async follow(token: string): Promise<void> {
    if (token === this.studio.client.token) return;
    this.studio.client.token = token;
    try {
      const { user } = await this.studio.client.read("getMe");
      if (user.id !== this.studio.state.user?.id) return location.reload();
      await this.goOn(user);
    } catch (error) {
      this.studio.failures.fail(error, () => this.follow(token));
    }
  }

  /** Ends the sign-in here and goes back to the guest of before, if there was one. */
  async logOut(): Promise<void> {
    try {
      await this.studio.client.send(new Action("logOut", {}));
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 401)) throw error;
    }
    const guest = stored(guestKey);
    store(guestKey, null);
    store(memberKey, null);
    this.use(guest);
    this.reload("You are logged out.");
  }

  /** Whatever the page knows is somebody else's. The address stays. */
  private reload(notice: string): void {
    this.studio.feed.stop();
    sessionStorage.clear();
    store(noticeKey, notice, sessionStorage);
    location.reload();
  }
}
