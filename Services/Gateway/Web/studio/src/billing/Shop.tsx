import { useState } from "react";
import { Pack } from "../api/schema";
import { amountText, priceText } from "../credits/amount";
import { useStudio } from "../ui/useStudio";
import { useAnswer } from "./useAnswer";

/** Packs that are bought once, and plans by the month. */
export function Shop({ isShown }: { isShown: boolean }) {
  const { studio, state } = useStudio();
  const shop = useAnswer("listPacks", {}, null, isShown);
  const plan = useAnswer("getSubscription", {}, state.balance?.balance, isShown);
  const [opening, setOpening] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const current = plan.answer?.subscription ?? null;
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
          const isCurrent = current?.plan === one.id && current.state === "active";
          return (
            <Offer
              key={one.id}
              item={one}
              action={opening === one.id ? "Opening…" : "Subscribe"}
              isWaiting={opening !== null || current?.state === "active"}
              note={isCurrent ? `Yours; the next credits come ${day(current.periodEnd)}` : null}
              onBuy={() => buy({ plan: one.id })}
            />
          );
        }) ?? <Waiting count={3} />}
      </ul>
    </section>
  );
}

interface OfferProperties {
  item: Pack;
  action: string;
  isWaiting: boolean;
  note?: string | null;
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
        <p className="offer-note">{note}</p>
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
