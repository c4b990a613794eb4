//! The one thread that touches the file. Writes that wait at the same time share one commit, so that parallel calls
//! do not queue for the disk one by one. In a simulation, which has no threads, each write is a commit of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::RecordError;
use crate::outbox::Opened;
use crate::outbox::store::Store;

/// How many jobs share a commit at most: beyond this the commit itself is no longer what takes time.
const GROUP_MAX: usize = 256;

/// What a job did that others want to hear of, once it is on disk.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Sessions whose counts may have changed.
    pub(crate) sessions: BTreeSet<String>,
}

/// Answers its caller once the fate of the commit is known.
type Answer = Box<dyn FnOnce(Result<(), RecordError>) + Send>;
/// Does its work in the open transaction; an error has undone the job's own writes and nobody else's.
/// Where the transaction could not even be opened it only hears of that.
type Job = Box<dyn FnOnce(Result<&Connection, RecordError>, &mut Touched) -> Answer + Send>;

/// Runs after each commit with what the group touched.
pub(crate) type AfterCommit = Box<dyn Fn(&Store<'_>, &Touched) + Send>;

/// The way to the file.
#[derive(Clone)]
pub(crate) enum Writer {
    /// Through the thread.
    Thread(Sender<Job>),
    /// On the caller's own thread.
    Inline(Arc<Mutex<Outbox>>),
}

/// The open file, and who is told of what was written.
pub(crate) struct Outbox {
    // Closed in this order: the next process may have the lock only when SQLite is done with the file.
    connection: Connection,
    _lock: File,
    after_commit: AfterCommit,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the thread. It ends when the last handle is dropped.
    pub(crate) fn start(opened: Opened, after_commit: AfterCommit) -> std::io::Result<Self> {
        let (jobs, receiver) = channel();
        let outbox = Outbox::new(opened, after_commit);
        std::thread::Builder::new()
            .name("recorder-outbox".to_owned())
            .spawn(move || outbox.work(&receiver))?;
        Ok(Self::Thread(jobs))
    }

    /// Writes on the caller's own thread, for simulations in which nothing else may run.
    pub(crate) fn inline(opened: Opened, after_commit: AfterCommit) -> Self {
        Self::Inline(Arc::new(Mutex::new(Outbox::new(opened, after_commit))))
    }

    /// Runs the job and waits until what it wrote is on disk.
    pub(crate) async fn run<T, F>(&self, job: F) -> Result<T, RecordError>
    where
        T: Send + 'static,
        F: FnOnce(&Store<'_>, &mut Touched) -> Result<T, RecordError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.send(job, move |outcome| {
            // A caller that has gone away wants no answer; what it asked for is done all the same.
            let _ = sender.send(outcome);
        })?;
        receiver.await.unwrap_or(Err(RecordError::Closed))
    }

    /// Runs the job without waiting for it; for places that cannot wait.
    pub(crate) fn run_detached<F>(&self, what: &'static str, job: F)
    where
        F: FnOnce(&Store<'_>, &mut Touched) -> Result<(), RecordError> + Send + 'static,
    {
        let sent = self.send(job, move |outcome| {
            if let Err(error) = outcome {
                tracing::error!(%error, "{what} could not be written");
            }
        });
        if let Err(error) = sent {
            tracing::error!(%error, "{what} could not be written");
        }
    }

    fn send<T, F, A>(&self, job: F, answer: A) -> Result<(), RecordError>
    where
        T: Send + 'static,
        F: FnOnce(&Store<'_>, &mut Touched) -> Result<T, RecordError> + Send + 'static,
        A: FnOnce(Result<T, RecordError>) + Send + 'static,
    {
        let job: Job = Box::new(move |connection, touched| {
            let outcome = connection
                .and_then(|connection| in_savepoint(connection, |store| job(store, touched)));
            Box::new(move |committed| answer(committed.and(outcome)))
        });
        match self {
            Self::Thread(jobs) => jobs.send(job).map_err(|_| RecordError::Closed),
            Self::Inline(outbox) => {
                let outbox = outbox.lock().unwrap_or_else(PoisonError::into_inner);
                outbox.commit(job, || None);
                Ok(())
            }
        }
    }
}

/// One job's failure takes back its own writes, not those of the jobs that share its commit.
fn in_savepoint<T>(
    connection: &Connection,
    job: impl FnOnce(&Store<'_>) -> Result<T, RecordError>,
) -> Result<T, RecordError> {
    connection.execute_batch("SAVEPOINT job")?;
    let outcome = job(&Store::new(connection));
    let end = if outcome.is_ok() {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    };
    connection.execute_batch(end)?;
    outcome
}

impl Outbox {
    fn new(opened: Opened, after_commit: AfterCommit) -> Self {
        Self {
            connection: opened.connection,
            _lock: opened.lock,
            after_commit,
        }
    }

    /// The thread's life.
    fn work(self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            self.commit(first, || jobs.try_recv().ok());
        }
    }

    /// Carries out a job and those that `more` gives, in one transaction, and answers them.
    fn commit(&self, first: Job, mut more: impl FnMut() -> Option<Job>) {
        let connection = &self.connection;
        let mut touched = Touched::default();
        let mut answers = Vec::new();
        let committed = match connection.execute_batch("BEGIN IMMEDIATE") {
            Err(error) => {
                answers.push(first(Err(error.into()), &mut touched));
                Ok(())
            }
            Ok(()) => {
                answers.push(first(Ok(connection), &mut touched));
                while answers.len() < GROUP_MAX {
                    let Some(job) = more() else { break };
                    answers.push(job(Ok(connection), &mut touched));
                }
                connection.execute_batch("COMMIT")
            }
        };
        if committed.is_err() && !connection.is_autocommit() {
            // The failure is reported below; a transaction left open would fail every later group as well.
            let _ = connection.execute_batch("ROLLBACK");
        }
        let message = committed.err().map(|error| error.to_string());
        if message.is_none() {
            (self.after_commit)(&Store::new(connection), &touched);
        }
        for answer in answers {
            answer(match &message {
                None => Ok(()),
                Some(message) => Err(RecordError::Storage(message.clone())),
            });
        }
    }
}
