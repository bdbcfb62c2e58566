import { RefObject, useEffect, useRef, useState } from "react";
import { CameraPath } from "../api/schema";
import { countOf } from "../state/state";
import { moveInGrid } from "../ui/useGridKeys";
import { useStudio } from "../ui/useStudio";
import { StepHead } from "./StepHead";

const categories: [string, string][] = [
  ["all", "All"],
  ["static", "Static"],
  ["pan_tilt", "Pan & Tilt"],
  ["dolly", "Dolly"],
  ["crane", "Crane"],
  ["orbital", "Orbital"],
  ["compound", "Compound"],
];

/** The camera moves, each as the clip that the server renders over the chosen picture. */
export function CameraStep({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { studio, state } = useStudio();
  const [category, setCategory] = useState("all");
  const [focused, setFocused] = useState<string | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const { session, running, costs } = state;
  const paths = session?.cameraPaths ?? [];
  const shown = paths.filter((path) => category === "all" || path.category === category);
  const current = shown.find((path) => path.id === focused) ?? shown[0];
  const isFinding = running !== null && paths.length === 0;
  const ratio = (session?.aspectRatio ?? "16:9").replace(":", "-");
  return (
    <section className={`moves ratio-${ratio}`} aria-busy={running !== null}>
      <StepHead
        title="Choose a camera move"
        heading={heading}
        text={
          session?.fallbackMode
            ? "The depth of this picture could not be found, so the moves are described."
            : "Each move on your picture: point at it, or scroll to it."
        }
      />
      {!isFinding && paths.length === 0 && (
        <p className="offer">
          <button
            type="button"
            className="button button-main"
            disabled={running !== null}
            onClick={() => void studio.flow.findMoves()}
          >
            Show the camera moves
            {costs && <small>{countOf(costs.camera)}</small>}
          </button>
        </p>
      )}
      {paths.length > 0 && (
        <div className="chips" role="group" aria-label="Kinds of moves">
          {categories
            .filter(([id]) => id === "all" || paths.some((path) => path.category === id))
            .map(([id, label]) => (
              <button
                key={id}
                type="button"
                className="chip"
                aria-pressed={id === category}
                onClick={() => setCategory(id)}
              >
                {label}
              </button>
            ))}
        </div>
      )}
      <div
        ref={grid}
        className="grid grid-moves"
        role="group"
        aria-label="Camera moves"
        onKeyDown={(event) => moveInGrid(event, grid)}
      >
        {isFinding &&
          Array.from({ length: 8 }, (_, index) => (
            <span key={index} className="tile">
              <span className="tile-picture">
                <span className="skeleton" />
              </span>
            </span>
          ))}
        {shown.map((path) => (
          <MoveTile
            key={path.id}
            path={path}
            poster={session?.previewImageUrl ?? null}
            isCurrent={path === current}
            isWaiting={running !== null}
            onFocus={() => setFocused(path.id)}
            onActivate={() => void studio.flow.chooseMove(path.id)}
          />
        ))}
      </div>
    </section>
  );
}

interface MoveProperties {
  path: CameraPath;
  poster: string | null;
  isCurrent: boolean;
  isWaiting: boolean;
  onFocus: () => void;
  onActivate: () => void;
}

function MoveTile({ path, poster, isCurrent, isWaiting, onFocus, onActivate }: MoveProperties) {
  const [isPointed, setPointed] = useState(false);
  const [isPlaying, setPlaying] = useState(false);
  const tile = useRef<HTMLButtonElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const hasClip = path.previewUrl !== null;

  // Fingers cannot hover: there a move plays while it is in the middle of the screen.
  useEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!hasClip || !matchMedia("(hover: none)").matches || isStill || !tile.current) {
      return undefined;
    }
    const observer = new IntersectionObserver(
      (entries) => setPointed(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: "-25% 0px -25% 0px", threshold: 0.5 },
    );
    observer.observe(tile.current);
    return () => observer.disconnect();
  }, [hasClip]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    if (isPointed) element.play().catch(() => undefined);
    else element.pause();
  }, [isPointed]);

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
        {hasClip && poster && <img src={poster} alt="" />}
        {hasClip && isPointed && (
          <video
            ref={video}
            className={isPlaying ? "clip clip-on" : "clip"}
            src={path.previewUrl ?? ""}
            muted
            loop
            playsInline
            autoPlay
            aria-hidden="true"
            onPlaying={() => setPlaying(true)}
            onEmptied={() => setPlaying(false)}
          />
        )}
        {hasClip && isPointed && !isPlaying && <span className="clip-wait" aria-hidden="true" />}
        {!hasClip && <span className="tile-words">{path.description}</span>}
      </span>
      <span className="tile-label">{path.label}</span>
      <span className={hasClip ? "tile-note" : "sr-only"}>{path.description}</span>
    </button>
  );
}
