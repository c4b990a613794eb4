//! The meter: records usage of any provider by any tool, prices it exactly, and streams what it costs.
//!
//! [`run`] is the whole service on a port that somebody else has opened, for `main`, for tests and for the program that
//! runs everything in one process; [`serve`] the same on any stream of connections and in any [`World`], for
//! simulations. Inside, `domain` decides, `application` orders, `adapters` translate.

pub mod adapters;
pub mod application;
mod archiving;
pub mod commands;
mod config;
pub mod domain;
pub mod prices;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use jiff::Timestamp;
use reelmeter_rating::RateTable;
use reelmeter_service::door::KeyringError;
use reelmeter_service::health::HealthError;
use reelmeter_service::listen::{self, ListenError};
use reelmeter_service::metrics;
use reelmeter_service::tls::TlsError;
use reelmeter_service::{CancellationToken, Clock, Common, Ids, SystemClock, UuidIds};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tonic::transport::server::Connected;

use adapters::grpc::server::{self, Access};
use adapters::postgres::{self, PostgresLedger};
use adapters::price_files;
use adapters::prometheus::{self, Followed, Metrics};
use adapters::sqlite::{OpenError, SqliteLedger};
use application::Meter;
use application::ports::{Ledger, Library};
use application::writer::{Health, Writer};

pub use config::{Config, SECRETS, Store};

/// How long calls in flight have to end when the meter is told to stop. Container engines end a program after ten
/// seconds; the ledger is closed after this.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

/// Why the meter does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The prices cannot be used.
    #[error(transparent)]
    Prices(#[from] prices::PricesError),
    /// The ledger cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The shared ledger cannot be opened.
    #[error(transparent)]
    Shared(#[from] postgres::OpenError),
    /// The address of the shared ledger cannot be used.
    #[error(transparent)]
    Address(#[from] postgres::AddressError),
    /// The port cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A command could not be carried out, or has found a difference.
    #[error(transparent)]
    Command(#[from] commands::CommandError),
    /// A running meter is not well.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] KeyringError),
    /// A command on the tokens could not be carried out.
    #[error(transparent)]
    TokenCommand(#[from] reelmeter_service::door::command::CommandError),
    /// The system gives no thread, or not the port's own address.
    #[error("the system refuses what the meter needs: {0}")]
    System(#[from] std::io::Error),
    /// The server failed.
    #[error("the meter's server failed: {0}")]
    Server(#[source] tonic::transport::Error),
    /// The ledger's writer is gone: a mistake in the meter. What was acknowledged is on disk.
    #[error(
        "the ledger's writer has failed; what was acknowledged is on disk, start the meter again and please report it"
    )]
    Writer,
}

/// What the meter takes from the world around it.
#[derive(Clone, Debug)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Where the ledger is written and read.
    pub threads: Threads,
}

/// Whether work that waits for the disk has threads of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// One thread writes the ledger, others read it.
    #[default]
    Own,
    /// Everything happens where it is asked for: a simulation has one thread, and the order of its seed.
    None,
}

impl Default for World {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidIds),
            threads: Threads::Own,
        }
    }
}

/// Runs the meter on an open port until it is told to stop: then calls in flight are answered, streams end, and the
/// ledger is closed.
///
/// # Errors
/// The prices or the ledger cannot be used, or the service fails while it runs.
pub async fn run(
    config: Config,
    common: Common,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let address = listener.local_addr()?.to_string();
    let incoming = listen::incoming(listener, common.reelmeter_connections_max);
    serve(
        World::default(),
        config,
        common,
        &address,
        incoming,
        shutdown,
    )
    .await
}

/// As [`run`], on any stream of connections, with another clock, other ids, or without threads. `address` is where
/// others find this meter.
///
/// # Errors
/// As [`run`].
pub async fn serve<S, IO>(
    world: World,
    config: Config,
    common: Common,
    address: &str,
    incoming: S,
    shutdown: CancellationToken,
) -> Result<(), Error>
where
    S: Stream<Item = std::io::Result<IO>> + Send + 'static,
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    IO::ConnectInfo: Clone + Send + Sync + 'static,
{
    let access = Access {
        tls: common.tls().server()?,
        door: common.door(config.token.as_ref(), Arc::clone(&world.clock))?,
        web: common.web_rules(),
        reflection: common.reelmeter_reflection,
    };
    let is_beyond = |address: SocketAddr| !address.ip().to_canonical().is_loopback();
    if access.door.is_open() && address.parse().is_ok_and(is_beyond) {
        tracing::warn!(
            "no token is asked for: everybody who reaches this port may do anything; name a file of tokens with REELMETER_TOKENS"
        );
    }
    let starting = prices::load(&config)?;
    let store = config.store(&common)?;
    if matches!(store, Store::Postgres(_)) && config.meter_archive_after.is_some() {
        return Err(commands::CommandError::Partitions.into());
    }
    let opening = {
        let (store, table, address) = (store.clone(), starting.table.clone(), address.to_owned());
        let (now, listen) = (world.clock.now(), config.meter_store_listen);
        let threads = world.threads;
        move || open(&store, listen, threads, &table, &address, now)
    };
    let clock = Arc::clone(&world.clock);
    let (writer, library) = match world.threads {
        Threads::Own => {
            // Opening waits for a disk or a network.
            let opened = tokio::task::spawn_blocking(opening).await;
            let (ledger, library) = opened.map_err(std::io::Error::other)??;
            (Writer::on_a_thread(ledger, clock)?, library)
        }
        Threads::None => {
            let (ledger, library) = opening()?;
            (Writer::inline(ledger, clock), library)
        }
    };
    let metrics =
        metrics::bind(config.meter_metrics_listen, "meter_metrics_listen", &common).await?;
    let meter = Meter::new(
        writer.clone(),
        library,
        world.clock,
        world.ids,
        starting.books,
    );
    tracing::info!(address, ledger = %store, price_book = %meter.prices().table.book(), "the meter serves");

    // Ends the service when it is told to stop, and when its writer is gone.
    let stop = shutdown.child_token();
    let files = prices::files(&config);
    let housekeeping = tokio::spawn({
        let (meter, stop) = (meter.clone(), stop.clone());
        async move { meter.keep_house(config.meter_session_idle, stop).await }
    });
    let repricing = tokio::spawn({
        let (meter, stop, config) = (meter.clone(), stop.clone(), config.clone());
        let read = move || {
            prices::load(&config)
                .map(|prices| prices.table)
                .map_err(|error| error.to_string())
        };
        price_files::watch(meter, files, read, stop)
    });
    if let Some(listener) = metrics {
        tracing::info!(address = %listener.local_addr()?, "metrics are served");
        let (counted, registry) = Metrics::new();
        writer.observe(Arc::new(counted.clone()));
        let files = match &store {
            Store::Sqlite(database) => {
                let mut log = database.clone().into_os_string();
                log.push("-wal");
                vec![database.clone(), log.into()]
            }
            // A database's size is its own monitoring's business.
            Store::Postgres(_) => Vec::new(),
        };
        let followed = Followed {
            meter: meter.clone(),
            health: writer.health(),
            files,
        };
        tokio::spawn(prometheus::follow(counted, followed, stop.clone()));
        tokio::spawn(metrics::serve(listener, registry, stop.clone()));
    }
    let archiving = tokio::spawn(archiving::keep(config.clone(), store.clone(), stop.clone()));
    let watching = tokio::spawn(stop_when_gone(writer.clone(), stop.clone()));
    let tidying = tokio::spawn({
        let writer = writer.clone();
        async move { writer.tidy_inline().await }
    });
    let serving = server::serve(meter, writer.health(), access, incoming, stop.clone());
    let served = tokio::select! {
        served = serving => served.map_err(Error::Server),
        () = drained(&stop) => {
            tracing::warn!("calls in flight did not end within {} s and are dropped", DRAIN_TIMEOUT.as_secs());
            Ok(())
        }
    };
    let gone = *writer.health().borrow() == Health::Gone;
    stop.cancel();
    // None of them holds anything that needs closing.
    housekeeping.abort();
    repricing.abort();
    archiving.abort();
    watching.abort();
    tidying.abort();
    writer.close().await;
    tracing::info!("the meter has stopped");
    if gone { Err(Error::Writer) } else { served }
}

/// Both sides of a ledger.
type Opened = (Box<dyn Ledger>, Arc<dyn Library>);

/// Opens the ledger where it is kept.
fn open(
    store: &Store,
    listen: bool,
    threads: Threads,
    table: &RateTable,
    address: &str,
    now: Timestamp,
) -> Result<Opened, Error> {
    match store {
        Store::Sqlite(path) => {
            let (mut ledger, library) = SqliteLedger::open(path, table, now)?;
            ledger.tell_address(address);
            if threads == Threads::Own {
                ledger.carry_over_beside();
            }
            Ok((Box::new(ledger), library))
        }
        Store::Postgres(database) => {
            let options = postgres::Options {
                listen,
                ..postgres::Options::default()
            };
            let (ledger, library) = PostgresLedger::open(database, &options, table, now)?;
            Ok((Box::new(ledger), library))
        }
    }
}

/// Returns when the drain's time is over.
async fn drained(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(DRAIN_TIMEOUT).await;
}

async fn stop_when_gone(writer: Writer, stop: CancellationToken) {
    // The sending side goes with the writer, which says so first.
    let _ = writer
        .health()
        .wait_for(|health| *health == Health::Gone)
        .await;
    stop.cancel();
}
