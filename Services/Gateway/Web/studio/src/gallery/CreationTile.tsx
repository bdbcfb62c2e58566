import { memo, useEffect, useRef, useState } from "react";
import { Creation } from "../api/schema";
import { isAtWork } from "../state/gallery";
import { AgainIcon, CheckIcon, PlayIcon, StarIcon, StopIcon, TrashIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { Row, Tile } from "./layout";
import { alt, isVideo, phase, timeLeft, title } from "./words";

interface Properties {
  tile: Tile;
  row: Row;
  count: number;
  isCurrent: boolean;
  isSelected: boolean;
  isSelecting: boolean;
  /** 0 or 1 when it is to be compared; else −1. */
  compareMark: number;
  onFocus: () => void;
  onOpen: () => void;
  onRemove: () => void;
}

/** One of the gallery: the picture, and what can be done with it at once. */
export const CreationTile = memo(Inner, (before, after) =>
  before.tile.item === after.tile.item && before.tile.index === after.tile.index &&
  before.tile.left === after.tile.left && before.tile.width === after.tile.width &&
  before.row.top === after.row.top && before.row.height === after.row.height &&
  before.isCurrent === after.isCurrent && before.isSelected === after.isSelected &&
  before.isSelecting === after.isSelecting && before.compareMark === after.compareMark &&
  before.count === after.count,
);

function Inner(properties: Properties) {
  const { tile, row, count, isCurrent, isSelected, isSelecting, compareMark } = properties;
  const { studio } = useStudio();
  const { item } = tile;
  const [isPointed, setPointed] = useState(false);
  const isDone = item.state === "completed";
  const classes = ["creation", isSelected ? "creation-selected" : "",
    isSelecting ? "creation-selecting" : "", compareMark >= 0 ? "creation-compared" : "",
    item.starred ? "creation-starred" : "", isVideo(item) ? "creation-moving" : ""];
  return (
    <div
      className={classes.filter(Boolean).join(" ")}
      role="listitem"
      aria-setsize={count}
      aria-posinset={tile.index + 1}
      style={{
        width: tile.width, height: row.height,
        transform: `translate(${tile.left}px, ${row.top}px)`,
      }}
      onPointerEnter={(event) => event.pointerType === "mouse" && setPointed(true)}
      onPointerLeave={() => setPointed(false)}
    >
      {isDone ? (
        <button
          type="button"
          className="creation-open"
          data-creation={item.id}
          tabIndex={isCurrent ? 0 : -1}
          onFocus={(event) => {
            properties.onFocus();
            if (event.currentTarget.matches(":focus-visible")) setPointed(true);
          }}
          onBlur={() => setPointed(false)}
          onClick={properties.onOpen}
        >
          <Picture item={item} isPointed={isPointed} />
          <span className="creation-title" aria-hidden="true">
            {isVideo(item) && <PlayIcon />}
            {title(item)}
          </span>
        </button>
      ) : (
        <Unfinished {...properties} />
      )}
      {isDone && (
        <>
          <button
            type="button"
            className="creation-check"
            tabIndex={-1}
            role="checkbox"
            aria-checked={isSelected}
            aria-label={`Select ${title(item)}`}
            onClick={() => studio.gallery.select(item.id)}
          >
            <i>
              <CheckIcon />
            </i>
          </button>
          <button
            type="button"
            className="creation-star"
            tabIndex={-1}
            aria-pressed={item.starred}
            aria-label={`Star ${title(item)}`}
            onClick={() => void studio.gallery.star([item.id], !item.starred)}
          >
            <StarIcon />
          </button>
        </>
      )}
      {compareMark >= 0 && (
        <span className="creation-mark" aria-hidden="true">
          {compareMark + 1}
        </span>
      )}
    </div>
  );
}

function Picture({ item, isPointed }: { item: Creation; isPointed: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const plays = isVideo(item) && isPointed && !isStill;
  useEffect(() => {
    if (plays) video.current?.play().catch(() => undefined);
  }, [plays]);
  if (item.kind === "storyboard") {
    return (
      <span className="creation-board" role="img" aria-label={alt(item)}>
        {item.assets.map((asset) => (
          <img key={asset.id} src={asset.url} alt="" loading="lazy" decoding="async" />
        ))}
      </span>
    );
  }
  const picture = isVideo(item) ? item.sourceImageUrl : item.assets[0]?.url;
  return (
    <>
      {picture ? (
        <img src={picture} alt={alt(item)} loading="lazy" decoding="async" draggable={false} />
      ) : (
        <span className="creation-blank" role="img" aria-label={alt(item)} />
      )}
      {plays && (
        <video ref={video} src={item.assets[0]?.url} muted loop playsInline aria-hidden="true" />
      )}
    </>
  );
}

/** What is still being made, or did not come. */
function Unfinished({ tile, isCurrent, onFocus, onRemove }: Properties) {
  const { studio } = useStudio();
  const { item } = tile;
  const [now, setNow] = useState(Date.now());
  const runs = isAtWork(item);
  useEffect(() => {
    if (!runs) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [runs]);
  const left = timeLeft(item, now);
  const percent = Math.round(item.progress * 100);
  return (
    <div
      className={`creation-work creation-${runs ? "running" : item.state}`}
      data-creation={item.id}
      tabIndex={isCurrent ? 0 : -1}
      role="group"
      aria-label={`${title(item)}: ${runs ? phase(item) : item.state}. ${item.prompt}`}
      onFocus={onFocus}
    >
      {item.sourceImageUrl && <img src={item.sourceImageUrl} alt="" />}
      <div className="creation-state">
        <b>{title(item)}</b>
        {runs ? (
          <>
            <span>
              {phase(item)}
              {left && ` · ${left}`}
            </span>
            <span
              className="meter"
              role="progressbar"
              aria-label={title(item)}
              aria-valuenow={percent}
              aria-valuemin={0}
              aria-valuemax={100}
            >
              <i style={{ width: `${Math.max(4, percent)}%` }} />
            </span>
            <button
              type="button"
              className="button-small"
              onClick={() => void studio.gallery.cancel(item.id)}
            >
              <StopIcon /> Cancel
            </button>
          </>
        ) : (
          <>
            <span className={item.state === "failed" ? "bad" : "dim"}>
              {item.state === "failed"
                ? `${item.error?.detail ?? "It did not come."} Nothing was charged.`
                : "Cancelled. Nothing was charged."}
            </span>
            <span className="creation-actions">
              <button
                type="button"
                className="button-small"
                onClick={() => void studio.gallery.retry(item)}
              >
                <AgainIcon /> Try again
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={`Delete ${title(item)}`}
                onClick={onRemove}
              >
                <TrashIcon />
              </button>
            </span>
          </>
        )}
      </div>
    </div>
  );
}
