-- Whose session it is, where the recorder works for several tenants. No row: the default tenant.
CREATE TABLE owner (
    session_id TEXT PRIMARY KEY,
    tenant     TEXT NOT NULL
) WITHOUT ROWID;
