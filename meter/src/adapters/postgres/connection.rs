//! Connections, and asking them.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::address::Address;
use super::error::{Failure, Result};

/// A connection that remembers its prepared statements.
pub(super) type Client = ClientWrapper;
/// A parameter of a statement.
pub(super) type Param<'a> = &'a (dyn ToSql + Sync);

/// How long a statement may wait for a lock, in milliseconds: no transaction of a meter takes as long.
const LOCK_TIMEOUT_MS: u32 = 8_000;
/// How long a statement may take in all, in milliseconds.
const STATEMENT_TIMEOUT_MS: u32 = 60_000;
/// How long a transaction may stand idle, in milliseconds: a replica that hangs must not hold its sessions for ever.
const IDLE_TIMEOUT_MS: u32 = 20_000;
/// How long a whole connection may take, its set-up included.
const OPEN_TIMEOUT: Duration = Duration::from_secs(8);

/// What every connection is told once.
pub(super) fn settings() -> String {
    format!(
        "SET synchronous_commit = on; SET lock_timeout = {LOCK_TIMEOUT_MS}; \
         SET statement_timeout = {STATEMENT_TIMEOUT_MS}; \
         SET idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}"
    )
}

/// The same as an option of the connection itself.
pub(super) fn options() -> String {
    format!(
        "-c synchronous_commit=on -c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} \
         -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
    )
}

/// Opens a connection that is driven by a task of the runtime that this runs on.
pub(super) async fn open(address: &Address) -> Result<Client> {
    let opening = async {
        let (client, connection) = address.config.connect(address.tls.clone()).await?;
        let task = tokio::spawn(async move {
            // Whoever waits for an answer learns of it there.
            let _ = connection.await;
        });
        let client = Client::new(client, task);
        client.batch_execute(&settings()).await?;
        Ok(client)
    };
    tokio::time::timeout(OPEN_TIMEOUT, opening)
        .await
        .unwrap_or_else(|_| Err(Failure::Lost("no connection came about in time".to_owned())))
}

/// The rows that a statement gives.
pub(super) async fn rows(client: &Client, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, params).await?)
}

/// The row that a statement gives, if there is one.
pub(super) async fn row(client: &Client, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>> {
    Ok(rows(client, sql, params).await?.into_iter().next())
}

/// Does something, and says to how many rows.
pub(super) async fn execute(client: &Client, sql: &str, params: &[Param<'_>]) -> Result<u64> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, params).await?)
}
