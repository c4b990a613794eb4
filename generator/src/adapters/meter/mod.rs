//! The meter, as the generator sees it: a recorder that takes what is spent, and summaries that tell what it cost.

mod costs;
pub(crate) mod planned;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use jiff::Timestamp;
use reelmeter_proto::meter::v1::CallOutcome;
use reelmeter_recorder::{Call, Lease, RecordError, Recorder, Reserve};
use tonic::transport::Channel;

pub use costs::{Cost, Costs};

use crate::adapters::prometheus::Metrics;
use crate::application::ports::{
    AnnounceError, Announcement, Attempts, Ending, Ledger, LedgerError, OpenCall, Spent,
};
use crate::domain::estimate::StageUse;
use crate::domain::job::Job;
use crate::domain::quota::Quota;
use crate::domain::usage::Provider;

/// Records through the outbox, and divides budgets.
#[derive(Debug, Clone)]
pub struct Outbox {
    recorder: Recorder,
    channel: Channel,
    token: Option<String>,
    costs: Costs,
    metrics: Metrics,
    leases: Arc<Mutex<BTreeMap<String, Lease>>>,
}

impl Outbox {
    /// A ledger that writes to this recorder; reservations are taken over the channel.
    #[must_use]
    pub fn new(
        recorder: Recorder,
        channel: Channel,
        token: Option<String>,
        costs: Costs,
        metrics: Metrics,
    ) -> Self {
        Self {
            recorder,
            channel,
            token,
            costs,
            metrics,
            leases: Arc::default(),
        }
    }

    fn leases(&self) -> MutexGuard<'_, BTreeMap<String, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self, session_id: &str) -> Option<Lease> {
        self.leases().get(session_id).cloned()
    }
}

fn refused(error: RecordError) -> LedgerError {
    LedgerError(error.to_string())
}

impl Ledger for Outbox {
    fn start_session<'a>(
        &'a self,
        job: &'a Job,
        simulated: bool,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let request = words::start_session(job, simulated);
        Box::pin(async move {
            let started = self.recorder.start_session_for(&job.tenant, request);
            started.await.map_err(refused)
        })
    }

    fn end_session<'a>(&'a self, session_id: &'a str) -> BoxFuture<'a, Result<(), LedgerError>> {
        self.leases().remove(session_id);
        Box::pin(async move {
            self.recorder
                .release_leases(session_id)
                .await
                .map_err(refused)?;
            self.recorder.end_session(session_id).await.map_err(refused)
        })
    }

    fn report_quota<'a>(
        &'a self,
        session_id: &'a str,
        provider: Provider,
        quota: &'a Quota,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        let quota = words::quota(provider, quota, now);
        Box::pin(async move {
            let reported = self.recorder.report_quota(session_id, quota).await;
            reported.map_err(refused)
        })
    }

    fn announce(
        &self,
        call: Announcement,
    ) -> BoxFuture<'_, Result<Box<dyn OpenCall>, AnnounceError>> {
        Box::pin(async move {
            let permit = match self.lease(&call.session_id) {
                None => None,
                Some(lease) => {
                    let service = call.provider.as_str();
                    let worst = words::quantities(&call.worst_case);
                    let admitted = lease
                        .admit_when_free(service, &call.model, &call.rate_model, &worst)
                        .await;
                    Some(admitted.map_err(|error| AnnounceError::Budget(error.to_string()))?)
                }
            };
            let (model, provider) = (call.model.clone(), call.provider);
            let begun = self.recorder.begin(words::intent(call, permit)).await;
            let call = begun.map_err(refused)?;
            let metrics = self.metrics.clone();
            Ok(Box::new(Announced {
                call,
                model,
                provider,
                metrics,
            }) as Box<dyn OpenCall>)
        })
    }

    fn discard<'a>(
        &'a self,
        session_id: &'a str,
        event_id: &'a str,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let events = self.recorder.events(session_id).await.map_err(refused)?;
            let Some(event) = events.iter().find(|event| event.event_id == event_id) else {
                return Err(LedgerError(format!(
                    "call {event_id} is not in the outbox, so it cannot be recorded as discarded"
                )));
            };
            let discarded = words::discarded(event, why);
            // Said before a crash: once is enough.
            if events
                .iter()
                .any(|known| known.event_id == discarded.event_id)
            {
                return Ok(());
            }
            self.recorder.record(discarded).await.map_err(refused)?;
            Ok(())
        })
    }

    fn used<'a>(
        &'a self,
        session_id: &'a str,
    ) -> BoxFuture<'a, Result<BTreeMap<String, StageUse>, LedgerError>> {
        Box::pin(async move {
            let events = self.recorder.events(session_id).await.map_err(refused)?;
            Ok(words::used_by_stage(&events))
        })
    }

    fn attempts<'a>(&'a self, session_id: &'a str) -> BoxFuture<'a, Result<Attempts, LedgerError>> {
        Box::pin(async move {
            let events = self.recorder.events(session_id).await.map_err(refused)?;
            Ok(words::attempts(&events))
        })
    }

    fn hold_budget<'a>(
        &'a self,
        job: &'a Job,
        waiting: &'a (dyn Fn(String) + Send + Sync),
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let said = Mutex::new(String::new());
            let told = |reason: &str| {
                // The same reason is said once, not at every try.
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                if *said != reason {
                    reason.clone_into(&mut said);
                    waiting(format!(
                        "waiting for the meter, which has not given the budget yet ({reason}); nothing is spent meanwhile"
                    ));
                }
            };
            let lease = self.recorder.lease(Reserve {
                session_id: &job.session_id,
                channel: self.channel.clone(),
                token: self.token.as_deref(),
                waiting: &told,
            });
            let lease = lease
                .await
                .map_err(|error| LedgerError(error.to_string()))?;
            self.leases().insert(job.session_id.clone(), lease);
            Ok(())
        })
    }

    fn budget_left(&self, session_id: &str) -> Option<String> {
        self.lease(session_id).map(|lease| lease.left())
    }

    fn price(&self, session_id: &str, calls: &[Announcement]) -> String {
        let table = match self.lease(session_id) {
            Some(lease) => lease.table().clone(),
            None => self.costs.table(),
        };
        words::price(&table, calls)
    }
}

struct Announced {
    call: Call,
    model: String,
    provider: Provider,
    metrics: Metrics,
}

impl OpenCall for Announced {
    fn end(self: Box<Self>, spent: Spent) -> BoxFuture<'static, Result<String, LedgerError>> {
        Box::pin(async move {
            self.metrics.called(self.provider, spent.ending);
            let outcome = match spent.ending {
                Ending::Succeeded => CallOutcome::Succeeded,
                Ending::Failed => CallOutcome::Failed,
                Ending::Discarded => CallOutcome::Discarded,
                Ending::Unconfirmed => CallOutcome::Unconfirmed,
            };
            let used = words::used(outcome, &self.model, spent);
            let event_id = self.call.event_id().to_owned();
            self.call.used(used).await.map_err(refused)?;
            Ok(event_id)
        })
    }
}
