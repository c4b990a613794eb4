//! What the writing and the reading side of a replica share.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use lru::LruCache;
use reelmeter_rating::{Boundaries, Overrides, RateTable};
use tokio::sync::Notify;

use super::connection::{Client, row, rows};
use super::error::Result;
use super::load::{self, Snapshots, Stored};
use super::mirror::{Mirror, SharedMirror, lock};
use crate::adapters::columns::damaged;
use crate::application::live::LiveSessions;
use crate::application::ports::SessionKey;
use crate::domain::summary::Prices;
use crate::domain::tenant_prices::TenantPrices;

/// Sessions that are held in memory although nobody watches them. Each takes a few kilobytes.
const SESSIONS_HELD: usize = 512;
/// Watched sessions that are passed over while looking for one to let go; then it is left for the next time.
const WATCHED_PASSED_OVER_MAX: usize = 16;

/// The prices as the store has them.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    /// `store.price_revision`.
    pub(super) revision: i64,
    pub(super) prices: TenantPrices,
    /// Every boundary, in the order in which the store learnt of it.
    pub(super) boundaries: Vec<Timestamp>,
    /// The same, in the order of time.
    pub(super) sorted_by: Arc<Boundaries>,
}

impl Rates {
    /// Reads them.
    pub(super) async fn read(client: &Client) -> Result<Self> {
        let (store, overrides, boundaries) = futures::try_join!(
            row(
                client,
                "SELECT price_revision, rates, rates_revision FROM store WHERE id = 1",
                &[]
            ),
            rows(
                client,
                "SELECT tenant, rates, revision FROM tenant_override",
                &[]
            ),
            load::boundaries(client),
        )?;
        let store = store.ok_or_else(|| damaged("the store's prices", "missing"))?;
        let table = RateTable::thaw(store.try_get(1)?)
            .map_err(|error| damaged("the rates", &error.to_string()))?;
        let mut own = Vec::with_capacity(overrides.len());
        for row in &overrides {
            let kept = Overrides::from_toml("kept overrides", row.try_get(1)?)
                .map_err(|error| damaged("the overrides", &error.to_string()))?;
            own.push((Arc::from(row.try_get::<_, &str>(0)?), kept, row.try_get(2)?));
        }
        Ok(Self {
            revision: store.try_get(0)?,
            prices: TenantPrices::new(&table, store.try_get(2)?, own),
            sorted_by: Arc::new(Boundaries::new(boundaries.iter().copied())),
            boundaries,
        })
    }

    /// The boundaries that a session is sorted by.
    pub(super) fn sorting(&self, count: u32) -> Arc<Boundaries> {
        if usize::try_from(count).ok() == Some(self.boundaries.len()) {
            Arc::clone(&self.sorted_by)
        } else {
            Arc::new(load::first_boundaries(&self.boundaries, count))
        }
    }

    /// How many boundaries there are.
    pub(super) fn count(&self) -> i32 {
        // Each is a date in a price book or an override; they are limited by what a person writes.
        i32::try_from(self.boundaries.len()).unwrap_or(i32::MAX)
    }
}

/// What both sides share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) live: LiveSessions,
    pub(super) snapshots: Snapshots,
    rates: RwLock<Arc<Rates>>,
    mirrors: Mutex<LruCache<SessionKey, SharedMirror>>,
    tenants: Mutex<HashMap<Arc<str>, i64>>,
    /// Something was committed that other replicas should look at.
    pub(super) changed: Notify,
    /// The connection that looks for changes is gone.
    pub(super) lost: AtomicBool,
}

impl Shared {
    pub(super) fn new(rates: Rates) -> Self {
        Self {
            live: LiveSessions::default(),
            snapshots: Snapshots::default(),
            rates: RwLock::new(Arc::new(rates)),
            // The number is kept by hand: a session that is watched cannot be let go.
            mirrors: Mutex::new(LruCache::unbounded()),
            tenants: Mutex::new(HashMap::from([(Arc::from(""), 0)])),
            changed: Notify::new(),
            lost: AtomicBool::new(false),
        }
    }

    pub(super) fn rates(&self) -> Arc<Rates> {
        Arc::clone(&self.rates.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn prices(&self, tenant: &str) -> Arc<Prices> {
        Arc::clone(self.rates().prices.of(tenant))
    }

    /// Takes prices that were read or committed, unless newer ones are known; wakes those whose prices are others now.
    pub(super) fn take_rates(&self, rates: Rates) {
        let before = {
            let mut known = self.rates.write().unwrap_or_else(PoisonError::into_inner);
            if rates.revision <= known.revision {
                return;
            }
            std::mem::replace(&mut *known, Arc::new(rates))
        };
        let now = self.rates();
        let revision = |rates: &Rates, tenant: &str| {
            let prices = rates.prices.of(tenant);
            (prices.revision, rates.prices.everyone().revision)
        };
        self.live
            .wake_tenants(|tenant| revision(&before, tenant) != revision(&now, tenant));
    }

    /// A session's mirror, if there is one.
    pub(super) fn mirror(&self, key: &SessionKey) -> Option<SharedMirror> {
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        mirrors.get(key).cloned()
    }

    /// A mirror of a session, made from what the store says unless there is one already. That one may be older.
    pub(super) fn mirror_or(&self, key: &SessionKey, stored: Stored) -> SharedMirror {
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = mirrors.get(key) {
            return Arc::clone(known);
        }
        let Stored { head, fine, usage } = stored;
        let live = self.live.hold(key.clone(), || usage);
        let mirror = Arc::new(Mutex::new(Mirror::new(head, fine, live)));
        mirrors.put(key.clone(), Arc::clone(&mirror));
        mirror
    }

    /// The watched sessions in memory.
    pub(super) fn watched(&self) -> Vec<SharedMirror> {
        let mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        mirrors
            .iter()
            .filter(|(key, _)| self.live.get(key).is_some_and(|live| live.is_watched()))
            .map(|(_, mirror)| Arc::clone(mirror))
            .collect()
    }

    /// Lets go of the sessions that were not used for the longest.
    pub(super) fn let_go(&self) {
        let mut mirrors = self.mirrors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut watched = Vec::new();
        while mirrors.len() > SESSIONS_HELD && watched.len() < WATCHED_PASSED_OVER_MAX {
            let Some((key, mirror)) = mirrors.pop_lru() else {
                break;
            };
            if !self.live.release(&key) {
                watched.push((key, mirror));
            }
        }
        for (key, mirror) in watched {
            mirrors.put(key, mirror);
        }
    }

    /// The number of a tenant, if it has ever recorded anything.
    pub(super) async fn tenant(&self, client: &Client, name: &Arc<str>) -> Result<Option<i64>> {
        let known = self.known_tenant(name);
        if known.is_some() {
            return Ok(known);
        }
        let found = load::tenant(client, name).await?;
        if let Some(id) = found {
            self.tenants
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(Arc::clone(name), id);
        }
        Ok(found)
    }

    /// The number of a tenant that is known already.
    pub(super) fn known_tenant(&self, name: &str) -> Option<i64> {
        self.tenants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .copied()
    }

    /// Makes a tenant, if there is none of that name.
    pub(super) async fn make_tenant(&self, client: &Client, name: &str) -> Result<()> {
        super::connection::execute(
            client,
            "INSERT INTO tenant (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
            &[&name],
        )
        .await?;
        Ok(())
    }
}

/// The session that a mirror shows, as of its last version.
pub(super) fn shown(mirror: &SharedMirror) -> Arc<crate::domain::usage::SessionUsage> {
    lock(mirror).live.usage()
}
