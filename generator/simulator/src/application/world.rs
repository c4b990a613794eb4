//! Everything that the simulator remembers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::call::Call;
use super::latency::Latency;
use super::media::{Encoder, Painter, Speaker};
use crate::domain::account::Account;
use crate::domain::faults::{Fault, Kind, Plan};
use crate::domain::journal::{Journal, Operation, Provider};
use crate::domain::seed::Seed;

/// How the simulator behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long answers take.
    pub latency: Latency,
    /// Credits already used of the speech provider's subscription.
    pub credits_used: u64,
    /// Credits of its period.
    pub credits_limit: u64,
    /// Models that are not offered, as if the provider had retired them.
    pub retired_models: Vec<String>,
    /// The faults that come first.
    pub faults: Plan,
}

/// The simulator's memory and tools.
pub struct World {
    /// How it behaves.
    pub settings: Settings,
    /// Stops whatever waits.
    pub shutdown: CancellationToken,
    /// Speaks.
    pub speaker: Box<dyn Speaker>,
    /// Draws.
    pub painter: Box<dyn Painter>,
    /// Packs sound.
    pub encoder: Box<dyn Encoder>,
    faults: Mutex<Plan>,
    journal: Mutex<Journal>,
    account: Mutex<Account>,
}

impl World {
    /// A simulator at its beginning.
    #[must_use]
    pub fn new(
        settings: Settings,
        speaker: Box<dyn Speaker>,
        painter: Box<dyn Painter>,
        encoder: Box<dyn Encoder>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            shutdown,
            speaker,
            painter,
            encoder,
            faults: Mutex::new(settings.faults.clone()),
            journal: Mutex::default(),
            account: Mutex::new(Account::new(settings.credits_used, settings.credits_limit)),
            settings,
        })
    }

    /// Notes a call and decides what goes wrong with it: the fault that it names itself, else the
    /// next one of the plan.
    pub fn begin(
        self: &Arc<Self>,
        provider: Provider,
        operation: Operation,
        model: &str,
        request_bytes: usize,
        named: Option<Fault>,
    ) -> Call {
        let fault = match named {
            Some(fault) => fault,
            None => lock(&self.faults).next(provider, operation),
        };
        let mut journal = lock(&self.journal);
        let seed = Seed::of(provider.name())
            .and(operation.name())
            .and_number(journal.total());
        let id = request_id(provider, seed);
        let number = journal.begin(id.clone(), provider, operation, model, request_bytes as u64);
        drop(journal);
        if fault.kind != Kind::Ok {
            tracing::info!(number, provider = provider.name(), operation = operation.name(), %fault, "a fault is played");
        }
        Call::new(Arc::clone(self), number, id, operation, fault)
    }

    /// The journal.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// The subscription.
    pub fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.account)
    }

    /// The faults to come.
    pub fn faults(&self) -> MutexGuard<'_, Plan> {
        lock(&self.faults)
    }

    /// Whether a model is offered.
    #[must_use]
    pub fn offers(&self, model: &str) -> bool {
        !self
            .settings
            .retired_models
            .iter()
            .any(|retired| retired == model)
    }

    /// Forgets calls, faults and credits used since the start. Calls that are being answered still
    /// leave the count of the busy.
    pub fn reset(&self) {
        *lock(&self.journal) = Journal::default();
        *lock(&self.faults) = Plan::default();
        lock(&self.account).used = self.settings.credits_used;
    }
}

/// A lock whose holder panicked is taken all the same: what it guards is only ever replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An ID as the provider writes them: 23 letters at Gemini, 20 at the others.
fn request_id(provider: Provider, seed: Seed) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let length = if provider == Provider::Gemini { 23 } else { 20 };
    let mut rng = seed.and("id").rng();
    (0..length)
        .map(|_| char::from(LETTERS[rng.below(LETTERS.len())]))
        .collect()
}
