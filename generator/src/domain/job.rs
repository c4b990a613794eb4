//! A video as a job: what was asked for, where each stage of it stands, and what came of it.

mod board;
mod slug;
mod spec;
mod stage;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use board::Target;
pub use slug::{short_id, slug};
pub use spec::{Budget, ModelWishes, Pipeline, Spec, images_of_scenes, scenes_in_prompt};
pub use stage::{Item, ItemKey, Stage, StageKind, StageState};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// It is being made.
    Running,
    /// It is finished.
    Succeeded,
    /// It failed or was interrupted; it can be resumed.
    Failed,
    /// A person stopped it; it can be resumed.
    Cancelled,
    /// A person gave it up.
    Discarded,
}

impl JobState {
    /// Whether nothing more happens by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether it can be continued.
    #[must_use]
    pub const fn can_resume(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }
}

/// What was decided before any money was spent: which models and which voice, and whether a stand-in answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cast {
    /// Writes the script.
    pub script_model: String,
    /// Rephrases the narration; empty without rephrasing.
    pub rephrase_model: String,
    /// Draws the pictures; empty for an animated video.
    pub image_model: String,
    /// Writes and corrects animation code; empty for a narrated video.
    #[serde(default)]
    pub code_model: String,
    /// Makes the last attempt at animation code; empty for a narrated video.
    #[serde(default)]
    pub pro_model: String,
    /// Looks at rendered frames; empty where nobody can.
    #[serde(default)]
    pub vision_model: String,
    /// Speaks the narration.
    pub narration_model: String,
    /// The voice.
    pub voice_id: String,
    /// The voice's name; empty when the provider does not tell.
    pub voice_name: String,
    /// Credits that one character costs with the narration model, as a decimal; empty when not published.
    pub credits_per_character: String,
    /// True if a stand-in answers instead of the providers.
    pub simulated: bool,
}

/// The finished video.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The file.
    pub file_path: String,
    /// The subtitles beside it.
    pub subtitles_path: String,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The picture's width in pixels.
    pub width_px: u32,
    /// The picture's height in pixels.
    pub height_px: u32,
}

/// A video: a job and its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's key, a UUID.
    pub id: String,
    /// The session in which the meter counts its cost.
    pub session_id: String,
    /// The caller's idempotency key; may be empty.
    #[serde(default)]
    pub request_id: String,
    /// Whose video it is; empty for the default tenant.
    #[serde(default)]
    pub tenant: String,
    /// What was asked for, with defaults filled in.
    pub spec: Spec,
    /// Where it stands.
    pub state: JobState,
    /// The title that the script gave it.
    #[serde(default)]
    pub title: String,
    /// True if a stand-in answers instead of the providers, as far as is known.
    #[serde(default)]
    pub simulated: bool,
    /// What was decided before money was spent; absent until then.
    #[serde(default)]
    pub cast: Option<Cast>,
    /// The stages, in their order.
    pub stages: Vec<Stage>,
    /// What came of it.
    #[serde(default)]
    pub finished: Option<Finished>,
    /// Why it failed or was stopped, and the next step.
    #[serde(default)]
    pub error: String,
    /// Whether it ended because the program did, not by itself.
    #[serde(default)]
    pub interrupted: bool,
    /// What a person should know.
    #[serde(default)]
    pub notices: Vec<String>,
    /// Whether the meter was told that its session starts.
    #[serde(default)]
    pub session_started: bool,
    /// Whether the meter was told that its session ends.
    #[serde(default)]
    pub session_ended: bool,
    /// When it was asked for.
    pub create_time: Timestamp,
    /// When work on it last began.
    #[serde(default)]
    pub start_time: Option<Timestamp>,
    /// When it was finished, failed or was cancelled.
    #[serde(default)]
    pub end_time: Option<Timestamp>,
}

/// What may not be done with a job as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is finished.
    #[error("video {id} is finished; there is nothing to {what}")]
    Finished {
        /// The job.
        id: String,
        /// What was asked for: `cancel`.
        what: &'static str,
    },
    /// It was given up.
    #[error("video {id} was discarded; make a new one")]
    Discarded {
        /// The job.
        id: String,
    },
    /// It runs.
    #[error("video {id} is being made; cancel it first")]
    Running {
        /// The job.
        id: String,
    },
}

impl Job {
    /// A new job that waits for its turn.
    #[must_use]
    pub fn new(
        id: String,
        request_id: String,
        spec: Spec,
        simulated: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            session_id: id.clone(),
            id,
            request_id,
            tenant: String::new(),
            stages: Stage::of(&spec),
            spec,
            state: JobState::Queued,
            title: String::new(),
            simulated,
            cast: None,
            finished: None,
            error: String::new(),
            interrupted: false,
            notices: Vec::new(),
            session_started: false,
            session_ended: false,
            create_time: now,
            start_time: None,
            end_time: None,
        }
    }

    /// The same job for a tenant.
    #[must_use]
    pub fn of_tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.tenant);
        self
    }

    /// Puts it back into the queue, to continue with what was kept. False if it waits or runs already.
    ///
    /// # Errors
    /// It is finished or was given up.
    pub fn resume(&mut self) -> Result<bool, Refused> {
        match self.state {
            JobState::Queued | JobState::Running => return Ok(false),
            JobState::Succeeded => {
                return Err(Refused::Finished {
                    id: self.id.clone(),
                    what: "resume",
                });
            }
            JobState::Discarded => {
                return Err(Refused::Discarded {
                    id: self.id.clone(),
                });
            }
            JobState::Failed | JobState::Cancelled => {}
        }
        self.state = JobState::Queued;
        self.error.clear();
        self.interrupted = false;
        self.start_time = None;
        self.end_time = None;
        // What was said about the former run's models and pictures is said again if it still holds.
        self.notices.clear();
        self.stages = Stage::of(&self.spec);
        Ok(true)
    }

    /// Begins work.
    pub fn begin(&mut self, now: Timestamp) {
        self.state = JobState::Running;
        self.start_time = Some(now);
        self.end_time = None;
        self.error.clear();
    }

    /// Ends it with a finished video.
    pub fn succeed(&mut self, finished: Finished, now: Timestamp) {
        self.state = JobState::Succeeded;
        self.finished = Some(finished);
        self.error.clear();
        self.end_time = Some(now);
    }

    /// Ends it without one.
    pub fn stop(&mut self, state: JobState, error: String, now: Timestamp) {
        self.state = state;
        self.error = error;
        self.end_time = Some(now);
        for stage in &mut self.stages {
            stage.stop(now);
        }
    }

    /// What becomes of a job that is found waiting or running when the program starts: it can be resumed.
    /// False if it had ended.
    pub fn interrupt(&mut self, now: Timestamp) -> bool {
        if self.state.is_final() {
            return false;
        }
        let ended = |stage: &&Stage| stage.end_time.is_some();
        let last = self.stages.iter().rev().find(ended).map(|stage| stage.kind);
        let at = match (self.running_stage(), last) {
            (Some(kind), _) => {
                format!("interrupted in the {kind} stage when the generator stopped")
            }
            (None, Some(kind)) => {
                format!("interrupted after the {kind} stage when the generator stopped")
            }
            (None, None) => "interrupted before it began, when the generator stopped".to_owned(),
        };
        self.stop(
            JobState::Failed,
            format!("{at}; resume it to continue with what was kept"),
            now,
        );
        self.interrupted = true;
        true
    }

    /// The stage that is at work, if one is.
    #[must_use]
    pub fn running_stage(&self) -> Option<StageKind> {
        let at_work =
            |stage: &&Stage| matches!(stage.state, StageState::Running | StageState::Waiting);
        self.stages.iter().find(at_work).map(|stage| stage.kind)
    }

    /// Adds a notice that is not there yet.
    pub fn notice(&mut self, text: String) {
        if !self.notices.contains(&text) {
            self.notices.push(text);
        }
    }
}

#[cfg(test)]
mod tests;
