import { ReactNode, useState } from "react";
import { Action } from "../api/client";
import { Pack, SubscriptionAnswer } from "../api/schema";
import { amountText, priceText } from "../credits/amount";
import { Dialog } from "../ui/Dialog";
import { useStudio } from "../ui/useStudio";
import { reason, useAnswer } from "./useAnswer";

/** Packs that are bought once, and plans by the month. */
export function Shop({ isShown }: { isShown: boolean }) {
  const { studio, state } = useStudio();
  const shop = useAnswer("listPacks", {}, null, isShown);
  const plan = useAnswer("getSubscription", {}, state.balance?.balance, isShown);
  const [opening, setOpening] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isEnding, setEnding] = useState(false);
  const current = plan.answer?.subscription ?? null;
  const isSubscribed = current?.state === "active";
  const debt = plan.answer?.debt ?? 0;
  const buy = (item: { pack: string } | { plan: string }) => {
    setOpening("pack" in item ? item.pack : item.plan);
    setTrouble(null);
    void studio.credits.checkout(item).then((text) => {
      setTrouble(text);
      if (text !== null) setOpening(null);
    });
  };
  return (
    <section className="shop" aria-labelledby="shop" aria-busy={!shop.answer && !shop.trouble}>
      <header className="card-head">
        <h2 id="shop">Get credits</h2>
        {shop.answer && (
          <span className="badge">
            {shop.answer.sandbox ? "Sandbox: no money moves" : `Paid at ${shop.answer.provider}`}
          </span>
        )}
      </header>
      <div role="alert">
        {(trouble ?? shop.trouble) && (
          <p className="bad">
            {trouble ?? shop.trouble}{" "}
            {shop.trouble && (
              <button type="button" className="button-small" onClick={shop.again}>
                Try again
              </button>
            )}
          </p>
        )}
      </div>
      {debt > 0 && (
        <p className="notice-low">
          {amountText(debt)} credits are owed after money went back; what comes in pays them first.
        </p>
      )}
      <h3 className="dim">Packs, bought once</h3>
      <ul className="offers">
        {shop.answer?.packs.map((pack) => (
          <Offer
            key={pack.id}
            item={pack}
            action={opening === pack.id ? "Opening…" : "Buy"}
            isWaiting={opening !== null}
            onBuy={() => buy({ pack: pack.id })}
          />
        )) ?? <Waiting count={4} />}
      </ul>
      <h3 className="dim">Plans, by the month</h3>
      <ul className="offers">
        {shop.answer?.plans.map((one) => {
          const isCurrent = current?.plan === one.id && isSubscribed;
          return (
            <Offer
              key={one.id}
              item={one}
              action={opening === one.id ? "Opening…" : "Subscribe"}
              isWaiting={opening !== null || isSubscribed}
              note={
                isCurrent && (
                  <>
                    <span>
                      {current.endsWithPeriod
                        ? `Yours until ${day(current.periodEnd)}; no further month is taken`
                        : `Yours; the next credits come ${day(current.periodEnd)}`}
                    </span>
                    {!current.endsWithPeriod && (
                      <button
                        type="button"
                        className="button-small"
                        onClick={() => setEnding(true)}
                      >
                        Cancel the plan
                      </button>
                    )}
                  </>
                )
              }
              onBuy={() => buy({ plan: one.id })}
            />
          );
        }) ?? <Waiting count={3} />}
      </ul>
      {isSubscribed && (
        <p className="dim">One plan at a time; packs can be bought besides it.</p>
      )}
      {isEnding && current && (
        <EndDialog
          label={shop.answer?.plans.find((one) => one.id === current.plan)?.label ?? current.plan}
          until={day(current.periodEnd)}
          onEnded={plan.replace}
          onClose={() => setEnding(false)}
        />
      )}
    </section>
  );
}

interface EndProperties {
  label: string;
  until: string;
  onEnded: (answer: SubscriptionAnswer) => void;
  onClose: () => void;
}

/** Asks before a plan is cancelled: what stays, and what does not come any more. */
function EndDialog({ label, until, onEnded, onClose }: EndProperties) {
  const { studio } = useStudio();
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  // One answer to one question, however often it must be sent.
  const [action] = useState(() => new Action("cancelSubscription", {}));
  const end = async () => {
    setSending(true);
    setTrouble(null);
    try {
      onEnded(await studio.client.send(action));
      studio.patch({ notice: `${label} is cancelled. It is yours until ${until}.` });
      onClose();
    } catch (error) {
      setSending(false);
      setTrouble(reason(error));
    }
  };
  return (
    <Dialog title={`Cancel ${label}?`} onClose={onClose}>
      <p>
        No further month is taken. The credits you have stay yours, and the plan runs until{" "}
        <b>{until}</b>.
      </p>
      <div role="alert">{trouble && <p className="bad">{trouble}</p>}</div>
      <div className="dialog-actions">
        <button type="button" className="button" disabled={isSending} onClick={() => void end()}>
          {isSending ? "One moment…" : "Cancel the plan"}
        </button>
        <button type="button" className="button button-main" onClick={onClose}>
          Keep it
        </button>
      </div>
    </Dialog>
  );
}

interface OfferProperties {
  item: Pack;
  action: string;
  isWaiting: boolean;
  /** Instead of the button. */
  note?: ReactNode;
  onBuy: () => void;
}

function Offer({ item, action, isWaiting, note = null, onBuy }: OfferProperties) {
  return (
    <li className={`offer-card${item.isHighlighted ? " offer-main" : ""}`}>
      <b>{item.label}</b>
      <p className="offer-credits">
        {amountText(item.credits)} <small>credits{item.isMonthly ? " a month" : ""}</small>
      </p>
      {note ? (
        <div className="offer-note">{note}</div>
      ) : (
        <button
          type="button"
          className={`button${item.isHighlighted ? " button-main" : ""}`}
          disabled={isWaiting}
          aria-label={`${action} ${item.label} for ${priceText(item.usdCents)}`}
          onClick={onBuy}
        >
          {action}
          <small>{priceText(item.usdCents)}</small>
        </button>
      )}
    </li>
  );
}

function Waiting({ count }: { count: number }) {
  return (
    <>
      {Array.from({ length: count }, (_, n) => (
        <li key={n} className="offer-card" aria-hidden="true">
          <span className="skeleton" />
        </li>
      ))}
    </>
  );
}

export function day(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { dateStyle: "medium" });
}
