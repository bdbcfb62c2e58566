import { useState } from "react";
import { width } from "../App";
import { countOf, credits, Shortage } from "../state/state";
import { Dialog } from "../ui/Dialog";
import { useStudio } from "../ui/useStudio";

/** Not enough credits: how many are missing, and the smallest pack that is enough. */
export function ShortDialog({ shortage, onClose }: { shortage: Shortage; onClose: () => void }) {
  const { studio } = useStudio();
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isOpening, setOpening] = useState(false);
  const { required, available, shortBy, operation, pack } = shortage;
  return (
    <Dialog title="Not enough credits" onClose={onClose}>
      <p>
        For {operation} <b>{countOf(required)}</b> {required === 1 ? "is" : "are"} needed; you have{" "}
        <b>{credits(available)}</b>. <b>{credits(shortBy)}</b> more will do.
      </p>
      <div className="deficit" aria-hidden="true">
        <i ref={width(required ? Math.min(1, Math.max(0, available) / required) : 0)} />
      </div>
      <p className="deficit-ends" aria-hidden="true">
        <span>{credits(available)} available</span>
        <span>{credits(required)} required</span>
      </p>
      {pack && (
        <p className="pack">
          <span>
            The smallest pack that is enough
            <b>{pack.label}</b>
          </span>
          <span className="pack-price">
            {countOf(pack.credits)}
            <b>{price(pack.usdCents)}</b>
          </span>
        </p>
      )}
      {trouble ? (
        <p className="bad" role="alert">
          {trouble}
        </p>
      ) : (
        <p className="dim">What you have made is kept; nothing was charged.</p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose} autoFocus={!pack}>
          Maybe later
        </button>
        {pack && (
          <button
            type="button"
            className="button button-main"
            autoFocus
            disabled={isOpening}
            onClick={() => {
              setOpening(true);
              void studio.credits.checkout(pack.id).then((text) => {
                setTrouble(text);
                setOpening(text === null);
              });
            }}
          >
            {isOpening ? "Opening the checkout…" : `Buy ${pack.label}`}
            <small>{price(pack.usdCents)}</small>
          </button>
        )}
      </div>
    </Dialog>
  );
}

export function price(usdCents: number): string {
  return (usdCents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
}
