-- Sessions: what is asked for by column, what is nested as one packed message.
CREATE TABLE sessions(
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL,
    status        TEXT NOT NULL CHECK(status IN ('active', 'completed', 'abandoned')),
    is_expired    INTEGER NOT NULL CHECK(is_expired IN (0, 1)),
    step          TEXT NOT NULL,
    version       INTEGER NOT NULL CHECK(version > 0),
    charged_u4    INTEGER NOT NULL CHECK(charged_u4 >= 0),
    created_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,
    state         BLOB NOT NULL,
    CHECK(is_expired = 0 OR status = 'abandoned')
) STRICT, WITHOUT ROWID;
-- Two starts at once: the database lets one of them in.
CREATE UNIQUE INDEX one_active_session ON sessions(user_id) WHERE status = 'active';
CREATE INDEX sessions_by_user ON sessions(user_id, created_at_us, id);
CREATE INDEX sessions_by_age ON sessions(status, updated_at_us);

-- The journal: one row for each command, written before it acts.
CREATE TABLE operations(
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL,
    session_id     TEXT NOT NULL,
    kind           TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint    BLOB NOT NULL,
    state          INTEGER NOT NULL CHECK(state BETWEEN 1 AND 4),
    stage          INTEGER NOT NULL CHECK(stage BETWEEN 1 AND 8),
    cancellation   INTEGER NOT NULL CHECK(cancellation BETWEEN 0 AND 2),
    outcome        INTEGER NOT NULL CHECK(outcome BETWEEN 1 AND 4),
    is_exclusive   INTEGER NOT NULL CHECK(is_exclusive IN (0, 1)),
    hold_id        TEXT NOT NULL,
    held_u4        INTEGER NOT NULL CHECK(held_u4 >= 0),
    capture_u4     INTEGER NOT NULL,
    journal        BLOB NOT NULL,
    created_at_us  INTEGER NOT NULL,
    finished_at_us INTEGER NOT NULL,
    CHECK(capture_u4 BETWEEN 0 AND held_u4),
    CHECK((state = 1) = (stage < 8))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_operation_of_a_key ON operations(user_id, idempotency_key);
-- Two commands of one session at once: the database lets one of them in.
CREATE UNIQUE INDEX one_command_of_a_session
    ON operations(session_id) WHERE state = 1 AND is_exclusive = 1;
CREATE INDEX operations_running ON operations(created_at_us) WHERE state = 1;
CREATE INDEX operations_ended ON operations(finished_at_us) WHERE state <> 1;

CREATE TABLE generations(
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL,
    session_id    TEXT NOT NULL,
    operation_id  TEXT NOT NULL UNIQUE,
    kind          TEXT NOT NULL,
    model         TEXT NOT NULL,
    prompt        TEXT NOT NULL,
    aspect_ratio  TEXT NOT NULL,
    metadata_json TEXT NOT NULL,
    state         TEXT NOT NULL,
    progress      INTEGER NOT NULL CHECK(progress BETWEEN 0 AND 1000000),
    asset_id      TEXT NOT NULL,
    content_type  TEXT NOT NULL,
    provider      TEXT NOT NULL,
    error_code    TEXT NOT NULL,
    error_message TEXT NOT NULL,
    error_is_retryable INTEGER NOT NULL,
    charged_u4    INTEGER NOT NULL CHECK(charged_u4 >= 0),
    created_at_us INTEGER NOT NULL,
    finished_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX generations_by_user ON generations(user_id, created_at_us, id);

-- Events: written in the transaction of what they tell. AUTOINCREMENT: a number is never used twice.
CREATE TABLE events(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id  TEXT NOT NULL,
    payload  BLOB NOT NULL,
    at_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_user ON events(user_id, sequence);
CREATE INDEX events_by_age ON events(at_us);

-- Owners whose list of assets has changed and has not been told to media yet.
CREATE TABLE reference_updates(
    owner   TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE marks(
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO marks(name, value) VALUES('events_pruned_through', 0);
