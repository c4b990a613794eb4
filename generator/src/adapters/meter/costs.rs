//! What a video has cost: by the meter where it has everything, by the outbox's own quantities until then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prost::Message;
use reelmeter_proto::meter::v1 as wire;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::pricing_service_client::PricingServiceClient;
use reelmeter_rating::{PriceBook, RateTable};
use reelmeter_recorder::{
    Link, LocalSession, Recorder, SessionCounts, authorized, for_tenant, prices, summary,
};
use reelmeter_service::Clock;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use super::words;
use crate::adapters::files;
use crate::domain::job::Job;

/// How long the meter may take to say what something cost: somebody waits for the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How often the prices in force are asked for again.
const PRICES_INTERVAL: Duration = Duration::from_secs(300);

/// What a video has cost so far, and where the figure comes from.
#[derive(Debug, Clone)]
pub struct Cost {
    /// The figures.
    pub summary: wire::Summary,
    /// True if they are the meter's, with nothing on its way.
    pub settled: bool,
    /// Where the session's calls stand.
    pub counts: SessionCounts,
    /// How many of them were corrections or tries after the first, and what they have cost.
    pub again: (i64, Option<wire::Money>),
    /// How many calls were begun; one that is recorded a second time, as discarded, is one.
    pub calls: i64,
}

/// Tells what videos have cost.
#[derive(Clone)]
pub struct Costs {
    inner: Arc<Inner>,
}

struct Inner {
    recorder: Recorder,
    channel: Channel,
    token: Option<String>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    table: Mutex<RateTable>,
    /// Of tenants other than the default one, as last seen.
    tables: Mutex<BTreeMap<String, RateTable>>,
    settled: Mutex<BTreeMap<String, wire::Summary>>,
}

impl std::fmt::Debug for Costs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Costs")
    }
}

impl Costs {
    /// `data` is the generator's data directory: summaries that are final and the prices last seen are kept there.
    ///
    /// # Errors
    /// The built-in prices cannot be read, which a test would have found.
    pub fn new(
        recorder: Recorder,
        channel: Channel,
        token: Option<String>,
        clock: Arc<dyn Clock>,
        data: &Path,
    ) -> Result<Self, reelmeter_rating::PriceFileError> {
        let folder = data.join("costs");
        let table = match kept_prices(&folder) {
            Some(table) => table,
            None => RateTable::of_book(PriceBook::documented()?),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                recorder,
                channel,
                token,
                clock,
                folder,
                table: Mutex::new(table),
                tables: Mutex::default(),
                settled: Mutex::default(),
            }),
        })
    }

    /// The prices last seen: the meter's, or the built-in ones if it was never reached.
    #[must_use]
    pub fn table(&self) -> RateTable {
        self.inner
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The prices in force for a tenant: the meter's if it answers, or else those last seen.
    pub async fn newest_table(&self, tenant: &str) -> RateTable {
        let fetched = if tenant.is_empty() {
            self.fetch_prices().await
        } else {
            self.fetch_prices_of(tenant).await
        };
        if let Err(reason) = fetched {
            tracing::debug!(reason, "the meter's prices were not read");
        }
        self.table_of(tenant)
    }

    /// The prices last seen for a tenant; the default tenant's, if its own never were.
    fn table_of(&self, tenant: &str) -> RateTable {
        let tables = self.inner.tables.lock();
        let own = tables
            .unwrap_or_else(PoisonError::into_inner)
            .get(tenant)
            .cloned();
        own.unwrap_or_else(|| self.table())
    }

    /// Whether the meter could not be reached when it was last tried.
    #[must_use]
    pub fn is_meter_away(&self) -> bool {
        matches!(*self.inner.recorder.link().borrow(), Link::Away { .. })
    }

    /// What the video has cost so far.
    pub async fn of(&self, job: &Job) -> Cost {
        let counts = match self.inner.recorder.counts(&job.session_id).await {
            Ok(counts) => *counts.borrow(),
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                SessionCounts::default()
            }
        };
        let events = match self.inner.recorder.events(&job.session_id).await {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                Vec::new()
            }
        };
        // A second record of one call is no second call.
        let again = events
            .iter()
            .filter(|event| !event.replaces_event_id.is_empty())
            .count();
        let calls = counts.calls() - i64::try_from(again).unwrap_or_default();
        let again = words::again(&events);
        let cost = prices::total(&again, &self.table_of(&job.tenant), self.inner.clock.now());
        let again = (
            i64::try_from(again.len()).unwrap_or(i64::MAX),
            cost.inspect_err(|reason| tracing::error!(reason, "the corrections cannot be priced"))
                .ok(),
        );
        let (summary, settled) = match self.settled(job, counts).await {
            Some(summary) => (summary, true),
            None => (self.own(job, &events, counts), false),
        };
        Cost {
            summary,
            settled,
            counts,
            calls,
            again,
        }
    }

    /// The meter's figures, with nothing on its way; `None` while it does not have or tell them.
    async fn settled(&self, job: &Job, counts: SessionCounts) -> Option<wire::Summary> {
        if let Some(summary) = self.kept(&job.session_id) {
            return Some(summary);
        }
        // While it is made the meter is always a step behind; its own watchers see it live.
        if !(job.state.is_final() && job.session_started && counts.is_delivered()) {
            return None;
        }
        match self.ask(job).await {
            Ok(summary) => {
                if summary.settled {
                    self.keep(&job.session_id, &summary);
                }
                Some(summary)
            }
            Err(status) => {
                tracing::debug!(%status, "the meter does not say what the video cost");
                None
            }
        }
    }

    fn own(&self, job: &Job, events: &[wire::UsageEvent], counts: SessionCounts) -> wire::Summary {
        let now = self.inner.clock.now();
        let of = LocalSession {
            session_id: &job.session_id,
            title: &job.title,
            simulated: job.simulated,
            ended: job.session_ended,
            counts,
        };
        summary(&of, events, &self.table_of(&job.tenant), now).unwrap_or_else(|reason| {
            tracing::error!(
                reason,
                session_id = job.session_id,
                "the cost cannot be worked out"
            );
            wire::Summary::default()
        })
    }

    async fn ask(&self, job: &Job) -> Result<wire::Summary, tonic::Status> {
        let request = wire::GetSummaryRequest {
            session_id: job.session_id.clone(),
        };
        let request = authorized(request, self.inner.token.as_deref(), ANSWER_TIMEOUT);
        let request = for_tenant(request, &job.tenant);
        let mut client = MeterServiceClient::new(self.inner.channel.clone());
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, client.get_summary(request));
        let answer = asked
            .await
            .map_err(|_| tonic::Status::deadline_exceeded("the meter is slow"))?;
        let summary = answer?.into_inner().summary;
        summary.ok_or_else(|| tonic::Status::internal("the meter gave no summary"))
    }

    fn kept(&self, session_id: &str) -> Option<wire::Summary> {
        let mut settled = self
            .inner
            .settled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(summary) = settled.get(session_id) {
            return Some(summary.clone());
        }
        let bytes = files::read(&self.path(session_id)?).ok()??;
        let summary = wire::Summary::decode(bytes.as_slice()).ok()?;
        settled.insert(session_id.to_owned(), summary.clone());
        Some(summary)
    }

    fn keep(&self, session_id: &str, summary: &wire::Summary) {
        tracing::debug!(session_id, ?summary, "the session's final summary");
        if let Some(path) = self.path(session_id)
            && let Err(error) = files::write_whole(&path, &summary.encode_to_vec())
        {
            tracing::warn!(%error, "a final summary was not kept; the meter has it");
        }
        let mut settled = self
            .inner
            .settled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        settled.insert(session_id.to_owned(), summary.clone());
    }

    fn path(&self, session_id: &str) -> Option<PathBuf> {
        let harmless = session_id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-');
        harmless.then(|| self.inner.folder.join(format!("{session_id}.summary")))
    }

    /// Keeps the prices in force at hand, for figures while the meter is away. Runs until `shutdown`.
    pub async fn follow_prices(self, shutdown: CancellationToken) {
        let mut link = self.inner.recorder.link();
        loop {
            tokio::select! {
                reached = link.wait_for(|link| *link == Link::Connected) => {
                    if reached.is_err() {
                        return;
                    }
                }
                () = shutdown.cancelled() => return,
            }
            if let Err(reason) = self.fetch_prices().await {
                tracing::debug!(reason, "the meter's prices were not read");
            }
            tokio::select! {
                () = tokio::time::sleep(PRICES_INTERVAL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Asks the meter for the prices in force for a tenant.
    async fn ask_prices(&self, tenant: &str) -> Result<(wire::PriceBook, RateTable), String> {
        let request = wire::GetPriceBookRequest::default();
        let request = authorized(request, self.inner.token.as_deref(), ANSWER_TIMEOUT);
        let request = for_tenant(request, tenant);
        let mut client = PricingServiceClient::new(self.inner.channel.clone());
        let answer = client
            .get_price_book(request)
            .await
            .map_err(|status| status.to_string())?;
        let book = answer
            .into_inner()
            .price_book
            .ok_or("the meter gave no price book")?;
        let table = prices::table(&book).map_err(|error| error.to_string())?;
        Ok((book, table))
    }

    async fn fetch_prices_of(&self, tenant: &str) -> Result<(), String> {
        let (_, table) = self.ask_prices(tenant).await?;
        let mut tables = self
            .inner
            .tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tables.insert(tenant.to_owned(), table);
        Ok(())
    }

    /// Asks the meter for the prices in force.
    pub(super) async fn fetch_prices(&self) -> Result<(), String> {
        let (book, table) = self.ask_prices("").await?;
        *self
            .inner
            .table
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = table;
        let kept = files::write_whole(&prices_path(&self.inner.folder), &book.encode_to_vec());
        kept.map_err(|error| error.to_string())
    }
}

fn prices_path(folder: &Path) -> PathBuf {
    folder.join("prices.book")
}

/// The prices that were in force when the meter was last reached.
fn kept_prices(folder: &Path) -> Option<RateTable> {
    let bytes = files::read(&prices_path(folder)).ok()??;
    let book = wire::PriceBook::decode(bytes.as_slice()).ok()?;
    match prices::table(&book) {
        Ok(table) => Some(table),
        Err(error) => {
            tracing::warn!(%error, "the kept prices cannot be read; the built-in ones are used");
            None
        }
    }
}
