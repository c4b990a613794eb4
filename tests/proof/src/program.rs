//! The meter's program as an ordinary process over a ledger of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::PATIENCE;
use crate::process::Process;
use crate::{Failure, Result};

/// A meter that can be started over a ledger.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program.
    pub binary: PathBuf,
    /// The ledger.
    pub database: PathBuf,
}

/// A meter that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    process: Process,
    /// Where it listens; empty while it starts.
    pub address: String,
}

impl Program {
    fn store(&self) -> String {
        format!("sqlite://{}", self.database.display())
    }

    /// Lets the process begin, without waiting for it to listen.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(&self) -> Result<Running> {
        let mut command = Command::new(&self.binary);
        command
            .args(["--meter-listen", "127.0.0.1:0", "--meter-store"])
            .arg(self.store())
            .env("REELMETER_LOG", "warn")
            .stdin(Stdio::null());
        Ok(Running {
            process: Process::spawn("meter", &mut command)?,
            address: String::new(),
        })
    }

    /// Starts the meter and waits until it listens.
    ///
    /// # Errors
    /// It does not start: after a kill that is a broken promise.
    pub fn start(&self) -> Result<Running> {
        let mut running = self.spawn()?;
        let began = Instant::now();
        while running.address.is_empty() {
            running.process.runs()?;
            if began.elapsed() > PATIENCE {
                return Err(Failure::Broken(format!(
                    "the meter does not listen after {} s",
                    PATIENCE.as_secs()
                )));
            }
            std::thread::sleep(Duration::from_millis(2));
            running.address = self.address_of(running.process.id()).unwrap_or_default();
        }
        Ok(running)
    }

    /// Where the meter of that process listens, as the lock beside the ledger says.
    fn address_of(&self, process: u32) -> Option<String> {
        let mut path = self.database.clone().into_os_string();
        path.push(".lock");
        let text = fs::read_to_string(Path::new(&path)).ok()?;
        let (holder, address) = text.trim_end().split_once('\n')?;
        (holder.parse() == Ok(process)).then(|| address.to_owned())
    }

    /// Lets the program compute every total again from the events.
    ///
    /// # Errors
    /// They differ.
    pub fn verify(&self) -> Result<()> {
        let output = Command::new(&self.binary)
            .args(["--meter-store", &self.store(), "verify"])
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::setup("meter verify"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::Broken(format!("meter verify: {said}")))
    }
}

impl Running {
    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// It was gone already.
    pub fn kill(self) -> Result<()> {
        self.process.kill()
    }

    /// Tells it to stop and waits until it has.
    ///
    /// # Errors
    /// It does not end well.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}
