//! How much of anything one request may hold. Each limit is part of the contract; its comment there says the same.

/// The longest name (an id, a service, a model, a metric, a stage), in bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// The longest title, in bytes.
pub const TITLE_BYTES_MAX: usize = 256;
/// The most labels of an event or a session.
pub const LABELS_MAX: usize = 32;
/// The longest label key, in bytes.
pub const LABEL_KEY_BYTES_MAX: usize = 64;
/// The longest label value, in bytes.
pub const LABEL_VALUE_BYTES_MAX: usize = 256;
/// The most quantities of an event.
pub const QUANTITIES_MAX: usize = 32;
/// The most events of a unary request.
pub const EVENTS_PER_REQUEST_MAX: usize = 1_000;
/// The most events of one message of a stream.
pub const EVENTS_PER_STREAM_BATCH_MAX: usize = 10_000;
/// The most sessions whose backlog one message may tell.
pub const BACKLOGS_MAX: usize = 1_000;
/// The most rates that one request may set.
pub const RATES_MAX: usize = 1_000;
/// The most overrides that may be set at run time: each is looked at by every change of them.
pub const OVERRIDES_MAX: usize = 10_000;
/// The most calls of one estimate.
pub const ESTIMATED_CALLS_MAX: usize = 1_000;
/// The most models that a what-if report exchanges.
pub const SUBSTITUTIONS_MAX: usize = 64;
/// The longest exact decimal in a request, in bytes: 24 places on either side and a point leave room to spare.
pub const DECIMAL_BYTES_MAX: usize = 64;
/// The longest unit of a billed figure, in bytes.
pub const UNIT_BYTES_MAX: usize = 32;
/// Everything a session uses of anything, added up: what a summary's `int64` fields can hold, whatever is summed.
pub const SESSION_QUANTITY_MAX: i64 = i64::MAX;
/// The programs that one session shows. Beyond it the one unheard of for the longest, and holding nothing, gives way.
pub const RECORDERS_PER_SESSION_MAX: usize = 64;
/// The provider quotas that one session shows.
pub const QUOTAS_PER_SESSION_MAX: usize = 64;
/// The reservations that one session may have had. A run takes one; a thousand is a leak.
pub const RESERVATIONS_PER_SESSION_MAX: usize = 1_000;
