-- How long submissions take, learnt from polls: for each kind of job the weights of a histogram, as JSON.
CREATE TABLE latencies (
    kind         TEXT    NOT NULL PRIMARY KEY,
    jobs         INTEGER NOT NULL CHECK (jobs >= 0),
    weights      TEXT    NOT NULL,
    changed_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
