//! Where videos are ordered, watched, stopped, resumed and given up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::{Stop, StopKind};
use super::making::{Ended, Making};
use super::ports::{EditError, NoAnimator, Offer, Ports, StoreError, Voice};
use super::sizing::{self, Sizing};
use super::{Board, LogLevel, Setup};
use crate::domain::estimate::RunUse;
use crate::domain::job::{Job, JobState, Pipeline, Refused, Spec, images_of_scenes};
use crate::domain::retry::Failure;

/// Why a video is not begun.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The request id was used for another spec.
    #[error("request_id {request_id:?} was used for another video ({id}); choose another id")]
    OtherSpec {
        /// The idempotency key.
        request_id: String,
        /// The video that has it.
        id: String,
    },
    /// A tool is missing.
    #[error(transparent)]
    NotReady(#[from] EditError),
    /// Animations cannot be rendered.
    #[error(transparent)]
    NoAnimator(#[from] NoAnimator),
    /// The disk refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The generator stops.
    #[error("the generator is stopping; ask again when it is back")]
    Stopping,
}

/// Why something cannot be done with a video.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// There is none of that id.
    #[error("there is no video {id}; `ListVideos` tells which there are")]
    NotFound {
        /// The id that was asked for.
        id: String,
    },
    /// None can be resumed.
    #[error("there is no video that can be resumed")]
    NothingToResume,
    /// Not as it stands.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A tool is missing.
    #[error(transparent)]
    NotReady(#[from] EditError),
    /// Animations cannot be rendered.
    #[error(transparent)]
    NoAnimator(#[from] NoAnimator),
    /// The disk refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is spent cannot be recorded.
    #[error(transparent)]
    Ledger(#[from] super::ports::LedgerError),
    /// The generator stops.
    #[error("the generator is stopping; ask again when it is back")]
    Stopping,
}

/// All videos, and the making of them.
pub struct Studio {
    ports: Ports,
    setup: Arc<Setup>,
    turns: Arc<Semaphore>,
    state: Mutex<State>,
    work: TaskTracker,
    stopping: CancellationToken,
}

#[derive(Default)]
struct State {
    boards: BTreeMap<String, Arc<Board>>,
    /// By tenant and request id.
    by_request: BTreeMap<(String, String), String>,
    running: BTreeMap<String, Stop>,
}

impl std::fmt::Debug for Studio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Studio")
    }
}

impl Studio {
    /// Opens the studio with the videos that are on disk. Those that were being made when the last run ended are
    /// interrupted: they can be resumed.
    ///
    /// # Errors
    /// A job on disk cannot be read.
    pub fn open(ports: Ports, setup: Setup) -> Result<Self, StoreError> {
        let mut state = State::default();
        for (mut job, log) in ports.store.load()? {
            let interrupted = job.interrupt(ports.clock.now());
            let id = job.id.clone();
            let order = (job.tenant.clone(), job.request_id.clone());
            let board = Board::new(job, log, ports.store.clone(), ports.clock.clone());
            if interrupted {
                board.log(LogLevel::Warning, board.read(|job| job.error.clone()));
            }
            if !order.1.is_empty() {
                state.by_request.insert(order, id.clone());
            }
            state.boards.insert(id, Arc::new(board));
        }
        Ok(Self {
            turns: Arc::new(Semaphore::new(setup.limits.videos.max(1))),
            setup: Arc::new(setup),
            ports,
            state: Mutex::new(state),
            work: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is configured.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Begins a video for a tenant, or gives the one that the tenant began under the same request id.
    ///
    /// # Errors
    /// [`CreateError`].
    pub async fn create(
        self: &Arc<Self>,
        tenant: &str,
        request_id: String,
        spec: Spec,
    ) -> Result<Arc<Board>, CreateError> {
        let order = (tenant.to_owned(), request_id.clone());
        if let Some(board) = self.known(&order, &spec)? {
            return Ok(board);
        }
        if self.stopping.is_cancelled() {
            return Err(CreateError::Stopping);
        }
        self.ports.editor.ready().await?;
        if spec.pipeline == Pipeline::Animated {
            self.ports.animator.ready().await?;
        }
        let board = {
            let mut state = self.lock();
            // Another request of the same id may have come in meanwhile.
            if let Some(board) = state.known(&order, &spec)? {
                return Ok(board);
            }
            let id = self.ports.ids.next_id();
            let (simulated, now) = (self.setup.simulated, self.ports.clock.now());
            let job = Job::new(id.clone(), request_id, spec, simulated, now).of_tenant(tenant);
            let (store, clock) = (self.ports.store.clone(), self.ports.clock.clone());
            let board = Arc::new(Board::new(job, Vec::new(), store, clock));
            if !order.1.is_empty() {
                state.by_request.insert(order.clone(), id.clone());
            }
            state.boards.insert(id, board.clone());
            board
        };
        if let Err(error) = board.save().await {
            let mut state = self.lock();
            state.boards.remove(&board.read(|job| job.id.clone()));
            state.by_request.remove(&order);
            return Err(error.into());
        }
        self.set_to_work(&board);
        Ok(board)
    }

    /// Says what a video would take, and starts nothing.
    pub async fn size(&self, spec: &Spec) -> Sizing {
        sizing::size(spec, &self.setup, &self.ports, self.setup.simulated).await
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.ports.clock.now()
    }

    fn known(
        &self,
        order: &(String, String),
        spec: &Spec,
    ) -> Result<Option<Arc<Board>>, CreateError> {
        self.lock().known(order, spec)
    }

    /// The video of that id.
    ///
    /// # Errors
    /// There is none.
    pub fn get(&self, id: &str) -> Result<Arc<Board>, StudioError> {
        let found = self.lock().boards.get(id).cloned();
        found.ok_or_else(|| StudioError::NotFound { id: id.to_owned() })
    }

    /// All videos, the newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Board>> {
        let mut boards: Vec<_> = self.lock().boards.values().cloned().collect();
        boards.sort_by_key(|board| {
            std::cmp::Reverse(board.read(|job| (job.create_time, job.id.clone())))
        });
        boards
    }

    /// Stops a video and waits until it has stopped. Repeating it is harmless.
    ///
    /// # Errors
    /// There is none of that id, or it is finished or discarded.
    pub async fn cancel(&self, id: &str) -> Result<Arc<Board>, StudioError> {
        let board = self.get(id)?;
        match board.read(|job| job.state) {
            JobState::Succeeded => {
                return Err(Refused::Finished {
                    id: id.to_owned(),
                    what: "cancel",
                }
                .into());
            }
            JobState::Discarded => return Err(Refused::Discarded { id: id.to_owned() }.into()),
            JobState::Failed | JobState::Cancelled => return Ok(board),
            JobState::Queued | JobState::Running => {}
        }
        let stop = self.lock().running.get(id).cloned();
        if let Some(stop) = stop {
            stop.ask(StopKind::Cancelled {
                grace: self.setup.limits.cancel_grace,
            });
        }
        let mut changes = board.changes();
        while !board.read(|job| job.state).is_final() {
            if changes.changed().await.is_err() {
                break;
            }
        }
        Ok(board)
    }

    /// Continues a video with what was kept; the newest that can be, if `id` is empty.
    ///
    /// # Errors
    /// There is none, or it is finished or discarded.
    pub async fn resume(self: &Arc<Self>, id: &str) -> Result<Arc<Board>, StudioError> {
        let board = if id.is_empty() {
            let can = |board: &Arc<Board>| board.read(|job| job.state.can_resume());
            let newest = self.all().into_iter().find(can);
            newest.ok_or(StudioError::NothingToResume)?
        } else {
            self.get(id)?
        };
        if self.stopping.is_cancelled() {
            return Err(StudioError::Stopping);
        }
        self.ports.editor.ready().await?;
        if board.read(|job| job.spec.pipeline) == Pipeline::Animated {
            self.ports.animator.ready().await?;
        }
        if board.change(Job::resume)? {
            board.log(LogLevel::Info, "resumed with what was kept");
            board.save().await?;
            self.set_to_work(&board);
        }
        Ok(board)
    }

    /// Continues every video that was interrupted when the last run ended.
    pub async fn resume_interrupted(self: &Arc<Self>) {
        let interrupted = |board: &Arc<Board>| board.read(|job| job.interrupted);
        for board in self.all().into_iter().filter(interrupted) {
            let id = board.read(|job| job.id.clone());
            if let Err(error) = self.resume(&id).await {
                tracing::warn!(%error, video_id = id, "an interrupted video was not resumed");
            }
        }
    }

    /// Gives a video up: what was kept is deleted and its session ends.
    ///
    /// # Errors
    /// There is none of that id, it runs, or the disk refuses.
    pub async fn discard(&self, id: &str) -> Result<Arc<Board>, StudioError> {
        let board = self.get(id)?;
        let now = self.ports.clock.now();
        let started = board.change(|job| {
            if !job.state.is_final() {
                return Err(Refused::Running { id: job.id.clone() });
            }
            if job.state != JobState::Discarded {
                job.stop(JobState::Discarded, String::new(), now);
            }
            Ok(job.session_started)
        })?;
        self.ports.store.discard(id).await?;
        if started {
            let session_id = board.read(|job| job.session_id.clone());
            self.ports.ledger.end_session(&session_id).await?;
        }
        board.change(|job| job.session_ended = job.session_started);
        board.save().await?;
        Ok(board)
    }

    /// The voices that the provider offers, the configured one first, then by name.
    ///
    /// # Errors
    /// The provider does not tell.
    pub async fn voices(&self) -> Result<Offer<Voice>, Failure> {
        let mut offer = self.ports.speaker.voices().await?;
        let default = self.setup.voice_id.clone();
        offer.items.sort_by(|a, b| {
            let rank = |voice: &Voice| (voice.id != default, voice.name.to_lowercase());
            rank(a).cmp(&rank(b))
        });
        Ok(offer)
    }

    /// Stops everything in order: no further call is made, calls in flight are waited for, what runs is interrupted and
    /// can be resumed.
    pub async fn stop(&self) {
        self.stopping.cancel();
        let running: Vec<Stop> = self.lock().running.values().cloned().collect();
        for stop in running {
            stop.ask(StopKind::Interrupted {
                grace: self.setup.limits.stop_grace,
            });
        }
        self.work.close();
        self.work.wait().await;
    }

    fn set_to_work(self: &Arc<Self>, board: &Arc<Board>) {
        let stop = Stop::default();
        let id = board.read(|job| job.id.clone());
        self.lock().running.insert(id.clone(), stop.clone());
        if self.stopping.is_cancelled() {
            stop.ask(StopKind::Interrupted {
                grace: self.setup.limits.stop_grace,
            });
        }
        let (studio, board) = (self.clone(), board.clone());
        self.work.spawn(async move {
            studio.make(&board, &stop).await;
            studio.lock().running.remove(&id);
        });
    }

    async fn make(&self, board: &Arc<Board>, stop: &Stop) {
        let turn = tokio::select! {
            turn = self.turns.acquire() => turn.ok(),
            () = stop.token().cancelled() => None,
        };
        let outcome = match turn {
            None => Err(Ended::Stopped),
            Some(_turn) => {
                let now = board.now();
                board.change(|job| job.begin(now));
                let making = Making::new(
                    board.clone(),
                    self.ports.clone(),
                    self.setup.clone(),
                    stop.clone(),
                );
                match making.make().await {
                    Ok(finished) => self.finish(board, finished).await,
                    Err(ended) => Err(ended),
                }
            }
        };
        if let Err(ended) = outcome {
            self.end(board, stop, ended);
        }
        if let Err(error) = board.save().await {
            tracing::error!(%error, "the job's last state was not written");
            board.log(LogLevel::Error, error.to_string());
        }
    }

    /// The session ends before the job does: a crash in between ends it again, which is harmless.
    async fn finish(
        &self,
        board: &Arc<Board>,
        finished: crate::domain::job::Finished,
    ) -> Result<(), Ended> {
        let job = board.job();
        self.learn(&job).await;
        self.ports.ledger.end_session(&job.session_id).await?;
        let now = board.now();
        board.change(|job| {
            job.session_ended = true;
            job.succeed(finished, now);
        });
        Ok(())
    }

    /// Keeps what the video used, for estimates to come. They do without it if the disk refuses.
    async fn learn(&self, job: &Job) {
        let kept = async {
            let stages = self.ports.ledger.used(&job.session_id).await;
            let stages = stages.map_err(|error| error.to_string())?;
            let scene_count = job.spec.scene_count;
            let run = RunUse {
                job_id: job.id.clone(),
                pipeline: job.spec.pipeline,
                simulated: job.simulated,
                scene_count,
                image_count: images_of_scenes(job.spec.image_count, scene_count)
                    .iter()
                    .sum(),
                stages,
            };
            let kept = self.ports.store.keep_run(&run).await;
            kept.map_err(|error| error.to_string())
        };
        if let Err(error) = kept.await {
            tracing::warn!(error, "what the video used was not kept for estimates");
        }
    }

    fn end(&self, board: &Arc<Board>, stop: &Stop, ended: Ended) {
        let now = board.now();
        match (ended, stop.why()) {
            (Ended::Failed(why) | Ended::Budget(why), _) => {
                board.change(|job| job.stop(JobState::Failed, why.clone(), now));
                board.log(LogLevel::Error, format!("failed: {why}"));
            }
            (Ended::Stopped, Some(StopKind::Interrupted { .. })) => {
                board.change(|job| job.interrupt(now));
                board.log(LogLevel::Warning, board.read(|job| job.error.clone()));
            }
            (Ended::Stopped, Some(StopKind::Cancelled { .. }) | None) => {
                let why =
                    "cancelled; resume it to continue with what was kept, or discard it".to_owned();
                board.change(|job| job.stop(JobState::Cancelled, why, now));
                board.log(LogLevel::Warning, "cancelled");
            }
        }
    }
}

impl State {
    fn known(
        &self,
        order: &(String, String),
        spec: &Spec,
    ) -> Result<Option<Arc<Board>>, CreateError> {
        let Some(id) = self.by_request.get(order) else {
            return Ok(None);
        };
        let Some(board) = self.boards.get(id) else {
            return Ok(None);
        };
        if board.read(|job| job.spec == *spec) {
            Ok(Some(board.clone()))
        } else {
            Err(CreateError::OtherSpec {
                request_id: order.1.clone(),
                id: id.clone(),
            })
        }
    }
}
