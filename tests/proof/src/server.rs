//! Any of our programs as an ordinary process that listens on a port, with its settings in the environment.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::PATIENCE;
use crate::process::Process;
use crate::{Failure, Result};

/// A program that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

/// An address where nobody listens.
///
/// # Errors
/// The system gives no port.
pub fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::setup("a port"))?;
    listener.local_addr().map_err(Failure::setup("a port"))
}

impl Server {
    /// Lets the process begin, without waiting for it to listen. Nothing of this program's environment reaches it but
    /// where programs and Manim are; what it logs is added to `NAME.log` in the folder.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(
        binary: &Path,
        folder: &Path,
        name: &str,
        address: SocketAddr,
        settings: &[(&str, String)],
    ) -> Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join(format!("{name}.log")))
            .map_err(Failure::setup("a log"))?;
        let passed = ["PATH", "MANIM_HOME"];
        let mut command = Command::new(binary);
        command
            .current_dir(folder)
            .env_clear()
            .envs(
                passed
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::spawn(name, &mut command)?;
        Ok(Self { process, address })
    }

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// It does not.
    pub fn start(
        binary: &Path,
        folder: &Path,
        name: &str,
        address: SocketAddr,
        settings: &[(&str, String)],
    ) -> Result<Self> {
        let binary = std::path::absolute(binary).map_err(Failure::setup(name))?;
        let mut server = Self::spawn(&binary, folder, name, address, settings)?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            server.process.runs()?;
            if began.elapsed() > PATIENCE {
                return Err(Failure::Setup(format!("the {name} does not listen")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// The body of what it answers to a GET.
    ///
    /// # Errors
    /// It does not answer.
    pub fn get(&self, path: &str) -> Result<String> {
        let failed = || Failure::setup("the simulator's account");
        let mut stream = TcpStream::connect(self.address).map_err(failed())?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).map_err(failed())?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map_err(failed())?;
        match reply.split_once("\r\n\r\n") {
            Some((_, body)) => Ok(body.to_owned()),
            None => Err(Failure::Setup(format!("no answer to {path}: {reply}"))),
        }
    }

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
