import { RefObject, useRef, useState } from "react";
import { MoveTile } from "../camera/MoveTile";
import { MoveView, useMoveView } from "../camera/useMoveView";
import { useStillness } from "../camera/useStillness";
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
  ["zoom", "Zoom"],
  ["handheld", "Handheld"],
  ["loop", "Loops"],
];

/** The camera moves over the chosen picture, drawn live from its depth where that is possible. */
export function CameraStep({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { studio, state } = useStudio();
  const [category, setCategory] = useState("all");
  const [focused, setFocused] = useState<string | null>(null);
  const [isPlayed, setPlayed] = useState(false);
  const wantsStillness = useStillness();
  const grid = useRef<HTMLDivElement>(null);
  const { session, running, costs } = state;
  const { view, giveUp } = useMoveView(session);
  const paths = session?.cameraPaths ?? [];
  const shown = paths.filter((path) => category === "all" || path.category === category);
  const current =
    shown.find((path) => path.id === focused) ??
    shown.find((path) => path.id === session?.cameraMotion) ??
    shown[0];
  const isFinding = running !== null && paths.length === 0;
  const isStill = wantsStillness && !isPlayed;
  const ratio = (session?.aspectRatio ?? "16:9").replace(":", "-");
  return (
    <section className={`moves ratio-${ratio}`} aria-busy={running !== null} data-view={view}>
      <StepHead
        title="Choose a camera move"
        heading={heading}
        text={lead(view, isStill, isFinding)}
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
          {wantsStillness && view !== "words" && (
            <button
              type="button"
              className="chip chip-apart"
              aria-pressed={isPlayed}
              onClick={() => setPlayed(!isPlayed)}
            >
              Play the moves
            </button>
          )}
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
            view={view}
            isStill={isStill}
            isCurrent={path === current}
            isWaiting={running !== null}
            onFocus={() => setFocused(path.id)}
            onActivate={() => void studio.flow.chooseMove(path.id)}
            onLost={giveUp}
          />
        ))}
      </div>
    </section>
  );
}

function lead(view: MoveView, isStill: boolean, isFinding: boolean): string {
  if (isFinding) return "The depth of your picture is being found.";
  if (view === "words") {
    return "The depth of this picture could not be found, so the moves are described.";
  }
  if (isStill) return "Nothing moves by itself, as your system asks. Point at a move for its end.";
  return "Each move on your picture: point at it, or scroll to it.";
}
