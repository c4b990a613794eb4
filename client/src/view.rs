//! Shows a session while it runs: on the screen where there is a terminal, as plain lines otherwise.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use reelmeter_service::{CancellationToken, Clock};

use crate::error::Error;
use crate::facts::Level;
use crate::live::{Desk, State, Subject};
use crate::out::Out;
use crate::plain::{self, Reporter};
use crate::remote::Remote;
use crate::tui::effect::Leave;
use crate::tui::theme::Theme;
use crate::tui::{self, Stage};

/// Summaries are asked for so often at most for the screen.
const SCREEN_INTERVAL: Duration = Duration::from_millis(100);
/// And so often for plain lines.
const PLAIN_INTERVAL: Duration = Duration::from_millis(500);

/// How a session is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// On the screen if standard input and output are a terminal, plainly otherwise.
    #[default]
    Auto,
    /// As plain lines.
    Plain,
}

impl Shown {
    /// Whether a screen is used. `TERM=dumb` names a terminal that has none.
    #[must_use]
    pub fn on_screen(self) -> bool {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        self == Self::Auto
            && !dumb
            && std::io::stdout().is_terminal()
            && std::io::stdin().is_terminal()
    }
}

/// Why the showing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There is nothing more to come.
    Over,
    /// The person left; what runs goes on.
    Left,
    /// The program was asked to stop.
    Interrupted,
}

/// What to show, and how.
#[derive(Debug, Clone)]
pub struct View {
    /// The services.
    pub remote: Remote,
    /// What is watched.
    pub subject: Subject,
    /// On the screen or plainly.
    pub shown: Shown,
    /// Whether leaving lets the video run on (in a generator of its own), or ends it with this process.
    pub runs_without_us: bool,
    /// What a person should know before anything else.
    pub notices: Vec<String>,
    /// Where plain lines go.
    pub out: Out,
    /// The time zone of the clock times on the screen.
    pub zone: TimeZone,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Shows it until it is over, left or interrupted. Gives what was known last.
///
/// # Errors
/// A terminal that cannot be used, an output that takes no more.
pub async fn show(view: &View, shutdown: &CancellationToken) -> Result<(State, Ended), Error> {
    let on_screen = view.shown.on_screen();
    let interval = if on_screen {
        SCREEN_INTERVAL
    } else {
        PLAIN_INTERVAL
    };
    let mut desk = Desk::open(view.remote.clone(), &view.subject, interval);
    let mut state = State::new(view.subject.clone(), view.clock.now());
    for notice in &view.notices {
        state.say(Level::Info, notice, view.clock.now());
    }
    if on_screen {
        let stage = Stage {
            desk,
            state,
            zone: view.zone.clone(),
            clock: Arc::clone(&view.clock),
            runs_without_us: view.runs_without_us,
            theme: Theme::of(
                std::env::var_os("NO_COLOR").as_deref(),
                std::env::var_os("TERM").as_deref(),
            ),
        };
        let leave;
        (desk, state, leave) = tui::show(stage, shutdown.clone())
            .await
            .map_err(Error::Terminal)?;
        match leave {
            Leave::Over => return Ok((state, Ended::Over)),
            Leave::Left => return Ok((state, Ended::Left)),
            Leave::Interrupted => return Ok((state, Ended::Interrupted)),
            Leave::Plainly => {}
        }
    }
    let mut reporter = Reporter::new(view.zone.clone());
    let ended = plain::follow(
        &mut desk,
        &mut state,
        &mut reporter,
        &view.out,
        &*view.clock,
        shutdown,
    )
    .await?;
    Ok((state, ended))
}
