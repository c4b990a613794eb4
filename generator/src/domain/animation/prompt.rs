//! What the author of a section's code is asked.

use super::{CODE_CALLS_MAX, Section, Seen, Trouble, Version};
use crate::domain::script::{Aspect, fenced};

/// The class that is rendered.
pub const SCENE_CLASS: &str = "Section";

/// The longest message of a fault that is passed on, in characters: the last line of a traceback is short, and a
/// stranger's code may raise a novel.
const MESSAGE_CHARS_MAX: usize = 400;

/// A request for plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The standing instruction.
    pub system: String,
    /// The request.
    pub user: String,
}

/// What a section's animation is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What the video is about, in the person's own words.
    pub topic: String,
    /// The video's title.
    pub title: String,
    /// The section, from 1.
    pub number: u32,
    /// How many sections there are.
    pub of: u32,
    /// What the voice says over it.
    pub narration: String,
    /// What the outline wants to be seen.
    pub animation: String,
    /// How long the voice will take, in seconds.
    pub seconds: u64,
    /// The picture's shape.
    pub aspect: Aspect,
}

impl Task {
    fn words(&self) -> String {
        let (width, height) = frame_units(self.aspect);
        format!(
            "Section {number} of {of} of the video \"{title}\".\n\
             \n\
             <topic>\n{topic}\n</topic>\n\
             \n\
             What the voice says meanwhile: {narration}\n\
             What is to be seen: {animation}\n\
             The animation lasts about {seconds} seconds. The frame is {width} units wide and {height} high.\n",
            number = self.number,
            of = self.of,
            title = fenced(&self.title),
            topic = fenced(&self.topic),
            narration = fenced(&self.narration),
            animation = fenced(&self.animation),
            seconds = self.seconds,
        )
    }
}

/// The frame in Manim's units: eight high, as wide as its shape makes it.
fn frame_units(aspect: Aspect) -> (&'static str, &'static str) {
    match aspect {
        Aspect::Landscape => ("14.2", "8"),
        Aspect::Portrait => ("4.5", "8"),
        Aspect::Square => ("8", "8"),
    }
}

/// What every author is told. The classes named here are those that Manim 0.22 has and that work without LaTeX.
fn system() -> String {
    format!(
        "You write animations with Manim Community 0.22 for explaining videos. \
         You answer with one Python file in one code block, and nothing else.\n\
         \n\
         Rules\n\
         - `from manim import *` first; beside manim only numpy, math and random may be imported. No files, no network, no input.\n\
         - One class `{SCENE_CLASS}(Scene)` with `construct`. Nothing runs at import time.\n\
         - There is no LaTeX: never Tex, MathTex, Integer, DecimalNumber, Variable, Matrix or include_numbers. \
         Words are Text; a formula is MathTypst(\"e^(i pi) + 1 = 0\").\n\
         - Show the thing itself: shapes with labels, arrows for what flows, colours that mean something, one idea after the other. \
         Not a slide with a sentence.\n\
         - Everything stays inside the frame with half a unit of air, labels do not overlap, and the lowest 1.4 units stay free: \
         subtitles stand there. Texts have a font size of 24 to 44; long ones are broken or scaled with scale_to_fit_width.\n\
         - No loop without an end, no updater that never stops, fewer than 300 objects. The last picture stays: end with self.wait(1).\n"
    )
}

/// Asks for the first code.
#[must_use]
pub fn code_request(task: &Task) -> Request {
    Request {
        system: system(),
        user: format!(
            "Write the Manim animation of this section.\n\n{}",
            task.words()
        ),
    }
}

/// Asks for a correction of code that failed: with the last line of the traceback and the line of code, not the whole
/// box that Manim prints.
#[must_use]
pub fn correction_request(task: &Task, version: &Version, trouble: &Trouble) -> Request {
    Request {
        system: system(),
        user: format!(
            "This Manim code failed. Correct it and answer with the whole file.\n\
             \n\
             Error: {error}\n\
             {line}\
             \n\
             ```python\n{code}```\n\
             \n\
             {task}",
            error = cut(&trouble.message),
            line = trouble
                .line
                .as_ref()
                .map_or_else(String::new, |(number, text)| {
                    format!("In line {number}: {}\n", cut(text))
                }),
            code = version.code,
            task = task.words(),
        ),
    }
}

/// Asks for a mending of what the look at the picture found.
#[must_use]
pub fn fix_request(task: &Task, version: &Version, issue: &str) -> Request {
    Request {
        system: system(),
        user: format!(
            "This Manim code runs, but its picture has a fault. Mend the layout and answer with the whole file.\n\
             \n\
             Fault in the picture: {issue}\n\
             \n\
             ```python\n{code}```\n\
             \n\
             {task}",
            issue = cut(issue),
            code = version.code,
            task = task.words(),
        ),
    }
}

/// Asks the pro model, which is given what the others ran into and not their code.
#[must_use]
pub fn last_request(task: &Task, section: &Section) -> Request {
    let mut reasons: Vec<String> = Vec::with_capacity(CODE_CALLS_MAX);
    for version in &section.versions {
        let reason = match (&version.trouble, &version.seen) {
            (Some(trouble), _) => cut(&trouble.message),
            (None, Some(Seen::Flawed(issue))) => cut(issue),
            _ => continue,
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let listed: String = reasons
        .iter()
        .map(|reason| format!("- {reason}\n"))
        .collect();
    Request {
        system: system(),
        user: format!(
            "Write the Manim animation of this section. Others have tried and failed with what is listed below: \
             use only what you are sure of, and keep it simple.\n\
             \n\
             Earlier failures:\n{listed}\n{}",
            task.words()
        ),
    }
}

fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::animation::CodeKind;

    fn task() -> Task {
        Task {
            topic: "How does a heat pump work?".to_owned(),
            title: "Heat from cold air".to_owned(),
            number: 2,
            of: 5,
            narration: "A compressor squeezes the gas.".to_owned(),
            animation: "A cycle of four parts.".to_owned(),
            seconds: 8,
            aspect: Aspect::Landscape,
        }
    }

    fn version() -> Version {
        let code = "class Section(Scene):\n    pass\n".to_owned();
        Version::new(CodeKind::First, "m".to_owned(), "e".to_owned(), code)
    }

    #[test]
    fn the_author_is_told_what_is_there_and_what_is_not() {
        let request = code_request(&task());
        for word in [
            "Manim Community 0.22",
            "no LaTeX",
            "MathTypst",
            "class `Section(Scene)`",
        ] {
            assert!(request.system.contains(word), "{word}");
        }
        for word in [
            "Section 2 of 5",
            "A cycle of four parts.",
            "about 8 seconds",
            "14.2",
        ] {
            assert!(request.user.contains(word), "{word}\n{}", request.user);
        }
    }

    #[test]
    fn a_correction_gets_the_last_line_and_the_line_of_code_and_not_the_box() {
        let trouble = Trouble {
            fault: "raised".to_owned(),
            message: format!(
                "NameError: name 'UPP'\u{1b} is not defined{}",
                " x".repeat(900)
            ),
            line: Some((7, "        self.play(a.animate.shift(UPP))".to_owned())),
        };
        let request = correction_request(&task(), &version(), &trouble);
        assert!(
            request
                .user
                .contains("Error: NameError: name 'UPP' is not defined")
        );
        assert!(
            request
                .user
                .contains("In line 7: self.play(a.animate.shift(UPP))\n")
        );
        assert!(request.user.contains("class Section(Scene):"));
        assert!(request.user.len() < 1_600, "{}", request.user.len());
    }

    #[test]
    fn the_pro_model_hears_each_failure_once() {
        let mut section = Section::default();
        for _ in 0..3 {
            let mut failed = version();
            failed.trouble = Some(Trouble {
                fault: "raised".to_owned(),
                message: "NameError: x".to_owned(),
                line: None,
            });
            section.versions.push(failed);
        }
        let mut flawed = version();
        flawed.seen = Some(Seen::Flawed("the title is cut off".to_owned()));
        section.versions.push(flawed);
        let request = last_request(&task(), &section);
        assert_eq!(request.user.matches("- NameError: x\n").count(), 1);
        assert!(request.user.contains("- the title is cut off\n"));
    }
}
