//! The ledger's file, read by an SQLite of our own: every event that was ever sent, once, with its quantities.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::event;
use crate::known::Known;
use crate::{Failure, Result};

/// Compares the file with everything that was sent. To be called when nothing is without an answer.
///
/// # Errors
/// They differ, or the file is damaged.
pub fn compare(database: &Path, known: &Known) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(database, flags).map_err(Failure::setup("the ledger"))?;
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(Failure::setup("integrity_check"))?;
    if sound != "ok" {
        return Err(Failure::Broken(format!("integrity_check: {sound}")));
    }
    // Two lines an event, one a metric.
    let mut missing: HashMap<(String, &str), i64> = HashMap::new();
    for number in known.all() {
        let (input, output) = event::tokens(number);
        missing.insert((event::id(number), "input_tokens"), input);
        missing.insert((event::id(number), "output_tokens"), output);
    }
    let differs = |what: String| Err(Failure::Broken(format!("in the file {what}")));
    let failed = || Failure::setup("the view `usage`");
    let mut statement = connection
        .prepare("SELECT event_id, metric, quantity FROM usage")
        .map_err(failed())?;
    let mut rows = statement.query([]).map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let id: String = row.get(0).map_err(failed())?;
        let metric: String = row.get(1).map_err(failed())?;
        let quantity: i64 = row.get(2).map_err(failed())?;
        let metric = match metric.as_str() {
            "input_tokens" => "input_tokens",
            "output_tokens" => "output_tokens",
            other => return differs(format!("event {id} has {other}, which nobody sent")),
        };
        match missing.remove(&(id.clone(), metric)) {
            Some(sent) if sent == quantity => {}
            Some(sent) => {
                return differs(format!(
                    "event {id} has {quantity} {metric} where {sent} was sent"
                ));
            }
            None => return differs(format!("event {id} stands twice, or nobody sent it")),
        }
    }
    if let Some(((id, metric), _)) = missing.iter().next() {
        return differs(format!(
            "{} lines are missing, among them {metric} of event {id}",
            missing.len()
        ));
    }
    Ok(())
}
