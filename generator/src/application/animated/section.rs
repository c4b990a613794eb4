//! One section, from its first code to its picture. What comes next is the record's decision; here it is done and kept.

use super::Made;
use crate::application::LogLevel;
use crate::application::call::Caller;
use crate::application::making::{Ended, Making, aspect};
use crate::domain::animation::{Footage, Section, Seen, Step, Task};
use crate::domain::job::{Cast, ItemKey, StageKind, StageState, Target};
use crate::domain::script::Script;

/// Characters that a voice speaks in a second: 150 words a minute of six characters.
const SPOKEN_CHARACTERS_PER_SECOND: u64 = 15;
/// The shortest animation that is asked for, in seconds.
const ANIMATION_SECONDS_MIN: u64 = 4;

/// What is needed to work on one section.
pub(super) struct Work<'a> {
    pub(super) caller: &'a Caller,
    pub(super) cast: &'a Cast,
    pub(super) task: Task,
    pub(super) number: u32,
}

impl Work<'_> {
    /// The section's item of a stage.
    pub(super) fn target(&self, stage: StageKind) -> Target {
        Target::new(stage, ItemKey::of_scene(self.number, 1))
    }

    /// Whether anybody looks at frames.
    pub(super) fn looks(&self) -> bool {
        !self.cast.vision_model.is_empty()
    }
}

impl Making {
    /// Makes one section, from what was kept on.
    pub(super) async fn section(
        &self,
        caller: &Caller,
        cast: &Cast,
        script: &Script,
        number: u32,
    ) -> Result<Made, Ended> {
        let work = Work {
            caller,
            cast,
            task: self.task(script, number),
            number,
        };
        let made = self.steps(&work).await;
        if let Err(ended) = &made {
            if !matches!(ended, Ended::Stopped) {
                self.failed(work.target(StageKind::Render), &ended.to_string());
            }
            caller.halt.cancel();
        }
        made
    }

    async fn steps(&self, work: &Work<'_>) -> Result<Made, Ended> {
        let mut section = self.kept_section(work).await?;
        loop {
            if work.caller.halt.is_cancelled() {
                return Err(Ended::Stopped);
            }
            let step = section.next(work.looks());
            match step {
                Step::Buy(kind) => {
                    if let Some(why) = self.buy(work, &mut section, kind).await? {
                        return Ok(self.missing(work, why));
                    }
                }
                Step::Check(place) => self.check(work, &mut section, place).await?,
                Step::Render(place) => self.render(work, &mut section, place).await?,
                Step::Look(place) => self.look(work, &mut section, place).await?,
                Step::ThrowAway(place) => self.throw_away(work, &mut section, place).await?,
                Step::Done { place, doubt } => {
                    let version = section.versions.get(place);
                    let Some(footage) = version.and_then(|version| version.footage.clone()) else {
                        return Err(Ended::Failed(format!(
                            "section {} has no picture",
                            work.number
                        )));
                    };
                    self.shown(work, doubt.as_ref(), section.versions.len());
                    return Ok(Made::Shown(footage));
                }
                Step::Failed(why) => return Ok(self.missing(work, why)),
            }
        }
    }

    /// The section's record. A picture that is gone is rendered again; one that the video failed for is begun anew.
    async fn kept_section(&self, work: &Work<'_>) -> Result<Section, Ended> {
        let mut section = self.ports.store.section(&self.job_id, work.number).await?;
        if section.given_up {
            section = Section::default();
            self.keep(work, &section).await?;
        }
        for version in &mut section.versions {
            let gone = |footage: &Footage| !std::path::Path::new(&footage.path).is_file();
            if version.footage.as_ref().is_some_and(gone) {
                version.footage = None;
            }
        }
        if !section.versions.is_empty() {
            self.board.item(work.target(StageKind::Code), |item| {
                item.kept = true;
                item.state = StageState::Succeeded;
            });
        }
        Ok(section)
    }

    pub(super) async fn keep(&self, work: &Work<'_>, section: &Section) -> Result<(), Ended> {
        let store = &self.ports.store;
        store
            .keep_section(&self.job_id, work.number, section)
            .await?;
        Ok(())
    }

    /// Says on the bill that a version was paid for and is not used.
    async fn throw_away(
        &self,
        work: &Work<'_>,
        section: &mut Section,
        place: usize,
    ) -> Result<(), Ended> {
        let Some(version) = section.versions.get_mut(place) else {
            return Ok(());
        };
        let why = match &version.trouble {
            Some(trouble) => trouble.fault.clone(),
            None => REPLACED.to_owned(),
        };
        reelmeter_recorder::abort::point("generator.before-discard");
        work.caller.discard(&version.event_id, &why).await?;
        reelmeter_recorder::abort::point("generator.discarded");
        version.thrown_away = true;
        self.keep(work, section).await
    }

    fn shown(&self, work: &Work<'_>, doubt: Option<&Seen>, versions: usize) {
        self.board.item(work.target(StageKind::Render), |item| {
            item.state = StageState::Succeeded;
            item.detail = match versions {
                0 | 1 => String::new(),
                more => format!("with code {more}"),
            };
        });
        let number = work.number;
        let (state, detail) = match doubt {
            None => (StageState::Succeeded, "nothing is cut off".to_owned()),
            Some(Seen::Flawed(issue)) => {
                self.board.notice(format!(
                    "section {number} is shown although the look at its picture still found: {issue}"
                ));
                (StageState::Failed, format!("still: {issue}"))
            }
            Some(Seen::Unknown(why)) if work.looks() => {
                self.board
                    .notice(format!("section {number} was not judged: {why}"));
                (StageState::Skipped, format!("no verdict: {why}"))
            }
            Some(_) => (
                StageState::Skipped,
                "nobody looks at frames here".to_owned(),
            ),
        };
        self.board.item(work.target(StageKind::Check), |item| {
            item.state = state;
            item.detail = detail;
        });
        self.board.log(
            LogLevel::Info,
            format!("section {number}: its picture stands"),
        );
    }

    fn missing(&self, work: &Work<'_>, why: String) -> Made {
        self.failed(work.target(StageKind::Render), &why);
        self.board.item(work.target(StageKind::Check), |item| {
            item.state = StageState::Skipped;
            "there is no picture".clone_into(&mut item.detail);
        });
        self.board.log(
            LogLevel::Error,
            format!("section {}: failed: {why}", work.number),
        );
        Made::Missing(why)
    }

    /// What the section's author is asked.
    pub(super) fn task(&self, script: &Script, number: u32) -> Task {
        let place = usize::try_from(number).unwrap_or(1).saturating_sub(1);
        let scene = script.scenes.get(place);
        let narration = scene
            .map(|scene| scene.narration.clone())
            .unwrap_or_default();
        let characters = u64::try_from(narration.chars().count()).unwrap_or(u64::MAX);
        Task {
            topic: self.spec.prompt.clone(),
            title: script.title.clone(),
            number,
            of: u32::try_from(script.scenes.len()).unwrap_or(u32::MAX),
            seconds: characters
                .div_ceil(SPOKEN_CHARACTERS_PER_SECOND)
                .max(ANIMATION_SECONDS_MIN),
            narration,
            animation: scene
                .map(|scene| scene.image_prompt.clone())
                .unwrap_or_default(),
            aspect: aspect(self.spec.aspect),
        }
    }
}

/// Why code is thrown away that ran and whose picture another one replaces.
const REPLACED: &str = "replaced";
