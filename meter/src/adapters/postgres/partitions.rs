//! The ledger's partitions, one a month by the time of recording, so that old events can be dropped as a whole.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use super::connection::{Client, rows};
use super::error::{Failure, Result};
use crate::adapters::columns;

/// How many months are made ahead, this one included.
const MONTHS_AHEAD: i64 = 3;

/// Makes the partitions of this month and the next ones, where they are not there. One whose events already lie in the
/// partition of everything else cannot be made any more, and is left.
pub(super) async fn make(client: &Client, now: Timestamp) -> Result<()> {
    let there: Vec<String> = rows(
        client,
        "SELECT child.relname::text FROM pg_inherits JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid \
         WHERE pg_inherits.inhparent = 'event'::regclass",
        &[],
    )
    .await?
    .iter()
    .map(|row| Ok(row.try_get(0)?))
    .collect::<Result<_>>()?;
    let first = Offset::UTC.to_datetime(now).date().first_of_month();
    for ahead in 0..MONTHS_AHEAD {
        let Ok(month) = first.checked_add(Span::new().months(ahead)) else {
            break;
        };
        let name = format!("event_{:04}_{:02}", month.year(), month.month());
        if there.contains(&name) {
            continue;
        }
        let Ok(next) = month.checked_add(Span::new().months(1)) else {
            break;
        };
        let (Some(from), Some(to)) = (start(month), start(next)) else {
            break;
        };
        let taken = rows(
            client,
            "SELECT 1 FROM event_other WHERE recorded_at >= $1 AND recorded_at < $2 LIMIT 1",
            &[&from, &to],
        )
        .await?;
        if !taken.is_empty() {
            continue;
        }
        // Names and bounds are numbers: nothing of them comes from outside.
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF event FOR VALUES FROM ({from}) TO ({to})"
        );
        match client.batch_execute(&sql).await.map_err(Failure::from) {
            Ok(()) => tracing::info!(partition = %name, "made a partition of the ledger"),
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn start(day: Date) -> Option<i64> {
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
    Some(columns::us(midnight))
}
