import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { go, paths } from "../router";
import { GalleryIcon } from "../ui/icons";
import { isSwitchedOff } from "../ui/letterKeys";
import { useStudio } from "../ui/useStudio";
import { useGallery } from "../ui/useStores";
import { Compare } from "./Compare";
import { FilterBar } from "./FilterBar";
import { arrange, neighbour, visible } from "./layout";
import { SelectionBar, UndoBar } from "./SelectionBar";
import { CreationTile } from "./CreationTile";
import { Viewer } from "./Viewer";

const gap = 8;

/** Everything that was made, in rows that fill the page; only those in sight are drawn. */
export function GenerationsView({ isShown }: { isShown: boolean }) {
  const { studio, state } = useStudio();
  const gallery = useGallery();
  const { items, next, isLoading, hasFailed, filter } = gallery;
  const canvas = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [view, setView] = useState({ top: 0, height: 1000 });
  const [currentID, setCurrent] = useState<string | null>(null);
  const [openID, setOpen] = useState<string | null>(null);
  const [compared, setCompared] = useState<string[]>([]);
  const wantsFocus = useRef(false);

  useEffect(() => {
    if (isShown && state.isSignedIn) void studio.gallery.open();
  }, [studio, isShown, state.isSignedIn]);

  const rowHeight = width < 520 ? 150 : width < 1000 ? 190 : 230;
  const layout = useMemo(() => arrange(items, width, rowHeight, gap), [items, width, rowHeight]);
  const rows = visible(layout, view.top, view.height);
  const found = items.findIndex((item) => item.id === currentID);
  const current = found < 0 ? 0 : found;

  // The width of the canvas and the part of it that is in sight.
  useLayoutEffect(() => {
    const element = canvas.current;
    const work = document.getElementById("work");
    if (!element || !work || !isShown) return undefined;
    const measure = () => {
      const top = work.getBoundingClientRect().top - element.getBoundingClientRect().top;
      setWidth(element.clientWidth);
      setView((before) =>
        Math.abs(before.top - top) < 60 && before.height === work.clientHeight
          ? before
          : { top, height: work.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    observer.observe(work);
    work.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      work.removeEventListener("scroll", measure);
    };
  }, [isShown, items.length === 0]);

  // The next page comes before its place is reached.
  useEffect(() => {
    if (!isShown || !next || isLoading || width === 0) return;
    if (layout.height - view.top < view.height * 3) void studio.gallery.more();
  }, [studio, isShown, next, isLoading, layout.height, view, width]);

  const focusTile = (index: number) => {
    const item = items[index];
    const row = layout.rows.find((one) => one.tiles.some((tile) => tile.index === index));
    const work = document.getElementById("work");
    if (!item || !row || !work || !canvas.current) return;
    setCurrent(item.id);
    const offset = canvas.current.getBoundingClientRect().top - work.getBoundingClientRect().top;
    const top = offset + row.top;
    if (top < 0) work.scrollBy({ top: top - 60 });
    else if (top + row.height > work.clientHeight) {
      work.scrollBy({ top: top + row.height - work.clientHeight + 20 });
    }
    wantsFocus.current = true;
  };
  // After a deletion the focus goes on to what took its place.
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const id = items[current]?.id;
    const tile = document.querySelector<HTMLElement>(`[data-creation="${id ?? ""}"]`);
    if (!tile) return;
    wantsFocus.current = false;
    tile.focus({ preventScroll: true });
  });

  const compare = (id: string) => {
    const others = compared.filter((one) => one !== id);
    setCompared(others.length === compared.length ? [...others.slice(-1), id] : others);
  };
  const remove = (ids: string[]) => {
    const place = Math.min(...ids.map((id) => items.findIndex((item) => item.id === id)));
    void studio.gallery.remove(ids);
    const left = items.filter((item) => !ids.includes(item.id));
    setCurrent(left[Math.min(Math.max(0, place), left.length - 1)]?.id ?? null);
    wantsFocus.current = true;
  };

  useEffect(() => {
    if (!isShown) return undefined;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (studio.snapshot().dialog || openID || compared.length === 2) return;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isTyping) {
        event.preventDefault();
        return void studio.gallery.undo();
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      if (isSwitchedOff(event)) return;
      if (event.key === "?") return studio.patch({ dialog: { kind: "keys" } });
      if (event.key === "Escape") {
        setCompared([]);
        return studio.gallery.patch({ selected: [] });
      }
      const isOnTile = target.hasAttribute("data-creation");
      if (event.key.startsWith("Arrow") && (isOnTile || target === document.body ||
          target.tagName === "H1" || target.tagName === "MAIN")) {
        event.preventDefault();
        const index = isOnTile ? neighbour(layout, current, event.key) : current;
        if (index !== undefined) focusTile(index);
        return;
      }
      const item = items[current];
      if (!item || !isOnTile) return;
      switch (event.key) {
        case "s": case "S":
          return void studio.gallery.star([item.id], !item.starred);
        case "c": case "C":
          return compare(item.id);
        case "x": case "X": case " ":
          event.preventDefault();
          return studio.gallery.select(item.id);
        case "Delete": case "Backspace":
          return remove(gallery.selected.length ? gallery.selected : [item.id]);
        case "Home": case "End":
          event.preventDefault();
          return focusTile(event.key === "Home" ? 0 : items.length - 1);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });

  const isFiltered = Object.values(filter).some(Boolean);
  const isEmpty = items.length === 0 && next !== undefined && !isLoading;
  return (
    <section className="gallery" aria-busy={isLoading}>
      <header className="gallery-head">
        <h1 tabIndex={-1}>Generations</h1>
        <FilterBar />
      </header>
      {hasFailed && (
        <p className="gallery-empty">
          What you have made could not be read.{" "}
          <button type="button" className="button" onClick={() => void studio.gallery.open()}>
            Try again
          </button>
        </p>
      )}
      {isEmpty && !hasFailed && (
        <div className="gallery-empty">
          <GalleryIcon />
          <h2>{isFiltered ? "Nothing matches" : "Nothing here yet"}</h2>
          <p className="dim">
            {isFiltered
              ? "Other words or fewer filters may find it."
              : "Every picture, clip and video you make is kept here, with how it was made."}
          </p>
          {!isFiltered && (
            <button
              type="button"
              className="button button-main"
              onClick={() => go(paths.create)}
            >
              Make the first
            </button>
          )}
        </div>
      )}
      <div ref={canvas} className="gallery-canvas" style={{ height: layout.height }}>
        {rows.map((row) => row.heading !== null && (
          <div
            key={row.key}
            className="gallery-day"
            style={{ transform: `translateY(${row.top}px)` }}
          >
            <h2>{row.heading}</h2>
          </div>
        ))}
        <div
          role={items.length > 0 ? "list" : undefined}
          aria-label={items.length > 0 ? "What you have made" : undefined}
        >
          {rows.flatMap((row) => row.tiles.map((tile) => (
            <CreationTile
              key={tile.item.id}
              tile={tile}
              row={row}
              count={items.length}
              isCurrent={tile.index === current}
              isSelected={gallery.selected.includes(tile.item.id)}
              isSelecting={gallery.selected.length > 0}
              compareMark={compared.indexOf(tile.item.id)}
              onFocus={() => setCurrent(tile.item.id)}
              onOpen={() => setOpen(tile.item.id)}
              onRemove={() => remove([tile.item.id])}
            />
          )))}
        </div>
        {items.length === 0 && isLoading && <Skeletons />}
      </div>
      {isLoading && items.length > 0 && <p className="gallery-more dim">Reading more…</p>}
      <div className="gallery-bars">
        <UndoBar />
        <SelectionBar onCompare={setCompared} onRemove={remove} />
        {compared.length === 1 && (
          <p className="gallery-bar">
            <span>Choose a second one to compare with: C</span>
            <button type="button" className="button-small" onClick={() => setCompared([])}>
              Leave it
            </button>
          </p>
        )}
      </div>
      <p className="sr-only" role="status" aria-live="polite">
        {gallery.spoken}
      </p>
      {openID && isShown && (
        <Viewer
          id={openID}
          onMove={(step) => {
            const index = items.findIndex((item) => item.id === openID) + step;
            const item = items[index];
            if (!item) return;
            setCurrent(item.id);
            setOpen(item.id);
            if (index > items.length - 8) void studio.gallery.more();
          }}
          onRemove={() => {
            setOpen(null);
            remove([openID]);
          }}
          onLeave={() => setOpen(null)}
          onCompare={() => {
            setOpen(null);
            compare(openID);
            focusTile(items.findIndex((item) => item.id === openID));
          }}
          onClose={() => {
            setOpen(null);
            focusTile(items.findIndex((item) => item.id === openID));
          }}
        />
      )}
      {compared.length === 2 && isShown && (
        <Compare
          ids={compared}
          onClose={() => {
            setCompared([]);
            studio.gallery.patch({ selected: [] });
          }}
        />
      )}
    </section>
  );
}

function Skeletons() {
  return (
    <div className="gallery-skeletons" aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        <span key={index} className="skeleton" />
      ))}
    </div>
  );
}
