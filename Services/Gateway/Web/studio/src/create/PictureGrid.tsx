import { RefObject, useRef, useState } from "react";
import { countOf, PictureStep, Slot, slots } from "../state/state";
import { AgainIcon } from "../ui/icons";
import { moveInGrid } from "../ui/useGridKeys";
import { useStudio } from "../ui/useStudio";
import { Glow } from "./Glow";
import { IntentEditor } from "./IntentEditor";
import { StepHead } from "./StepHead";

const titles: Record<PictureStep, [string, string]> = {
  direction: ["Choose a direction", "The same intent, told in four ways."],
  mood: ["Choose the mood", "What should it feel like?"],
  framing: ["Choose the framing", "How close is the camera?"],
  lighting: ["Choose the light", "When is it, and where does the light come from?"],
};

interface Properties {
  step: PictureStep;
  heading: RefObject<HTMLHeadingElement>;
}

/** Four pictures to choose between, each shown as soon as it has arrived. */
export function PictureGrid({ step, heading }: Properties) {
  const { studio, state } = useStudio();
  const [focused, setFocused] = useState<string | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const { session, running, costs } = state;
  const all = slots(state, step);
  const previous = state.chosenBefore[step];
  const current =
    all.find((slot) => slot.optionId === focused) ??
    all.find((slot) => slot.optionId === previous) ??
    all[0];
  const left = session?.remainingRegenerations[step] ?? 0;
  const isChoosing = running === null && !state.isChecking;
  const ratio = (session?.aspectRatio ?? "16:9").replace(":", "-");
  const [title, text] = titles[step];

  const activate = (slot: Slot) => {
    if (!isChoosing) return;
    if (slot.state === "ready") void studio.flow.choose(step, slot.optionId);
    if (slot.state === "failed" && session) void studio.flow.retryPicture(step, slot.optionId);
  };
  return (
    <section className={`pictures ratio-${ratio}`} aria-busy={running !== null}>
      <StepHead title={title} text={text} heading={heading}>
        {session && !running && (
          <button
            type="button"
            className="button"
            disabled={left === 0}
            onClick={() => void studio.flow.regenerate(step)}
          >
            <AgainIcon />
            <span>
              Make four new ones
              <small>
                {left} left{costs && left > 0 ? ` · ${countOf(costs.regenerate)}` : ""}
              </small>
            </span>
          </button>
        )}
      </StepHead>
      {step === "direction" && session && !running && <IntentEditor intent={session.intent} />}
      {current && <Stage slot={current} alt={alt(state.session?.intent, current, step)} />}
      <div
        ref={grid}
        className="grid"
        role="group"
        aria-label={title}
        onKeyDown={(event) => moveInGrid(event, grid)}
      >
        {all.map((slot, index) => (
          <Tile
            key={slot.optionId}
            slot={slot}
            index={index}
            alt={alt(session?.intent, slot, step)}
            isCurrent={slot === current}
            isPrevious={slot.optionId === previous}
            isWaiting={!isChoosing}
            onFocus={() => setFocused(slot.optionId)}
            onActivate={() => activate(slot)}
          />
        ))}
      </div>
      <p className="grid-foot dim">
        {running
          ? running.isCancelling
            ? "Stopping…"
            : `${running.done} of ${running.total} ready`
          : step === "lighting"
            ? "Choosing costs nothing; the camera moves " +
              (costs ? `cost ${countOf(costs.camera)}.` : "come next.")
            : costs
              ? `The next four pictures cost ${countOf(costs.pictures)}; seen before, nothing.`
              : ""}
      </p>
    </section>
  );
}

/** The picture that is pointed at, large; small screens show the four alone. */
function Stage({ slot, alt }: { slot: Slot; alt: string }) {
  const url = slot.image && "url" in slot.image ? slot.image.url : null;
  const prompt = slot.image && "prompt" in slot.image ? slot.image.prompt : "";
  return (
    <figure className="big" aria-hidden="true">
      {url ? (
        <>
          <Glow url={url} />
          <img key={url} src={url} alt={alt} decoding="async" />
        </>
      ) : (
        <span className={slot.state === "failed" ? "big-empty" : "big-empty skeleton"} />
      )}
      <figcaption>
        <b>{slot.label}</b>
        <span>{prompt}</span>
      </figcaption>
    </figure>
  );
}

interface TileProperties {
  slot: Slot;
  index: number;
  alt: string;
  isCurrent: boolean;
  isPrevious: boolean;
  isWaiting: boolean;
  onFocus: () => void;
  onActivate: () => void;
}

function Tile(properties: TileProperties) {
  const { slot, index, alt, isCurrent, isPrevious, isWaiting, onFocus, onActivate } = properties;
  const { image } = slot;
  const isFailed = slot.state === "failed";
  return (
    <button
      type="button"
      className={`tile tile-${slot.state}${isCurrent ? " tile-current" : ""}`}
      data-choice={slot.optionId}
      tabIndex={isCurrent ? 0 : -1}
      aria-disabled={isWaiting || slot.state === "pending"}
      onFocus={onFocus}
      onPointerEnter={(event) => event.pointerType === "mouse" && onFocus()}
      onClick={onActivate}
    >
      <span className="tile-picture">
        {image && "url" in image ? (
          <img
            src={image.url} width={image.width} height={image.height} alt={alt} decoding="async"
          />
        ) : isFailed ? (
          <span className="tile-failed">
            <AgainIcon />
            This picture did not come. Try it again
          </span>
        ) : (
          <span className="skeleton" role="img" aria-label={`${slot.label}: being made`} />
        )}
      </span>
      <span className="tile-label">
        <kbd aria-hidden="true">{index + 1}</kbd>
        {slot.label}
        {isPrevious && <em>chosen before</em>}
      </span>
    </button>
  );
}

function alt(intent: string | undefined, slot: Slot, step: PictureStep): string {
  const image = slot.image;
  if (image && "prompt" in image) return `${slot.label} ${step}: ${image.prompt}`;
  return `${slot.label} ${step}${intent ? ` of ${intent}` : ""}`;
}
