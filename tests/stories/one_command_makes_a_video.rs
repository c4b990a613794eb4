//! Protects the newcomer: the one command, as a person types it, ends with a bill and a film that plays.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs the program in a folder with nothing of this machine's settings, on free ports.
pub fn reelmeter(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelmeter"));
    for (name, _) in std::env::vars() {
        let ours = [
            "METER_",
            "GENERATOR_",
            "GEMINI_",
            "ELEVENLABS_",
            "SIMULATOR_",
            "REELMETER_",
        ];
        if ours.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .args(["--meter-listen", "127.0.0.1:0"])
        .args(["--generator-listen", "127.0.0.1:0"])
        .args(["--simulator-listen", "127.0.0.1:0"])
        .args(["--simulator-latency", "0"])
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn only_video(folder: &Path) -> PathBuf {
    let videos: Vec<PathBuf> = std::fs::read_dir(folder.join("videos"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "mp4"))
        .collect();
    assert_eq!(videos.len(), 1, "one video: {videos:?}");
    videos[0].clone()
}

fn ffprobe(video: &Path, entries: &str) -> String {
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(video)
        .output()
        .unwrap();
    assert!(probe.status.success(), "{}", text(&probe));
    String::from_utf8(probe.stdout).unwrap()
}

#[test]
fn a_prompt_becomes_a_film_with_its_bill() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = "Why do volcanoes erupt?";
    let output = reelmeter(
        folder.path(),
        &[
            "--plain",
            "--scenes",
            "2",
            "--resolution",
            "360",
            "--report",
            "bill.json",
            prompt,
        ],
        &[],
    );
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.to_lowercase().contains("simulat"),
        "it says that providers are simulated: {said}"
    );
    let video = only_video(folder.path());
    assert!(
        stdout.contains(&video.file_name().unwrap().to_string_lossy().into_owned()),
        "{said}"
    );
    let streams = ffprobe(&video, "stream=codec_name,width,height");
    assert!(
        streams.contains("h264,640,360") && streams.contains("aac"),
        "{streams}"
    );
    let seconds: f64 = ffprobe(&video, "format=duration").trim().parse().unwrap();
    assert!(
        seconds > 5.0,
        "two scenes take longer than {seconds} s to tell"
    );
    let bytes = std::fs::read(&video).unwrap();
    let position = |name: &[u8]| bytes.windows(4).position(|window| window == name).unwrap();
    assert!(
        position(b"moov") < position(b"mdat"),
        "it plays before it is loaded whole"
    );
    assert!(video.with_extension("srt").is_file());
    let bill: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("bill.json")).unwrap()).unwrap();
    assert!(bill.to_string().contains("simulated"));
}

#[test]
fn one_key_alone_is_refused_by_name_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let output = reelmeter(
        folder.path(),
        &["--plain", "x"],
        &[("GEMINI_API_KEY", "canary")],
    );
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ELEVENLABS_API_KEY is missing"), "{said}");
    assert!(!said.contains("canary"));
}

#[test]
fn a_prompt_of_nothing_gets_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for prompt in ["", "   ", "\u{1b}[31m"] {
        let output = reelmeter(folder.path(), &["--plain", prompt], &[]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{prompt:?}: {said}");
        assert!(said.contains("error: "), "{said}");
        assert!(said.contains("prompt"), "{said}");
        assert!(
            !said.contains('\u{1b}'),
            "no escape reaches the terminal: {said:?}"
        );
    }
}

#[test]
fn a_missing_ffmpeg_is_named_before_anything_is_bought() {
    let folder = tempfile::tempdir().unwrap();
    let output = reelmeter(folder.path(), &["--plain", "x"], &[("PATH", "")]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("apt-get install") && said.contains("ffmpeg"),
        "{said}"
    );
}
