//! What comes over the wire, checked at the edge: every answer names the field and the rule.

use std::collections::BTreeMap;

use reelmeter_proto::generator::v1 as wire;
use reelmeter_proto::meter::v1 as meter;
use reelmeter_rating::Money;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::application::Setup;
use crate::config::RESOLUTIONS_PX;
use crate::domain::job::{Budget, ModelWishes, Pipeline, Spec, scenes_in_prompt};
use crate::domain::timeline::AspectRatio;

const PROMPT_CHARACTERS_MAX: usize = 8_000;
const NAME_BYTES_MAX: usize = 128;
const LABELS_MAX: usize = 32;
const LABEL_KEY_BYTES_MAX: usize = 64;
const LABEL_VALUE_BYTES_MAX: usize = 256;
const SCENES_MAX: i32 = 60;
const IMAGES_PER_SCENE_MAX: u32 = 4;
/// The longest language tag that RFC 5646 asks programs to hold.
const LANGUAGE_BYTES_MAX: usize = 35;

/// What is wrong with a request, field by field.
#[derive(Default)]
struct Problems(Vec<FieldViolation>);

impl Problems {
    fn add(&mut self, field: &str, rule: impl Into<String>) {
        self.0.push(FieldViolation::new(field, rule));
    }

    fn check(&mut self, right: bool, field: &str, rule: &str) {
        if !right {
            self.add(field, rule);
        }
    }

    fn into_result<T>(self, value: T) -> Result<T, Status> {
        let Some(first) = self.0.first() else {
            return Ok(value);
        };
        let text = match self.0.len() {
            1 => format!("{}: {}", first.field, first.description),
            more => format!(
                "{}: {} (and {} more)",
                first.field,
                first.description,
                more - 1
            ),
        };
        let details = ErrorDetails::with_bad_request(self.0);
        Err(Status::with_error_details(
            Code::InvalidArgument,
            text,
            details,
        ))
    }
}

pub(super) fn request_id(id: &str) -> Result<(), Status> {
    let mut problems = Problems::default();
    problems.check(is_name(id) || id.is_empty(), "request_id", NAME_RULE);
    problems.into_result(())
}

const NAME_RULE: &str = "at most 128 bytes, without control or invisible characters";

/// The spec with defaults filled in.
pub(super) fn spec(spec: Option<wire::VideoSpec>, setup: &Setup) -> Result<Spec, Status> {
    let mut problems = Problems::default();
    let Some(spec) = spec else {
        problems.add("spec", "is missing; say what the video is about");
        return problems.into_result(None).and_then(|none: Option<Spec>| {
            none.ok_or_else(|| Status::internal("a missing spec was accepted"))
        });
    };
    let prompt = spec.prompt.trim().to_owned();
    let length = prompt.chars().count();
    problems.check(
        length > 0,
        "spec.prompt",
        "is empty; say what the video is about",
    );
    if length > PROMPT_CHARACTERS_MAX {
        problems.add(
            "spec.prompt",
            format!("has {length} characters; at most {PROMPT_CHARACTERS_MAX} are taken"),
        );
    }
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    problems.check(
        !prompt.contains(controls),
        "spec.prompt",
        "holds control characters; write plain text",
    );
    let pipeline = match wire::Pipeline::try_from(spec.pipeline) {
        Ok(wire::Pipeline::Unspecified | wire::Pipeline::Narrated) => Pipeline::Narrated,
        Ok(wire::Pipeline::Animated) => Pipeline::Animated,
        Err(_) => {
            problems.add(
                "spec.pipeline",
                "is not known; use PIPELINE_NARRATED or PIPELINE_ANIMATED",
            );
            Pipeline::Narrated
        }
    };
    let aspect = match wire::AspectRatio::try_from(spec.aspect_ratio) {
        Ok(wire::AspectRatio::Unspecified | wire::AspectRatio::Landscape) => AspectRatio::Landscape,
        Ok(wire::AspectRatio::Portrait) => AspectRatio::Portrait,
        Ok(wire::AspectRatio::Square) => AspectRatio::Square,
        Err(_) => {
            problems.add(
                "spec.aspect_ratio",
                "is not known; use LANDSCAPE, PORTRAIT or SQUARE",
            );
            AspectRatio::Landscape
        }
    };
    let scene_count = scenes(&spec, &prompt, setup, &mut problems);
    let image_count = images(spec.image_count, scene_count, &mut problems);
    let resolution_px = match u32::try_from(spec.resolution_px) {
        Ok(0) => setup.resolution_px,
        Ok(pixels) if RESOLUTIONS_PX.contains(&pixels) => pixels,
        _ => {
            problems.add("spec.resolution_px", "must be 0, 360, 480, 720 or 1080");
            setup.resolution_px
        }
    };
    problems.check(
        spec.voice_id.is_empty() || is_name(&spec.voice_id),
        "spec.voice_id",
        NAME_RULE,
    );
    let language_rule = "must be a BCP 47 tag such as en or pt-BR";
    problems.check(is_language(&spec.language), "spec.language", language_rule);
    let labels = labels(spec.labels, &mut problems);
    let budget = spec
        .budget
        .and_then(|budget| self::budget(&budget, &mut problems));
    let models = models(spec.models.unwrap_or_default(), &mut problems);
    problems.into_result(Spec {
        prompt,
        pipeline,
        voice_id: spec.voice_id,
        models,
        scene_count,
        image_count,
        aspect,
        resolution_px,
        language: spec.language,
        rephrase: spec.rephrase,
        budget,
        labels,
        allow_missing_sections: spec.allow_missing_sections,
    })
}

/// The request says how many scenes, or else the prompt, or else the configuration.
fn scenes(spec: &wire::VideoSpec, prompt: &str, setup: &Setup, problems: &mut Problems) -> u32 {
    problems.check(
        (0..=SCENES_MAX).contains(&spec.scene_count),
        "spec.scene_count",
        "must be 0 to 60",
    );
    match u32::try_from(spec.scene_count) {
        Ok(0) | Err(_) => scenes_in_prompt(prompt).unwrap_or(setup.scene_count),
        Ok(count) => count,
    }
}

fn images(count: i32, scenes: u32, problems: &mut Problems) -> u32 {
    let most = scenes.saturating_mul(IMAGES_PER_SCENE_MAX);
    match u32::try_from(count) {
        Ok(0) => 0,
        Ok(count) if (scenes..=most).contains(&count) => count,
        _ => {
            problems.add(
                "spec.image_count",
                format!("must be 0, or {scenes} to {most} for {scenes} scenes"),
            );
            0
        }
    }
}

fn models(models: wire::Models, problems: &mut Problems) -> ModelWishes {
    let fields = [
        ("spec.models.script_model", &models.script_model),
        ("spec.models.rephrase_model", &models.rephrase_model),
        ("spec.models.image_model", &models.image_model),
        ("spec.models.narration_model", &models.narration_model),
        ("spec.models.code_model", &models.code_model),
        ("spec.models.pro_model", &models.pro_model),
        ("spec.models.vision_model", &models.vision_model),
    ];
    for (field, name) in fields {
        problems.check(name.is_empty() || is_name(name), field, NAME_RULE);
    }
    ModelWishes {
        script: models.script_model,
        rephrase: models.rephrase_model,
        image: models.image_model,
        narration: models.narration_model,
        code: models.code_model,
        pro: models.pro_model,
        vision: models.vision_model,
    }
}

fn labels(labels: BTreeMap<String, String>, problems: &mut Problems) -> BTreeMap<String, String> {
    problems.check(
        labels.len() <= LABELS_MAX,
        "spec.labels",
        "at most 32 labels are taken",
    );
    for (key, value) in &labels {
        let key_is_right = (1..=LABEL_KEY_BYTES_MAX).contains(&key.len()) && is_plain(key);
        problems.check(
            key_is_right,
            "spec.labels",
            "keys are 1 to 64 bytes, without control characters",
        );
        let value_is_right = value.len() <= LABEL_VALUE_BYTES_MAX && is_plain(value);
        problems.check(
            value_is_right,
            "spec.labels",
            "values are at most 256 bytes, without control characters",
        );
    }
    labels
}

fn budget(budget: &meter::Budget, problems: &mut Problems) -> Option<Budget> {
    match &budget.limit {
        None => {
            problems.add(
                "spec.budget.limit",
                "is missing; set money or metric_amount, or no budget",
            );
            None
        }
        Some(meter::budget::Limit::Money(money)) => {
            let currency = matches!(money.currency_code.as_str(), "USD");
            problems.check(currency, "spec.budget.money.currency_code", "must be USD");
            let amount = money.amount.parse::<Money>().ok();
            let amount = amount.filter(|amount| !amount.is_negative() && !amount.is_zero());
            let rule =
                "must be a decimal number above zero, with at most 24 digits behind the point";
            problems.check(amount.is_some(), "spec.budget.money.amount", rule);
            amount.map(|amount| Budget::Usd(amount.to_string()))
        }
        Some(meter::budget::Limit::MetricAmount(amount)) => {
            let (service, metric) = (&amount.service, &amount.metric);
            let service_is_right = service.is_empty() || is_name(service);
            problems.check(
                service_is_right,
                "spec.budget.metric_amount.service",
                NAME_RULE,
            );
            problems.check(
                is_name(metric),
                "spec.budget.metric_amount.metric",
                NAME_RULE,
            );
            problems.check(
                amount.value > 0,
                "spec.budget.metric_amount.value",
                "must be above zero",
            );
            Some(Budget::Metric {
                service: service.clone(),
                metric: metric.clone(),
                value: amount.value,
            })
        }
    }
}

/// 1 to 128 bytes of plain text.
fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && is_plain(text)
}

/// Nothing that a terminal or a reader would take for something else.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    })
}

fn is_language(tag: &str) -> bool {
    let parts = || tag.split('-');
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    tag.is_empty()
        || tag.len() <= LANGUAGE_BYTES_MAX
            && parts().all(part)
            && parts().next().is_some_and(|first| {
                first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_alphabetic())
            })
}

#[cfg(test)]
mod tests;
