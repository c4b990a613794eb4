//! Whether the finished file is what was planned.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::loudness::{self, OUTPUT_RATE_HZ};
use super::probe::{self, Audio, Found, Video};
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::{Geometry, Timeline};

/// How much longer or shorter the sound may be than the picture, in milliseconds: an
/// AAC block is 21 ms, a frame 33 ms.
const SOUND_DIFFERENCE_MS_MAX: u64 = 60;

/// Looks at the finished file before anybody else does: what it says of itself, and
/// then every frame and sample of it is decoded. Gives its loudness, in hundredths of
/// LUFS. `on_frame` hears how many frames were looked at.
///
/// # Errors
/// [`Error::Wrong`] with the first thing that differs from the plan.
pub(super) async fn video(
    tools: &Tools,
    path: &Path,
    geometry: &Geometry,
    timeline: &Timeline,
    folder: &Path,
    mut on_frame: impl FnMut(u64) + Send,
    cancel: &CancellationToken,
) -> Result<i32, Error> {
    let found = probe::file(tools, path, folder, cancel).await?;
    if let Some(what) = difference(&found, geometry, timeline) {
        return Err(Error::Wrong { what });
    }
    let run = Run {
        program: tools.ffmpeg(),
        step: "looking at the finished file".to_owned(),
        folder,
        writes_to: folder,
        args: loudness::measuring()
            .words(["-stats_period", "0.25", "-progress", "pipe:1", "-xerror"])
            .input("mov", path)
            .words(["-map", "0:v:0", "-map", "0:a:0", "-af", loudness::METER])
            .no_output(),
        patience: Patience::for_frames(timeline.frame_count()),
    };
    let mut decoded = 0;
    let report = run
        .watched(
            |frames| {
                decoded = frames;
                on_frame(frames);
            },
            cancel,
        )
        .await
        .map_err(|error| match error {
            Error::Failed { reason, .. } => Error::Wrong {
                what: format!("it cannot be played to its end ({reason})"),
            },
            error => error,
        })?;
    if decoded != timeline.frame_count() {
        return Err(Error::Wrong {
            what: format!(
                "{decoded} of its {} frames can be decoded",
                timeline.frame_count()
            ),
        });
    }
    loudness::integrated(report.text()).ok_or_else(|| Error::Wrong {
        what: "its loudness cannot be measured".to_owned(),
    })
}

fn difference(found: &Found, geometry: &Geometry, timeline: &Timeline) -> Option<String> {
    let Some(video) = &found.video else {
        return Some("it has no picture".to_owned());
    };
    let Some(audio) = &found.audio else {
        return Some("it has no sound".to_owned());
    };
    picture_difference(video, geometry, timeline).or_else(|| sound_difference(audio, timeline))
}

fn picture_difference(video: &Video, geometry: &Geometry, timeline: &Timeline) -> Option<String> {
    let planned = (geometry.width_px(), geometry.height_px());
    if (video.width_px, video.height_px) != planned {
        return Some(format!(
            "its picture is {}×{} where {}×{} was planned",
            video.width_px, video.height_px, planned.0, planned.1
        ));
    }
    if video.frame_count != timeline.frame_count() {
        return Some(format!(
            "it has {} frames where {} were planned",
            video.frame_count,
            timeline.frame_count()
        ));
    }
    let coding = (
        video.codec.as_str(),
        video.pixel_format.as_str(),
        video.colour_space.as_str(),
    );
    (coding != ("h264", "yuv420p", "bt709")).then(|| {
        format!(
            "its picture is coded as {}, {}, {}",
            coding.0, coding.1, coding.2
        )
    })
}

fn sound_difference(audio: &Audio, timeline: &Timeline) -> Option<String> {
    if (
        audio.codec.as_str(),
        audio.sample_rate_hz,
        audio.channel_count,
    ) != ("aac", OUTPUT_RATE_HZ, 2)
    {
        return Some(format!(
            "its sound is {} with {} channels at {} Hz",
            audio.codec, audio.channel_count, audio.sample_rate_hz
        ));
    }
    let planned_ms = timeline.duration_ms();
    (audio.duration_ms.abs_diff(planned_ms) > SOUND_DIFFERENCE_MS_MAX).then(|| {
        format!(
            "its sound is {} ms long where {planned_ms} ms were planned",
            audio.duration_ms
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;
    use crate::domain::timeline::{AspectRatio, Pacing, SceneLength};

    fn plan() -> (Geometry, Timeline) {
        let length = SceneLength {
            narration_sample_count: 48_000,
            picture_count: 1,
            frame_count_min: 0,
        };
        (
            Geometry::new(AspectRatio::Landscape, 720).unwrap(),
            Timeline::lay_out(&[length], &Pacing::default()).unwrap(),
        )
    }

    fn right(timeline: &Timeline) -> Found {
        Found {
            video: Some(Video {
                codec: "h264".into(),
                pixel_format: "yuv420p".into(),
                colour_space: "bt709".into(),
                width_px: 1_280,
                height_px: 720,
                frame_count: timeline.frame_count(),
            }),
            audio: Some(Audio {
                codec: "aac".into(),
                sample_rate_hz: 48_000,
                channel_count: 2,
                duration_ms: timeline.duration_ms() + 20,
            }),
        }
    }

    #[test]
    fn a_file_as_planned_is_passed() {
        let (geometry, timeline) = plan();
        assert_eq!(difference(&right(&timeline), &geometry, &timeline), None);
    }

    #[test]
    fn a_file_that_differs_is_told_how() {
        let (geometry, timeline) = plan();
        let told = |change: &dyn Fn(&mut Found)| {
            let mut found = right(&timeline);
            change(&mut found);
            difference(&found, &geometry, &timeline).unwrap()
        };
        assert_eq!(told(&|f| f.audio = None), "it has no sound");
        assert_eq!(told(&|f| f.video = None), "it has no picture");
        let frames = told(&|f| f.video.as_mut().unwrap().frame_count -= 1);
        assert!(frames.contains("frames where"), "{frames}");
        let size = told(&|f| f.video.as_mut().unwrap().width_px = 640);
        assert!(size.contains("640×720"), "{size}");
        let sound = told(&|f| f.audio.as_mut().unwrap().duration_ms += 300);
        assert!(sound.contains("ms long"), "{sound}");
        let rate = told(&|f| f.audio.as_mut().unwrap().sample_rate_hz = 192_000);
        assert!(rate.contains("192000 Hz"), "{rate}");
    }
}
