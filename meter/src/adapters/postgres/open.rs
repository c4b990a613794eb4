//! Opening the shared ledger: its layout, its prices, and the replica's part in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolConfig, RecyclingMethod, Timeouts};
use jiff::Timestamp;
use reelmeter_rating::RateTable;
use reelmeter_service::CancellationToken;
use tokio::runtime::Runtime;

use super::address::{Address, AddressError, Options};
use super::connection::{self, Client, execute, row};
use super::error::{Failure, Result};
use super::follow::{self, Following};
use super::ledger::PostgresLedger;
use super::library::PostgresLibrary;
use super::shared::{Rates, Shared};
use super::{audit, partitions, rates};
use crate::application::Error;
use crate::application::rules;
use crate::domain::tenant_prices::{EVERYONE, TenantPrices};

mod layout {
    //! The layout, step by step: see `migrations/postgres`. Steps are only ever added.
    refinery::embed_migrations!("migrations/postgres");
}

/// Advisory locks of the database, named by two numbers: `RELM`, and what for.
const LOCKS: i32 = 0x5245_4C4D;
/// Held while the layout is brought up to date and a replica comes in.
const ENTRANCE: i32 = 1;
/// Held, shared, by every replica as long as it is there.
const PRESENCE: i32 = 2;
/// How long to wait for a replica that has just gone to be gone for the database too.
const GONE_TIMEOUT: Duration = Duration::from_secs(3);
const GONE_LOOK_EVERY: Duration = Duration::from_millis(50);
/// Readers at once: as many as the use cases let in.
const READERS_MAX: usize = 16;
/// How long a reader waits for a connection.
const READER_TIMEOUT: Duration = Duration::from_secs(8);

/// Why the shared ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The database cannot be reached or used.
    #[error("cannot open the ledger {address}: {source}")]
    Store {
        /// The database.
        address: String,
        /// What went wrong.
        source: Box<Error>,
    },
    /// The layout cannot be brought up to date, or is that of a newer meter.
    #[error(
        "the layout of the ledger {address} is not this meter's: {reason}; use the version that wrote it, or a database of its own"
    )]
    Layout {
        /// The database.
        address: String,
        /// Why.
        reason: String,
    },
    /// Other meters run on it with other prices.
    #[error(
        "the meters that run on {address} use {theirs} and this one is set to {ours}; set METER_PRICE_BOOK, METER_PRICE_OVERRIDES and METER_RATES alike, or stop the others first"
    )]
    OtherPrices {
        /// The database.
        address: String,
        /// Theirs, in words.
        theirs: String,
        /// Ours, in words.
        ours: String,
    },
    /// The system gives no thread.
    #[error("the system gives no thread for the database's connections: {0}")]
    System(#[from] std::io::Error),
}

/// What runs beside the writer: readers' connections, and looking for changes.
#[derive(Debug)]
pub(super) struct Background {
    runtime: Option<Runtime>,
    pub(super) shared: Arc<Shared>,
    /// A name that no other replica has.
    pub(super) replica: String,
    pub(super) stop: CancellationToken,
}

impl Background {
    /// Waits for something; on a thread that may wait.
    pub(super) fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(Failure::Lost("the meter is shutting down".to_owned())),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl PostgresLedger {
    /// Opens the shared ledger of a database, made if it is not there, with a price book and the overrides that are not
    /// set at run time. These must be those of the meters that run on it already; where none does, they become the
    /// store's. To be called on a thread that may wait.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(
        address: &Address,
        options: &Options,
        table: &RateTable,
        now: Timestamp,
    ) -> std::result::Result<(Self, Arc<PostgresLibrary>), OpenError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ledger-postgres")
            .enable_all()
            .build()?;
        let entered = runtime.block_on(enter(address, table, now));
        let (shared, arrived) = match entered {
            Ok((shared, arrived)) => (Arc::new(shared), arrived),
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let (replica, stop) = (uuid::Uuid::new_v4().to_string(), CancellationToken::new());
        let following = Following {
            shared: Arc::clone(&shared),
            replica: replica.clone(),
            stop: stop.clone(),
        };
        let following = follow::follow(address.clone(), options.clone(), following, arrived);
        runtime.spawn(following);
        let background = Arc::new(Background {
            runtime: Some(runtime),
            shared,
            replica,
            stop,
        });
        let pool = pool(address).map_err(|reason| OpenError::Store {
            address: address.to_string(),
            source: Box::new(Error::Internal(reason)),
        })?;
        let ledger = Self::new(address.clone(), Arc::clone(&background))?;
        Ok((ledger, Arc::new(PostgresLibrary::new(pool, background))))
    }
}

fn pool(address: &Address) -> std::result::Result<Pool, String> {
    let config = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let mut postgres = address.config.clone();
    // The same as `connection::settings`, said while connecting: the pool opens its connections by itself.
    let options = connection::options();
    postgres.options(options);
    let manager = Manager::from_config(postgres, address.tls.clone(), config);
    let timeouts = Timeouts {
        wait: Some(READER_TIMEOUT),
        create: Some(READER_TIMEOUT),
        recycle: Some(READER_TIMEOUT),
    };
    Pool::builder(manager)
        .config(PoolConfig {
            max_size: READERS_MAX,
            timeouts,
            ..PoolConfig::default()
        })
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .build()
        .map_err(|error| error.to_string())
}

/// Brings the layout and the prices in order, one replica after the other. The connection that comes back says that this
/// replica is here, before the next one is let in: it is to be kept until another one says so.
pub(super) async fn enter(
    address: &Address,
    table: &RateTable,
    now: Timestamp,
) -> std::result::Result<(Shared, Client), OpenError> {
    let failed = |failure: Failure| OpenError::Store {
        address: address.to_string(),
        source: Box::new(failure.into()),
    };
    let mut client = connection::open(address).await.map_err(failed)?;
    lock(&client, "pg_advisory_lock", ENTRANCE)
        .await
        .map_err(failed)?;
    migrate(&mut client)
        .await
        .map_err(|reason| OpenError::Layout {
            address: address.to_string(),
            reason,
        })?;
    let shared = in_order(&client, address, table, now).await?;
    announce(&client).await.map_err(failed)?;
    lock(&client, "pg_advisory_unlock", ENTRANCE)
        .await
        .map_err(failed)?;
    Ok((shared, client))
}

async fn migrate(client: &mut Client) -> std::result::Result<(), String> {
    let mut runner = layout::migrations::runner();
    // A layout with steps that this program does not know was written by a newer one.
    runner = runner.set_abort_missing(true).set_abort_divergent(true);
    let client: &mut tokio_postgres::Client = client;
    runner
        .run_async(client)
        .await
        .map(|_| ())
        .map_err(|error| super::error::words(&error))
}

async fn in_order(
    client: &Client,
    address: &Address,
    table: &RateTable,
    now: Timestamp,
) -> std::result::Result<Shared, OpenError> {
    let failed = |failure: Failure| OpenError::Store {
        address: address.to_string(),
        source: Box::new(failure.into()),
    };
    first_prices(client, table).await.map_err(failed)?;
    let rates = Rates::read(client).await.map_err(failed)?;
    let ours = rates.prices.over(table);
    if ours.is_some() && !is_alone(client).await.map_err(failed)? {
        let (theirs, ours) = different(rates.prices.everyone().table.clone(), table);
        return Err(OpenError::OtherPrices {
            address: address.to_string(),
            theirs,
            ours,
        });
    }
    let shared = Shared::new(rates);
    let settled = settle(client, &shared, ours, now).await;
    settled.map_err(failed)?;
    Ok(shared)
}

/// Adopts prices where there are others to adopt, sorts by their dates, and makes the coming months' partitions.
async fn settle(
    client: &Client,
    shared: &Shared,
    ours: Option<TenantPrices>,
    now: Timestamp,
) -> Result<()> {
    client.batch_execute("BEGIN").await?;
    let known = super::stage::sync_rates(client, shared, "FOR UPDATE").await?;
    let changes = ours.is_some();
    let prices = ours.unwrap_or_else(|| known.prices.clone());
    if changes && known.revision > 0 {
        let note = rules::reprice(&known.prices, Arc::default(), &prices.everyone().table);
        if let Some((_, note)) = note {
            tracing::info!(
                before = note.before,
                after = note.after,
                "the store's prices are this meter's now"
            );
            audit::add(client, EVERYONE, &note, now).await?;
        }
    }
    if changes || !rules::added_boundaries(&prices, &known.boundaries).is_empty() {
        let rates = rates::keep(client, shared, &known, prices).await?;
        client.batch_execute("COMMIT").await?;
        shared.take_rates(rates);
    } else {
        client.batch_execute("COMMIT").await?;
    }
    client.batch_execute("BEGIN").await?;
    partitions::make(client, now).await?;
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// The first meter's prices are the store's.
async fn first_prices(client: &Client, table: &RateTable) -> Result<()> {
    execute(
        client,
        "INSERT INTO store (id, price_revision, rates, rates_revision) VALUES (1, 0, $1, 0) ON CONFLICT (id) DO NOTHING",
        &[&table.freeze()],
    )
    .await?;
    Ok(())
}

async fn lock(client: &Client, function: &str, what: i32) -> Result<bool> {
    let sql = format!("SELECT {function}($1, $2)::text");
    let found = row(client, &sql, &[&LOCKS, &what]).await?;
    let said: Option<String> = found.map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(said.as_deref() != Some("false"))
}

/// Says that a replica is here, as long as this connection is.
pub(super) async fn announce(client: &Client) -> Result<()> {
    lock(client, "pg_advisory_lock_shared", PRESENCE).await?;
    Ok(())
}

/// Whether no other replica is here. One that has gone may still seem to be for a moment.
async fn is_alone(client: &Client) -> Result<bool> {
    let began = Instant::now();
    loop {
        if lock(client, "pg_try_advisory_lock", PRESENCE).await? {
            lock(client, "pg_advisory_unlock", PRESENCE).await?;
            return Ok(true);
        }
        if began.elapsed() > GONE_TIMEOUT {
            return Ok(false);
        }
        tokio::time::sleep(GONE_LOOK_EVERY).await;
    }
}

/// Two tables in words that tell them apart.
fn different(theirs: RateTable, ours: &RateTable) -> (String, String) {
    let words = |table: &RateTable| {
        let book = table.book();
        let rates = blake3::hash(table.freeze().as_bytes()).to_hex();
        let short: String = rates.chars().take(8).collect();
        let set = table.rates().count() - book.rates().len();
        format!(
            "price book `{}` as of {} with {set} rates set over it (fingerprint {short})",
            book.name(),
            book.as_of()
        )
    };
    (words(&theirs), words(ours))
}
