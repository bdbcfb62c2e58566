-- Who may come in, and what has been answered to whom.
CREATE TABLE users(
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK(kind IN ('guest', 'member', 'external')),
    email         TEXT,
    name          TEXT NOT NULL,
    password      TEXT,
    issuer        TEXT,                     -- who vouches for an external user, and under what name
    subject       TEXT,
    created_at_us INTEGER NOT NULL,
    CHECK(kind <> 'guest' OR email IS NULL),
    CHECK(kind <> 'member' OR email IS NOT NULL),
    CHECK((kind = 'member') = (password IS NOT NULL)),
    CHECK((kind = 'external') = (issuer IS NOT NULL)),
    CHECK((kind = 'external') = (subject IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_email ON users(email) WHERE kind = 'member';
CREATE UNIQUE INDEX users_by_subject ON users(issuer, subject) WHERE kind = 'external';

-- Access tokens by their SHA-256: who reads this file cannot sign in with it.
CREATE TABLE tokens(
    hash          BLOB PRIMARY KEY CHECK(length(hash) = 32),
    user_id       TEXT NOT NULL REFERENCES users(id),
    created_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens(expires_at_us);

CREATE TABLE api_keys(
    id              TEXT PRIMARY KEY,
    hash            BLOB NOT NULL UNIQUE CHECK(length(hash) = 32),
    user_id         TEXT NOT NULL REFERENCES users(id),
    name            TEXT NOT NULL,
    prefix          TEXT NOT NULL,
    scopes          TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    expires_at_us   INTEGER,
    revoked_at_us   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_user ON api_keys(user_id, created_at_us);

-- How many guests came from an address prefix on a day (days since 1970, UTC).
CREATE TABLE guest_counts(
    prefix TEXT NOT NULL,
    day    INTEGER NOT NULL,
    count  INTEGER NOT NULL CHECK(count > 0),
    PRIMARY KEY(prefix, day)
) STRICT, WITHOUT ROWID;

-- One row for each Idempotency-Key: running (status 0) or answered.
CREATE TABLE idempotency(
    scope          TEXT NOT NULL,
    key            TEXT NOT NULL,
    fingerprint    BLOB NOT NULL CHECK(length(fingerprint) = 32),
    status         INTEGER NOT NULL,
    headers        TEXT NOT NULL,
    body           BLOB NOT NULL,
    lease_until_us INTEGER NOT NULL,
    created_at_us  INTEGER NOT NULL,
    PRIMARY KEY(scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency(created_at_us);

-- Keys that this service signs with.
CREATE TABLE secrets(
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
