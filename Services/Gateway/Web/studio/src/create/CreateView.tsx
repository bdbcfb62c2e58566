import { useEffect, useRef } from "react";
import { isPictureStep, progressSteps, shownStep, State, Step } from "../state/state";
import { isSwitchedOff } from "../ui/letterKeys";
import { useStudio } from "../ui/useStudio";
import { CameraStep } from "./CameraStep";
import { IntentStep } from "./IntentStep";
import { MotionStep } from "./MotionStep";
import { PictureGrid } from "./PictureGrid";
import { PreviewStep } from "./PreviewStep";
import { Progress } from "./Progress";

/** The flow: one line of intent, then choices between pictures. */
export function CreateView({ isShown }: { isShown: boolean }) {
  const { studio, state } = useStudio();
  const step = shownStep(state);
  const heading = useRef<HTMLHeadingElement>(null);
  const previous = useRef<Step>(step);

  // A new step begins at its heading, for the eye, the keyboard and the screen reader.
  useEffect(() => {
    if (previous.current === step) return;
    previous.current = step;
    window.scrollTo({ top: 0 });
    if (isShown) document.getElementById("work")?.scrollTo({ top: 0 });
    heading.current?.focus({ preventScroll: true });
  }, [step]);

  useEffect(() => {
    if (!isShown) return undefined;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.ctrlKey || event.metaKey || event.altKey || studio.snapshot().dialog) return;
      if (event.key === "Escape") {
        const now = studio.snapshot();
        if (now.running) void studio.runner.cancel();
        else if (canGoBack(now)) void studio.flow.back();
        return;
      }
      if (isTyping || isSwitchedOff(event)) return;
      if (event.key === "?") studio.patch({ dialog: { kind: "keys" } });
      if (/^[rR]$/.test(event.key) && studio.flow.canRegenerate()) {
        const shown = studio.flow.step();
        if (isPictureStep(shown)) void studio.flow.regenerate(shown);
      }
      if (/^[1-4]$/.test(event.key)) {
        const choices = document.querySelectorAll<HTMLElement>("[data-choice]");
        choices[Number(event.key) - 1]?.click();
      }
      const isArrow = event.key.startsWith("Arrow");
      if (isArrow && !target.hasAttribute("data-choice") && target.tagName !== "VIDEO") {
        const current = document.querySelector<HTMLElement>('[data-choice][tabindex="0"]');
        if (!current || target.closest("[role=radiogroup]")) return;
        event.preventDefault();
        current.focus();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [studio, isShown]);

  return (
    <div className={`create create-${step}`}>
      {step !== "intent" && <Progress />}
      {step === "intent" && <IntentStep heading={heading} />}
      {isPictureStep(step) && <PictureGrid key={step} step={step} heading={heading} />}
      {step === "camera_motion" && <CameraStep heading={heading} />}
      {step === "subject_motion" && <MotionStep heading={heading} />}
      {(step === "preview" || step === "complete") && <PreviewStep heading={heading} />}
      <p className="sr-only" role="status" aria-live="polite">
        {spoken(state)}
      </p>
    </div>
  );
}

export function canGoBack(state: State): boolean {
  const { session, running } = state;
  if (!session || running || session.status !== "active") return false;
  return session.currentStep !== "direction" && session.currentStep !== "intent";
}

function spoken(state: State): string {
  const step = shownStep(state);
  const label = progressSteps.find((one) => one.step === step)?.label ?? "";
  const { running } = state;
  if (running && running.total > 1) {
    return `${label}: ${running.done} of ${running.total} pictures are ready.`;
  }
  if (running) return "Working.";
  return isPictureStep(step) ? `${label}: choose one of four pictures.` : label;
}
