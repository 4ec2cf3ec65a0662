-- Why a picture may have to be looked at before it goes up: by a member new to the guild, or a prompt marked for it.
ALTER TABLE jobs ADD COLUMN review_mark TEXT CHECK (review_mark IN ('new_member', 'prompt'));
-- Since when enough members have reported the picture that it is not shown until a moderator has looked.
ALTER TABLE jobs ADD COLUMN hidden_at INTEGER;

ALTER TABLE guild_settings ADD COLUMN new_member_days INTEGER NOT NULL DEFAULT 7 CHECK (new_member_days BETWEEN 1 AND 90);
-- An unanswered review expires; the spool keeps the pictures for longer than that.
ALTER TABLE guild_settings ADD COLUMN review_hours INTEGER NOT NULL DEFAULT 72 CHECK (review_hours BETWEEN 1 AND 144);
ALTER TABLE guild_settings ADD COLUMN reports_to_hide INTEGER NOT NULL DEFAULT 3 CHECK (reports_to_hide BETWEEN 1 AND 50);
ALTER TABLE guild_settings ADD COLUMN strikes INTEGER NOT NULL DEFAULT 1 CHECK (strikes IN (0, 1));
ALTER TABLE guild_settings ADD COLUMN strike_flagged INTEGER NOT NULL DEFAULT 0 CHECK (strike_flagged IN (0, 1));
ALTER TABLE guild_settings ADD COLUMN strike_days INTEGER NOT NULL DEFAULT 30 CHECK (strike_days BETWEEN 1 AND 365);
-- What follows the first strike, the second …: seconds of suspension, 0 a warning, -1 until moderators decide.
ALTER TABLE guild_settings ADD COLUMN ladder TEXT NOT NULL DEFAULT '0,3600,86400,604800,-1';
ALTER TABLE guild_settings ADD COLUMN appeals_per_day INTEGER NOT NULL DEFAULT 3 CHECK (appeals_per_day BETWEEN 0 AND 20);
-- Goes up with every change of the guild's filter, so that nobody is judged by an older one.
ALTER TABLE guild_settings ADD COLUMN filter_version INTEGER NOT NULL DEFAULT 0;

-- What prompts are refused or marked for. The operator's list has guild 0 and lies beneath every guild's.
CREATE TABLE filter_terms (
    guild_id     INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('block', 'allow', 'pattern')),
    folded       TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    action       TEXT    NOT NULL CHECK (action IN ('block', 'review')),
    added_by     INTEGER NOT NULL,
    added_at     INTEGER NOT NULL,
    PRIMARY KEY (guild_id, kind, folded)
) STRICT, WITHOUT ROWID;

-- One for each request that was refused for its prompt or whose picture was flagged. What it weighs was decided then:
-- 0 where the guild gives none, 2 for an obvious evasion. The prompt stays for an appeal, until it is forgotten.
CREATE TABLE strikes (
    strike_id      INTEGER PRIMARY KEY,
    guild_id       INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    interaction_id INTEGER NOT NULL UNIQUE,
    job_no         INTEGER REFERENCES jobs,
    at             INTEGER NOT NULL,
    cause          TEXT    NOT NULL CHECK (cause IN ('blocked_prompt', 'flagged_image')),
    weight         INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 2),
    category       TEXT,
    term           TEXT,
    reading        TEXT,
    prompt         TEXT,
    lifted_at      INTEGER,
    lifted_by      INTEGER,
    -- A moderator has ended the suspension that it led to: it still counts, and suspends nobody any more.
    excused        INTEGER NOT NULL DEFAULT 0 CHECK (excused IN (0, 1)),
    CHECK (lifted_by IS NULL OR lifted_at IS NOT NULL)
) STRICT;
CREATE INDEX strikes_of_member ON strikes (guild_id, user_id, at);
CREATE INDEX strikes_with_prompts ON strikes (at) WHERE prompt IS NOT NULL;
CREATE INDEX strikes_of_job ON strikes (job_no) WHERE job_no IS NOT NULL;

-- Two of a member at most: what strikes have led to, and what a moderator decided. The longer one holds.
CREATE TABLE suspensions_by_cause (
    guild_id     INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,
    cause        TEXT    NOT NULL CHECK (cause IN ('moderator', 'strikes')),
    -- NULL: until a moderator lifts it.
    until        INTEGER,
    reason       TEXT    NOT NULL DEFAULT '',
    by_id        INTEGER,
    at           INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id, cause)
) STRICT, WITHOUT ROWID;
INSERT INTO suspensions_by_cause (guild_id, user_id, cause, until, reason, by_id, at)
    SELECT guild_id, user_id, 'moderator', until, reason, by_id, at FROM suspensions;
DROP TABLE suspensions;
ALTER TABLE suspensions_by_cause RENAME TO suspensions;

-- What moderators have to decide, each with a card in their channel. `revision` goes up with everything that the card
-- shows; `card_revision` is what it shows for certain. Set before it is sent: `sending_at`, with the channel. A card
-- that was found deleted (`gone_at`) gets no successor. `expires_at` is when an unanswered review runs out.
CREATE TABLE cases (
    case_id        INTEGER PRIMARY KEY,
    guild_id       INTEGER NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('review', 'report', 'appeal', 'strikes')),
    user_id        INTEGER NOT NULL,
    job_no         INTEGER REFERENCES jobs,
    strike_id      INTEGER REFERENCES strikes,
    words          TEXT    NOT NULL DEFAULT '',
    opened_at      INTEGER NOT NULL,
    expires_at     INTEGER,
    revision       INTEGER NOT NULL DEFAULT 1,
    card_revision  INTEGER NOT NULL DEFAULT 0,
    sending_at     INTEGER,
    channel_id     INTEGER,
    message_id     INTEGER,
    gone_at        INTEGER,
    outcome        TEXT,
    decided_by     INTEGER,
    decided_at     INTEGER,
    CHECK ((outcome IS NULL) = (decided_at IS NULL)),
    CHECK ((kind IN ('review', 'report')) = (job_no IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX cases_once ON cases (job_no, kind) WHERE outcome IS NULL AND job_no IS NOT NULL;
CREATE INDEX cases_to_show ON cases (guild_id, case_id) WHERE card_revision < revision AND gone_at IS NULL;
CREATE INDEX cases_open ON cases (guild_id, case_id) WHERE outcome IS NULL;
CREATE INDEX cases_of_job ON cases (job_no) WHERE job_no IS NOT NULL;
CREATE INDEX cases_of_member ON cases (guild_id, user_id, kind, opened_at);
CREATE INDEX cases_of_strike ON cases (strike_id) WHERE strike_id IS NOT NULL;

-- A report belongs to the case that it is looked at in: after that one is decided, reports count anew.
ALTER TABLE reports ADD COLUMN case_id INTEGER REFERENCES cases;
CREATE INDEX reports_of_case ON reports (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX reports_of_member ON reports (reporter_id, at);
-- What must not be swept away: pictures that may be shown again.
CREATE INDEX jobs_hidden ON jobs (job_no) WHERE hidden_at IS NOT NULL;

-- Who did what, when and why. Each line's digest covers the one before it. Ids and words are covered by salted marks
-- only, so that dropping a salt forgets them and leaves the chain whole. Guild 0 is the operator's.
CREATE TABLE audit (
    seq          INTEGER PRIMARY KEY,
    guild_id     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    what         TEXT    NOT NULL,
    job_id       TEXT,
    -- NULL once erased.
    by_id        INTEGER,
    subject_id   INTEGER,
    before       TEXT,
    after        TEXT,
    reason       TEXT,
    salt         BLOB,
    by_mark      BLOB,
    subject_mark BLOB,
    words_mark   BLOB,
    digest       BLOB,
    -- The name's first word, which the log is asked for by.
    kind         TEXT    NOT NULL GENERATED ALWAYS AS (substr(what, 1, instr(what || '.', '.') - 1)) VIRTUAL
) STRICT;
CREATE INDEX audit_of_guild ON audit (guild_id, seq);
CREATE INDEX audit_of_each ON audit (guild_id, what, subject_id, seq);
CREATE INDEX audit_of_kind ON audit (guild_id, kind, seq);
-- A person's lines, for the log and for forgetting them.
CREATE INDEX audit_by ON audit (by_id, guild_id, kind, seq);
CREATE INDEX audit_about ON audit (subject_id, guild_id, kind, seq);
CREATE INDEX audit_since ON audit (at, seq);

-- One salt a person. Without it, no mark can be tied to an id.
CREATE TABLE audit_salts (
    user_id      INTEGER PRIMARY KEY,
    salt         BLOB    NOT NULL
) STRICT;

-- Where the chain begins to be looked at: the digest of the line `seq`, which itself may be gone by now.
CREATE TABLE audit_checkpoints (
    seq          INTEGER PRIMARY KEY,
    digest       BLOB    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

-- The lines of before were not chained: the chain begins after them.
INSERT INTO audit (seq, guild_id, at, what, by_id, subject_id, before, after, reason)
    SELECT change_id, guild_id, at, what, by_id, subject_id, before, after, reason FROM changes ORDER BY change_id;
INSERT INTO audit_checkpoints (seq, digest, at)
    SELECT coalesce(max(change_id), 0), x'', coalesce(max(at), 0) FROM changes;
INSERT INTO meta (key, value) SELECT 'audit_head', seq || ':' FROM audit_checkpoints;
DROP TABLE changes;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
    WHEN NEW.seq IS NOT OLD.seq OR NEW.guild_id IS NOT OLD.guild_id OR NEW.at IS NOT OLD.at
      OR NEW.what IS NOT OLD.what OR NEW.job_id IS NOT OLD.job_id OR NEW.digest IS NOT OLD.digest
      OR NEW.by_mark IS NOT OLD.by_mark OR NEW.subject_mark IS NOT OLD.subject_mark
      OR NEW.words_mark IS NOT OLD.words_mark
      OR (NEW.by_id IS NOT NULL AND NEW.by_id IS NOT OLD.by_id)
      OR (NEW.subject_id IS NOT NULL AND NEW.subject_id IS NOT OLD.subject_id)
      OR (NEW.before IS NOT NULL AND NEW.before IS NOT OLD.before)
      OR (NEW.after IS NOT NULL AND NEW.after IS NOT OLD.after)
      OR (NEW.reason IS NOT NULL AND NEW.reason IS NOT OLD.reason)
      OR (NEW.salt IS NOT NULL AND NEW.salt IS NOT OLD.salt)
BEGIN
    SELECT RAISE(ABORT, 'audit lines are append-only');
END;
-- Only what lies at or before a checkpoint may go, which is what retention cuts.
CREATE TRIGGER audit_is_cut_at_checkpoints BEFORE DELETE ON audit
    WHEN OLD.seq > (SELECT max(seq) FROM audit_checkpoints)
BEGIN
    SELECT RAISE(ABORT, 'audit lines are append-only');
END;

-- Members who have asked for their data to be deleted, while something still has to keep their id.
CREATE TABLE erasures (
    user_id      INTEGER PRIMARY KEY,
    pseudonym    INTEGER NOT NULL UNIQUE CHECK (pseudonym < 0),
    asked_at     INTEGER NOT NULL
) STRICT;

-- Guilds that the bot has left, and since when.
CREATE TABLE departures (
    guild_id     INTEGER PRIMARY KEY,
    left_at      INTEGER NOT NULL
) STRICT;
