-- Who changed what a figure says, and what it was before. Append-only: the triggers refuse anything else.
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
CREATE INDEX audit_by_tenant ON audit (tenant, n);

CREATE TRIGGER audit_stays_as_it_is BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only ever added to');
END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only ever added to');
END;
