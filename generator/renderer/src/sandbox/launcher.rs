//! The thread that starts programs.
//!
//! A sandbox dies with whoever started it, and to the kernel that is a thread, not a program. Threads of an asynchronous
//! runtime come and go, and would take running scenes with them. This one stays for as long as its sandbox does.

use std::io;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Start {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Starts programs from one thread.
#[derive(Debug)]
pub(crate) struct Launcher {
    starts: mpsc::Sender<Start>,
}

impl Launcher {
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn new() -> io::Result<Self> {
        let (starts, received) = mpsc::channel::<Start>();
        std::thread::Builder::new()
            .name("sandbox-launcher".into())
            .spawn(move || {
                while let Ok(mut start) = received.recv() {
                    let _entered = start.runtime.enter();
                    // Whoever has gone away meanwhile wants no program: dropping it here kills it.
                    let _ = start.reply.send(start.command.spawn());
                }
            })?;
        Ok(Self { starts })
    }

    /// Starts a program.
    ///
    /// # Errors
    /// What the system said.
    pub(crate) async fn start(&self, command: Command) -> io::Result<Child> {
        let (reply, started) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts sandboxes has ended");
        self.starts
            .send(Start {
                command,
                runtime: Handle::current(),
                reply,
            })
            .map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }
}
