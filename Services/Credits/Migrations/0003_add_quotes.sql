-- Quotes: what a user was told that something costs. Holds that name one are charged by its version
-- of the prices, and never more than it says.

CREATE TABLE quotes(
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES accounts(id),
    price_version INTEGER NOT NULL,
    created_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    is_used INTEGER NOT NULL DEFAULT 0 CHECK(is_used IN (0, 1))     -- a hold names it: it stays
) STRICT;
CREATE INDEX unused_quotes ON quotes(expires_us) WHERE is_used = 0;

CREATE TABLE quote_lines(
    id INTEGER PRIMARY KEY,
    quote INTEGER NOT NULL REFERENCES quotes(id),
    catalogue TEXT NOT NULL,
    operation TEXT NOT NULL,
    model TEXT NOT NULL,
    parameters TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK(quantity > 0),
    amount INTEGER NOT NULL CHECK(amount >= 0),
    used INTEGER NOT NULL DEFAULT 0,         -- by open holds, and by what was captured
    CONSTRAINT charged_within_quote CHECK(used BETWEEN 0 AND amount)
) STRICT;
CREATE INDEX lines_of_quote ON quote_lines(quote);

ALTER TABLE holds ADD COLUMN quote_line INTEGER REFERENCES quote_lines(id);
CREATE INDEX quoted_holds ON holds(quote_line) WHERE quote_line IS NOT NULL;

CREATE TRIGGER holds_keep_their_quote BEFORE UPDATE OF quote_line ON holds
    BEGIN SELECT RAISE(ABORT, 'a hold keeps its terms'); END;
CREATE TRIGGER quotes_keep_their_terms BEFORE UPDATE OF
    id, account, price_version, created_us, expires_us ON quotes
    BEGIN SELECT RAISE(ABORT, 'a quote keeps its terms'); END;
CREATE TRIGGER quote_lines_keep_their_terms BEFORE UPDATE OF
    id, quote, catalogue, operation, model, parameters, quantity, amount ON quote_lines
    BEGIN SELECT RAISE(ABORT, 'a quote keeps its terms'); END;
CREATE TRIGGER used_quotes_stay BEFORE DELETE ON quotes WHEN old.is_used = 1
    BEGIN SELECT RAISE(ABORT, 'used quotes stay'); END;
