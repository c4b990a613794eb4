//! A real PostgreSQL for the tests of one program, started by itself: in a folder of its own, on a socket of its own, and
//! gone with the program, however that ends.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing here takes longer unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// Only the name of a socket: nothing listens on the network, unless a test asks for it.
const PORT: u16 = 5432;

/// Where PostgreSQL's programs are; a test without them fails and says how to get them.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| {
        panic!(
            "PostgreSQL is not installed and this test needs one: run scripts/setup.sh --postgres"
        )
    })
}

/// The user that the server runs as, where the tests run as root, which it refuses: user and group.
fn other_user() -> Option<(u32, u32)> {
    let root = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&root.stdout).trim() != "0" {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields[0] == "postgres")
        .expect("the package of PostgreSQL makes a user `postgres`");
    Some((user[2].parse().unwrap(), user[3].parse().unwrap()))
}

/// A server.
pub struct Server {
    folder: TempDir,
    user: Option<(u32, u32)>,
    /// Durable, as in production. Without it a crash of the server may lose what it acknowledged.
    durable: bool,
    port: u16,
    /// Further settings, as `postgres` takes them.
    settings: String,
    running: Mutex<Option<Running>>,
    databases: AtomicU32,
}

struct Running {
    watchdog: Child,
    /// When this closes, as it does when this program ends in whatever way, the watchdog ends the server and removes its
    /// folder, unless it was told before that the server comes back.
    leash: ChildStdin,
}

/// Told to the watchdog of a server that comes back.
const KEEP: &str = "keep";

impl Server {
    pub fn start(durable: bool) -> Self {
        let server = Self::make(durable, PORT);
        server.up();
        server
    }

    /// On a port of this machine and over TLS, with the certificate and key of these files.
    pub fn start_with_tls(certificate: &Path, key: &Path) -> Self {
        // Held only while it is looked for: another program may take it, and then the test says so.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Self::make(false, free.local_addr().unwrap().port());
        drop(free);
        for (from, to) in [(certificate, "server.pem"), (key, "server.key")] {
            let to = server.folder.path().join(to);
            fs::copy(from, &to).unwrap();
            // It refuses a key that others may read.
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = server.user {
                chown(&to, Some(user), Some(group)).unwrap();
            }
        }
        server.settings = format!(
            "-c listen_addresses=127.0.0.1 -c ssl=on -c ssl_cert_file='{folder}/server.pem' \
             -c ssl_key_file='{folder}/server.key'",
            folder = server.folder.path().display()
        );
        server.up();
        server
    }

    /// The port, where it listens on one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process that all others of the server come from.
    pub fn process(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
    }

    fn make(durable: bool, port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        let user = other_user();
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let server = Self {
            folder,
            user,
            durable,
            port,
            settings: "-c listen_addresses=".to_owned(),
            running: Mutex::new(None),
            databases: AtomicU32::new(0),
        };
        let made = server
            .command("initdb")
            .args([
                "--auth=trust",
                "--username=meter",
                "--encoding=UTF8",
                "--no-sync",
            ])
            .arg(server.data())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        server
    }

    /// One for the whole program, for tests that do not stop it. Fast, since nobody cuts its power.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(false))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.as_user(&programs().join(program))
    }

    fn as_user(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts the server, and waits until it answers.
    pub fn up(&self) {
        let durable = if self.durable { "on" } else { "off" };
        let log = self.folder.path().join("log");
        // The shell holds the leash: `cat` ends when this program does. An interrupt of the terminal reaches the shell too,
        // which must tidy up all the same.
        let script = format!(
            "'{postgres}' -D '{data}' -k '{socket}' -p {port} {settings} -c max_connections=400 \
             -c fsync={durable} -c full_page_writes={durable} -c shared_buffers=64MB -c autovacuum_naptime=10s \
             -c log_min_messages=warning >>'{log}' 2>&1 & server=$!; trap : INT TERM HUP; told=$(cat); \
             kill -INT $server; wait $server; [ \"$told\" = {KEEP} ] || rm -rf '{socket}'",
            postgres = programs().join("postgres").display(),
            port = self.port,
            settings = self.settings,
            data = self.data().display(),
            socket = self.folder.path().display(),
            log = log.display(),
        );
        let mut watchdog = self
            .as_user(Path::new("/bin/sh"))
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let leash = watchdog.stdin.take().unwrap();
        *self.running.lock().unwrap() = Some(Running { watchdog, leash });
        let began = Instant::now();
        while !self.answers() {
            assert!(
                began.elapsed() < PATIENCE,
                "PostgreSQL starts: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        self.command("pg_isready")
            .args(["-q", "-p", &self.port.to_string(), "-h"])
            .arg(self.folder.path())
            .status()
            .unwrap()
            .success()
    }

    /// Ends the server: `immediate`, as a crash does, or `fast`, as an operator does.
    pub fn down(&self, mode: &str) {
        let stopped = self
            .command("pg_ctl")
            .args(["stop", "-w", "-m", mode, "-D"])
            .arg(self.data())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(stopped.success(), "PostgreSQL stops");
        if let Some(mut running) = self.running.lock().unwrap().take() {
            running.leash.write_all(KEEP.as_bytes()).unwrap();
            drop(running.leash);
            running.watchdog.wait().unwrap();
        }
    }

    /// Asks the server, as its owner does with `psql`.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let mut psql = self
            .command("psql")
            .args([
                "-v",
                "ON_ERROR_STOP=1",
                "-qAtX",
                "-U",
                "meter",
                "-d",
                database,
                "-p",
                &self.port.to_string(),
                "-h",
            ])
            .arg(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        psql.stdin
            .take()
            .unwrap()
            .write_all(sql.as_bytes())
            .unwrap();
        let said = psql.wait_with_output().unwrap();
        assert!(
            said.status.success(),
            "{sql}: {}",
            String::from_utf8_lossy(&said.stderr)
        );
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    /// A new, empty database.
    pub fn database(&self) -> String {
        let name = format!("ledger_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://meter@{socket}:{}/{database}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.lock().unwrap().take() {
            drop(running.leash);
            let _ = running.watchdog.wait();
        }
    }
}
