//! A process of ours that is killed when it is no longer held.

use std::process::{Child, Command};

use crate::{Failure, Result};

/// A process that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    /// What it is called in errors.
    name: String,
    child: Child,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// There is no such program.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .map_err(Failure::setup(&command.get_program().display().to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Makes sure that it still runs.
    ///
    /// # Errors
    /// It has ended by itself.
    pub fn runs(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(Failure::Broken(format!(
                "the {} ended by itself: {status}",
                self.name
            ))),
            _ => Ok(()),
        }
    }

    /// Kills it with SIGKILL.
    ///
    /// # Errors
    /// It was gone already.
    pub fn kill(mut self) -> Result<()> {
        self.runs()?;
        self.child
            .kill()
            .and_then(|()| self.child.wait())
            .map(drop)
            .map_err(Failure::setup("kill"))
    }

    /// Tells it to stop and waits until it has.
    ///
    /// # Errors
    /// It does not end well.
    pub fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg(self.id().to_string()).status();
        told.map_err(Failure::setup("kill"))?;
        let status = self.child.wait().map_err(Failure::setup("wait"))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Broken(format!(
            "a {} that is told to stop ends with {status}",
            self.name
        )))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After `kill` and `stop` there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
