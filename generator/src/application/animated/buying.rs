//! Code is bought: by whom, with what request, and under which name it stands on the bill.

use super::section::Work;
use crate::application::LogLevel;
use crate::application::call::{CallError, NotKept, Order};
use crate::application::making::{Ended, Making};
use crate::domain::animation::{
    CORRECTIONS_MAX, CodeKind, Request, Section, Seen, VISUAL_FIXES_MAX, Version, code_in,
    code_request, correction_request, fix_request, last_request,
};
use crate::domain::estimate::{CODE_OUTPUT_TOKENS_MAX, code_worst_case};
use crate::domain::job::{Cast, StageKind, StageState};
use crate::domain::retry::FailureClass;
use crate::domain::usage::Provider;

/// A call for code.
pub(super) struct Wanted<'a> {
    /// The stage on the board.
    pub(super) at: StageKind,
    /// The stage on the bill.
    pub(super) stage: &'static str,
    pub(super) model: &'a str,
    pub(super) request: Request,
    /// What is done, for the board.
    doing: String,
}

/// What is asked for next.
pub(super) fn wanted<'a>(
    cast: &'a Cast,
    task: &crate::domain::animation::Task,
    section: &Section,
    kind: CodeKind,
) -> Wanted<'a> {
    let count = |kind| section.versions.iter().filter(|it| it.kind == kind).count();
    let last = section.versions.last();
    let trouble = last.and_then(|last| Some((last, last.trouble.as_ref()?)));
    let flaw = last.and_then(|last| match &last.seen {
        Some(Seen::Flawed(issue)) => Some((last, issue)),
        _ => None,
    });
    let (flash, pro) = (cast.code_model.as_str(), cast.pro_model.as_str());
    match (kind, trouble, flaw) {
        (CodeKind::Correction, Some((version, trouble)), _) => {
            let in_a_row = section
                .versions
                .iter()
                .rev()
                .take_while(|version| version.kind == CodeKind::Correction);
            Wanted {
                at: StageKind::Render,
                stage: "correction",
                model: flash,
                request: correction_request(task, version, trouble),
                doing: format!(
                    "correction {} of {CORRECTIONS_MAX}: {}",
                    in_a_row.count() + 1,
                    trouble.message
                ),
            }
        }
        (CodeKind::VisualFix, _, Some((version, issue))) => Wanted {
            at: StageKind::Check,
            stage: "visual_fix",
            model: flash,
            request: fix_request(task, version, issue),
            doing: format!(
                "visual fix {} of {VISUAL_FIXES_MAX}: {issue}",
                count(CodeKind::VisualFix) + 1
            ),
        },
        (CodeKind::LastAttempt, ..) => Wanted {
            at: StageKind::Render,
            stage: "last_attempt",
            model: pro,
            request: last_request(task, section),
            doing: format!("the last attempt, by {pro}"),
        },
        (CodeKind::First | CodeKind::Correction | CodeKind::VisualFix, ..) => Wanted {
            at: StageKind::Code,
            stage: "code",
            model: flash,
            request: code_request(task),
            doing: "writing".to_owned(),
        },
    }
}

impl Making {
    /// Buys code and keeps it; gives why there is none where the section, and not the video, has to do without.
    pub(super) async fn buy(
        &self,
        work: &Work<'_>,
        section: &mut Section,
        kind: CodeKind,
    ) -> Result<Option<String>, Ended> {
        let wanted = wanted(work.cast, &work.task, section, kind);
        let target = work.target(wanted.at);
        let order = Order {
            target,
            stage: wanted.stage,
            provider: Provider::Gemini,
            model: wanted.model.to_owned(),
            rate_model: String::new(),
            display_name: String::new(),
            worst_case: code_worst_case(&wanted.request),
        };
        self.board.log(
            LogLevel::Info,
            format!("section {}: {}", work.number, wanted.doing),
        );
        let before = &*section;
        let bought = work
            .caller
            .call(
                &order,
                || {
                    self.board
                        .item(target, |item| item.detail.clone_from(&wanted.doing));
                    let pen = &self.ports.pen;
                    pen.say(&order.model, &wanted.request, CODE_OUTPUT_TOKENS_MAX)
                },
                |answer, event_id| {
                    let model = order.model.clone();
                    async move {
                        let code = code_in(&answer)
                            .map_err(|error| NotKept::Unusable(error.to_string()))?;
                        let mut kept = before.clone();
                        kept.versions
                            .push(Version::new(kind, model, event_id, code));
                        let store = &self.ports.store;
                        store.keep_section(&self.job_id, work.number, &kept).await?;
                        Ok(kept)
                    }
                },
            )
            .await;
        match bought {
            Ok(kept) => {
                *section = kept;
                self.board
                    .item(target, |item| item.state = StageState::Succeeded);
                Ok(None)
            }
            Err(error) => {
                self.failed(target, &error.to_string());
                match error {
                    CallError::GaveUp { failure, .. } if is_the_sections(failure.class) => {
                        Ok(Some(failure.to_string()))
                    }
                    CallError::Stopped | CallError::Budget(_) => Err(error.into()),
                    error => Err(Ended::Failed(format!(
                        "code of section {}: {error}",
                        work.number
                    ))),
                }
            }
        }
    }
}

/// Whether a failure is about what was asked, so that other sections may fare better.
fn is_the_sections(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::PromptBlocked
            | FailureClass::AnswerWithheld
            | FailureClass::NoAnswer
            | FailureClass::CutShort
            | FailureClass::Unreadable
            | FailureClass::TooLong
            | FailureClass::TooLarge
    )
}
