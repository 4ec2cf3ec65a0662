-- How the request came about, as JSON: the words as typed, the preset and its template as they were, the LoRAs.
ALTER TABLE jobs ADD COLUMN recipe TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(recipe));
-- When the author or a moderator took the card off Discord with its Delete button.
ALTER TABLE jobs ADD COLUMN removed_at INTEGER;
-- For the commands in a message's menu: which job's card it is.
CREATE INDEX jobs_by_message ON jobs (message_id) WHERE message_id IS NOT NULL;

ALTER TABLE guild_settings ADD COLUMN images_per_job INTEGER NOT NULL DEFAULT 4 CHECK (images_per_job BETWEEN 1 AND 10);
ALTER TABLE guild_settings ADD COLUMN recipe_in_files INTEGER NOT NULL DEFAULT 1 CHECK (recipe_in_files IN (0, 1));
ALTER TABLE guild_settings ADD COLUMN spoilers INTEGER NOT NULL DEFAULT 0 CHECK (spoilers IN (0, 1));

CREATE TABLE members (
    user_id      INTEGER PRIMARY KEY,
    notify       TEXT    NOT NULL DEFAULT 'auto' CHECK (notify IN ('auto', 'always', 'never'))
) STRICT;

CREATE TABLE suspensions (
    guild_id     INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,
    -- NULL: until a moderator lifts it.
    until        INTEGER,
    reason       TEXT    NOT NULL DEFAULT '',
    by_id        INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;

-- A guild's presets have no owner (0); a member's have no guild (0) and go along to every guild.
CREATE TABLE presets (
    preset_id    INTEGER PRIMARY KEY,
    guild_id     INTEGER NOT NULL,
    owner_id     INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    folded       TEXT    NOT NULL,
    content      TEXT    NOT NULL CHECK (json_valid(content)),
    changed_by   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    CHECK ((guild_id = 0) <> (owner_id = 0)),
    UNIQUE (guild_id, owner_id, folded)
) STRICT;

CREATE TABLE loras (
    guild_id      INTEGER NOT NULL,
    folded        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    path          TEXT    NOT NULL,
    trigger_words TEXT    NOT NULL,
    default_scale REAL    NOT NULL,
    max_scale     REAL    NOT NULL,
    added_by      INTEGER NOT NULL,
    added_at      INTEGER NOT NULL,
    CHECK (0 <= default_scale AND default_scale <= max_scale AND max_scale <= 4),
    PRIMARY KEY (guild_id, folded)
) STRICT, WITHOUT ROWID;

CREATE TABLE favourites (
    user_id      INTEGER NOT NULL,
    guild_id     INTEGER NOT NULL,
    job_no       INTEGER NOT NULL REFERENCES jobs,
    at           INTEGER NOT NULL,
    PRIMARY KEY (user_id, guild_id, job_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX favourites_of_job ON favourites (job_no);

CREATE TABLE reports (
    report_id    INTEGER PRIMARY KEY,
    job_no       INTEGER NOT NULL REFERENCES jobs,
    reporter_id  INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    UNIQUE (job_no, reporter_id)
) STRICT;

-- What a member is still putting together in a private panel; its pictures lie in a folder of the same name.
CREATE TABLE drafts (
    draft_id     TEXT    PRIMARY KEY,
    guild_id     INTEGER NOT NULL,
    user_id      INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    content      TEXT    NOT NULL CHECK (json_valid(content)),
    changed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_age ON drafts (changed_at);
CREATE INDEX drafts_of_member ON drafts (user_id, changed_at);

-- Members' histories: the jobs that ended otherwise than by being cancelled, and were not removed. `preset` is its name
-- at that time. A table of their own, since a page and its total are then read without the rows of all those jobs.
CREATE TABLE history (
    user_id      INTEGER NOT NULL,
    guild_id     INTEGER NOT NULL,
    job_no       INTEGER NOT NULL REFERENCES jobs,
    preset       TEXT,
    PRIMARY KEY (user_id, guild_id, job_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_preset ON history (user_id, guild_id, preset, job_no) WHERE preset IS NOT NULL;

-- The prompts of the jobs in a history, as typed, until they are forgotten. `owner` holds two words, the guild's and
-- the member's in that guild, so that a search costs nothing for what others wrote.
CREATE VIRTUAL TABLE job_texts USING fts5 (
    owner, prompt, tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3', columnsize = 0
);
-- Merging less often than by default makes the writer's longest pause shorter.
INSERT INTO job_texts (job_texts, rank) VALUES ('automerge', 8);

INSERT INTO history (user_id, guild_id, job_no)
    SELECT user_id, guild_id, job_no FROM jobs WHERE finished_at IS NOT NULL AND status <> 'cancelled';
INSERT INTO job_texts (rowid, owner, prompt)
    SELECT job_no, 'g' || guild_id || ' m' || guild_id || 'x' || user_id, prompt FROM jobs
     WHERE finished_at IS NOT NULL AND status <> 'cancelled' AND prompt <> '(forgotten)';

-- At the end of a job, not at its acceptance: for that somebody waits.
CREATE TRIGGER jobs_enter_history AFTER UPDATE OF finished_at ON jobs
    WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND NEW.status <> 'cancelled'
         AND NEW.removed_at IS NULL
BEGIN
    INSERT INTO history (user_id, guild_id, job_no, preset)
        VALUES (NEW.user_id, NEW.guild_id, NEW.job_no, NEW.recipe ->> '$.preset');
    INSERT INTO job_texts (rowid, owner, prompt) VALUES (
        NEW.job_no,
        'g' || NEW.guild_id || ' m' || NEW.guild_id || 'x' || NEW.user_id,
        coalesce(NEW.recipe ->> '$.prompt', NEW.prompt)
    );
END;

CREATE TRIGGER jobs_leave_history AFTER UPDATE OF removed_at ON jobs
    WHEN OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL
BEGIN
    DELETE FROM history WHERE user_id = NEW.user_id AND guild_id = NEW.guild_id AND job_no = NEW.job_no;
    DELETE FROM job_texts WHERE rowid = NEW.job_no;
    DELETE FROM favourites WHERE job_no = NEW.job_no;
END;

CREATE TRIGGER jobs_forget_texts AFTER UPDATE OF prompt ON jobs WHEN NEW.prompt = '(forgotten)' BEGIN
    DELETE FROM job_texts WHERE rowid = NEW.job_no;
    UPDATE history SET preset = NULL
     WHERE user_id = NEW.user_id AND guild_id = NEW.guild_id AND job_no = NEW.job_no AND preset IS NOT NULL;
END;

CREATE TRIGGER jobs_forget_everything BEFORE DELETE ON jobs BEGIN
    DELETE FROM history WHERE user_id = OLD.user_id AND guild_id = OLD.guild_id AND job_no = OLD.job_no;
    DELETE FROM job_texts WHERE rowid = OLD.job_no;
    DELETE FROM favourites WHERE job_no = OLD.job_no;
    DELETE FROM reports WHERE job_no = OLD.job_no;
END;
