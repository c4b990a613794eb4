//! What the making of a video needs from outside. Each port's doc comment is its contract.

mod animator;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reelmeter_service::{Clock, Ids};
use tokio_util::sync::CancellationToken;

use super::LogLine;
use crate::domain::animation::{Request, Section};
use crate::domain::estimate::{RunUse, StageUse};
use crate::domain::job::Job;
use crate::domain::models::OfferedModel;
use crate::domain::quota::Quota;
use crate::domain::retry::{Attempt, Failure};
use crate::domain::script::{Aspect, Draft, Prompt, Script};
use crate::domain::subtitles::Alignment;
use crate::domain::timeline::{NarrationFormat, VideoPlan};
use crate::domain::usage::{Provider, Usage, Variant};

pub use animator::{
    AnimateError, Animation, Animator, CodeLine, CodeProblem, Fault, NoAnimator, Rendered, RunLimit,
};

/// What a provider offers, and who answered.
#[derive(Debug, Clone)]
pub struct Offer<T> {
    /// What is offered.
    pub items: Vec<T>,
    /// True if a stand-in answered.
    pub simulated: bool,
}

/// A text that a model wrote, read as a draft; or why it cannot be read as one.
pub type Written = Result<Draft, String>;

/// A picture as it was bought.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The file's bytes.
    pub bytes: Bytes,
    /// What its file is called at the end: `png`.
    pub extension: &'static str,
}

/// A narration as it was bought.
#[derive(Debug, Clone)]
pub struct Narration {
    /// The file's bytes.
    pub audio: Bytes,
    /// How it is encoded.
    pub format: NarrationFormat,
    /// When each character is spoken, where the provider said so.
    pub alignment: Option<Alignment>,
}

/// What is to be spoken.
#[derive(Debug, Clone)]
pub struct Speech {
    /// The voice.
    pub voice_id: String,
    /// The model.
    pub model: String,
    /// The text.
    pub text: String,
    /// The language as a BCP 47 tag; empty for the text's own.
    pub language: String,
    /// What was said before it, so that the voice carries on; may be empty.
    pub previous_text: String,
    /// What will be said after it; may be empty.
    pub next_text: String,
    /// Credits that one character costs with the model, as a decimal; empty when not published.
    pub credits_per_character: String,
}

/// A voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The provider's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The provider's own marks: accent, age and so on.
    pub labels: BTreeMap<String, String>,
    /// Where a sample can be heard; may be empty.
    pub preview_url: String,
}

/// A model that speaks.
#[derive(Debug, Clone)]
pub struct SpeechModel {
    /// The model, as the list of models has it.
    pub model: OfferedModel,
    /// Credits that one character costs, as a decimal; empty when not published.
    pub credits_per_character: String,
    /// The longest text of one request, in characters.
    pub characters_max: Option<u64>,
}

/// Everything outside that the making of videos needs.
#[derive(Clone)]
pub struct Ports {
    /// Writes and draws.
    pub pen: Arc<dyn Pen>,
    /// Speaks.
    pub speaker: Arc<dyn Speaker>,
    /// Records what is spent.
    pub ledger: Arc<dyn Ledger>,
    /// Keeps what is bought.
    pub store: Arc<dyn JobStore>,
    /// Compiles.
    pub editor: Arc<dyn Editor>,
    /// Runs animation code.
    pub animator: Arc<dyn Animator>,
    /// Looks at frames.
    pub looker: Arc<dyn Looker>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the jobs' keys.
    pub ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}

/// Writes and draws. Each method makes exactly one request; trying again is the caller's business.
pub trait Pen: Send + Sync {
    /// The models there are. Free.
    fn models(&self) -> BoxFuture<'_, Result<Offer<OfferedModel>, Failure>>;
    /// Writes a text of the prompt's shape.
    fn write<'a>(&'a self, model: &'a str, prompt: &'a Prompt) -> BoxFuture<'a, Attempt<Written>>;
    /// Writes plain text, such as code; at most so many tokens, thinking included.
    fn say<'a>(
        &'a self,
        model: &'a str,
        request: &'a Request,
        output_tokens_max: u32,
    ) -> BoxFuture<'a, Attempt<String>>;
    /// Draws a picture.
    fn draw<'a>(
        &'a self,
        model: &'a str,
        prompt: &'a str,
        aspect: Aspect,
    ) -> BoxFuture<'a, Attempt<Picture>>;
}

/// Speaks. Each method makes exactly one request.
pub trait Speaker: Send + Sync {
    /// The voices there are. Free.
    fn voices(&self) -> BoxFuture<'_, Result<Offer<Voice>, Failure>>;
    /// The models there are. Free.
    fn models(&self) -> BoxFuture<'_, Result<Vec<SpeechModel>, Failure>>;
    /// How much of the subscription is used. Free.
    fn quota(&self) -> BoxFuture<'_, Result<Quota, Failure>>;
    /// Speaks a text.
    fn speak<'a>(&'a self, speech: &'a Speech) -> BoxFuture<'a, Attempt<Narration>>;
}

/// Looks at frames, on this machine and for nothing. Each method makes exactly one request.
pub trait Looker: Send + Sync {
    /// The models there are.
    fn models(&self) -> BoxFuture<'_, Result<Offer<OfferedModel>, Failure>>;
    /// Asks about one frame, a PNG file.
    fn look<'a>(
        &'a self,
        model: &'a str,
        question: &'a Request,
        frame: Bytes,
    ) -> BoxFuture<'a, Attempt<String>>;
}

/// Why the ledger cannot take something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerError(
    /// What is wrong and what to do.
    pub String,
);

/// Why a call is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnnounceError {
    /// The budget does not hold it; in words for a person.
    #[error("{0}")]
    Budget(String),
    /// It cannot be recorded.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// How a call is announced.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The session that pays.
    pub session_id: String,
    /// Who is called.
    pub provider: Provider,
    /// The key of the breakdown by model: a model's name, or a voice ID.
    pub model: String,
    /// What sets the price where that differs; empty otherwise.
    pub rate_model: String,
    /// A name to show beside it; may be empty.
    pub display_name: String,
    /// The stage, in the metering contract's words.
    pub stage: &'static str,
    /// The scene, counted from 1; 0 for the whole.
    pub scene: u32,
    /// Its place among the scene's items, counted from 1.
    pub number: u32,
    /// Which try this is, counted from 1 over all runs of the job.
    pub attempt: u32,
    /// True if a stand-in answers.
    pub simulated: bool,
    /// The most that it can use.
    pub worst_case: Usage,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It gave what it was asked for.
    Succeeded,
    /// It failed; what it used is known.
    Failed,
    /// It succeeded, and its result cannot be used.
    Discarded,
    /// Nobody knows whether it was made, or what it used.
    Unconfirmed,
}

/// What a call used.
#[derive(Debug, Clone)]
pub struct Spent {
    /// How it ended.
    pub ending: Ending,
    /// What it used.
    pub usage: Usage,
    /// How it was served.
    pub variant: Variant,
    /// The model that answered, by the provider's own account.
    pub model_version: Option<String>,
    /// The provider's id of the call.
    pub request_id: Option<String>,
    /// What went wrong, as one word; empty for nothing.
    pub failure_code: &'static str,
    /// Whether a stand-in answered; `None` if nobody did.
    pub simulated: Option<bool>,
}

/// A call that was announced. Dropped without [`OpenCall::end`] it is unconfirmed.
pub trait OpenCall: Send {
    /// Ends it. When this returns, what it used is on disk; gives the key under which it is recorded.
    fn end(self: Box<Self>, spent: Spent) -> BoxFuture<'static, Result<String, LedgerError>>;
}

/// How often each item was tried before, over all runs of the job: by stage, scene and number.
pub type Attempts = BTreeMap<(String, u32, u32), u32>;

/// The durable record of what is spent. None of it waits for the meter.
pub trait Ledger: Send + Sync {
    /// Says that a session starts. Repeating it is harmless.
    fn start_session<'a>(
        &'a self,
        job: &'a Job,
        simulated: bool,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;
    /// Says that a session ends, when all its calls are recorded. Repeating it is harmless.
    fn end_session<'a>(&'a self, session_id: &'a str) -> BoxFuture<'a, Result<(), LedgerError>>;
    /// Passes on what a provider says of its quota.
    fn report_quota<'a>(
        &'a self,
        session_id: &'a str,
        provider: Provider,
        quota: &'a Quota,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;
    /// Announces a call, if the job's budget holds its worst case; waits while calls in flight may still free enough of
    /// it. Dropped before it returns, the call is not announced. When this returns, id and intent are on disk: ask the
    /// provider now.
    fn announce(
        &self,
        call: Announcement,
    ) -> BoxFuture<'_, Result<Box<dyn OpenCall>, AnnounceError>>;
    /// Says of a recorded call that its result was thrown away after all; `why` in one word. Both records stay, one
    /// counts. Repeating it is harmless.
    fn discard<'a>(
        &'a self,
        session_id: &'a str,
        event_id: &'a str,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;
    /// What the session's calls used, by stage; retries and discarded calls are among them.
    fn used<'a>(
        &'a self,
        session_id: &'a str,
    ) -> BoxFuture<'a, Result<BTreeMap<String, StageUse>, LedgerError>>;
    /// How often each item of the session was tried.
    fn attempts<'a>(&'a self, session_id: &'a str) -> BoxFuture<'a, Result<Attempts, LedgerError>>;
    /// Takes the job's budget, so that its calls are admitted against it from now on. Waits while the meter cannot be
    /// reached, and says so through `waiting`.
    fn hold_budget<'a>(
        &'a self,
        job: &'a Job,
        waiting: &'a (dyn Fn(String) + Send + Sync),
    ) -> BoxFuture<'a, Result<(), LedgerError>>;
    /// What is left of the job's budget, for a person; `None` without one.
    fn budget_left(&self, session_id: &str) -> Option<String>;
    /// What calls of the job would cost at worst, for a person.
    fn price(&self, session_id: &str, calls: &[Announcement]) -> String;
}

/// Why something cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full: {path} cannot be written; make room and resume")]
    DiskFull {
        /// The file.
        path: String,
    },
    /// The system refuses.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was tried: `write`.
        what: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error(
        "{path} is damaged: {reason}; discard the video, or delete the file to buy its content again"
    )]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A narration that is on disk.
#[derive(Debug, Clone)]
pub struct KeptNarration {
    /// The file.
    pub path: PathBuf,
    /// How it is encoded.
    pub format: NarrationFormat,
    /// When each character is spoken.
    pub alignment: Option<Alignment>,
}

/// A picture that is on disk, or the decision to do without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptPicture {
    /// The file.
    Drawn(PathBuf),
    /// The provider refused to draw it, for this reason; it is not asked again.
    Refused(String),
}

/// Which stage of writing a script stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptKind {
    /// As it was written.
    Written,
    /// As it was rephrased.
    Rephrased,
}

/// Jobs and what they have bought, on disk. What a `keep…` method has returned from survives a crash; nothing
/// half-written is ever given back.
pub trait JobStore: Send + Sync {
    /// Every job with its log, in no order. Called once, at the start.
    fn load(&self) -> Result<Vec<(Job, Vec<LogLine>)>, StoreError>;
    /// Keeps the job as it stands.
    fn save<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Adds a line to the job's log; losing one in a crash does no harm.
    fn log(&self, job_id: &str, line: &LogLine);
    /// The job's script, if it was bought.
    fn script<'a>(
        &'a self,
        job_id: &'a str,
        kind: ScriptKind,
    ) -> BoxFuture<'a, Result<Option<Script>, StoreError>>;
    /// Keeps the job's script.
    fn keep_script<'a>(
        &'a self,
        job_id: &'a str,
        kind: ScriptKind,
        script: &'a Script,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// A scene's narration, if it was bought.
    fn narration<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
    ) -> BoxFuture<'a, Result<Option<KeptNarration>, StoreError>>;
    /// Keeps a scene's narration.
    fn keep_narration<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        narration: &'a Narration,
    ) -> BoxFuture<'a, Result<KeptNarration, StoreError>>;
    /// A scene's picture, if it was bought or refused.
    fn picture<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
    ) -> BoxFuture<'a, Result<Option<KeptPicture>, StoreError>>;
    /// Keeps a scene's picture.
    fn keep_picture<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
        picture: &'a Picture,
    ) -> BoxFuture<'a, Result<PathBuf, StoreError>>;
    /// Keeps the decision to do without a picture.
    fn keep_refusal<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// What was bought for a section of an animated video; an empty record before anything was.
    fn section<'a>(
        &'a self,
        job_id: &'a str,
        number: u32,
    ) -> BoxFuture<'a, Result<Section, StoreError>>;
    /// Keeps a section's record, its code among it.
    fn keep_section<'a>(
        &'a self,
        job_id: &'a str,
        number: u32,
        section: &'a Section,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    /// The folder in which a version of a section's code, counted from 1, is run and rendered.
    fn version_folder(&self, job_id: &str, number: u32, version: usize) -> PathBuf;
    /// What earlier videos used, the oldest first.
    fn runs(&self) -> BoxFuture<'_, Result<Vec<RunUse>, StoreError>>;
    /// Keeps what a video used, for estimates to come.
    fn keep_run<'a>(&'a self, run: &'a RunUse) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Deletes a bought file that turned out to be unusable.
    fn drop_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<(), StoreError>>;
    /// The folder in which the video is compiled.
    fn compile_folder(&self, job_id: &str) -> PathBuf;
    /// Deletes everything that was bought for the job; the job itself stays.
    fn discard<'a>(&'a self, job_id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Why a video cannot be compiled.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct EditError {
    /// What is wrong and what to do.
    pub message: String,
    /// Whether it was called off.
    pub cancelled: bool,
}

/// A compiled video.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The file.
    pub path: PathBuf,
    /// The subtitles beside it.
    pub subtitles_path: PathBuf,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The picture's width in pixels.
    pub width_px: u32,
    /// The picture's height in pixels.
    pub height_px: u32,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// Checks and compiles.
pub trait Editor: Send + Sync {
    /// Whether the tools are there; their version. Asked before any money is spent.
    fn ready(&self) -> BoxFuture<'_, Result<String, EditError>>;
    /// Whether the picture can be shown.
    fn check_picture<'a>(
        &'a self,
        path: &'a Path,
        scene: u32,
    ) -> BoxFuture<'a, Result<(), EditError>>;
    /// Whether the narration can be heard.
    fn check_narration<'a>(
        &'a self,
        path: &'a Path,
        format: NarrationFormat,
        scene: u32,
    ) -> BoxFuture<'a, Result<(), EditError>>;
    /// Frames of a rendered animation, as PNG files: so many, the last of them its last one, the others spread evenly
    /// before it.
    fn frames<'a>(
        &'a self,
        footage: &'a Path,
        frame_count: u64,
        wanted: u32,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Vec<Bytes>, EditError>>;
    /// Compiles the plan to `output`; tells its progress in thousandths and words.
    fn compile<'a>(
        &'a self,
        plan: &'a VideoPlan,
        folder: &'a Path,
        output: &'a Path,
        progress: &'a (dyn Fn(u16, String) + Send + Sync),
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Compiled, EditError>>;
}
