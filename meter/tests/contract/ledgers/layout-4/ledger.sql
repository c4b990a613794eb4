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
CREATE TABLE archived_event (
    n INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    -- Its id, if an event that was not moved out replaces it.
    id ANY
) STRICT;
CREATE TABLE archived_session (
    session INTEGER PRIMARY KEY,
    events INTEGER NOT NULL,
    last_recorded_at INTEGER NOT NULL
) STRICT;
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
CREATE TABLE audit (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The tenant's name; `*` for what concerns all of them, as the price files do.
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- The name of a token, never the token; empty for the meter itself.
    actor TEXT NOT NULL,
    -- set_rates, reset_rates, change_price_files, reset_session, set_budget.
    action TEXT NOT NULL,
    -- Empty for prices.
    session_id TEXT NOT NULL,
    -- Rates as a price file has them, anything else in words.
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE TABLE boundary (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TABLE display_name (
    session INTEGER NOT NULL,
    service TEXT NOT NULL,
    model TEXT NOT NULL,
    display_name TEXT NOT NULL,
    PRIMARY KEY (session, service, model)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE event_key (
    tenant INTEGER NOT NULL,
    id ANY NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE key_block (
    id INTEGER PRIMARY KEY,
    -- The length of what all keys begin with, the width of the numbers, the least number, the beginning; then of each key
    -- the rest, and how far its event's number is from the least.
    keys BLOB NOT NULL
) STRICT;
CREATE TABLE key_run (
    id INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL,
    -- Its blocks have the numbers from here on.
    first_block INTEGER NOT NULL,
    blocks INTEGER NOT NULL,
    -- The numbers of its events.
    least_n INTEGER NOT NULL,
    greatest_n INTEGER NOT NULL,
    -- The first and the last key, and one from about the middle.
    first BLOB NOT NULL,
    middle BLOB NOT NULL,
    last BLOB NOT NULL,
    -- The first key of each block.
    fences BLOB NOT NULL,
    -- A Bloom filter over its keys; NULL where few others lie over the run.
    filter BLOB
) STRICT;
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;
CREATE TABLE price_snapshot (
    hash BLOB NOT NULL PRIMARY KEY,
    rates TEXT NOT NULL
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
CREATE TABLE recorder (
    session INTEGER NOT NULL,
    recorder_id TEXT NOT NULL,
    pending INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    unconfirmed INTEGER NOT NULL,
    reported_at INTEGER NOT NULL,
    PRIMARY KEY (session, recorder_id)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE session_label (
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    session INTEGER NOT NULL,
    PRIMARY KEY (label, value, session)
) STRICT, WITHOUT ROWID;
CREATE TABLE session_reset (
    session INTEGER NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (session, generation)
) STRICT, WITHOUT ROWID;
CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
, newest_id BLOB) STRICT;
INSERT INTO "archive" VALUES (1, '/the/folder/archive/events-000000000001-000000000007.jsonl', 1, 7, 1795435201000000, 7, 4395, X'D062E536A0BE4D62EB20A6855958CE61A389DC50D1DF0F3D2D79EC1E6D686F1F');
INSERT INTO "archived_event" VALUES (1, 5805530897265749030, NULL);
INSERT INTO "archived_event" VALUES (2, 208213959098266863, NULL);
INSERT INTO "archived_event" VALUES (3, -4116464074693961052, NULL);
INSERT INTO "archived_event" VALUES (4, -6575361963904881955, NULL);
INSERT INTO "archived_event" VALUES (5, -6421152175713268148, NULL);
INSERT INTO "archived_event" VALUES (6, -4449133118109059930, 'speech');
INSERT INTO "archived_event" VALUES (7, -177889722601730270, NULL);
INSERT INTO "archived_session" VALUES (1, 5, 1795435200000000);
INSERT INTO "archived_session" VALUES (2, 2, 1795435200000000);
INSERT INTO "archived_sum" VALUES (1, 0, 2, 20780, -9223372036854775808, 0, 0, 0, 1, 1, '[1000,400,2000,300,1,7]', NULL, 1795435140000000, 1795435140000000, 1795435140000000);
INSERT INTO "archived_sum" VALUES (1, 0, 3, 20780, -9223372036854775808, 0, 0, 1, 1, 1, '[2]', NULL, 1795435150000000, 1795435150000000, 1795435150000000);
INSERT INTO "archived_sum" VALUES (1, 0, 4, 20780, -9223372036854775808, 0, 0, 1, 2, 1, '[2]', NULL, 1795435160000000, 1795435160000000, 1795435160000000);
INSERT INTO "archived_sum" VALUES (1, 0, 6, 20780, -9223372036854775808, 0, 0, 2, 1, 1, '[]', NULL, 1795435200000000, 1795435200000000, 1795435200000000);
INSERT INTO "archived_sum" VALUES (2, 0, 1, 20777, -9223372036854775808, 0, 0, 1, 1, 1, '[1]', NULL, 1795161600000000, 1795161600000000, 1795161600000000);
INSERT INTO "archived_sum" VALUES (2, 0, 1, 20777, -9223372036854775808, 0, 0, 1, 2, 1, '[1]', NULL, 1795161601500000, 1795161601500000, 1795161601500000);
INSERT INTO "audit" VALUES (1, '', 1795435201000000, 'a test', 'reset_session', 'draft', '2 events, 0.003 USD', 'counted from zero');
INSERT INTO "audit" VALUES (2, '', 1795435261000000, 'a test', 'set_rates', '', '', '
rates = [
  { service = "gemini", model = "gemini-2.5-flash", metric = "input_tokens", amount = "0.4", per = 1_000_000, from = 2026-11-23T12:01:01Z, source = "a test" },
]

[sources."a test"]
title = "a test"
');
INSERT INTO "boundary" VALUES (1, 1795435261000000);
INSERT INTO "display_name" VALUES (1, 'gemini', 'gemini-2.5-flash', 'Gemini 2.5 Flash');
INSERT INTO "event" VALUES (8, 'draft', -8570285837828054169, 7, 1795435201000000, 0, 2, 0, 1, 5000, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "event" VALUES (9, 'a clock ahead', 1185497079225572988, 7, 1798070400000000, -2635199000000, 1, 0, 1, 5000, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "event" VALUES (10, 'draft', 317226333467236332, 8, 1795435261000000, 0, 2, 0, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "event" VALUES (11, 'speech, corrected', 5986047051849882710, 5, 1795435170000000, 91000000, 2, 1, 1, 800, NULL, NULL, NULL, NULL, 6, '{"billed":[[0,"400","credits","800"]]}');
INSERT INTO "event" VALUES (12, 'draft, again', -8570285837828054169, 7, 1795435261000000, 0, 2, 0, 1, 5000, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "event" VALUES (13, X'0199C3F27D4A7C118A3E5B0F6C1D2E42', 317226333467236332, 9, 1795435261000000, 0, 2, 0, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "event_key" VALUES (0, '0199C3F2-7D4A-7C11-8A3E-5B0F6C1D2E41', 5);
INSERT INTO "event_key" VALUES (0, 'a clock ahead', 9);
INSERT INTO "event_key" VALUES (0, 'an old picture', 1);
INSERT INTO "event_key" VALUES (0, 'draft', 8);
INSERT INTO "event_key" VALUES (0, 'draft, again', 12);
INSERT INTO "event_key" VALUES (0, 'lost', 7);
INSERT INTO "event_key" VALUES (0, 'script', 3);
INSERT INTO "event_key" VALUES (0, 'speech', 6);
INSERT INTO "event_key" VALUES (0, 'speech, corrected', 11);
INSERT INTO "event_key" VALUES (0, X'0199C3F27D4A7C118A3E5B0F6C1D2E3F', 2);
INSERT INTO "event_key" VALUES (0, X'0199C3F27D4A7C118A3E5B0F6C1D2E40', 4);
INSERT INTO "event_key" VALUES (1, 'draft', 10);
INSERT INTO "meta" VALUES ('overrides', '
rates = [
  { service = "gemini", model = "gemini-2.5-flash", metric = "input_tokens", amount = "0.4", per = 1_000_000, from = 2026-11-23T12:01:01Z, source = "a test" },
]

[sources."a test"]
title = "a test"
');
INSERT INTO "meta" VALUES ('price_revision', 1);
INSERT INTO "meta" VALUES ('price_revision/*', 0);
INSERT INTO "meta" VALUES ('watermark', 12);
INSERT INTO "price_snapshot" VALUES (X'A99EEB6EDD18CFAAB1076952A5A98FFA0000BEF730C621ED679D0A95D688143B', 'book = """
name = "fixture"
title = "The prices of a ledger that is kept"
as_of = 2026-11-01
currency = "USD"

rates = [
  { service = "gemini", model = "gemini-2.5-flash", metric = "input_tokens", amount = "0.3", per = 1_000_000, source = "here" },
  { service = "gemini", model = "gemini-2.5-flash", metric = "output_tokens", amount = "2.5", per = 1_000_000, source = "here" },
  { service = "gemini", model = "gemini-2.5-flash", metric = "images", amount = "0.039", per = 1, source = "here" },
]

[sources."here"]
title = "made up"
date = 2026-11-01

[services."elevenlabs"]
display_name = "ElevenLabs"
billing = "subscription"

[services."gemini"]
display_name = "Gemini"
billing = "pay_per_use"
"""
file = ""
environment = ""
rpc = """

rates = [
  { service = "gemini", model = "gemini-2.5-flash", metric = "input_tokens", amount = "0.4", per = 1_000_000, from = 2026-11-23T12:01:01Z, source = "a test" },
]

[sources."a test"]
title = "a test"
"""
');
INSERT INTO "price_snapshot" VALUES (X'C7492D5F8DE40E04C4457BA19CCB1B3916C4ACCFC83A9802D3FDB620A27C0649', 'book = """
name = "fixture"
title = "The prices of a ledger that is kept"
as_of = 2026-11-01
currency = "USD"

rates = [
  { service = "gemini", model = "gemini-2.5-flash", metric = "input_tokens", amount = "0.3", per = 1_000_000, source = "here" },
  { service = "gemini", model = "gemini-2.5-flash", metric = "output_tokens", amount = "2.5", per = 1_000_000, source = "here" },
  { service = "gemini", model = "gemini-2.5-flash", metric = "images", amount = "0.039", per = 1, source = "here" },
]

[sources."here"]
title = "made up"
date = 2026-11-01

[services."elevenlabs"]
display_name = "ElevenLabs"
billing = "subscription"

[services."gemini"]
display_name = "Gemini"
billing = "pay_per_use"
"""
file = ""
environment = ""
rpc = ""
');
INSERT INTO "quota" VALUES (1, 1, 'elevenlabs', 'characters', 900, 10000, 1796083200000000, 1795435201000000, 900, 'creator');
INSERT INTO "recorder" VALUES (3, 'generator', 3, 0, 0, 1795435201000000);
INSERT INTO "reservation" VALUES (1, 'lease', '{"money":"1"}', 1795438800000000, NULL, 'generator');
INSERT INTO "rollup" VALUES (1, 0, 2, 20780, -9223372036854775808, 0, 0, 0, 1, 1, '[1000,400,2000,300,1,7]', NULL);
INSERT INTO "rollup" VALUES (1, 0, 3, 20780, -9223372036854775808, 0, 0, 1, 1, 1, '[2]', NULL);
INSERT INTO "rollup" VALUES (1, 0, 4, 20780, -9223372036854775808, 0, 0, 1, 2, 1, '[2]', NULL);
INSERT INTO "rollup" VALUES (1, 0, 5, 20780, -9223372036854775808, 0, 0, 1, 1, 1, '[800]', '[[0,"credits","400","800",1,1,1]]');
INSERT INTO "rollup" VALUES (1, 0, 6, 20780, -9223372036854775808, 0, 0, 2, 1, 1, '[]', NULL);
INSERT INTO "rollup" VALUES (2, 0, 1, 20777, -9223372036854775808, 0, 0, 1, 1, 1, '[1]', NULL);
INSERT INTO "rollup" VALUES (2, 0, 1, 20777, -9223372036854775808, 0, 0, 1, 2, 1, '[1]', NULL);
INSERT INTO "rollup" VALUES (3, 0, 7, 20780, -9223372036854775808, 0, 0, 0, 1, 1, '[5000]', NULL);
INSERT INTO "rollup" VALUES (3, 0, 7, 20780, -9223372036854775808, 0, 2, 0, 1, 1, '[5000]', NULL);
INSERT INTO "rollup" VALUES (3, 1, 7, 20780, 1795435261000000, 0, 0, 0, 1, 1, '[5000]', NULL);
INSERT INTO "rollup" VALUES (4, 0, 8, 20780, 1795435261000000, 0, 0, 0, 1, 1, '[1]', NULL);
INSERT INTO "series" VALUES (1, 2, 'gemini', 'gemini-2.5-flash', NULL, '', 'image', 'succeeded', 'standard', '', '[["images","reported"]]');
INSERT INTO "series" VALUES (2, 1, 'gemini', 'gemini-2.5-flash', NULL, 'Gemini 2.5 Flash', 'script', 'succeeded', 'standard', 'lease', '[["input_tokens","reported"],["cached_input_tokens","reported"],["output_tokens","reported"],["thinking_tokens","reported"],["requests","reported"],["seconds","estimated"]]');
INSERT INTO "series" VALUES (3, 1, 'gemini', 'gemini-2.5-flash', NULL, '', 'image', 'failed', 'standard', '', '[["images","reported"]]');
INSERT INTO "series" VALUES (4, 1, 'gemini', 'gemini-2.5-flash', NULL, '', 'image', 'succeeded', 'batch', '', '[["images","reported"]]');
INSERT INTO "series" VALUES (5, 1, 'elevenlabs', 'eleven_multilingual_v2', NULL, '', 'narration', 'succeeded', 'standard', '', '[["characters","reported"]]');
INSERT INTO "series" VALUES (6, 1, 'gemini', 'gemini-2.5-flash', NULL, '', 'image', 'unconfirmed', 'standard', '', '[]');
INSERT INTO "series" VALUES (7, 3, 'gemini', 'gemini-2.5-flash', NULL, '', '', 'succeeded', 'standard', '', '[["input_tokens","reported"]]');
INSERT INTO "series" VALUES (8, 4, 'gemini', 'gemini-2.5-flash', NULL, '', '', 'succeeded', 'standard', '', '[["images","reported"]]');
INSERT INTO "series" VALUES (9, 3, 'gemini', 'gemini-2.5-flash', NULL, '', '', 'succeeded', 'standard', '', '[["images","reported"]]');
INSERT INTO "session" VALUES (1, 0, 'film', 'How does a heat pump work?', '{"customer":"acme"}', 0, 1795435200000000, 1795435261000000, X'A99EEB6EDD18CFAAB1076952A5A98FFA0000BEF730C621ED679D0A95D688143B', 1, 6, 0, 1, '{"money":"2.5"}', 1795435261000000, 3, 11, 1795435200000000, 1795435140000000, 1795435200000000);
INSERT INTO "session" VALUES (2, 0, 'old', '', '{}', 0, 1795435200000000, 1795435201000000, X'C7492D5F8DE40E04C4457BA19CCB1B3916C4ACCFC83A9802D3FDB620A27C0649', 0, 2, 0, 0, NULL, 1795435201000000, 1, 2, 1795161601500000, 1795161600000000, 1795161601500000);
INSERT INTO "session" VALUES (3, 0, 'draft', '', '{}', 0, 1795435201000000, NULL, NULL, NULL, 3, 1, 1, NULL, 1795435261000000, 8, 12, 1795435261000000, 1795435201000000, 1795435261000000);
INSERT INTO "session" VALUES (4, 1, 'draft', '', '{}', 0, 1795435261000000, NULL, NULL, NULL, 1, 0, 1, NULL, 1795435261000000, 10, 10, 1795435261000000, 1795435261000000, 1795435261000000);
INSERT INTO "session_label" VALUES ('customer', 'acme', 1);
INSERT INTO "session_reset" VALUES (3, 9, 1795435201000000, 1);
INSERT INTO "tenant" VALUES (0, '', X'0199C3F27D4A7C118A3E5B0F6C1D2E40');
INSERT INTO "tenant" VALUES (1, 'acme', NULL);
INSERT INTO "sqlite_sequence" VALUES ('audit', 2);
CREATE INDEX audit_by_tenant ON audit (tenant, n);
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only ever added to');
END;
CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only ever added to');
END;
CREATE UNIQUE INDEX event_replaces ON event (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX series_by_session ON series (session);
CREATE INDEX session_active ON session (touched_at) WHERE ended_at IS NULL;
CREATE INDEX session_by_start ON session (tenant, started_at, id);
CREATE INDEX session_by_use ON session (tenant, last_rated_at);
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
PRAGMA application_id = 1380273229;
PRAGMA user_version = 4;
