//! What was bought for a section, and what comes next.

use serde::{Deserialize, Serialize};

use super::Seen;

/// Corrections by the code model after its first code, and after each visual fix.
pub const CORRECTIONS_MAX: usize = 3;
/// Rounds in which the code model mends what the look at the picture found.
pub const VISUAL_FIXES_MAX: usize = 2;
/// The most calls for the code of one section: the first one and each visual fix with its corrections, which is twelve,
/// and the last attempt by the pro model.
pub const CODE_CALLS_MAX: usize = (1 + VISUAL_FIXES_MAX) * (1 + CORRECTIONS_MAX) + 1;
/// The most versions of a section that are looked at: the first, each visual fix, and the last attempt.
pub const LOOKS_MAX: usize = 1 + VISUAL_FIXES_MAX + 1;

/// Why a version of the code was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// The first one.
    First,
    /// The one before failed.
    Correction,
    /// The picture of the one before has a fault.
    VisualFix,
    /// The pro model's only one, when all else has failed.
    LastAttempt,
}

/// What is wrong with a version's code, as its author is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The kind of fault, in one word.
    pub fault: String,
    /// The traceback's last line, or what the gate or a limit said.
    pub message: String,
    /// The number of the line at fault, from 1, and the line.
    #[serde(default)]
    pub line: Option<(u32, String)>,
}

/// A rendered picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footage {
    /// The file.
    pub path: String,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// How many frames it has.
    pub frames: u64,
}

/// One version of a section's code, and how it fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Why it was asked for.
    pub kind: CodeKind,
    /// Who wrote it.
    pub model: String,
    /// The call that bought it, as it is recorded.
    pub event_id: String,
    /// The Python source.
    pub code: String,
    /// Whether the call is recorded as discarded.
    #[serde(default)]
    pub thrown_away: bool,
    /// What is wrong with the code.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// Whether it ran to its end without a picture.
    #[serde(default)]
    pub checked: bool,
    /// Its picture.
    #[serde(default)]
    pub footage: Option<Footage>,
    /// What the look at the picture found.
    #[serde(default)]
    pub seen: Option<Seen>,
}

impl Version {
    /// A version that was just bought.
    #[must_use]
    pub fn new(kind: CodeKind, model: String, event_id: String, code: String) -> Self {
        Self {
            kind,
            model,
            event_id,
            code,
            thrown_away: false,
            trouble: None,
            checked: false,
            footage: None,
            seen: None,
        }
    }
}

/// Everything that was bought for a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The versions of its code, in the order in which they were bought.
    pub versions: Vec<Version>,
    /// Whether the video failed for it: when a person resumes that, it is begun anew.
    #[serde(default)]
    pub given_up: bool,
}

/// What is to be done next. A place is an index of [`Section::versions`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Buy code.
    Buy(CodeKind),
    /// Run the code without a picture.
    Check(usize),
    /// Render it.
    Render(usize),
    /// Look at the picture.
    Look(usize),
    /// Record the call as discarded: its code is not used.
    ThrowAway(usize),
    /// The section stands.
    Done {
        /// The version that is shown.
        place: usize,
        /// What the look at it left open; `None` when it was found clean.
        doubt: Option<Seen>,
    },
    /// It cannot be made: why.
    Failed(String),
}

impl Section {
    /// What is to be done next; `looks` says whether anybody can look at pictures.
    #[must_use]
    pub fn next(&self, looks: bool) -> Step {
        let troubled = |version: &Version| version.trouble.is_some() && !version.thrown_away;
        if let Some(place) = self.versions.iter().position(troubled) {
            return Step::ThrowAway(place);
        }
        let Some((place, last)) = self.versions.iter().enumerate().next_back() else {
            return Step::Buy(CodeKind::First);
        };
        if last.trouble.is_some() {
            return self.after_trouble(last);
        }
        if !last.checked {
            return Step::Check(place);
        }
        if last.footage.is_none() {
            return Step::Render(place);
        }
        match &last.seen {
            None if looks => Step::Look(place),
            Some(Seen::Flawed(_)) => self.after_flaw(last),
            None => self.done(place, Some(Seen::Unknown("nobody looked at it".to_owned()))),
            Some(Seen::Clean) => self.done(place, None),
            Some(unknown @ Seen::Unknown(_)) => self.done(place, Some(unknown.clone())),
        }
    }

    fn after_trouble(&self, last: &Version) -> Step {
        let corrections = self.versions.iter().rev();
        let in_a_row = corrections
            .take_while(|version| version.kind == CodeKind::Correction)
            .count();
        match last.kind {
            CodeKind::LastAttempt => self.settle(),
            _ if in_a_row < CORRECTIONS_MAX => Step::Buy(CodeKind::Correction),
            _ => Step::Buy(CodeKind::LastAttempt),
        }
    }

    fn after_flaw(&self, last: &Version) -> Step {
        let fixes = self
            .versions
            .iter()
            .filter(|version| version.kind == CodeKind::VisualFix)
            .count();
        match last.kind {
            CodeKind::LastAttempt => self.settle(),
            _ if fixes < VISUAL_FIXES_MAX => Step::Buy(CodeKind::VisualFix),
            _ => Step::Buy(CodeKind::LastAttempt),
        }
    }

    /// Nothing more may be bought: the newest picture is shown, with what was said against it; without one, nothing is.
    fn settle(&self) -> Step {
        let shown = self
            .versions
            .iter()
            .rposition(|version| version.trouble.is_none() && version.footage.is_some());
        match shown {
            Some(place) => {
                let seen = self
                    .versions
                    .get(place)
                    .and_then(|shown| shown.seen.clone());
                self.done(place, seen)
            }
            None => {
                let last = self
                    .versions
                    .iter()
                    .rev()
                    .find_map(|it| it.trouble.as_ref());
                let why = last.map_or("there is no picture", |trouble| trouble.message.as_str());
                Step::Failed(why.to_owned())
            }
        }
    }

    /// What is not shown was paid for and thrown away, and the bill says so before the section counts as done.
    fn done(&self, place: usize, doubt: Option<Seen>) -> Step {
        let unused = self
            .versions
            .iter()
            .enumerate()
            .position(|(other, version)| other != place && !version.thrown_away);
        match unused {
            Some(unused) => Step::ThrowAway(unused),
            None => Step::Done { place, doubt },
        }
    }

    /// How many calls for code may still be needed, at worst.
    #[must_use]
    pub fn code_calls_left(&self, looks: bool) -> usize {
        // Without a look at its picture nothing is mended but what fails.
        let most = if looks {
            CODE_CALLS_MAX
        } else {
            1 + CORRECTIONS_MAX + 1
        };
        match self.next(looks) {
            Step::Done { .. } | Step::Failed(_) => 0,
            _ => most.saturating_sub(self.versions.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bought(section: &mut Section, kind: CodeKind) {
        let event = format!("e{}", section.versions.len());
        let version = Version::new(kind, "m".to_owned(), event, "c".to_owned());
        section.versions.push(version);
    }

    fn trouble() -> Trouble {
        Trouble {
            fault: "raised".to_owned(),
            message: "NameError: name 'UPP' is not defined".to_owned(),
            line: None,
        }
    }

    fn footage() -> Footage {
        Footage {
            path: "v.mp4".to_owned(),
            duration_ms: 1_000,
            frames: 30,
        }
    }

    /// Plays a section: `code` and `look` say how each version fares.
    fn play(
        code: impl Fn(usize) -> bool,
        look: impl Fn(usize) -> Seen,
        looks: bool,
    ) -> (Section, Step, usize) {
        let mut section = Section::default();
        let mut looked = 0;
        for _ in 0..200 {
            match section.next(looks) {
                Step::Buy(kind) => bought(&mut section, kind),
                Step::Check(place) if code(place) => section.versions[place].checked = true,
                Step::Check(place) => section.versions[place].trouble = Some(trouble()),
                Step::Render(place) => section.versions[place].footage = Some(footage()),
                Step::Look(place) => {
                    looked += 1;
                    section.versions[place].seen = Some(look(place));
                }
                Step::ThrowAway(place) => {
                    assert!(!section.versions[place].thrown_away, "twice");
                    section.versions[place].thrown_away = true;
                }
                end => return (section, end, looked),
            }
        }
        unreachable!("a section ends")
    }

    fn kinds(section: &Section) -> Vec<CodeKind> {
        section.versions.iter().map(|it| it.kind).collect()
    }

    fn used(section: &Section) -> usize {
        section.versions.iter().filter(|it| !it.thrown_away).count()
    }

    #[test]
    fn good_code_with_a_clean_picture_is_bought_once() {
        let (section, end, looked) = play(|_| true, |_| Seen::Clean, true);
        assert_eq!(kinds(&section), [CodeKind::First]);
        assert_eq!(
            end,
            Step::Done {
                place: 0,
                doubt: None
            }
        );
        assert_eq!(looked, 1);
    }

    #[test]
    fn code_that_fails_is_corrected_at_most_three_times_and_then_given_to_the_pro_model_once() {
        let (section, end, _) = play(|_| false, |_| Seen::Clean, true);
        assert_eq!(
            kinds(&section),
            [
                CodeKind::First,
                CodeKind::Correction,
                CodeKind::Correction,
                CodeKind::Correction,
                CodeKind::LastAttempt
            ]
        );
        assert_eq!(end, Step::Failed(trouble().message));
        assert_eq!(used(&section), 0, "every call is discarded");
        let (section, end, _) = play(|place| place == 4, |_| Seen::Clean, true);
        assert_eq!(
            end,
            Step::Done {
                place: 4,
                doubt: None
            }
        );
        assert_eq!(used(&section), 1);
    }

    #[test]
    fn a_fault_in_the_picture_is_fixed_at_most_twice_and_the_last_word_is_the_pro_models() {
        let flawed = || Seen::Flawed("cut off".to_owned());
        let (section, end, looked) = play(|_| true, |_| flawed(), true);
        assert_eq!(
            kinds(&section),
            [
                CodeKind::First,
                CodeKind::VisualFix,
                CodeKind::VisualFix,
                CodeKind::LastAttempt
            ]
        );
        assert_eq!(looked, LOOKS_MAX);
        // The newest picture is shown, and what was said against it is not forgotten.
        assert_eq!(
            end,
            Step::Done {
                place: 3,
                doubt: Some(flawed())
            }
        );
        assert_eq!(used(&section), 1);
    }

    #[test]
    fn a_fix_that_fails_for_good_does_not_lose_the_picture_before_it() {
        let flawed = || Seen::Flawed("cut off".to_owned());
        let (section, end, _) = play(|place| place == 0, |_| flawed(), true);
        assert_eq!(
            end,
            Step::Done {
                place: 0,
                doubt: Some(flawed())
            }
        );
        assert_eq!(used(&section), 1);
        assert!(!section.versions[0].thrown_away);
    }

    #[test]
    fn the_worst_case_is_what_the_constants_say() {
        // Each lineage succeeds with its last correction, and every picture has a fault.
        let (section, _, looked) = play(
            |place| matches!(place, 3 | 7 | 11 | 12),
            |_| Seen::Flawed("cut off".to_owned()),
            true,
        );
        assert_eq!(section.versions.len(), CODE_CALLS_MAX);
        assert_eq!(CODE_CALLS_MAX, 13);
        assert_eq!(looked, LOOKS_MAX);
    }

    #[test]
    fn without_a_verdict_it_is_shown_and_said_and_never_passed() {
        let unknown = Seen::Unknown("the model said nothing".to_owned());
        let (_, end, _) = play(|_| true, |_| unknown.clone(), true);
        assert_eq!(
            end,
            Step::Done {
                place: 0,
                doubt: Some(unknown)
            }
        );
        let (_, end, looked) = play(|_| true, |_| Seen::Clean, false);
        assert!(matches!(
            end,
            Step::Done {
                doubt: Some(Seen::Unknown(_)),
                ..
            }
        ));
        assert_eq!(looked, 0);
    }
}
