import { pending } from "../state/state";
import { useStudio } from "../ui/useStudio";
import { amountText } from "./amount";

/** The live balance. It moves by the events of the ledger only; a click shows what is pending. */
export function CreditPill() {
  const { studio, state } = useStudio();
  const { balance } = state;
  const waiting = pending(state);
  const amount = balance ? amountText(balance.balance) : null;
  const label = balance
    ? `${amount} credits${waiting ? `, ${amountText(waiting)} pending` : ""}. Show details`
    : "Credits: checking";
  const isLow = balance !== null && (balance.available === 0 || balance.lowBalance);
  return (
    <button
      type="button"
      className={`rail-button pill${isLow ? " low" : ""}`}
      aria-label={label}
      title={label}
      data-testid="credit-pill"
      onClick={() => studio.patch({ dialog: { kind: "credits" } })}
    >
      {amount === null ? (
        <span className="pill-skeleton skeleton" />
      ) : (
        <>
          <b>{amount}</b>
          <small>{waiting ? `−${amountText(waiting)}` : "cr"}</small>
          {waiting > 0 && <small className="pill-word">pending</small>}
        </>
      )}
    </button>
  );
}
