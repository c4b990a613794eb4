//! Taking reservations from the meter, and finding again what a former run held.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use prost::Message;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::{
    ReleaseReservationRequest, ReserveBudgetRequest, ReserveBudgetResponse, UsageEvent,
};
use tonic::Code;
use tonic::transport::Channel;

use super::{Account, Lease, Shared, Unit};
use crate::backoff::Backoff;
use crate::delivery::{authorized, for_tenant, told};
use crate::error::RecordError;
use crate::outbox::{CommandKind, Store};
use crate::prices;
use crate::recorder::Recorder;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// For how long calls may start against a reservation: the longest that the meter gives.
const LIFETIME_S: i64 = 24 * 60 * 60;

/// Why no lease was taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The outbox cannot be read or written.
    #[error(transparent)]
    Outbox(#[from] RecordError),
    /// The meter refuses.
    #[error("the meter gives no reservation: {0}")]
    Refused(String),
    /// Nothing of the budget is left.
    #[error("nothing is left of the budget: {0}; raise it and resume")]
    Exhausted(String),
    /// What the meter gave cannot be used.
    #[error("the meter's reservation cannot be used: {0}")]
    Unusable(String),
}

/// What is needed to take a reservation.
pub struct Reserve<'a> {
    /// The session whose budget it is; it was started with a budget.
    pub session_id: &'a str,
    /// The way to the meter.
    pub channel: Channel,
    /// Shown to the meter as a bearer token.
    pub token: Option<&'a str>,
    /// Told each time the meter cannot be reached, with the reason: the caller waits meanwhile.
    pub waiting: &'a (dyn Fn(&str) + Send + Sync),
}

impl std::fmt::Debug for Reserve<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reserve")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

impl Recorder {
    /// Takes everything that is left of the session's budget, beside what a former run still holds of it. Waits while
    /// the meter cannot be reached, unless something is held already: then that is all that can be spent.
    ///
    /// # Errors
    /// The meter refuses, or nothing is left.
    pub async fn lease(&self, reserve: Reserve<'_>) -> Result<Lease, LeaseError> {
        let session_id = reserve.session_id.to_owned();
        let now = prices::now();
        let (kept, expired, number) = self
            .shared
            .writer
            .run(move |store, touched| {
                let (live, expired): (Vec<_>, Vec<_>) = store
                    .leases(&session_id)?
                    .into_iter()
                    .partition(|lease| expiry(lease).is_none_or(|expires| now < expires));
                for lease in &expired {
                    give_back(store, lease)?;
                }
                let number = store.lease_count(&session_id)? + 1;
                touched.sessions.insert(session_id);
                Ok((live, !expired.is_empty(), number))
            })
            .await?;
        if expired {
            // What an expired reservation holds is free only when its calls are in the meter.
            (reserve.waiting)("an expired reservation is given back first");
            self.delivered(reserve.session_id).await?;
        }
        let taken = self.take(&reserve, number, !kept.is_empty()).await?;
        let mut leases: Vec<ReserveBudgetResponse> = kept;
        leases.extend(taken);
        if leases.is_empty() {
            return Err(LeaseError::Exhausted(
                "everything was reserved before".to_owned(),
            ));
        }
        self.accounts(&leases).await
    }

    /// Gives back what the session's reservations have not drawn, once all its events are in the meter.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub async fn release_leases(&self, session_id: &str) -> Result<(), RecordError> {
        let session_id = session_id.to_owned();
        let released = self.shared.writer.run(move |store, touched| {
            for lease in store.leases(&session_id)? {
                give_back(store, &lease)?;
            }
            touched.sessions.insert(session_id);
            Ok(())
        });
        released.await
    }

    /// Asks the meter for what is left. Nothing, if it cannot be reached and something is held already.
    async fn take(
        &self,
        reserve: &Reserve<'_>,
        number: i64,
        held: bool,
    ) -> Result<Option<ReserveBudgetResponse>, LeaseError> {
        let mut client = MeterServiceClient::new(reserve.channel.clone());
        let mut backoff = Backoff::default();
        let tenant = self.owner(reserve.session_id).await?;
        // The same id for the same lack: an answer that was lost is asked for again.
        let reservation_id = format!("{}-{number}", reserve.session_id);
        loop {
            let request = ReserveBudgetRequest {
                session_id: reserve.session_id.to_owned(),
                reservation_id: reservation_id.clone(),
                amount: None,
                lifetime: Some(prost_types::Duration {
                    seconds: LIFETIME_S,
                    nanos: 0,
                }),
                recorder_id: self.shared.recorder_id.clone(),
            };
            let request = authorized(request, reserve.token, REQUEST_TIMEOUT);
            let request = for_tenant(request, &tenant);
            let status = match client.reserve_budget(request).await {
                Ok(response) => {
                    let lease = response.into_inner();
                    let kept = lease.clone();
                    let kept = self
                        .shared
                        .writer
                        .run(move |store, _| store.keep_lease(&kept));
                    kept.await?;
                    return Ok(Some(lease));
                }
                Err(status) => status,
            };
            match status.code() {
                Code::ResourceExhausted if held => return Ok(None),
                Code::ResourceExhausted => {
                    return Err(LeaseError::Exhausted(status.message().to_owned()));
                }
                // The session's start may still be on its way: it goes through the outbox.
                Code::NotFound => {}
                Code::InvalidArgument
                | Code::FailedPrecondition
                | Code::Unimplemented
                | Code::PermissionDenied
                | Code::Unauthenticated => return Err(LeaseError::Refused(told(&status))),
                _ if held => return Ok(None),
                _ => {}
            }
            (reserve.waiting)(&told(&status));
            tokio::time::sleep(backoff.next(self.shared.world.chance())).await;
        }
    }

    /// The accounts, with what the outbox knows to be drawn of them.
    async fn accounts(&self, leases: &[ReserveBudgetResponse]) -> Result<Lease, LeaseError> {
        let unusable = |what: &str| LeaseError::Unusable(what.to_owned());
        let newest = leases.last().ok_or_else(|| unusable("there is none"))?;
        let book = newest.price_book.clone().unwrap_or_default();
        let table =
            prices::table(&book).map_err(|error| LeaseError::Unusable(error.to_string()))?;
        let limit = |lease: &ReserveBudgetResponse| {
            let reservation = lease.reservation.as_ref()?;
            reservation.amount.clone()?.limit
        };
        let first = limit(newest).ok_or_else(|| unusable("it names no amount"))?;
        let unit = Unit::of(&first);
        let lease = Lease {
            shared: Arc::new(Shared {
                unit,
                accounts: Mutex::default(),
                freed: tokio::sync::Notify::new(),
                table,
            }),
        };
        for kept in leases {
            let reservation = kept.reservation.clone().unwrap_or_default();
            let amount = limit(kept).as_ref().and_then(Unit::parts);
            let amount = amount.ok_or_else(|| unusable("its amount makes no sense"))?;
            let id = reservation.reservation_id.clone();
            let drawn = self
                .shared
                .writer
                .run(move |store, _| store.drawn(&id))
                .await?;
            let gone = drawn
                .iter()
                .map(|it| lease.gone(it))
                .fold(0, i128::saturating_add);
            lease.lock().push(Account {
                id: reservation.reservation_id,
                amount,
                gone,
                open_count: 0,
                expires: expiry(kept),
            });
        }
        Ok(lease)
    }
}

impl Lease {
    /// What a call of a former run holds: its cost, or its worst case where nobody knows.
    fn gone(&self, (doubtful, event, worst_case): &(bool, UsageEvent, String)) -> i128 {
        let worst = self.shared.unit.parse(worst_case).unwrap_or_default();
        if *doubtful {
            worst
        } else {
            self.cost(event).unwrap_or(worst)
        }
    }
}

/// Says that a reservation is given back, and forgets it.
fn give_back(store: &Store<'_>, lease: &ReserveBudgetResponse) -> Result<(), RecordError> {
    let Some(reservation) = &lease.reservation else {
        return Ok(());
    };
    let request = ReleaseReservationRequest {
        reservation_id: reservation.reservation_id.clone(),
        session_id: reservation.session_id.clone(),
    };
    let payload = request.encode_to_vec();
    let now = std::time::SystemTime::now();
    store.say(&reservation.session_id, CommandKind::Release, &payload, now)?;
    store.drop_lease(&reservation.reservation_id)
}

fn expiry(lease: &ReserveBudgetResponse) -> Option<Timestamp> {
    let expires = lease.reservation.as_ref()?.expire_time?;
    Timestamp::new(expires.seconds, expires.nanos).ok()
}
