-- Events that were moved out of `event` into files. Their rollups, keys and series stay where they are.

-- The files, in the order of their events.
CREATE TABLE archive (
    id INTEGER PRIMARY KEY,
    -- The whole path.
    file TEXT NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    -- When the file was begun.
    made_at INTEGER NOT NULL,
    -- NULL while the file is being written: its events are still in `event`, and the file is no archive yet.
    events INTEGER,
    bytes INTEGER,
    -- BLAKE3 of the file's bytes.
    hash BLOB
) STRICT;

-- What is still needed of each event: its fingerprint, by which a duplicate is told from a conflict.
CREATE TABLE archived_event (
    n INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    -- Its id, if an event that was not moved out replaces it.
    id ANY
) STRICT;

-- The part of `rollup` that moved events make up, so that the rest can still be computed from `event`.
CREATE TABLE archived_sum (
    session INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,
    -- The rate period when the events were moved; a session that is sorted anew goes by the times below.
    period INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    marks INTEGER NOT NULL,
    scene INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    events INTEGER NOT NULL,
    quantities TEXT NOT NULL,
    billed TEXT,
    -- The first and last time that the events are rated by, and the last that they name themselves.
    first_rated_at INTEGER NOT NULL,
    last_rated_at INTEGER NOT NULL,
    last_event_at INTEGER NOT NULL,
    PRIMARY KEY (session, generation, series, day, period, tier, marks, scene, attempt)
) STRICT, WITHOUT ROWID;

-- How many events of each session were moved, whether they count or not.
CREATE TABLE archived_session (
    session INTEGER PRIMARY KEY,
    events INTEGER NOT NULL,
    last_recorded_at INTEGER NOT NULL
) STRICT;
