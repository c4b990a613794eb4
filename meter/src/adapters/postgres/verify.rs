//! Computing every rollup again from the events, to see that they say the same.

use super::address::Address;
use super::connection::{self, Client, row, rows};
use super::error::Result;
use super::load::{self, Snapshots};
use super::{fine, write};
use crate::application::Error;
use crate::application::verification::Verification;

/// Compares what the rollups of a ledger say with its events, and its keys with both. It reads one snapshot: running
/// meters are not disturbed. Sessions of which events were dropped cannot be compared and are passed over.
///
/// # Errors
/// The store cannot be read.
pub fn verify(address: &Address) -> std::result::Result<Verification, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("the system gives no runtime: {error}")))?;
    let verified = runtime.block_on(async {
        let client = connection::open(address).await?;
        // Every event of a large ledger is looked at.
        client.batch_execute("SET statement_timeout = 0").await?;
        client
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        check(&client).await
    });
    runtime.shutdown_background();
    Ok(verified?)
}

async fn check(client: &Client) -> Result<Verification> {
    let mut found = Verification::default();
    let without = "SELECT count(*) FROM event JOIN session ON session.id = event.session \
         WHERE NOT EXISTS (SELECT 1 FROM event_key WHERE event_key.tenant = session.tenant \
         AND event_key.id = event.id AND event_key.n = event.n)";
    let twice = "SELECT count(*) FROM (SELECT 1 FROM event JOIN session ON session.id = event.session \
         GROUP BY session.tenant, event.id HAVING count(*) > 1) AS twice";
    for (sql, what) in [
        (without, "events have no key: they could be counted again"),
        (twice, "ids stand twice in the ledger"),
    ] {
        let count: i64 = match row(client, sql, &[]).await? {
            Some(row) => row.try_get(0)?,
            None => 0,
        };
        if count > 0 {
            found.tell(format!("{count} {what}"));
        }
    }
    let snapshots = Snapshots::default();
    let all = load::boundaries(client).await?;
    let sessions = rows(
        client,
        "SELECT id, recorded, (SELECT count(*) FROM event WHERE event.session = session.id) FROM session ORDER BY id",
        &[],
    )
    .await?;
    for row in &sessions {
        let (number, recorded, events): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if recorded > events {
            found.passed_over += 1;
            continue;
        }
        let stored = load::one(client, &snapshots, number).await?;
        let session_id = &stored.usage.session.session_id;
        let boundaries = load::first_boundaries(&all, stored.head.boundaries);
        let counted = fine::sums_from_events(client, &stored, &boundaries).await?;
        found.compare(session_id, &stored.fine, &counted);
        let newest = write::newest_counting(client, number).await?;
        if newest != stored.usage.last_event {
            found.tell(format!(
                "session {session_id}: its newest event is of {newest:?}, and {:?} is kept",
                stored.usage.last_event
            ));
        }
    }
    Ok(found)
}
