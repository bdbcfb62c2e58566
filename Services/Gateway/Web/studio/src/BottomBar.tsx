import { Tool } from "./router";
import { credits, State } from "./state/state";
import { useDraft } from "./ui/useStores";
import { useStudio } from "./ui/useStudio";
import { width } from "./ui/width";

/** What is at work in the tool that is shown, what it costs, and the balance. */
export function BottomBar({ tool }: { tool: Tool }) {
  const { state } = useStudio();
  const draft = useDraft();
  const { session, balance, costs } = state;
  const isCreate = tool === "create";
  const total = isCreate ? session?.estimatedTotal ?? costs?.total ?? null : null;
  const spent = session?.totalCreditsConsumed ?? 0;
  const subject =
    isCreate && session
      ? { model: model(state), aspectRatio: session.aspectRatio, text: session.intent }
      : tool === "studio" && draft.prompt
        ? {
          model: draft.pictureUrl ? "local-parallax" : "local",
          aspectRatio: draft.aspectRatio,
          text: draft.prompt,
        }
        : null;
  return (
    <footer className="bar">
      <p className="bar-intent">
        {subject && (
          <>
            {subject.model && <span className="bar-aspect">{subject.model}</span>}
            <span className="bar-aspect">{subject.aspectRatio}</span>
            <span className="bar-text" title={subject.text}>
              {subject.text}
            </span>
          </>
        )}
      </p>
      <p className="bar-cost">
        {total !== null && (
          <>
            <span className="meter" aria-hidden="true">
              <i ref={width(total ? Math.min(1, spent / total) : 0)} />
            </span>
            <span>
              <b>{credits(spent)}</b> of about {credits(total)} cr
            </span>
          </>
        )}
        {balance && (
          <span className={total !== null && balance.available < total - spent ? "low" : ""}>
            {total !== null && " · "}
            {credits(balance.balance)} bal
          </span>
        )}
      </p>
    </footer>
  );
}

/** Who made the pictures that are shown. */
function model(state: State): string | null {
  for (const set of [...(state.session?.imageHistory ?? [])].reverse()) {
    for (const image of set.images) if ("provider" in image) return image.provider;
  }
  return null;
}
