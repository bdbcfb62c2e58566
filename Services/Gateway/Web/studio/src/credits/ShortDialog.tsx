import { useState } from "react";
import { width } from "../ui/width";
import { go } from "../router";
import { countOf, Shortage } from "../state/state";
import { Dialog } from "../ui/Dialog";
import { useStudio } from "../ui/useStudio";
import { amountText, priceText } from "./amount";

/** Not enough credits: how many are missing, and the smallest pack that is enough. */
export function ShortDialog({ shortage, onClose }: { shortage: Shortage; onClose: () => void }) {
  const { studio, state } = useStudio();
  const plan = state.plans.find((one) => one.isHighlighted) ?? state.plans[0] ?? null;
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isOpening, setOpening] = useState(false);
  const { required, available, shortBy, operation, pack, quantity } = shortage;
  const many = quantity > 1 ? `${quantity} × ` : "";
  return (
    <Dialog title="Not enough credits" onClose={onClose}>
      <p>
        For {operation} <b>{countOf(required)}</b> {required === 1 ? "is" : "are"} needed; you have{" "}
        <b>{amountText(available)}</b>. <b>{amountText(shortBy)}</b> more will do.
      </p>
      <div className="deficit" aria-hidden="true">
        <i ref={width(required ? Math.min(1, Math.max(0, available) / required) : 0)} />
      </div>
      <p className="deficit-ends" aria-hidden="true">
        <span>{amountText(available)} available</span>
        <span>{amountText(required)} required</span>
      </p>
      {pack && (
        <p className="pack">
          <span>
            The smallest pack that is enough
            <b>
              {many}
              {pack.label}
            </b>
          </span>
          <span className="pack-price">
            {countOf(pack.credits * quantity)}
            <b>{priceText(pack.usdCents * quantity)}</b>
          </span>
        </p>
      )}
      {plan && (
        <p className="dim upsell">
          Making more? {plan.label} gives {countOf(plan.credits)} each month for{" "}
          {priceText(plan.usdCents)}.{" "}
          <button
            type="button"
            className="link"
            onClick={() => {
              onClose();
              go("/billing");
            }}
          >
            See the plans
          </button>
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
              void studio.credits.checkout({ pack: pack.id, quantity }).then((text) => {
                setTrouble(text);
                setOpening(text === null);
              });
            }}
          >
            {isOpening ? "Opening the checkout…" : `Buy ${many}${pack.label}`}
            <small>{priceText(pack.usdCents * quantity)}</small>
          </button>
        )}
      </div>
    </Dialog>
  );
}
