//! The pictures: a bounded parallel batch, each of them recorded as it comes.

use std::path::PathBuf;

use futures::StreamExt;
use futures::stream;

use crate::application::LogLevel;
use crate::application::call::{CallError, Caller, NotKept, Order};
use crate::application::making::{Ended, Making, aspect, first_failure};
use crate::application::ports::KeptPicture;
use crate::domain::estimate;
use crate::domain::job::{Cast, ItemKey, StageKind, StageState, Target, images_of_scenes};
use crate::domain::retry::{Failure, FailureClass};
use crate::domain::script::{Script, picture_prompts};
use crate::domain::soften::softened;
use crate::domain::usage::Provider;

/// A picture to draw.
struct Wanted {
    key: ItemKey,
    prompt: String,
    /// The same, for a provider that refused it.
    softer: String,
}

impl Making {
    /// Draws every picture, or takes what was kept; gives the pictures of each scene, in order. A scene may have none
    /// of its own when the provider refused to draw it.
    pub(super) async fn draw(
        &self,
        caller: &Caller,
        cast: &Cast,
        script: &Script,
    ) -> Result<Vec<Vec<PathBuf>>, Ended> {
        let wanted = self.wanted(script);
        let keys: Vec<ItemKey> = wanted.iter().map(|wanted| wanted.key).collect();
        self.board.stage_begins(StageKind::Image, &keys);
        // Collected first: a stream of borrowing closures cannot be sent between threads. None runs before its turn.
        let drawings: Vec<_> = wanted
            .iter()
            .map(|wanted| self.picture(caller, cast, wanted))
            .collect();
        let drawn = stream::iter(drawings)
            .buffer_unordered(self.setup.limits.images.max(1))
            .collect::<Vec<_>>()
            .await;
        let mut drawn = first_failure(drawn)?;
        drawn.sort_by_key(|(key, _)| *key);
        let mut scenes = vec![Vec::new(); script.scenes.len()];
        for (key, picture) in drawn {
            let place = usize::try_from(key.scene)
                .unwrap_or_default()
                .saturating_sub(1);
            if let (Some(scene), KeptPicture::Drawn(path)) = (scenes.get_mut(place), picture) {
                scene.push(path);
            }
        }
        if scenes.iter().all(Vec::is_empty) {
            return Err(Ended::Failed(
                "the provider refused to draw any of the pictures; put the prompt in other words"
                    .to_owned(),
            ));
        }
        Ok(scenes)
    }

    fn wanted(&self, script: &Script) -> Vec<Wanted> {
        let scene_count = u32::try_from(script.scenes.len()).unwrap_or(u32::MAX);
        let counts = images_of_scenes(self.spec.image_count, scene_count);
        let aspect = aspect(self.spec.aspect);
        let scenes = script.scenes.iter().zip(counts).zip(1..);
        scenes
            .flat_map(|((scene, count), number)| {
                let count = usize::try_from(count).unwrap_or(1);
                let prompts = picture_prompts(script, scene, count, aspect);
                let softer = picture_prompts(script, &softened(scene), count, aspect);
                let pairs = prompts.into_iter().zip(softer).zip(1..);
                pairs.map(move |((prompt, softer), place)| Wanted {
                    key: ItemKey::of_scene(number, place),
                    prompt,
                    softer,
                })
            })
            .collect()
    }

    async fn picture(
        &self,
        caller: &Caller,
        cast: &Cast,
        wanted: &Wanted,
    ) -> Result<(ItemKey, KeptPicture), Ended> {
        let key = wanted.key;
        let target = Target::new(StageKind::Image, key);
        let kept = self
            .ports
            .store
            .picture(&self.job_id, key.scene, key.number);
        if let Some(kept) = kept.await? {
            self.board.item(target, |item| {
                item.kept = true;
                item.state = match &kept {
                    KeptPicture::Drawn(_) => StageState::Succeeded,
                    KeptPicture::Refused(_) => StageState::Skipped,
                };
            });
            if let KeptPicture::Refused(reason) = &kept {
                self.say_refused(key, reason);
            }
            return Ok((key, kept));
        }
        let mut drawn = self.ask_for(caller, cast, target, &wanted.prompt).await;
        if let Err(CallError::GaveUp { failure, .. }) = &drawn
            && is_refusal(failure)
        {
            self.board.log(
                LogLevel::Warning,
                format!(
                    "scene {}: {failure}; asking once more with gentler words",
                    key.scene
                ),
            );
            drawn = self.ask_for(caller, cast, target, &wanted.softer).await;
        }
        match drawn {
            Ok(path) => {
                self.board
                    .item(target, |item| item.state = StageState::Succeeded);
                self.board.log(
                    LogLevel::Info,
                    format!("scene {}: picture {} drawn", key.scene, key.number),
                );
                Ok((key, KeptPicture::Drawn(path)))
            }
            Err(CallError::GaveUp { failure, .. }) if is_refusal(&failure) => {
                let reason = failure
                    .reason
                    .clone()
                    .unwrap_or_else(|| failure.class.code().to_owned());
                let store = &self.ports.store;
                store
                    .keep_refusal(&self.job_id, key.scene, key.number, &reason)
                    .await?;
                self.board.item(target, |item| {
                    item.state = StageState::Skipped;
                    item.detail = format!("refused: {reason}");
                });
                self.say_refused(key, &reason);
                Ok((key, KeptPicture::Refused(reason)))
            }
            Err(error) => {
                self.failed(target, &error.to_string());
                caller.halt.cancel();
                match error {
                    CallError::Stopped | CallError::Budget(_) => Err(error.into()),
                    error => Err(Ended::Failed(format!(
                        "picture of scene {}: {error}",
                        key.scene
                    ))),
                }
            }
        }
    }

    async fn ask_for(
        &self,
        caller: &Caller,
        cast: &Cast,
        target: Target,
        prompt: &str,
    ) -> Result<PathBuf, CallError> {
        let key = target.item;
        let order = Order {
            target,
            provider: Provider::Gemini,
            model: cast.image_model.clone(),
            rate_model: String::new(),
            display_name: String::new(),
            stage: target.stage.as_str(),
            worst_case: estimate::picture_worst_case(prompt),
        };
        caller
            .call(
                &order,
                || {
                    self.ports
                        .pen
                        .draw(&order.model, prompt, aspect(self.spec.aspect))
                },
                |picture, _| async move {
                    let store = &self.ports.store;
                    let path = store
                        .keep_picture(&self.job_id, key.scene, key.number, &picture)
                        .await?;
                    if let Err(error) = self.ports.editor.check_picture(&path, key.scene).await {
                        store.drop_file(&path).await?;
                        return Err(NotKept::Unusable(error.to_string()));
                    }
                    Ok(path)
                },
            )
            .await
    }

    fn say_refused(&self, key: ItemKey, reason: &str) {
        self.board.notice(format!(
            "the provider refused to draw picture {} of scene {} ({reason}); the scene is shown with another picture",
            key.number, key.scene
        ));
    }
}

/// The provider will not draw it, whatever the time of day.
fn is_refusal(failure: &Failure) -> bool {
    matches!(
        failure.class,
        FailureClass::PromptBlocked | FailureClass::AnswerWithheld
    )
}
