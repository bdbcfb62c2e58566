-- Granted credits as blocks with an expiry: holds take from them and give back to the same.

CREATE TABLE blocks(
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts(id),
    tx INTEGER NOT NULL REFERENCES transactions(seq),   -- that first brought its credits
    category TEXT NOT NULL CHECK(category IN ('paid', 'promo', 'plan', 'correction')),
    priority INTEGER NOT NULL,               -- the lowest is spent first
    amount INTEGER NOT NULL CHECK(amount > 0),
    remaining INTEGER NOT NULL CHECK(remaining >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK(held >= 0),
    consumed INTEGER NOT NULL DEFAULT 0 CHECK(consumed >= 0),
    expired INTEGER NOT NULL DEFAULT 0 CHECK(expired >= 0),
    removed INTEGER NOT NULL DEFAULT 0 CHECK(removed >= 0),         -- voided, or moved by a merge
    expires_us INTEGER NOT NULL DEFAULT 9223372036854775807,        -- the largest: never
    -- 0: nothing remains. Apart from `remaining`, so that a hold touches no index.
    is_open INTEGER NOT NULL DEFAULT 1 CHECK(is_open IN (0, 1)),
    is_void INTEGER NOT NULL DEFAULT 0 CHECK(is_void IN (0, 1)),
    CONSTRAINT block_is_whole CHECK(amount = remaining + held + consumed + expired + removed),
    CONSTRAINT closed_is_empty CHECK(is_open = 1 OR remaining = 0),
    CONSTRAINT void_is_empty CHECK(is_void = 0 OR remaining = 0)
) STRICT;
CREATE INDEX spendable_blocks ON blocks(account, priority, expires_us, id) WHERE is_open = 1;
CREATE INDEX expiring_blocks ON blocks(expires_us)
    WHERE is_open = 1 AND expires_us < 9223372036854775807;
CREATE INDEX blocks_of_transaction ON blocks(tx);

-- A hold takes from one block, or from those listed here.
ALTER TABLE holds ADD COLUMN block INTEGER REFERENCES blocks(id);
CREATE TABLE hold_blocks(
    hold INTEGER NOT NULL REFERENCES holds(id),
    block INTEGER NOT NULL REFERENCES blocks(id),
    amount INTEGER NOT NULL CHECK(amount > 0),
    PRIMARY KEY(hold, block)
) STRICT, WITHOUT ROWID;

-- Grants that take effect later.
CREATE TABLE scheduled_grants(
    source TEXT PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts(id),
    amount INTEGER NOT NULL CHECK(amount > 0),
    category TEXT NOT NULL CHECK(category IN ('paid', 'promo', 'plan')),
    priority INTEGER NOT NULL,
    effective_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX due_grants ON scheduled_grants(effective_us);

-- What is there already: each inflow is a block that never expires; given credits are spent first,
-- then what open holds set aside.
WITH inflows AS (
    SELECT t.account, t.seq AS tx, coalesce(g.category, 'promo') AS category,
        CASE coalesce(g.category, 'promo')
            WHEN 'promo' THEN 10 WHEN 'plan' THEN 20 ELSE 30 END AS priority,
        (SELECT coalesce(sum(e.amount), 0) FROM entries e
            WHERE e.tx = t.seq AND e.account = t.account AND e.layer = 0) AS amount
    FROM transactions t LEFT JOIN grants g ON g.tx = t.seq
    WHERE t.kind IN ('grant', 'merge', 'correction')
), ordered AS (
    SELECT *, sum(amount) OVER (PARTITION BY account ORDER BY priority, tx) - amount AS before
    FROM inflows WHERE amount > 0
), spent AS (
    SELECT a.id AS account, sum(i.amount) - a.posted AS gone, -a.pending AS held
    FROM accounts a JOIN inflows i ON i.account = a.id AND i.amount > 0 GROUP BY a.id
), split AS (
    SELECT o.*, max(0, min(o.amount, s.gone - o.before)) AS consumed,
        max(0, min(o.amount, s.gone + s.held - o.before)) AS taken
    FROM ordered o JOIN spent s ON s.account = o.account
)
INSERT INTO blocks(account, tx, category, priority, amount, remaining, held, consumed)
    SELECT account, tx, category, priority, amount, amount - taken, taken - consumed, consumed
    FROM split ORDER BY tx;

WITH open AS (
    SELECT id, account, amount,
        sum(amount) OVER (PARTITION BY account ORDER BY id) - amount AS before
    FROM holds WHERE resolve_tx IS NULL
), spans AS (
    SELECT id, account, held,
        sum(held) OVER (PARTITION BY account ORDER BY priority, tx) - held AS before
    FROM blocks WHERE held > 0
)
INSERT INTO hold_blocks(hold, block, amount)
    SELECT o.id, s.id, min(o.before + o.amount, s.before + s.held) - max(o.before, s.before)
    FROM open o JOIN spans s ON s.account = o.account
    WHERE min(o.before + o.amount, s.before + s.held) > max(o.before, s.before);

CREATE TRIGGER blocks_stay BEFORE DELETE ON blocks
    BEGIN SELECT RAISE(ABORT, 'blocks stay'); END;
CREATE TRIGGER blocks_keep_their_terms BEFORE UPDATE OF id, account, tx, category, priority, amount
    ON blocks BEGIN SELECT RAISE(ABORT, 'a block keeps its terms'); END;
CREATE TRIGGER holds_keep_their_block BEFORE UPDATE OF block ON holds
    BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
CREATE TRIGGER hold_blocks_are_final_update BEFORE UPDATE ON hold_blocks
    BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
CREATE TRIGGER hold_blocks_are_final_delete BEFORE DELETE ON hold_blocks
    BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
