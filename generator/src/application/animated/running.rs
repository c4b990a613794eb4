//! Code is run: without a picture first, since that is cheap, and then rendered.

use super::section::Work;
use crate::application::LogLevel;
use crate::application::making::{Ended, Making};
use crate::application::ports::{AnimateError, Animation, CodeProblem};
use crate::domain::animation::{Footage, SCENE_CLASS, Section, Trouble};
use crate::domain::job::{StageKind, StageState};
use crate::domain::timeline::{FRAMES_PER_SECOND, Geometry};

impl Making {
    /// Runs a version without a picture.
    pub(super) async fn check(
        &self,
        work: &Work<'_>,
        section: &mut Section,
        place: usize,
    ) -> Result<(), Ended> {
        self.doing(work, format!("checking code {}", place + 1));
        let animation = self.animation(work, section, place)?;
        reelmeter_recorder::abort::point("generator.before-check");
        let checked = self
            .ports
            .animator
            .check(&animation, &work.caller.halt)
            .await;
        let trouble = self.trouble(work, checked.map(|()| None::<()>))?;
        if let Some(version) = section.versions.get_mut(place) {
            version.checked = trouble.is_ok();
            version.trouble = trouble.err();
        }
        self.keep(work, section).await
    }

    /// Renders a version.
    pub(super) async fn render(
        &self,
        work: &Work<'_>,
        section: &mut Section,
        place: usize,
    ) -> Result<(), Ended> {
        self.doing(work, format!("rendering code {}", place + 1));
        let animation = self.animation(work, section, place)?;
        reelmeter_recorder::abort::point("generator.before-render");
        let rendered = self
            .ports
            .animator
            .render(&animation, &work.caller.halt)
            .await;
        reelmeter_recorder::abort::point("generator.rendered");
        let rendered = self.trouble(work, rendered)?;
        if let Some(version) = section.versions.get_mut(place) {
            match rendered {
                Ok(rendered) => {
                    version.footage = Some(Footage {
                        path: rendered.path.display().to_string(),
                        duration_ms: rendered.duration_ms,
                        frames: rendered.frames,
                    });
                }
                Err(trouble) => version.trouble = Some(trouble),
            }
        }
        self.keep(work, section).await
    }

    fn doing(&self, work: &Work<'_>, what: String) {
        self.board.item(work.target(StageKind::Render), |item| {
            item.state = StageState::Running;
            item.detail = what;
        });
    }

    fn animation(
        &self,
        work: &Work<'_>,
        section: &Section,
        place: usize,
    ) -> Result<Animation, Ended> {
        let geometry = Geometry::new(self.spec.aspect, self.spec.resolution_px)
            .map_err(|error| Ended::Failed(error.to_string()))?;
        let version = section.versions.get(place);
        let store = &self.ports.store;
        Ok(Animation {
            code: version
                .map(|version| version.code.clone())
                .unwrap_or_default(),
            scene_class: SCENE_CLASS.to_owned(),
            width_px: geometry.width_px(),
            height_px: geometry.height_px(),
            fps: FRAMES_PER_SECOND,
            folder: store.version_folder(&self.job_id, work.number, place + 1),
            time_max: self.setup.limits.render_time,
        })
    }

    /// What is wrong with the code; what is wrong with the machine ends the video, since no other code would fare better.
    fn trouble<T>(
        &self,
        work: &Work<'_>,
        outcome: Result<T, AnimateError>,
    ) -> Result<Result<T, Trouble>, Ended> {
        match outcome {
            Ok(value) => Ok(Ok(value)),
            Err(AnimateError::Code(problem)) => {
                self.board.log(
                    LogLevel::Warning,
                    format!("section {}: {problem}", work.number),
                );
                Ok(Err(told(problem)))
            }
            Err(AnimateError::Machine(why)) => Err(Ended::Failed(why)),
            Err(AnimateError::Cancelled) => Err(Ended::Stopped),
        }
    }
}

fn told(problem: CodeProblem) -> Trouble {
    Trouble {
        fault: problem.fault.code().to_owned(),
        message: problem.message,
        line: problem.line.map(|line| (line.number, line.text)),
    }
}
