import { FormEvent, useState } from "react";
import { countOf } from "../state/state";
import { useKept } from "../ui/useKept";
import { useStudio } from "../ui/useStudio";

/** At the directions the intent may still be changed; the four are then made anew. */
export function IntentEditor({ intent }: { intent: string }) {
  const { studio, state } = useStudio();
  // What was typed outlives a refusal, and a reload.
  const [text, setText] = useKept("convergence.intentEdit");
  const [isOpen, setOpen] = useState(text !== "" && text !== intent);
  const show = (isShown: boolean) => {
    setText(isShown ? intent : "");
    setOpen(isShown);
  };
  if (!isOpen) {
    return (
      <p className="intent-line">
        <span>“{intent}”</span>
        <button type="button" className="button-small" onClick={() => show(true)}>
          Edit
        </button>
      </p>
    );
  }
  const changed = text.trim() !== "" && text.trim() !== intent;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (changed) void studio.flow.editIntent(text.trim());
  };
  return (
    <form className="intent-line" onSubmit={submit}>
      <label className="sr-only" htmlFor="edit-intent">
        Intent
      </label>
      <input
        id="edit-intent"
        value={text}
        maxLength={4000}
        autoFocus
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          show(false);
        }}
      />
      <button type="submit" className="button-small" disabled={!changed}>
        Show them{state.costs ? ` · ${countOf(state.costs.pictures)}` : ""}
      </button>
      <button type="button" className="button-small" onClick={() => show(false)}>
        Leave it
      </button>
    </form>
  );
}
