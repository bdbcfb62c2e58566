-- The ledger's tables as PostgreSQL would have them: the same rows, keys and checks. Easier than ours:
-- a sequence instead of a gapless number, no hash chain, no triggers that refuse edits.

CREATE TABLE accounts(
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    asset INT NOT NULL,
    owner TEXT NOT NULL UNIQUE,
    posted BIGINT NOT NULL DEFAULT 0,
    pending BIGINT NOT NULL DEFAULT 0,
    last_tx BIGINT NOT NULL DEFAULT 0,
    CHECK(kind <> 'wallet' OR (pending <= 0 AND posted + pending >= 0))
) WITH (fillfactor = 50);

CREATE SEQUENCE transaction_seq CACHE 1;

CREATE TABLE holds(
    id BIGINT PRIMARY KEY,
    account BIGINT NOT NULL REFERENCES accounts(id),
    amount BIGINT NOT NULL CHECK(amount > 0),
    captured BIGINT NOT NULL DEFAULT 0,
    refunded BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'reserved',
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK(quantity > 0),
    job TEXT NOT NULL,
    session TEXT NOT NULL,
    price_version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    hard_us BIGINT NOT NULL,
    resolved_us BIGINT,
    resolve_tx BIGINT UNIQUE,
    UNIQUE(job, operation),
    CHECK(expires_us <= hard_us),
    CHECK(captured BETWEEN 0 AND amount)
);
CREATE INDEX open_holds ON holds(expires_us) WHERE resolve_tx IS NULL;

CREATE TABLE transactions(
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    account BIGINT NOT NULL REFERENCES accounts(id),
    previous BIGINT NOT NULL,
    hold BIGINT REFERENCES holds(id),
    key TEXT,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    posted_after BIGINT NOT NULL,
    pending_after BIGINT NOT NULL,
    at_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_effect ON transactions(kind, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX one_close ON transactions(hold)
    WHERE kind IN ('capture', 'release', 'expire');

CREATE TABLE entries(
    tx BIGINT NOT NULL REFERENCES transactions(seq),
    line INT NOT NULL,
    account BIGINT NOT NULL REFERENCES accounts(id),
    asset INT NOT NULL,
    layer INT NOT NULL,
    amount BIGINT NOT NULL CHECK(amount <> 0),
    PRIMARY KEY(tx, line)
);

INSERT INTO accounts(id, kind, asset, owner) VALUES (3, 'house', 1, 'house:revenue');
INSERT INTO accounts(id, kind, asset, owner, posted)
    SELECT 99 + n, 'wallet', 1, 'bench' || n, 10000000000000 FROM generate_series(1, 1000) n;

-- One round trip for each hold, which is faster than sending the statements one by one.
CREATE FUNCTION open_hold(wallet TEXT, asked_job TEXT, asked BIGINT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    known BIGINT;
    seq BIGINT;
    now_us BIGINT := extract(epoch FROM clock_timestamp()) * 1000000;
    purse accounts%ROWTYPE;
BEGIN
    SELECT id INTO known FROM holds WHERE job = asked_job AND operation = 'image.preview';
    IF FOUND THEN RETURN known; END IF;
    SELECT * INTO purse FROM accounts WHERE owner = wallet AND kind = 'wallet' FOR UPDATE;
    IF purse.posted + purse.pending < asked THEN RAISE 'insufficient credits'; END IF;
    seq := nextval('transaction_seq');
    INSERT INTO holds(id, account, amount, operation, model, quantity, job, session, price_version,
        created_us, expires_us, hard_us)
    VALUES (seq, purse.id, asked, 'image.preview', '', 1, asked_job, '', 1, now_us,
        now_us + 120000000, now_us + 900000000);
    INSERT INTO transactions(seq, kind, account, previous, hold, key, actor, request, posted_after,
        pending_after, at_us)
    VALUES (seq, 'hold', purse.id, purse.last_tx, seq, NULL, 'bench', '', purse.posted,
        purse.pending - asked, now_us);
    INSERT INTO entries(tx, line, account, asset, layer, amount)
    VALUES (seq, 0, purse.id, 1, 1, -asked), (seq, 1, 3, 1, 1, asked);
    UPDATE accounts SET pending = pending - asked, last_tx = seq WHERE id = purse.id;
    RETURN seq;
END $$;

-- Takes a part of a hold and gives back the rest, once.
CREATE FUNCTION close_hold(asked_hold BIGINT, taken BIGINT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    seq BIGINT;
    now_us BIGINT := extract(epoch FROM clock_timestamp()) * 1000000;
    held holds%ROWTYPE;
    purse accounts%ROWTYPE;
BEGIN
    SELECT * INTO held FROM holds WHERE id = asked_hold;
    IF held.resolve_tx IS NOT NULL THEN RAISE 'the hold is closed'; END IF;
    IF taken > held.amount THEN RAISE 'more than was held'; END IF;
    SELECT * INTO purse FROM accounts WHERE id = held.account FOR UPDATE;
    seq := nextval('transaction_seq');
    INSERT INTO transactions(seq, kind, account, previous, hold, key, actor, request, posted_after,
        pending_after, at_us)
    VALUES (seq, 'capture', purse.id, purse.last_tx, asked_hold, NULL, 'bench', '',
        purse.posted - taken, purse.pending + held.amount, now_us);
    INSERT INTO entries(tx, line, account, asset, layer, amount)
    VALUES (seq, 0, purse.id, 1, 1, held.amount), (seq, 1, 3, 1, 1, -held.amount),
        (seq, 2, purse.id, 1, 0, -taken), (seq, 3, 3, 1, 0, taken);
    UPDATE accounts SET pending = pending + held.amount, posted = posted - taken, last_tx = seq
    WHERE id = purse.id;
    UPDATE holds SET state = 'captured', captured = taken, resolved_us = now_us, resolve_tx = seq
    WHERE id = asked_hold AND resolve_tx IS NULL;
    IF NOT FOUND THEN RAISE 'the hold is closed'; END IF;
    RETURN seq;
END $$;
