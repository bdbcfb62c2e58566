import { useEffect, useRef } from "react";
import { Creation } from "../api/schema";
import { CloseIcon, StarIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { useGallery } from "../ui/useStores";
import { words } from "./Recipe";
import { alt, cost, isVideo, moment, stepLabels, title } from "./words";

/** Two beside each other, and what was chosen otherwise. */
export function Compare({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const { items } = useGallery();
  const dialog = useRef<HTMLDialogElement>(null);
  const pair = ids.flatMap((id) => items.filter((item) => item.id === id));
  const before = useRef(document.activeElement);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => {
      element?.close();
      if (before.current instanceof HTMLElement) before.current.focus();
    };
  }, []);
  const [left, right] = pair;
  if (!left || !right) return null;
  const rows = facts(left, right);
  return (
    <dialog
      ref={dialog}
      className="compare"
      aria-label="Compare two"
      onKeyDown={(event) => event.stopPropagation()}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="dialog-head">
        <h2>Compare</h2>
        <button
          type="button"
          className="icon-button"
          aria-label="Close"
          autoFocus
          onClick={onClose}
        >
          <CloseIcon />
        </button>
      </header>
      <div className="compare-pair">
        <Side item={left} />
        <Side item={right} />
      </div>
      <table className="table compare-table">
        <caption>How each was made; what differs is marked</caption>
        <tbody>
          {rows.map(([label, one, other]) => (
            <tr key={label} className={one === other ? undefined : "differs"}>
              <th scope="row">
                {label}
                {one !== other && <span className="sr-only"> differs</span>}
              </th>
              <td>{one}</td>
              <td>{other}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}

function Side({ item }: { item: Creation }) {
  const { studio } = useStudio();
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const url = item.assets[0]?.url ?? item.sourceImageUrl ?? "";
  return (
    <figure className="compare-side">
      {isVideo(item) ? (
        <video
          src={url}
          poster={item.sourceImageUrl ?? undefined}
          aria-label={alt(item)}
          controls
          muted
          loop
          playsInline
          autoPlay={!isStill}
        />
      ) : (
        <img src={url} alt={alt(item)} />
      )}
      <figcaption>
        <b>{title(item)}</b>
        <button
          type="button"
          className="icon-button"
          aria-pressed={item.starred}
          aria-label={`Star ${title(item)}`}
          onClick={() => void studio.gallery.star([item.id], !item.starred)}
        >
          <StarIcon />
        </button>
      </figcaption>
    </figure>
  );
}

function facts(left: Creation, right: Creation): [string, string, string][] {
  const of = (item: Creation): Map<string, string> => {
    const map = new Map<string, string>();
    map.set("Intent", item.intent ?? "–");
    for (const { type, label } of item.choices) map.set(stepLabels[type] ?? type, label);
    if (item.cameraMotion) map.set("Camera", words(item.cameraMotion));
    if (item.subjectMotion) map.set("Motion", item.subjectMotion);
    map.set("Shape", item.aspectRatio);
    map.set("Made by", item.provider ?? item.model);
    map.set("Charged", cost(item.creditsConsumed));
    map.set("Made", moment(item.createdAt));
    map.set("Prompt", item.prompt);
    return map;
  };
  const one = of(left);
  const other = of(right);
  const last = ["Shape", "Made by", "Charged", "Made", "Prompt"];
  const labels = [...new Set([...one.keys(), ...other.keys()])];
  const order = [...labels.filter((label) => !last.includes(label)), ...last];
  return order.map((label) => [label, one.get(label) ?? "–", other.get(label) ?? "–"]);
}
