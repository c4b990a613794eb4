//! A job as everybody sees it: one who writes, any number who watch.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reelmeter_service::Clock;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::ports::{JobStore, StoreError};
use crate::domain::job::Item;
use crate::domain::job::{ItemKey, Job, StageKind, StageState, Target};

/// How many log lines of a job are kept in memory and after a restart.
pub const LOG_LINES_MAX: usize = 1000;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something went as it should.
    Info,
    /// Something a person should know.
    Warning,
    /// Something failed.
    Error,
}

/// A line of a job's log, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number within the job; rises by one.
    pub number: u64,
    /// When it was written.
    pub time: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// What happened, in one sentence.
    pub text: String,
}

/// The job with its log, and a signal that rises with every change.
pub struct Board {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    store: Arc<dyn JobStore>,
    clock: Arc<dyn Clock>,
    /// Two savings of one job never overlap: the later one must win on disk too.
    saving: tokio::sync::Mutex<()>,
}

struct State {
    job: Job,
    log: VecDeque<LogLine>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board")
            .field("job", &self.lock().job.id)
            .finish_non_exhaustive()
    }
}

impl Board {
    pub(super) fn new(
        job: Job,
        log: Vec<LogLine>,
        store: Arc<dyn JobStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                job,
                log: log.into(),
            }),
            changes: watch::channel(0).0,
            store,
            clock,
            saving: tokio::sync::Mutex::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job as it stands.
    #[must_use]
    pub fn job(&self) -> Job {
        self.lock().job.clone()
    }

    /// Reads something of the job without copying it whole.
    pub fn read<T>(&self, read: impl FnOnce(&Job) -> T) -> T {
        read(&self.lock().job)
    }

    /// The log lines after that number.
    #[must_use]
    pub fn log_after(&self, number: u64) -> Vec<LogLine> {
        let state = self.lock();
        let newer = state.log.iter().filter(|line| line.number > number);
        newer.cloned().collect()
    }

    /// Rises with every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells the watchers that something beside the job has changed, such as its cost.
    pub fn touch(&self) {
        self.changes.send_modify(|number| *number += 1);
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Changes the job; gives what the change gives.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Job) -> T) -> T {
        let outcome = change(&mut self.lock().job);
        self.touch();
        outcome
    }

    /// Puts the job on disk as it stands.
    pub(super) async fn save(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.saving.lock().await;
        let job = self.job();
        self.store.save(&job).await
    }

    /// Writes a line for people.
    pub(super) fn log(&self, level: LogLevel, text: impl Into<String>) {
        let text = text.into();
        let line = {
            let mut state = self.lock();
            let number = state.log.back().map_or(0, |last| last.number) + 1;
            let line = LogLine {
                number,
                time: self.clock.now(),
                level,
                text,
            };
            state.log.push_back(line.clone());
            while state.log.len() > LOG_LINES_MAX {
                state.log.pop_front();
            }
            self.store.log(&state.job.id, &line);
            tracing::debug!(video_id = state.job.id, ?level, "{}", line.text);
            line
        };
        drop(line);
        self.touch();
    }

    /// Adds a notice for the result, and says it in the log.
    pub(super) fn notice(&self, text: impl Into<String>) {
        let text = text.into();
        let new = self.change(|job| {
            let before = job.notices.len();
            job.notice(text.clone());
            job.notices.len() > before
        });
        if new {
            self.log(LogLevel::Warning, text);
        }
    }

    pub(super) fn stage_begins(&self, kind: StageKind, items: &[ItemKey]) {
        let now = self.now();
        self.change(|job| job.stage_begins(kind, items, now));
    }

    pub(super) fn stage_ends(&self, kind: StageKind, state: StageState, detail: &str) {
        let now = self.now();
        self.change(|job| job.stage_ends(kind, state, detail, now));
    }

    pub(super) fn item(&self, target: Target, change: impl FnOnce(&mut Item)) {
        self.change(|job| job.item_moves(target, change));
    }
}
