//! Packing sound as MP3 or Opus with ffmpeg.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::application::{Encoder, MediaError, Pending};
use crate::domain::speech::format::Codec;
use crate::domain::speech::{OutputFormat, Sound};

/// Some minutes of speech are packed within a second; this long means that something is stuck.
const ENCODE_TIMEOUT: Duration = Duration::from_secs(30);

/// Encoders at the same time.
const PROCESSES_MAX: usize = 2;

/// Packs with the program ffmpeg if it is there.
pub struct Ffmpeg {
    program: Option<PathBuf>,
    turns: Semaphore,
}

impl Ffmpeg {
    /// With the ffmpeg on PATH, if there is one.
    #[must_use]
    pub fn on_path() -> Self {
        Self::with(super::program_on_path("ffmpeg"))
    }

    /// With this program, or none.
    #[must_use]
    pub fn with(program: Option<PathBuf>) -> Self {
        Self {
            program,
            turns: Semaphore::new(PROCESSES_MAX),
        }
    }

    async fn run(&self, sound: &Sound, format: OutputFormat) -> Result<Vec<u8>, MediaError> {
        let (codec, container, what) = match format.codec {
            Codec::Opus => ("libopus", "ogg", "Opus audio"),
            _ => ("libmp3lame", "mp3", "MP3 audio"),
        };
        let Some(program) = &self.program else {
            return Err(MediaError::Missing {
                program: "ffmpeg",
                what: what.to_owned(),
                instead: "install ffmpeg or ask for pcm_24000",
            });
        };
        let failed = |reason: String| MediaError::Failed {
            program: "ffmpeg",
            reason,
        };
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let rate = sound.rate_hz.to_string();
        let kbps = format!("{}k", format.kbps.max(32));
        let mut child = Command::new(program)
            .args([
                "-hide_banner",
                "-nostdin",
                "-v",
                "error",
                "-f",
                "s16le",
                "-ar",
                &rate,
                "-ac",
                "1",
                "-i",
                "pipe:0",
            ])
            .args(["-c:a", codec, "-b:a", &kbps, "-f", container, "pipe:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                stdin.write_all(&sound.pcm16()).await?;
                stdin.shutdown().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let run = async {
            let (fed, output) = tokio::join!(feed, child.wait_with_output());
            fed.and(output)
        };
        let output = tokio::time::timeout(ENCODE_TIMEOUT, run)
            .await
            .map_err(|_| failed(format!("no end after {} s", ENCODE_TIMEOUT.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        Ok(output.stdout)
    }
}

impl Encoder for Ffmpeg {
    fn encode<'a>(
        &'a self,
        sound: &'a Sound,
        format: OutputFormat,
    ) -> Pending<'a, Result<Vec<u8>, MediaError>> {
        Box::pin(self.run(sound, format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_ffmpeg_the_error_names_what_works_without_it() {
        let sound = Sound::silent(44_100, 0.1);
        let packed = Ffmpeg::with(None)
            .encode(&sound, OutputFormat::DEFAULT)
            .await;
        let message = packed.err().map(|error| error.to_string());
        assert!(
            message
                .as_ref()
                .is_some_and(|text| text.contains("pcm_24000") && text.contains("ffmpeg")),
            "{message:?}"
        );
    }
}
