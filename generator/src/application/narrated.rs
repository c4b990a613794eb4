//! The narrated pipeline: script, narration and pictures side by side, compiled to a video.

mod compile;
mod left;
mod pictures;

use super::making::{Ended, Making};
use crate::domain::job::{Finished, StageKind};

impl Making {
    /// Makes a narrated video, from what was kept on.
    pub(super) async fn narrated(&self) -> Result<Finished, Ended> {
        let (checked, caller) = self.prepared().await?;
        let script = self.script(&caller, &checked).await?;
        // What the one part has bought when the other fails is kept: the part ends what it has begun.
        let (narrations, pictures) = tokio::join!(
            self.halting(
                &caller.halt,
                self.stage(
                    StageKind::Narration,
                    self.narrate(&caller, &checked, &script)
                )
            ),
            self.halting(
                &caller.halt,
                self.stage(StageKind::Image, self.draw(&caller, &checked.cast, &script))
            ),
        );
        let (narrations, pictures) = both(narrations, pictures)?;
        let compiled = self.compile(&checked.cast, &script, narrations, pictures);
        let finished = self.stage(StageKind::Compile, compiled).await?;
        self.report_quota().await;
        Ok(finished)
    }
}

/// What two parts side by side have given; the failure that stopped the other part is the one to tell.
pub(super) fn both<A, B>(a: Result<A, Ended>, b: Result<B, Ended>) -> Result<(A, B), Ended> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(Ended::Stopped), Err(error)) | (Err(error), _) | (_, Err(error)) => Err(error),
    }
}
