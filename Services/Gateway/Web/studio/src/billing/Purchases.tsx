import { amountText, priceText } from "../credits/amount";
import { Purchase } from "../api/schema";
import { useStudio } from "../ui/useStudio";
import { day } from "./Shop";
import { useAnswer } from "./useAnswer";

const words: Record<Purchase["state"], string> = {
  created: "begun",
  open: "waits for payment",
  pending: "being paid",
  paid: "paid",
  failed: "failed",
  expired: "ran out",
  cancelled: "cancelled",
};

/** What was bought, or begun to be; absent while there is nothing. */
export function Purchases({ isShown }: { isShown: boolean }) {
  const { state } = useStudio();
  const { answer } = useAnswer(
    "listPurchases", { limit: "20" }, state.balance?.balance, isShown,
  );
  if (!answer?.purchases.length) return null;
  return (
    <section className="card" aria-labelledby="purchases">
      <h2 id="purchases">Purchases</h2>
      <ul className="rows">
        {answer.purchases.map((one) => (
          <li key={one.id}>
            <span>
              {one.label}
              <small>
                {day(one.createdAt)} · {words[one.state]}
                {one.creditsTakenBack > 0 && ` · ${amountText(one.creditsTakenBack)} taken back`}
              </small>
            </span>
            <span className="rows-end">
              {money(one)}
              <small>{amountText(one.credits)} credits</small>
            </span>
            {one.state === "open" && one.url && (
              <a className="button-small" href={one.url} aria-label={`Pay for ${one.label}`}>
                Pay
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function money({ amount, currency }: Purchase): string {
  const text = priceText(amount);
  return currency === "usd" ? text : `${text.slice(1)} ${currency.toUpperCase()}`;
}
