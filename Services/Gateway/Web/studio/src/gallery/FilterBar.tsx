import { useEffect, useState } from "react";
import { everything } from "../state/gallery";
import { CloseIcon, SearchIcon, StarIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { useGallery } from "../ui/useStores";
import { stepLabels } from "./words";

const kinds: [string, string][] = [
  ["", "All"],
  ["picture", "Pictures"],
  ["clip", "Clips"],
  ["storyboard", "Storyboards"],
  ["video", "Videos"],
];

const times: [number, string][] = [
  [0, "Any time"],
  [1, "Last 24 hours"],
  [7, "Last 7 days"],
  [30, "Last 30 days"],
];

/** What narrows the gallery down. */
export function FilterBar() {
  const { studio } = useStudio();
  const { filter, models } = useGallery();
  const [text, setText] = useState(filter.text);
  const isNarrow = Object.values(filter).some(Boolean);

  // The server is asked when the typing has paused.
  useEffect(() => {
    if (text === filter.text) return undefined;
    const timer = setTimeout(() => void studio.gallery.narrow({ text }), 300);
    return () => clearTimeout(timer);
  }, [studio, text, filter.text]);

  return (
    <div role="search" className="filters">
      <div className="chips" role="group" aria-label="Kind">
        {kinds.map(([id, label]) => (
          <button
            key={id}
            type="button"
            className="chip"
            aria-pressed={filter.kind === id}
            onClick={() => void studio.gallery.narrow({ kind: id })}
          >
            {label}
          </button>
        ))}
        <button
          type="button"
          className="chip chip-star"
          aria-pressed={filter.isStarred}
          onClick={() => void studio.gallery.narrow({ isStarred: !filter.isStarred })}
        >
          <StarIcon /> Starred
        </button>
      </div>
      <div className="filter-fields">
        <label className="search-field">
          <span className="sr-only">Search prompts and choices</span>
          <SearchIcon />
          <input
            type="search"
            value={text}
            maxLength={100}
            placeholder="Search prompts and choices"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <select
          aria-label="Step"
          value={filter.step}
          onChange={(event) => void studio.gallery.narrow({ step: event.target.value })}
        >
          <option value="">Every step</option>
          {Object.entries(stepLabels)
            .filter(([id]) => id !== "camera_motion")
            .map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
        </select>
        <select
          aria-label="Model"
          value={filter.model}
          onChange={(event) => void studio.gallery.narrow({ model: event.target.value })}
        >
          <option value="">Every model</option>
          {models.map((model) => (
            <option key={model} value={model}>
              {model}
            </option>
          ))}
        </select>
        <select
          aria-label="When"
          value={filter.days}
          onChange={(event) => void studio.gallery.narrow({ days: Number(event.target.value) })}
        >
          {times.map(([days, label]) => (
            <option key={days} value={days}>
              {label}
            </option>
          ))}
        </select>
        {isNarrow && (
          <button
            type="button"
            className="button-small"
            onClick={() => {
              setText("");
              void studio.gallery.narrow(everything);
            }}
          >
            <CloseIcon /> Clear
          </button>
        )}
      </div>
    </div>
  );
}
