//! What a person should know of a finished video.

use super::loudness::TARGET_CENTI_LUFS;
use crate::domain::subtitles::TimingSource;

/// How far a video's loudness may be from the target before a person is told, in
/// hundredths of LU.
const DIFFERENCE_CENTI_LU_MAX: i32 = 100;

/// The notes on a video, in sentences. `loudness_centi_lufs` is none for silence;
/// `missing_letters` are letters of burnt-in subtitles that no font has.
pub(super) fn notes(
    timing: &[TimingSource],
    loudness_centi_lufs: Option<i32>,
    missing_letters: &[char],
) -> Vec<String> {
    [
        estimated(timing),
        level(loudness_centi_lufs),
        letters(missing_letters),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn estimated(timing: &[TimingSource]) -> Option<String> {
    let scenes: Vec<String> = (1..)
        .zip(timing)
        .filter(|(_, timing)| **timing == TimingSource::Estimated)
        .map(|(number, _)| number.to_string())
        .collect();
    let noun = if scenes.len() == 1 { "scene" } else { "scenes" };
    (!scenes.is_empty()).then(|| {
        format!(
            "subtitle times are estimated in {noun} {}: there was no alignment that fits the narration",
            scenes.join(", ")
        )
    })
}

fn level(loudness_centi_lufs: Option<i32>) -> Option<String> {
    let Some(centi_lufs) = loudness_centi_lufs else {
        return Some("the narration is silent: nothing was amplified".to_owned());
    };
    let far = (centi_lufs - TARGET_CENTI_LUFS).abs() > DIFFERENCE_CENTI_LU_MAX;
    far.then(|| {
        format!(
            "the loudness is {}.{} LUFS and not -14: the narration could not be brought closer",
            centi_lufs / 100,
            (centi_lufs % 100).abs() / 10
        )
    })
}

fn letters(missing: &[char]) -> Option<String> {
    let letters: Vec<String> = missing.iter().map(char::to_string).collect();
    (!letters.is_empty()).then(|| {
        format!(
            "no installed font has the letters {} of the subtitles: install one, for example with `sudo apt-get install fonts-noto-core fonts-noto-cjk`",
            letters.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_as_it_should_be_has_no_notes() {
        let notes = notes(&[TimingSource::Aligned; 3], Some(-1_430), &[]);
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn everything_that_is_not_as_it_should_be_is_told() {
        let timing = [
            TimingSource::Estimated,
            TimingSource::Aligned,
            TimingSource::Estimated,
        ];
        let notes = notes(&timing, Some(-2_150), &['火', '山']);
        assert!(notes[0].contains("in scenes 1, 3:"), "{notes:?}");
        assert!(notes[1].contains("-21.5 LUFS"), "{notes:?}");
        assert!(notes[2].contains("火 山"), "{notes:?}");
    }
}
