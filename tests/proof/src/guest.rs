//! A machine of its own for the meter, whose power can be cut: qemu in software emulation, with a disk that outlives it.
//!
//! What is lost with it is what the guest's kernel had not given to its disk.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{Failure, Result};

/// Makes what the guest boots from.
const BUILD: &str = "tests/proof/guest/build.sh";
/// Large enough for the ledger of many cuts, small enough to be made in a moment.
const DISK_MIB: u64 = 256;
/// A machine that boots in five seconds alone may take a minute beside others.
const BOOT_TIMEOUT: Duration = Duration::from_secs(180);
/// Where the meter listens inside.
const PORT_INSIDE: u16 = 50051;

/// A machine that is off.
#[derive(Debug)]
pub struct Machine {
    folder: PathBuf,
    /// The disk.
    disk: PathBuf,
}

/// A machine that runs. Dropped, its power is cut.
#[derive(Debug)]
pub struct Guest {
    process: Child,
    /// What it has said on its serial port.
    said: Arc<Mutex<String>>,
    since: Instant,
    /// Where its meter is reached from outside.
    pub address: String,
}

/// Runs a program that must succeed.
fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::setup(program))?;
    // `e2fsck` says 1 when it has put something right, as after every cut.
    let fine =
        output.status.success() || (program == "/sbin/e2fsck" && output.status.code() == Some(1));
    if fine {
        return Ok(());
    }
    Err(Failure::Setup(format!(
        "{program}: {} {}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| Failure::Setup(format!("{} is not UTF-8", path.display())))
}

/// A port that is free now.
fn free_port() -> Result<u16> {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::setup("a free port"))
}

impl Machine {
    /// Makes a machine for a meter, in a folder of its own.
    ///
    /// # Errors
    /// Something is missing that `scripts/setup.sh --power` installs.
    pub fn new(meter: &Path, folder: &Path) -> Result<Self> {
        run(BUILD, &[text(meter)?, text(folder)?])?;
        let machine = Self {
            folder: folder.to_owned(),
            disk: folder.join("disk"),
        };
        machine.new_disk()?;
        machine.take_picture()?;
        Ok(machine)
    }

    /// Puts a new, empty disk in.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_disk(&self) -> Result<()> {
        fs::File::create(&self.disk)
            .and_then(|file| file.set_len(DISK_MIB * 1024 * 1024))
            .map_err(Failure::setup("the disk"))?;
        run("/sbin/mkfs.ext4", &["-q", "-F", text(&self.disk)?])
    }

    /// Takes the picture that every start begins with: the machine, up to where it needs its disk.
    fn take_picture(&self) -> Result<()> {
        let monitor = self.folder.join("monitor");
        let mut command = self.qemu(free_port()?);
        command
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", monitor.display()));
        let mut guest = Guest::spawn(command, String::new())?;
        guest.says("GUEST: ready")?;
        let failed = || Failure::setup("qemu's monitor");
        let mut asking = UnixStream::connect(&monitor).map_err(failed())?;
        asking
            .set_read_timeout(Some(BOOT_TIMEOUT))
            .map_err(failed())?;
        let mut answers = BufReader::new(asking.try_clone().map_err(failed())?).lines();
        let uri = format!("exec:cat > {}", self.picture().display());
        let migrate = format!(r#"{{"execute":"migrate","arguments":{{"uri":"{uri}"}}}}"#);
        let began = Instant::now();
        for question in [r#"{"execute":"qmp_capabilities"}"#, &migrate]
            .into_iter()
            .chain(std::iter::repeat(r#"{"execute":"query-migrate"}"#))
        {
            writeln!(asking, "{question}").map_err(failed())?;
            let answer = match answers.next() {
                Some(answer) => answer.map_err(failed())?,
                None => break,
            };
            // What comes of a question may be read with the next one: all that matters is the end.
            if answer.contains(r#""completed""#) {
                return guest.cut();
            }
            if answer.contains(r#""error""#) || began.elapsed() > BOOT_TIMEOUT {
                return Err(Failure::Setup(format!(
                    "no picture of the machine: {answer}"
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Failure::Setup(
            "no picture of the machine: qemu's monitor says nothing".to_owned(),
        ))
    }

    fn picture(&self) -> PathBuf {
        self.folder.join("picture")
    }

    /// The machine, the same each time but for the port.
    fn qemu(&self, port: u16) -> Command {
        let path = |name: &str| self.folder.join(name);
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(["-accel", "tcg", "-cpu", "max", "-m", "256", "-nodefaults"])
            .args(["-display", "none", "-no-reboot", "-serial", "stdio"])
            .arg("-kernel")
            .arg(path("vmlinuz"))
            .arg("-initrd")
            .arg(path("initrd"))
            .args([
                "-append",
                "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on",
            ])
            .arg("-drive")
            .arg(format!(
                "file={},format=raw,if=none,id=disk",
                self.disk.display()
            ))
            .args(["-device", "virtio-blk-pci,drive=disk"])
            // The guest reaches nobody; only its meter's port is reached from here.
            .arg("-netdev")
            .arg(format!(
                "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:{PORT_INSIDE}"
            ))
            .args(["-device", "virtio-net-pci,netdev=net,romfile="]);
        command
    }

    /// Switches it on and waits until its meter serves.
    ///
    /// # Errors
    /// It does not: after a cut that is a broken promise.
    pub fn start(&self) -> Result<Guest> {
        let port = free_port()?;
        let mut command = self.qemu(port);
        command
            .arg("-incoming")
            .arg(format!("exec:cat {}", self.picture().display()));
        let mut guest = Guest::spawn(command, format!("127.0.0.1:{port}"))?;
        // What it hears before it has come back from its picture is lost.
        while !guest.has_said("GUEST: going") {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            let seconds = since.map_or(0, |since| since.as_secs());
            guest.hear(&format!("go {seconds}\n"))?;
            std::thread::sleep(Duration::from_millis(50));
            guest.is_on()?;
        }
        guest.says("the meter serves")?;
        Ok(guest)
    }

    /// Copies the ledger out of the disk of a machine that is off, after the file system has replayed its journal.
    ///
    /// # Errors
    /// The file system is damaged, or the ledger not in it.
    pub fn take_ledger(&self, to: &Path) -> Result<PathBuf> {
        run("/sbin/e2fsck", &["-f", "-y", text(&self.disk)?])?;
        for name in ["meter.db", "meter.db-wal"] {
            let copy = format!("dump /{name} {}", text(&to.join(name))?);
            run("/sbin/debugfs", &["-R", &copy, text(&self.disk)?])?;
        }
        Ok(to.join("meter.db"))
    }
}

impl Guest {
    fn spawn(mut command: Command, address: String) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::setup("qemu-system-x86_64"))?;
        let said = Arc::new(Mutex::new(String::new()));
        if let Some(serial) = process.stdout.take() {
            let said = Arc::clone(&said);
            // Ends with the machine.
            std::thread::spawn(move || {
                for line in BufReader::new(serial)
                    .split(b'\n')
                    .map_while(std::io::Result::ok)
                {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    said.push_str(&line);
                    said.push('\n');
                }
            });
        }
        Ok(Self {
            process,
            said,
            since: Instant::now(),
            address,
        })
    }

    fn has_said(&self, wanted: &str) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.contains(wanted)
    }

    /// Fails if the machine is off, or has taken too long to come up.
    fn is_on(&mut self) -> Result<()> {
        let ended = self.process.try_wait().ok().flatten();
        if ended.is_none() && self.since.elapsed() < BOOT_TIMEOUT {
            return Ok(());
        }
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        Err(Failure::Broken(format!(
            "the machine does not come up ({ended:?}); it said: {said}"
        )))
    }

    /// Waits until the machine has said this on its serial port.
    fn says(&mut self, wanted: &str) -> Result<()> {
        while !self.has_said(wanted) {
            self.is_on()?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Says something to the machine on its serial port.
    fn hear(&mut self, text: &str) -> Result<()> {
        let serial = self.process.stdin.as_mut();
        serial
            .map_or(Ok(()), |serial| serial.write_all(text.as_bytes()))
            .map_err(Failure::setup("the machine's serial port"))
    }

    /// Cuts its power: SIGKILL to the emulator.
    ///
    /// # Errors
    /// It was off already.
    pub fn cut(mut self) -> Result<()> {
        if let Ok(Some(status)) = self.process.try_wait() {
            return Err(Failure::Broken(format!(
                "the machine went off by itself: {status}"
            )));
        }
        self.process
            .kill()
            .and_then(|()| self.process.wait())
            .map(drop)
            .map_err(Failure::setup("kill"))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // After `cut` there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
