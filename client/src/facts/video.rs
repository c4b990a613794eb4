//! Videos: jobs, their stages and results.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as pb;
use reelmeter_rating::Money;

use super::{CostLine, FactError, PriceBookName, Summary, money_or_zero, time};
use crate::printable::Text;

/// Where a video stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VideoState {
    /// The generator did not say.
    #[default]
    Unknown,
    /// It waits for its turn.
    Queued,
    /// It is being made.
    Running,
    /// It is finished.
    Succeeded,
    /// It failed and can be resumed.
    Failed,
    /// It was cancelled and can be resumed.
    Cancelled,
    /// It was given up.
    Discarded,
}

impl VideoState {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }

    /// Whether nothing more happens by itself.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Discarded
        )
    }

    /// Whether `resume` can continue it.
    #[must_use]
    pub fn can_be_resumed(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }

    fn from_wire(state: pb::VideoState) -> Self {
        match state {
            pb::VideoState::Unspecified => Self::Unknown,
            pb::VideoState::Queued => Self::Queued,
            pb::VideoState::Running => Self::Running,
            pb::VideoState::Succeeded => Self::Succeeded,
            pb::VideoState::Failed => Self::Failed,
            pb::VideoState::Cancelled => Self::Cancelled,
            pb::VideoState::Discarded => Self::Discarded,
        }
    }
}

/// Which pipeline makes a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipeline {
    /// Script, narration, images, compiled.
    #[default]
    Narrated,
    /// Rendered animation code.
    Animated,
}

impl Pipeline {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Narrated => "narrated",
            Self::Animated => "animated",
        }
    }
}

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// One that this client does not know.
    Unknown,
    /// Checks before any money is spent.
    Preflight,
    /// The script or outline.
    Script,
    /// The rephrasing of the narration.
    Rephrase,
    /// The narration.
    Narration,
    /// The images.
    Image,
    /// The animation code.
    Code,
    /// The rendering, with corrections.
    Render,
    /// The look at rendered frames, with fixes.
    Check,
    /// The compilation.
    Compile,
}

impl StageKind {
    /// The name on screens.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unknown => "Other",
            Self::Preflight => "Preflight",
            Self::Script => "Script",
            Self::Rephrase => "Rephrase",
            Self::Narration => "Narration",
            Self::Image => "Images",
            Self::Code => "Code",
            Self::Render => "Render",
            Self::Check => "Visual check",
            Self::Compile => "Compile",
        }
    }

    /// The names under which the meter counts the stage's calls.
    #[must_use]
    pub fn metered_as(self) -> &'static [&'static str] {
        match self {
            Self::Script => &[reelmeter_proto::STAGE_SCRIPT],
            Self::Rephrase => &[reelmeter_proto::STAGE_REPHRASE],
            Self::Narration => &[reelmeter_proto::STAGE_NARRATION],
            Self::Image => &[reelmeter_proto::STAGE_IMAGE],
            Self::Code => &[reelmeter_proto::STAGE_CODE],
            Self::Render => &[reelmeter_proto::STAGE_CORRECTION],
            Self::Check => &[
                reelmeter_proto::STAGE_VISUAL_CHECK,
                reelmeter_proto::STAGE_VISUAL_FIX,
            ],
            Self::Unknown | Self::Preflight | Self::Compile => &[],
        }
    }

    fn from_wire(kind: pb::StageKind) -> Self {
        match kind {
            pb::StageKind::Unspecified => Self::Unknown,
            pb::StageKind::Preflight => Self::Preflight,
            pb::StageKind::Script => Self::Script,
            pb::StageKind::Rephrase => Self::Rephrase,
            pb::StageKind::Narration => Self::Narration,
            pb::StageKind::Image => Self::Image,
            pb::StageKind::Code => Self::Code,
            pb::StageKind::Render => Self::Render,
            pb::StageKind::Check => Self::Check,
            pb::StageKind::Compile => Self::Compile,
        }
    }
}

/// Where a stage or an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// It has not begun.
    #[default]
    Pending,
    /// It is at work.
    Running,
    /// It waits.
    Waiting,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was not needed.
    Skipped,
}

impl Progress {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    fn from_wire(state: pb::StageState) -> Self {
        match state {
            pb::StageState::Unspecified | pb::StageState::Pending => Self::Pending,
            pb::StageState::Running => Self::Running,
            pb::StageState::Waiting => Self::Waiting,
            pb::StageState::Succeeded => Self::Done,
            pb::StageState::Failed => Self::Failed,
            pb::StageState::Skipped => Self::Skipped,
        }
    }
}

/// One item of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageItem {
    /// The scene, counted from 1. 0: the whole.
    pub scene: i32,
    /// Its place among the scene's items.
    pub number: i32,
    /// Where it stands.
    pub progress: Progress,
    /// Which attempt it is at.
    pub attempt: i32,
    /// True if it was kept from an earlier run.
    pub kept: bool,
    /// What it is doing or why it failed.
    pub detail: Text,
}

/// A stage of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which one.
    pub kind: StageKind,
    /// Where it stands.
    pub progress: Progress,
    /// How many of its items are done.
    pub completed: i32,
    /// How many it has. 0: not known yet.
    pub total: i32,
    /// How much of it is done, in thousandths.
    pub permille: i32,
    /// When it began.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// What it is doing or why it failed.
    pub detail: Text,
    /// Its items.
    pub items: Vec<StageItem>,
}

impl Stage {
    fn read(stage: &pb::Stage) -> Self {
        Self {
            kind: StageKind::from_wire(stage.kind()),
            progress: Progress::from_wire(stage.state()),
            completed: stage.completed_item_count,
            total: stage.item_count,
            permille: stage.progress_permille.clamp(0, 1000),
            start_time: time(stage.start_time.as_ref()),
            end_time: time(stage.end_time.as_ref()),
            detail: Text::line(&stage.detail),
            items: stage
                .items
                .iter()
                .map(|item| StageItem {
                    scene: item.scene,
                    number: item.number,
                    progress: Progress::from_wire(item.state()),
                    attempt: item.attempt,
                    kept: item.kept,
                    detail: Text::line(&item.detail),
                })
                .collect(),
        }
    }
}

/// Where a video's cost figure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CostSource {
    /// The generator did not say.
    #[default]
    Unknown,
    /// From the generator's own outbox.
    Pending,
    /// From the meter, with nothing on its way.
    Settled,
}

/// A video.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Video {
    /// Its key.
    pub id: Text,
    /// The session in which its cost is counted.
    pub session_id: Text,
    /// What it is about.
    pub prompt: Text,
    /// Which pipeline makes it.
    pub pipeline: Pipeline,
    /// How many scenes were asked for. 0: as the configuration says.
    pub scene_count: i32,
    /// Where it stands.
    pub state: VideoState,
    /// The title that the script gave it.
    pub title: Text,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// The finished file's path on the generator's machine.
    pub file_path: Text,
    /// The subtitles' path there.
    pub subtitles_path: Text,
    /// The finished file's length in milliseconds.
    pub duration_ms: i64,
    /// Its size.
    pub size_bytes: i64,
    /// The picture's width.
    pub width_px: i32,
    /// The picture's height.
    pub height_px: i32,
    /// What it has cost so far.
    pub cost_summary: Option<Summary>,
    /// Where that comes from.
    pub cost_source: CostSource,
    /// Why it failed or was stopped, and the next step.
    pub error_message: Text,
    /// What a person should know.
    pub notices: Vec<Text>,
    /// When it was asked for.
    pub create_time: Option<Timestamp>,
    /// When work on it last began.
    pub start_time: Option<Timestamp>,
    /// When it was over.
    pub end_time: Option<Timestamp>,
    /// True if a stand-in answered.
    pub simulated: bool,
    /// The voice's name.
    pub voice_name: Text,
    /// Provider calls, retries included.
    pub call_count: i64,
    /// Events on their way to the meter.
    pub pending: i64,
}

impl Video {
    /// Reads a video.
    ///
    /// # Errors
    /// A cost summary with an amount that is none.
    pub fn read(video: &pb::Video) -> Result<Self, FactError> {
        let spec = video.spec.as_ref();
        Ok(Self {
            id: Text::name(&video.video_id),
            session_id: Text::name(&video.session_id),
            prompt: Text::line(spec.map_or("", |spec| spec.prompt.as_str())),
            pipeline: match spec.map(pb::VideoSpec::pipeline) {
                Some(pb::Pipeline::Animated) => Pipeline::Animated,
                _ => Pipeline::Narrated,
            },
            scene_count: spec.map_or(0, |spec| spec.scene_count),
            state: VideoState::from_wire(video.state()),
            title: Text::line(&video.title),
            stages: video.stages.iter().map(Stage::read).collect(),
            file_path: Text::path(&video.file_path),
            subtitles_path: Text::path(&video.subtitles_path),
            duration_ms: video.duration_ms,
            size_bytes: video.size_bytes,
            width_px: video.width_px,
            height_px: video.height_px,
            // A video that waits has none, and a summary without a session is none either.
            cost_summary: video
                .cost_summary
                .as_ref()
                .filter(|summary| summary.session.is_some())
                .map(Summary::read)
                .transpose()?,
            cost_source: match video.cost_state() {
                pb::CostState::Unspecified => CostSource::Unknown,
                pb::CostState::Pending => CostSource::Pending,
                pb::CostState::Settled => CostSource::Settled,
            },
            error_message: Text::line(&video.error_message),
            notices: video
                .notices
                .iter()
                .map(|notice| Text::line(notice))
                .collect(),
            create_time: time(video.create_time.as_ref()),
            start_time: time(video.start_time.as_ref()),
            end_time: time(video.end_time.as_ref()),
            simulated: video.simulated,
            voice_name: Text::name(&video.voice_name),
            call_count: video.call_count,
            pending: video.pending_event_count,
        })
    }

    /// Its title, or its prompt while it has none.
    #[must_use]
    pub fn label(&self) -> &Text {
        if self.title.shown().trim().is_empty() {
            &self.prompt
        } else {
            &self.title
        }
    }
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something went as it should.
    Info,
    /// Something a person should know.
    Warning,
    /// Something failed.
    Error,
}

/// A line of a video's log, or of this client's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number within the video; 0 for the client's own.
    pub number: i64,
    /// When it was written.
    pub time: Option<Timestamp>,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub text: Text,
}

impl LogLine {
    /// Reads a line.
    #[must_use]
    pub fn read(line: &pb::LogLine) -> Self {
        Self {
            number: line.number,
            time: time(line.log_time.as_ref()),
            level: match line.level() {
                pb::LogLevel::Unspecified | pb::LogLevel::Info => Level::Info,
                pb::LogLevel::Warning => Level::Warning,
                pb::LogLevel::Error => Level::Error,
            },
            text: Text::line(&line.text),
        }
    }
}

/// One case of an estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EstimateCase {
    /// Input tokens.
    pub input_tokens: i64,
    /// Output tokens.
    pub output_tokens: i64,
    /// Narrated characters.
    pub characters: i64,
    /// Images.
    pub images: i64,
    /// Provider calls.
    pub calls: i64,
    /// What everything with a price costs.
    pub cost: Money,
    /// The lines that the cost is the sum of.
    pub lines: Vec<CostLine>,
}

/// What a video will probably use and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The likely case.
    pub likely: EstimateCase,
    /// The least.
    pub lowest: EstimateCase,
    /// The worst.
    pub highest: EstimateCase,
    /// The prices that were used.
    pub price_book: Option<PriceBookName>,
    /// What the figures rest on.
    pub basis: Text,
    /// True if a stand-in would answer: nothing would be bought.
    pub simulated: bool,
}

impl Estimate {
    /// Reads an estimate.
    ///
    /// # Errors
    /// An amount that is none.
    pub fn read(estimate: &pb::Estimate) -> Result<Self, FactError> {
        Ok(Self {
            likely: EstimateCase::read(estimate.likely.as_ref())?,
            lowest: EstimateCase::read(estimate.lowest.as_ref())?,
            highest: EstimateCase::read(estimate.highest.as_ref())?,
            price_book: estimate.price_book.as_ref().map(PriceBookName::read),
            basis: Text::line(&estimate.basis),
            simulated: estimate.simulated,
        })
    }
}

impl EstimateCase {
    fn read(case: Option<&pb::EstimateCase>) -> Result<Self, FactError> {
        let Some(case) = case else {
            return Ok(Self::default());
        };
        Ok(Self {
            input_tokens: case.input_token_count,
            output_tokens: case.output_token_count,
            characters: case.character_count,
            images: case.image_count,
            calls: case.call_count,
            cost: money_or_zero(case.cost.as_ref(), "the cost of an estimate")?,
            lines: case
                .lines
                .iter()
                .map(CostLine::read)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// A voice that can narrate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// The provider's ID.
    pub id: Text,
    /// Its name.
    pub name: Text,
    /// The provider's marks, sorted by key.
    pub labels: Vec<(Text, Text)>,
    /// Where a sample can be heard.
    pub preview_url: Text,
    /// True if it is used when a request names none.
    pub is_default: bool,
}

impl Voice {
    /// Reads a voice.
    #[must_use]
    pub fn read(voice: &pb::Voice) -> Self {
        let mut labels: Vec<_> = voice
            .labels
            .iter()
            .map(|(key, value)| (Text::name(key), Text::name(value)))
            .collect();
        labels.sort();
        Self {
            id: Text::name(&voice.voice_id),
            name: Text::name(&voice.name),
            labels,
            preview_url: Text::line(&voice.preview_url),
            is_default: voice.is_default,
        }
    }
}
