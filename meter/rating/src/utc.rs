//! Days and instants, in UTC: the day by which prices and shut-downs are dated.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// The day of an instant.
pub(crate) fn day(instant: Timestamp) -> Date {
    Offset::UTC.to_datetime(instant).date()
}

/// The midnight that a day starts with.
pub(crate) fn midnight(day: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}
