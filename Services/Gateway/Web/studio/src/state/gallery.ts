// Everything that was made: read in pages, kept fresh by events, starred, deleted, taken back.

import { Action } from "../api/client";
import { Creation, GenerationAnswer, Operations } from "../api/schema";
import type { Studio } from "./studio";

export interface Filter {
  kind: string;
  step: string;
  model: string;
  /** Days back; 0 = any time. */
  days: number;
  text: string;
  isStarred: boolean;
}

export const everything: Filter = {
  kind: "", step: "", model: "", days: 0, text: "", isStarred: false,
};

export interface GalleryState {
  items: Creation[];
  filter: Filter;
  /** Where the next page begins; null at the end, undefined before the first. */
  next: string | null | undefined;
  isLoading: boolean;
  /** The first page could not be read. */
  hasFailed: boolean;
  /** Models that were seen, for the filter. */
  models: string[];
  selected: string[];
  /** What was deleted last and can be taken back. */
  deleted: Creation[];
  /** What a screen reader is told. */
  spoken: string;
}

const pageSize = 60;
const ended = ["completed", "failed", "cancelled"];

export function isAtWork(item: Creation): boolean {
  return !ended.includes(item.state);
}

/** A store of its own: what moves here does not draw the other tools again. */
export class Gallery {
  private current: GalleryState = {
    items: [], filter: everything, next: undefined, isLoading: false, hasFailed: false,
    models: [], selected: [], deleted: [], spoken: "",
  };
  private listeners = new Set<() => void>();
  /** Answers to an older filter are not shown. */
  private round = 0;
  private refreshing: number | null = null;

  constructor(private studio: Studio) {}

  snapshot = (): GalleryState => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  patch(change: Partial<GalleryState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }

  // MARK: Reading

  async open(): Promise<void> {
    if (!this.studio.state.isSignedIn) return;
    if (this.current.next === undefined && !this.current.isLoading) await this.load();
    else await this.refresh();
  }

  async narrow(change: Partial<Filter>): Promise<void> {
    this.patch({ filter: { ...this.current.filter, ...change }, selected: [] });
    await this.load();
    const { items, next } = this.current;
    this.patch({ spoken: `${items.length}${next ? " or more" : ""} found.` });
  }

  private async load(): Promise<void> {
    const round = ++this.round;
    this.patch({ isLoading: true, hasFailed: false });
    try {
      const page = await this.page(null);
      if (round !== this.round) return;
      this.patch({ items: page.creations, next: page.nextCursor, isLoading: false });
      this.note(page.creations);
    } catch (error) {
      if (round !== this.round) return;
      this.patch({ isLoading: false, hasFailed: true });
      this.studio.failures.fail(error, () => this.load());
    }
  }

  async more(): Promise<void> {
    const { next, isLoading } = this.current;
    if (!next || isLoading) return;
    const round = this.round;
    this.patch({ isLoading: true });
    try {
      const page = await this.page(next);
      if (round !== this.round) return;
      const known = new Set(this.current.items.map((item) => item.id));
      const fresh = page.creations.filter((item) => !known.has(item.id));
      this.patch({
        items: [...this.current.items, ...fresh], next: page.nextCursor, isLoading: false,
      });
      this.note(page.creations);
    } catch (error) {
      if (round !== this.round) return;
      this.patch({ isLoading: false });
      this.studio.failures.fail(error, null);
    }
  }

  /** Reads the newest again; what lies below stays as it is. */
  async refresh(): Promise<void> {
    if (this.current.next === undefined || this.current.isLoading) return;
    const round = this.round;
    try {
      const page = await this.page(null);
      if (round !== this.round) return;
      const oldest = page.creations[page.creations.length - 1];
      const fresh = new Set(page.creations.map((item) => item.id));
      const below = page.nextCursor && oldest
        ? this.current.items.filter(
          (item) => !fresh.has(item.id) && item.createdAt <= oldest.createdAt)
        : [];
      const next = below.length > 0 ? this.current.next : page.nextCursor;
      this.patch({ items: [...page.creations, ...below], next });
      this.note(page.creations);
    } catch {
      return; // Nobody asked; the next event asks again.
    }
  }

  /** Reads again, once for several reasons that come together. */
  later(): void {
    if (this.current.next === undefined || this.refreshing !== null) return;
    this.refreshing = window.setTimeout(() => {
      this.refreshing = null;
      void this.refresh();
    }, 250);
  }

  private page(cursor: string | null): Promise<Operations["listCreations"]["answer"]> {
    const { kind, step, model, days, text, isStarred } = this.current.filter;
    const query: Record<string, string> = { limit: String(pageSize) };
    if (cursor) query["cursor"] = cursor;
    if (kind) query["kind"] = kind;
    if (step) query["step"] = step;
    if (model) query["model"] = model;
    if (text.trim()) query["text"] = text.trim().slice(0, 100);
    if (isStarred) query["starred"] = "true";
    if (days) query["from"] = new Date(Date.now() - days * 86_400_000).toISOString();
    return this.studio.client.read("listCreations", query);
  }

  private note(items: Creation[]): void {
    const names = items.flatMap((item) => [item.provider ?? item.model]);
    const models = [...new Set([...this.current.models, ...names])].filter(Boolean).sort();
    if (models.length !== this.current.models.length) this.patch({ models });
  }

  /** A generation is further on. */
  changed(generation: GenerationAnswer): void {
    const known = this.current.items.find((item) => item.id === generation.id);
    if (!known) return this.later();
    this.replace({
      ...known,
      state: generation.state,
      progress: generation.progress,
      position: generation.position,
      provider: generation.provider,
      assets: generation.assets,
      contentType: generation.contentType,
      creditsConsumed: generation.creditsConsumed,
      error: generation.error,
    });
    if (generation.state === known.state) return;
    if (generation.state === "completed") this.patch({ spoken: "A generation is completed." });
    if (generation.state === "failed") this.patch({ spoken: "A generation has failed." });
  }

  private replace(...changed: Creation[]): void {
    const byID = new Map(changed.map((item) => [item.id, item]));
    this.patch({ items: this.current.items.map((item) => byID.get(item.id) ?? item) });
  }

  item(id: string): Creation | undefined {
    return this.current.items.find((item) => item.id === id);
  }

  // MARK: Doing

  select(id: string): void {
    const { selected } = this.current;
    const isSelected = selected.includes(id);
    this.patch({
      selected: isSelected ? selected.filter((one) => one !== id) : [...selected, id],
      spoken: isSelected ? "Taken out of the selection." : `${selected.length + 1} selected.`,
    });
  }

  /** Shown at once; taken back when the server refuses. */
  async star(ids: string[], isStarred: boolean): Promise<void> {
    const before = this.current.items.filter((item) => ids.includes(item.id));
    this.replace(...before.map((item) => ({ ...item, starred: isStarred })));
    this.patch({ spoken: isStarred ? "Starred." : "Star taken away." });
    const action = isStarred
      ? new Action("starCreations", { ids })
      : new Action("unstarCreations", { ids });
    const attempt = async (): Promise<void> => {
      try {
        await this.studio.client.send(action);
      } catch (error) {
        this.replace(...before);
        this.studio.failures.fail(error, attempt);
      }
    };
    await attempt();
  }

  async remove(ids: string[]): Promise<void> {
    const deleted = this.current.items.filter((item) => ids.includes(item.id) && !isAtWork(item));
    if (deleted.length === 0) return;
    const gone = deleted.map((item) => item.id);
    this.patch({
      items: this.current.items.filter((item) => !gone.includes(item.id)),
      selected: this.current.selected.filter((id) => !gone.includes(id)),
      deleted,
      spoken: `${gone.length} deleted. Control Z takes it back.`,
    });
    const action = new Action("deleteCreations", { ids: gone });
    const attempt = async (): Promise<void> => {
      try {
        await this.studio.client.send(action);
      } catch (error) {
        this.putBack(deleted);
        this.patch({ deleted: [] });
        this.studio.failures.fail(error, attempt);
      }
    };
    await attempt();
  }

  async undo(): Promise<void> {
    const { deleted } = this.current;
    if (deleted.length === 0) return;
    this.patch({ deleted: [], spoken: `${deleted.length} restored.` });
    this.putBack(deleted);
    const action = new Action("restoreCreations", { ids: deleted.map((item) => item.id) });
    const attempt = async (): Promise<void> => {
      try {
        await this.studio.client.send(action);
      } catch (error) {
        this.studio.failures.fail(error, attempt);
      }
    };
    await attempt();
  }

  private putBack(items: Creation[]): void {
    const all = new Map([...this.current.items, ...items].map((item) => [item.id, item]));
    const order = (one: Creation, other: Creation): number =>
      one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id)
        ? 1 : -1;
    this.patch({ items: [...all.values()].sort(order) });
  }

  async cancel(id: string): Promise<void> {
    try {
      this.changed(await this.studio.client.send(new Action("cancelGeneration", {}, { id })));
    } catch (error) {
      this.studio.failures.fail(error, () => this.cancel(id));
    }
  }

  /** Makes the same once more; what had failed goes away when that has begun. */
  async retry(item: Creation): Promise<void> {
    const started = await this.studio.generations.start({
      kind: item.step as "image" | "storyboard" | "draft" | "final",
      ...(item.sessionId ? { sessionId: item.sessionId } : {}),
      ...(item.sessionId && item.intent !== item.prompt ? {} : { prompt: item.prompt }),
      ...(item.sourceAssetId ? { sourceAssetId: item.sourceAssetId } : {}),
      model: item.model,
      aspectRatio: item.aspectRatio as "16:9" | "9:16" | "1:1" | "4:3" | "3:4",
    });
    if (!started) return;
    await this.remove([item.id]);
    this.patch({ deleted: [], spoken: "Trying again." });
    await this.refresh();
  }

  /** The originals and a manifest as one ZIP archive: the address of it. */
  async archive(ids: string[]): Promise<string | null> {
    try {
      return (await this.studio.client.send(new Action("createArchive", { ids }))).url;
    } catch (error) {
      this.studio.failures.fail(error, null);
      return null;
    }
  }
}
