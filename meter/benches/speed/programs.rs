//! The programs that are measured, each a process of its own that ends with its owner.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reelmeter_meter::adapters::sqlite::lock;

/// How long a program may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program.
#[derive(Debug)]
pub struct Program {
    process: Child,
    pub address: String,
    /// From its start until it took calls.
    pub started_in: Duration,
}

impl Program {
    /// What the meter is compared with: this program, as a server.
    pub fn baseline(what: &str, folder: &Path) -> Self {
        let began = Instant::now();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--serve", what, "--folder"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            process,
            address: address.trim().to_owned(),
            started_in: began.elapsed(),
        }
    }

    /// The meter over a ledger.
    pub fn meter(ledger: &Path) -> Self {
        let began = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_meter"))
            .args(["--meter-listen", "127.0.0.1:0", "--meter-store"])
            .arg(format!("sqlite://{}", ledger.display()))
            .env("REELMETER_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let address = loop {
            let holder = lock::holder(ledger).filter(|holder| holder.process == process.id());
            if let Some(address) = holder.and_then(|holder| holder.address)
                // It has told its address a moment before it takes calls; the port is open all along.
                && std::net::TcpStream::connect(&address).is_ok()
            {
                break address;
            }
            assert!(began.elapsed() < PATIENCE, "the meter starts");
            std::thread::sleep(Duration::from_millis(1));
        };
        Self {
            process,
            address,
            started_in: began.elapsed(),
        }
    }

    /// Memory that it has resident, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes * 1024
    }

    /// Tells it to stop and waits until it has.
    pub fn stop(mut self) {
        let told = Command::new("kill")
            .arg(self.process.id().to_string())
            .status()
            .unwrap();
        assert!(told.success());
        let began = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "the program stops");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Nothing to do where it has ended in order.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The file of a ledger, with what stands beside it, in bytes.
pub fn file_bytes(ledger: &Path) -> u64 {
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", ledger.display()));
    [ledger.to_owned(), beside("-wal")]
        .iter()
        .filter_map(|path| fs::metadata(path).ok())
        .map(|metadata| metadata.len())
        .sum()
}
