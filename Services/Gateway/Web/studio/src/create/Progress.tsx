import { chosen, progressSteps, shownStep, State, Step } from "../state/state";
import { CheckIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";

/** Where the flow is. A step that is done can be gone back to with a click. */
export function Progress() {
  const { studio, state } = useStudio();
  const current = shownStep(state);
  const order = progressSteps.findIndex((one) => one.step === current);
  const isComplete = current === "complete";
  return (
    <nav className="progress" aria-label="Steps">
      <ol>
        {progressSteps.map(({ step, label }, index) => {
          const isDone = isComplete || index < order;
          const isCurrent = index === order;
          const canJump = isDone && !isComplete && !state.running;
          const choice = isDone ? chosenLabel(state, step) : null;
          const content = (
            <>
              <span className="progress-mark">{isDone ? <CheckIcon /> : index + 1}</span>
              <span className="progress-label">
                {label}
                {choice && <small>{choice}</small>}
              </span>
            </>
          );
          const kind = isDone ? "done" : isCurrent ? "current" : "ahead";
          return (
            <li key={step} className={`progress-step progress-${kind}`}>
              {canJump ? (
                <button
                  type="button"
                  onClick={() => void studio.flow.jump(step)}
                  aria-label={`Go back to ${label}${choice ? `: ${choice}` : ""}`}
                >
                  {content}
                </button>
              ) : (
                <span aria-current={isCurrent ? "step" : undefined}>{content}</span>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function chosenLabel(state: State, step: Step): string | null {
  const { session } = state;
  if (!session) return null;
  if (step === "subject_motion") return session.subjectMotion || (session.subjectMotion === "" ? "None" : null);
  return chosen(session, step)?.label ?? null;
}
