//! Speaking with espeak-ng, or in tones where it is not installed.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

use crate::application::{MediaError, Pending, Speaker, Spoken};
use crate::domain::speech::alignment::lay_out;
use crate::domain::speech::{Manner, Sound, breaths, sound, tones};

/// A breath takes espeak-ng some milliseconds; one that takes this long never ends.
const SPEAK_TIMEOUT: Duration = Duration::from_secs(20);

/// Synthesisers at the same time.
const PROCESSES_MAX: usize = 4;

/// The silence between two breaths, in seconds at ordinary speed.
const PAUSE_SECONDS: f64 = 0.32;

/// How loud speech is made, of 1.
const PEAK: f32 = 0.7;

/// Speaks with the program espeak-ng if it is there.
pub struct Espeak {
    program: Option<PathBuf>,
    turns: Semaphore,
}

impl Espeak {
    /// With the espeak-ng on PATH, if there is one.
    #[must_use]
    pub fn on_path() -> Self {
        Self::with(super::program_on_path("espeak-ng"))
    }

    /// With this program, or in tones only.
    #[must_use]
    pub fn with(program: Option<PathBuf>) -> Self {
        Self {
            program,
            turns: Semaphore::new(PROCESSES_MAX),
        }
    }

    async fn breath(
        &self,
        program: &PathBuf,
        text: &str,
        manner: &Manner,
    ) -> Result<Sound, MediaError> {
        let failed = |reason: String| MediaError::Failed {
            program: "espeak-ng",
            reason,
        };
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut child = Command::new(program)
            .args(arguments(manner))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let stdin = child.stdin.take();
        // The text goes in through a pipe: it never stands on a command line or in a shell.
        let feed = async {
            if let Some(mut stdin) = stdin {
                stdin.write_all(text.as_bytes()).await?;
                stdin.shutdown().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let run = async {
            let (fed, output) = tokio::join!(feed, child.wait_with_output());
            fed.and(output)
        };
        let output = tokio::time::timeout(SPEAK_TIMEOUT, run)
            .await
            .map_err(|_| failed(format!("no end after {} s", SPEAK_TIMEOUT.as_secs())))?
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        sound::from_wav(&output.stdout)
            .ok_or_else(|| failed("its output is not a WAV file".to_owned()))
    }

    async fn speak_or_fail(
        &self,
        program: &PathBuf,
        text: &str,
        manner: &Manner,
    ) -> Result<Spoken, MediaError> {
        let parts = breaths(text);
        let spoken = parts
            .iter()
            .map(|range| self.breath(program, text[range.clone()].trim(), manner));
        let sounds: Vec<Sound> = futures::future::try_join_all(spoken).await?;
        let rate_hz = sounds.first().map_or(tones::RATE_HZ, |sound| sound.rate_hz);
        let mut next = sounds
            .into_iter()
            .map(|sound| sound.trimmed().levelled(PEAK));
        let pause = PAUSE_SECONDS / manner.speed.max(0.1);
        let (sound, alignment) = lay_out(text, pause, rate_hz, |_| next.next().unwrap_or_default());
        Ok(Spoken { sound, alignment })
    }
}

impl Speaker for Espeak {
    fn speak<'a>(&'a self, text: &'a str, manner: Manner) -> Pending<'a, Spoken> {
        Box::pin(async move {
            if let Some(program) = &self.program {
                match self.speak_or_fail(program, text, &manner).await {
                    Ok(spoken) => return spoken,
                    Err(error) => tracing::warn!(%error, "speaking in tones instead"),
                }
            }
            let text = text.to_owned();
            let in_tones = tokio::task::spawn_blocking(move || {
                let (sound, alignment) =
                    tones::speak_all(&text, &manner, PAUSE_SECONDS / manner.speed.max(0.1));
                Spoken { sound, alignment }
            });
            in_tones.await.unwrap_or_default()
        })
    }

    fn name(&self) -> String {
        self.program.as_ref().map_or_else(
            || "tones (espeak-ng is not on PATH)".to_owned(),
            |program| program.display().to_string(),
        )
    }
}

/// The arguments of espeak-ng: a voice with its variant, speed and pitch. Nothing of the text.
fn arguments(manner: &Manner) -> Vec<String> {
    let timbre = manner.timbre;
    let language = if manner.language == "en" {
        timbre.accent
    } else {
        manner.language
    };
    let variant = if timbre.female {
        format!("f{}", timbre.variant)
    } else {
        format!("m{}", timbre.variant)
    };
    let speed = (f64::from(timbre.words_per_minute) * manner.speed)
        .round()
        .clamp(80.0, 450.0);
    ["--stdin", "--stdout", "-b", "1", "-v"]
        .into_iter()
        .map(str::to_owned)
        .chain([
            format!("{language}+{variant}"),
            "-s".to_owned(),
            format!("{speed:.0}"),
            "-p".to_owned(),
            timbre.pitch.to_string(),
        ])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::speech::voices;

    const TEXT: &str = "Tides rise, and fall. <b>--help</b>; twice a day!";

    fn manner() -> Manner {
        Manner {
            speed: 1.0,
            language: "en",
            timbre: voices::ALL[0].timbre,
        }
    }

    #[tokio::test]
    async fn without_a_synthesiser_that_works_there_are_tones_with_the_same_letters() {
        for program in [
            None,
            Some("/nowhere/espeak-ng".into()),
            Some("/bin/false".into()),
        ] {
            let spoken = Espeak::with(program).speak(TEXT, manner()).await;
            assert_eq!(spoken.alignment.characters.concat(), TEXT);
            assert_eq!(spoken.sound.rate_hz, tones::RATE_HZ);
            assert!((2.0..15.0).contains(&spoken.sound.seconds()));
        }
    }

    #[test]
    fn nothing_of_the_text_stands_on_the_command_line() {
        let arguments = arguments(&manner());
        assert_eq!(
            arguments.join(" "),
            "--stdin --stdout -b 1 -v en-gb+m3 -s 158 -p 38"
        );
    }
}
