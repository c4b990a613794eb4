//! The writing side: one connection, everything that waits in one transaction, and the same again where another replica
//! was in the way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::address::Address;
use super::connection::{self, Client, execute};
use super::error::{Failure, Result};
use super::open::Background;
use super::record::Owned;
use super::shared::Shared;
use super::{partitions, stage};
use crate::adapters::columns;
use crate::application::Error;
use crate::application::ports::{Answer, Change, Ledger, Recording, Request, SessionKey};
use crate::application::rules::Lease;

/// How often a transaction is tried when others are in the way. Each try that fails lets another one through.
const ATTEMPTS_MAX: u32 = 12;
/// How long to wait before the second try; each further one waits as much longer.
const AGAIN_AFTER: Duration = Duration::from_millis(3);
/// How long a transaction may take in all: then the database counts as not there.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);
/// How often the partitions of the coming months are looked after.
const PARTITIONS_EVERY: jiff::SignedDuration = jiff::SignedDuration::from_hours(6);

/// A replica's way to write to the shared ledger.
pub struct PostgresLedger {
    /// On this thread alone: an answer of the database wakes nobody else.
    runtime: Option<Runtime>,
    address: Address,
    client: Option<Client>,
    background: Arc<Background>,
    partitioned: Option<Timestamp>,
}

impl std::fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresLedger")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for PostgresLedger {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        {
            // The connection's task belongs to the runtime.
            let _inside = runtime.enter();
            self.client = None;
        }
        runtime.shutdown_background();
    }
}

impl PostgresLedger {
    pub(super) fn new(address: Address, background: Arc<Background>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            runtime: Some(runtime),
            address,
            client: None,
            background,
            partitioned: None,
        })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.background.shared
    }

    /// This replica's name.
    pub(super) fn replica(&self) -> &str {
        &self.background.replica
    }

    /// Does something in one transaction: all of it is on disk afterwards, or nothing, unless the connection is lost in
    /// the very moment of the commit. `begin` begins it.
    pub(super) fn transact<T>(
        &mut self,
        begin: &str,
        work: impl AsyncFn(&Client, &Shared) -> Result<T>,
    ) -> std::result::Result<T, Error> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.once(begin, &work) {
                Ok(done) => return Ok(done),
                Err(Failure::Again(reason)) if attempt < ATTEMPTS_MAX => {
                    tracing::debug!(
                        attempt,
                        reason,
                        "another writer was in the way; the same again"
                    );
                    std::thread::sleep(AGAIN_AFTER * attempt);
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    fn once<T>(
        &mut self,
        begin: &str,
        work: impl AsyncFn(&Client, &Shared) -> Result<T>,
    ) -> Result<T> {
        let Self {
            runtime,
            address,
            client,
            background,
            ..
        } = self;
        let Some(runtime) = runtime else {
            return Err(Failure::Lost("the meter is shutting down".to_owned()));
        };
        let shared = &background.shared;
        let done = runtime.block_on(async {
            let whole = async {
                let client = begun(client, address, begin).await?;
                match work(client, shared).await {
                    Ok(done) => {
                        client.batch_execute("COMMIT").await?;
                        Ok(done)
                    }
                    Err(Failure::Lost(reason)) => Err(Failure::Lost(reason)),
                    Err(failure) => {
                        client.batch_execute("ROLLBACK").await?;
                        Err(failure)
                    }
                }
            };
            tokio::time::timeout(TRANSACTION_TIMEOUT, whole)
                .await
                .unwrap_or_else(|_| Err(Failure::Lost("it has not answered in time".to_owned())))
        });
        if matches!(done, Err(Failure::Lost(_))) {
            let _inside = runtime.enter();
            *client = None;
        }
        done
    }

    fn control(&mut self, request: Request, now: Timestamp) -> std::result::Result<Answer, Error> {
        let Request {
            tenant,
            actor,
            change,
        } = request;
        let key = |session_id: Arc<str>| SessionKey {
            tenant: Arc::clone(&tenant),
            session_id,
        };
        match change {
            Change::Record(_) | Change::Report { .. } => {
                Err(Error::Internal("a recording was not recorded".to_owned()))
            }
            Change::Start(session) => {
                self.start_session(&key(Arc::clone(&session.session_id)), &session, now)
            }
            Change::End(session) => self.end_session(&key(session), now),
            Change::Reset(session) => self.reset_session(&key(session), &actor, now),
            Change::Quota(session, quota) => self.report_quota(&key(session), &quota, now),
            Change::Budget(session, cap) => {
                self.set_budget(&key(session), &actor, cap.as_ref(), now)
            }
            Change::Reserve {
                session_id,
                reservation_id,
                amount,
                lifetime,
                recorder_id,
            } => {
                let lease = Lease {
                    reservation_id,
                    amount,
                    lifetime,
                    recorder_id,
                };
                self.reserve(&key(session_id), &lease, now)
            }
            Change::Release {
                session_id,
                reservation_id,
            } => self.release(&key(session_id), &reservation_id, now),
            Change::SetRates(rates) => self.set_rates(&tenant, &actor, &rates, now),
            Change::ResetRates(filter) => self.reset_rates(&tenant, &actor, &filter, now),
            Change::Reprice(table) => self.reprice(&tenant, &actor, &table, now),
            Change::Hold(session) => self.hold_session(&key(session), now),
            Change::EndIdle(idle) => self.end_idle(idle, now),
        }
    }
}

/// A connection on which a transaction has begun. One that broke while nobody used it is replaced: nothing was lost by it.
async fn begun<'a>(
    client: &'a mut Option<Client>,
    address: &Address,
    begin: &str,
) -> Result<&'a Client> {
    if let Some(known) = client.as_ref() {
        let begun = if known.is_closed() {
            Err(Failure::Lost("closed".to_owned()))
        } else {
            known.batch_execute(begin).await.map_err(Failure::from)
        };
        match begun {
            Ok(()) => {}
            Err(Failure::Lost(_)) => *client = None,
            Err(failure) => return Err(failure),
        }
    }
    match client {
        Some(known) => Ok(known),
        None => {
            let opened = connection::open(address).await?;
            opened.batch_execute(begin).await?;
            Ok(client.insert(opened))
        }
    }
}

impl Ledger for PostgresLedger {
    fn commit(
        &mut self,
        requests: Vec<Request>,
        now: Timestamp,
    ) -> Vec<std::result::Result<Answer, Error>> {
        // As the store keeps it: every replica shows the same.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let mut answers = Vec::with_capacity(requests.len());
        let mut waiting: Vec<Owned> = Vec::new();
        // Recordings that stand together share a transaction. Anything else needs the totals before it and has its own.
        for request in requests {
            match request.change {
                Change::Record(recording) => waiting.push((request.tenant, recording)),
                Change::Report {
                    recorder_id,
                    backlogs,
                } => {
                    let recording = Recording {
                        events: Vec::new(),
                        recorder_id,
                        backlogs,
                    };
                    waiting.push((request.tenant, recording));
                }
                _ => {
                    answers.extend(self.record_all(std::mem::take(&mut waiting), now));
                    answers.push(self.control(request, now));
                }
            }
        }
        answers.extend(self.record_all(waiting, now));
        self.shared().let_go();
        answers
    }

    fn tidy(&mut self, now: Timestamp) -> std::result::Result<(), Error> {
        if self.shared().lost.load(Ordering::Acquire) {
            return Err(Failure::Lost("the connection is gone".to_owned()).into());
        }
        let due = self.partitioned.is_none_or(|done| {
            done.checked_add(PARTITIONS_EVERY)
                .is_ok_and(|next| next <= now)
        });
        if due {
            self.transact("BEGIN", async |client, _| {
                partitions::make(client, now).await
            })?;
            self.partitioned = Some(now);
        }
        Ok(())
    }

    fn probe(&mut self, now: Timestamp, bytes: u32) -> std::result::Result<(), Error> {
        let replica = self.background.replica.clone();
        let filler = (bytes > 0).then(|| vec![0_u8; bytes as usize]);
        self.transact("BEGIN", async |client, _| {
            execute(
                client,
                "INSERT INTO probe (replica, at, filler) VALUES ($1, $2, $3) \
                 ON CONFLICT (replica) DO UPDATE SET at = excluded.at, filler = excluded.filler",
                &[&replica, &columns::us(now), &filler],
            )
            .await
        })?;
        if self.shared().lost.load(Ordering::Acquire) {
            return Err(
                Failure::Lost("changes of other meters are not seen yet".to_owned()).into(),
            );
        }
        Ok(())
    }

    fn close(&mut self, _now: Timestamp) -> std::result::Result<(), Error> {
        let replica = self.background.replica.clone();
        let said = self.transact("BEGIN", async |client, _| {
            execute(client, "DELETE FROM probe WHERE replica = $1", &[&replica]).await
        });
        self.background.stop.cancel();
        said.map(|_| ())
    }
}

/// The rates of the store, locked for a change of a session.
pub(super) async fn rates_for(
    client: &Client,
    shared: &Shared,
) -> Result<Arc<super::shared::Rates>> {
    stage::sync_rates(client, shared, "FOR SHARE").await
}
