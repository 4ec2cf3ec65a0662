-- Times are milliseconds since 1970 UTC, money is millionths of a US dollar, ids are Discord's snowflakes.

CREATE TABLE jobs (
    job_no              INTEGER PRIMARY KEY,
    job_id              TEXT    NOT NULL UNIQUE,
    -- Discord may deliver an interaction again after a resumed connection: one interaction, one job.
    interaction_id      INTEGER NOT NULL UNIQUE,
    interaction_token   TEXT,
    application_id      INTEGER NOT NULL,
    guild_id            INTEGER NOT NULL,
    channel_id          INTEGER NOT NULL,
    user_id             INTEGER NOT NULL,
    locale              TEXT    NOT NULL,
    prompt              TEXT    NOT NULL,
    negative_prompt     TEXT    NOT NULL,
    parameters          TEXT    NOT NULL CHECK (json_valid(parameters)),
    status              TEXT    NOT NULL CHECK (status IN (
        'queued', 'submitting', 'submitted', 'generated', 'in_review', 'in_doubt', 'delivered', 'withheld',
        'undeliverable', 'rejected', 'expired', 'failed', 'cancelled', 'written_off')),
    reason              TEXT,
    message_id          INTEGER,
    request_id          TEXT,
    price_micros        INTEGER NOT NULL CHECK (price_micros >= 0),
    images_requested    INTEGER NOT NULL CHECK (images_requested BETWEEN 1 AND 10),
    images_produced     INTEGER NOT NULL DEFAULT 0,
    images_released     INTEGER NOT NULL DEFAULT 0,
    settled_micros      INTEGER NOT NULL DEFAULT 0,
    result_seed         INTEGER,
    submit_attempts     INTEGER NOT NULL DEFAULT 0,
    created_at          INTEGER NOT NULL,
    changed_at          INTEGER NOT NULL,
    not_before          INTEGER,
    submitted_at        INTEGER,
    generated_at        INTEGER,
    finished_at         INTEGER,
    -- The status that the card shows for certain; recovery mends a card that is behind.
    card_status         TEXT,
    notified_at         INTEGER,
    CHECK (images_produced BETWEEN 0 AND images_requested),
    CHECK (images_released BETWEEN 0 AND images_produced),
    CHECK (settled_micros BETWEEN 0 AND price_micros * images_requested),
    CHECK (status NOT IN ('submitted', 'generated') OR request_id IS NOT NULL),
    CHECK (status NOT IN ('queued', 'cancelled') OR request_id IS NULL),
    CHECK (status NOT IN ('submitting', 'submitted') OR message_id IS NOT NULL),
    CHECK ((finished_at IS NOT NULL) = (status IN (
        'delivered', 'withheld', 'undeliverable', 'rejected', 'expired', 'failed', 'cancelled', 'written_off')))
) STRICT;

-- A member's jobs under way are counted at every acceptance; the index holds only those.
CREATE INDEX jobs_under_way ON jobs (guild_id, user_id)
    WHERE status IN ('queued', 'submitting', 'submitted', 'generated');

-- What recovery has to look at, however long the history is.
CREATE INDEX jobs_unfinished ON jobs (job_no) WHERE finished_at IS NULL OR card_status IS NOT status;

-- What housekeeping still has to forget: neither index grows with the history.
CREATE INDEX jobs_with_texts ON jobs (finished_at)
    WHERE finished_at IS NOT NULL AND (prompt <> '(forgotten)' OR negative_prompt <> '');
CREATE INDEX jobs_with_tokens ON jobs (created_at) WHERE interaction_token IS NOT NULL;

CREATE TABLE images (
    job_no       INTEGER NOT NULL REFERENCES jobs,
    position     INTEGER NOT NULL CHECK (position >= 0),
    reason       TEXT    NOT NULL,
    raw_flag     TEXT,
    sha256       TEXT,
    size_bytes   INTEGER,
    width_px     INTEGER,
    height_px    INTEGER,
    media_type   TEXT,
    judged_at    INTEGER NOT NULL,
    PRIMARY KEY (job_no, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    account_id   INTEGER PRIMARY KEY,
    scope        TEXT    NOT NULL CHECK (scope IN ('member', 'guild', 'global')),
    guild_id     INTEGER NOT NULL CHECK ((guild_id = 0) = (scope = 'global')),
    user_id      INTEGER NOT NULL CHECK ((user_id <> 0) = (scope = 'member')),
    unit         TEXT    NOT NULL CHECK (unit IN ('image', 'micros')),
    period       TEXT    NOT NULL,
    -- The cap at the latest reservation, grants included.
    cap          INTEGER NOT NULL CHECK (cap >= 0),
    granted      INTEGER NOT NULL DEFAULT 0,
    pending      INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
    posted       INTEGER NOT NULL DEFAULT 0 CHECK (posted >= 0),
    UNIQUE (scope, guild_id, user_id, unit, period),
    CHECK (pending + posted <= cap)
) STRICT;

CREATE TABLE entries (
    entry_id     INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL REFERENCES accounts,
    job_no       INTEGER REFERENCES jobs,
    kind         TEXT    NOT NULL CHECK (kind IN ('reserve', 'settle', 'release', 'grant', 'adjust', 'carry')),
    pending      INTEGER NOT NULL,
    posted       INTEGER NOT NULL,
    granted      INTEGER NOT NULL DEFAULT 0,
    cap          INTEGER,
    at           INTEGER NOT NULL,
    CHECK (kind <> 'reserve' OR (pending > 0 AND posted = 0 AND cap IS NOT NULL AND job_no IS NOT NULL)),
    CHECK (kind <> 'settle'  OR (pending < 0 AND posted BETWEEN 0 AND -pending AND job_no IS NOT NULL)),
    CHECK (kind <> 'release' OR (pending < 0 AND posted = 0 AND job_no IS NOT NULL))
) STRICT;

-- A job reserves once on an account, and that reservation is resolved at most once.
CREATE UNIQUE INDEX entries_once ON entries
    (job_no, account_id, (CASE WHEN kind = 'reserve' THEN 0 WHEN kind IN ('settle', 'release') THEN 1 END))
    WHERE job_no IS NOT NULL;

-- Balances move only by way of an entry, so they can't drift from the sums.
CREATE TRIGGER entries_move_balances AFTER INSERT ON entries BEGIN
    UPDATE accounts
       SET pending = pending + NEW.pending,
           posted  = posted + NEW.posted,
           granted = granted + NEW.granted,
           cap     = coalesce(NEW.cap, cap)
     WHERE account_id = NEW.account_id;
END;

CREATE TRIGGER entries_are_append_only_update BEFORE UPDATE ON entries BEGIN
    SELECT RAISE(ABORT, 'ledger entries are append-only');
END;

CREATE TRIGGER entries_are_append_only_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'ledger entries are append-only');
END;

CREATE TABLE guild_settings (
    guild_id     INTEGER PRIMARY KEY,
    time_zone    TEXT    NOT NULL DEFAULT 'UTC',
    paused       INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1))
) STRICT;

CREATE TABLE meta (
    key          TEXT PRIMARY KEY,
    value        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
