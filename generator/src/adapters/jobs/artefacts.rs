//! What was bought for a job.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::application::ports::{
    KeptNarration, KeptPicture, Narration, Picture, ScriptKind, StoreError,
};
use crate::domain::script::Script;
use crate::domain::subtitles::Alignment;
use crate::domain::timeline::NarrationFormat;

/// Image files that a provider sends, by their names' ends.
const PICTURE_EXTENSIONS: [&str; 3] = ["png", "jpg", "webp"];

/// What is known of a narration beside its sound.
#[derive(Serialize, Deserialize)]
struct NarrationFile {
    /// The sound's file, beside this one.
    file: String,
    format: FormatWord,
    #[serde(default)]
    sample_rate_hz: Option<u32>,
    #[serde(default)]
    alignment: Option<Alignment>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FormatWord {
    PcmS16le,
    Mp3,
    Wav,
}

fn script_path(folder: &Path, kind: ScriptKind) -> PathBuf {
    folder.join(match kind {
        ScriptKind::Written => "script.json",
        ScriptKind::Rephrased => "rephrased.json",
    })
}

pub(super) fn script(folder: &Path, kind: ScriptKind) -> Result<Option<Script>, StoreError> {
    read_json(&script_path(folder, kind))
}

pub(super) fn keep_script(
    folder: &Path,
    kind: ScriptKind,
    script: &Script,
) -> Result<(), StoreError> {
    write_json(&script_path(folder, kind), script)
}

fn narration_path(folder: &Path, scene: u32, extension: &str) -> PathBuf {
    folder
        .join("narration")
        .join(format!("{scene:03}.{extension}"))
}

pub(super) fn narration(folder: &Path, scene: u32) -> Result<Option<KeptNarration>, StoreError> {
    let path = narration_path(folder, scene, "json");
    let Some(file) = read_json::<NarrationFile>(&path)? else {
        return Ok(None);
    };
    let damaged = |reason: &str| StoreError::Damaged {
        path: path.display().to_string(),
        reason: reason.to_owned(),
    };
    let extension = match file.format {
        FormatWord::PcmS16le => "pcm",
        FormatWord::Mp3 => "mp3",
        FormatWord::Wav => "wav",
    };
    let sound = narration_path(folder, scene, extension);
    if sound.file_name().and_then(|name| name.to_str()) != Some(file.file.as_str()) {
        return Err(damaged("it names another file than its own"));
    }
    if !sound.is_file() {
        return Err(damaged("the sound beside it is gone"));
    }
    let format = match file.format {
        FormatWord::Mp3 => NarrationFormat::Mp3,
        FormatWord::Wav => NarrationFormat::Wav,
        FormatWord::PcmS16le => NarrationFormat::PcmS16le {
            sample_rate_hz: file
                .sample_rate_hz
                .ok_or_else(|| damaged("the sample rate is missing"))?,
        },
    };
    Ok(Some(KeptNarration {
        path: sound,
        format,
        alignment: file.alignment,
    }))
}

/// The sound first, then the file that makes it count.
pub(super) fn keep_narration(
    folder: &Path,
    scene: u32,
    narration: &Narration,
) -> Result<KeptNarration, StoreError> {
    let (format, extension, sample_rate_hz) = match narration.format {
        NarrationFormat::PcmS16le { sample_rate_hz } => {
            (FormatWord::PcmS16le, "pcm", Some(sample_rate_hz))
        }
        NarrationFormat::Mp3 => (FormatWord::Mp3, "mp3", None),
        NarrationFormat::Wav => (FormatWord::Wav, "wav", None),
    };
    let sound = narration_path(folder, scene, extension);
    files::write_whole(&sound, &narration.audio)?;
    let file = NarrationFile {
        file: format!("{scene:03}.{extension}"),
        format,
        sample_rate_hz,
        alignment: narration.alignment.clone(),
    };
    write_json(&narration_path(folder, scene, "json"), &file)?;
    Ok(KeptNarration {
        path: sound,
        format: narration.format,
        alignment: narration.alignment.clone(),
    })
}

fn picture_path(folder: &Path, scene: u32, number: u32, extension: &str) -> PathBuf {
    folder
        .join("images")
        .join(format!("{scene:03}-{number}.{extension}"))
}

pub(super) fn picture(
    folder: &Path,
    scene: u32,
    number: u32,
) -> Result<Option<KeptPicture>, StoreError> {
    for extension in PICTURE_EXTENSIONS {
        let path = picture_path(folder, scene, number, extension);
        if path.is_file() {
            return Ok(Some(KeptPicture::Drawn(path)));
        }
    }
    let refusal = files::read(&picture_path(folder, scene, number, "refused"))?;
    Ok(refusal.map(|reason| KeptPicture::Refused(String::from_utf8_lossy(&reason).into_owned())))
}

pub(super) fn keep_picture(
    folder: &Path,
    scene: u32,
    number: u32,
    picture: &Picture,
) -> Result<PathBuf, StoreError> {
    let path = picture_path(folder, scene, number, picture.extension);
    files::write_whole(&path, &picture.bytes)?;
    Ok(path)
}

pub(super) fn keep_refusal(
    folder: &Path,
    scene: u32,
    number: u32,
    reason: &str,
) -> Result<(), StoreError> {
    files::write_whole(
        &picture_path(folder, scene, number, "refused"),
        reason.as_bytes(),
    )
}

/// A narration's sound goes with the file that makes it count, which goes first.
pub(super) fn drop_file(path: &Path) -> Result<(), StoreError> {
    files::remove(&path.with_extension("json"))?;
    files::remove(path)
}

/// Everything but the job and its log.
pub(super) fn discard(folder: &Path) -> Result<(), StoreError> {
    for kind in [ScriptKind::Written, ScriptKind::Rephrased] {
        files::remove(&script_path(folder, kind))?;
    }
    for part in ["narration", "images", "sections", "compile"] {
        files::remove_folder(&folder.join(part))?;
    }
    if folder.is_dir() {
        files::sync_folder(&folder.join("job.json"))
            .map_err(|error| files::failed("sync", folder, error))?;
    }
    Ok(())
}

pub(super) fn read_json<T: for<'de> Deserialize<'de>>(
    path: &Path,
) -> Result<Option<T>, StoreError> {
    let Some(bytes) = files::read(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StoreError::Damaged {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
}

pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| StoreError::Damaged {
        path: path.display().to_string(),
        reason: error.to_string(),
    })?;
    files::write_whole(path, &text)
}

/// Used by the tests, to lay something half-written where a crash would.
#[cfg(test)]
pub(super) fn leave_part(folder: &Path, scene: u32, number: u32) {
    let path = picture_path(folder, scene, number, "png");
    let _ = std::fs::create_dir_all(folder.join("images"));
    let mut part = path.into_os_string();
    part.push(files::PART);
    let _ = std::fs::write(part, b"half");
}
