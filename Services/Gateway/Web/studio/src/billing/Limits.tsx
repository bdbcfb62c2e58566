import { FormEvent, useEffect, useState } from "react";
import { width } from "../ui/width";
import { Action } from "../api/client";
import { BudgetAnswer } from "../api/schema";
import { amountText, parsedAmount } from "../credits/amount";
import { useStudio } from "../ui/useStudio";
import { day } from "./Shop";
import { reason, useAnswer } from "./useAnswer";

type Period = "day" | "month" | "total";
const periods: [Period, string][] = [["day", "a day"], ["month", "a month"], ["total", "in all"]];

/** A person's own limits: a budget that warns or refuses, and when few credits are few. */
export function Limits({ isShown }: { isShown: boolean }) {
  const { state } = useStudio();
  const { answer, trouble, replace } = useAnswer(
    "getBudget", {}, state.balance?.balance, isShown,
  );
  return (
    <section className="limits" aria-label="Limits">
      {trouble && <p className="bad">{trouble}</p>}
      <BudgetForm answer={answer} onChange={replace} />
      <ThresholdForm answer={answer} onChange={replace} />
    </section>
  );
}

interface FormProperties {
  answer: BudgetAnswer | null;
  onChange: (answer: BudgetAnswer) => void;
}

/** Sends a change and says how it went. */
function useSaving(onChange: (answer: BudgetAnswer) => void) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [isSaving, setSaving] = useState(false);
  const save = async (ask: () => Promise<BudgetAnswer>, done: string) => {
    setSaving(true);
    setTrouble(null);
    setSaid(null);
    try {
      onChange(await ask());
      setSaid(done);
    } catch (error) {
      setTrouble(reason(error));
    }
    setSaving(false);
  };
  return { trouble, setTrouble, said, isSaving, save };
}

function BudgetForm({ answer, onChange }: FormProperties) {
  const { studio } = useStudio();
  const budget = answer?.budget ?? null;
  const [text, setText] = useState("");
  const [period, setPeriod] = useState<Period>("month");
  const [isHard, setHard] = useState(false);
  const { trouble, setTrouble, said, isSaving, save } = useSaving(onChange);
  useEffect(() => {
    if (!budget) return;
    setText(amountText(budget.credits));
    setPeriod(budget.period);
    setHard(budget.isHard);
  }, [budget?.credits, budget?.period, budget?.isHard]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const credits = parsedAmount(text);
    if (!credits) return setTrouble("An amount above zero, with at most four decimals.");
    void save(
      () => studio.client.send(new Action("setBudget", { credits, period, isHard })),
      "The budget is kept.",
    );
  };
  return (
    <form className="card" onSubmit={submit} noValidate aria-labelledby="budget-title">
      <h2 id="budget-title">Budget</h2>
      <p className="dim">A warning tells at 75, 90 and 100 percent; a stop refuses what is over.</p>
      {budget && (
        <div className="budget-use">
          <span className="meter meter-wide" aria-hidden="true">
            <i ref={width(Math.min(1, budget.percent / 100))} />
          </span>
          <p className={budget.reached >= 90 ? "low" : "dim"}>
            {amountText(budget.used)} of {amountText(budget.credits)} used, {budget.percent} %
            {budget.resetsAt && `; begins again ${day(budget.resetsAt)}`}
          </p>
        </div>
      )}
      <div className="field-row">
        <label className="field">
          Credits
          <input
            inputMode="decimal"
            value={text}
            aria-invalid={trouble !== null}
            aria-describedby={trouble ? "budget-trouble" : undefined}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <label className="field">
          Period
          <select value={period} onChange={(event) => setPeriod(event.target.value as Period)}>
            {periods.map(([id, name]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={isHard}
          onChange={(event) => setHard(event.target.checked)}
        />
        Stop at the budget, not only warn
      </label>
      <div role="alert">
        {trouble && (
          <p id="budget-trouble" className="bad">
            {trouble}
          </p>
        )}
      </div>
      <p className="form-actions">
        <button type="submit" className="button" disabled={isSaving || !answer}>
          {budget ? "Change the budget" : "Set the budget"}
        </button>
        {budget && (
          <button
            type="button"
            className="button"
            disabled={isSaving}
            onClick={() => {
              setText("");
              void save(
                () => studio.client.send(new Action("deleteBudget", undefined)),
                "There is no budget any more.",
              );
            }}
          >
            Remove
          </button>
        )}
        <span role="status" className="dim">
          {said}
        </span>
      </p>
    </form>
  );
}

function ThresholdForm({ answer, onChange }: FormProperties) {
  const { studio } = useStudio();
  const [text, setText] = useState("");
  const { trouble, setTrouble, said, isSaving, save } = useSaving(onChange);
  const threshold = answer?.lowBalanceThreshold;
  useEffect(() => {
    if (threshold !== undefined) setText(amountText(threshold));
  }, [threshold]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const value = parsedAmount(text);
    if (value === null) return setTrouble("An amount with at most four decimals; 0 for never.");
    void save(
      () => studio.client.send(new Action("setLowBalance", { threshold: value })),
      value === 0 ? "There will be no notice." : `The notice comes below ${amountText(value)}.`,
    ).then(() => studio.credits.readBalance());
  };
  return (
    <form className="card" onSubmit={submit} noValidate aria-labelledby="low-title">
      <h2 id="low-title">Low-balance notice</h2>
      <p className="dim">Say so when fewer credits than this are left.</p>
      <label className="field">
        Credits
        <input
          inputMode="decimal"
          value={text}
          aria-invalid={trouble !== null}
          aria-describedby={trouble ? "low-trouble" : undefined}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div role="alert">
        {trouble && (
          <p id="low-trouble" className="bad">
            {trouble}
          </p>
        )}
      </div>
      <p className="form-actions">
        <button type="submit" className="button" disabled={isSaving || !answer}>
          Save
        </button>
        <span role="status" className="dim">
          {said}
        </span>
      </p>
    </form>
  );
}
