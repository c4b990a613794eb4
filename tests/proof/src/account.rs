//! What the simulator of the providers was asked, against what the ledger holds; and what a killed generator had kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use reelmeter_proto::meter::v1::{CallOutcome, RecordedEvent, UsageEvent};
use serde::Deserialize;

use crate::{Failure, Result};

/// The label under which an event names the provider's own id of its call.
const REQUEST_ID: &str = "request_id";
/// What is paid for in a narrated video; under these names the ledger has it as a stage, and the simulator as a kind of
/// call.
const STAGES: [&str; 4] = ["script", "rephrase", "narration", "image"];

/// What the simulator would have billed for a call.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Billed {
    input_tokens: i64,
    cached_tokens: i64,
    output_tokens: i64,
    thinking_tokens: i64,
    image_tokens: i64,
    images: i64,
    characters: i64,
}

/// A call as the simulator saw it.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    id: String,
    operation: String,
    outcome: String,
    billed: Billed,
}

#[derive(Deserialize)]
struct Journal {
    requests: Vec<Asked>,
}

/// The calls of the simulator's account that are paid for.
///
/// # Errors
/// It is no account.
pub fn asked(journal: &str) -> Result<Vec<Asked>> {
    let journal: Journal =
        serde_json::from_str(journal).map_err(Failure::setup("the simulator's account"))?;
    let mut asked = journal.requests;
    asked.retain(|call| call.outcome == "ok" && STAGES.contains(&&*call.operation));
    Ok(asked)
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// Paid calls.
    pub paid: usize,
    /// Of these, those with their usage in the ledger.
    pub used: usize,
    /// Calls in the ledger as unconfirmed.
    pub unconfirmed: usize,
}

fn event_of(recorded: &RecordedEvent) -> Option<&UsageEvent> {
    // What was corrected is the same call as its correction.
    recorded.event.as_ref().filter(|_| !recorded.replaced)
}

/// Compares the simulator's account with the ledger: each paid call stands there once, with what it used or as
/// unconfirmed, and nothing stands there that was not asked for.
///
/// # Errors
/// They differ.
pub fn compare(asked: &[Asked], events: &[RecordedEvent]) -> Result<Compared> {
    let broken = |what: String| Err(Failure::Broken(what));
    let mut ledger: HashMap<&str, &UsageEvent> = HashMap::new();
    let mut unconfirmed: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter_map(event_of) {
        if event.outcome() == CallOutcome::Unconfirmed {
            *unconfirmed.entry(&event.stage).or_default() += 1;
        } else if let Some(id) = event.labels.get(REQUEST_ID) {
            if let Some(other) = ledger.insert(id, event) {
                return broken(format!("the call {id} stands twice: {other:?}, {event:?}"));
            }
        } else if event.quantities.iter().any(|quantity| quantity.value > 0) {
            return broken(format!("nobody was asked for {event:?}"));
        }
    }
    let mut compared = Compared {
        paid: asked.len(),
        unconfirmed: unconfirmed.values().sum(),
        ..Compared::default()
    };
    for call in asked {
        match ledger.remove(&*call.id) {
            Some(event) => {
                call.is_billed_as(event)?;
                compared.used += 1;
            }
            None => match unconfirmed.get_mut(&*call.operation) {
                Some(left) if *left > 0 => *left -= 1,
                _ => return broken(format!("the paid call left no trace: {call:?}")),
            },
        }
    }
    match ledger.into_values().next() {
        Some(event) => broken(format!("the provider was never asked for {event:?}")),
        None => Ok(compared),
    }
}

impl Asked {
    fn is_billed_as(&self, event: &UsageEvent) -> Result<()> {
        let billed = [
            (
                "input_tokens",
                self.billed.input_tokens - self.billed.cached_tokens,
            ),
            ("cached_input_tokens", self.billed.cached_tokens),
            // The simulator counts a picture's tokens among those of its output.
            (
                "output_tokens",
                self.billed.output_tokens - self.billed.image_tokens,
            ),
            ("thinking_tokens", self.billed.thinking_tokens),
            ("image_output_tokens", self.billed.image_tokens),
            ("images", self.billed.images),
            ("characters", self.billed.characters),
        ];
        for (metric, value) in billed {
            let of_metric = event.quantities.iter().filter(|one| one.metric == metric);
            let recorded: i64 = of_metric.map(|one| one.value).sum();
            if recorded != value {
                return Err(Failure::Broken(format!(
                    "{value} {metric} were billed and {recorded} recorded: {self:?}, {event:?}"
                )));
            }
        }
        if event.stage == self.operation {
            return Ok(());
        }
        Err(Failure::Broken(format!(
            "another stage: {self:?}, {event:?}"
        )))
    }
}

/// What a killed generator had on its disk: what is there need not be bought again.
#[derive(Clone, Debug)]
pub struct Kept {
    at: SystemTime,
    /// Stage and scene, and the file's bytes as a fingerprint.
    parts: BTreeMap<(String, i32), u64>,
}

impl Kept {
    /// What is there now, of the only video.
    ///
    /// # Errors
    /// The disk cannot be read.
    pub fn now(data: &Path, at: SystemTime) -> Result<Self> {
        Ok(Self {
            at,
            parts: parts(&data.join("generator/videos"))?,
        })
    }

    /// How much it is.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// What was kept is still there, as it was, and nothing of it was bought after that moment.
    ///
    /// # Errors
    /// It is not.
    pub fn compare(&self, data: &Path, events: &[RecordedEvent]) -> Result<()> {
        let now = parts(&data.join("generator/videos"))?;
        for (part, bytes) in &self.parts {
            if now.get(part) != Some(bytes) {
                return Err(Failure::Broken(format!(
                    "{part:?} was kept, and is another one now"
                )));
            }
        }
        let again = events.iter().filter_map(event_of).find(|event| {
            let at = event
                .occur_time
                .and_then(|time| SystemTime::try_from(time).ok());
            at.is_some_and(|at| at > self.at)
                && self.parts.contains_key(&(event.stage.clone(), event.scene))
        });
        match again {
            Some(event) => Err(Failure::Broken(format!(
                "it was kept, and bought again: {event:?}"
            ))),
            None => Ok(()),
        }
    }
}

/// The parts of a video that are on the disk, by stage and scene. (How the folder is laid out stands in the generator's
/// `adapters/jobs`.)
fn parts(videos: &Path) -> Result<BTreeMap<(String, i32), u64>> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for file in files(videos)? {
        let Ok(inner) = file.strip_prefix(videos) else {
            continue;
        };
        let mut names = inner.iter().filter_map(|name| name.to_str());
        let part = match (names.next(), names.next(), names.next()) {
            (Some(_), Some("script.json"), None) => Some(("script", 0)),
            (Some(_), Some("rephrased.json"), None) => Some(("rephrase", 0)),
            // The sound counts once the word about it is there.
            (Some(_), Some("narration"), Some(name)) => name
                .strip_suffix(".json")
                .and_then(|scene| scene.parse().ok())
                .map(|scene| ("narration", scene)),
            (Some(_), Some("images"), Some(name)) => name
                .strip_suffix(".png")
                .or_else(|| name.strip_suffix(".jpg"))
                .and_then(|name| name.split_once('-'))
                .and_then(|(scene, _)| scene.parse().ok())
                .map(|scene| ("image", scene)),
            _ => None,
        };
        let Some((stage, scene)) = part else { continue };
        let bytes = std::fs::read(&file).map_err(Failure::setup("what was kept"))?;
        if !seen.insert((stage, scene)) {
            // A scene with several pictures: one of them alone does not make it whole.
            found.remove(&(stage.to_owned(), scene));
            continue;
        }
        found.insert((stage.to_owned(), scene), fingerprint(&bytes));
    }
    Ok(found)
}

fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |sum, byte| crate::dice::mix(sum ^ u64::from(*byte)))
}

/// All files below a folder; none where there is no folder yet.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(Failure::setup("what was kept"))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// The video is decoded from its first frame to its last without a complaint.
///
/// # Errors
/// It does not play.
pub fn plays(video: &Path) -> Result<()> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error", "-xerror", "-i"])
        .arg(video)
        .args(["-f", "null", "-"])
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::setup("ffmpeg"))?;
    if output.status.success() && output.stderr.is_empty() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::Broken(format!(
        "the video {} does not play: {said}",
        video.display()
    )))
}
