//! A scene to check or to render, and the request to the program inside the sandbox.

use std::time::Duration;

use serde::Serialize;

use crate::failure::{CodeLine, Fault, Problem};

/// Longest code that is looked at, in bytes: sections of a video have two to eight thousand.
pub(crate) const CODE_BYTES_MAX: usize = 128 * 1_024;
/// Widest and highest picture in pixels, and most frames a second: 4K at 60.
const SIDE_PX_MAX: u32 = 3_840;
const FPS_MAX: u32 = 60;

/// A scene to check or to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The Python source, whole.
    pub code: String,
    /// The class in it that is the scene.
    pub scene_class: String,
    /// The picture's width in pixels.
    pub width_px: u32,
    /// The picture's height in pixels.
    pub height_px: u32,
    /// Frames a second.
    pub fps: u32,
    /// How long it may take, by the clock on the wall.
    pub time_max: Duration,
}

/// What is to be done with a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Say what holds in the sandbox; no scene is run.
    Probe,
    /// The static gate only.
    Inspect,
    /// The gate, and a run without a picture.
    Check,
    /// The gate, and a run with one.
    Render,
}

/// The request as the program in the sandbox reads it (`python/driver.py`).
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    task: Task,
    code: &'a str,
    scene_class: &'a str,
    width: u32,
    height: u32,
    fps: u32,
}

impl Request<'_> {
    pub(crate) const fn probe() -> Self {
        Self {
            task: Task::Probe,
            code: "",
            scene_class: "",
            width: 0,
            height: 0,
            fps: 0,
        }
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| format!("the request cannot be written: {error}"))
    }
}

impl Scene {
    pub(crate) fn request(&self, task: Task) -> Request<'_> {
        Request {
            task,
            code: &self.code,
            scene_class: &self.scene_class,
            width: self.width_px,
            height: self.height_px,
            fps: self.fps,
        }
    }

    /// Refuses what no run is needed for.
    pub(crate) fn checked(&self) -> Result<(), Problem> {
        let syntax = |message: String| Problem {
            fault: Fault::Syntax,
            message,
            line: None,
        };
        if self.code.len() > CODE_BYTES_MAX {
            return Err(syntax(format!(
                "the code has {} bytes, at most {CODE_BYTES_MAX} are read",
                self.code.len()
            )));
        }
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.len() <= 64
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !is_name(&self.scene_class) {
            return Err(syntax(format!(
                "{:?} is no name for a scene's class",
                self.scene_class
            )));
        }
        let sides = 16..=SIDE_PX_MAX;
        if !sides.contains(&self.width_px)
            || !sides.contains(&self.height_px)
            || !(1..=FPS_MAX).contains(&self.fps)
        {
            return Err(syntax(format!(
                "a picture of {}x{} pixels at {} frames a second: at most {SIDE_PX_MAX} a side and {FPS_MAX} frames",
                self.width_px, self.height_px, self.fps
            )));
        }
        Ok(())
    }

    /// A line of the code.
    pub(crate) fn line(&self, number: u32) -> Option<CodeLine> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let text = self.code.lines().nth(index)?.trim();
        Some(CodeLine {
            number,
            text: text.chars().take(200).collect(),
        })
    }
}
