-- Every recipe ever built, by the hash of its content; rows are never changed.
CREATE TABLE recipes(
    id            TEXT PRIMARY KEY,
    recipe        BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
