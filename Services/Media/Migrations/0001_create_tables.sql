-- Assets: what is known of the bytes in the blob folder. Several rows may share one digest; the file
-- goes with its last row.
CREATE TABLE assets(
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK(length(digest) = 32),
    content_type TEXT NOT NULL CHECK(content_type <> ''),
    bytes INTEGER NOT NULL CHECK(bytes > 0),
    width INTEGER NOT NULL CHECK(width >= 0),
    height INTEGER NOT NULL CHECK(height >= 0),
    duration_us INTEGER NOT NULL CHECK(duration_us >= 0),
    user_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    -- A picture, its companions and everything made from it are kept and collected together; the
    -- group bears the id of the picture.
    group_id TEXT NOT NULL REFERENCES assets(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    depth_asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    mask_asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    clean_asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    -- Shares and grain in millionths.
    letterbox_ppm INTEGER NOT NULL DEFAULT 0,
    border_ppm INTEGER NOT NULL DEFAULT 0,
    border_rgb INTEGER NOT NULL DEFAULT 0,
    grain_ppm INTEGER NOT NULL DEFAULT 0,
    grain_seed INTEGER NOT NULL DEFAULT 0,
    -- What it was computed from, as a digest; a group has each only once.
    derivation BLOB CHECK(derivation IS NULL OR length(derivation) = 32),
    -- Of the picture of a group: whether its depth was ever handed out, and since when nobody has
    -- referred to any asset of the group.
    is_depth_delivered INTEGER NOT NULL DEFAULT 0 CHECK(is_depth_delivered IN (0, 1)),
    unreferenced_at_us INTEGER
) STRICT;
CREATE INDEX assets_digest ON assets(digest);
CREATE INDEX assets_group ON assets(group_id);
CREATE UNIQUE INDEX assets_derived ON assets(group_id, derivation) WHERE derivation IS NOT NULL;
CREATE INDEX assets_derivation ON assets(derivation) WHERE derivation IS NOT NULL;
CREATE INDEX assets_unreferenced ON assets(unreferenced_at_us) WHERE unreferenced_at_us IS NOT NULL;
CREATE INDEX assets_depth ON assets(depth_asset_id) WHERE depth_asset_id IS NOT NULL;
CREATE INDEX assets_mask ON assets(mask_asset_id) WHERE mask_asset_id IS NOT NULL;
CREATE INDEX assets_clean ON assets(clean_asset_id) WHERE clean_asset_id IS NOT NULL;

-- Which assets an owner outside this service refers to. The key refuses to remove such an asset.
CREATE TABLE asset_references(
    owner TEXT NOT NULL,
    asset_id TEXT NOT NULL REFERENCES assets(id) ON DELETE RESTRICT,
    PRIMARY KEY(owner, asset_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_references_asset ON asset_references(asset_id);

-- One row for each picture or video to make.
CREATE TABLE jobs(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    client_reference TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL CHECK(length(fingerprint) = 32),
    kind INTEGER NOT NULL CHECK(kind IN (1, 2)),
    user_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    recipe BLOB NOT NULL,
    -- The picture that a video is made from; kept as long as the job is not over.
    source_asset_id TEXT,
    phase TEXT NOT NULL CHECK(phase IN (
        'queued', 'leased', 'waiting', 'storing', 'done', 'failed', 'cancelled', 'dead')),
    created_at_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL,
    deadline_us INTEGER NOT NULL,
    lease_owner TEXT,
    lease_epoch INTEGER NOT NULL DEFAULT 0,
    lease_until_us INTEGER,
    claims INTEGER NOT NULL DEFAULT 0 CHECK(claims >= 0),
    failures INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,
    throttled_since_us INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK(cancel_requested IN (0, 1)),
    provider TEXT NOT NULL DEFAULT '',
    -- What the provider calls the work; saved before anybody waits for it.
    provider_ref TEXT,
    error_class TEXT,
    error_code TEXT,
    error_message TEXT,
    asset_id TEXT REFERENCES assets(id) ON DELETE SET NULL,
    started_at_us INTEGER,
    finished_at_us INTEGER,
    CHECK((phase IN ('leased', 'waiting', 'storing')) = (lease_until_us IS NOT NULL)),
    CHECK((phase IN ('done', 'failed', 'cancelled', 'dead')) = (finished_at_us IS NOT NULL)),
    CHECK(asset_id IS NULL OR phase = 'done')
) STRICT;
CREATE INDEX jobs_queued ON jobs(user_id, kind, due_us, seq) WHERE phase = 'queued';
CREATE INDEX jobs_due ON jobs(kind, due_us) WHERE phase = 'queued';
CREATE INDEX jobs_waiting ON jobs(kind, seq) WHERE phase = 'queued';
CREATE INDEX jobs_leases ON jobs(lease_until_us) WHERE lease_until_us IS NOT NULL;
CREATE INDEX jobs_deadlines ON jobs(deadline_us) WHERE finished_at_us IS NULL;
CREATE INDEX jobs_dead ON jobs(seq) WHERE phase = 'dead';
CREATE INDEX jobs_source ON jobs(source_asset_id)
    WHERE source_asset_id IS NOT NULL AND finished_at_us IS NULL;
CREATE INDEX jobs_asset ON jobs(asset_id) WHERE asset_id IS NOT NULL;

-- Whose turn it is: a lane for each user and kind, kept by the triggers below, so that a claim looks
-- at the users who wait and not at all their jobs.
CREATE TABLE lanes(
    user_id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    queued INTEGER NOT NULL CHECK(queued >= 0),
    running INTEGER NOT NULL CHECK(running >= 0),
    turn INTEGER NOT NULL,
    PRIMARY KEY(user_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX lanes_waiting ON lanes(kind, running, turn) WHERE queued > 0;

CREATE TABLE turns(one INTEGER PRIMARY KEY CHECK(one = 1), turn INTEGER NOT NULL) STRICT;
INSERT INTO turns(one, turn) VALUES(1, 0);

-- A lane that begins to wait goes to the end of the line.
CREATE TRIGGER jobs_arrive AFTER INSERT ON jobs WHEN NEW.phase = 'queued' BEGIN
    INSERT INTO lanes(user_id, kind, queued, running, turn)
    VALUES(NEW.user_id, NEW.kind, 1, 0, (SELECT turn FROM turns))
    ON CONFLICT(user_id, kind) DO UPDATE SET
        turn = CASE WHEN queued = 0 THEN max(turn, excluded.turn) ELSE turn END,
        queued = queued + 1;
END;

CREATE TRIGGER jobs_take_turn AFTER UPDATE OF phase ON jobs
WHEN OLD.phase = 'queued' AND NEW.phase = 'leased' BEGIN
    UPDATE turns SET turn = turn + 1;
    UPDATE lanes SET turn = (SELECT turn FROM turns)
    WHERE user_id = NEW.user_id AND kind = NEW.kind;
END;

CREATE TRIGGER jobs_move AFTER UPDATE OF phase ON jobs WHEN OLD.phase <> NEW.phase BEGIN
    UPDATE lanes SET
        queued = queued + (NEW.phase = 'queued') - (OLD.phase = 'queued'),
        running = running + (NEW.phase IN ('leased', 'waiting', 'storing'))
            - (OLD.phase IN ('leased', 'waiting', 'storing'))
    WHERE user_id = NEW.user_id AND kind = NEW.kind;
END;

CREATE TRIGGER jobs_end_once BEFORE UPDATE OF phase ON jobs
WHEN OLD.finished_at_us IS NOT NULL AND OLD.phase <> NEW.phase BEGIN
    SELECT RAISE(ABORT, 'a job ends once');
END;
