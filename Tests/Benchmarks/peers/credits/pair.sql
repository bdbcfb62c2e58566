\set n random(1, 1000)
\set a random(1, 1000000000)
\set b random(1, 1000000000)
SELECT open_hold('bench' || :n, 'job_' || :a || '_' || :b, 10000) AS hold \gset
SELECT close_hold(:hold, 10000);
