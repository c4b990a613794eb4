//! Jobs in the contract's words.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as wire;
use reelmeter_proto::meter::v1 as meter;

use crate::adapters::meter::Cost;
use crate::application::{LogLevel, LogLine};
use crate::domain::job::{
    Budget, Cast, Item, Job, JobState, Pipeline, Spec, Stage, StageKind, StageState,
};
use crate::domain::timeline::AspectRatio;

/// The whole video; without its cost summary where that is not wanted.
pub(super) fn video(job: &Job, cost: Option<Cost>) -> wire::Video {
    let cast = job.cast.clone().unwrap_or_default();
    let finished = job.finished.clone().unwrap_or_default();
    let counts = cost.as_ref().map(|cost| cost.counts).unwrap_or_default();
    let again = cost.as_ref().map(|cost| cost.again.clone());
    let (retry_call_count, retry_cost) = again.unwrap_or_default();
    let call_count = cost.as_ref().map(|cost| cost.calls).unwrap_or_default();
    let cost_state = match &cost {
        None => wire::CostState::Unspecified,
        Some(cost) if cost.settled => wire::CostState::Settled,
        Some(_) => wire::CostState::Pending,
    };
    wire::Video {
        video_id: job.id.clone(),
        session_id: job.session_id.clone(),
        spec: Some(spec(&job.spec, &cast)),
        state: state(job.state).into(),
        title: job.title.clone(),
        stages: job.stages.iter().map(stage).collect(),
        file_path: finished.file_path,
        subtitles_path: finished.subtitles_path,
        duration_ms: wide(finished.duration_ms),
        size_bytes: wide(finished.size_bytes),
        width_px: narrow(finished.width_px),
        height_px: narrow(finished.height_px),
        cost_summary: cost.map(|cost| cost.summary),
        cost_state: cost_state.into(),
        error_message: job.error.clone(),
        notices: job.notices.clone(),
        create_time: Some(timestamp(job.create_time)),
        start_time: job.start_time.map(timestamp),
        end_time: job.end_time.map(timestamp),
        simulated: job.simulated,
        voice_name: cast.voice_name,
        call_count,
        retry_call_count,
        retry_cost: retry_cost.filter(|_| retry_call_count > 0),
        pending_event_count: counts.pending_events,
    }
}

/// What was asked for, with what was decided since.
fn spec(spec: &Spec, cast: &Cast) -> wire::VideoSpec {
    let decided = |wish: &str, cast: &str| {
        if cast.is_empty() {
            wish.to_owned()
        } else {
            cast.to_owned()
        }
    };
    wire::VideoSpec {
        prompt: spec.prompt.clone(),
        pipeline: match spec.pipeline {
            Pipeline::Narrated => wire::Pipeline::Narrated,
            Pipeline::Animated => wire::Pipeline::Animated,
        }
        .into(),
        voice_id: decided(&spec.voice_id, &cast.voice_id),
        models: Some(wire::Models {
            script_model: decided(&spec.models.script, &cast.script_model),
            rephrase_model: decided(&spec.models.rephrase, &cast.rephrase_model),
            image_model: decided(&spec.models.image, &cast.image_model),
            narration_model: decided(&spec.models.narration, &cast.narration_model),
            code_model: decided(&spec.models.code, &cast.code_model),
            pro_model: decided(&spec.models.pro, &cast.pro_model),
            vision_model: decided(&spec.models.vision, &cast.vision_model),
        }),
        scene_count: narrow(spec.scene_count),
        image_count: narrow(spec.image_count),
        aspect_ratio: match spec.aspect {
            AspectRatio::Landscape => wire::AspectRatio::Landscape,
            AspectRatio::Portrait => wire::AspectRatio::Portrait,
            AspectRatio::Square => wire::AspectRatio::Square,
        }
        .into(),
        resolution_px: narrow(spec.resolution_px),
        language: spec.language.clone(),
        rephrase: spec.rephrase,
        budget: spec.budget.as_ref().map(budget),
        labels: spec.labels.clone(),
        allow_missing_sections: spec.allow_missing_sections,
    }
}

fn budget(budget: &Budget) -> meter::Budget {
    let limit = match budget {
        Budget::Usd(amount) => meter::budget::Limit::Money(meter::Money {
            currency_code: "USD".to_owned(),
            amount: amount.clone(),
        }),
        Budget::Metric {
            service,
            metric,
            value,
        } => meter::budget::Limit::MetricAmount(meter::MetricAmount {
            service: service.clone(),
            metric: metric.clone(),
            value: *value,
        }),
    };
    meter::Budget { limit: Some(limit) }
}

pub(super) fn state(state: JobState) -> wire::VideoState {
    match state {
        JobState::Queued => wire::VideoState::Queued,
        JobState::Running => wire::VideoState::Running,
        JobState::Succeeded => wire::VideoState::Succeeded,
        JobState::Failed => wire::VideoState::Failed,
        JobState::Cancelled => wire::VideoState::Cancelled,
        JobState::Discarded => wire::VideoState::Discarded,
    }
}

fn stage(stage: &Stage) -> wire::Stage {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    wire::Stage {
        kind: match stage.kind {
            StageKind::Preflight => wire::StageKind::Preflight,
            StageKind::Script => wire::StageKind::Script,
            StageKind::Rephrase => wire::StageKind::Rephrase,
            StageKind::Narration => wire::StageKind::Narration,
            StageKind::Image => wire::StageKind::Image,
            StageKind::Code => wire::StageKind::Code,
            StageKind::Render => wire::StageKind::Render,
            StageKind::Check => wire::StageKind::Check,
            StageKind::Compile => wire::StageKind::Compile,
        }
        .into(),
        state: stage_state(stage.state).into(),
        completed_item_count: number(stage.done()),
        item_count: number(stage.items.len()),
        progress_permille: i32::from(stage.progress_permille()),
        start_time: stage.start_time.map(timestamp),
        end_time: stage.end_time.map(timestamp),
        detail: stage.detail.clone(),
        items: stage.items.iter().map(item).collect(),
    }
}

fn item(item: &Item) -> wire::StageItem {
    wire::StageItem {
        scene: narrow(item.key.scene),
        number: narrow(item.key.number),
        state: stage_state(item.state).into(),
        attempt: narrow(item.attempt),
        kept: item.kept,
        detail: item.detail.clone(),
    }
}

fn stage_state(state: StageState) -> wire::StageState {
    match state {
        StageState::Pending => wire::StageState::Pending,
        StageState::Running => wire::StageState::Running,
        StageState::Waiting => wire::StageState::Waiting,
        StageState::Succeeded => wire::StageState::Succeeded,
        StageState::Failed => wire::StageState::Failed,
        StageState::Skipped => wire::StageState::Skipped,
    }
}

pub(super) fn log_line(line: &LogLine) -> wire::LogLine {
    wire::LogLine {
        number: wide(line.number),
        log_time: Some(timestamp(line.time)),
        level: match line.level {
            LogLevel::Info => wire::LogLevel::Info,
            LogLevel::Warning => wire::LogLevel::Warning,
            LogLevel::Error => wire::LogLevel::Error,
        }
        .into(),
        text: line.text.clone(),
    }
}

pub(super) fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn narrow(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn wide(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
