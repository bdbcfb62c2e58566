-- What a user allows to be spent in a period; kept by each hold in the transaction that opens it.

CREATE TABLE budgets(
    account INTEGER PRIMARY KEY REFERENCES accounts(id),
    amount INTEGER NOT NULL CHECK(amount > 0),
    period TEXT NOT NULL CHECK(period IN ('day', 'month', 'total')),
    is_hard INTEGER NOT NULL CHECK(is_hard IN (0, 1)),
    start_us INTEGER NOT NULL,               -- of the period; holds opened since then count
    end_us INTEGER NOT NULL,
    after_tx INTEGER NOT NULL,               -- holds up to this one do not count
    used INTEGER NOT NULL CHECK(used >= 0),  -- by those that are open, and what the others took
    reached INTEGER NOT NULL CHECK(reached IN (0, 75, 90, 100))     -- percent, told once a period
) STRICT;
