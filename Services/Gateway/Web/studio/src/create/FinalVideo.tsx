import { width } from "../ui/width";
import { countOf, finalModel } from "../state/state";
import { DownloadIcon, PlayIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";

const ended = ["completed", "failed", "cancelled"];

/** The models and what they cost; then the video, as it is made and when it is there. */
export function FinalVideo() {
  const { studio, state } = useStudio();
  const { finished, generation } = state;
  if (!finished) return null;
  const available = state.models.filter((one) => one.available);
  const model = finalModel(state);
  const isRunning = generation !== null && !ended.includes(generation.state);
  const isMP4 = generation?.contentType?.startsWith("video/mp4") ?? true;
  const others = state.models.filter((one) => !one.available);
  return (
    <div className="final">
      <h2>Final video</h2>
      {generation?.state === "completed" && generation.url && (
        <>
          <p className="dim">
            Made by {generation.provider ?? generation.model} for{" "}
            {countOf(generation.creditsConsumed)}.
          </p>
          <p>
            <a className="button" href={generation.url} download={`${generation.id}.${isMP4 ? "mp4" : "mjpeg"}`}>
              <DownloadIcon /> Download
            </a>
          </p>
        </>
      )}
      {isRunning && (
        <div className="making" role="status">
          <span>
            {generation.state === "queued"
              ? `Waiting${generation.position ? `, ${generation.position} before it` : ""}`
              : "The video is being made"}
          </span>
          <span className="meter">
            <i ref={width(generation.progress)} />
          </span>
          <button
            type="button"
            className="button-small"
            onClick={() => void studio.generations.cancelGeneration()}
          >
            Cancel
          </button>
        </div>
      )}
      {generation?.state === "failed" && (
        <p className="bad" role="alert">
          {generation.error?.detail ?? "The video did not come."} Nothing was charged.
        </p>
      )}
      {!isRunning && generation?.state !== "completed" && (
        <>
          <fieldset className="models">
            <legend className="sr-only">Model</legend>
            {available.map((one) => (
              <label key={one.id} className={one === model ? "model model-on" : "model"}>
                <input
                  type="radio"
                  name="model"
                  value={one.id}
                  checked={one === model}
                  onChange={() => studio.generations.pick(one.id)}
                />
                <span>{one.label}</span>
                <b>{countOf(one.cost)}</b>
              </label>
            ))}
          </fieldset>
          {model && (
            <button
              type="button"
              className="button button-main"
              disabled={state.isChecking}
              onClick={() => void studio.generations.generate(model.id, model.cost)}
            >
              <PlayIcon /> Generate now
              <small>{countOf(model.cost)}</small>
            </button>
          )}
          {others.length > 0 && (
            <details className="others">
              <summary>{others.length} more models, without a provider here</summary>
              <ul>
                {others.map((one) => (
                  <li key={one.id}>
                    <span>{one.label}</span> <span>{countOf(one.cost)}</span>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </div>
  );
}
