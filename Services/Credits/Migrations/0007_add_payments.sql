-- Money in: purchases, what each payment brought, what went back, and what providers told us.
-- Money is whole minor units of a currency.

CREATE TABLE purchases(
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,                -- the public id, and the idempotency key at the provider
    account INTEGER NOT NULL REFERENCES accounts(id),
    provider TEXT NOT NULL CHECK(provider IN ('local', 'stripe')),
    item TEXT NOT NULL,                      -- a pack or a plan
    is_plan INTEGER NOT NULL CHECK(is_plan IN (0, 1)),
    quantity INTEGER NOT NULL CHECK(quantity > 0),
    amount INTEGER NOT NULL CHECK(amount > 0),      -- of a plan: each month
    currency TEXT NOT NULL,
    credits INTEGER NOT NULL CHECK(credits > 0),    -- of a plan: each month
    success_url TEXT NOT NULL,
    cancel_url TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'created' CHECK(state IN
        ('created', 'open', 'pending', 'paid', 'failed', 'expired', 'cancelled')),
    session TEXT,                            -- the provider's checkout
    url TEXT NOT NULL DEFAULT '',
    expires_us INTEGER NOT NULL,
    subscription TEXT,
    fault TEXT NOT NULL DEFAULT '',          -- why what was paid did not count
    check_us INTEGER NOT NULL,               -- when to ask the provider again
    CONSTRAINT opened_by_provider CHECK(state NOT IN ('open', 'pending') OR session IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX purchase_of_session ON purchases(provider, session) WHERE session IS NOT NULL;
CREATE UNIQUE INDEX purchase_of_subscription ON purchases(provider, subscription)
    WHERE subscription IS NOT NULL;
CREATE INDEX purchases_of_account ON purchases(account, id);
CREATE INDEX unsettled_purchases ON purchases(check_us)
    WHERE state IN ('created', 'open', 'pending');

-- What was paid for: a checkout session or an invoice, each with exactly one grant.
CREATE TABLE payments(
    id INTEGER PRIMARY KEY,
    purchase INTEGER NOT NULL REFERENCES purchases(id),
    provider TEXT NOT NULL,
    object TEXT NOT NULL,
    intent TEXT,                             -- what refunds and disputes name
    amount INTEGER NOT NULL CHECK(amount > 0),
    credits INTEGER NOT NULL CHECK(credits > 0),
    grant_tx INTEGER NOT NULL UNIQUE REFERENCES transactions(seq),
    taken_back INTEGER NOT NULL DEFAULT 0,   -- credits
    period_start_us INTEGER NOT NULL DEFAULT 0,
    period_end_us INTEGER NOT NULL DEFAULT 0,       -- 0: not of a plan
    CONSTRAINT one_payment_for_object UNIQUE(provider, object),
    CONSTRAINT taken_back_within_grant CHECK(taken_back BETWEEN 0 AND credits)
) STRICT;
CREATE INDEX payments_of_purchase ON payments(purchase);
CREATE INDEX payments_of_intent ON payments(provider, intent) WHERE intent IS NOT NULL;

-- Transactions that took back what a payment brought (minus), or returned it (plus).
CREATE TABLE payment_moves(
    tx INTEGER PRIMARY KEY REFERENCES transactions(seq),
    payment INTEGER NOT NULL REFERENCES payments(id)
) STRICT;
CREATE INDEX moves_of_payment ON payment_moves(payment);

-- Money that went back. It may be told before the payment itself is.
CREATE TABLE payment_refunds(
    provider TEXT NOT NULL,
    charge TEXT NOT NULL,
    intent TEXT NOT NULL,
    refunded INTEGER NOT NULL CHECK(refunded >= 0), -- only grows
    PRIMARY KEY(provider, charge)
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_of_intent ON payment_refunds(provider, intent);
CREATE TABLE payment_disputes(
    provider TEXT NOT NULL,
    dispute TEXT NOT NULL,
    intent TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK(amount >= 0),
    state TEXT NOT NULL CHECK(state IN ('open', 'won', 'lost')),    -- won: the money came back to us
    PRIMARY KEY(provider, dispute)
) STRICT, WITHOUT ROWID;
CREATE INDEX disputes_of_intent ON payment_disputes(provider, intent);

-- What providers told us, each event once; written before anything is done about it.
CREATE TABLE payment_events(
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    object TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_us INTEGER NOT NULL,
    done_us INTEGER,
    outcome TEXT NOT NULL DEFAULT '',
    PRIMARY KEY(provider, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_events ON payment_events(next_us) WHERE done_us IS NULL;
CREATE INDEX finished_events ON payment_events(done_us) WHERE done_us IS NOT NULL;

CREATE INDEX open_debts ON accounts(id) WHERE kind = 'debt' AND posted < 0;

-- The sandbox's own side: what a provider would keep.
CREATE TABLE sandbox_checkouts(
    token TEXT PRIMARY KEY,
    purchase INTEGER NOT NULL UNIQUE REFERENCES purchases(id),
    state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'paid', 'cancelled')),
    expires_us INTEGER NOT NULL,
    paid_us INTEGER,
    CONSTRAINT paid_at_a_time CHECK((state = 'paid') = (paid_us IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER purchases_stay BEFORE DELETE ON purchases
    BEGIN SELECT RAISE(ABORT, 'purchases stay'); END;
CREATE TRIGGER purchases_keep_their_terms BEFORE UPDATE OF
    id, uid, account, provider, item, is_plan, quantity, amount, currency, credits, success_url,
    cancel_url, created_us
    ON purchases BEGIN SELECT RAISE(ABORT, 'a purchase keeps its terms'); END;
CREATE TRIGGER paid_purchases_stay_paid BEFORE UPDATE OF state ON purchases
    WHEN old.state = 'paid' AND new.state <> 'paid'
    BEGIN SELECT RAISE(ABORT, 'a paid purchase stays paid'); END;
CREATE TRIGGER payments_stay BEFORE DELETE ON payments
    BEGIN SELECT RAISE(ABORT, 'payments stay'); END;
CREATE TRIGGER payments_keep_their_terms BEFORE UPDATE OF
    id, purchase, provider, object, intent, amount, credits, grant_tx, period_start_us, period_end_us
    ON payments BEGIN SELECT RAISE(ABORT, 'a payment keeps its terms'); END;
CREATE TRIGGER payment_moves_are_final_update BEFORE UPDATE ON payment_moves
    BEGIN SELECT RAISE(ABORT, 'moves are final'); END;
CREATE TRIGGER payment_moves_are_final_delete BEFORE DELETE ON payment_moves
    BEGIN SELECT RAISE(ABORT, 'moves are final'); END;
