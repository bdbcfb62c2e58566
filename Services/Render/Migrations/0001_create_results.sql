-- Results in the folder beside the store, by the hash of all that decides their bytes.
CREATE TABLE results(
    key        BLOB PRIMARY KEY,
    bytes      INTEGER NOT NULL CHECK(bytes > 0),
    used_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX results_by_use ON results(used_at_us);
