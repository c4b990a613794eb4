//! What a person can set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Span, SpanRelativeTo};
use reelmeter_service::secret::{METER_STORE_PASSWORD, REELMETER_TOKEN, Secrets};
use reelmeter_service::{Common, Secret};

use crate::adapters::postgres::{Address, AddressError};

/// What a store that is a file begins with.
const SQLITE_SCHEME: &str = "sqlite://";
/// What a store that is a PostgreSQL server begins with.
const POSTGRES_SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The shortest time after which a session counts as idle: a provider call may take minutes.
const SESSION_IDLE_MIN: SignedDuration = SignedDuration::from_secs(1);

/// The youngest age at which events are moved: one of nothing would move those that are just being recorded.
const ARCHIVE_AGE_MIN: SignedDuration = SignedDuration::from_secs(1);

/// The meter's settings.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Meter")]
pub struct Config {
    /// The address to listen on.
    #[arg(long, env, default_value = "127.0.0.1:50051")]
    pub meter_listen: SocketAddr,
    /// Where the ledger is kept: sqlite:// and the path of a file, or postgres://USER@HOST/DATABASE, shared with other
    /// meters; its password comes from METER_STORE_PASSWORD.
    #[arg(long, env, value_name = "URL", default_value = "sqlite://data/meter.db", value_parser = store)]
    pub meter_store: String,
    /// With PostgreSQL: be told of other meters' changes (LISTEN), beside looking for them four times a second. `false`
    /// for databases and poolers that have no LISTEN.
    #[arg(long, env, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub meter_store_listen: bool,
    /// The prices: `documented`, `list`, or the path of a price file.
    #[arg(long, env, value_name = "BOOK", default_value = "documented")]
    pub meter_price_book: String,
    /// A file of rates that go before the price book's.
    #[arg(long, env, value_name = "FILE")]
    pub meter_price_overrides: Option<PathBuf>,
    /// Rates that go before the file's: SERVICE/MODEL/METRIC=AMOUNT/UNITS, separated by semicolons.
    #[arg(long, env, value_name = "RATES")]
    pub meter_rates: Option<String>,
    /// A session that nobody watches is ended after so long without a change.
    #[arg(long, env, value_name = "DURATION", default_value = "24h", value_parser = idle)]
    pub meter_session_idle: SignedDuration,
    /// Events that were recorded longer ago are moved out of the ledger into files, for example 90d. Left out: never.
    #[arg(long, env, value_name = "AGE", value_parser = age)]
    pub meter_archive_after: Option<SignedDuration>,
    /// The folder of those files.
    #[arg(long, env, value_name = "DIR", default_value = "data/archive")]
    pub meter_archive_to: PathBuf,
    /// The address on which Prometheus reads the metrics, such as 127.0.0.1:9464; without it none are served.
    #[arg(long, env, value_name = "ADDRESS")]
    pub meter_metrics_listen: Option<SocketAddr>,
    /// Ask a running meter whether it is well, and exit.
    #[arg(long)]
    pub health_check: bool,
    /// The token that callers must show; set by [`Config::with_secrets`], since secrets have no flags.
    #[arg(skip)]
    pub token: Option<Secret>,
    /// The password of the database; set as the token.
    #[arg(skip)]
    pub store_password: Option<Secret>,
}

/// The secrets that the meter may read.
pub const SECRETS: &[&str] = &[REELMETER_TOKEN, METER_STORE_PASSWORD];

impl Config {
    /// The same settings with the secrets that were read.
    #[must_use]
    pub fn with_secrets(self, secrets: &Secrets) -> Self {
        Self {
            token: secrets.get(REELMETER_TOKEN),
            store_password: secrets.get(METER_STORE_PASSWORD),
            ..self
        }
    }

    /// Where the ledger is kept. `common` says whom to trust on the way to a database.
    ///
    /// # Errors
    /// The address of a database that cannot be used.
    pub fn store(&self, common: &Common) -> Result<Store, AddressError> {
        Store::read(
            &self.meter_store,
            self.store_password.as_ref(),
            common.reelmeter_tls_ca.as_deref(),
        )
    }
}

/// Where a ledger is kept.
#[derive(Clone, Debug)]
pub enum Store {
    /// In a file.
    Sqlite(PathBuf),
    /// In a database.
    Postgres(Box<Address>),
}

impl Store {
    /// Reads what `METER_STORE` says.
    ///
    /// # Errors
    /// The address of a database that cannot be used.
    pub fn read(
        text: &str,
        password: Option<&Secret>,
        authorities: Option<&Path>,
    ) -> Result<Self, AddressError> {
        if is_postgres(text) {
            let address = Address::read(text, password, authorities)?;
            return Ok(Self::Postgres(Box::new(address)));
        }
        let path = text.strip_prefix(SQLITE_SCHEME).unwrap_or(text);
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl std::fmt::Display for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

fn is_postgres(text: &str) -> bool {
    POSTGRES_SCHEMES
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

/// Checks what can be checked without showing a password in the message.
pub(crate) fn store(text: &str) -> Result<String, String> {
    if is_postgres(text) {
        return Ok(text.to_owned());
    }
    match text.strip_prefix(SQLITE_SCHEME) {
        Some("") => {
            Err("the path of the file is missing, for example sqlite://data/meter.db".to_owned())
        }
        Some(path) if path.contains(['?', '\0']) => {
            Err("the path takes no parameters; give the path of a file".to_owned())
        }
        Some(_) => Ok(text.to_owned()),
        None => Err(
            "start with sqlite:// or postgres://, for example sqlite://data/meter.db".to_owned(),
        ),
    }
}

/// How old an event must be to be moved out of the ledger.
pub(crate) fn age(text: &str) -> Result<SignedDuration, String> {
    let age = text
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| "write an age like 90d, 12w or 36h".to_owned())?;
    if age < ARCHIVE_AGE_MIN {
        return Err("at least a second, for example 90d".to_owned());
    }
    Ok(age)
}

fn idle(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "write a duration like 24h, 90m or 1h30m".to_owned())?;
    if duration < SESSION_IDLE_MIN {
        return Err("at least a second, for example 24h".to_owned());
    }
    Ok(duration)
}
