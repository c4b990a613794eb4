//! A local model looks at frames of what was rendered. It costs nothing and decides nothing by its silence.

use bytes::Bytes;

use super::section::Work;
use crate::application::LogLevel;
use crate::application::call::{CallError, Order};
use crate::application::making::{Ended, Making};
use crate::domain::animation::{
    LOOKS_PER_VERSION, Section, Seen, look_question, read_verdict, verdict,
};
use crate::domain::estimate::look_worst_case;
use crate::domain::job::{StageKind, StageState};
use crate::domain::usage::Provider;

impl Making {
    /// Has frames of a version looked at, until a fault is found.
    pub(super) async fn look(
        &self,
        work: &Work<'_>,
        section: &mut Section,
        place: usize,
    ) -> Result<(), Ended> {
        let target = work.target(StageKind::Check);
        self.board.item(target, |item| {
            item.state = StageState::Running;
            item.detail = format!("{} looks at code {}", work.cast.vision_model, place + 1);
        });
        let version = section.versions.get(place);
        let Some(footage) = version.and_then(|version| version.footage.as_ref()) else {
            return Ok(());
        };
        let frames = self
            .ports
            .editor
            .frames(
                footage.path.as_ref(),
                footage.frames,
                LOOKS_PER_VERSION,
                &work.caller.halt,
            )
            .await;
        let seen = match frames {
            Ok(frames) => {
                let mut looks = Vec::new();
                for frame in frames {
                    looks.push(self.look_at(work, frame).await?);
                    if matches!(looks.last(), Some(Seen::Flawed(_))) {
                        break;
                    }
                }
                verdict(looks)
            }
            Err(error) if error.cancelled => return Err(Ended::Stopped),
            Err(error) => Seen::Unknown(format!("its frames cannot be shown: {error}")),
        };
        let told = match &seen {
            Seen::Clean => "its picture is clean".to_owned(),
            Seen::Flawed(issue) => format!("its picture has a fault: {issue}"),
            Seen::Unknown(why) => format!("there is no verdict on its picture: {why}"),
        };
        let level = match &seen {
            Seen::Clean => LogLevel::Info,
            Seen::Flawed(_) | Seen::Unknown(_) => LogLevel::Warning,
        };
        self.board
            .log(level, format!("section {}: {told}", work.number));
        if let Some(version) = section.versions.get_mut(place) {
            version.seen = Some(seen);
        }
        self.keep(work, section).await
    }

    async fn look_at(&self, work: &Work<'_>, frame: Bytes) -> Result<Seen, Ended> {
        let question = look_question();
        let order = Order {
            target: work.target(StageKind::Check),
            stage: "visual_check",
            provider: Provider::Ollama,
            model: work.cast.vision_model.clone(),
            rate_model: String::new(),
            display_name: String::new(),
            worst_case: look_worst_case(&question),
        };
        let answer = work
            .caller
            .call(
                &order,
                || {
                    let looker = &self.ports.looker;
                    looker.look(&order.model, &question, frame.clone())
                },
                |answer, _| async move { Ok(answer) },
            )
            .await;
        match answer {
            Ok(answer) => Ok(read_verdict(&answer)),
            // Silence is no verdict, and no reason to end a video.
            Err(CallError::GaveUp { failure, .. }) => Ok(Seen::Unknown(failure.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
