//! FFmpeg as the editor of a video.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::ffmpeg::{Compiler, Error, Progress, Stage, Tools};
use crate::application::ports::{Compiled, EditError, Editor};
use crate::domain::timeline::{NarrationFormat, VideoPlan};

/// Compiles with the ffmpeg of this machine. It is looked for when it is needed, so that installing it helps at once.
#[derive(Debug, Default)]
pub struct Workbench {
    tools: Mutex<Option<Tools>>,
}

impl Workbench {
    async fn tools(&self) -> Result<Tools, EditError> {
        let mut found = self.tools.lock().await;
        if let Some(tools) = &*found {
            return Ok(tools.clone());
        }
        let tools = Tools::find().await.map_err(told)?;
        *found = Some(tools.clone());
        Ok(tools)
    }

    async fn compiler(&self) -> Result<Compiler, EditError> {
        self.tools().await.map(Compiler::new)
    }
}

fn told(error: Error) -> EditError {
    EditError {
        cancelled: error.is_cancelled(),
        message: error.to_string(),
    }
}

impl Editor for Workbench {
    fn ready(&self) -> BoxFuture<'_, Result<String, EditError>> {
        Box::pin(async move { Ok(format!("ffmpeg {}", self.tools().await?.version())) })
    }

    fn check_picture<'a>(
        &'a self,
        path: &'a Path,
        scene: u32,
    ) -> BoxFuture<'a, Result<(), EditError>> {
        Box::pin(async move {
            let checked = self.compiler().await?.check_image(path, scene).await;
            checked.map(drop).map_err(told)
        })
    }

    fn check_narration<'a>(
        &'a self,
        path: &'a Path,
        format: NarrationFormat,
        scene: u32,
    ) -> BoxFuture<'a, Result<(), EditError>> {
        Box::pin(async move {
            let checked = self
                .compiler()
                .await?
                .check_narration(path, format, scene)
                .await;
            checked.map(drop).map_err(told)
        })
    }

    fn frames<'a>(
        &'a self,
        footage: &'a Path,
        frame_count: u64,
        wanted: u32,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Vec<Bytes>, EditError>> {
        Box::pin(async move {
            let compiler = self.compiler().await?;
            let frames = compiler.frames(footage, frame_count, wanted, cancel).await;
            frames.map_err(told)
        })
    }

    fn compile<'a>(
        &'a self,
        plan: &'a VideoPlan,
        folder: &'a Path,
        output: &'a Path,
        progress: &'a (dyn Fn(u16, String) + Send + Sync),
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Compiled, EditError>> {
        Box::pin(async move {
            let compiler = self.compiler().await?;
            let told_progress = |now: Progress| progress(now.overall_permille, doing(now.stage));
            let compiled = compiler
                .compile(plan, folder, output, &told_progress, cancel)
                .await
                .map_err(told)?;
            let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
            Ok(Compiled {
                path: whole(compiled.path),
                subtitles_path: whole(compiled.srt_path),
                duration_ms: compiled.duration_ms,
                size_bytes: compiled.size_bytes,
                width_px: compiled.width_px,
                height_px: compiled.height_px,
                notes: compiled.notes,
            })
        })
    }
}

fn doing(stage: Stage) -> String {
    match stage {
        Stage::Check => "checking what was bought".to_owned(),
        Stage::Scene { number, of } => format!("scene {number} of {of}"),
        Stage::Join => "joining the scenes".to_owned(),
        Stage::Verify => "looking at the finished file".to_owned(),
    }
}
