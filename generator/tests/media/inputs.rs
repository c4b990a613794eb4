//! What is bought may be broken, mislabelled or hostile.

use reelmeter_generator::adapters::ffmpeg::{Error, ImageFormat};
use reelmeter_generator::domain::timeline::{NarrationFormat, ScenePicture};

use crate::studio::{PCM, Studio, ffmpeg, plan, text};

#[tokio::test]
async fn a_good_picture_is_known_by_its_bytes_and_not_its_name() {
    let studio = Studio::open().await;
    for (made, format) in [
        ("a.png", ImageFormat::Png),
        ("a.jpg", ImageFormat::Jpeg),
        ("a.webp", ImageFormat::WebP),
    ] {
        let path = studio.picture(made, "testsrc2=s=1344x768");
        let renamed = studio.path("bought.bin");
        std::fs::rename(path, &renamed).unwrap();
        let info = studio.compiler.check_image(&renamed, 1).await.unwrap();
        assert_eq!(info.format, format);
        assert_eq!((info.width_px, info.height_px), (1_344, 768));
    }
}

#[tokio::test]
async fn a_picture_that_breaks_off_is_refused_and_its_scene_named() {
    let studio = Studio::open().await;
    for name in ["half.png", "half.jpg", "half.webp"] {
        let path = studio.picture(name, "mandelbrot=s=1344x768");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = studio.compiler.check_image(&path, 7).await.unwrap_err();
        assert_eq!(error.scene(), Some(7), "{name}: {error}");
        assert!(
            error.to_string().starts_with("scene 7: the image"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_picture_with_a_flipped_bit_is_refused() {
    let studio = Studio::open().await;
    let path = studio.picture("flipped.png", "mandelbrot=s=1344x768");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&path, bytes).unwrap();
    let error = studio.compiler.check_image(&path, 2).await.unwrap_err();
    assert_eq!(error.scene(), Some(2), "{error}");
}

#[tokio::test]
async fn a_broken_picture_stops_a_video_even_if_nobody_checked_it_before() {
    let studio = Studio::open().await;
    let mut second = studio.scene(2, "mandelbrot=s=640x360", "Broken.", 600);
    let bytes = std::fs::read(&second.picture.images()[0]).unwrap();
    std::fs::write(&second.picture.images()[0], &bytes[..bytes.len() * 2 / 3]).unwrap();
    let first = studio.scene(1, "color=red:s=640x360", "Whole.", 600);
    let error = studio
        .compile(&plan(vec![first.clone(), second.clone()]), "out.mp4")
        .await
        .unwrap_err();
    assert_eq!(error.scene(), Some(2), "{error}");
    assert!(!studio.path("out.mp4").exists());
    // The text of an error page in a picture's place.
    second.picture = ScenePicture::Images(vec![studio.path("error.png")]);
    std::fs::write(
        &second.picture.images()[0],
        "<!DOCTYPE html><title>502 Bad Gateway</title>",
    )
    .unwrap();
    let error = studio
        .compile(&plan(vec![first, second]), "out.mp4")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "scene 2: the image is text and not a picture: make this image again"
    );
}

#[tokio::test]
async fn a_narration_is_as_long_as_its_samples_and_not_as_its_header_says() {
    let studio = Studio::open().await;
    let pcm = studio.voice("exact.pcm", 3_200);
    let info = studio.compiler.check_narration(&pcm, PCM, 1).await.unwrap();
    assert_eq!(info.sample_count, 76_800);
    assert_eq!(info.duration_ms, 3_200);

    let encoded = |name: &str, codec: &str| {
        let path = studio.path(name);
        ffmpeg(&[
            "-f",
            "s16le",
            "-ar",
            "24000",
            "-ac",
            "1",
            "-i",
            text(&pcm),
            "-ar",
            "44100",
            "-c:a",
            codec,
            text(&path),
        ]);
        path
    };
    let mp3 = encoded("voice.mp3", "libmp3lame");
    let info = studio
        .compiler
        .check_narration(&mp3, NarrationFormat::Mp3, 1)
        .await
        .unwrap();
    assert!(info.duration_ms.abs_diff(3_200) <= 10, "{info:?}");
    let wav = encoded("voice.wav", "pcm_s16le");
    let info = studio
        .compiler
        .check_narration(&wav, NarrationFormat::Wav, 1)
        .await
        .unwrap();
    assert!(info.duration_ms.abs_diff(3_200) <= 1, "{info:?}");
    let faster = NarrationFormat::PcmS16le {
        sample_rate_hz: 48_000,
    };
    let info = studio
        .compiler
        .check_narration(&pcm, faster, 1)
        .await
        .unwrap();
    assert!(info.duration_ms.abs_diff(1_600) <= 1, "{info:?}");
    // Nothing stays beside what was bought.
    let names = studio.names(pcm.parent().unwrap());
    assert_eq!(names, ["exact.pcm", "voice.mp3", "voice.wav"]);
}

#[tokio::test]
async fn an_mp3_narration_makes_a_video_too() {
    let studio = Studio::open().await;
    let mut scene = studio.scene(1, "testsrc2=s=640x360", "Sounds.", 2_000);
    let mp3 = studio.path("voice.mp3");
    ffmpeg(&[
        "-f",
        "s16le",
        "-ar",
        "24000",
        "-ac",
        "1",
        "-i",
        text(&scene.narration),
        "-ar",
        "44100",
        "-b:a",
        "128k",
        text(&mp3),
    ]);
    scene.narration = mp3;
    scene.narration_format = NarrationFormat::Mp3;
    let video = studio.compile(&plan(vec![scene]), "mp3.mp4").await.unwrap();
    assert!(
        video.duration_ms.abs_diff(2_000 + 250 + 600 + 600) < 100,
        "{}",
        video.duration_ms
    );
}

#[tokio::test]
async fn what_is_no_narration_is_refused_and_its_scene_named() {
    let studio = Studio::open().await;
    let bought = |bytes: &[u8]| {
        let path = studio.path("bought");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for (bytes, format, words) in [
        (&b""[..], PCM, "is empty"),
        (
            br#"{"detail":{"status":"quota_exceeded"}}"#,
            PCM,
            "is text and not sound",
        ),
        (
            b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
            NarrationFormat::Mp3,
            "is text",
        ),
        (b"RIFF\x10\0\0\0WAVEfmt \0\0", PCM, "is WAV where"),
        (&[0; 4_801], PCM, "breaks off within a sample"),
        (&[0; 2_400], PCM, "only 50 ms"),
        (&[0x80; 4_000], NarrationFormat::Mp3, "cannot be decoded"),
    ] {
        let error = studio
            .compiler
            .check_narration(&bought(bytes), format, 4)
            .await
            .unwrap_err();
        assert_eq!(error.scene(), Some(4), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let missing = studio.path("nowhere.pcm");
    let error = studio
        .compiler
        .check_narration(&missing, PCM, 4)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("nowhere.pcm"), "{error}");
}

#[tokio::test]
async fn names_and_texts_that_look_like_commands_are_only_names_and_texts() {
    let studio = Studio::open().await;
    let mut first = studio.scene(1, "testsrc2=s=640x360", "x", 900);
    let mut second = studio.scene(2, "testsrc2=s=640x360", "x", 900);
    first.text = r"{\fs500}Bang\N $(touch owned) `id` %d 'quoted' ; end".to_owned();
    second.text = "[v];[0:v]drawtext=text=hello,movie=/etc/passwd".to_owned();
    (first.alignment, second.alignment) = (None, None);
    for (scene, names) in [
        (&mut first, ["-i", "a:b'c;d,e[f]=%d\\x.pcm"]),
        (&mut second, ["concat:x|%03d.png", "x\ny.pcm"]),
    ] {
        let ScenePicture::Images(pictures) = &mut scene.picture else {
            unreachable!("it has still pictures")
        };
        for (path, name) in [&mut pictures[0], &mut scene.narration]
            .into_iter()
            .zip(names)
        {
            let odd = studio.path(name);
            std::fs::rename(&*path, &odd).unwrap();
            *path = odd;
        }
    }
    let mut plan = plan(vec![first, second]);
    plan.title = "-y /etc/passwd\n\u{1b}[31m=;title".to_owned();
    let video = studio
        .compile(&plan, "out 'of' %d; [the]:ordinary.mp4")
        .await
        .unwrap();
    assert!(video.path.is_file());
    assert!(!studio.path("owned").exists());
    let srt = std::fs::read_to_string(&video.srt_path).unwrap();
    assert!(srt.contains("drawtext=text"), "{srt}");
}

#[tokio::test]
async fn letters_that_no_font_has_are_named() {
    let studio = Studio::open().await;
    // Two letters of a script of which no free font is installed by default.
    let mut scene = studio.scene(1, "color=gray:s=640x360", "x", 1_200);
    scene.text = "Linear A: 𐘀𐘁".to_owned();
    scene.alignment = None;
    let video = studio
        .compile(&plan(vec![scene]), "letters.mp4")
        .await
        .unwrap();
    let note = video.notes.iter().find(|note| note.contains("font"));
    // On a machine with every font there is nothing to tell.
    if let Some(note) = note {
        assert!(note.contains('𐘀'), "{note}");
    }
}

#[tokio::test]
async fn a_plan_without_scenes_is_refused() {
    let studio = Studio::open().await;
    let error = studio.compile(&plan(vec![]), "none.mp4").await.unwrap_err();
    assert!(matches!(error, Error::Timeline(_)));
    assert!(error.to_string().contains("no scenes"), "{error}");
}
