//! Protects the life of a program, seen from outside: exit codes, one clear line for each failure, signals, doors, health.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use reelmeter_service::connect;
use reelmeter_service::tls::Tls;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Far beyond what any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The example program, which cargo builds beside the tests.
fn smallest() -> Command {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/smallest");
    assert!(
        path.exists(),
        "{} is missing: run the tests through cargo",
        path.display()
    );
    let mut command = Command::new(path);
    command.env_clear().current_dir(std::env::temp_dir());
    command
}

fn run(arguments: &[&str]) -> Output {
    smallest().args(arguments).output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running example, ended with the test.
struct Running {
    child: Child,
    lines: Receiver<String>,
    address: SocketAddr,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = smallest();
        command
            .env("METER_LISTEN", "127.0.0.1:0")
            .args(["--reelmeter-log-format", "json"]);
        let mut child = command
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let line = lines
            .recv_timeout(PATIENCE)
            .expect("the program says where it listens");
        let address = line
            .split("\"address\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let address = address
            .unwrap_or_else(|| panic!("no address in {line}"))
            .parse()
            .unwrap();
        Self {
            child,
            lines,
            address,
        }
    }

    fn signal(&self, name: &str) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let line = format!("kill -s {name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &line]).status();
        assert!(status.unwrap().success());
    }

    fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.lines.recv_timeout(PATIENCE).unwrap().contains(text) {
                return;
            }
        }
        panic!("{text} was not said");
    }

    fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the program did not end");
    }

    fn health_check(&self, arguments: &[&str]) -> Output {
        let address = self.address.to_string();
        let mut all = vec!["--health-check", "--meter-listen", &address];
        all.extend(arguments);
        run(&all)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_health_check_succeeds_while_the_service_serves_and_fails_once_it_is_gone() {
    let mut running = Running::start(&[]);
    let output = running.health_check(&[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        said(&output.stdout),
        format!("meter at {} is serving\n", running.address)
    );
    running.signal("TERM");
    assert_eq!(running.exit_code(), Some(0));
    let output = running.health_check(&[]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output.stderr);
    assert!(
        text.starts_with(&format!(
            "error: meter at {} cannot be reached: ",
            running.address
        )),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn the_health_check_does_not_wait_for_a_port_that_never_answers() {
    // The port is open and accepts, but nobody behind it speaks.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let start = Instant::now();
    let output = run(&["--health-check", "--meter-listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        said(&output.stderr),
        format!("error: meter at {address} did not answer within 3 s\n")
    );
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn each_signal_ends_the_program_in_good_order() {
    for name in ["TERM", "INT"] {
        let mut running = Running::start(&[]);
        running.signal(name);
        assert_eq!(running.exit_code(), Some(0), "SIG{name}");
    }
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let mut running = Running::start(&["--slow-to-stop"]);
    running.signal("TERM");
    running.wait_for("a second signal ends the program at once");
    running.signal("INT");
    assert_eq!(running.exit_code(), Some(130));
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap();
    let output = run(&["--meter-listen", &address.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output.stderr);
    assert!(
        text.starts_with(&format!(
            "error: address {address} is in use; choose another with --meter-listen, "
        )),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn beyond_this_machine_it_listens_only_with_tls_or_when_told_to() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let output = run(&["--meter-listen", address]);
        assert_eq!(output.status.code(), Some(1));
        let text = said(&output.stderr);
        assert!(
            text.starts_with(&format!("error: refusing to listen on {address}, ")),
            "{text}"
        );
        assert!(text.contains("REELMETER_INSECURE"), "{text}");
    }
    let mut running = Running::start(&["--meter-listen", "0.0.0.0:0", "--reelmeter-insecure"]);
    // Asked on loopback, where it listens as well.
    assert!(running.health_check(&[]).status.success());
    running.signal("TERM");
    assert_eq!(running.exit_code(), Some(0));
}

#[test]
fn settings_that_cannot_be_used_end_the_program_with_code_2() {
    let output = smallest().env("METER_LISTEN", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output.stderr),
        "error: environment METER_LISTEN: \"nowhere\" cannot be used for meter_listen: invalid socket address syntax\n"
    );
    let output = run(&["--reelmeter-log", "info,=="]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output.stderr).starts_with("error: REELMETER_LOG is not a log filter: "));
    assert_eq!(run(&["--no-such-flag"]).status.code(), Some(2));
}

#[test]
fn the_version_and_the_settings_can_be_asked_for() {
    let output = run(&["--version"]);
    assert!(output.status.success());
    let version = concat!("meter ", env!("CARGO_PKG_VERSION"));
    assert!(said(&output.stdout).starts_with(version), "{output:?}");
    let output = smallest()
        .env("METER_LISTEN", "127.0.0.1:9")
        .args(["--print-config", "--health-check"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        said(&output.stdout).starts_with("meter_listen"),
        "the settings come first: {output:?}"
    );
    assert!(said(&output.stdout).contains("environment METER_LISTEN"));
}

#[test]
fn log_lines_are_json_objects_on_request() {
    let running = Running::start(&["--reelmeter-log", "info"]);
    running.signal("TERM");
    let line = running.lines.recv_timeout(PATIENCE).unwrap();
    assert!(
        line.starts_with('{') && line.ends_with('}') && line.contains("\"signal\":\"SIGTERM\"")
    );
}

#[test]
fn standard_output_stays_free_of_log_lines() {
    let mut command = smallest();
    let mut child = command
        .args(["--meter-listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains("listening"), "{first}");
    child.kill().unwrap();
    let mut output = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut output)
        .unwrap();
    child.wait().unwrap();
    assert_eq!(output, "");
}

/// Certificates made on the spot by the system's openssl.
struct Certificates(tempfile::TempDir);

impl Certificates {
    fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = "set -e
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
                -keyout ca.key -out ca.pem
            for name in server caller expired elsewhere; do
                days=2 host=localhost
                [ $name != expired ] || days=0
                [ $name != elsewhere ] || host=elsewhere.example
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name \
                    -keyout $name.key -out $name.csr
                printf %s subjectAltName=DNS:$host > $name.ext
                openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days \
                    -extfile $name.ext -out $name.pem
            done";
        let output = Command::new("sh")
            .args(["-c", script])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "openssl: {}", said(&output.stderr));
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn of(&self, name: &str) -> Vec<String> {
        vec![
            "--reelmeter-tls-cert".to_owned(),
            self.path(&format!("{name}.pem")),
            "--reelmeter-tls-key".to_owned(),
            self.path(&format!("{name}.key")),
        ]
    }

    fn with_authority(&self, name: &str) -> Vec<String> {
        let mut flags = self.of(name);
        flags.extend(["--reelmeter-tls-ca".to_owned(), self.path("ca.pem")]);
        flags
    }
}

fn strs(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

#[test]
fn with_tls_only_those_who_trust_the_authority_can_talk_to_it() {
    let certificates = Certificates::make();
    let mut server = certificates.of("server");
    server.extend(["--meter-listen".to_owned(), "0.0.0.0:0".to_owned()]);
    // TLS guards the door, so listening everywhere is allowed.
    let running = Running::start(&strs(&server));
    let trusting = certificates.with_authority("caller");
    let output = running.health_check(&strs(&trusting));
    assert!(output.status.success(), "{output:?}");
    assert!(
        !running.health_check(&[]).status.success(),
        "plain text against a TLS port"
    );
    let output = running.health_check(&strs(&certificates.of("caller")));
    assert!(
        !output.status.success(),
        "an authority that the caller does not know"
    );
}

/// Whether a caller that trusts the authority, and shows a certificate or none, gets an answer.
async fn answers(address: SocketAddr, certificates: &Certificates, shown: Option<&str>) -> bool {
    let file =
        |suffix: &str| shown.map(|name| certificates.path(&format!("{name}.{suffix}")).into());
    let tls = Tls {
        certificate: file("pem"),
        key: file("key"),
        authorities: Some(certificates.path("ca.pem").into()),
        require_client_certificate: false,
    };
    let url = format!("https://localhost:{}", address.port());
    let Ok(channel) = connect::endpoint(&url, "METER_ADDR", &tls)
        .unwrap()
        .connect()
        .await
    else {
        return false;
    };
    let request = HealthCheckRequest {
        service: String::new(),
    };
    HealthClient::new(channel).check(request).await.is_ok()
}

#[tokio::test]
async fn with_mutual_tls_callers_without_a_certificate_are_turned_away() {
    reelmeter_service::tls::install_crypto();
    let certificates = Certificates::make();
    let mut server = certificates.with_authority("server");
    let open = Running::start(&strs(&server));
    assert!(
        answers(open.address, &certificates, None).await,
        "not asked for"
    );
    server.push("--reelmeter-tls-require-client-cert".to_owned());
    let mutual = Running::start(&strs(&server));
    assert!(answers(mutual.address, &certificates, Some("caller")).await);
    assert!(
        !answers(mutual.address, &certificates, None).await,
        "no certificate"
    );
    let stranger = Certificates::make();
    let mut flags = stranger.of("caller");
    flags.extend(["--reelmeter-tls-ca".to_owned(), certificates.path("ca.pem")]);
    for running in [&open, &mutual] {
        let output = running.health_check(&strs(&flags));
        assert!(!output.status.success(), "a stranger's certificate");
    }
}

#[tokio::test]
async fn a_server_whose_certificate_has_expired_or_is_for_another_host_is_not_believed() {
    reelmeter_service::tls::install_crypto();
    let certificates = Certificates::make();
    // It was good for no day: a moment later it is over.
    std::thread::sleep(Duration::from_millis(1_100));
    for name in ["expired", "elsewhere"] {
        let running = Running::start(&strs(&certificates.of(name)));
        assert!(
            !answers(running.address, &certificates, None).await,
            "{name}"
        );
    }
    let good = Running::start(&strs(&certificates.of("server")));
    assert!(answers(good.address, &certificates, None).await);
    let mut mutual = certificates.with_authority("server");
    mutual.push("--reelmeter-tls-require-client-cert".to_owned());
    let mutual = Running::start(&strs(&mutual));
    assert!(
        !answers(mutual.address, &certificates, Some("expired")).await,
        "a caller's certificate that has expired"
    );
}

#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_without_a_restart() {
    reelmeter_service::tls::install_crypto();
    let (old, new) = (Certificates::make(), Certificates::make());
    let shown = tempfile::tempdir().unwrap();
    let put = |from: &Certificates, suffix: &str| {
        // As renewals do: under another name first, so that nobody reads half of a file.
        let (fresh, file) = (shown.path().join("fresh"), shown.path().join(suffix));
        std::fs::copy(from.path(&format!("server.{suffix}")), &fresh).unwrap();
        std::fs::rename(fresh, file).unwrap();
    };
    put(&old, "pem");
    put(&old, "key");
    let file = |suffix: &str| shown.path().join(suffix).to_str().unwrap().to_owned();
    let running = Running::start(&[
        "--meter-listen",
        "127.0.0.1:0",
        "--reelmeter-tls-cert",
        &file("pem"),
        "--reelmeter-tls-key",
        &file("key"),
    ]);
    let looked = Duration::from_millis(1_100);
    assert!(answers(running.address, &old, None).await);
    assert!(!answers(running.address, &new, None).await);
    // Half of the renewal: what is good before it stays.
    put(&new, "pem");
    tokio::time::sleep(looked).await;
    assert!(
        answers(running.address, &old, None).await,
        "no key for it yet"
    );
    put(&new, "key");
    tokio::time::sleep(looked).await;
    assert!(
        answers(running.address, &new, None).await,
        "the renewed one"
    );
    assert!(!answers(running.address, &old, None).await);
    // A renewal that went wrong.
    std::fs::write(file("pem"), "nonsense").unwrap();
    std::fs::remove_file(file("key")).unwrap();
    tokio::time::sleep(looked).await;
    assert!(
        answers(running.address, &new, None).await,
        "the last good one"
    );
}

#[test]
fn a_crash_would_leave_no_core_file() {
    let running = Running::start(&["--meter-listen", "127.0.0.1:0"]);
    let limits = format!("/proc/{}/limits", running.child.id());
    let limits = std::fs::read_to_string(limits).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{line}");
}

#[test]
fn half_a_tls_configuration_is_refused_with_the_missing_name() {
    let certificates = Certificates::make();
    let certificate = certificates.path("server.pem");
    let text = said(
        &run(&[
            "--meter-listen",
            "127.0.0.1:0",
            "--reelmeter-tls-cert",
            &certificate,
        ])
        .stderr,
    );
    assert!(
        text.ends_with(
            "error: REELMETER_TLS_CERT is set but REELMETER_TLS_KEY is not; TLS needs both\n"
        ),
        "{text}"
    );
    let text = said(
        &run(&[
            "--meter-listen",
            "127.0.0.1:0",
            "--reelmeter-tls-cert",
            &certificates.path("server.key"),
            "--reelmeter-tls-key",
            &certificates.path("server.key"),
        ])
        .stderr,
    );
    assert!(text.contains("holds no certificate in PEM form"), "{text}");
    let text = said(
        &run(&[
            "--meter-listen",
            "127.0.0.1:0",
            "--reelmeter-tls-cert",
            &certificates.path("server.pem"),
            "--reelmeter-tls-key",
            &certificates.path("caller.key"),
        ])
        .stderr,
    );
    assert!(
        text.contains("REELMETER_TLS_KEY=") && text.contains("cannot be used"),
        "another certificate's key: {text}"
    );
}
