// Prices, the balance, the gate before what costs, and the way to the checkout.

import { Action, Refusal, Unreachable } from "../api/client";
import { minus } from "../credits/amount";
import { replaceAddress } from "../router";
import { shortage } from "./shortage";
import { Costs, State } from "./state";
import type { Studio } from "./studio";

export class Credits {
  private waiters: (() => void)[] = [];

  constructor(private studio: Studio) {}

  async readPrices(): Promise<void> {
    try {
      const items = [
        { operation: "image.preview", quantity: 16 },
        { operation: "depth", quantity: 1 },
        { operation: "video.preview", quantity: 1 },
        { operation: "image.regenerate", quantity: 4 },
      ];
      const [quote, packs, models, balance] = await Promise.all([
        this.studio.client.send(new Action("quoteCredits", { items })),
        this.studio.client.read("listPacks"),
        this.studio.client.read("listModels"),
        this.studio.client.read("getCredits"),
      ]);
      const [pictures, camera, motion, again] = quote.lines.map((line) => line.credits);
      const costs: Costs = {
        pictures: (pictures ?? 0) / 4,
        camera: camera ?? 0,
        motion: motion ?? 0,
        regenerate: again ?? 0,
        total: (pictures ?? 0) + (camera ?? 0) + (motion ?? 0),
      };
      this.studio.patch({
        costs, packs: packs.packs, plans: packs.plans, models: models.models,
      });
      if (!this.studio.state.balance) this.setBalance(balance);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return this.studio.account.ended();
      setTimeout(() => void this.readPrices(), 3000);
    }
  }

  setBalance(balance: State["balance"]): void {
    if (!balance) return;
    this.studio.apply({ type: "balance", balance });
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  /** Reads what no event has told; where that is not possible, the next connection asks again. */
  async readBalance(): Promise<void> {
    try {
      this.setBalance(await this.studio.client.read("getCredits"));
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
    }
  }

  /** Known and enough: true. Unknown: waits. Short: says so, and false. */
  async hasCredits(cost: number, label: string): Promise<boolean> {
    if (!this.studio.state.balance) {
      this.studio.patch({ isChecking: true });
      await new Promise<void>((resolve) => this.waiters.push(resolve));
      this.studio.patch({ isChecking: false });
    }
    const available = this.studio.state.balance?.available ?? 0;
    if (available >= cost) return true;
    const details = { required: cost, available, shortBy: minus(cost, available) };
    this.studio.patch({
      dialog: { kind: "short", shortage: shortage(details, this.studio.state, label) },
    });
    return false;
  }

  /** Goes to the checkout for a pack or a plan, and from there back here; else says why not. */
  async checkout(
    item: { pack: string; quantity?: number } | { plan: string },
  ): Promise<string | null> {
    const back = (end: string) => `${location.pathname}?checkout=${end}`;
    try {
      const answer = await this.studio.client.send(
        new Action("createCheckout", {
          ...item, successUrl: back("paid"), cancelUrl: back("cancelled"),
        }),
      );
      location.assign(answer.url);
      return null;
    } catch (error) {
      if (error instanceof Refusal || error instanceof Unreachable) return error.message;
      throw error;
    }
  }

  /** Says how a checkout ended that has led back here. */
  welcomeBack(): void {
    const end = new URLSearchParams(location.search).get("checkout");
    if (!end) return;
    replaceAddress(location.pathname);
    this.studio.patch({
      notice: end === "paid" ? "Thank you. The credits are yours." : "Nothing was bought.",
    });
  }
}
