//! What was bought for the sections of animated videos, and what finished videos used.

use std::path::{Path, PathBuf};

use super::artefacts::{read_json, write_json};
use crate::application::ports::StoreError;
use crate::domain::animation::Section;
use crate::domain::estimate::{RUNS_MAX, RunUse};

/// How many videos are kept of each kind that estimates tell apart.
const RUNS_KEPT_MAX: usize = RUNS_MAX * 4;

fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join("sections").join(format!("{number:03}.json"))
}

/// An empty record before anything was bought.
pub(super) fn section(folder: &Path, number: u32) -> Result<Section, StoreError> {
    Ok(read_json(&path(folder, number))?.unwrap_or_default())
}

pub(super) fn keep_section(
    folder: &Path,
    number: u32,
    section: &Section,
) -> Result<(), StoreError> {
    write_json(&path(folder, number), section)
}

pub(super) fn version_folder(folder: &Path, number: u32, version: usize) -> PathBuf {
    let sections = folder.join("sections");
    sections
        .join(format!("{number:03}"))
        .join(format!("{version:02}"))
}

fn runs_path(root: &Path) -> PathBuf {
    root.join("runs.json")
}

pub(super) fn runs(root: &Path) -> Result<Vec<RunUse>, StoreError> {
    Ok(read_json(&runs_path(root))?.unwrap_or_default())
}

/// A video that is kept already is replaced: a crash after the first time makes a second one.
pub(super) fn keep_run(root: &Path, run: &RunUse) -> Result<(), StoreError> {
    let mut runs = runs(root)?;
    runs.retain(|known| known.job_id != run.job_id);
    runs.push(run.clone());
    let surplus = runs.len().saturating_sub(RUNS_KEPT_MAX);
    runs.drain(..surplus);
    write_json(&runs_path(root), &runs)
}
