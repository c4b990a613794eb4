#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::domain::timeline::{AspectRatio, Geometry};

fn limits(ratio: AspectRatio) -> LineLimits {
    LineLimits::for_geometry(&geometry(ratio))
}

fn geometry(ratio: AspectRatio) -> Geometry {
    Geometry::new(ratio, 720).unwrap()
}

/// An alignment that gives every character of a text the same time.
fn even(text: &str, ms_per_character: u32) -> Alignment {
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let at = |index: usize| index as f64 * f64::from(ms_per_character) / 1_000.0;
    let starts: Vec<f64> = (0..characters.len()).map(at).collect();
    let ends: Vec<f64> = (1..=characters.len()).map(at).collect();
    Alignment::from_seconds(characters, &starts, &ends).unwrap()
}

fn speech<'a>(text: &'a str, alignment: Option<&'a Alignment>, audio_ms: u64) -> Speech<'a> {
    Speech {
        text,
        alignment,
        start_ms: 250,
        audio_duration_ms: audio_ms,
        window_end_ms: 250 + audio_ms + 600,
    }
}

/// Subtitles of a text spoken at 60 ms a character.
fn spoken(text: &str, ratio: AspectRatio) -> Vec<Cue> {
    let alignment = even(text, 60);
    let audio_ms = text.chars().count() as u64 * 60;
    let track = Track::compose(&[speech(text, Some(&alignment), audio_ms)], limits(ratio));
    assert_eq!(track.timing, [TimingSource::Aligned]);
    track.cues
}

fn lines(cues: &[Cue]) -> Vec<&str> {
    cues.iter()
        .flat_map(|cue| cue.lines.iter().map(String::as_str))
        .collect()
}

const VOLCANO: &str = "Deep beneath our feet, rock melts into magma. Because magma is lighter \
    than the rock around it, it rises, slowly, towards the surface. Gas bubbles grow as the \
    pressure falls, and finally the mountain can hold it no more.";

#[test]
fn sentences_become_cues_of_two_lines_that_end_where_the_sense_does() {
    let cues = spoken(VOLCANO, AspectRatio::Landscape);
    let text: Vec<String> = cues.iter().map(|cue| cue.lines.join("|")).collect();
    assert_eq!(
        text,
        [
            "Deep beneath our feet,|rock melts into magma.",
            "Because magma is lighter|than the rock around it,",
            "it rises, slowly, towards the surface.",
            "Gas bubbles grow as the pressure falls,",
            "and finally the mountain|can hold it no more.",
        ]
    );
}

#[test]
fn a_cue_appears_when_its_first_word_is_spoken() {
    let cues = spoken(VOLCANO, AspectRatio::Landscape);
    let at = VOLCANO.find("Gas").unwrap() as u64 * 60 + 250;
    assert_eq!(cues[3].start_ms, at);
    assert!(cues[3].lines[0].starts_with("Gas"));
}

#[test]
fn an_upright_frame_gets_narrow_lines() {
    let cues = spoken(VOLCANO, AspectRatio::Portrait);
    for line in lines(&cues) {
        assert!(line.width() <= 24, "{line}");
    }
    assert!(cues.iter().all(|cue| cue.lines.len() <= 2));
}

#[test]
fn no_word_is_left_alone_on_the_screen() {
    for ratio in AspectRatio::ALL {
        for cue in spoken(VOLCANO, ratio) {
            let words = cue.lines.join(" ").split(' ').count();
            assert!(words >= 2, "{ratio}: {:?}", cue.lines);
        }
    }
}

#[test]
fn a_word_wider_than_a_line_is_broken_and_kept_whole() {
    let text =
        "See Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft now.";
    let cues = spoken(text, AspectRatio::Portrait);
    let joined: String = lines(&cues).concat();
    assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
    assert!(lines(&cues).iter().all(|line| line.width() <= 24));
}

#[test]
fn a_line_of_wide_letters_holds_fewer_of_them() {
    let cues = spoken(&"W".repeat(24), AspectRatio::Portrait);
    assert_eq!(lines(&cues), ["W".repeat(15), "W".repeat(9)]);
}

#[test]
fn chinese_is_broken_between_characters_but_never_before_a_stop() {
    let text = "火山爆发是因为地下的岩浆在巨大的压力下冲破地壳，喷出炽热的熔岩和火山灰。这一过程可以持续数小时，甚至数月。";
    let cues = spoken(text, AspectRatio::Portrait);
    assert_eq!(lines(&cues).concat(), text);
    for line in lines(&cues) {
        assert!(line.width() <= 24, "{line}");
        assert!(!line.starts_with(['，', '。', '、']), "{line}");
    }
}

#[test]
fn numbers_contractions_and_abbreviations_end_no_sentence() {
    let text = "Dr. Smith says it can't exceed 3.5 degrees. That is much.";
    let cues = spoken(text, AspectRatio::Landscape);
    let text: Vec<String> = cues.iter().map(|cue| cue.lines.join("|")).collect();
    assert!(text[0].ends_with("3.5 degrees."), "{text:?}");
}

#[test]
fn without_an_alignment_words_are_spread_over_the_sound_and_marked() {
    let track = Track::compose(
        &[speech(VOLCANO, None, 14_000)],
        limits(AspectRatio::Landscape),
    );
    assert_eq!(track.timing, [TimingSource::Estimated]);
    assert_eq!(track.cues.first().unwrap().start_ms, 250);
    let last = track.cues.last().unwrap();
    assert!(last.end_ms > 13_500 && last.end_ms <= 14_850, "{last:?}");
}

#[test]
fn an_alignment_of_another_text_or_another_sound_is_not_believed() {
    let right = even(VOLCANO, 60);
    let audio_ms = VOLCANO.len() as u64 * 60;
    let timing = |text: &str, alignment: &Alignment, audio_ms| {
        Track::compose(
            &[speech(text, Some(alignment), audio_ms)],
            limits(AspectRatio::Landscape),
        )
        .timing[0]
    };
    assert_eq!(timing(VOLCANO, &right, audio_ms), TimingSource::Aligned);
    assert_eq!(
        timing("Something else entirely.", &right, audio_ms),
        TimingSource::Estimated
    );
    assert_eq!(timing(VOLCANO, &right, 4_000), TimingSource::Estimated);
    assert_eq!(timing(VOLCANO, &right, 90_000), TimingSource::Estimated);
}

#[test]
fn a_provider_that_straightens_quotes_and_spaces_is_still_believed() {
    let alignment = even("It's  \"hot\" - very.", 80);
    let track = Track::compose(
        &[speech("It’s “hot” – very.", Some(&alignment), 1_600)],
        limits(AspectRatio::Landscape),
    );
    assert_eq!(track.timing, [TimingSource::Aligned]);
    assert_eq!(track.cues[0].lines, ["It’s “hot” – very."]);
}

#[test]
fn lists_that_cannot_be_an_alignment_are_refused() {
    let one = || vec!["a".to_owned()];
    assert!(matches!(
        Alignment::from_seconds(one(), &[], &[0.1]),
        Err(AlignmentError::Lengths { .. })
    ));
    assert_eq!(
        Alignment::from_seconds(vec![], &[], &[]),
        Err(AlignmentError::Empty)
    );
    for bad in [f64::NAN, f64::INFINITY, -0.5, 1e12] {
        assert_eq!(
            Alignment::from_seconds(one(), &[0.0], &[bad]),
            Err(AlignmentError::Time { index: 0 })
        );
    }
}

#[test]
fn an_alignment_with_every_character_at_once_still_gives_readable_cues() {
    let characters: Vec<String> = VOLCANO.chars().map(String::from).collect();
    let zeros = vec![0.0; characters.len()];
    let ends = vec![13.0; characters.len()];
    let alignment = Alignment::from_seconds(characters, &zeros, &ends).unwrap();
    let track = Track::compose(
        &[speech(VOLCANO, Some(&alignment), 13_500)],
        limits(AspectRatio::Landscape),
    );
    for cue in &track.cues {
        assert!(cue.end_ms >= cue.start_ms + 800, "{cue:?}");
    }
}

#[test]
fn a_part_of_a_track_has_the_cues_that_stand_in_it_with_its_own_times() {
    let cue = |start_ms, end_ms| Cue {
        start_ms,
        end_ms,
        lines: vec!["x".into()],
    };
    let track = Track {
        cues: vec![cue(0, 1_000), cue(1_500, 4_000), cue(5_000, 6_000)],
        timing: vec![],
    };
    assert_eq!(track.between(1_000, 5_000), [cue(500, 3_000)]);
    assert_eq!(
        track.between(2_000, 5_500),
        [cue(0, 2_000), cue(3_000, 3_500)]
    );
    assert_eq!(track.between(6_000, 9_000), []);
}

#[test]
fn empty_text_gives_no_cues() {
    let track = Track::compose(
        &[speech(" \n\t ", None, 3_000)],
        limits(AspectRatio::Square),
    );
    assert!(track.cues.is_empty());
    assert_eq!(to_srt(&track.cues), "");
}

#[test]
fn a_silence_divides_what_would_fit_on_one_screen() {
    let text = "Wait for it. Boom, it goes.";
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let pause_at = text.find("Boom").unwrap();
    let time = |index: usize| index as f64 * 0.08 + if index >= pause_at { 2.0 } else { 0.0 };
    let starts: Vec<f64> = (0..characters.len()).map(time).collect();
    let ends: Vec<f64> = starts.iter().map(|s| s + 0.08).collect();
    let alignment = Alignment::from_seconds(characters, &starts, &ends).unwrap();
    let track = Track::compose(
        &[speech(text, Some(&alignment), 4_400)],
        limits(AspectRatio::Landscape),
    );
    assert_eq!(lines(&track.cues), ["Wait for it.", "Boom, it goes."]);
    // Gone while nothing is said.
    assert!(track.cues[0].end_ms < track.cues[1].start_ms - 1_000);
}

#[test]
fn subrip_is_written_as_players_read_it() {
    let cues = [
        Cue {
            start_ms: 0,
            end_ms: 1_500,
            lines: vec!["A <b> and -->".into(), "two < three".into()],
        },
        Cue {
            start_ms: 3_661_042,
            end_ms: 3_662_000,
            lines: vec!["Late".into()],
        },
    ];
    assert_eq!(
        to_srt(&cues),
        "1\n00:00:00,000 --> 00:00:01,500\nA <\u{2060}b> and →\ntwo < three\n\n\
         2\n01:01:01,042 --> 01:01:02,000\nLate\n\n"
    );
}

#[test]
fn nothing_in_a_text_is_an_override_when_it_is_burnt_in() {
    let cues = [Cue {
        start_ms: 1_239,
        end_ms: 2_999,
        lines: vec![r"{\fs200}C:\New\hot".into(), "}, second".into()],
    }];
    let file = to_ass(&cues, &geometry(AspectRatio::Landscape), "A,B\nStyle");
    let last = file.lines().last().unwrap();
    assert_eq!(
        last,
        "Dialogue: 0,0:00:01.23,0:00:02.99,Default,,0,0,0,,\
         \\{\\\u{2060}fs200\\}C:\\\u{2060}New\\\u{2060}hot\\N\\}, second"
    );
    assert!(file.contains("Style: Default,ABStyle,46,"));
}

#[test]
fn burnt_in_letters_follow_the_size_of_the_frame() {
    let size = |ratio, side| {
        let file = to_ass(&[], &Geometry::new(ratio, side).unwrap(), "X");
        let style = file
            .lines()
            .find(|line| line.starts_with("Style:"))
            .unwrap();
        style.split(',').nth(2).unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(size(AspectRatio::Landscape, 720), 46);
    assert_eq!(size(AspectRatio::Landscape, 1_440), 92);
    assert_eq!(size(AspectRatio::Portrait, 1_080), 86);
}

/// Texts of words, numbers, marks, other scripts and odd characters.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-zA-Z]{1,12}",
        2 => "[a-z]{1,8}[.,;!?]",
        1 => "[0-9]{1,6}",
        1 => "[一-龥]{1,30}[。，]?",
        1 => "[ก-ฮ]{1,30}",
        1 => "[א-ת]{1,10}",
        1 => "\\PC{1,6}",
        1 => "[a-z]{30,90}",
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("{\\an8}".to_owned()),
        1 => Just("\r\n\u{7}".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.join(" "))
}

fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn all_words_appear_in_order_without_overlap_or_overrun(
        texts in prop::collection::vec(any_text(), 1..4),
        aligned in any::<bool>(),
        ms_per_character in 0_u32..120,
        ratio in prop::sample::select(AspectRatio::ALL.to_vec()),
    ) {
        let alignments: Vec<Option<Alignment>> = texts
            .iter()
            .map(|text| (aligned && !text.is_empty()).then(|| even(text, ms_per_character)))
            .collect();
        let mut scenes = Vec::new();
        let mut start_ms = 266;
        for (text, alignment) in texts.iter().zip(&alignments) {
            let audio_duration_ms =
                (text.chars().count() as u64 * u64::from(ms_per_character)).max(1_000);
            let window_end_ms = start_ms + audio_duration_ms + 350;
            scenes.push(Speech {
                text,
                alignment: alignment.as_ref(),
                start_ms,
                audio_duration_ms,
                window_end_ms,
            });
            start_ms = window_end_ms;
        }
        let limits = limits(ratio);
        let track = Track::compose(&scenes, limits);
        let shown: String = track.cues.iter().flat_map(|cue| cue.lines.clone()).collect();
        prop_assert_eq!(bare(&shown), bare(&texts.concat()));
        let mut before_ms = 0;
        for cue in &track.cues {
            prop_assert!(cue.start_ms >= before_ms, "overlap: {:?}", cue);
            prop_assert!(cue.end_ms >= cue.start_ms);
            before_ms = cue.end_ms;
            prop_assert!((1..=2).contains(&cue.lines.len()));
            for line in &cue.lines {
                // One grapheme may be wider than any limit; nothing else is.
                prop_assert!(
                    line.width() <= limits.columns_max || line.chars().count() < limits.columns_max,
                    "{} columns: {}", line.width(), line
                );
            }
        }
        prop_assert!(before_ms <= start_ms, "beyond the end");
        // Both files can be written from anything.
        prop_assert_eq!(to_srt(&track.cues).matches(" --> ").count(), track.cues.len());
        let ass = to_ass(&track.cues, &geometry(ratio), FONT_FAMILY_DEFAULT);
        prop_assert_eq!(ass.lines().filter(|l| l.starts_with("Dialogue:")).count(), track.cues.len());
    }
}
