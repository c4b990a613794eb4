//! What is tried with any bytes at all as an outbox: by the fuzzer (`fuzz/`), and by the tests below with what it has
//! found.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::Message;
use reelmeter_proto::meter::v1::UsageEvent;
use reelmeter_rating::{PriceBook, RateTable};
use rusqlite::{Connection, params};

use crate::error::RecordError;
use crate::outbox::{Opened, Store, schema_of};
use crate::recorder::prepare;
use crate::summary::{LocalSession, summary};
use crate::world::World;

/// The states that an item of the outbox can have.
const STATES: [&str; 6] = [
    "used",
    "intended",
    "unconfirmed",
    "asked",
    "acknowledged",
    "refused",
];
const KINDS: [&str; 5] = ["event", "start", "end", "quota", "release"];

/// A world that stands still.
#[derive(Debug)]
struct Still;

impl World for Still {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_392_000)
    }

    fn next_id(&self) -> String {
        "0199c3f2-7d4a-7c11-8a3e-000000000001".to_owned()
    }

    fn chance(&self) -> u8 {
        7
    }

    fn has_threads(&self) -> bool {
        false
    }
}

/// A file as an outbox, and the log beside it: four bytes say how long the file is, little-endian, then the file, then
/// the log. It is opened or refused, and what was opened is read, or said to be damaged.
pub fn outbox_file(folder: &Path, bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (file, log) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    let path = folder.join("outbox.sqlite");
    let log_path = folder.join("outbox.sqlite-wal");
    let index_path = folder.join("outbox.sqlite-shm");
    // It is made anew from the log, and must not be the last input's.
    let _ = fs::remove_file(index_path);
    let _ = fs::remove_file(&log_path);
    let written = fs::write(&path, file).and_then(|()| {
        if log.is_empty() {
            Ok(())
        } else {
            fs::write(&log_path, log)
        }
    });
    assert!(written.is_ok(), "the input can be laid down: {written:?}");
    let Ok(opened) = Opened::open(&path) else {
        return;
    };
    let store = Store::new(&opened.connection);
    if prepare(&store, "fuzz", &Still).is_ok() {
        // Each of them is read, or says that it cannot be.
        let _ = read(&store, "s");
        let _ = store.totals();
        let _ = store.backlogs(100);
    }
}

/// One item: two bytes choose its kind and its state, one whether it is doubtful and whether it is kept under another id
/// than its own, the rest is its message. What can be read of it is what was written; what cannot is said to be damaged.
pub fn outbox_record(bytes: &[u8]) {
    thread_local! {
        static OUTBOX: Option<Connection> = Connection::open_in_memory().ok().filter(|outbox| schema_of(outbox).is_ok());
    }
    let [kind, state, marks, payload @ ..] = bytes else {
        return;
    };
    let event = UsageEvent::decode(payload);
    let own_id = event.as_ref().map_or("", |event| &*event.event_id);
    let known_as = if marks & 2 == 0 { own_id } else { "another" };
    let (Some(kind), Some(state)) = (
        KINDS.get(usize::from(*kind) % KINDS.len()),
        STATES.get(usize::from(*state) % STATES.len()),
    ) else {
        return;
    };
    OUTBOX.with(|outbox| {
        let Some(outbox) = outbox else { return };
        let tried = outbox
            .execute_batch("SAVEPOINT input")
            .and_then(|()| insert(outbox, kind, state, marks & 1 == 1, known_as, payload));
        assert!(tried.is_ok(), "the input can be laid down: {tried:?}");
        let store = Store::new(outbox);
        match (&event, *kind) {
            (Ok(_), "event") if *state == "intended" && known_as != own_id => {
                let settled = store.settle_left_overs(Still.now());
                assert!(
                    matches!(settled, Err(RecordError::Damaged { .. })),
                    "{settled:?}"
                );
            }
            (Ok(event), "event") => whole(&store, state, event),
            (Err(_), "event") => damaged(&store, state),
            _ => {
                let _ = store.settle_left_overs(Still.now());
                let _ = read(&store, "s");
            }
        }
        let back = outbox.execute_batch("ROLLBACK TO input; RELEASE input");
        assert!(back.is_ok(), "the outbox is empty again: {back:?}");
    });
}

fn insert(
    outbox: &Connection,
    kind: &str,
    state: &str,
    doubtful: bool,
    known_as: &str,
    payload: &[u8],
) -> rusqlite::Result<()> {
    let event_id = (kind == "event").then_some(known_as);
    outbox.execute(
        "INSERT INTO item (session_id, kind, state, doubtful, event_id, payload, reservation_id, worst_case,
                           create_time, change_time)
         VALUES ('s', ?1, ?2, ?3, ?4, ?5, 'r', '0.1', 0, 0)",
        params![kind, state, doubtful, event_id, payload],
    )?;
    outbox.execute("INSERT INTO lease VALUES ('r', 's', ?1)", [payload])?;
    Ok(())
}

/// An event that can be read: nothing of it is lost or changed, and what was open is shown as unconfirmed.
fn whole(store: &Store<'_>, state: &str, written: &UsageEvent) {
    let settled = store.settle_left_overs(Still.now());
    let left = settled.as_ref().map_or(0, Vec::len);
    assert_eq!(left, usize::from(state == "intended"), "{settled:?}");
    let found = store.events("s").unwrap_or_default();
    assert_eq!(found.len(), 1, "the event is there");
    let Some(found) = found.first() else { return };
    if state == "intended" {
        assert!(found.quantities.is_empty(), "guessed: {found:?}");
    } else {
        assert_eq!(found, written);
    }
    let batch = store.batch(10, 1 << 20);
    let sent = batch.as_ref().map_or(0, |batch| batch.events.len());
    let waits = matches!(state, "used" | "unconfirmed" | "intended");
    assert_eq!(sent, usize::from(waits), "{batch:?}");
    assert!(store.drawn("r").is_ok_and(|drawn| drawn.len() == 1));
    let _ = read(store, "s");
    sum(store, found);
}

/// What the session costs: a sum, or a reason why there is none.
fn sum(store: &Store<'_>, event: &UsageEvent) {
    thread_local! {
        static TABLE: Option<RateTable> = PriceBook::list().ok().map(RateTable::of_book);
    }
    let Ok(counts) = store.counts("s") else {
        return;
    };
    let session = LocalSession {
        session_id: "s",
        title: "",
        simulated: false,
        ended: false,
        counts,
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    TABLE.with(|table| {
        if let Some(table) = table {
            let _ = summary(&session, std::slice::from_ref(event), table, now);
        }
    });
}

/// An event that cannot be read is said to be damaged wherever it is needed, and never left out.
fn damaged(store: &Store<'_>, state: &str) {
    let settled = store.settle_left_overs(Still.now());
    assert_eq!(
        matches!(settled, Err(RecordError::Damaged { .. })),
        state == "intended",
        "{settled:?}"
    );
    let events = store.events("s").map(|events| events.len());
    assert!(
        state == "intended" || matches!(events, Err(RecordError::Damaged { .. })),
        "{events:?}"
    );
    let batch = store.batch(10, 1 << 20);
    assert_eq!(
        matches!(batch, Err(RecordError::Damaged { .. })),
        matches!(state, "used" | "unconfirmed"),
        "{batch:?}"
    );
}

/// Everything that is read of a session.
fn read(store: &Store<'_>, session_id: &str) -> Result<(), RecordError> {
    let counts = store.counts(session_id);
    let _ = store.batch(10, 1 << 20);
    let _ = store.commands(10);
    let _ = store.events(session_id);
    let _ = store.drawn("r");
    let _ = store.leases(session_id);
    let _ = store.lease_count(session_id);
    let _ = store.refused(session_id, 10);
    let _ = store.owner(session_id);
    counts.map(|counts| {
        let _ = (counts.calls(), counts.is_delivered(), counts.is_settled());
    })
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::replay::{COPIES_DEFAULT, replay};

    /// Every copy is a file that is written and synced.
    const FILES: u64 = 10;

    #[test]
    fn a_record_of_any_shape_is_read_whole_or_said_to_be_damaged() {
        replay("outbox_record", COPIES_DEFAULT, super::outbox_record);
    }

    #[test]
    fn a_file_of_any_shape_is_opened_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        replay("outbox_file", FILES, |bytes| {
            super::outbox_file(folder.path(), bytes)
        });
    }
}
