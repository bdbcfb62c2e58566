import { Tool } from "./router";
import { AspectRatio, ratios } from "./state/flow";
import { credits, finalModel, State } from "./state/state";
import type { Draft } from "./state/draft";
import { useDraft } from "./ui/useStores";
import { useStudio } from "./ui/useStudio";
import { width } from "./ui/width";

/** What Create and Studio share: the model of the video and its shape; what it costs, the balance. */
export function BottomBar({ tool }: { tool: Tool }) {
  const { state } = useStudio();
  const draft = useDraft();
  const isMaking = tool === "create" || tool === "studio";
  const text = tool === "create" ? state.session?.intent : tool === "studio" ? draft.prompt : "";
  return (
    <footer className="bar">
      <div className="bar-controls" role="group" aria-label="The video">
        {isMaking && <span className="bar-name">Video by</span>}
        {isMaking && <ModelPicker />}
        {isMaking && <RatioPicker tool={tool} draft={draft} />}
        {text && (
          <span className="bar-text" title={text}>
            {text}
          </span>
        )}
      </div>
      <Cost tool={tool} draft={draft} />
    </footer>
  );
}

function ModelPicker() {
  const { studio, state } = useStudio();
  const model = finalModel(state);
  const others = state.models.filter((one) => !one.available);
  if (!model) return null;
  const name = (one: typeof model) => `${one.label} · ${credits(one.cost)} cr`;
  return (
    <select
      className="bar-pick bar-model"
      aria-label="Model of the final video"
      title={`The final video is made by ${name(model)}`}
      value={model.id}
      onChange={(event) => studio.generations.pick(event.target.value)}
    >
      {state.models.filter((one) => one.available).map((one) => (
        <option key={one.id} value={one.id}>
          {name(one)}
        </option>
      ))}
      {others.length > 0 && (
        <optgroup label="Without a provider here">
          {others.map((one) => (
            <option key={one.id} value={one.id} disabled>
              {name(one)}
            </option>
          ))}
        </optgroup>
      )}
    </select>
  );
}

/** Pictures have the shape that their session was begun with; before it and by hand it is free. */
function RatioPicker({ tool, draft }: { tool: Tool; draft: Draft }) {
  const { studio, state } = useStudio();
  const fixed = tool === "create" ? state.session?.aspectRatio : undefined;
  if (fixed) {
    return (
      <span className="bar-aspect" title="The shape of this session">
        {fixed}
      </span>
    );
  }
  return (
    <select
      className="bar-pick"
      aria-label="Aspect ratio of the video"
      value={draft.aspectRatio}
      onChange={(event) =>
        studio.drafts.patch({ aspectRatio: event.target.value as AspectRatio })}
    >
      {ratios.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}

function Cost({ tool, draft }: { tool: Tool; draft: Draft }) {
  const { state } = useStudio();
  const { balance, session } = state;
  const way = tool === "create" && session?.status !== "completed" ? wholeWay(state) : null;
  const next = tool === "create" && !way ? videoCost(state) : tool === "studio"
    ? generationCost(state, draft) : null;
  const needed = way ? way.total - way.spent : next?.credits ?? 0;
  return (
    <p className="bar-cost">
      {way && (
        <span className="bar-way">
          <span className="meter" aria-hidden="true">
            <i ref={width(way.total ? Math.min(1, way.spent / way.total) : 0)} />
          </span>
          <span>
            <b>{credits(way.spent)}</b> of <i className="bar-about">about </i>
            {credits(way.total)} cr
          </span>
        </span>
      )}
      {next && (
        <span>
          <span className="bar-kind">{next.label} </span>
          <b>{credits(next.credits)}</b> cr
        </span>
      )}
      {balance && (
        <span
          className={balance.available < needed ? "bar-balance low" : "bar-balance"}
          title={
            balance.available < needed
              ? `${credits(needed)} needed, ${credits(balance.available)} available`
              : undefined
          }
        >
          {credits(balance.balance)} bal
        </span>
      )}
    </p>
  );
}

/** What the flow has cost, of what the server reckons it to cost in all. */
function wholeWay(state: State): { spent: number; total: number } | null {
  const total = state.session?.estimatedTotal ?? state.costs?.total;
  return total === undefined ? null : { spent: state.session?.totalCreditsConsumed ?? 0, total };
}

function videoCost(state: State): { label: string; credits: number } | null {
  const model = finalModel(state);
  return model && { label: "Final video", credits: model.cost };
}

/** What the main button of the Studio tool costs. */
function generationCost(
  { quotes }: State, draft: Draft,
): { label: string; credits: number } | null {
  const hasPicture = draft.sessionId !== null || draft.sourceAssetId !== null;
  const quote = quotes[hasPicture ? "final" : "image"];
  if (!quote || !("credits" in quote)) return null;
  return { label: hasPicture ? "Final video" : "Still", credits: quote.credits };
}
