import { countOf, credits, progressSteps, State } from "../state/state";
import { Dialog } from "../ui/Dialog";
import { price } from "./ShortDialog";

export function CreditsDialog({ state, onClose }: { state: State; onClose: () => void }) {
  return (
    <Dialog title="Credits" onClose={onClose}>
      <CreditSummary state={state} />
    </Dialog>
  );
}

/** The balance, what this session costs step by step, and the packs there are. */
export function CreditSummary({ state }: { state: State }) {
  const { balance, session, packs } = state;
  return (
    <>
      <dl className="figures">
        <div>
          <dt>Balance</dt>
          <dd>{balance ? credits(balance.balance) : "…"}</dd>
        </div>
        <div>
          <dt>Set aside</dt>
          <dd>{balance ? credits(balance.held) : "…"}</dd>
        </div>
        <div>
          <dt>Available</dt>
          <dd>{balance ? credits(balance.available) : "…"}</dd>
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
      {packs.length > 0 && (
        <table className="table">
          <caption>Packs</caption>
          <tbody>
            {packs.map((pack) => (
              <tr key={pack.id}>
                <th scope="row">{pack.label}</th>
                <td>
                  {countOf(pack.credits)} · {price(pack.usdCents)}
                </td>
              </tr>
            ))}
          </tbody>
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
