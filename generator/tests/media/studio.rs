//! Pictures, voices and plans to make videos of, and eyes and ears to judge them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use reelmeter_generator::adapters::ffmpeg::{CompiledVideo, Compiler, Error, Progress, Tools};
use reelmeter_generator::domain::subtitles::Alignment;
use reelmeter_generator::domain::timeline::{
    AspectRatio, Geometry, NarrationFormat, Pacing, ScenePicture, ScenePlan, VideoPlan,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The still pictures of a scene, to be changed.
pub fn images(scene: &mut ScenePlan) -> &mut Vec<PathBuf> {
    let ScenePicture::Images(images) = &mut scene.picture else {
        unreachable!("it has still pictures")
    };
    images
}

pub const PCM: NarrationFormat = NarrationFormat::PcmS16le {
    sample_rate_hz: 24_000,
};

/// A folder of its own, and a compiler.
pub struct Studio {
    folder: TempDir,
    pub compiler: Compiler,
}

impl Studio {
    pub async fn open() -> Self {
        let tools = Tools::find()
            .await
            .expect("these tests need FFmpeg: sudo apt-get install ffmpeg");
        Self::with(tools)
    }

    pub fn with(tools: Tools) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            compiler: Compiler::new(tools),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// A picture of one colour, or whatever `source` of FFmpeg's draws.
    pub fn picture(&self, name: &str, source: &str) -> PathBuf {
        let path = self.path(name);
        ffmpeg(&[
            "-f",
            "lavfi",
            "-i",
            source,
            "-frames:v",
            "1",
            "-update",
            "1",
            text(&path),
        ]);
        path
    }

    /// A voice of so many milliseconds: a tone that swells and falls like syllables,
    /// quiet as providers deliver it.
    pub fn voice(&self, name: &str, duration_ms: u64) -> PathBuf {
        self.voice_at(name, duration_ms, 2_500.0)
    }

    pub fn voice_at(&self, name: &str, duration_ms: u64, amplitude: f64) -> PathBuf {
        let path = self.path(name);
        let bytes: Vec<u8> = (0..duration_ms * 24)
            .flat_map(|n| {
                let t = n as f64 / 24_000.0;
                let syllable = 0.55 + 0.45 * (t * 4.0 * std::f64::consts::TAU).sin();
                let tone = (t * 220.0 * std::f64::consts::TAU).sin()
                    + 0.5 * (t * 660.0 * std::f64::consts::TAU).sin();
                ((tone * syllable * amplitude) as i16).to_le_bytes()
            })
            .collect();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A scene whose every character takes the same time.
    pub fn scene(&self, number: usize, source: &str, text: &str, duration_ms: u64) -> ScenePlan {
        ScenePlan {
            picture: ScenePicture::Images(vec![
                self.picture(&format!("image-{number}.png"), source),
            ]),
            narration: self.voice(&format!("voice-{number}.pcm"), duration_ms),
            narration_format: PCM,
            text: text.to_owned(),
            alignment: Some(even(text, duration_ms)),
        }
    }

    pub async fn compile(&self, plan: &VideoPlan, name: &str) -> Result<CompiledVideo, Error> {
        self.compile_with(plan, name, &|_| {}, &CancellationToken::new())
            .await
    }

    pub async fn compile_with(
        &self,
        plan: &VideoPlan,
        name: &str,
        progress: &(dyn Fn(Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<CompiledVideo, Error> {
        self.compiler
            .compile(plan, &self.work(), &self.path(name), progress, cancel)
            .await
    }

    /// The names in a folder.
    pub fn names(&self, folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// An alignment that gives every character the same time.
pub fn even(text: &str, duration_ms: u64) -> Alignment {
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let each = duration_ms as f64 / 1_000.0 / characters.len() as f64;
    let starts: Vec<f64> = (0..characters.len()).map(|i| i as f64 * each).collect();
    let ends: Vec<f64> = starts.iter().map(|start| start + each).collect();
    Alignment::from_seconds(characters, &starts, &ends).unwrap()
}

/// A small video of these scenes: 320×180, so that a test takes a second.
pub fn plan(scenes: Vec<ScenePlan>) -> VideoPlan {
    VideoPlan {
        title: "Why do volcanoes erupt?".to_owned(),
        geometry: Geometry::new(AspectRatio::Landscape, 180).unwrap(),
        pacing: Pacing::default(),
        subtitles: true,
        simulated: false,
        scenes,
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub fn ffmpeg(args: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-y", "-v", "error"])
        .args(args)
        .output()
        .expect("these tests need FFmpeg: sudo apt-get install ffmpeg");
    assert!(
        output.status.success(),
        "ffmpeg {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// What ffprobe knows of a file.
pub fn probe(path: &Path) -> serde_json::Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-count_frames"])
        .args(["-show_streams", "-show_format"])
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Ticks from each frame to the next.
pub fn frame_steps(path: &Path) -> Vec<i64> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0", "-select_streams", "v:0"])
        .args(["-show_entries", "packet=pts"])
        .arg(path)
        .output()
        .unwrap();
    let mut times: Vec<i64> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect();
    times.sort_unstable();
    assert_eq!(times.first(), Some(&0), "it starts at the start");
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// A frame as three bytes a pixel.
pub struct Frame {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Frame {
    pub fn of(video: &CompiledVideo, number: u64) -> Self {
        let bytes = ffmpeg(&[
            "-i",
            text(&video.path),
            "-vf",
            &format!("select=eq(n\\,{number})"),
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-",
        ]);
        let (width, height) = (video.width_px as usize, video.height_px as usize);
        assert_eq!(bytes.len(), width * height * 3, "frame {number}");
        Self {
            width,
            height,
            bytes,
        }
    }

    /// The mean colour of its upper half, where no subtitles are.
    pub fn sky(&self) -> [u8; 3] {
        let upper = &self.bytes[..self.width * self.height / 2 * 3];
        [0, 1, 2].map(|channel| {
            let sum: u64 = upper
                .iter()
                .skip(channel)
                .step_by(3)
                .map(|b| u64::from(*b))
                .sum();
            (sum / (upper.len() as u64 / 3)) as u8
        })
    }

    /// The lines, from the top, and columns in which something is nearly white.
    pub fn white(&self) -> Vec<(usize, usize)> {
        self.bytes
            .chunks_exact(3)
            .enumerate()
            .filter(|(_, rgb)| rgb.iter().all(|b| *b > 220))
            .map(|(at, _)| (at / self.width, at % self.width))
            .collect()
    }
}

/// Every frame in shades of grey.
pub fn grey_frames(video: &CompiledVideo) -> Vec<Vec<u8>> {
    ffmpeg(&[
        "-i",
        text(&video.path),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
    ])
    .chunks_exact((video.width_px * video.height_px) as usize)
    .map(<[u8]>::to_vec)
    .collect()
}

/// The sound as samples at 48 kHz, one channel.
pub fn sound(path: &Path) -> Vec<i16> {
    ffmpeg(&[
        "-i",
        text(path),
        "-f",
        "s16le",
        "-ar",
        "48000",
        "-ac",
        "1",
        "-",
    ])
    .chunks_exact(2)
    .map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]))
    .collect()
}

/// The integrated loudness in LUFS and the true peak in dBTP.
pub fn loudness(path: &Path) -> (f64, f64) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-nostats", "-v", "info", "-i"])
        .arg(path)
        .args([
            "-af",
            "ebur128=peak=true:framelog=verbose",
            "-f",
            "null",
            "-",
        ])
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    let figure = |name: &str| -> f64 {
        let line = report
            .lines()
            .filter_map(|line| line.trim().strip_prefix(name))
            .next_back()
            .unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (figure("I:"), figure("Peak:"))
}

/// Listens to progress.
#[derive(Default)]
pub struct Listener {
    heard: Mutex<Vec<Progress>>,
}

impl Listener {
    pub fn hear(&self, progress: Progress) {
        self.heard.lock().unwrap().push(progress);
    }

    pub fn heard(&self) -> Vec<Progress> {
        self.heard.lock().unwrap().clone()
    }
}
