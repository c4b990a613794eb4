//! Narrations as they were bought, and the voice track they become.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::files::TempFile;
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::{
    NARRATION_DURATION_MS_MAX, NARRATION_DURATION_MS_MIN, NarrationFormat, SAMPLE_RATE_HZ,
    ScenePlacement, Timeline, samples_to_ms,
};

/// Bytes of a sample: signed, 16 bits, little-endian.
const SAMPLE_BYTES: u64 = 2;

/// Most bytes that a narration's samples take.
const SAMPLES_BYTES_MAX: u64 =
    NARRATION_DURATION_MS_MAX / 1_000 * SAMPLE_RATE_HZ as u64 * SAMPLE_BYTES;

/// Rates that a provider offers, from telephone to studio.
const SAMPLE_RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=96_000;

/// How long a narration's first and last samples are faded, in samples: 5 ms, so that
/// a cut wave does not click.
const EDGE_SAMPLES: u64 = SAMPLE_RATE_HZ as u64 / 200;

/// Samples that are held while the voice track is written.
const BLOCK_SAMPLES: usize = 16 * 1_024;

/// How long a narration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NarrationInfo {
    /// Samples at 24 kHz, counted.
    pub sample_count: u64,
    /// The same in milliseconds.
    pub duration_ms: u64,
}

/// A narration as samples at [`SAMPLE_RATE_HZ`].
#[derive(Debug)]
pub(super) struct Samples {
    path: PathBuf,
    pub(super) sample_count: u64,
    /// Held for as long as the samples are needed, if they were decoded.
    _decoded: Option<TempFile>,
}

/// Gives a narration's samples: the file itself if it already holds them, else what
/// ffmpeg decodes from it into `folder`.
pub(super) async fn decode(
    tools: &Tools,
    path: &Path,
    format: NarrationFormat,
    scene: u32,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Samples, Error> {
    look_at(path, format, scene).await?;
    let Some(args) = decoding(path, format, scene)? else {
        let sample_count = counted(size(path).await?, scene)?;
        return Ok(Samples {
            path: path.to_path_buf(),
            sample_count,
            _decoded: None,
        });
    };
    let target = TempFile::new(folder, "pcm");
    let args = args.output("s16le", target.path());
    run(tools, args, 0, scene, folder, cancel).await?;
    let sample_count = counted(size(target.path()).await?, scene)?;
    Ok(Samples {
        path: target.path().to_path_buf(),
        sample_count,
        _decoded: Some(target),
    })
}

/// Counts a narration's samples and keeps none of them.
pub(super) async fn check(
    tools: &Tools,
    path: &Path,
    format: NarrationFormat,
    scene: u32,
    cancel: &CancellationToken,
) -> Result<NarrationInfo, Error> {
    look_at(path, format, scene).await?;
    let bytes = match decoding(path, format, scene)? {
        None => size(path).await?,
        Some(args) => {
            let args = args.output_pipe("s16le");
            let folder = Path::new("/");
            let samples = run(tools, args, SAMPLES_BYTES_MAX + 2, scene, folder, cancel).await?;
            samples.len() as u64
        }
    };
    let sample_count = counted(bytes, scene)?;
    Ok(NarrationInfo {
        sample_count,
        duration_ms: samples_to_ms(sample_count),
    })
}

/// Refuses what is no narration by its first bytes.
async fn look_at(path: &Path, format: NarrationFormat, scene: u32) -> Result<(), Error> {
    let start = first_bytes(path).await?;
    let reason = if start.is_empty() {
        Some("is empty".to_owned())
    } else {
        contradiction(&start, format)
    };
    reason.map_or(Ok(()), |reason| Err(Error::BadNarration { scene, reason }))
}

async fn size(path: &Path) -> Result<u64, Error> {
    tokio::fs::metadata(path)
        .await
        .map(|metadata| metadata.len())
        .map_err(|source| Error::file("reading", path, source))
}

/// Counts samples: how many there are decides, no header's claim does.
fn counted(bytes: u64, scene: u32) -> Result<u64, Error> {
    let bad = |reason: String| Err(Error::BadNarration { scene, reason });
    if !bytes.is_multiple_of(SAMPLE_BYTES) {
        return bad(format!("breaks off within a sample ({bytes} bytes)"));
    }
    let sample_count = bytes / SAMPLE_BYTES;
    let duration_ms = samples_to_ms(sample_count);
    if duration_ms < NARRATION_DURATION_MS_MIN {
        return bad(format!("is only {duration_ms} ms long"));
    }
    if duration_ms > NARRATION_DURATION_MS_MAX {
        return bad(format!(
            "is {duration_ms} ms long, more than {NARRATION_DURATION_MS_MAX} ms"
        ));
    }
    Ok(sample_count)
}

async fn first_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let read = async {
        let mut start = Vec::new();
        File::open(path)
            .await?
            .take(64)
            .read_to_end(&mut start)
            .await?;
        Ok(start)
    };
    read.await
        .map_err(|source| Error::file("reading", path, source))
}

/// What the first bytes are, if it is not what was announced. Samples have no header,
/// and an error page played as sound is a burst of noise.
fn contradiction(start: &[u8], format: NarrationFormat) -> Option<String> {
    let text = start.len() >= 16 && start.iter().all(|b| matches!(b, 9 | 10 | 13 | 32..=126));
    if text {
        return Some("is text and not sound".to_owned());
    }
    let found = if start.starts_with(b"ID3") {
        "MP3"
    } else if start.starts_with(b"RIFF") {
        "WAV"
    } else if start.starts_with(b"OggS") {
        "Ogg"
    } else {
        return None;
    };
    let announced = match format {
        NarrationFormat::PcmS16le { .. } => "samples without a header",
        NarrationFormat::Mp3 => "MP3",
        NarrationFormat::Wav => "WAV",
    };
    (found != announced).then(|| format!("is {found} where {announced} was announced"))
}

/// What makes ffmpeg decode a narration; none if the file already holds the samples.
fn decoding(path: &Path, format: NarrationFormat, scene: u32) -> Result<Option<Args>, Error> {
    let args = Args::ffmpeg();
    let (args, demuxer) = match format {
        NarrationFormat::PcmS16le { sample_rate_hz } if sample_rate_hz == SAMPLE_RATE_HZ => {
            return Ok(None);
        }
        NarrationFormat::PcmS16le { sample_rate_hz } => {
            if !SAMPLE_RATES_HZ.contains(&sample_rate_hz) {
                return Err(Error::BadNarration {
                    scene,
                    reason: format!("has {sample_rate_hz} samples a second, which is no sound"),
                });
            }
            let rate = sample_rate_hz.to_string();
            (args.words(["-ar", &rate, "-ac", "1"]), "s16le")
        }
        NarrationFormat::Mp3 => (args, "mp3"),
        NarrationFormat::Wav => (args, "wav"),
    };
    // A second more than allowed, so that too long is seen as too long.
    let longest_s = (NARRATION_DURATION_MS_MAX / 1_000 + 1).to_string();
    let rate = SAMPLE_RATE_HZ.to_string();
    Ok(Some(
        args.input(demuxer, path)
            .words(["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar"])
            .words([&rate, "-c:a", "pcm_s16le", "-t", &longest_s]),
    ))
}

async fn run(
    tools: &Tools,
    args: Vec<OsString>,
    stdout_bytes_max: u64,
    scene: u32,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, Error> {
    let run = Run {
        program: tools.ffmpeg(),
        step: format!("decoding the narration of scene {scene}"),
        folder,
        writes_to: folder,
        args,
        patience: Patience::SHORT,
    };
    match run.output(stdout_bytes_max, cancel).await {
        Ok(said) => Ok(said.stdout),
        // Whatever ffmpeg has against it, it is the file that is to blame.
        Err(Error::Failed { reason, .. }) => Err(Error::BadNarration {
            scene,
            reason: format!("cannot be decoded ({reason})"),
        }),
        Err(error) => Err(error),
    }
}

/// Writes the voice track: each narration where its scene wants it, silence between.
pub(super) async fn write_voice(
    narrations: &[Samples],
    timeline: &Timeline,
    target: &Path,
) -> Result<(), Error> {
    let wrong = |source| Error::file("writing", target, source);
    let file = File::create(target).await.map_err(wrong)?;
    let mut out = BufWriter::with_capacity(256 * 1_024, file);
    let mut written = 0_u64;
    for (narration, scene) in narrations.iter().zip(timeline.scenes()) {
        silence(
            &mut out,
            scene.narration_start_sample.saturating_sub(written),
        )
        .await
        .map_err(wrong)?;
        copy(narration, scene, &mut out, target).await?;
        written = scene.narration_end_sample();
    }
    silence(&mut out, timeline.sample_count().saturating_sub(written))
        .await
        .map_err(wrong)?;
    out.flush().await.map_err(wrong)
}

async fn silence(out: &mut BufWriter<File>, sample_count: u64) -> std::io::Result<()> {
    let bytes = sample_count * SAMPLE_BYTES;
    tokio::io::copy(&mut tokio::io::repeat(0).take(bytes), out).await?;
    Ok(())
}

/// Copies exactly the samples that the timeline counts, softened at both ends.
async fn copy(
    narration: &Samples,
    scene: &ScenePlacement,
    out: &mut BufWriter<File>,
    target: &Path,
) -> Result<(), Error> {
    let unreadable = |source| Error::file("reading", &narration.path, source);
    let mut source = File::open(&narration.path).await.map_err(unreadable)?;
    let count = scene.narration_sample_count;
    let mut at = 0_u64;
    let mut block = vec![0_u8; BLOCK_SAMPLES * SAMPLE_BYTES as usize];
    while at < count {
        let samples = (count - at).min(BLOCK_SAMPLES as u64);
        let bytes = usize::try_from(samples * SAMPLE_BYTES).unwrap_or(block.len());
        let Some(part) = block.get_mut(..bytes) else {
            break;
        };
        // Fails if the file has become shorter since it was counted.
        source.read_exact(part).await.map_err(unreadable)?;
        soften(part, at, count);
        out.write_all(part)
            .await
            .map_err(|source| Error::file("writing", target, source))?;
        at += samples;
    }
    Ok(())
}

/// Fades the first and the last samples of a narration; `at` is the place of the
/// block's first sample in it.
fn soften(block: &mut [u8], at: u64, count: u64) {
    for (index, bytes) in block.chunks_exact_mut(2).enumerate() {
        let place = at + index as u64;
        let from_edge = place.min(count - 1 - place.min(count - 1));
        if from_edge >= EDGE_SAMPLES {
            continue;
        }
        if let [low, high] = bytes {
            let sample = i64::from(i16::from_le_bytes([*low, *high]));
            let softened = sample * from_edge.cast_signed() / EDGE_SAMPLES.cast_signed();
            // Never larger than the sample it was made from.
            [*low, *high] = i16::try_from(softened).unwrap_or_default().to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_as_one_thing_and_is_another_is_told() {
        let pcm = NarrationFormat::PcmS16le {
            sample_rate_hz: 24_000,
        };
        assert_eq!(
            contradiction(b"{\"detail\":{\"status\":\"quota_exceeded\"}}", pcm).as_deref(),
            Some("is text and not sound")
        );
        assert!(contradiction(b"ID3\x04\0\0\0\0\0\0", pcm).is_some());
        assert!(contradiction(b"RIFF\0\0\0\0WAVE", NarrationFormat::Mp3).is_some());
        assert_eq!(contradiction(b"ID3\x04\0\0", NarrationFormat::Mp3), None);
        assert_eq!(contradiction(&[0, 0, 3, 0, 255, 255], pcm), None);
    }

    #[test]
    fn only_the_edges_of_a_narration_are_softened() {
        let count = 1_000_u64;
        let mut block: Vec<u8> = std::iter::repeat_n(10_000_i16.to_le_bytes(), 1_000)
            .flatten()
            .collect();
        soften(&mut block, 0, count);
        let sample = |at: usize| i16::from_le_bytes([block[at * 2], block[at * 2 + 1]]);
        assert_eq!(sample(0), 0);
        assert_eq!(sample(60), 5_000);
        assert_eq!(sample(120), 10_000);
        assert_eq!(sample(879), 10_000);
        assert_eq!(sample(999), 0);
    }

    #[test]
    fn a_block_in_the_middle_is_left_as_it_is() {
        let mut block = 7_i16.to_le_bytes().repeat(10);
        let before = block.clone();
        soften(&mut block, 500, 1_000);
        assert_eq!(block, before);
    }
}
