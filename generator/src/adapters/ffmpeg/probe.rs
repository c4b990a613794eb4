//! What a file of ours holds, as ffprobe reads it.

use std::path::Path;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::process::{Patience, Run};
use super::{Error, Tools};

/// Most that ffprobe writes about two streams, in bytes.
const ANSWER_BYTES_MAX: u64 = 256 * 1_024;

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub video: Option<Video>,
    pub audio: Option<Audio>,
}

/// Its picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Video {
    pub codec: String,
    pub pixel_format: String,
    pub colour_space: String,
    pub width_px: u32,
    pub height_px: u32,
    pub frame_count: u64,
}

/// Its sound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Audio {
    pub codec: String,
    pub sample_rate_hz: u32,
    pub channel_count: u32,
    pub duration_ms: u64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    pix_fmt: Option<String>,
    color_space: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    nb_frames: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    duration_ts: Option<u64>,
    time_base: Option<String>,
}

/// Looks into an MP4 file that we wrote. Frames are counted by its index, which lists
/// them one by one.
pub(super) async fn file(
    tools: &Tools,
    path: &Path,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Found, Error> {
    let run = Run {
        program: tools.ffprobe(),
        step: "looking into the video".to_owned(),
        folder,
        writes_to: folder,
        args: Args::default()
            .words(["-v", "level+error", "-hide_banner", "-of", "json"])
            .words(["-show_entries", "stream=codec_type,codec_name,pix_fmt,color_space,width,height,nb_frames,sample_rate,channels,duration_ts,time_base"])
            .input("mov", path)
            .done(),
        patience: Patience::SHORT,
    };
    let said = run.output(ANSWER_BYTES_MAX, cancel).await?;
    let answer: Answer = serde_json::from_slice(&said.stdout).map_err(|error| Error::Wrong {
        what: format!("ffprobe's answer cannot be read ({error})"),
    })?;
    let mut found = Found {
        video: None,
        audio: None,
    };
    for stream in answer.streams {
        match stream.codec_type.as_deref() {
            Some("video") if found.video.is_none() => found.video = Some(stream.into_video()),
            Some("audio") if found.audio.is_none() => found.audio = Some(stream.into_audio()),
            _ => {}
        }
    }
    Ok(found)
}

/// How many frames an intermediate of ours has; none if it is not one, as after a
/// power cut.
pub(super) async fn frame_count(
    tools: &Tools,
    path: &Path,
    folder: &Path,
    cancel: &CancellationToken,
) -> Result<Option<u64>, Error> {
    match file(tools, path, folder, cancel).await {
        Ok(found) => Ok(found.video.map(|video| video.frame_count)),
        Err(Error::Failed { .. } | Error::Wrong { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Stream {
    fn into_video(self) -> Video {
        Video {
            codec: self.codec_name.unwrap_or_default(),
            pixel_format: self.pix_fmt.unwrap_or_default(),
            colour_space: self.color_space.unwrap_or_default(),
            width_px: self.width.unwrap_or_default(),
            height_px: self.height.unwrap_or_default(),
            frame_count: number(self.nb_frames.as_deref()),
        }
    }

    fn into_audio(self) -> Audio {
        Audio {
            codec: self.codec_name.unwrap_or_default(),
            sample_rate_hz: u32::try_from(number(self.sample_rate.as_deref())).unwrap_or_default(),
            channel_count: self.channels.unwrap_or_default(),
            duration_ms: ticks_to_ms(self.duration_ts, self.time_base.as_deref()),
        }
    }
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A duration in ticks of a time base such as `1/48000`.
fn ticks_to_ms(ticks: Option<u64>, time_base: Option<&str>) -> u64 {
    let parts = time_base.and_then(|base| base.split_once('/'));
    let (Some(ticks), Some((numerator, denominator))) = (ticks, parts) else {
        return 0;
    };
    match (numerator.parse::<u64>(), denominator.parse::<u64>()) {
        (Ok(numerator), Ok(denominator @ 1..)) => {
            ticks.saturating_mul(numerator).saturating_mul(1_000) / denominator
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_from_ticks_without_a_float() {
        assert_eq!(ticks_to_ms(Some(72_000), Some("1/48000")), 1_500);
        assert_eq!(ticks_to_ms(None, Some("1/48000")), 0);
        assert_eq!(ticks_to_ms(Some(5), Some("1/0")), 0);
        assert_eq!(ticks_to_ms(Some(5), Some("x")), 0);
    }
}
