-- Paid purchases are asked about again, and a plan that was ended is not renewed.

ALTER TABLE purchases ADD COLUMN ended_us INTEGER;    -- since when no further month will be taken; NULL: it goes on
CREATE INDEX paid_purchases ON purchases(check_us) WHERE state = 'paid';
