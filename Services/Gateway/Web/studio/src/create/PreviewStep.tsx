import { RefObject, useEffect, useState } from "react";
import { Session } from "../api/schema";
import { chosen, countOf, progressSteps } from "../state/state";
import { copy } from "../ui/copy";
import { CheckIcon, CopyIcon, StudioIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { FinalVideo } from "./FinalVideo";
import { StepHead } from "./StepHead";

/** What was chosen, as it will be made; and, when it is finished, the prompt and the video. */
export function PreviewStep({ heading }: { heading: RefObject<HTMLHeadingElement> }) {
  const { studio, state } = useStudio();
  const { session, running } = state;
  if (!session) return null;
  const isComplete = session.status === "completed";
  return (
    <section className="preview" aria-busy={running !== null}>
      <StepHead
        title={isComplete ? "This is your shot" : "Preview"}
        heading={heading}
        text={
          isComplete
            ? "The prompt is yours to use anywhere."
            : "Look at it once more; each step above can still be changed."
        }
      >
        {!isComplete && (
          <button
            type="button"
            className="button button-main"
            disabled={running !== null}
            onClick={() => void studio.flow.finalize()}
          >
            <CheckIcon /> Finish
            <small>no credits</small>
          </button>
        )}
        {isComplete && (
          <>
            <button
              type="button"
              className="button"
              onClick={() => studio.drafts.fromSession(session)}
            >
              <StudioIcon /> Edit in Studio
            </button>
            <button
              type="button"
              className="button"
              onClick={() => void studio.sessions.startFresh(null)}
            >
              Begin another
            </button>
          </>
        )}
      </StepHead>
      <div className="preview-body">
        <Picture session={session} />
        <div className="preview-side">
          {isComplete && <FinalVideo />}
          <ul className="choices" aria-label="What was chosen">
            {progressSteps.map(({ step, label }) => {
              const choice = chosen(session, step);
              return (
                choice && (
                  <li key={step}>
                    <small>{label}</small>
                    {choice.label}
                  </li>
                )
              );
            })}
            {session.subjectMotion && (
              <li>
                <small>Motion</small>
                {session.subjectMotion}
              </li>
            )}
          </ul>
          <p className="total">
            <span>Charged for this session</span>
            <b>{countOf(session.totalCreditsConsumed)}</b>
          </p>
          {session.finalPrompt && <Prompt text={session.finalPrompt} />}
        </div>
      </div>
    </section>
  );
}

/** The final video, else the clip of the subject's motion, else of the camera move, else the picture. */
function Picture({ session }: { session: Session }) {
  const { state } = useStudio();
  const path = session.cameraPaths.find((one) => one.id === session.cameraMotion);
  const final = state.generation?.state === "completed" ? state.generation.url : null;
  const clip = final ?? session.videoUrl ?? path?.previewUrl ?? null;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const label = `${session.intent}, ${path?.label ?? "no camera move"}`;
  return (
    <figure className="preview-picture">
      {clip ? (
        <video
          key={clip}
          className={final ? "final-video" : undefined}
          src={clip}
          poster={session.previewImageUrl ?? undefined}
          aria-label={label}
          controls
          muted
          loop
          playsInline
          autoPlay={!isStill}
        />
      ) : (
        session.previewImageUrl && <img src={session.previewImageUrl} alt={label} />
      )}
      <figcaption className="dim">
        {final
          ? "The final video."
          : session.videoUrl
          ? "The motion preview, with the camera move."
          : clip
            ? "The camera move over the chosen picture."
            : "The chosen picture."}
      </figcaption>
    </figure>
  );
}

function Prompt({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <div className="prompt">
      <h2>Final prompt</h2>
      <p data-testid="final-prompt">{text}</p>
      <button
        type="button"
        className="button-small"
        onClick={() => void copy(text).then(setCopied)}
      >
        {isCopied ? <CheckIcon /> : <CopyIcon />}
        {isCopied ? "Copied" : "Copy"}
      </button>
      <span className="sr-only" role="status">
        {isCopied && "Copied"}
      </span>
    </div>
  );
}
