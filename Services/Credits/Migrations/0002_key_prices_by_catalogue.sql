-- Prices of several catalogues that differ by parameters, some of them in dollars; each version says
-- from when on it is in force and what a credit is worth.

CREATE TABLE price_versions(
    version INTEGER PRIMARY KEY,
    edition INTEGER NOT NULL,                -- of the program that published it
    credit_value_u6 INTEGER NOT NULL CHECK(credit_value_u6 > 0),    -- micro-dollars
    valid_from_us INTEGER NOT NULL
) STRICT;
INSERT INTO price_versions(version, edition, credit_value_u6, valid_from_us)
    SELECT version, 1, 50000, min(valid_from_us) FROM prices GROUP BY version;
CREATE TRIGGER price_versions_are_final_update BEFORE UPDATE ON price_versions
    BEGIN SELECT RAISE(ABORT, 'prices are final'); END;
CREATE TRIGGER price_versions_are_final_delete BEFORE DELETE ON price_versions
    BEGIN SELECT RAISE(ABORT, 'prices are final'); END;

ALTER TABLE prices ADD COLUMN dollars_u6 INTEGER NOT NULL DEFAULT 0 CHECK(dollars_u6 >= 0);
ALTER TABLE prices ADD COLUMN cap INTEGER NOT NULL DEFAULT 0 CHECK(cap >= 0);

ALTER TABLE holds ADD COLUMN catalogue TEXT NOT NULL DEFAULT 'studio';
ALTER TABLE holds ADD COLUMN parameters TEXT NOT NULL DEFAULT '';
CREATE TRIGGER holds_keep_their_price BEFORE UPDATE OF catalogue, parameters ON holds
    BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
