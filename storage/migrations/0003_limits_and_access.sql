-- What a guild's admins set up. Channels and times may be unset; `language` is 'auto' (each card speaks its author's).
ALTER TABLE guild_settings ADD COLUMN moderators_channel_id INTEGER;
ALTER TABLE guild_settings ADD COLUMN review TEXT NOT NULL DEFAULT 'never' CHECK (review IN ('never', 'new', 'always'));
ALTER TABLE guild_settings ADD COLUMN language TEXT NOT NULL DEFAULT 'auto' CHECK (language IN ('auto', 'en', 'de'));
-- A confirming press is asked for from so many images on, or from such a share (percent) of what the member has left.
ALTER TABLE guild_settings ADD COLUMN confirm_images INTEGER CHECK (confirm_images BETWEEN 1 AND 10);
ALTER TABLE guild_settings ADD COLUMN confirm_percent INTEGER CHECK (confirm_percent BETWEEN 1 AND 100);
-- A changed time zone counts from the end of the day that it was changed on.
ALTER TABLE guild_settings ADD COLUMN next_time_zone TEXT;
ALTER TABLE guild_settings ADD COLUMN next_time_zone_from INTEGER;
ALTER TABLE guild_settings ADD COLUMN greeted_at INTEGER;

-- Caps as people have set them; where there is no row, the next one in line holds (member, roles, guild, operator).
-- The operator's rows have guild 0, or the guild whose ceiling they are. `subject_id` is a role, member or channel.
CREATE TABLE limits (
    guild_id     INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('operator', 'ceiling', 'guild', 'role', 'member', 'channel')),
    subject_id   INTEGER NOT NULL DEFAULT 0,
    name         TEXT    NOT NULL CHECK (name IN (
        'member_daily_images', 'member_monthly_micros', 'guild_daily_micros', 'guild_monthly_micros',
        'global_monthly_micros')),
    value        INTEGER NOT NULL CHECK (value BETWEEN 0 AND 1000000000000000),
    PRIMARY KEY (guild_id, kind, subject_id, name),
    CHECK ((subject_id <> 0) = (kind IN ('role', 'member', 'channel'))),
    CHECK ((guild_id = 0) = (kind = 'operator')),
    CHECK (kind <> 'operator' OR name = 'global_monthly_micros'),
    CHECK (kind <> 'ceiling' OR name IN ('guild_daily_micros', 'guild_monthly_micros')),
    CHECK (kind NOT IN ('role', 'member', 'channel') OR name IN ('member_daily_images', 'member_monthly_micros')),
    CHECK (kind <> 'guild' OR name <> 'global_monthly_micros')
) STRICT, WITHOUT ROWID;

-- Where and by whom the bot may be used in a guild; a kind without a row is not limited.
CREATE TABLE allowed (
    guild_id     INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('channel', 'role')),
    subject_id   INTEGER NOT NULL,
    PRIMARY KEY (guild_id, kind, subject_id)
) STRICT, WITHOUT ROWID;

-- Who changed what, when and why. Append-only; guild 0 is the operator's.
CREATE TABLE changes (
    change_id    INTEGER PRIMARY KEY,
    guild_id     INTEGER NOT NULL,
    by_id        INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    what         TEXT    NOT NULL,
    subject_id   INTEGER NOT NULL DEFAULT 0,
    before       TEXT,
    after        TEXT,
    reason       TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX changes_of_guild ON changes (guild_id, change_id);
CREATE INDEX changes_of_each ON changes (guild_id, what, subject_id, change_id);
CREATE TRIGGER changes_are_append_only_update BEFORE UPDATE ON changes BEGIN
    SELECT RAISE(ABORT, 'changes are append-only');
END;
CREATE TRIGGER changes_are_append_only_delete BEFORE DELETE ON changes BEGIN
    SELECT RAISE(ABORT, 'changes are append-only');
END;

-- What is to be told of a budget: made with the entry that reached the mark, so no crash can lose or repeat it.
CREATE TABLE alerts (
    alert_id     INTEGER PRIMARY KEY,
    account_id   INTEGER NOT NULL REFERENCES accounts,
    percent      INTEGER NOT NULL CHECK (percent IN (50, 80, 100)),
    -- The account as it stood then, and when its period ends: afterwards nobody needs to be told any more.
    pending      INTEGER NOT NULL,
    posted       INTEGER NOT NULL,
    cap          INTEGER NOT NULL,
    made_at      INTEGER NOT NULL,
    renews_at    INTEGER NOT NULL,
    -- Set before it is sent, with the guild's channel, so that whoever finds it set and not told looks there first.
    sending_at   INTEGER,
    channel_id   INTEGER,
    -- Where it ended: it was told, or its period was over before it could be.
    told_at      INTEGER,
    lapsed_at    INTEGER,
    UNIQUE (account_id, percent),
    CHECK (channel_id IS NULL OR sending_at IS NOT NULL),
    CHECK (told_at IS NULL OR (sending_at IS NOT NULL AND lapsed_at IS NULL))
) STRICT;
-- What is still to be told: it does not grow with the history.
CREATE INDEX alerts_open ON alerts (renews_at) WHERE told_at IS NULL AND lapsed_at IS NULL;

-- What spending is counted from, by guild and time.
CREATE INDEX jobs_of_guild ON jobs (guild_id, created_at);
CREATE INDEX jobs_in_doubt ON jobs (guild_id, job_no) WHERE status = 'in_doubt';
