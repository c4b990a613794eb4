-- The ledger. Times are microseconds since 1970-01-01T00:00:00Z. Read `usage` for what was used, as text.

-- The odd single values: `watermark` (events up to this number are in `event_key` and `rollup`), `price_revision`,
-- `overrides` (the rates set at run time, as a price file), `probe` (written to see whether the disk can be).
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO tenant (id, name) VALUES (0, '');

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL DEFAULT 0,
    session_id TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    -- A JSON object.
    labels TEXT NOT NULL DEFAULT '{}',
    simulated INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    -- NULL while it runs.
    ended_at INTEGER,
    -- The rates that it ended with.
    prices BLOB,
    price_revision INTEGER,
    -- As of the watermark; each transaction of events after it adds one.
    revision INTEGER NOT NULL,
    -- How often usage was counted from zero again; see `session_reset`.
    generation INTEGER NOT NULL DEFAULT 0,
    -- How many of the boundaries, in the order of their ids, its events are sorted by.
    boundaries INTEGER NOT NULL DEFAULT 0,
    -- A JSON object; NULL for none.
    budget TEXT,
    -- When anything of it was last changed.
    touched_at INTEGER NOT NULL,
    -- Its events as of the watermark: the first and last number, the newest time that counts, and the first and last
    -- time that an event was rated by.
    first_event INTEGER,
    last_event INTEGER,
    last_event_at INTEGER,
    first_rated_at INTEGER,
    last_rated_at INTEGER,
    UNIQUE (tenant, session_id)
) STRICT;
CREATE INDEX session_by_start ON session (tenant, started_at, id);
CREATE INDEX session_by_use ON session (tenant, last_rated_at);
CREATE INDEX session_active ON session (touched_at) WHERE ended_at IS NULL;

CREATE TABLE session_label (
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    session INTEGER NOT NULL,
    PRIMARY KEY (label, value, session)
) STRICT, WITHOUT ROWID;

-- Events up to this number, of that session, no longer count.
CREATE TABLE session_reset (
    session INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (session, generation)
) STRICT, WITHOUT ROWID;

-- What many events of a session share.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    service TEXT NOT NULL,
    model TEXT NOT NULL,
    -- NULL: the model itself.
    rate_model TEXT,
    model_display_name TEXT NOT NULL DEFAULT '',
    stage TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL,
    variant TEXT NOT NULL,
    reservation_id TEXT NOT NULL DEFAULT '',
    -- A JSON array of [metric, basis].
    metrics TEXT NOT NULL
) STRICT;
CREATE INDEX series_by_session ON series (session);

-- The newest display name of each model.
CREATE TABLE display_name (
    session INTEGER NOT NULL,
    service TEXT NOT NULL,
    model TEXT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (session, service, model)
) STRICT, WITHOUT ROWID;

-- Append-only.
CREATE TABLE event (
    n INTEGER PRIMARY KEY,
    -- A UUID as 16 bytes, any other id as text.
    id ANY NOT NULL,
    -- A fingerprint of the event as it was sent.
    hash INTEGER NOT NULL,
    series INTEGER NOT NULL,
    -- When the call ended, and how long after that it was recorded.
    at INTEGER NOT NULL,
    lag INTEGER NOT NULL,
    -- 1: the recorder's clock was ahead; 2: the first of its session in its transaction.
    flags INTEGER NOT NULL,
    scene INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    -- How much of the series' first four metrics.
    q1 INTEGER,
    q2 INTEGER,
    q3 INTEGER,
    q4 INTEGER,
    -- How much of the others, a JSON array.
    more TEXT,
    -- The number of the event that this one corrects.
    replaces INTEGER,
    -- A JSON object: `labels`, and `billed` as [position, value, unit, expected value or null].
    extra TEXT
) STRICT;
CREATE UNIQUE INDEX event_replaces ON event (replaces) WHERE replaces IS NOT NULL;

-- The events' ids up to the watermark, for ever. Those after it are in `event` alone.
CREATE TABLE event_key (
    tenant INTEGER NOT NULL,
    id ANY NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Sums up to the watermark, by everything that decides how a quantity is rated or where it is shown.
CREATE TABLE rollup (
    session INTEGER NOT NULL,
    -- How often the session had been reset.
    generation INTEGER NOT NULL,
    series INTEGER NOT NULL,
    -- Days since 1970-01-01, UTC, of the times that the events are rated by.
    day INTEGER NOT NULL,
    -- When the rate period began; the smallest integer for the first.
    period INTEGER NOT NULL,
    -- The context tier's threshold; 0 for none.
    tier INTEGER NOT NULL,
    -- 1: pictures recorded both as tokens and as images; 2: the recorder's clock was ahead.
    marks INTEGER NOT NULL,
    scene INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    events INTEGER NOT NULL,
    -- How much of each of the series' metrics, a JSON array.
    quantities TEXT NOT NULL,
    -- What providers billed, a JSON array; NULL for nothing.
    billed TEXT,
    PRIMARY KEY (session, generation, series, day, period, tier, marks, scene, attempt)
) STRICT, WITHOUT ROWID;

-- Every instant at which a rate ever started or ended, in the order in which the meter learnt of it.
CREATE TABLE boundary (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL UNIQUE
) STRICT;

-- The complete rates that sessions ended with, once each, by the hash of the text.
CREATE TABLE price_snapshot (
    hash BLOB NOT NULL PRIMARY KEY,
    rates TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recorder (
    session INTEGER NOT NULL,
    recorder_id TEXT NOT NULL,
    pending INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL,
    reported_at INTEGER NOT NULL,
    PRIMARY KEY (session, recorder_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE quota (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    service TEXT NOT NULL,
    metric TEXT NOT NULL,
    used INTEGER NOT NULL,
    "limit" INTEGER NOT NULL,
    renews_at INTEGER,
    observed_at INTEGER NOT NULL,
    first_used INTEGER NOT NULL,
    tier TEXT NOT NULL,
    UNIQUE (session, service, metric)
) STRICT;

CREATE TABLE reservation (
    session INTEGER NOT NULL,
    reservation_id TEXT NOT NULL,
    -- A JSON object, as `session.budget`.
    amount TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    released_at INTEGER,
    recorder_id TEXT NOT NULL,
    PRIMARY KEY (session, reservation_id)
) STRICT, WITHOUT ROWID;

-- One line a quantity, as text.
CREATE VIEW usage AS
SELECT
    event.n AS sequence_number,
    CASE typeof(event.id)
        WHEN 'blob' THEN lower(
            substr(hex(event.id), 1, 8) || '-' || substr(hex(event.id), 9, 4) || '-' || substr(hex(event.id), 13, 4)
            || '-' || substr(hex(event.id), 17, 4) || '-' || substr(hex(event.id), 21, 12))
        ELSE event.id
    END AS event_id,
    tenant.name AS tenant,
    session.session_id,
    series.service,
    series.model,
    coalesce(series.rate_model, series.model) AS rate_model,
    series.model_display_name,
    series.stage,
    event.scene,
    event.attempt,
    series.outcome,
    series.variant,
    metric.value ->> 0 AS metric,
    CASE metric.key
        WHEN 0 THEN event.q1
        WHEN 1 THEN event.q2
        WHEN 2 THEN event.q3
        WHEN 3 THEN event.q4
        ELSE event.more ->> (metric.key - 4)
    END AS quantity,
    metric.value ->> 1 AS basis,
    strftime('%Y-%m-%dT%H:%M:%fZ', event.at / 1000000.0, 'unixepoch') AS occur_time,
    strftime('%Y-%m-%dT%H:%M:%fZ', (event.at + event.lag) / 1000000.0, 'unixepoch') AS record_time,
    NOT EXISTS (SELECT 1 FROM event AS later WHERE later.replaces = event.n)
        AND event.n > coalesce((SELECT max(session_reset.event) FROM session_reset WHERE session_reset.session = session.id), 0) AS counts,
    session.simulated,
    event.extra ->> '$.labels' AS labels
FROM event
JOIN series ON series.id = event.series
JOIN session ON session.id = series.session
JOIN tenant ON tenant.id = session.tenant
LEFT JOIN json_each(series.metrics) AS metric;
