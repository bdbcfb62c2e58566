-- What users and operators set: when a balance is low, which hold reached a budget's threshold, and
-- corrections that two people agree on.

-- Below this the user is told; NULL: the service's own threshold.
ALTER TABLE accounts ADD COLUMN low_threshold INTEGER CHECK(low_threshold >= 0);

-- Holds that were the first to reach 75, 90 or 100 percent of their wallet's budget.
CREATE TABLE budget_notices(
    tx INTEGER PRIMARY KEY REFERENCES transactions(seq),
    reached INTEGER NOT NULL CHECK(reached IN (75, 90, 100)),
    budget INTEGER NOT NULL CHECK(budget > 0)
) STRICT;

-- The statement of a session.
CREATE INDEX holds_of_session ON holds(session, account) WHERE session <> '';

CREATE TABLE corrections(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,                -- the proposer's: the same again is the same proposal
    account INTEGER NOT NULL REFERENCES accounts(id),
    amount INTEGER NOT NULL CHECK(amount <> 0),
    reason TEXT NOT NULL CHECK(reason <> ''),
    proposed_by TEXT NOT NULL,
    proposed_us INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'proposed' CHECK(state IN ('proposed', 'applied', 'rejected')),
    decided_by TEXT,
    decided_us INTEGER,
    tx INTEGER UNIQUE REFERENCES transactions(seq),
    CONSTRAINT two_actors CHECK(state <> 'applied' OR decided_by <> proposed_by),
    CONSTRAINT decided_once CHECK(
        (state = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_us IS NULL)),
    CONSTRAINT applied_by_transaction CHECK((state = 'applied') = (tx IS NOT NULL))
) STRICT;
CREATE TRIGGER corrections_stay BEFORE DELETE ON corrections
    BEGIN SELECT RAISE(ABORT, 'corrections stay'); END;
CREATE TRIGGER corrections_keep_their_terms BEFORE UPDATE OF
    id, key, account, amount, reason, proposed_by, proposed_us
    ON corrections BEGIN SELECT RAISE(ABORT, 'a correction keeps its terms'); END;
CREATE TRIGGER corrections_are_decided_once BEFORE UPDATE ON corrections
    WHEN old.state <> 'proposed'
    BEGIN SELECT RAISE(ABORT, 'a correction is decided once'); END;
