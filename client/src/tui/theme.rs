//! Colours by role, and the signs that are drawn. A colour repeats what a word says and never stands for it, so that
//! nothing is lost without colours.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Text that may be passed over.
    Muted,
    /// The name of the program and of what is watched.
    Title,
    /// A heading.
    Heading,
    /// The heading of the panel that the keys go to.
    FocusedHeading,
    /// A line between parts.
    Rule,
    /// An amount.
    Money,
    /// The total.
    Total,
    /// Something that has no price, is estimated, or is otherwise not the last word.
    Doubt,
    /// Something that goes well.
    Good,
    /// Something that a person should know.
    Warning,
    /// Something that failed.
    Bad,
    /// What was selected.
    Selected,
    /// A figure that has just changed.
    Fresh,
    /// The banner over simulated figures.
    Banner,
    /// The name of a key.
    Key,
}

/// How roles look, and with which signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are used.
    pub colours: bool,
    /// The signs.
    pub signs: Signs,
}

/// The signs that are drawn. Each is one column wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    /// A line.
    pub rule: &'static str,
    /// The done part of a bar.
    pub bar_done: &'static str,
    /// The part of a bar that is to come.
    pub bar_open: &'static str,
    /// Something at work, one after the other.
    pub spinner: [&'static str; 4],
    /// Done.
    pub done: &'static str,
    /// Done, and kept from an earlier run.
    pub kept: &'static str,
    /// Not begun.
    pub pending: &'static str,
    /// Waits.
    pub waiting: &'static str,
    /// Failed.
    pub failed: &'static str,
    /// Not needed.
    pub skipped: &'static str,
    /// The selected row.
    pub selected: &'static str,
    /// A connection that is open.
    pub open: &'static str,
    /// A connection that is not.
    pub closed: &'static str,
    /// Amounts from nothing to much.
    pub levels: [&'static str; 8],
    /// Between parts of a line.
    pub dot: &'static str,
    /// Where something was cut.
    pub cut: &'static str,
    /// The frame of a question.
    pub border: border::Set<'static>,
    /// The keys that go up and down.
    pub up_down: &'static str,
}

const UNICODE: Signs = Signs {
    rule: "─",
    bar_done: "━",
    bar_open: "╌",
    spinner: ["◐", "◓", "◑", "◒"],
    done: "✓",
    kept: "=",
    pending: "·",
    waiting: "◌",
    failed: "✗",
    skipped: "-",
    selected: "▸",
    open: "●",
    closed: "○",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    dot: "·",
    cut: "…",
    border: border::ROUNDED,
    up_down: "↑↓",
};

/// For terminals without these signs, such as the Linux console.
const ASCII: Signs = Signs {
    rule: "-",
    bar_done: "#",
    bar_open: ".",
    spinner: ["|", "/", "-", "\\"],
    done: "x",
    kept: "=",
    pending: ".",
    waiting: "o",
    failed: "!",
    skipped: "-",
    selected: ">",
    open: "*",
    closed: "o",
    levels: ["_", "_", ".", ".", "-", "-", "^", "^"],
    dot: "|",
    cut: "~",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    up_down: "jk",
};

impl Theme {
    /// With colours and all signs.
    pub const COLOURED: Self = Self {
        colours: true,
        signs: UNICODE,
    };
    /// Without colours.
    pub const PLAIN: Self = Self {
        colours: false,
        signs: UNICODE,
    };
    /// Without colours, in ASCII alone.
    pub const ASCII: Self = Self {
        colours: false,
        signs: ASCII,
    };

    /// What the environment asks for: `NO_COLOR` set to anything takes the colours away, `TERM=linux` the signs.
    #[must_use]
    pub fn of(no_color: Option<&std::ffi::OsStr>, term: Option<&std::ffi::OsStr>) -> Self {
        let colours = no_color.is_none_or(std::ffi::OsStr::is_empty);
        let console =
            term.is_some_and(|term| term == "linux" || term == "vt100" || term == "vt220");
        Self {
            colours,
            signs: if console { ASCII } else { UNICODE },
        }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let (colour, weight) = match role {
            Role::Text => (None, Modifier::empty()),
            // A grey that can be read on black and on white.
            Role::Muted | Role::Rule => (Some(Color::Indexed(244)), Modifier::empty()),
            Role::Title => (None, Modifier::BOLD),
            Role::Heading => (Some(Color::Cyan), Modifier::empty()),
            Role::FocusedHeading => (
                Some(Color::Cyan),
                Modifier::BOLD.union(Modifier::UNDERLINED),
            ),
            Role::Money => (Some(Color::Green), Modifier::empty()),
            Role::Total => (Some(Color::Green), Modifier::BOLD),
            Role::Doubt | Role::Warning => (Some(Color::Yellow), Modifier::empty()),
            Role::Good => (Some(Color::Green), Modifier::empty()),
            Role::Bad => (Some(Color::Red), Modifier::BOLD),
            Role::Selected => (None, Modifier::BOLD),
            Role::Fresh => (Some(Color::LightGreen), Modifier::BOLD),
            Role::Banner => (None, Modifier::REVERSED.union(Modifier::BOLD)),
            Role::Key => (Some(Color::Cyan), Modifier::BOLD),
        };
        if !self.colours {
            let weight = if matches!(role, Role::Muted | Role::Rule) {
                Modifier::DIM
            } else {
                weight
            };
            return Style::new().add_modifier(weight);
        }
        if role == Role::Banner {
            return Style::new()
                .fg(Color::Black)
                .bg(Color::Yellow)
                .add_modifier(Modifier::BOLD);
        }
        let style = Style::new().add_modifier(weight);
        colour.map_or(style, |colour| style.fg(colour))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn no_color_takes_every_colour_away_and_leaves_the_weights() {
        let theme = Theme::of(Some(OsStr::new("1")), None);
        for role in [
            Role::Money,
            Role::Bad,
            Role::Banner,
            Role::Muted,
            Role::FocusedHeading,
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert!(
            theme
                .style(Role::Banner)
                .add_modifier
                .contains(Modifier::REVERSED),
            "the banner still stands out"
        );
        assert!(
            Theme::of(Some(OsStr::new("")), None).colours,
            "an empty NO_COLOR is none"
        );
    }

    #[test]
    fn every_sign_is_one_column_wide() {
        for signs in [UNICODE, ASCII] {
            let mut all = vec![
                signs.rule,
                signs.bar_done,
                signs.bar_open,
                signs.done,
                signs.kept,
                signs.pending,
                signs.waiting,
                signs.failed,
                signs.skipped,
                signs.selected,
                signs.open,
                signs.closed,
                signs.dot,
            ];
            all.extend(signs.spinner);
            all.extend(signs.levels);
            for sign in all {
                assert_eq!(crate::printable::width(sign), 1, "{sign:?}");
            }
        }
    }
}
