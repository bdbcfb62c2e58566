import { useState } from "react";
import { CloseIcon, CompareIcon, DownloadIcon, StarIcon, TrashIcon, UndoIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { useGallery } from "../ui/useStores";
import { save } from "./download";

const archiveMax = 100;

interface Properties {
  onCompare: (ids: string[]) => void;
  onRemove: (ids: string[]) => void;
}

/** What can be done with several at once. */
export function SelectionBar({ onCompare, onRemove }: Properties) {
  const { studio } = useStudio();
  const { selected, items } = useGallery();
  const [isPacking, setPacking] = useState(false);
  if (selected.length === 0) return null;
  const areStarred = items
    .filter((item) => selected.includes(item.id))
    .every((item) => item.starred);
  const download = async () => {
    setPacking(true);
    const url = await studio.gallery.archive(selected);
    setPacking(false);
    if (url) save(url, "convergence.zip");
  };
  return (
    <div className="gallery-bar" role="group" aria-label="Selection">
      <b>{selected.length} selected</b>
      <button
        type="button"
        className="button-small"
        onClick={() => void studio.gallery.star(selected, !areStarred)}
      >
        <StarIcon /> <span>{areStarred ? "Unstar" : "Star"}</span>
      </button>
      {selected.length === 2 && (
        <button type="button" className="button-small" onClick={() => onCompare(selected)}>
          <CompareIcon /> <span>Compare</span>
        </button>
      )}
      <button
        type="button"
        className="button-small"
        disabled={isPacking || selected.length > archiveMax}
        title={selected.length > archiveMax ? `At most ${archiveMax} at a time` : undefined}
        onClick={() => void download()}
      >
        <DownloadIcon /> <span>Download ZIP</span>
      </button>
      <button type="button" className="button-small" onClick={() => onRemove(selected)}>
        <TrashIcon /> <span>Delete</span>
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Clear the selection"
        onClick={() => studio.gallery.patch({ selected: [] })}
      >
        <CloseIcon />
      </button>
    </div>
  );
}

/** What was deleted last can be taken back for as long as this says so. */
export function UndoBar() {
  const { studio } = useStudio();
  const { deleted } = useGallery();
  if (deleted.length === 0) return null;
  return (
    <div className="gallery-bar" role="group" aria-label="Deleted">
      <span>{deleted.length === 1 ? "Deleted" : `${deleted.length} deleted`}</span>
      <button type="button" className="button-small" onClick={() => void studio.gallery.undo()}>
        <UndoIcon /> Undo
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Dismiss"
        onClick={() => studio.gallery.patch({ deleted: [] })}
      >
        <CloseIcon />
      </button>
    </div>
  );
}
