import { ReactNode, useState } from "react";
import { Creation } from "../api/schema";
import { copy } from "../ui/copy";
import { CheckIcon, CopyIcon } from "../ui/icons";
import { cost, kindLabels, moment, stepLabels } from "./words";

/** How it was made: what was asked for, what was chosen, who made it and what it cost. */
export function Recipe({ item }: { item: Creation }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="recipe">
      <h3>How was this made</h3>
      {item.intent && item.intent !== item.prompt && (
        <blockquote className="recipe-intent">“{item.intent}”</blockquote>
      )}
      {(item.choices.length > 0 || item.cameraMotion) && (
        <ul className="choices" aria-label="What was chosen">
          {item.choices.map((choice) => (
            <li key={choice.type}>
              <small>{stepLabels[choice.type] ?? choice.type}</small>
              {choice.label}
            </li>
          ))}
          {item.cameraMotion && (
            <li>
              <small>Camera</small>
              {words(item.cameraMotion)}
            </li>
          )}
          {item.subjectMotion && (
            <li>
              <small>Motion</small>
              {item.subjectMotion}
            </li>
          )}
        </ul>
      )}
      <div className="prompt">
        <p>{item.prompt}</p>
        <button
          type="button"
          className="button-small"
          onClick={() => void copy(item.prompt).then(setCopied)}
        >
          {isCopied ? <CheckIcon /> : <CopyIcon />}
          {isCopied ? "Copied" : "Copy prompt"}
        </button>
        <span className="sr-only" role="status">
          {isCopied && "Copied"}
        </span>
      </div>
      <dl className="facts">
        <Fact label="Made">{moment(item.createdAt)}</Fact>
        <Fact label="Kind">{kindLabels[item.kind] ?? item.kind}</Fact>
        <Fact label="Made by">{item.provider ?? item.model}</Fact>
        {item.isGeneration && <Fact label="Model">{item.model}</Fact>}
        <Fact label="Shape">
          {item.aspectRatio}
          {item.width > 0 && ` · ${item.width} × ${item.height}`}
        </Fact>
        <Fact label="Charged">{cost(item.creditsConsumed)}</Fact>
      </dl>
      {item.sourceImageUrl && (
        <figure className="recipe-source">
          <img src={item.sourceImageUrl} alt="The picture that it moves" />
          <figcaption className="dim">Moves this picture</figcaption>
        </figure>
      )}
    </div>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function words(id: string): string {
  const text = id.replace(/_/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
