//! Videos: jobs and their results.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as pb;
use reelmeter_rating::Money;

use super::{FactError, Stage, Summary, time};
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
    /// Of these, corrections and tries after the first.
    pub retry_calls: i64,
    /// What they have cost.
    pub retry_cost: Money,
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
            retry_calls: video.retry_call_count,
            retry_cost: super::money_or_zero(
                video.retry_cost.as_ref(),
                "the cost of corrections and retries",
            )?,
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
