import { FormEvent, RefObject, useRef } from "react";
import { ratios } from "../state/flow";
import { countOf } from "../state/state";
import { intentKey } from "../state/storage";
import { useKept } from "../ui/useKept";
import { useDraft } from "../ui/useStores";
import { useStudio } from "../ui/useStudio";

const examples = [
  "A fox crossing a frozen lake at dawn",
  "A red car on a desert road",
  "A sailing boat in a stormy sea",
  "A woman walking through a city at night",
  "A wild horse in a mountain meadow",
  "A perfume bottle in a quiet room",
];
/** The beginning: what should the video show? */
export function IntentStep({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { studio, state } = useStudio();
  // A start that was refused or stopped leads back here: what was typed is still there.
  const [intent, setIntent] = useKept(intentKey);
  const { aspectRatio: ratio } = useDraft();
  const field = useRef<HTMLTextAreaElement>(null);
  const { costs, balance, isChecking } = state;
  const text = intent.trim();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text) void studio.flow.startSession(text, ratio);
    else field.current?.focus();
  };
  return (
    <form className="intent" onSubmit={submit}>
      <h1 ref={heading} tabIndex={-1}>
        What should it show?
      </h1>
      <p className="intent-lead">
        Write one line. Then choose between pictures until it is your video.
      </p>
      <div className="intent-field">
        <label className="sr-only" htmlFor="intent">
          Your intent
        </label>
        <textarea
          id="intent"
          ref={field}
          rows={2}
          maxLength={4000}
          placeholder="A fox crossing a frozen lake at dawn"
          value={intent}
          autoFocus
          onChange={(event) => setIntent(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              submit(event);
            }
          }}
        />
        <div className="intent-row">
          <fieldset className="ratios">
            <legend className="sr-only">Aspect ratio</legend>
            {ratios.map((one) => (
              <label key={one} className={one === ratio ? "ratio ratio-on" : "ratio"}>
                <input
                  type="radio"
                  name="ratio"
                  value={one}
                  checked={one === ratio}
                  onChange={() => studio.drafts.patch({ aspectRatio: one })}
                />
                <i className={`shape shape-${one.replace(":", "-")}`} aria-hidden="true" />
                <span>{one}</span>
              </label>
            ))}
          </fieldset>
          <button
            type="submit"
            className="button button-main"
            disabled={!text || isChecking || !state.isSignedIn}
          >
            {isChecking ? "Checking credits…" : "Show four directions"}
            {costs && <small>{countOf(costs.pictures)}</small>}
          </button>
        </div>
      </div>
      <p className={costs && balance && balance.available < costs.total ? "estimate low" : "estimate"}>
        {costs
          ? `The whole way costs about ${countOf(costs.total)}, step by step; ` +
            "what was not delivered is not charged."
          : "\u00a0"}
      </p>
      <h2 className="examples-title">Try one of these</h2>
      <ul className="examples">
        {examples.map((example) => (
          <li key={example}>
            <button
              type="button"
              className="example"
              onClick={() => {
                setIntent(example);
                field.current?.focus();
              }}
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}
