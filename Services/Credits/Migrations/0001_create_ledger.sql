-- The ledger: double entry, insert only. Amounts are whole 1/10,000 credits; credit +, debit -.
-- The rules that must never break are here, so that no defect of the program can break them.

CREATE TABLE accounts(
    id INTEGER PRIMARY KEY,                  -- below 100: the house
    kind TEXT NOT NULL CHECK(kind IN ('wallet', 'debt', 'house')),
    asset INTEGER NOT NULL CHECK(asset IN (1, 2)),      -- 1 credits, 2 micro-dollars
    owner TEXT NOT NULL UNIQUE,              -- a user id, or the name of a house account
    posted INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,      -- minus the sum of open holds
    last_tx INTEGER NOT NULL DEFAULT 0,      -- the last transaction that changed it; 0 for none
    merged_into INTEGER REFERENCES accounts(id),
    opened_at_us INTEGER NOT NULL,
    CONSTRAINT wallet_floor CHECK(kind <> 'wallet' OR (pending <= 0 AND posted + pending >= 0)),
    CONSTRAINT debt_ceiling CHECK(kind <> 'debt' OR posted <= 0),
    -- The balance of a house account is the sum of its entries: a row that each hold writes would
    -- make them wait for one another.
    CONSTRAINT house_is_summed CHECK(kind <> 'house' OR (id < 100 AND posted = 0 AND pending = 0)),
    CONSTRAINT house_ids CHECK(kind = 'house' OR id >= 100)
) STRICT;

CREATE TABLE holds(
    id INTEGER PRIMARY KEY,                  -- the sequence of the transaction that opened it
    account INTEGER NOT NULL REFERENCES accounts(id),
    amount INTEGER NOT NULL CHECK(amount > 0),
    captured INTEGER NOT NULL DEFAULT 0,
    refunded INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'reserved'
        CHECK(state IN ('reserved', 'submitted', 'captured', 'released', 'expired')),
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK(quantity > 0),
    job TEXT NOT NULL,
    session TEXT NOT NULL,
    price_version INTEGER NOT NULL,          -- 0: the caller named the amount
    provider_reference TEXT NOT NULL DEFAULT '',
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    hard_us INTEGER NOT NULL,
    resolved_us INTEGER,
    resolve_tx INTEGER UNIQUE REFERENCES transactions(seq),
    CONSTRAINT one_hold_for_job UNIQUE(job, operation),
    CONSTRAINT lease_within_limit CHECK(expires_us <= hard_us),
    CONSTRAINT captured_within_hold CHECK(captured BETWEEN 0 AND amount),
    CONSTRAINT only_capture_takes CHECK(state = 'captured' OR captured = 0),
    CONSTRAINT refunds_within_capture CHECK(refunded BETWEEN 0 AND captured),
    CONSTRAINT closed_by_transaction CHECK(
        (state IN ('reserved', 'submitted')) = (resolve_tx IS NULL)
        AND (resolve_tx IS NULL) = (resolved_us IS NULL))
) STRICT;
CREATE INDEX open_holds ON holds(expires_us) WHERE resolve_tx IS NULL;

CREATE TABLE transactions(
    seq INTEGER PRIMARY KEY,                 -- 1, 2, 3 without gaps
    kind TEXT NOT NULL CHECK(kind IN
        ('grant', 'hold', 'capture', 'release', 'expire', 'refund', 'merge', 'correction')),
    account INTEGER NOT NULL REFERENCES accounts(id),   -- whose balance it changes
    previous INTEGER NOT NULL,               -- the account's transaction before this one; 0 for none
    hold INTEGER REFERENCES holds(id),
    key TEXT,                                -- what may happen once only: a grant's source, ...
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    asset TEXT NOT NULL,
    note TEXT NOT NULL,
    posted_after INTEGER NOT NULL,           -- the account's sums when this is done
    pending_after INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK(length(hash) = 32)         -- of the hash before and this row
) STRICT;
CREATE UNIQUE INDEX one_effect ON transactions(kind, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX one_close ON transactions(hold) WHERE kind IN ('capture', 'release', 'expire');

CREATE TABLE entries(
    tx INTEGER NOT NULL REFERENCES transactions(seq),
    line INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES accounts(id),
    asset INTEGER NOT NULL CHECK(asset IN (1, 2)),
    layer INTEGER NOT NULL CHECK(layer IN (0, 1)),      -- 0 posted, 1 pending
    amount INTEGER NOT NULL CHECK(amount <> 0),
    PRIMARY KEY(tx, line)
) STRICT, WITHOUT ROWID;

-- Where credits came from; each source once.
CREATE TABLE grants(
    tx INTEGER PRIMARY KEY REFERENCES transactions(seq),
    category TEXT NOT NULL CHECK(category IN ('paid', 'promo', 'plan')),
    source TEXT NOT NULL UNIQUE
) STRICT;

-- A balance is never written by hand: each entry moves it, and the floor above holds.
CREATE TRIGGER entry_moves_balance AFTER INSERT ON entries WHEN new.account >= 100 BEGIN
    UPDATE accounts SET
        posted = posted + (1 - new.layer) * new.amount,
        pending = pending + new.layer * new.amount,
        last_tx = new.tx
    WHERE id = new.account;
END;

CREATE TRIGGER entries_are_final_update BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are final'); END;
CREATE TRIGGER entries_are_final_delete BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries are final'); END;
CREATE TRIGGER transactions_are_final_update BEFORE UPDATE ON transactions
    BEGIN SELECT RAISE(ABORT, 'transactions are final'); END;
CREATE TRIGGER transactions_are_final_delete BEFORE DELETE ON transactions
    BEGIN SELECT RAISE(ABORT, 'transactions are final'); END;
CREATE TRIGGER transactions_have_no_gaps BEFORE INSERT ON transactions
    WHEN new.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM transactions)
    BEGIN SELECT RAISE(ABORT, 'transactions have no gaps'); END;
CREATE TRIGGER grants_are_final_update BEFORE UPDATE ON grants
    BEGIN SELECT RAISE(ABORT, 'grants are final'); END;
CREATE TRIGGER grants_are_final_delete BEFORE DELETE ON grants
    BEGIN SELECT RAISE(ABORT, 'grants are final'); END;
CREATE TRIGGER holds_stay BEFORE DELETE ON holds
    BEGIN SELECT RAISE(ABORT, 'holds stay'); END;
CREATE TRIGGER holds_keep_their_terms BEFORE UPDATE OF
    id, account, amount, operation, model, quantity, job, session, price_version, created_us, hard_us
    ON holds BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
CREATE TRIGGER holds_close_once BEFORE UPDATE OF
    captured, state, provider_reference, expires_us, resolved_us, resolve_tx
    ON holds WHEN old.resolve_tx IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a hold closes once'); END;
CREATE TRIGGER accounts_stay BEFORE DELETE ON accounts
    BEGIN SELECT RAISE(ABORT, 'accounts stay'); END;

CREATE TABLE prices(
    version INTEGER NOT NULL,
    catalogue TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    parameters TEXT NOT NULL DEFAULT '',
    amount INTEGER NOT NULL CHECK(amount >= 0),
    unit TEXT NOT NULL,
    label TEXT NOT NULL,
    valid_from_us INTEGER NOT NULL,
    PRIMARY KEY(version, catalogue, operation, model, parameters)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER prices_are_final_update BEFORE UPDATE ON prices
    BEGIN SELECT RAISE(ABORT, 'prices are final'); END;
CREATE TRIGGER prices_are_final_delete BEFORE DELETE ON prices
    BEGIN SELECT RAISE(ABORT, 'prices are final'); END;

INSERT INTO accounts(id, kind, asset, owner, opened_at_us) VALUES
    (1, 'house', 1, 'house:issued', 0),      -- bought and planned credits come from here
    (2, 'house', 1, 'house:promotion', 0),   -- given credits, and what is taken back of them
    (3, 'house', 1, 'house:revenue', 0),     -- captured credits
    (4, 'house', 1, 'house:refunds', 0),
    (5, 'house', 1, 'house:transit', 0),     -- between two wallets that become one
    (6, 'house', 1, 'house:breakage', 0),    -- expired credits
    (7, 'house', 1, 'house:corrections', 0),
    (8, 'house', 2, 'house:provider_cost', 0),
    (9, 'house', 2, 'house:late_loss', 0);
