import { useEffect, useRef, useState } from "react";
import { stepLabels } from "../gallery/words";
import { go, paths } from "../router";
import type { Draft } from "../state/draft";
import { ratios } from "../state/flow";
import type { GenerationBody } from "../state/generations";
import { countOf, finalModel, Quote } from "../state/state";
import { isSwitchedOff } from "../ui/letterKeys";
import { useStudio } from "../ui/useStudio";
import { useDraft } from "../ui/useStores";

interface Kind {
  id: GenerationBody["kind"];
  label: string;
  text: string;
  needsPicture: boolean;
}

const kinds: Kind[] = [
  { id: "image", label: "Still", text: "One picture of the prompt.", needsPicture: false },
  {
    id: "storyboard", label: "Storyboard", needsPicture: false,
    text: "Six stills: wide, medium, close-up, detail, reverse, closing.",
  },
  { id: "draft", label: "Draft", text: "A quick video over the picture.", needsPicture: true },
  { id: "final", label: "Final", text: "The video.", needsPicture: true },
];

/** The prompt by hand, with what was chosen before as reference. */
export function StudioView({ isShown }: { isShown: boolean }) {
  const { studio, state } = useStudio();
  const draft = useDraft();
  const [busy, setBusy] = useState<string | null>(null);
  const { prompt, sessionId, sourceAssetId, aspectRatio } = draft;
  const hasPicture = sessionId !== null || sourceAssetId !== null;
  const hasPrompt = prompt.trim() !== "";
  const model = finalModel(state);
  const modelOf = (kind: Kind) => (kind.id === "final" ? model?.id ?? null : null);
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (isShown && state.isSignedIn) void studio.drafts.renew();
  }, [studio, isShown, state.isSignedIn]);

  // What each would cost, as the server reckons it for exactly this; words do not change a price.
  const isAsking = isShown && state.isSignedIn;
  const table = [isAsking, hasPicture, sessionId, sourceAssetId, aspectRatio];
  const ask = (wanted: Kind[]) => {
    if (!isAsking) return undefined;
    let isOver = false;
    const read = async () => {
      for (const kind of wanted) {
        if (kind.needsPicture && !hasPicture) continue;
        const quote = await studio.generations.quote(studio.drafts.body(kind.id, modelOf(kind)));
        if (isOver) return;
        studio.patch({ quotes: { ...studio.state.quotes, [kind.id]: quote } });
      }
    };
    void read();
    return () => {
      isOver = true;
    };
  };
  useEffect(() => ask(kinds.filter((kind) => kind.id !== "final")), [studio, ...table]);
  // Another model has another price, and its own one is not known yet.
  useEffect(() => {
    studio.patch({ quotes: { ...studio.state.quotes, final: null } });
    return model ? ask(kinds.filter((kind) => kind.id === "final")) : undefined;
  }, [studio, ...table, model?.id]);

  const generate = async (kind: Kind, cost: number) => {
    setBusy(kind.id);
    const body = studio.drafts.body(kind.id, modelOf(kind));
    const started = await studio.generations.start(body, cost);
    setBusy(null);
    if (started) go(paths.generations);
  };

  useEffect(() => {
    if (!isShown) return undefined;
    const onKey = (event: KeyboardEvent) => {
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as HTMLElement).tagName);
      if (isTyping || studio.snapshot().dialog || event.ctrlKey || event.metaKey) return;
      if (event.key === "?" && !isSwitchedOff(event)) studio.patch({ dialog: { kind: "keys" } });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [studio, isShown]);

  return (
    <section className="studio">
      <header className="studio-head">
        <div>
          <h1 tabIndex={-1}>Studio</h1>
          <p className="dim">
            {draft.original === null
              ? "Write a prompt of your own, or take one over from Create or Generations."
              : "Change the words; what you chose stays beside them."}
          </p>
        </div>
        {(hasPicture || hasPrompt) && (
          <button
            type="button"
            className="button"
            onClick={() => {
              studio.drafts.clear();
              field.current?.focus();
            }}
          >
            Empty the table
          </button>
        )}
      </header>
      <div className="studio-body">
        <div className="studio-editor">
          <label htmlFor="studio-prompt">Prompt</label>
          <textarea
            id="studio-prompt"
            ref={field}
            value={prompt}
            maxLength={4000}
            rows={5}
            placeholder="A lighthouse in a storm, seen from the sea, cold light, heavy clouds"
            onChange={(event) => studio.drafts.patch({ prompt: event.target.value })}
          />
          <p className="studio-note dim">
            <span>{prompt.length.toLocaleString("en-US")} of 4,000</span>
            {draft.original !== null && prompt !== draft.original && (
              <button
                type="button"
                className="button-small"
                onClick={() => studio.drafts.patch({ prompt: draft.original ?? "" })}
              >
                Back to the original
              </button>
            )}
          </p>
          <fieldset className="ratios">
            <legend className="sr-only">Aspect ratio</legend>
            {ratios.map((one) => (
              <label key={one} className={one === aspectRatio ? "ratio ratio-on" : "ratio"}>
                <input
                  type="radio"
                  name="studio-ratio"
                  value={one}
                  checked={one === aspectRatio}
                  onChange={() => studio.drafts.patch({ aspectRatio: one })}
                />
                <i className={`shape shape-${one.replace(":", "-")}`} aria-hidden="true" />
                <span>{one}</span>
              </label>
            ))}
          </fieldset>
          <ul className="studio-kinds">
            {(hasPicture ? [...kinds].reverse() : kinds).map((kind) => (
              <KindCard
                key={kind.id}
                kind={kind}
                quote={state.quotes[kind.id] ?? null}
                model={kind.id === "final" ? model?.label ?? null : null}
                reason={
                  kind.needsPicture && !hasPicture
                    ? "Needs a picture: take one over from Create or Generations."
                    : !hasPrompt ? "Write a prompt first." : null
                }
                isBusy={busy !== null || state.isChecking}
                isMain={kind.id === (hasPicture ? "final" : "image")}
                onGenerate={(cost) => void generate(kind, cost)}
              />
            ))}
          </ul>
        </div>
        <Reference draft={draft} />
      </div>
    </section>
  );
}

interface CardProperties {
  kind: Kind;
  quote: Quote;
  /** The label of the model, where there is a choice. */
  model: string | null;
  /** Why it cannot be asked for now. */
  reason: string | null;
  isBusy: boolean;
  isMain: boolean;
  onGenerate: (cost: number) => void;
}

function KindCard({ kind, quote, model, reason, isBusy, isMain, onGenerate }: CardProperties) {
  const { balance } = useStudio().state;
  const refusal = quote && "reason" in quote ? quote.reason : null;
  const cost = quote && "credits" in quote ? quote.credits : null;
  const why = reason ?? refusal;
  // Still to be pressed: it says what would help.
  const isShort = balance !== null && cost !== null && balance.available < cost;
  return (
    <li className="kind">
      <h2>{kind.label}</h2>
      <p className="dim">{why ?? (model ? `The video, by ${model}.` : kind.text)}</p>
      <button
        type="button"
        className={isMain ? "button button-main" : "button"}
        disabled={why !== null || cost === null || isBusy}
        title={
          isShort ? `${countOf(cost)} needed, ${countOf(balance.available)} available` : undefined
        }
        onClick={() => cost !== null && onGenerate(cost)}
      >
        Make {kind.label === "Still" ? "a still" : `the ${kind.label.toLowerCase()}`}
        <small>{cost === null ? (why ? "not now" : "asking…") : countOf(cost)}</small>
      </button>
    </li>
  );
}

/** What was chosen: it goes along with the words. */
function Reference({ draft }: { draft: Draft }) {
  const { locks, pictureUrl, pictures } = draft;
  if (!pictureUrl && locks.length === 0 && pictures.length === 0) {
    return (
      <aside className="studio-side studio-blank" aria-label="Reference">
        <p className="dim">
          What you take over from Create or Generations lies here: the picture, and what was chosen.
        </p>
      </aside>
    );
  }
  return (
    <aside className="studio-side" aria-label="Reference">
      {pictureUrl && (
        <img
          className="studio-picture"
          src={pictureUrl}
          alt={`Reference: ${locks.map((lock) => lock.label).join(", ") || "the picture taken over"}`}
        />
      )}
      {pictures.length > 1 && (
        <div className="studio-pictures">
          {pictures.map((url, index) => (
            <img key={url} src={url} alt={`Chosen before: ${locks[index]?.label ?? index + 1}`} />
          ))}
        </div>
      )}
      {locks.length > 0 && (
        <>
          <h2>Locked</h2>
          <ul className="choices" aria-label="What was chosen">
            {locks.map((lock) => (
              <li key={lock.step}>
                <small>{lock.step === "subject_motion" ? "Motion" : stepLabels[lock.step]}</small>
                {lock.label}
              </li>
            ))}
          </ul>
        </>
      )}
    </aside>
  );
}
