import { FormEvent, RefObject, useState } from "react";
import { countOf } from "../state/state";
import { PlayIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { StepHead } from "./StepHead";

const examples = [
  "turns its head slowly",
  "walks toward the camera",
  "stands still while the wind moves everything",
  "runs out of the frame",
];

/** What the subject does, in words; it may be left out. */
export function MotionStep({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { studio, state } = useStudio();
  const { session, running, costs } = state;
  const [text, setText] = useState(session?.subjectMotion ?? "");
  const isMaking = running?.kind === "subject_motion";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() && !running) void studio.flow.moveSubject(text.trim());
  };
  return (
    <section className="motion" aria-busy={running !== null}>
      <StepHead
        title="What does the subject do?"
        text="A short preview shows it with your camera move. You can leave this out."
        heading={heading}
      />
      <div className="motion-body">
        <figure className="motion-picture">
          {session?.previewImageUrl && (
            <img src={session.previewImageUrl} alt={`The chosen picture: ${session.intent}`} />
          )}
          {isMaking && (
            <span className="motion-wait" role="img" aria-label="The preview is being made">
              <span className="spinner" />
              The preview is being made
            </span>
          )}
        </figure>
        <form className="motion-form" onSubmit={submit}>
          <label htmlFor="motion">Motion, in a few words</label>
          <textarea
            id="motion"
            rows={3}
            maxLength={1000}
            value={text}
            placeholder="turns its head slowly"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
                submit(event);
              }
            }}
          />
          <ul className="examples">
            {examples.map((example) => (
              <li key={example}>
                <button type="button" className="example" onClick={() => setText(example)}>
                  {example}
                </button>
              </li>
            ))}
          </ul>
          <div className="motion-actions">
            <button
              type="submit"
              className="button button-main"
              disabled={!text.trim() || running !== null || state.isChecking}
            >
              <PlayIcon /> Show the preview
              {costs && <small>{countOf(costs.motion)}</small>}
            </button>
            <button
              type="button"
              className="button"
              disabled={running !== null}
              onClick={() => void studio.flow.skipMotion()}
            >
              Skip
              <small>no credits</small>
            </button>
          </div>
        </form>
      </div>
    </section>
  );
}
