-- A capture takes from the parts of a hold in the order in which the hold took them, and a refund gives
-- back in the opposite one, whatever becomes of the blocks' expiry in between.

ALTER TABLE hold_blocks ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
