//! What a finished video is.

use reelmeter_generator::adapters::ffmpeg::Stage;
use reelmeter_generator::domain::subtitles::TimingSource;
use reelmeter_generator::domain::timeline::{
    AspectRatio, Geometry, Pacing, SceneLength, ScenePicture, Timeline,
};
use tokio_util::sync::CancellationToken;

use crate::studio::{
    Frame, Listener, Studio, ffmpeg, frame_steps, grey_frames, images, loudness, plan, probe,
    sound, text,
};

#[tokio::test]
async fn a_plan_becomes_a_file_that_is_exactly_as_long_as_its_timeline() {
    let studio = Studio::open().await;
    let plan = plan(vec![
        studio.scene(1, "testsrc2=s=1344x768", "Rock melts deep below.", 1_900),
        studio.scene(2, "mandelbrot=s=1344x768", "Magma rises, slowly.", 1_511),
        studio.scene(3, "testsrc=s=1344x768", "Then it all comes out.", 2_003),
    ]);
    let listener = Listener::default();
    let video = studio
        .compile_with(
            &plan,
            "out.mp4",
            &|progress| listener.hear(progress),
            &CancellationToken::new(),
        )
        .await
        .unwrap();

    let samples: Vec<u64> = [1_900, 1_511, 2_003].map(|ms| ms * 24).to_vec();
    let timeline = laid_out(&samples, &Pacing::default());
    assert_eq!(video.duration_ms, timeline.duration_ms());
    let found = probe(&video.path);
    let (picture, voice) = (&found["streams"][0], &found["streams"][1]);
    assert_eq!(picture["codec_name"], "h264");
    assert_eq!(picture["pix_fmt"], "yuv420p");
    assert_eq!(
        (&picture["width"], &picture["height"]),
        (&320.into(), &180.into())
    );
    assert_eq!(picture["r_frame_rate"], "30/1");
    for tag in ["color_space", "color_primaries", "color_transfer"] {
        assert_eq!(picture[tag], "bt709", "{tag}");
    }
    assert_eq!(picture["color_range"], "tv");
    // Every frame lasts as long as every other, over all joints.
    let steps = frame_steps(&video.path);
    assert!(steps.iter().all(|step| *step == 512), "{steps:?}");
    assert_eq!(
        picture["nb_read_frames"].as_str().unwrap(),
        timeline.frame_count().to_string(),
        "frames by decoding every one"
    );
    assert_eq!(voice["codec_name"], "aac");
    assert_eq!(voice["sample_rate"], "48000");
    assert_eq!(voice["channels"], 2);
    assert_eq!(found["format"]["tags"]["title"], "Why do volcanoes erupt?");
    assert_eq!(found["format"]["tags"]["comment"], "Made by Reelmeter.");

    // The index first, so that it plays while it loads.
    let bytes = std::fs::read(&video.path).unwrap();
    let place = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    assert!(place(b"moov") < place(b"mdat"));
    assert_eq!(video.size_bytes, bytes.len() as u64);

    let (integrated, peak) = loudness(&video.path);
    assert!((integrated + 14.0).abs() <= 1.0, "{integrated} LUFS");
    assert!(peak <= -1.0, "{peak} dBTP");
    let told = f64::from(video.loudness_centi_lufs.unwrap()) / 100.0;
    assert!((told - integrated).abs() < 0.11, "{told} {integrated}");

    assert_eq!(video.subtitle_timing, [TimingSource::Aligned; 3]);
    assert_eq!(video.notes, Vec::<String>::new());
    let srt = std::fs::read_to_string(&video.srt_path).unwrap();
    assert!(srt.contains("Rock melts deep below."), "{srt}");
    assert_eq!(srt.matches(" --> ").count(), 3);

    // Nothing is left but what was asked for.
    assert_eq!(studio.names(&studio.work()), Vec::<String>::new());
    let beside = studio.names(video.path.parent().unwrap());
    assert!(
        beside.iter().all(|name| !name.contains("part-")),
        "{beside:?}"
    );

    let heard = listener.heard();
    let overall: Vec<u16> = heard.iter().map(|p| p.overall_permille).collect();
    assert!(overall.is_sorted(), "{overall:?}");
    assert_eq!(overall.last(), Some(&1_000));
    assert!(
        heard
            .iter()
            .any(|p| matches!(p.stage, Stage::Scene { number: 3, of: 3 }))
    );
    assert!(heard.iter().any(|p| p.stage == Stage::Join));
}

#[tokio::test]
async fn every_shape_is_made_from_pictures_of_any_shape_and_format() {
    let studio = Studio::open().await;
    let names = ["tall.jpg", "wide.png", "square.webp"];
    let sizes = ["768x1344", "1344x768", "500x500"];
    for (ratio, size) in [
        (AspectRatio::Landscape, (256, 144)),
        (AspectRatio::Portrait, (144, 256)),
        (AspectRatio::Square, (144, 144)),
    ] {
        let scenes = names
            .iter()
            .zip(sizes)
            .enumerate()
            .map(|(index, (name, size))| {
                let mut scene = studio.scene(index, "color=red:s=64x64", "Look at this.", 700);
                scene.picture =
                    ScenePicture::Images(vec![studio.picture(name, &format!("testsrc2=s={size}"))]);
                scene
            })
            .collect();
        let mut plan = plan(scenes);
        plan.geometry = Geometry::new(ratio, 144).unwrap();
        let video = studio.compile(&plan, "shape.mp4").await.unwrap();
        assert_eq!((video.width_px, video.height_px), size, "{ratio}");
        // The picture fills the frame: no bars at any edge.
        let frame = Frame::of(&video, 20).sky();
        assert!(frame.iter().any(|channel| *channel > 40), "{frame:?}");
    }
}

#[tokio::test]
async fn one_picture_fades_into_the_next_where_the_timeline_says() {
    let studio = Studio::open().await;
    let mut plan = plan(vec![
        studio.scene(1, "color=red:s=640x360", "Red.", 1_500),
        studio.scene(2, "color=blue:s=640x360", "Blue.", 1_500),
    ]);
    plan.subtitles = false;
    let video = studio.compile(&plan, "fade.mp4").await.unwrap();
    let timeline = laid_out(&[36_000; 2], &plan.pacing);
    let second = timeline.scenes()[1];
    assert_eq!(second.fade_in_frame_count, 15);
    let sky = |frame| Frame::of(&video, frame).sky();

    let [red, _, blue] = sky(second.start_frame - 1);
    assert!(red > 230 && blue < 20, "before: {red} {blue}");
    let [red, _, blue] = sky(second.start_frame + 7);
    assert!(
        (90..165).contains(&red) && (90..165).contains(&blue),
        "amid: {red} {blue}"
    );
    let [red, _, blue] = sky(second.start_frame + 15);
    assert!(red < 20 && blue > 230, "after: {red} {blue}");
    // The end is black.
    let last = sky(timeline.frame_count() - 1);
    assert!(last.iter().all(|channel| *channel < 30), "end: {last:?}");
}

#[tokio::test]
async fn a_scene_may_follow_without_a_fade() {
    let studio = Studio::open().await;
    let mut plan = plan(vec![
        studio.scene(1, "color=red:s=640x360", "Red.", 1_000),
        studio.scene(2, "color=blue:s=640x360", "Blue.", 1_000),
        studio.scene(3, "color=red:s=640x360", "Red.", 1_000),
    ]);
    plan.pacing.cross_fade_ms = 0;
    let video = studio.compile(&plan, "cut.mp4").await.unwrap();
    let timeline = laid_out(&[24_000; 3], &plan.pacing);
    let second = timeline.scenes()[1].start_frame;
    assert!(Frame::of(&video, second - 1).sky()[0] > 230);
    assert!(Frame::of(&video, second).sky()[2] > 230);
}

#[tokio::test]
async fn subtitles_stand_in_the_lower_part_only_while_they_are_spoken() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "color=gray:s=640x360", "Now you see me.", 4_000);
    // Spoken in the middle of the sound.
    let characters: Vec<String> = scene.text.chars().map(String::from).collect();
    let starts: Vec<f64> = (0..characters.len())
        .map(|i| 1.5 + i as f64 * 0.05)
        .collect();
    let ends: Vec<f64> = starts.iter().map(|start| start + 0.05).collect();
    scene.alignment = Some(
        reelmeter_generator::domain::subtitles::Alignment::from_seconds(characters, &starts, &ends)
            .unwrap(),
    );
    for ratio in AspectRatio::ALL {
        let mut plan = plan(vec![scene.clone()]);
        plan.geometry = Geometry::new(ratio, 360).unwrap();
        let video = studio.compile(&plan, "subtitles.mp4").await.unwrap();
        let white = |ms: u64| Frame::of(&video, ms * 30 / 1_000).white();
        assert!(white(1_000).is_empty(), "{ratio}: before");
        let shown = white(2_200);
        assert!(shown.len() > 100, "{ratio}: {} white pixels", shown.len());
        let (width, height) = (video.width_px as usize, video.height_px as usize);
        for (line, column) in shown {
            assert!(
                line > height / 2 && line < height * 97 / 100,
                "{ratio}: line {line}"
            );
            assert!(
                column > width * 3 / 100 && column < width * 97 / 100,
                "{ratio}: column {column}"
            );
        }
        assert!(white(3_900).is_empty(), "{ratio}: after");
    }

    let mut without = plan(vec![scene]);
    without.subtitles = false;
    let video = studio.compile(&without, "without.mp4").await.unwrap();
    assert!(Frame::of(&video, 66).white().is_empty());
    assert!(video.srt_path.is_file(), "the .srt is written either way");
}

#[tokio::test]
async fn each_voice_starts_where_its_scene_says_however_many_came_before() {
    let studio = Studio::open().await;
    let durations = [733, 1_219, 511, 907, 1_303];
    let scenes = durations
        .iter()
        .enumerate()
        .map(|(index, ms)| studio.scene(index, "color=gray:s=640x360", "Word.", *ms))
        .collect();
    let mut plan = plan(scenes);
    plan.geometry = Geometry::new(AspectRatio::Landscape, 144).unwrap();
    let video = studio.compile(&plan, "voices.mp4").await.unwrap();
    let timeline = laid_out(&durations.map(|ms| ms * 24), &plan.pacing);
    let sound = sound(&video.path);
    let loud = |at: usize| sound[at].unsigned_abs() > 600;
    for scene in timeline.scenes() {
        // At 48 kHz there are two samples for each of the narration's.
        let start = scene.narration_start_sample as usize * 2;
        let quiet = &sound[start - 4_800..start - 480];
        let most = quiet
            .iter()
            .map(|sample| sample.unsigned_abs())
            .max()
            .unwrap();
        assert!(
            most < 300,
            "scene {}: {most} before it starts",
            scene.number
        );
        let onset = (start - 480..start + 9_600).find(|at| loud(*at)).unwrap();
        // The voice rises over 5 ms.
        assert!(
            onset.abs_diff(start) < 960,
            "scene {}: {onset} {start}",
            scene.number
        );
    }
}

#[tokio::test]
async fn a_quiet_and_a_very_short_voice_are_brought_to_the_same_loudness() {
    let studio = Studio::open().await;
    for (name, ms, amplitude) in [
        ("quiet", 4_000, 120.0),
        ("short", 600, 4_000.0),
        ("loud", 3_000, 21_000.0),
    ] {
        let mut scene = studio.scene(1, "color=gray:s=640x360", "Hush.", 600);
        scene.narration = studio.voice_at("level.pcm", ms, amplitude);
        let mut plan = plan(vec![scene]);
        plan.geometry = Geometry::new(AspectRatio::Landscape, 144).unwrap();
        let video = studio.compile(&plan, "level.mp4").await.unwrap();
        let (integrated, peak) = loudness(&video.path);
        assert!(
            (integrated + 14.0).abs() <= 1.0,
            "{name}: {integrated} LUFS"
        );
        assert!(peak <= -1.0, "{name}: {peak} dBTP");
    }
}

/// Clicks far above the voice: amplified with it, they would be cut off at the top.
#[tokio::test]
async fn loud_clicks_in_a_quiet_voice_are_limited_and_not_clipped() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "color=gray:s=640x360", "Click.", 4_000);
    scene.narration = studio.voice_at("clicks.pcm", 4_000, 800.0);
    let mut bytes = std::fs::read(&scene.narration).unwrap();
    for start in (6_000..90_000).step_by(24_000) {
        for sample in start..start + 120 {
            let swing = (sample as f64 * 0.3).sin() * 26_000.0;
            bytes[sample * 2..sample * 2 + 2].copy_from_slice(&(swing as i16).to_le_bytes());
        }
    }
    std::fs::write(&scene.narration, bytes).unwrap();
    let mut plan = plan(vec![scene]);
    plan.geometry = Geometry::new(AspectRatio::Landscape, 144).unwrap();
    let video = studio.compile(&plan, "clicks.mp4").await.unwrap();
    let (integrated, peak) = loudness(&video.path);
    assert!((integrated + 14.0).abs() <= 1.0, "{integrated} LUFS");
    assert!(peak <= -1.0, "{peak} dBTP");
}

#[tokio::test]
async fn a_silent_narration_is_left_silent_and_told() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "color=gray:s=640x360", "Nothing.", 1_000);
    scene.narration = studio.voice_at("silent.pcm", 2_000, 0.0);
    let video = studio
        .compile(&plan(vec![scene]), "silent.mp4")
        .await
        .unwrap();
    assert_eq!(video.loudness_centi_lufs, None);
    assert!(
        video.notes.iter().any(|note| note.contains("silent")),
        "{:?}",
        video.notes
    );
    assert!(
        sound(&video.path)
            .iter()
            .all(|sample| sample.unsigned_abs() < 50)
    );
}

#[tokio::test]
async fn a_simulated_video_says_so_in_its_file() {
    let studio = Studio::open().await;
    let mut plan = plan(vec![studio.scene(1, "color=gray:s=640x360", "So.", 600)]);
    plan.simulated = true;
    let video = studio.compile(&plan, "simulated.mp4").await.unwrap();
    let comment = probe(&video.path)["format"]["tags"]["comment"].to_string();
    assert!(comment.contains("simulated providers"), "{comment}");
}

#[tokio::test]
async fn times_that_had_to_be_estimated_are_told() {
    let studio = Studio::open().await;
    let mut second = studio.scene(2, "color=gray:s=640x360", "No times for this.", 1_200);
    second.alignment = None;
    let plan = plan(vec![
        studio.scene(1, "color=gray:s=640x360", "Times for this.", 1_200),
        second,
    ]);
    let video = studio.compile(&plan, "estimated.mp4").await.unwrap();
    assert_eq!(
        video.subtitle_timing,
        [TimingSource::Aligned, TimingSource::Estimated]
    );
    assert!(
        video.notes[0].contains("estimated in scene 2"),
        "{:?}",
        video.notes
    );
}

/// Players and editors that open a file in the middle, or that check it strictly,
/// stumble over headers that change or times that run backwards.
#[tokio::test]
async fn joints_leave_no_trace_in_the_stream() {
    let studio = Studio::open().await;
    let mut plan = plan(vec![
        studio.scene(1, "mandelbrot=s=640x360", "Busy, very busy.", 2_000),
        studio.scene(2, "color=gray:s=640x360", "Calm.", 1_000),
        studio.scene(3, "testsrc2=s=640x360", "Busy again.", 3_000),
    ]);
    plan.subtitles = false;
    let video = studio.compile(&plan, "joints.mp4").await.unwrap();
    let complaints = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-err_detect", "explode", "-i"])
        .arg(&video.path)
        .args(["-c", "copy", "-f", "null", "-"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&complaints.stderr), "");
    // One set of headers for all: a second one would show as new extra data.
    let headers = ffmpeg(&[
        "-i",
        text(&video.path),
        "-c:v",
        "copy",
        "-an",
        "-bsf:v",
        "h264_mp4toannexb,filter_units=pass_types=7-8",
        "-f",
        "h264",
        "-",
    ]);
    let mut sets: Vec<&[u8]> = Vec::new();
    let starts: Vec<usize> = (0..headers.len().saturating_sub(3))
        .filter(|at| headers[*at..].starts_with(&[0, 0, 1]))
        .collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(headers.len(), |next| *next);
        let unit = headers[start + 3..end].trim_ascii_end();
        let unit = unit.strip_suffix(&[0]).unwrap_or(unit);
        if !sets.contains(&unit) {
            sets.push(unit);
        }
    }
    assert_eq!(sets.len(), 2, "one of each kind: {sets:?}");
}

/// A soft spot is followed from frame to frame. `zoompan`, which moves by whole
/// pixels, trembles by half a pixel here.
#[tokio::test]
async fn a_picture_moves_without_trembling() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "color=gray:s=64x64", "Smooth.", 3_000);
    scene.picture = ScenePicture::Images(vec![studio.path("spot.png")]);
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "color=black:s=1344x768",
        "-frames:v",
        "1",
        "-update",
        "1",
        "-vf",
        "geq=lum='20+200*exp(-(pow(X-300,2)+pow(Y-200,2))/3200)':cb=128:cr=128",
        text(&scene.picture.images()[0]),
    ]);
    let mut plan = plan(vec![scene]);
    plan.subtitles = false;
    plan.pacing.end_fade_ms = 0;
    let video = studio.compile(&plan, "smooth.mp4").await.unwrap();
    let places: Vec<(f64, f64)> = grey_frames(&video)
        .iter()
        .map(|frame| centre(frame, video.width_px as usize))
        .collect();
    let (first, last) = (places[0], places[places.len() - 1]);
    let way = (last.0 - first.0).hypot(last.1 - first.1);
    assert!(way > 2.0, "it moved {way} pixels");
    // The change of speed from frame to frame; none in a steady move.
    let tremble = |of: fn(&(f64, f64)) -> f64| {
        let jolts: Vec<f64> = places
            .windows(3)
            .map(|three| of(&three[2]) - 2.0 * of(&three[1]) + of(&three[0]))
            .collect();
        (jolts.iter().map(|jolt| jolt * jolt).sum::<f64>() / jolts.len() as f64).sqrt()
    };
    let (x, y) = (tremble(|place| place.0), tremble(|place| place.1));
    assert!(x < 0.05 && y < 0.05, "{x} {y}");
}

/// The centre of what is brighter than the ground.
fn centre(frame: &[u8], width: usize) -> (f64, f64) {
    let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
    for (at, grey) in frame.iter().enumerate() {
        let weight = f64::from(grey.saturating_sub(50));
        sum += weight;
        x += weight * (at % width) as f64;
        y += weight * (at / width) as f64;
    }
    (x / sum, y / sum)
}

/// The timeline of narrations of so many samples, with one picture each.
fn laid_out(samples: &[u64], pacing: &Pacing) -> Timeline {
    let lengths: Vec<SceneLength> = samples
        .iter()
        .map(|&narration_sample_count| SceneLength {
            narration_sample_count,
            picture_count: 1,
            frame_count_min: 0,
        })
        .collect();
    Timeline::lay_out(&lengths, pacing).unwrap()
}

#[tokio::test]
async fn a_scene_shows_all_its_pictures_one_after_the_other() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "color=red:s=640x360", "Three of them.", 4_000);
    images(&mut scene).push(studio.picture("b.png", "color=lime:s=640x360"));
    images(&mut scene).push(studio.picture("c.png", "color=blue:s=640x360"));
    let mut plan = plan(vec![scene]);
    plan.subtitles = false;
    plan.pacing.end_fade_ms = 0;
    let video = studio.compile(&plan, "three.mp4").await.unwrap();
    let timeline = Timeline::lay_out(
        &[SceneLength {
            narration_sample_count: 96_000,
            picture_count: 3,
            frame_count_min: 0,
        }],
        &plan.pacing,
    )
    .unwrap();
    for (shot, colour) in timeline.shots().iter().zip(0..) {
        let sky = Frame::of(&video, shot.start_frame + shot.frame_count / 2).sky();
        for (channel, value) in sky.into_iter().enumerate() {
            assert_eq!(value > 200, channel == colour, "{shot:?}: {sky:?}");
        }
    }
}

#[tokio::test]
async fn many_pictures_are_joined_to_the_frame() {
    let studio = Studio::open().await;
    let colours = ["red", "lime", "blue"];
    let pictures =
        colours.map(|c| studio.picture(&format!("{c}.png"), &format!("color={c}:s=256x144")));
    let scenes: Vec<_> = (0..24)
        .map(|index| {
            let mut scene = studio.scene(0, "color=gray:s=64x64", "x", 300);
            scene.picture = ScenePicture::Images(vec![pictures[index % 3].clone()]);
            scene.text = String::new();
            scene.alignment = None;
            scene
        })
        .collect();
    let mut plan = plan(scenes);
    plan.geometry = Geometry::new(AspectRatio::Landscape, 144).unwrap();
    plan.pacing.end_fade_ms = 0;
    let listener = Listener::default();
    let video = studio
        .compile_with(
            &plan,
            "many.mp4",
            &|progress| listener.hear(progress),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let timeline = laid_out(&[7_200; 24], &plan.pacing);
    assert_eq!(video.duration_ms, timeline.duration_ms());
    assert!(frame_steps(&video.path).iter().all(|step| *step == 512));
    for index in [0, 1, 18, 19, 20, 21, 23] {
        let shot = timeline.shots()[index];
        let sky = Frame::of(&video, shot.start_frame + shot.frame_count / 2).sky();
        assert!(sky[index % 3] > 200, "shot {index}: {sky:?}");
        // And the fade into it is where it should be.
        if index > 0 {
            let amid = Frame::of(&video, shot.start_frame + shot.fade_in_frame_count / 2).sky();
            let before = amid[(index - 1) % 3];
            assert!((80..200).contains(&before), "into {index}: {amid:?}");
        }
    }
    let overall: Vec<u16> = listener
        .heard()
        .iter()
        .map(|p| p.overall_permille)
        .collect();
    assert!(overall.is_sorted(), "{overall:?}");
    assert_eq!(studio.names(&studio.work()), Vec::<String>::new());
}
