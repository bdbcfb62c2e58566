import { KeyboardEvent, useEffect, useRef, useState } from "react";
import { Creation } from "../api/schema";
import {
  BackIcon, CloseIcon, CompareIcon, DownloadIcon, NextIcon, StarIcon, StudioIcon, TrashIcon,
} from "../ui/icons";
import { isSwitchedOff } from "../ui/letterKeys";
import { useStudio } from "../ui/useStudio";
import { useGallery } from "../ui/useStores";
import { Recipe } from "./Recipe";
import { download } from "./download";
import { alt, isVideo, stepLabels, title } from "./words";

interface Properties {
  id: string;
  onMove: (step: number) => void;
  onRemove: () => void;
  /** It goes on in another tool. */
  onLeave: () => void;
  onCompare: () => void;
  onClose: () => void;
}

/** One creation, large, with how it was made beside it. */
export function Viewer({ id, onMove, onRemove, onLeave, onCompare, onClose }: Properties) {
  const { studio } = useStudio();
  const { items } = useGallery();
  const dialog = useRef<HTMLDialogElement>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const item = items.find((one) => one.id === id);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  const isGone = item === undefined;
  useEffect(() => {
    if (isGone) onClose();
  }, [isGone]);
  if (!item) return null;
  const index = items.indexOf(item);

  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey || isSwitchedOff(event)) return;
    const isPlaying = (event.target as HTMLElement).tagName === "VIDEO";
    switch (event.key) {
      case "ArrowLeft": case "ArrowUp":
        return isPlaying ? undefined : onMove(-1);
      case "ArrowRight": case "ArrowDown":
        return isPlaying ? undefined : onMove(1);
      case "s": case "S":
        return void studio.gallery.star([id], !item.starred);
      case "c": case "C":
        return onCompare();
      case "Delete": case "Backspace":
        return onRemove();
      default:
        return undefined;
    }
  };
  const keep = async () => {
    setTrouble(null);
    setTrouble(await download(studio, item));
  };
  return (
    <dialog
      ref={dialog}
      className="viewer"
      aria-label={`${title(item)}, ${index + 1} of ${items.length}`}
      onKeyDown={onKey}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="viewer-stage">
        <Media key={item.id} item={item} />
        <button
          type="button"
          className="icon-button viewer-before"
          aria-label="The one before"
          disabled={index === 0}
          onClick={() => onMove(-1)}
        >
          <BackIcon />
        </button>
        <button
          type="button"
          className="icon-button viewer-next"
          aria-label="The next one"
          disabled={index === items.length - 1}
          onClick={() => onMove(1)}
        >
          <NextIcon />
        </button>
      </div>
      <div className="viewer-side" tabIndex={0} role="region" aria-label="How it was made">
        <header className="viewer-head">
          <div>
            <p className="dim">{stepLabels[item.step] ?? item.step}</p>
            <h2>{title(item)}</h2>
          </div>
          <button
            type="button"
            className="icon-button"
            aria-label={item.starred ? "Take the star away" : "Star"}
            aria-pressed={item.starred}
            title="S"
            onClick={() => void studio.gallery.star([id], !item.starred)}
          >
            <StarIcon />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="Close"
            autoFocus
            onClick={onClose}
          >
            <CloseIcon />
          </button>
        </header>
        <div className="viewer-actions">
          <button
            type="button"
            className="button button-main"
            onClick={() => {
              onLeave();
              studio.drafts.fromCreation(item);
            }}
          >
            <StudioIcon /> Edit in Studio
          </button>
          <button type="button" className="button" onClick={() => void keep()}>
            <DownloadIcon /> Download
          </button>
          <button type="button" className="button" title="C" onClick={onCompare}>
            <CompareIcon /> Compare
          </button>
          <button type="button" className="button" title="Delete" onClick={onRemove}>
            <TrashIcon /> Delete
          </button>
        </div>
        <div role="alert">{trouble && <p className="bad">{trouble}</p>}</div>
        <Recipe item={item} />
      </div>
    </dialog>
  );
}

function Media({ item }: { item: Creation }) {
  const [shown, setShown] = useState(0);
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const asset = item.assets[Math.min(shown, item.assets.length - 1)];
  if (!asset) return null;
  const glow = isVideo(item) ? item.sourceImageUrl : asset.url;
  return (
    <>
      {glow && <img className="viewer-glow" src={glow} alt="" />}
      {isVideo(item) ? (
        <video
          className="viewer-media"
          src={asset.url}
          poster={item.sourceImageUrl ?? undefined}
          aria-label={alt(item)}
          controls
          muted
          loop
          playsInline
          autoPlay={!isStill}
        />
      ) : (
        <img className="viewer-media" src={asset.url} alt={alt(item)} />
      )}
      {item.assets.length > 1 && (
        <div className="viewer-strip" role="group" aria-label="Stills">
          {item.assets.map((one, place) => (
            <button
              key={one.id}
              type="button"
              aria-pressed={place === shown}
              aria-label={`Still ${place + 1}`}
              onClick={() => setShown(place)}
            >
              <img src={one.url} alt="" />
            </button>
          ))}
        </div>
      )}
    </>
  );
}
