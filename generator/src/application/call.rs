//! One paid call: announced before, recorded after, tried again where that can help.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Board;
use super::pace::Pace;
use super::ports::{
    AnnounceError, Announcement, Attempts, Ending, Ledger, LedgerError, OpenCall, Spent, StoreError,
};
use crate::domain::job::{StageState, Target};
use crate::domain::retry::{
    Attempt, Failure, FailureClass, Outcome, Policy, StopReason, Stopped, with_retries,
};
use crate::domain::usage::{Provider, Usage};

/// Asks a job to stop, and says for how long calls in flight are waited for.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop {
    token: CancellationToken,
    why: Arc<OnceLock<StopKind>>,
}

/// Why a job is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopKind {
    /// A person cancelled it.
    Cancelled {
        /// How long calls in flight are waited for.
        grace: Duration,
    },
    /// The generator stops.
    Interrupted {
        /// How long calls in flight are waited for.
        grace: Duration,
    },
}

impl Stop {
    /// Asks; the first reason counts.
    pub(super) fn ask(&self, why: StopKind) {
        let _ = self.why.set(why);
        self.token.cancel();
    }

    pub(super) fn why(&self) -> Option<StopKind> {
        self.why.get().copied()
    }

    /// Cancelled when the job is to stop; a child of it also stops a part alone.
    pub(super) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Returns when the job was asked to stop and calls in flight had their time.
    async fn patience_over(&self) {
        self.token.cancelled().await;
        let grace = match self.why() {
            Some(StopKind::Cancelled { grace } | StopKind::Interrupted { grace }) => grace,
            None => Duration::ZERO,
        };
        tokio::time::sleep(grace).await;
    }
}

/// What is to be called.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) target: Target,
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) rate_model: String,
    pub(super) display_name: String,
    /// The stage under which it is recorded.
    pub(super) stage: &'static str,
    /// The most that one attempt can use.
    pub(super) worst_case: Usage,
}

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The job, or its part, was asked to stop.
    #[error("stopped")]
    Stopped,
    /// The provider did not give it.
    #[error("{failure} ({reason})")]
    GaveUp {
        failure: Failure,
        reason: StopReason,
    },
    /// The budget does not hold another call.
    #[error("{0}")]
    Budget(String),
    /// The outbox cannot be written.
    #[error("{0}")]
    Ledger(LedgerError),
    /// What was bought cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stand-in answers where a provider did before, or the other way round.
    #[error(
        "{provider} was answered by {now} although this video began with {before}; simulated and real calls are never mixed: start the generator as it was, or make a new video"
    )]
    OtherWorld {
        provider: Provider,
        now: &'static str,
        before: &'static str,
    },
}

/// Why an answer is not kept.
#[derive(Debug)]
pub(super) enum NotKept {
    /// It cannot be used, for this reason: paid for and thrown away.
    Unusable(String),
    /// The disk refuses.
    Store(StoreError),
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Makes a job's paid calls.
pub(super) struct Caller {
    pub(super) board: Arc<Board>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) session_id: String,
    pub(super) simulated: bool,
    pub(super) policy: Policy,
    pub(super) stop: Stop,
    /// Cancelled by the job's stop, and when a part fails and nothing more shall be begun.
    pub(super) halt: CancellationToken,
    attempts: Mutex<Attempts>,
}

impl Caller {
    pub(super) fn new(
        board: Arc<Board>,
        ledger: Arc<dyn Ledger>,
        policy: Policy,
        stop: Stop,
        attempts: Attempts,
    ) -> Self {
        let (session_id, simulated) = board.read(|job| {
            let simulated = job.cast.as_ref().is_some_and(|cast| cast.simulated);
            (job.session_id.clone(), simulated)
        });
        Self {
            halt: stop.token().child_token(),
            board,
            ledger,
            session_id,
            simulated,
            policy,
            stop,
            attempts: Mutex::new(attempts),
        }
    }

    /// Asks until there is a value or a reason to stop. What an answer used is recorded before `keep` puts it on disk,
    /// under the key that `keep` is given: whatever is kept has its price on record, also after a crash in between. What
    /// cannot be kept is recorded as discarded after that.
    pub(super) async fn call<R, K, A, AF, P, PF>(
        &self,
        order: &Order,
        ask: A,
        keep: P,
    ) -> Result<K, CallError>
    where
        A: Fn() -> AF,
        AF: Future<Output = Attempt<R>>,
        P: Fn(R, String) -> PF,
        PF: Future<Output = Result<K, NotKept>>,
    {
        let pace = Pace {
            board: &self.board,
            target: order.target,
            halt: &self.halt,
            began: Instant::now(),
            made_before: self.made(order),
        };
        let made = with_retries(&self.policy, &pace, |_| self.attempt(order, &ask, &keep)).await;
        made.map_err(|stopped| match stopped {
            Stopped::Around(error) => error,
            Stopped::GaveUp {
                reason: StopReason::CalledOff,
                ..
            } => CallError::Stopped,
            Stopped::GaveUp {
                failure, reason, ..
            } => CallError::GaveUp { failure, reason },
        })
    }

    async fn attempt<R, K, A, AF, P, PF>(
        &self,
        order: &Order,
        ask: &A,
        keep: &P,
    ) -> Result<Attempt<K>, CallError>
    where
        A: Fn() -> AF,
        AF: Future<Output = Attempt<R>>,
        P: Fn(R, String) -> PF,
        PF: Future<Output = Result<K, NotKept>>,
    {
        if self.halt.is_cancelled() {
            return Err(CallError::Stopped);
        }
        let open = self.announce(order).await?;
        reelmeter_recorder::abort::point("generator.before-call");
        let asked = tokio::select! {
            attempt = ask() => attempt,
            () = self.stop.patience_over() => {
                self.end(open, unconfirmed()).await?;
                return Err(CallError::Stopped);
            }
        };
        reelmeter_recorder::abort::point("generator.answered");
        let spent = spent_of(&asked);
        let answered_by = spent.simulated;
        let event_id = self.end(open, spent).await?;
        reelmeter_recorder::abort::point("generator.recorded");
        let Attempt {
            outcome,
            usage,
            served,
        } = asked;
        let outcome = match outcome {
            Outcome::Failed(failure) => Ok(Outcome::Failed(failure)),
            Outcome::Unconfirmed(failure) => Ok(Outcome::Unconfirmed(failure)),
            Outcome::Succeeded(answer) => match keep(answer, event_id.clone()).await {
                Ok(kept) => Ok(Outcome::Succeeded(kept)),
                Err(NotKept::Unusable(reason)) => {
                    let class = FailureClass::Unreadable;
                    self.discard(&event_id, class.code()).await?;
                    Ok(Outcome::Failed(Failure::new(
                        order.provider,
                        order.model.clone(),
                        class,
                        reason,
                    )))
                }
                Err(NotKept::Store(error)) => {
                    self.discard(&event_id, NOT_KEPT).await?;
                    Err(error)
                }
            },
        };
        reelmeter_recorder::abort::point("generator.kept");
        if let Some(simulated) = answered_by
            && simulated != self.simulated
        {
            return Err(CallError::OtherWorld {
                provider: order.provider,
                now: world(simulated),
                before: world(self.simulated),
            });
        }
        Ok(Attempt {
            outcome: outcome?,
            usage,
            served,
        })
    }

    /// How the next attempt is announced.
    pub(super) fn announcement(&self, order: &Order) -> Announcement {
        Announcement {
            session_id: self.session_id.clone(),
            provider: order.provider,
            model: order.model.clone(),
            rate_model: order.rate_model.clone(),
            display_name: order.display_name.clone(),
            stage: order.stage,
            scene: order.target.item.scene,
            number: order.target.item.number,
            attempt: self.made(order) + 1,
            simulated: self.simulated,
            worst_case: order.worst_case.clone(),
        }
    }

    /// Puts the intent on disk, if the budget holds it, and counts the attempt.
    async fn announce(&self, order: &Order) -> Result<Box<dyn OpenCall>, CallError> {
        let call = self.announcement(order);
        let attempt = call.attempt;
        self.board.item(order.target, |item| {
            item.state = StageState::Running;
            item.attempt = attempt;
            item.detail.clear();
        });
        // It may wait for calls in flight to free what they did not use of the budget.
        let announced = tokio::select! {
            announced = self.ledger.announce(call) => announced,
            () = self.halt.cancelled() => return Err(CallError::Stopped),
        };
        match announced {
            Ok(open) => {
                self.count(order);
                Ok(open)
            }
            Err(AnnounceError::Budget(why)) => Err(CallError::Budget(why)),
            Err(AnnounceError::Ledger(error)) => Err(CallError::Ledger(error)),
        }
    }

    /// Records that what a call gave is not used.
    pub(super) async fn discard(&self, event_id: &str, why: &str) -> Result<(), CallError> {
        let discarded = self.ledger.discard(&self.session_id, event_id, why).await;
        self.board.touch();
        discarded.map_err(CallError::Ledger)
    }

    async fn end(&self, open: Box<dyn OpenCall>, spent: Spent) -> Result<String, CallError> {
        let ended = open.end(spent).await;
        // The counter of calls has moved.
        self.board.touch();
        ended.map_err(CallError::Ledger)
    }

    fn made(&self, order: &Order) -> u32 {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.get(&key(order)).copied().unwrap_or_default()
    }

    fn count(&self, order: &Order) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        *attempts.entry(key(order)).or_default() += 1;
    }
}

/// Why a call's result is thrown away that the disk did not take.
const NOT_KEPT: &str = "not_kept";

fn key(order: &Order) -> (String, u32, u32) {
    let item = order.target.item;
    (order.stage.to_owned(), item.scene, item.number)
}

fn spent_of<R>(attempt: &Attempt<R>) -> Spent {
    Spent {
        ending: match &attempt.outcome {
            Outcome::Succeeded(_) => Ending::Succeeded,
            Outcome::Failed(_) => Ending::Failed,
            Outcome::Unconfirmed(_) => Ending::Unconfirmed,
        },
        usage: attempt.usage.clone(),
        variant: attempt.served.variant.unwrap_or_default(),
        model_version: attempt.served.model_version.clone(),
        request_id: attempt.served.request_id.clone(),
        failure_code: attempt.failure().map_or("", |failure| failure.class.code()),
        simulated: answered(attempt).then_some(attempt.served.simulated),
    }
}

/// Whether anybody answered at all.
fn answered<R>(attempt: &Attempt<R>) -> bool {
    match &attempt.outcome {
        Outcome::Succeeded(_) => true,
        Outcome::Failed(failure) => failure.class != FailureClass::Unreachable,
        Outcome::Unconfirmed(_) => false,
    }
}

fn unconfirmed() -> Spent {
    Spent {
        ending: Ending::Unconfirmed,
        usage: Usage::none(),
        variant: reelmeter_rating::Variant::default(),
        model_version: None,
        request_id: None,
        failure_code: "stopped",
        simulated: None,
    }
}

fn world(simulated: bool) -> &'static str {
    if simulated {
        "the simulator"
    } else {
        "the real provider"
    }
}
