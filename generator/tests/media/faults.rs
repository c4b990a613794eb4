//! FFmpeg missing, incomplete, failing, hanging; the disk full.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use reelmeter_generator::adapters::ffmpeg::{Error, Tools};
use tokio_util::sync::CancellationToken;

use crate::studio::{Studio, plan};

/// An ffmpeg that does what `script` says in the cases it names, and else is real.
fn doctored(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("ffmpeg");
    let text = format!("#!/bin/sh\ncase \"$*\" in\n{script}\nesac\nexec ffmpeg \"$@\"\n");
    // Written by a program of its own: were the script open for writing here, a child that another test starts at that
    // moment would have it open too, and a script that is open for writing cannot be started.
    let mut writer = Command::new("sh")
        .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    assert!(writer.wait().unwrap().success());
    path
}

async fn studio_with(script: &str) -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let ffmpeg = doctored(folder.path(), script);
    let tools = Tools::find_at(&ffmpeg, Path::new("ffprobe")).await.unwrap();
    (folder, Studio::with(tools))
}

#[tokio::test]
async fn the_programs_are_found_and_say_their_version() {
    let tools = Tools::find().await.expect("sudo apt-get install ffmpeg");
    assert!(
        tools
            .version()
            .starts_with(|c: char| c.is_ascii_alphanumeric())
    );
}

#[tokio::test]
async fn a_missing_ffmpeg_is_told_with_the_command_that_installs_it() {
    for (ffmpeg, ffprobe, missing) in [
        ("/nowhere/ffmpeg", "ffprobe", "ffmpeg"),
        (
            "ffmpeg",
            "ffprobe-that-nobody-has",
            "ffprobe-that-nobody-has",
        ),
    ] {
        let error = Tools::find_at(Path::new(ffmpeg), Path::new(ffprobe))
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{missing} was not found: install it with `sudo apt-get install ffmpeg`")
        );
    }
}

#[tokio::test]
async fn an_ffmpeg_without_what_is_needed_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let script = "*-filters*) ffmpeg -hide_banner -filters | grep -v ' ass '; exit 0;;\n\
                  *-encoders*) ffmpeg -hide_banner -encoders | grep -v libx264; exit 0;;";
    let ffmpeg = doctored(folder.path(), script);
    let error = Tools::find_at(&ffmpeg, Path::new("ffprobe"))
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("built without ass, libx264"), "{text}");
    assert!(text.contains("sudo apt-get install ffmpeg"), "{text}");
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_leaves_nothing_half_written() {
    let script = "*ffconcat*) echo 'av_interleaved_write_frame(): No space left on device' >&2\n\
                  for last; do :; done; echo half > \"${last#file:}\"; exit 1;;";
    let (_folder, studio) = studio_with(script).await;
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Full.", 700)]);
    let error = studio.compile(&plan, "out.mp4").await.unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    assert!(
        error.to_string().contains("free some space and resume"),
        "{error}"
    );
    let beside = studio.names(&studio.path(""));
    assert!(
        beside
            .iter()
            .all(|n| !n.contains("part-") && !n.starts_with("out")),
        "{beside:?}"
    );
}

#[tokio::test]
async fn a_failure_is_one_sentence_that_names_the_step_and_the_cause() {
    let script = "*ffconcat*) echo '[libx264 @ 0x55d0] broken tables' >&2\n\
                  echo 'Conversion failed!' >&2; exit 1;;";
    let (_folder, studio) = studio_with(script).await;
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Fails.", 700)]);
    let error = studio.compile(&plan, "out.mp4").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "joining the scenes failed: ffmpeg said \"broken tables\""
    );
}

#[tokio::test]
async fn a_program_that_dies_of_a_signal_is_told_so() {
    let (_folder, studio) = studio_with("*ffconcat*) kill -9 $$;;").await;
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Dies.", 700)]);
    let error = studio.compile(&plan, "out.mp4").await.unwrap_err();
    assert!(error.to_string().contains("signal 9"), "{error}");
}

#[tokio::test]
async fn a_file_with_frames_missing_is_never_handed_out() {
    let script = "*ffconcat*) for last; do :; done\n\
                  exec ffmpeg -v error -f lavfi -i testsrc2=s=320x180:d=1 -f lavfi -i anullsrc -t 1 -f mp4 \"$last\";;";
    let (_folder, studio) = studio_with(script).await;
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Short.", 700)]);
    let error = studio.compile(&plan, "out.mp4").await.unwrap_err();
    assert!(matches!(error, Error::Wrong { .. }), "{error}");
    assert!(!studio.path("out.mp4").exists());
}

#[tokio::test]
async fn a_program_that_hangs_dies_with_the_future_that_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("pid");
    let script = format!("*ffconcat*) echo $$ > {}; exec sleep 600;;", mark.display());
    let ffmpeg = doctored(folder.path(), &script);
    let tools = Tools::find_at(&ffmpeg, Path::new("ffprobe")).await.unwrap();
    let studio = Studio::with(tools);
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Hangs.", 700)]);
    let never = CancellationToken::new();
    {
        let compile = studio.compile_with(&plan, "out.mp4", &|_| {}, &never);
        tokio::pin!(compile);
        let hangs = eventually(|| std::fs::read_to_string(&mark).is_ok_and(|pid| !pid.is_empty()));
        tokio::select! {
            result = &mut compile => panic!("it ended: {result:?}"),
            () = hangs => {}
        }
    }
    let pid = std::fs::read_to_string(&mark).unwrap();
    let alive = PathBuf::from(format!("/proc/{}/exe", pid.trim()));
    eventually(|| std::fs::read_link(&alive).is_err()).await;
    let left = studio.names(&studio.work());
    assert!(
        left.iter().all(|name| name.starts_with("segment-")),
        "{left:?}"
    );
}

#[tokio::test]
async fn our_environment_is_not_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("env");
    let script = format!("*ffconcat*) env > {};;", mark.display());
    let ffmpeg = doctored(folder.path(), &script);
    let tools = Tools::find_at(&ffmpeg, Path::new("ffprobe")).await.unwrap();
    let studio = Studio::with(tools);
    let plan = plan(vec![studio.scene(1, "testsrc2=s=640x360", "Quiet.", 700)]);
    studio.compile(&plan, "out.mp4").await.unwrap();
    // Cargo sets this for every test, as a person sets a key for the generator.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let passed = std::fs::read_to_string(&mark).unwrap();
    assert!(!passed.contains("CARGO_MANIFEST_DIR"), "{passed}");
    assert!(passed.contains("PATH="));
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waited)
        .await
        .expect("it never came about");
}
