import { ReactNode, RefObject } from "react";
import { BackIcon, StopIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { canGoBack } from "./CreateView";

interface Properties {
  title: string;
  text: ReactNode;
  heading: RefObject<HTMLHeadingElement>;
  children?: ReactNode;
}

/** The heading of a step, with the way back, or out while something is being made. */
export function StepHead({ title, text, heading, children }: Properties) {
  const { studio, state } = useStudio();
  const running = state.running;
  return (
    <header className="step-head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p>{text}</p>
      </div>
      <div className="step-actions">
        {canGoBack(state) && (
          <button type="button" className="button" onClick={() => void studio.flow.back()}>
            <BackIcon /> Back
          </button>
        )}
        {running && running.total > 0 && (
          <button
            type="button"
            className="button"
            disabled={running.isCancelling}
            onClick={() => void studio.runner.cancel()}
          >
            <StopIcon /> {running.isCancelling ? "Stopping…" : "Cancel"}
          </button>
        )}
        {children}
      </div>
    </header>
  );
}
