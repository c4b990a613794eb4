//! Protects "counted once" where there are too many ids for memory: whatever was folded is found, and nothing else is.

use std::collections::BTreeMap;

use super::*;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(include_str!(
            "../../../../migrations/sqlite/0001_ledger.sql"
        ))
        .unwrap();
    connection
        .execute_batch(include_str!(
            "../../../../migrations/sqlite/0004_key_runs.sql"
        ))
        .unwrap();
    connection
}

fn random(number: i64) -> EventId {
    let hash = blake3::hash(&number.to_le_bytes());
    EventId::Uuid(hash.as_bytes()[..16].try_into().unwrap())
}

fn ordered(number: i64) -> EventId {
    let mut bytes = [0x11; 16];
    bytes[..8].copy_from_slice(&(0x0199_c3f2_0000_0000_i64 + number).to_be_bytes());
    EventId::Uuid(bytes)
}

fn text(number: i64) -> EventId {
    EventId::Text(format!("call {number}").into())
}

/// Folds numbers of ids, so many at a time, as the ledger does.
fn fold(
    connection: &Connection,
    index: &mut KeyIndex,
    numbers: std::ops::Range<i64>,
    at_once: usize,
    id: fn(i64) -> EventId,
) {
    let numbers: Vec<i64> = numbers.collect();
    for some in numbers.chunks(at_once) {
        let ids: Vec<(i64, EventId, i64)> = some.iter().map(|n| (n % 3, id(*n), *n)).collect();
        connection.execute_batch("BEGIN").unwrap();
        let folded = index
            .fold(
                connection,
                ids.iter().map(|(tenant, id, n)| (*tenant, id, *n)),
            )
            .unwrap();
        connection.execute_batch("COMMIT").unwrap();
        index.replace(folded);
    }
}

fn check(
    connection: &Connection,
    index: &KeyIndex,
    numbers: std::ops::Range<i64>,
    id: fn(i64) -> EventId,
) {
    for n in numbers.step_by(7) {
        assert_eq!(
            index.find(connection, n % 3, &id(n)).unwrap(),
            Some(n),
            "{n}"
        );
        // The same id of another tenant is another id.
        assert_eq!(index.find(connection, (n + 1) % 3, &id(n)).unwrap(), None);
        assert_eq!(index.find(connection, n % 3, &id(-n - 1)).unwrap(), None);
    }
}

#[test]
fn every_id_leads_to_its_event_whatever_became_of_its_run() {
    let connection = database();
    let mut index = KeyIndex::open(&connection).unwrap();
    fold(&connection, &mut index, 1..60_001, 5_000, random);
    assert!(
        index.runs.len() < 12,
        "runs were merged: {}",
        index.runs.len()
    );
    fold(&connection, &mut index, 60_001..90_001, 5_000, ordered);
    fold(&connection, &mut index, 90_001..115_001, 700, text);
    assert!(index.in_tree < TREE_ENTRIES_MAX, "the tree was emptied");
    let again = KeyIndex::open(&connection).unwrap();
    for index in [&index, &again] {
        check(&connection, index, 1..60_001, random);
        check(&connection, index, 60_001..90_001, ordered);
        check(&connection, index, 90_001..115_001, text);
    }
    let mut all = BTreeMap::new();
    for_each(&connection, |key, n| assert_eq!(all.insert(n, key), None)).unwrap();
    assert_eq!(all.len(), 115_000);
    assert_eq!(
        all.get(&70_000),
        Some(&key(70_000 % 3, &ordered(70_000)).unwrap())
    );
}

#[test]
fn time_ordered_ids_are_written_once() {
    let connection = database();
    let mut index = KeyIndex::open(&connection).unwrap();
    for first in (1..50_001).step_by(5_000) {
        let ids: Vec<(i64, EventId, i64)> =
            (first..first + 5_000).map(|n| (0, ordered(n), n)).collect();
        let folded = index.fold(
            &connection,
            ids.iter().map(|(tenant, id, n)| (*tenant, id, *n)),
        );
        index.replace(folded.unwrap());
    }
    let blocks: i64 = connection
        .query_row("SELECT max(id) FROM key_block", [], |row| row.get(0))
        .unwrap();
    let kept: i64 = connection
        .query_row("SELECT count(*) FROM key_block", [], |row| row.get(0))
        .unwrap();
    assert_eq!(blocks, kept, "no block was written and thrown away");
}

#[test]
fn what_a_failed_transaction_has_folded_is_not_found() {
    let connection = database();
    let mut index = KeyIndex::open(&connection).unwrap();
    fold(&connection, &mut index, 1..10_001, 5_000, random);
    let ids: Vec<(i64, EventId, i64)> = (10_001..15_001).map(|n| (n % 3, random(n), n)).collect();
    connection.execute_batch("BEGIN").unwrap();
    let folded = index.fold(
        &connection,
        ids.iter().map(|(tenant, id, n)| (*tenant, id, *n)),
    );
    assert!(folded.is_ok());
    connection.execute_batch("ROLLBACK").unwrap();
    check(&connection, &index, 1..10_001, random);
    assert_eq!(index.find(&connection, 0, &random(12_000)).unwrap(), None);
    // And the numbers that it had taken are free.
    fold(&connection, &mut index, 10_001..15_001, 5_000, random);
    check(&connection, &index, 1..15_001, random);
}
