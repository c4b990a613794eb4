//! The animated pipeline: an outline, code for each section, rendered, corrected and looked at, narrated beside it, and
//! compiled to a video.

mod buying;
mod compile;
mod left;
mod looking;
mod running;
mod section;

use futures::StreamExt;
use futures::stream;

use super::call::Caller;
use super::making::{Checked, Ended, Making, first_failure, scene_numbers};
use super::narrated::both;
use super::{LogLevel, ports::StoreError};
use crate::domain::animation::Footage;
use crate::domain::job::{Finished, ItemKey, StageKind, StageState};
use crate::domain::script::Script;

/// A section at its end.
enum Made {
    /// Its picture.
    Shown(Footage),
    /// It could not be made: why.
    Missing(String),
}

/// The stages that a section goes through; each has an item a section.
const STAGES: [StageKind; 3] = [StageKind::Code, StageKind::Render, StageKind::Check];

impl Making {
    /// Makes an animated video, from what was kept on.
    pub(super) async fn animated(&self) -> Result<Finished, Ended> {
        let (checked, caller) = self.prepared().await?;
        let script = self.script(&caller, &checked).await?;
        // What the one part has bought when the other fails is kept: the part ends what it has begun.
        let (narrations, sections) = tokio::join!(
            self.halting(
                &caller.halt,
                self.stage(
                    StageKind::Narration,
                    self.narrate(&caller, &checked, &script)
                )
            ),
            self.halting(&caller.halt, self.sections(&caller, &checked, &script)),
        );
        let (narrations, sections) = both(narrations, sections)?;
        let compiled = self.compile_sections(&checked.cast, &script, narrations, sections);
        let finished = self.stage(StageKind::Compile, compiled).await?;
        self.report_quota().await;
        Ok(finished)
    }

    /// Makes the sections, several at once: their pictures in order, `None` where one may be missing.
    async fn sections(
        &self,
        caller: &Caller,
        checked: &Checked,
        script: &Script,
    ) -> Result<Vec<Option<Footage>>, Ended> {
        let keys: Vec<ItemKey> = scene_numbers(script)
            .map(|number| ItemKey::of_scene(number, 1))
            .collect();
        for stage in STAGES {
            self.board.stage_begins(stage, &keys);
        }
        self.board.save().await?;
        let sections: Vec<_> = scene_numbers(script)
            .map(|number| self.section(caller, &checked.cast, script, number))
            .collect();
        let made = stream::iter(sections)
            .buffered(self.setup.limits.sections.max(1))
            .collect::<Vec<_>>()
            .await;
        let outcome = match first_failure(made) {
            Ok(made) => self.complete(made).await,
            Err(ended) => Err(ended),
        };
        self.end_stages(&outcome);
        outcome
    }

    /// All sections, or those that there are where the person said that this will do.
    async fn complete(&self, made: Vec<Made>) -> Result<Vec<Option<Footage>>, Ended> {
        let mut missing = Vec::new();
        let mut pictures = Vec::with_capacity(made.len());
        for (made, number) in made.into_iter().zip(1_u32..) {
            match made {
                Made::Shown(footage) => pictures.push(Some(footage)),
                Made::Missing(why) => {
                    missing.push((number, why));
                    pictures.push(None);
                }
            }
        }
        if missing.is_empty() {
            return Ok(pictures);
        }
        let told: Vec<String> = missing
            .iter()
            .map(|(number, why)| format!("section {number} could not be made ({why})"))
            .collect();
        let told = told.join("; ");
        if pictures.iter().all(Option::is_none) {
            self.give_up(&missing).await?;
            return Err(Ended::Failed(format!(
                "{told}; none is left to show: put the prompt in other words"
            )));
        }
        if self.spec.allow_missing_sections {
            self.board
                .notice(format!("{told}; the video is shown without"));
            return Ok(pictures);
        }
        self.give_up(&missing).await?;
        Err(Ended::Failed(format!(
            "{told}; resume it to try again from its first code, or order it with allow_missing_sections to do without"
        )))
    }

    /// Marks sections for which the video fails: a person who resumes it wants them tried anew.
    async fn give_up(&self, missing: &[(u32, String)]) -> Result<(), StoreError> {
        let store = &self.ports.store;
        for (number, _) in missing {
            let mut section = store.section(&self.job_id, *number).await?;
            section.given_up = true;
            store.keep_section(&self.job_id, *number, &section).await?;
        }
        Ok(())
    }

    fn end_stages(&self, outcome: &Result<Vec<Option<Footage>>, Ended>) {
        let (state, detail) = match outcome {
            Ok(_) => (StageState::Succeeded, String::new()),
            // The job's own end says where it was.
            Err(Ended::Stopped) => return,
            Err(Ended::Failed(why) | Ended::Budget(why)) => (StageState::Failed, why.clone()),
        };
        for stage in STAGES {
            self.board.stage_ends(stage, state, &detail);
        }
        if state == StageState::Failed {
            self.board
                .log(LogLevel::Error, format!("sections: {detail}"));
        }
    }
}
