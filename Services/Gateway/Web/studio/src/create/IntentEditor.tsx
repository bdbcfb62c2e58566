import { FormEvent, useState } from "react";
import { countOf } from "../state/state";
import { useStudio } from "../ui/useStudio";

/** At the directions the intent may still be changed; the four are then made anew. */
export function IntentEditor({ intent }: { intent: string }) {
  const { studio, state } = useStudio();
  const [text, setText] = useState<string | null>(null);
  if (text === null) {
    return (
      <p className="intent-line">
        <span>“{intent}”</span>
        <button type="button" className="button-small" onClick={() => setText(intent)}>
          Edit
        </button>
      </p>
    );
  }
  const changed = text.trim() !== "" && text.trim() !== intent;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!changed) return;
    void studio.flow.editIntent(text.trim());
    setText(null);
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
          setText(null);
        }}
      />
      <button type="submit" className="button-small" disabled={!changed}>
        Show them{state.costs ? ` · ${countOf(state.costs.pictures)}` : ""}
      </button>
      <button type="button" className="button-small" onClick={() => setText(null)}>
        Leave it
      </button>
    </form>
  );
}
