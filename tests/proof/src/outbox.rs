//! A recorder that is killed again and again between its paid calls, with a real meter that comes and goes: every call
//! that the provider was asked for is in the ledger exactly once, as used or as unconfirmed.
//!
//! The provider keeps an account of its own: a file with a line for each call that it was asked, and one for each of
//! which the recorder has said that its usage is on disk.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use reelmeter_proto::meter::v1::{CallOutcome, Quantity, QuantityBasis};
use reelmeter_recorder::{Intent, Recorder, Used};
use rusqlite::Connection;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;

use crate::dice::{Dice, mix};
use crate::load::PATIENCE;
use crate::program::{Program, Running};
use crate::{Failure, Result};

/// Kills over one outbox and one ledger.
const CYCLES_PER_OUTBOX: u64 = 50;
/// How long a recorder works before it is killed, at most.
const WORK_MS_MAX: u64 = 120;
/// In one cycle of so many the meter is killed first, and stays away until the next.
const METER_AWAY_EVERY: u64 = 4;
/// Calls in flight at once.
const CALLERS: usize = 4;
const SESSION: &str = "s";
/// How often the programme says how far it is.
const TELL_EVERY: u64 = 500;

/// What the recorder's process is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Child {
    /// The outbox.
    #[arg(long)]
    outbox: PathBuf,
    /// The provider's account.
    #[arg(long)]
    provider: PathBuf,
    /// The meter, `host:port`.
    #[arg(long)]
    meter: String,
    /// Make no calls: deliver what is there and end.
    #[arg(long)]
    drain: bool,
}

/// What the programme did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// How often the recorder was killed.
    pub cycles: u64,
    /// How often the meter was killed beside it.
    pub meter_kills: u64,
    /// Calls that the provider was asked.
    pub asked: usize,
    /// Calls in the ledger with their usage.
    pub used: usize,
    /// Calls in the ledger as unconfirmed.
    pub unconfirmed: usize,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cycles ({} with the meter killed as well), {} paid calls: {} used, {} unconfirmed, 0 lost, 0 twice",
            self.cycles, self.meter_kills, self.asked, self.used, self.unconfirmed
        )
    }
}

/// What a call used, as the provider will say.
fn tokens_of(event_id: &str) -> i64 {
    let number = event_id
        .bytes()
        .fold(0_u64, |number, byte| mix(number ^ u64::from(byte)));
    i64::try_from(1 + number % 1_000).unwrap_or(1)
}

/// The recorder's life, until it is killed; or until everything is delivered.
///
/// # Errors
/// The outbox cannot be used.
pub async fn child(told: Child) -> Result<()> {
    let recorder = Recorder::open(&told.outbox, "proof").map_err(Failure::setup("the outbox"))?;
    let endpoint = Endpoint::from_shared(format!("http://{}", told.meter))
        .map_err(Failure::setup("the meter's address"))?;
    tokio::spawn(
        recorder
            .clone()
            .deliver(endpoint.connect_lazy(), None, CancellationToken::new()),
    );
    if told.drain {
        return tokio::time::timeout(PATIENCE, recorder.delivered(SESSION))
            .await
            .map_err(Failure::setup("the outbox is not delivered"))?
            .map(drop)
            .map_err(Failure::setup("the outbox"));
    }
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let account = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&told.provider)
            .map_err(Failure::setup("the provider's account"))?;
        callers.spawn(call(recorder.clone(), account, caller));
    }
    while let Some(ended) = callers.join_next().await {
        ended.map_err(Failure::setup("a caller failed"))??;
    }
    Ok(())
}

/// One paid call after the other.
async fn call(recorder: Recorder, mut account: File, caller: usize) -> Result<()> {
    let failed = || Failure::setup("the outbox");
    let written = || Failure::setup("the provider's account");
    let mut dice = Dice::new(Dice::any_seed() ^ caller as u64);
    loop {
        let intent = Intent {
            session_id: SESSION.to_owned(),
            service: "gemini".to_owned(),
            model: "gemini-2.5-flash".to_owned(),
            stage: format!("stage {caller}"),
            attempt: 1,
            ..Intent::default()
        };
        let call = recorder.begin(intent).await.map_err(failed())?;
        let id = call.event_id().to_owned();
        account
            .write_all(format!("asked {id}\n").as_bytes())
            .map_err(written())?;
        tokio::time::sleep(Duration::from_millis(dice.below(3))).await;
        let quantity = Quantity {
            metric: "input_tokens".to_owned(),
            value: tokens_of(&id),
            basis: QuantityBasis::Reported.into(),
            provider_billed: None,
        };
        call.used(Used::new(CallOutcome::Succeeded, vec![quantity]))
            .await
            .map_err(failed())?;
        account
            .write_all(format!("kept {id}\n").as_bytes())
            .map_err(written())?;
    }
}

/// Kills the recorder so often.
///
/// # Errors
/// A promise is broken, or it could not be tried.
pub fn run(
    binary: &Path,
    folder: &Path,
    cycles: u64,
    seed: u64,
    mut tell: impl FnMut(&Done),
) -> Result<Done> {
    let mut dice = Dice::new(seed);
    let mut done = Done::default();
    while done.cycles < cycles {
        let here = tempfile::tempdir_in(folder).map_err(Failure::setup("a folder"))?;
        let bench = Bench::new(here.path(), binary);
        let mut meter: Option<Running> = None;
        for _ in 0..CYCLES_PER_OUTBOX.min(cycles - done.cycles) {
            let address = address_of(&mut meter, &bench.meter)?;
            let mut recorder = bench.recorder(&address, false)?;
            if dice.below(METER_AWAY_EVERY) == 0
                && let Some(meter) = meter.take()
            {
                std::thread::sleep(Duration::from_millis(dice.below(WORK_MS_MAX) / 2));
                meter.kill()?;
                done.meter_kills += 1;
            }
            std::thread::sleep(Duration::from_millis(dice.below(WORK_MS_MAX)));
            if let Ok(Some(status)) = recorder.try_wait() {
                return Err(Failure::Broken(format!(
                    "the recorder ended by itself: {status}"
                )));
            }
            recorder
                .kill()
                .and_then(|()| recorder.wait())
                .map_err(Failure::setup("kill"))?;
            done.cycles += 1;
            if done.cycles.is_multiple_of(TELL_EVERY) {
                tell(&done);
            }
        }
        let address = address_of(&mut meter, &bench.meter)?;
        let drained = bench.recorder(&address, true)?.wait();
        let drained = drained.map_err(Failure::setup("the recorder"))?;
        if !drained.success() {
            return Err(Failure::Broken(format!(
                "what is in the outbox does not reach the meter: {drained}"
            )));
        }
        if let Some(meter) = meter.take() {
            meter.stop()?;
        }
        bench.meter.verify()?;
        bench.compare(&mut done)?;
    }
    if done.used < usize::try_from(cycles).unwrap_or(0) {
        return Err(Failure::Setup(format!(
            "only {} calls in {cycles} cycles: that is no load",
            done.used
        )));
    }
    Ok(done)
}

/// Starts the meter where there is none, and says where it listens.
fn address_of(meter: &mut Option<Running>, program: &Program) -> Result<String> {
    let running = match meter.take() {
        Some(running) => running,
        None => program.start()?,
    };
    let address = running.address.clone();
    *meter = Some(running);
    Ok(address)
}

/// The files of one outbox and one ledger.
struct Bench {
    meter: Program,
    outbox: PathBuf,
    provider: PathBuf,
}

impl Bench {
    fn new(folder: &Path, binary: &Path) -> Self {
        Self {
            meter: Program {
                binary: binary.to_owned(),
                database: folder.join("meter.db"),
            },
            outbox: folder.join("outbox.db"),
            provider: folder.join("provider.log"),
        }
    }

    fn recorder(&self, meter: &str, drain: bool) -> Result<std::process::Child> {
        let this = std::env::current_exe().map_err(Failure::setup("this program"))?;
        let mut command = Command::new(this);
        command
            .arg("outbox-child")
            .arg("--outbox")
            .arg(&self.outbox)
            .arg("--provider")
            .arg(&self.provider)
            .args(["--meter", meter])
            .stdin(Stdio::null());
        if drain {
            command.arg("--drain");
        }
        command.spawn().map_err(Failure::setup("the recorder"))
    }

    /// Compares the ledger with the provider's account.
    fn compare(&self, done: &mut Done) -> Result<()> {
        let account = std::fs::read_to_string(&self.provider).unwrap_or_default();
        let lines = |word: &str| -> HashSet<&str> {
            let of_word =
                |line: &'_ str| line.split_once(' ').is_some_and(|(first, _)| first == word);
            account
                .lines()
                .filter(|line| of_word(line))
                .filter_map(|line| line.split_once(' ').map(|(_, id)| id))
                .collect()
        };
        let (asked, kept) = (lines("asked"), lines("kept"));
        let ledger = self.ledger()?;
        let broken = |what: String| Err(Failure::Broken(what));
        for id in &asked {
            let Some((outcome, tokens)) = ledger.get(*id) else {
                return broken(format!("the paid call {id} left no trace"));
            };
            match outcome.as_str() {
                "succeeded" if *tokens == Some(tokens_of(id)) => done.used += 1,
                "unconfirmed" if tokens.is_none() && !kept.contains(id) => done.unconfirmed += 1,
                _ => {
                    return broken(format!(
                        "the paid call {id} stands as {outcome} with {tokens:?} tokens"
                    ));
                }
            }
        }
        for (id, (outcome, _)) in &ledger {
            if !asked.contains(id.as_str()) && outcome != "unconfirmed" {
                return broken(format!(
                    "{id} is {outcome}, and the provider was never asked"
                ));
            }
        }
        done.asked += asked.len();
        Ok(())
    }

    /// Every event of the ledger: outcome and tokens by id.
    fn ledger(&self) -> Result<HashMap<String, (String, Option<i64>)>> {
        let failed = || Failure::setup("the view `usage`");
        let connection = Connection::open(&self.meter.database).map_err(failed())?;
        let mut statement = connection
            .prepare("SELECT event_id, outcome, quantity FROM usage")
            .map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        let mut ledger = HashMap::new();
        while let Some(row) = rows.next().map_err(failed())? {
            let id: String = row.get(0).map_err(failed())?;
            let found = (row.get(1).map_err(failed())?, row.get(2).map_err(failed())?);
            if ledger.insert(id.clone(), found).is_some() {
                return Err(Failure::Broken(format!("{id} stands twice in the ledger")));
            }
        }
        Ok(ledger)
    }
}

/// Runs the recorder's process.
///
/// # Errors
/// See [`child`].
pub fn run_child(told: Child) -> Result<()> {
    let runtime = Runtime::new().map_err(Failure::setup("threads"))?;
    runtime.block_on(child(told))
}
