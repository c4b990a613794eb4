//! Which lines a change is worth.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::breakdown::{self, SIMULATED};
use crate::facts::{Level, Progress, Stage, Summary, Video};
use crate::figure;
use crate::live::State;
use crate::printable::Text;
use crate::remote::connection::State as Link;

/// A cost line a second tells as much as ten.
const COST_LINE_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// Remembers what was said, and says what is new.
#[derive(Debug, Clone)]
pub struct Reporter {
    zone: TimeZone,
    session: Option<Text>,
    said_simulated: bool,
    video: Option<Arc<Video>>,
    figures: Option<Said>,
    figures_said_at: Option<Timestamp>,
    meter: &'static str,
    generator: &'static str,
    log_number: i64,
    settled: Option<Text>,
}

/// The figures of a cost line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    revision: i64,
    text: String,
    total: reelmeter_rating::Money,
}

impl Reporter {
    /// Nothing was said yet.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            session: None,
            said_simulated: false,
            video: None,
            figures: None,
            figures_said_at: None,
            meter: "connecting",
            generator: "connecting",
            log_number: 0,
            settled: None,
        }
    }

    /// The lines that the state is worth now. `last`: there are no more to come, so what waited is said.
    pub fn lines(&mut self, state: &State, now: Timestamp, last: bool) -> Vec<String> {
        let mut said = Vec::new();
        self.session(state, &mut said);
        self.connections(state, now, &mut said);
        self.log(state, &mut said);
        self.video(state, now, &mut said);
        self.figures(state, now, last, &mut said);
        let clock = figure::clock(now, &self.zone);
        said.into_iter()
            .map(|line| format!("{clock}  {line}"))
            .collect()
    }

    fn session(&mut self, state: &State, said: &mut Vec<String>) {
        if let Some(figures) = state.figures()
            && self.session.as_ref() != Some(&figures.session.id)
        {
            let session = &figures.session;
            let title = if session.title.is_empty() {
                String::new()
            } else {
                format!(" \"{}\"", session.title)
            };
            said.push(format!("session: {}{title}", session.id));
            // The first figures of a video that was simulated before belong to it.
            self.said_simulated &= self.session.is_none();
            self.session = Some(figures.session.id.clone());
            self.figures = None;
            self.figures_said_at = None;
        }
        if state.is_simulated() && !self.said_simulated {
            said.push(SIMULATED.to_owned());
            self.said_simulated = true;
        }
    }

    fn connections(&mut self, state: &State, now: Timestamp, said: &mut Vec<String>) {
        let link = state.meter.state(now);
        connection("meter", &mut self.meter, &link, &self.zone, said);
        if let Some(generator) = &state.generator {
            connection(
                "generator",
                &mut self.generator,
                &generator.state(now),
                &self.zone,
                said,
            );
        }
    }

    fn log(&mut self, state: &State, said: &mut Vec<String>) {
        for line in state
            .log
            .iter()
            .filter(|line| line.number > self.log_number)
        {
            let level = match line.level {
                Level::Info => "",
                Level::Warning => "warning: ",
                Level::Error => "error: ",
            };
            said.push(format!("{level}{}", line.text));
        }
        self.log_number = state
            .log
            .iter()
            .map(|line| line.number)
            .max()
            .unwrap_or(0)
            .max(self.log_number);
    }

    fn video(&mut self, state: &State, now: Timestamp, said: &mut Vec<String>) {
        let Some(new) = &state.video else { return };
        let old = self
            .video
            .replace(Arc::clone(new))
            .filter(|old| old.id == new.id);
        match &old {
            None => said.push(format!(
                "video: {} {}, \"{}\"",
                new.state.word(),
                new.id,
                new.prompt
            )),
            Some(old) if old.state != new.state => {
                let why = if new.error_message.is_empty() {
                    String::new()
                } else {
                    format!(": {}", new.error_message)
                };
                said.push(format!("video: {}{why}", new.state.word()));
            }
            Some(_) => {}
        }
        let old = old.as_deref();
        if !new.title.is_empty() && old.is_none_or(|old| old.title != new.title) {
            said.push(format!("title: {}", new.title));
        }
        for notice in new
            .notices
            .iter()
            .filter(|notice| !old.is_some_and(|old| old.notices.contains(notice)))
        {
            said.push(format!("note: {notice}"));
        }
        for (place, stage) in new.stages.iter().enumerate() {
            let before = old
                .and_then(|old| old.stages.get(place))
                .filter(|before| before.kind == stage.kind);
            if let Some(line) = stage_line(stage, before, state.stage_seconds(stage, now)) {
                said.push(line);
            }
        }
    }

    fn figures(&mut self, state: &State, now: Timestamp, last: bool, said: &mut Vec<String>) {
        let Some(figures) = state.figures() else {
            return;
        };
        let new = Said {
            revision: figures.revision,
            text: cost_text(figures),
            total: figures.total_cost,
        };
        // That nothing was used yet is no news.
        let first_nothing = self.figures.is_none() && figures.event_count == 0 && !figures.settled;
        let changed =
            !first_nothing && self.figures.as_ref().is_none_or(|old| old.text != new.text);
        let settles = figures.settled && self.settled.as_ref() != Some(&figures.session.id);
        let waits = self
            .figures_said_at
            .is_some_and(|at| now.duration_since(at) < COST_LINE_EVERY);
        if changed && (!waits || settles || last) {
            let more = match &self.figures {
                Some(old) if new.total > old.total => new
                    .total
                    .checked_sub(old.total)
                    .map_or_else(String::new, |more| format!(" (+{})", more.screen())),
                _ => String::new(),
            };
            said.push(format!(
                "cost: {}{more}{}",
                figure::headline(figures),
                new.text
            ));
            self.figures = Some(new);
            self.figures_said_at = Some(now);
        }
        if settles {
            said.push("cost: settled, the figures are final".to_owned());
            self.settled = Some(figures.session.id.clone());
        }
    }
}

fn connection(
    name: &str,
    before: &mut &'static str,
    link: &Link,
    zone: &TimeZone,
    said: &mut Vec<String>,
) {
    let word = link.word();
    if *before == word {
        return;
    }
    let worth_saying = match link {
        Link::Disconnected { .. } | Link::Behind { .. } | Link::Refused { .. } => true,
        Link::Live { .. } => matches!(*before, "disconnected" | "behind"),
        Link::Connecting | Link::Finished => false,
    };
    *before = word;
    if worth_saying {
        let why = match link {
            Link::Disconnected { reason, .. } => format!(" ({reason})"),
            _ => String::new(),
        };
        said.push(format!(
            "{name}: {}{why}",
            link.words(|time| figure::clock(time, zone))
        ));
    }
}

fn stage_line(stage: &Stage, before: Option<&Stage>, seconds: Option<i64>) -> Option<String> {
    let moved = before.is_none_or(|before| {
        before.progress != stage.progress || before.completed != stage.completed
    });
    if !moved || (before.is_none() && stage.progress == Progress::Pending) {
        return None;
    }
    let name = stage.kind.title().to_lowercase();
    let items = if stage.total > 1 {
        format!(", {} of {}", stage.completed, stage.total)
    } else {
        String::new()
    };
    let took = match (stage.progress, seconds) {
        (Progress::Done | Progress::Failed, Some(seconds)) => {
            format!(" after {}", figure::duration(seconds))
        }
        _ => String::new(),
    };
    let detail = if stage.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", stage.detail)
    };
    Some(format!(
        "{name}: {}{items}{took}{detail}",
        stage.progress.word()
    ))
}

/// What the total is made of.
fn cost_text(figures: &Summary) -> String {
    let mut parts = Vec::new();
    if figures.tokens.total > 0 {
        parts.push(format!(
            "{} tokens in, {} out",
            figure::count(figures.tokens.input),
            figure::count(figures.tokens.output)
        ));
    }
    for name in [
        reelmeter_proto::METRIC_IMAGES,
        reelmeter_proto::METRIC_CHARACTERS,
    ] {
        let quantity = figures.quantity(name);
        if quantity > 0 {
            parts.push(figure::quantity(name, quantity));
        }
    }
    if figures.unconfirmed > 0 {
        parts.push(format!(
            "{} unconfirmed",
            figure::counted(figures.unconfirmed, "call", "calls")
        ));
    }
    if figures.refused > 0 {
        parts.push(format!(
            "{} refused",
            figure::counted(figures.refused, "event", "events")
        ));
    }
    if let Some(budget) = &figures.budget {
        parts.push(breakdown::budget_words(budget));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!(", {}", parts.join(", "))
    }
}
