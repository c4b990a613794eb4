//! The narration, scene by scene, as many at once as the subscription's plan allows.

use futures::StreamExt;
use futures::stream;

use super::{Checked, Ended, Making, first_failure, scene_numbers};
use crate::application::LogLevel;
use crate::application::call::{CallError, Caller, NotKept, Order};
use crate::application::ports::{KeptNarration, Speech};
use crate::domain::estimate;
use crate::domain::job::{ItemKey, StageKind, StageState, Target};
use crate::domain::retry::FailureClass;
use crate::domain::script::Script;
use crate::domain::usage::Provider;

impl Making {
    /// Speaks every scene, or takes what was kept; in the order of the scenes.
    pub(in crate::application) async fn narrate(
        &self,
        caller: &Caller,
        checked: &Checked,
        script: &Script,
    ) -> Result<Vec<KeptNarration>, Ended> {
        let keys: Vec<ItemKey> = scene_numbers(script)
            .map(|scene| ItemKey::of_scene(scene, 1))
            .collect();
        self.board.stage_begins(StageKind::Narration, &keys);
        let tier = checked
            .quota
            .as_ref()
            .and_then(|quota| quota.tier.as_deref());
        let at_once = estimate::narrations_at_once(tier)
            .min(self.setup.limits.narrations)
            .max(1);
        let spoken = stream::iter(scene_numbers(script))
            .map(|scene| self.speak(caller, checked, script, scene))
            .buffered(at_once)
            .collect::<Vec<_>>()
            .await;
        // What was spoken is used, whatever becomes of the video. At its end the provider is asked once more.
        self.report_quota().await;
        // Only now: what was in flight when one failed has ended and is kept.
        first_failure(spoken)
    }

    async fn speak(
        &self,
        caller: &Caller,
        checked: &Checked,
        script: &Script,
        scene: u32,
    ) -> Result<KeptNarration, Ended> {
        let target = Target::new(StageKind::Narration, ItemKey::of_scene(scene, 1));
        if let Some(kept) = self.ports.store.narration(&self.job_id, scene).await? {
            self.board.item(target, |item| {
                item.kept = true;
                item.state = StageState::Succeeded;
            });
            return Ok(kept);
        }
        let cast = &checked.cast;
        let text = |offset: i64| {
            let place = i64::from(scene) - 1 + offset;
            let scene = usize::try_from(place)
                .ok()
                .and_then(|place| script.scenes.get(place));
            scene
                .map(|scene| scene.narration.clone())
                .unwrap_or_default()
        };
        let speech = Speech {
            voice_id: cast.voice_id.clone(),
            model: cast.narration_model.clone(),
            text: text(0),
            language: self.spec.language.clone(),
            previous_text: text(-1),
            next_text: text(1),
            credits_per_character: cast.credits_per_character.clone(),
        };
        let order = Order {
            target,
            provider: Provider::ElevenLabs,
            model: cast.voice_id.clone(),
            rate_model: cast.narration_model.clone(),
            display_name: cast.voice_name.clone(),
            stage: target.stage.as_str(),
            worst_case: estimate::narration_worst_case(&speech.text),
        };
        let mut bought = self.spoken(caller, &order, &speech).await;
        if let Err(CallError::GaveUp { failure, .. }) = &bought
            && failure.class == FailureClass::FormatRefused
        {
            // The speaker has gone on to the next format that every plan is given.
            self.board
                .notice(format!("{failure}; another sound format is used"));
            bought = self.spoken(caller, &order, &speech).await;
        }
        match bought {
            Ok(kept) => {
                self.board
                    .item(target, |item| item.state = StageState::Succeeded);
                self.board.log(
                    LogLevel::Info,
                    format!(
                        "scene {scene}: narration spoken, {} characters",
                        speech.text.chars().count()
                    ),
                );
                Ok(kept)
            }
            Err(error) => {
                self.failed(target, &error.to_string());
                caller.halt.cancel();
                match error {
                    CallError::Stopped | CallError::Budget(_) => Err(error.into()),
                    error => Err(Ended::Failed(format!(
                        "narration of scene {scene}: {error}"
                    ))),
                }
            }
        }
    }

    /// Asks for a narration and keeps it, if it can be heard.
    async fn spoken(
        &self,
        caller: &Caller,
        order: &Order,
        speech: &Speech,
    ) -> Result<KeptNarration, CallError> {
        let scene = order.target.item.scene;
        caller
            .call(
                order,
                || self.ports.speaker.speak(speech),
                |narration, _| async move {
                    let store = &self.ports.store;
                    let kept = store
                        .keep_narration(&self.job_id, scene, &narration)
                        .await?;
                    let editor = &self.ports.editor;
                    let checked = editor.check_narration(&kept.path, kept.format, scene);
                    if let Err(error) = checked.await {
                        store.drop_file(&kept.path).await?;
                        return Err(NotKept::Unusable(error.to_string()));
                    }
                    Ok(kept)
                },
            )
            .await
    }
}
