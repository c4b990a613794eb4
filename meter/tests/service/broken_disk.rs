//! A file that becomes read-only, a disk that fails to sync: a clear answer, NOT_SERVING, no untrue acknowledgement, and
//! back again without a hand.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reelmeter_meter::adapters::sqlite::{lock, verify};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::RecordStatus::{Duplicate, Recorded};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt;

use crate::faults::becomes;
use crate::server::{self, Meter, PATIENCE, Server, batch, event, eventually, record, summary};

/// Loud on purpose: a test that did not run must not look like one that passed.
pub fn skipped(test: &str, because: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {because}");
    assert!(std::env::var_os("CI").is_none(), "CI runs this test");
}

/// Files that not even root can write, until this is dropped.
struct Immutable(Vec<PathBuf>);

impl Immutable {
    /// `None` where the file system or the user cannot do it.
    fn make(database: &Path) -> Option<Self> {
        let files: Vec<PathBuf> = ["", "-wal"]
            .map(|end| PathBuf::from(format!("{}{end}", database.display())))
            .into_iter()
            .filter(|file| file.exists())
            .collect();
        let made = Self(files);
        made.change("+i").then_some(made)
    }

    fn change(&self, how: &str) -> bool {
        let changed = Command::new("chattr").arg(how).args(&self.0).output();
        changed.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        self.change("-i");
    }
}

fn one(number: usize) -> pb::UsageEvent {
    event(&format!("e{number}"), "s", "images", 1)
}

/// The meter says no, says why, and says that trying again may help.
fn is_a_clear_refusal(error: &tonic::Status) {
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
    assert!(
        error.message().contains("try again with the same ids"),
        "{}",
        error.message()
    );
    let delay = error
        .get_details_retry_info()
        .and_then(|info| info.retry_delay);
    assert!(delay.is_some(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_becomes_read_only_is_said_and_waited_out() {
    let server = Server::start().await;
    let channel = server.channel().await;
    let mut meter = Meter::new(channel.clone());
    record(&mut meter, vec![one(0)]).await;
    let Some(immutable) = Immutable::make(&server.database()) else {
        return skipped(
            "a_file_that_becomes_read_only_…",
            "chattr +i is refused here",
        );
    };
    let error = meter.record_usage(batch(vec![one(1)])).await.unwrap_err();
    is_a_clear_refusal(&error);
    becomes(&channel, ServingStatus::NotServing).await;
    assert_eq!(
        summary(&mut meter, "s").await.event_count,
        1,
        "what is there can be read meanwhile, and nothing else counts"
    );
    drop(immutable);
    becomes(&channel, ServingStatus::Serving).await;
    assert_eq!(
        record(&mut meter, vec![one(0), one(1)]).await,
        [Duplicate, Recorded]
    );
    assert_eq!(summary(&mut meter, "s").await.event_count, 2);
}

/// The meter's own program, whose system calls fail as strace says.
struct Traced {
    process: Child,
    database: PathBuf,
}

impl Traced {
    /// `inject` as strace has it; without it nothing fails.
    fn start(database: &Path, inject: Option<&str>) -> Self {
        let meter = env!("CARGO_BIN_EXE_meter");
        let mut command = match inject {
            Some(inject) => {
                let mut command = Command::new("strace");
                command.args(["-f", "-qq", "-o", "/dev/null"]).args([
                    "-e",
                    "trace=fdatasync,fsync",
                    "-e",
                    inject,
                    meter,
                ]);
                command
            }
            None => Command::new(meter),
        };
        let process = command
            .args(["--meter-listen", "127.0.0.1:0", "--meter-store"])
            .arg(format!("sqlite://{}", database.display()))
            .env("REELMETER_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            database: database.to_owned(),
        }
    }

    async fn address(&self) -> std::net::SocketAddr {
        eventually("the traced meter listens", || async {
            lock::holder(&self.database)?.address?.parse().ok()
        })
        .await
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // The meter itself first: strace ends with it.
        if let Some(holder) = lock::holder(&self.database) {
            let _ = Command::new("kill")
                .args(["-9", &holder.process.to_string()])
                .status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        // Under strace the meter is no child of ours: it is gone when the ledger has no holder.
        let patient_until = Instant::now() + PATIENCE;
        while lock::holder(&self.database).is_some() && Instant::now() < patient_until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_to_sync_is_said_and_nothing_is_acknowledged_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("meter.db");
    if Command::new("strace").arg("--version").output().is_err() {
        return skipped("a_disk_that_fails_to_sync_…", "there is no strace");
    }
    // A new file takes more syncs than that before it is served.
    let fresh = Traced::start(&database, None);
    fresh.address().await;
    drop(fresh);
    // Counted for each thread: the writer's tenth sync and the three after it fail.
    let inject = "inject=fdatasync,fsync:error=EIO:when=10..13";
    let traced = Traced::start(&database, Some(inject));
    let channel = server::channel(traced.address().await).await;
    let mut meter = Meter::new(channel.clone());
    let mut acknowledged = Vec::new();
    let mut number = 0;
    let error = loop {
        match meter.record_usage(batch(vec![one(number)])).await {
            Ok(_) => acknowledged.push(one(number)),
            Err(error) => break error,
        }
        number += 1;
        assert!(number < 1_000, "no sync fails");
    };
    assert!(!acknowledged.is_empty(), "some came before the failure");
    is_a_clear_refusal(&error);
    assert!(error.message().contains("disk"), "{}", error.message());
    becomes(&channel, ServingStatus::NotServing).await;
    becomes(&channel, ServingStatus::Serving).await;
    let known = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(summary(&mut meter, "s").await.event_count, known);
    assert_eq!(
        record(&mut meter, vec![one(number)]).await,
        [Recorded],
        "what was refused is not there"
    );
    acknowledged.push(one(number));
    drop(traced);

    let verified = verify(&database).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.differences);
    let whole = Traced::start(&database, None);
    let mut meter = Meter::new(server::channel(whole.address().await).await);
    let outcomes = record(&mut meter, acknowledged).await;
    assert!(
        outcomes.iter().all(|outcome| *outcome == Duplicate),
        "everything acknowledged is there: {outcomes:?}"
    );
}
