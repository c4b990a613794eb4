//! Protects: what a scene asks the system for and must not have is refused. One scene tries it all; the same program run
//! outside gets it, or the test would be blind.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reelmeter_renderer::{Fault, Renderer};

use crate::support::{hostile, manim_home, open_folder, problem_of, remove};

const ACTS: &str = include_str!("acts.py");

/// What is there to be stolen and harmed.
struct Prey {
    data: PathBuf,
    victim: Child,
    tcp: TcpListener,
    udp: UdpSocket,
    _unix: UnixListener,
    _abstract: UnixListener,
    abstract_name: String,
}

impl Prey {
    fn new(name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let data = open_folder(name);
        let outbox = data.join("outbox.db");
        std::fs::write(&outbox, "what the generator has spent").unwrap();
        std::fs::set_permissions(&outbox, std::fs::Permissions::from_mode(0o666)).unwrap();
        let unix = UnixListener::bind(data.join("socket")).unwrap();
        std::fs::set_permissions(data.join("socket"), std::fs::Permissions::from_mode(0o777))
            .unwrap();
        let abstract_name = format!("reelmeter-{name}-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        let victim = Command::new("/bin/sleep")
            .arg("600")
            .env("REELMETER_CANARY", "a key")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            data,
            victim,
            tcp,
            udp,
            _unix: unix,
            _abstract: UnixListener::bind_addr(&address).unwrap(),
            abstract_name,
        }
    }

    fn acts(&self) -> String {
        format!(
            "P = {{'data': {:?}, 'victim': {}, 'tcp': {}, 'udp': {}, 'abstract': {:?}}}\n{ACTS}",
            self.data.to_str().unwrap(),
            self.victim.id(),
            self.tcp.local_addr().unwrap().port(),
            self.udp.local_addr().unwrap().port(),
            self.abstract_name,
        )
    }

    /// What has come to harm.
    fn harm(&mut self) -> Vec<String> {
        let mut harm = Vec::new();
        let mut names: Vec<String> = std::fs::read_dir(&self.data)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        if names != ["outbox.db", "socket"] {
            harm.push(format!("the data folder holds {names:?}"));
        }
        if std::fs::read_to_string(self.data.join("outbox.db")).unwrap()
            != "what the generator has spent"
        {
            harm.push("the outbox was changed".into());
        }
        if self.tcp.accept().is_ok() {
            harm.push("somebody connected".into());
        }
        if self.udp.recv(&mut [0; 8]).is_ok() {
            harm.push("somebody sent a datagram".into());
        }
        if let Ok(Some(status)) = self.victim.try_wait() {
            harm.push(format!("another process ended with {status}"));
        }
        harm
    }
}

impl Drop for Prey {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        remove(&self.data);
    }
}

pub async fn what_it_must_not_have_is_refused(renderer: &Renderer, name: &str) {
    let mut prey = Prey::new(name);
    let code = format!("{}\nraise RuntimeError(verdict)", prey.acts());
    let problem = problem_of(renderer, &hostile(&code, Duration::from_secs(60))).await;
    assert_eq!(problem.fault, Fault::Raised, "{problem:?}");
    assert!(
        problem.message.ends_with("refused; escaped: none"),
        "{}",
        problem.message
    );
    assert_eq!(prey.harm(), Vec::<String>::new());
}

#[test]
fn outside_a_sandbox_the_same_code_gets_it_all() {
    if crate::support::skipped() {
        return;
    }
    let mut prey = Prey::new("control");
    let mut outside = Command::new(manim_home().join("bin/python"))
        .args(["-I", "-c", &format!("{}\nprint(verdict)", prey.acts())])
        .env("REELMETER_CANARY", "a key")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut verdict = String::new();
    BufReader::new(outside.stdout.take().unwrap())
        .read_line(&mut verdict)
        .unwrap();
    outside.wait().unwrap();
    // What an ordinary process may do on any machine; more of it, on most.
    for act in [
        "reads_the_environment",
        "reads_another_process_s_environment",
        "reads_the_generator_s_data",
        "lists_the_generator_s_data",
        "writes_into_the_generator_s_data",
        "cuts_the_generator_s_data_short",
        "links_the_generator_s_data",
        "connects_by_tcp",
        "sends_by_udp",
        "listens",
        "connects_to_a_unix_socket",
        "connects_to_an_abstract_socket",
        "makes_a_pair_of_sockets",
        "forks",
        "runs_a_program",
        "spawns_a_program",
        "signals_another_process",
        "changes_another_process_s_limits",
        "slows_another_process",
        "traces_another_process",
        "keeps_the_right_to_gain_privileges",
    ] {
        assert!(verdict.contains(act), "{act} is not in: {verdict}");
    }
    if crate::again::is_root() {
        assert!(verdict.contains("reads_the_passwords"), "{verdict}");
        assert!(verdict.contains("writes_into_the_system"), "{verdict}");
    }
    assert!(prey.harm().len() >= 4, "{:?}", prey.harm());
}
