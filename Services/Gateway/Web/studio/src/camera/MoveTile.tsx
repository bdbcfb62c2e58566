import { useEffect, useRef, useState } from "react";
import { CameraPath } from "../api/schema";
import { play } from "./player";
import { MoveView } from "./useMoveView";

interface Properties {
  path: CameraPath;
  poster: string | null;
  view: MoveView;
  /** Nothing moves; the end of the move is shown where it can be drawn. */
  isStill: boolean;
  isCurrent: boolean;
  isWaiting: boolean;
  onFocus: () => void;
  onActivate: () => void;
  onLost: () => void;
}

/** One camera move over the chosen picture; it plays while it is pointed at or has the focus. */
export function MoveTile(properties: Properties) {
  const { path, poster, view, isStill, isCurrent, isWaiting, onFocus, onActivate } = properties;
  const [isPointed, setPointed] = useState(false);
  const tile = useRef<HTMLButtonElement>(null);
  const hasPicture = view !== "words" && poster !== null;

  // Fingers cannot hover: there a move plays while it is in the middle of the screen.
  useEffect(() => {
    if (!hasPicture || isStill || !matchMedia("(hover: none)").matches || !tile.current) {
      return undefined;
    }
    const observer = new IntersectionObserver(
      (entries) => setPointed(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: "-25% 0px -25% 0px", threshold: 0.5 },
    );
    observer.observe(tile.current);
    return () => observer.disconnect();
  }, [hasPicture, isStill]);

  return (
    <button
      ref={tile}
      type="button"
      className={`tile tile-ready${isCurrent ? " tile-current" : ""}`}
      data-choice={path.id}
      tabIndex={isCurrent ? 0 : -1}
      aria-disabled={isWaiting}
      onFocus={(event) => {
        onFocus();
        // A focus that a click brought is followed by the click.
        if (event.currentTarget.matches(":focus-visible")) setPointed(true);
      }}
      onBlur={() => setPointed(false)}
      onPointerEnter={(event) => {
        if (event.pointerType !== "mouse") return;
        onFocus();
        setPointed(true);
      }}
      onPointerLeave={(event) => event.pointerType === "mouse" && setPointed(false)}
      onClick={() => !isWaiting && onActivate()}
    >
      <span className="tile-picture">
        {hasPicture && <img src={poster} alt="" />}
        {isPointed && view === "waiting" && <span className="clip-wait" aria-hidden="true" />}
        {isPointed && view === "depth" && <Drawn {...properties} />}
        {isPointed && view === "clip" && !isStill && <Clip url={path.previewUrl ?? ""} />}
        {!hasPicture && <span className="tile-words">{path.description}</span>}
      </span>
      <span className="tile-label">{path.label}</span>
      <span className={hasPicture ? "tile-note" : "sr-only"}>{path.description}</span>
    </button>
  );
}

function Drawn({ path, isStill, onLost }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    return play(element, path, {
      isStill,
      onFrame: () => element.classList.add("clip-on"),
      onLost,
    });
  }, [path.id, isStill]);
  return <canvas ref={canvas} className="clip" aria-hidden="true" />;
}

function Clip({ url }: { url: string }) {
  const [isPlaying, setPlaying] = useState(false);
  return (
    <>
      <video
        className={isPlaying ? "clip clip-on" : "clip"}
        src={url}
        muted
        loop
        playsInline
        autoPlay
        aria-hidden="true"
        onPlaying={() => setPlaying(true)}
        onEmptied={() => setPlaying(false)}
      />
      {!isPlaying && <span className="clip-wait" aria-hidden="true" />}
    </>
  );
}
