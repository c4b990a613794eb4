-- The outbox of one recorder: what it has to say to the meter, and what became of it.
-- Open it with any SQLite tool; times are milliseconds since 1970, UTC.

CREATE TABLE about (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- One row for each call to a provider (`event`) and for each word about a session (`start`, `end`, `quota`, `release`
-- of a reservation), in the
-- order in which they were said.
CREATE TABLE item (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id     TEXT    NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('event', 'start', 'end', 'quota', 'release')),
    -- intended: the provider may have been asked, nothing is known yet. used, unconfirmed, asked: on its way to the
    -- meter (an event with its quantities, one without, a word about the session). acknowledged: the meter has it.
    -- refused: the meter does not want it, `reason` says why.
    state          TEXT    NOT NULL
                   CHECK (state IN ('intended', 'used', 'unconfirmed', 'asked', 'acknowledged', 'refused')),
    -- Whether it is a call of which nobody knows what it used; stays set when the meter has it.
    doubtful       INTEGER NOT NULL DEFAULT 0,
    event_id       TEXT    UNIQUE,
    -- The message as it goes over the wire: UsageEvent, StartSessionRequest, EndSessionRequest, ReportQuotaRequest,
    -- ReleaseReservationRequest.
    payload        BLOB    NOT NULL,
    -- The reservation that the call is paid from, and the most that it was admitted for, in the reservation's unit.
    reservation_id TEXT,
    worst_case     TEXT,
    reason         TEXT,
    create_time    INTEGER NOT NULL,
    change_time    INTEGER NOT NULL
);

CREATE INDEX item_by_session ON item (session_id, number);
CREATE INDEX item_open ON item (session_id, number) WHERE state IN ('intended', 'used', 'unconfirmed', 'asked');
CREATE INDEX item_waiting ON item (number) WHERE state IN ('used', 'unconfirmed', 'asked');

-- How many items of a session are where. Kept by the triggers, so that it is never out of step.
CREATE TABLE tally (
    session_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    doubtful   INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (session_id, kind, state, doubtful)
) WITHOUT ROWID;

CREATE TRIGGER item_added AFTER INSERT ON item BEGIN
    INSERT INTO tally VALUES (new.session_id, new.kind, new.state, new.doubtful, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER item_moved AFTER UPDATE OF state, doubtful ON item BEGIN
    UPDATE tally SET count = count - 1
        WHERE session_id = old.session_id AND kind = old.kind AND state = old.state AND doubtful = old.doubtful;
    INSERT INTO tally VALUES (new.session_id, new.kind, new.state, new.doubtful, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
    UPDATE tally SET count = count - 1
        WHERE session_id = old.session_id AND kind = old.kind AND state = old.state AND doubtful = old.doubtful;
END;

-- What the recorder holds of a session's budget, as the meter gave it (ReserveBudgetResponse).
CREATE TABLE lease (
    reservation_id TEXT PRIMARY KEY,
    session_id     TEXT NOT NULL,
    payload        BLOB NOT NULL
) WITHOUT ROWID;
