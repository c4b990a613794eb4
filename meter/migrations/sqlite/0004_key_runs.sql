-- The ids of events up to the watermark, in runs: sorted, in blocks that were written once. `event_key` holds those that
-- are not in a run yet. A key is the tenant's number in four bytes and the id in sixteen: a UUID, or of any other id the
-- first sixteen bytes of its BLAKE3.
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

CREATE TABLE key_block (
    id INTEGER PRIMARY KEY,
    -- The length of what all keys begin with, the width of the numbers, the least number, the beginning; then of each key
    -- the rest, and how far its event's number is from the least.
    keys BLOB NOT NULL
) STRICT;

-- The greatest UUID up to the watermark: whatever is greater is new.
ALTER TABLE tenant ADD COLUMN newest_id BLOB;
UPDATE tenant SET newest_id = (
    SELECT event_key.id FROM event_key WHERE event_key.tenant = tenant.id AND typeof(event_key.id) = 'blob'
    ORDER BY event_key.id DESC LIMIT 1);
