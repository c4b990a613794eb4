//! The script, and its rephrasing by a second model.

use super::{Ended, Making};
use crate::application::LogLevel;
use crate::application::call::{Caller, NotKept, Order};
use crate::application::ports::{ScriptKind, Written};
use crate::domain::estimate;
use crate::domain::job::{Cast, ItemKey, Pipeline, StageKind, StageState, Target};
use crate::domain::script::{
    Accepted, Prompt, Script, accept, merge, outline_prompt, rephrase_prompt, script_prompt,
};
use crate::domain::usage::Provider;

impl Making {
    /// Writes the script, or takes the one that was kept.
    pub(super) async fn write(&self, caller: &Caller, cast: &Cast) -> Result<Script, Ended> {
        let brief = self.brief();
        let prompt = match self.spec.pipeline {
            Pipeline::Narrated => script_prompt(&brief),
            Pipeline::Animated => outline_prompt(&brief),
        };
        let read = |written: Written| {
            let draft = written.map_err(NotKept::Unusable)?;
            accept(draft, &brief).map_err(|rejected| NotKept::Unusable(rejected.to_string()))
        };
        let order = self.writing(StageKind::Script, &cast.script_model, &prompt);
        let script = self
            .written(caller, &order, ScriptKind::Written, &prompt, read)
            .await?;
        let title = script.title.clone();
        self.board.change(|job| job.title = title);
        Ok(script)
    }

    /// Has the narrations rephrased, or takes the kept ones.
    pub(super) async fn rephrase(
        &self,
        caller: &Caller,
        cast: &Cast,
        script: Script,
    ) -> Result<Script, Ended> {
        let brief = self.brief();
        let prompt = rephrase_prompt(&script, &brief);
        let read = |written: Written| {
            let draft = written.map_err(NotKept::Unusable)?;
            merge(&script, draft, &brief)
                .map_err(|rejected| NotKept::Unusable(rejected.to_string()))
        };
        let order = self.writing(StageKind::Rephrase, &cast.rephrase_model, &prompt);
        self.written(caller, &order, ScriptKind::Rephrased, &prompt, read)
            .await
    }

    fn writing(&self, stage: StageKind, model: &str, prompt: &Prompt) -> Order {
        Order {
            target: Target::new(stage, ItemKey::WHOLE),
            provider: Provider::Gemini,
            model: model.to_owned(),
            rate_model: String::new(),
            display_name: String::new(),
            stage: stage.as_str(),
            worst_case: estimate::writing_worst_case(&prompt.system, &prompt.user),
        }
    }

    async fn written(
        &self,
        caller: &Caller,
        order: &Order,
        kind: ScriptKind,
        prompt: &Prompt,
        read: impl Fn(Written) -> Result<Accepted, NotKept>,
    ) -> Result<Script, Ended> {
        self.board
            .stage_begins(order.target.stage, &[order.target.item]);
        if let Some(kept) = self.ports.store.script(&self.job_id, kind).await? {
            self.board.item(order.target, |item| {
                item.kept = true;
                item.state = StageState::Succeeded;
            });
            self.board.log(
                LogLevel::Info,
                format!("the {} was kept", order.target.stage),
            );
            return Ok(kept);
        }
        let read = &read;
        let bought = caller
            .call(
                order,
                || self.ports.pen.write(&order.model, prompt),
                |written, _| async move {
                    let accepted = read(written)?;
                    self.ports
                        .store
                        .keep_script(&self.job_id, kind, &accepted.script)
                        .await?;
                    Ok(accepted)
                },
            )
            .await;
        let accepted = match bought {
            Ok(accepted) => accepted,
            Err(error) => {
                self.failed(order.target, &error.to_string());
                return Err(error.into());
            }
        };
        self.board
            .item(order.target, |item| item.state = StageState::Succeeded);
        for repair in &accepted.repairs {
            self.board.notice(repair.to_string());
        }
        let script = accepted.script;
        self.board.log(
            LogLevel::Info,
            format!(
                "{}: “{}”, {} scenes, {} characters to speak",
                order.target.stage,
                script.title,
                script.scenes.len(),
                script.narration_characters()
            ),
        );
        Ok(script)
    }
}
