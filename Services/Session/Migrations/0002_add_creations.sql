-- Everything that was made and paid for, in one list: pictures and clips of sessions, generations.
CREATE TABLE creations(
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL,
    session_id    TEXT NOT NULL,
    operation_id  TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK(kind IN ('picture', 'clip', 'storyboard', 'video')),
    step          TEXT NOT NULL,
    model         TEXT NOT NULL,
    provider      TEXT NOT NULL,
    aspect_ratio  TEXT NOT NULL,
    -- With commas between.
    asset_ids     TEXT NOT NULL,
    content_type  TEXT NOT NULL,
    width         INTEGER NOT NULL CHECK(width >= 0),
    height        INTEGER NOT NULL CHECK(height >= 0),
    charged_u4    INTEGER NOT NULL CHECK(charged_u4 >= 0),
    -- What is searched: intent, prompt and choices in lower case.
    words         TEXT NOT NULL,
    recipe        BLOB NOT NULL,
    is_starred    INTEGER NOT NULL CHECK(is_starred IN (0, 1)),
    is_generation INTEGER NOT NULL CHECK(is_generation IN (0, 1)),
    created_at_us INTEGER NOT NULL,
    -- 0 = not deleted.
    deleted_at_us INTEGER NOT NULL,
    -- Its assets are not kept any more; the row says so to the session that has them.
    is_collected  INTEGER NOT NULL CHECK(is_collected IN (0, 1)),
    CHECK(is_collected = 0 OR deleted_at_us > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX creations_by_user ON creations(user_id, created_at_us, id) WHERE deleted_at_us = 0;
CREATE INDEX creations_deleted ON creations(deleted_at_us) WHERE deleted_at_us > 0 AND is_collected = 0;
CREATE INDEX creations_collected ON creations(session_id) WHERE is_collected = 1;

-- Every picture of a storyboard, with commas between; else the one asset.
ALTER TABLE generations ADD COLUMN asset_ids TEXT NOT NULL DEFAULT '';
UPDATE generations SET asset_ids = asset_id;

-- What was generated before there was this list. (An empty recipe: the prompt is the generation's.)
INSERT INTO creations
SELECT id, user_id, session_id, operation_id,
    CASE kind WHEN 'image' THEN 'picture' WHEN 'storyboard' THEN 'storyboard' ELSE 'video' END,
    kind, model, provider, aspect_ratio, asset_id, content_type, 0, 0, charged_u4, lower(prompt),
    x'', 0, 1, created_at_us, 0, 0
FROM generations;
