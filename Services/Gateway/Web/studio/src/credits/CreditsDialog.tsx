import { go } from "../router";
import { countOf, progressSteps, State } from "../state/state";
import { Dialog } from "../ui/Dialog";
import { amountText } from "./amount";

export function CreditsDialog({ state, onClose }: { state: State; onClose: () => void }) {
  return (
    <Dialog title="Credits" onClose={onClose}>
      <CreditSummary state={state} />
      <div className="dialog-actions">
        <button
          type="button"
          className="button"
          onClick={() => {
            onClose();
            go("/billing");
          }}
        >
          Packs, limits and ledger
        </button>
      </div>
    </Dialog>
  );
}

/** The balance, what this session costs step by step. */
function CreditSummary({ state }: { state: State }) {
  const { balance, session } = state;
  return (
    <>
      <dl className="figures">
        <div>
          <dt>Balance</dt>
          <dd>{balance ? amountText(balance.balance) : "…"}</dd>
        </div>
        <div>
          <dt>Set aside</dt>
          <dd>{balance ? amountText(balance.held) : "…"}</dd>
        </div>
        <div>
          <dt>Available</dt>
          <dd>{balance ? amountText(balance.available) : "…"}</dd>
        </div>
      </dl>
      {session && (
        <table className="table">
          <caption>This session, as the server quotes it</caption>
          <tbody>
            {session.costs.map((cost) => (
              <tr key={cost.step}>
                <th scope="row">{label(cost.step)}</th>
                <td>{countOf(cost.credits)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Charged so far</th>
              <td>{countOf(session.totalCreditsConsumed)}</td>
            </tr>
          </tfoot>
        </table>
      )}
      <p className="dim">
        Credits are set aside before work begins and charged only for what was delivered.
      </p>
    </>
  );
}

function label(step: string): string {
  return progressSteps.find((one) => one.step === step)?.label ?? step;
}
