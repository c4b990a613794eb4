//! Jobs on disk: one folder a video, named by its id, under `GENERATOR_DATA/videos`.
//!
//! ```text
//! <id>/job.json              what was asked for and where it stands
//!      log.jsonl             what was said about it, for people
//!      script.json           as it was written
//!      rephrased.json        as it was rephrased
//!      narration/003.pcm     a scene's narration, and
//!      narration/003.json    how it is encoded and when each character is spoken: written last, so that it counts
//!      images/003-1.png      a scene's picture, or
//!      images/003-2.refused  why there is none
//!      sections/003.json     what was bought for a section of an animated video: every version of its code, and
//!      sections/003/02/      what its second version left when it was run: its picture
//!      compile/              clips of scenes, while the video is compiled
//! ```
//!
//! Beside the folders stands `runs.json`: what finished videos used, for estimates to come.
//!
//! A file is written beside its place, synced and renamed: nothing half-written is ever found under its name.

mod artefacts;
mod sections;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::application::LogLine;
use crate::application::ports::{
    JobStore, KeptNarration, KeptPicture, Narration, Picture, ScriptKind, StoreError,
};
use crate::domain::animation::Section;
use crate::domain::estimate::RunUse;
use crate::domain::job::Job;
use crate::domain::script::Script;

/// The version of the files' form. One that is newer is not touched.
const FORM: u32 = 1;
/// How many log lines are read back; older ones stay in the file.
const LOG_LINES_MAX: usize = 1000;

/// The jobs' folder.
#[derive(Debug, Clone)]
pub struct JobFolder {
    root: PathBuf,
    /// Two videos that end together each add a line to the same file.
    keeping_runs: Arc<Mutex<()>>,
}

#[derive(Serialize, Deserialize)]
struct JobFile<J> {
    form: u32,
    job: J,
}

impl JobFolder {
    /// Opens or creates the folder under the generator's data directory.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let root = data.join("videos");
        // Programs that read what is kept run in folders of their own.
        let root =
            std::path::absolute(&root).map_err(|error| files::failed("find", &root, error))?;
        // Prompts and what was bought for them are nobody else's business on this machine.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&root)
            .map_err(|error| files::failed("create", &root, error))?;
        Ok(Self {
            root,
            keeping_runs: Arc::default(),
        })
    }

    /// A job's folder. Ids are ours: hyphenated UUIDs and nothing else.
    fn folder(&self, job_id: &str) -> PathBuf {
        let harmless = job_id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-');
        self.root.join(if harmless && !job_id.is_empty() {
            job_id
        } else {
            "unnamed"
        })
    }

    fn load_job(folder: &Path) -> Result<Option<(Job, Vec<LogLine>)>, StoreError> {
        let path = folder.join("job.json");
        let Some(bytes) = files::read(&path)? else {
            // A crash between making the folder and writing the job: nothing was begun.
            return Ok(None);
        };
        let damaged = |reason: String| StoreError::Damaged {
            path: path.display().to_string(),
            reason,
        };
        let file: JobFile<serde_json::Value> =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if file.form > FORM {
            return Err(damaged(format!(
                "written by a newer version (form {}, this one knows {FORM})",
                file.form
            )));
        }
        let job = serde_json::from_value(file.job).map_err(|error| damaged(error.to_string()))?;
        Ok(Some((job, read_log(&folder.join("log.jsonl")))))
    }
}

/// The last lines of a log. A line that a crash cut in two is left out.
fn read_log(path: &Path) -> Vec<LogLine> {
    let Ok(file) = fs::File::open(path) else {
        return Vec::new();
    };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    let lines: Vec<LogLine> = lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect();
    let start = lines.len().saturating_sub(LOG_LINES_MAX);
    lines.into_iter().skip(start).collect()
}

/// Runs file work off the threads that serve requests.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(StoreError::Io {
            what: "reach",
            path: "the disk".to_owned(),
            source: std::io::Error::other(error),
        }),
    }
}

impl JobStore for JobFolder {
    fn load(&self) -> Result<Vec<(Job, Vec<LogLine>)>, StoreError> {
        let entries =
            fs::read_dir(&self.root).map_err(|error| files::failed("read", &self.root, error))?;
        let mut jobs = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| files::failed("read", &self.root, error))?;
            let folder = entry.path();
            if !folder.is_dir() {
                continue;
            }
            match Self::load_job(&folder) {
                Ok(Some(job)) => jobs.push(job),
                Ok(None) => {}
                // One damaged job must not keep all the others away.
                Err(error) => tracing::error!(%error, "a video is left out"),
            }
        }
        Ok(jobs)
    }

    fn save<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), StoreError>> {
        let path = self.folder(&job.id).join("job.json");
        let text = serde_json::to_vec_pretty(&JobFile { form: FORM, job });
        Box::pin(async move {
            let text = text.map_err(|error| StoreError::Damaged {
                path: path.display().to_string(),
                reason: error.to_string(),
            })?;
            off_thread(move || files::write_whole(&path, &text)).await
        })
    }

    fn log(&self, job_id: &str, line: &LogLine) {
        let path = self.folder(job_id).join("log.jsonl");
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::other)
            .and_then(|mut text| {
                text.push(b'\n');
                let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
                file.write_all(&text)
            });
        if let Err(error) = written {
            tracing::debug!(%error, path = %path.display(), "a log line was not written");
        }
    }

    fn script<'a>(
        &'a self,
        job_id: &'a str,
        kind: ScriptKind,
    ) -> BoxFuture<'a, Result<Option<Script>, StoreError>> {
        let folder = self.folder(job_id);
        Box::pin(off_thread(move || artefacts::script(&folder, kind)))
    }

    fn keep_script<'a>(
        &'a self,
        job_id: &'a str,
        kind: ScriptKind,
        script: &'a Script,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (folder, script) = (self.folder(job_id), script.clone());
        Box::pin(off_thread(move || {
            artefacts::keep_script(&folder, kind, &script)
        }))
    }

    fn narration<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
    ) -> BoxFuture<'a, Result<Option<KeptNarration>, StoreError>> {
        let folder = self.folder(job_id);
        Box::pin(off_thread(move || artefacts::narration(&folder, scene)))
    }

    fn keep_narration<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        narration: &'a Narration,
    ) -> BoxFuture<'a, Result<KeptNarration, StoreError>> {
        let (folder, narration) = (self.folder(job_id), narration.clone());
        Box::pin(off_thread(move || {
            artefacts::keep_narration(&folder, scene, &narration)
        }))
    }

    fn picture<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
    ) -> BoxFuture<'a, Result<Option<KeptPicture>, StoreError>> {
        let folder = self.folder(job_id);
        Box::pin(off_thread(move || {
            artefacts::picture(&folder, scene, number)
        }))
    }

    fn keep_picture<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
        picture: &'a Picture,
    ) -> BoxFuture<'a, Result<PathBuf, StoreError>> {
        let (folder, picture) = (self.folder(job_id), picture.clone());
        Box::pin(off_thread(move || {
            artefacts::keep_picture(&folder, scene, number, &picture)
        }))
    }

    fn keep_refusal<'a>(
        &'a self,
        job_id: &'a str,
        scene: u32,
        number: u32,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (folder, reason) = (self.folder(job_id), reason.to_owned());
        Box::pin(off_thread(move || {
            artefacts::keep_refusal(&folder, scene, number, &reason)
        }))
    }

    fn section<'a>(
        &'a self,
        job_id: &'a str,
        number: u32,
    ) -> BoxFuture<'a, Result<Section, StoreError>> {
        let folder = self.folder(job_id);
        Box::pin(off_thread(move || sections::section(&folder, number)))
    }

    fn keep_section<'a>(
        &'a self,
        job_id: &'a str,
        number: u32,
        section: &'a Section,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (folder, section) = (self.folder(job_id), section.clone());
        Box::pin(off_thread(move || {
            sections::keep_section(&folder, number, &section)
        }))
    }

    fn version_folder(&self, job_id: &str, number: u32, version: usize) -> PathBuf {
        sections::version_folder(&self.folder(job_id), number, version)
    }

    fn runs(&self) -> BoxFuture<'_, Result<Vec<RunUse>, StoreError>> {
        let root = self.root.clone();
        Box::pin(off_thread(move || sections::runs(&root)))
    }

    fn keep_run<'a>(&'a self, run: &'a RunUse) -> BoxFuture<'a, Result<(), StoreError>> {
        let (root, run) = (self.root.clone(), run.clone());
        let keeping = self.keeping_runs.clone();
        Box::pin(off_thread(move || {
            let _one_at_a_time = keeping.lock().unwrap_or_else(PoisonError::into_inner);
            sections::keep_run(&root, &run)
        }))
    }

    fn drop_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        let path = path.to_owned();
        Box::pin(off_thread(move || artefacts::drop_file(&path)))
    }

    fn compile_folder(&self, job_id: &str) -> PathBuf {
        self.folder(job_id).join("compile")
    }

    fn discard<'a>(&'a self, job_id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let folder = self.folder(job_id);
        Box::pin(off_thread(move || artefacts::discard(&folder)))
    }
}

#[cfg(test)]
mod tests;
