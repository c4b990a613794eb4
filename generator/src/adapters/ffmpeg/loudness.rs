//! Bringing the voice to the loudness that platforms play at.
//!
//! The voice is measured (EBU R 128), amplified by what is missing, and limited; what
//! came out is measured again, and the amplification corrected if the limiter took
//! too much. FFmpeg's `loudnorm` was tried and left: in one pass it missed the target
//! by 2 LU on half a minute of speech and by 24 LU on a second of it, since it needs
//! three seconds to begin, and it moves the volume up and down inside sentences.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::{SAMPLE_RATE_HZ, samples_to_ms};

/// What YouTube and the others play at, in hundredths of LUFS.
pub(super) const TARGET_CENTI_LUFS: i32 = -1_400;

/// How far from it is as good as on it, in hundredths of LU.
const TOLERANCE_CENTI_LU: i32 = 30;

/// The limiter's ceiling: −2 dBFS as a factor, so that the true peak stays below
/// −1.5 dBTP after resampling and AAC have bent the wave.
const CEILING: &str = "0.794";

/// Quieter than this is silence: nothing is amplified. In hundredths of LUFS.
const SILENCE_CENTI_LUFS: i32 = -6_000;

/// Most that is amplified, in hundredths of a decibel.
const GAIN_CENTI_DB_MAX: i32 = 4_500;

/// Attempts at the target; each takes a fraction of a second.
const PASS_COUNT_MAX: u32 = 4;

/// Rate at which the limiter sees peaks between samples.
const LIMITER_RATE_HZ: u32 = 192_000;

/// Rate and channels of the finished sound.
pub(super) const OUTPUT_RATE_HZ: u32 = 48_000;

/// What became of the voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loudness {
    /// It has this loudness now, in hundredths of LUFS.
    Brought { centi_lufs: i32 },
    /// There was nothing to hear.
    Silent,
}

/// Writes the voice at the target loudness, in stereo at 48 kHz, to `target` (WAV).
pub(super) async fn normalise(
    tools: &Tools,
    voice: &Path,
    sample_count: u64,
    target: &Path,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Loudness, Error> {
    let duration_ms = samples_to_ms(sample_count);
    let measured = measure(tools, voice, duration_ms, folder, cancel).await?;
    let mut gain_centi_db = if measured <= SILENCE_CENTI_LUFS {
        0
    } else {
        (TARGET_CENTI_LUFS - measured).clamp(-GAIN_CENTI_DB_MAX, GAIN_CENTI_DB_MAX)
    };
    let mut result = measured;
    for _ in 0..PASS_COUNT_MAX {
        result = amplify(
            tools,
            voice,
            duration_ms,
            gain_centi_db,
            target,
            folder,
            cancel,
        )
        .await?;
        let missing = TARGET_CENTI_LUFS - result;
        if measured <= SILENCE_CENTI_LUFS || missing.abs() <= TOLERANCE_CENTI_LU {
            break;
        }
        gain_centi_db = (gain_centi_db + missing).clamp(-GAIN_CENTI_DB_MAX, GAIN_CENTI_DB_MAX);
    }
    Ok(if measured <= SILENCE_CENTI_LUFS {
        Loudness::Silent
    } else {
        Loudness::Brought { centi_lufs: result }
    })
}

/// The integrated loudness of a voice track, in hundredths of LUFS.
async fn measure(
    tools: &Tools,
    voice: &Path,
    duration_ms: u64,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<i32, Error> {
    let args = voice_input(measuring(), voice)
        .words(["-af", METER])
        .no_output();
    read_meter(tools, args, duration_ms, folder, cancel).await
}

async fn amplify(
    tools: &Tools,
    voice: &Path,
    duration_ms: u64,
    gain_centi_db: i32,
    target: &Path,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<i32, Error> {
    let gain = decibels(gain_centi_db);
    // `level=false`: the limiter's own make-up gain would undo the amplification.
    let filters = format!(
        "aresample={LIMITER_RATE_HZ},volume={gain}dB,\
         alimiter=limit={CEILING}:attack=5:release=60:level=false,\
         aformat=sample_rates={OUTPUT_RATE_HZ}:channel_layouts=stereo,{METER}"
    );
    let rate = OUTPUT_RATE_HZ.to_string();
    let args = voice_input(measuring(), voice)
        .words(["-af", &filters, "-ar", &rate, "-ac", "2"])
        .words(["-c:a", "pcm_s24le"])
        .output("wav", target);
    read_meter(tools, args, duration_ms, folder, cancel).await
}

/// The meter; its running figures are kept out of the log.
pub(super) const METER: &str = "ebur128=framelog=verbose";

/// The beginning of a run with a meter, which speaks at the level of information.
pub(super) fn measuring() -> Args {
    Args::default().words([
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-y",
        "-v",
        "level+info",
    ])
}

fn voice_input(args: Args, voice: &Path) -> Args {
    let rate = SAMPLE_RATE_HZ.to_string();
    args.words(["-ar", &rate, "-ac", "1"]).input("s16le", voice)
}

async fn read_meter(
    tools: &Tools,
    args: Vec<std::ffi::OsString>,
    duration_ms: u64,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<i32, Error> {
    let run = Run {
        program: tools.ffmpeg(),
        step: "levelling the voice".to_owned(),
        folder,
        writes_to: folder,
        args,
        patience: Patience::for_sound_ms(duration_ms),
    };
    let said = run.output(0, cancel).await?;
    integrated(said.stderr.text()).ok_or_else(|| Error::Failed {
        step: "levelling the voice".to_owned(),
        reason: "ffmpeg's loudness meter gave no figure".to_owned(),
    })
}

/// The last `I: -14.2 LUFS` of a report, in hundredths.
pub(super) fn integrated(report: &str) -> Option<i32> {
    let figure = report
        .lines()
        .filter_map(|line| line.trim().strip_prefix("I:"))
        .next_back()?;
    let figure = figure.trim().strip_suffix("LUFS")?.trim();
    if matches!(figure, "-inf" | "nan" | "-nan") {
        return Some(-7_000);
    }
    let (negative, digits) = match figure.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, figure),
    };
    let (whole, tenths) = digits.split_once('.').unwrap_or((digits, "0"));
    let tenth = tenths.chars().next().and_then(|c| c.to_digit(10))?;
    let centi = whole.parse::<i32>().ok()?.checked_mul(100)? + i32::try_from(tenth).ok()? * 10;
    Some(if negative { -centi } else { centi })
}

/// Hundredths of a decibel as ffmpeg reads a number.
fn decibels(centi_db: i32) -> String {
    let sign = if centi_db < 0 { "-" } else { "" };
    let centi_db = centi_db.unsigned_abs();
    format!("{sign}{}.{:02}", centi_db / 100, centi_db % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_is_read_from_the_summary() {
        let report = "[Parsed_ebur128_0 @ 0x55] Summary:\n\n  Integrated loudness:\n    \
                      I:         -14.4 LUFS\n    Threshold: -24.9 LUFS\n";
        assert_eq!(integrated(report), Some(-1_440));
        assert_eq!(integrated("I: -70.0 LUFS"), Some(-7_000));
        assert_eq!(integrated("I:   -inf LUFS"), Some(-7_000));
        assert_eq!(integrated("I:   0.3 LUFS"), Some(30));
        assert_eq!(integrated("nothing"), None);
    }

    #[test]
    fn a_gain_is_written_without_a_float() {
        assert_eq!(decibels(-1_405), "-14.05");
        assert_eq!(decibels(30), "0.30");
        assert_eq!(decibels(-30), "-0.30");
    }
}
