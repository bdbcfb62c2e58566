import "../style/billing.css";
import { useState } from "react";
import { amountText } from "../credits/amount";
import { progressSteps, State } from "../state/state";
import { useStudio } from "../ui/useStudio";
import { Ledger } from "./Ledger";
import { Limits } from "./Limits";
import { Purchases } from "./Purchases";
import { Shop } from "./Shop";
import { StatementDialog } from "./StatementDialog";

/** Everything about credits: what is there, what can be bought, what was charged and why. */
export function BillingView({ isShown }: { isShown: boolean }) {
  const { state } = useStudio();
  const [statement, setStatement] = useState<string | null>(null);
  return (
    <section className="page billing">
      <header className="billing-head">
        <h1 tabIndex={-1}>Billing</h1>
        <p className="dim">
          Credits are set aside before work begins and charged only for what was delivered.
        </p>
      </header>
      <Standing state={state} />
      <GuestNote />
      <Shop isShown={isShown} />
      <ThisSession state={state} onStatement={setStatement} />
      <Limits isShown={isShown} />
      <Ledger isShown={isShown} onStatement={setStatement} />
      <Purchases isShown={isShown} />
      {statement && <StatementDialog id={statement} onClose={() => setStatement(null)} />}
    </section>
  );
}

/** Credits of a guest are tied to this browser. */
function GuestNote() {
  const { studio, state } = useStudio();
  if (state.user?.kind !== "guest") return null;
  return (
    <p className="guest-note dim">
      You are a guest: these credits are kept in this browser only.
      <button
        type="button"
        className="button-small"
        onClick={() => studio.patch({ dialog: { kind: "account", isEnded: false, email: "" } })}
      >
        Sign up
      </button>
    </p>
  );
}

function Standing({ state }: { state: State }) {
  const { balance } = state;
  const figures: [string, number | undefined][] = [
    ["Balance", balance?.balance],
    ["Set aside", balance?.held],
    ["Available", balance?.available],
  ];
  return (
    <>
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value === undefined ? <span className="skeleton figure-wait" /> : amountText(value)}
            </dd>
          </div>
        ))}
      </dl>
      <div role="status">
        {balance?.lowBalance && (
          <p className="notice-low">
            Few credits are left: {amountText(balance.available)}. A pack below lasts longer.
          </p>
        )}
      </div>
    </>
  );
}

interface SessionProperties {
  state: State;
  onStatement: (id: string) => void;
}

/** What the session at hand costs, step by step, as the server quotes it. */
function ThisSession({ state, onStatement }: SessionProperties) {
  const { session } = state;
  if (!session) return null;
  return (
    <section className="card" aria-labelledby="this-session">
      <header className="card-head">
        <h2 id="this-session">This session</h2>
        <button type="button" className="button-small" onClick={() => onStatement(session.id)}>
          Statement
        </button>
      </header>
      <p className="dim">{session.intent}</p>
      <ul className="steps-cost">
        {session.costs.map((cost) => (
          <li key={cost.step}>
            <span>{progressSteps.find((one) => one.step === cost.step)?.label ?? cost.step}</span>
            <b>{amountText(cost.credits)}</b>
          </li>
        ))}
        <li className="steps-cost-total">
          <span>Charged so far</span>
          <b>{amountText(session.totalCreditsConsumed)}</b>
        </li>
      </ul>
    </section>
  );
}
