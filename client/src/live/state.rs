//! The facts of one running session.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Incoming, Spending};
use crate::facts::{Level, LogLine, Stage, Summary, Video};
use crate::printable::Text;
use crate::remote::connection::{Connection, Event, State as Link};
use crate::remote::{Feed, Peer, SummaryUpdate, VideoUpdate};

/// Log lines that are kept.
pub const LOG_LINES_MAX: usize = 1000;
/// How long a finished video's figures are waited for. A meter that is away sends them when it is back; nobody has to
/// sit in front of the screen for that.
pub const SETTLE_MAX: SignedDuration = SignedDuration::from_secs(15);
/// A cancelled or failed video's session stays open and is never settled: once nothing is on its way and nothing came
/// for this long, its figures are those to end with.
const QUIET_FOR: SignedDuration = SignedDuration::from_secs(2);

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The newest active session, and the next when it has ended.
    Newest,
    /// One session.
    Session(String),
    /// A video that this command started, with its session.
    Video {
        /// The video.
        video_id: String,
        /// Its session.
        session_id: String,
    },
}

/// What a message asks the [`Desk`](super::Desk) to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Look for the video of a session.
    FindVideo(String),
    /// Follow a video.
    Follow(String),
}

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There is.
    Running,
    /// The video is over; its last figures are on their way.
    Settling,
    /// There is not.
    Over,
}

/// The facts.
#[derive(Debug, Clone)]
pub struct State {
    /// What is watched.
    pub subject: Subject,
    /// The connection to the meter.
    pub meter: Connection,
    /// The connection to the generator. `None`: no video is watched.
    pub generator: Option<Connection>,
    /// The newest figures.
    pub summary: Option<Arc<Summary>>,
    /// The newest state of the video.
    pub video: Option<Arc<Video>>,
    /// The log, oldest first.
    pub log: VecDeque<LogLine>,
    /// What was spent lately.
    pub spending: Spending,
    /// When the figures last changed.
    pub changed_at: Option<Timestamp>,
    /// When the video was over.
    over_at: Option<Timestamp>,
    /// The generator's clock less this machine's.
    generator_ahead: SignedDuration,
}

impl State {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(subject: Subject, now: Timestamp) -> Self {
        Self {
            generator: matches!(subject, Subject::Video { .. }).then(|| Connection::new(now)),
            subject,
            meter: Connection::new(now),
            summary: None,
            video: None,
            log: VecDeque::new(),
            spending: Spending::default(),
            changed_at: None,
            over_at: None,
            generator_ahead: SignedDuration::ZERO,
        }
    }

    /// Takes in what a service said, and says what that asks for.
    #[must_use]
    pub fn apply(&mut self, incoming: &Incoming, now: Timestamp) -> Option<Errand> {
        let session_before = self
            .summary
            .as_ref()
            .map(|summary| summary.session.id.clone());
        match incoming {
            Incoming::Meter(feed) => self.on_meter(feed, now),
            Incoming::Video { video_id, feed } => {
                let ours = match &self.subject {
                    Subject::Video { video_id: ours, .. } => ours == video_id,
                    // A stream of the session before may still have had something to say.
                    _ => self
                        .video
                        .as_ref()
                        .is_none_or(|video| video.id.raw() == video_id),
                };
                if ours {
                    self.on_video(feed, now);
                }
            }
            Incoming::Found(video) => {
                if video.session_id.raw() == self.session_id() {
                    self.generator = Some(Connection::new(now));
                    self.set_video(Arc::from(video.clone()), now);
                    return Some(Errand::Follow(video.id.raw().to_owned()));
                }
            }
            Incoming::Cancelled(Ok(video)) => self.set_video(Arc::from(video.clone()), now),
            Incoming::Cancelled(Err(error)) => {
                self.say(Level::Error, &format!("cannot cancel: {error}"), now)
            }
            Incoming::Prices(_) => {}
        }
        let session = &self.summary.as_ref()?.session.id;
        let is_new = session_before.as_ref() != Some(session);
        let ours_is_known = matches!(self.subject, Subject::Video { .. });
        (is_new && !ours_is_known).then(|| Errand::FindVideo(session.raw().to_owned()))
    }

    /// The session that the figures are of. Empty while there is none.
    #[must_use]
    pub fn session_id(&self) -> &str {
        match (&self.summary, &self.subject) {
            (Some(summary), _) => summary.session.id.raw(),
            (None, Subject::Session(session_id) | Subject::Video { session_id, .. }) => session_id,
            (None, Subject::Newest) => "",
        }
    }

    /// The figures to show: the meter's, or the generator's own while the meter has not said anything.
    #[must_use]
    pub fn figures(&self) -> Option<&Summary> {
        match (&self.summary, &self.video) {
            (Some(summary), _) => Some(summary),
            (None, Some(video)) => video.cost_summary.as_ref(),
            (None, None) => None,
        }
    }

    /// Whether the figures come from the generator's own count, since the meter has never been heard.
    #[must_use]
    pub fn figures_are_the_generators(&self) -> bool {
        self.summary.is_none() && self.figures().is_some()
    }

    /// Whether a stand-in answers instead of the providers.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.figures()
            .is_some_and(|figures| figures.simulated || figures.session.simulated)
            || self.video.as_ref().is_some_and(|video| video.simulated)
    }

    /// What it is called: the video's title or prompt, else the session's title or id.
    #[must_use]
    pub fn label(&self) -> Option<&Text> {
        self.video
            .as_ref()
            .map(|video| video.label())
            .filter(|label| !label.is_empty())
            .or_else(|| self.figures().map(|figures| figures.session.label()))
    }

    /// Events that are on their way to the meter, as the meter or the generator knows.
    #[must_use]
    pub fn pending(&self) -> i64 {
        let metered = self.summary.as_ref().map_or(0, |summary| summary.pending);
        metered.max(self.video.as_ref().map_or(0, |video| video.pending))
    }

    /// Until when the generator is known to be at work, by its own clock: now, or when it was last heard.
    fn generator_now(&self, now: Timestamp) -> Timestamp {
        let heard = match self
            .generator
            .as_ref()
            .map(|generator| generator.state(now))
        {
            Some(Link::Disconnected { since, .. } | Link::Behind { since, .. }) => since,
            _ => now,
        };
        heard + self.generator_ahead
    }

    /// Whether the generator is heard, so that what it was doing last it is doing now.
    #[must_use]
    pub fn generator_is_heard(&self, now: Timestamp) -> bool {
        let state = self
            .generator
            .as_ref()
            .map(|generator| generator.state(now));
        !matches!(
            state,
            Some(Link::Disconnected { .. } | Link::Behind { .. } | Link::Refused { .. })
        )
    }

    /// How long a stage has been or was at work, in seconds, as far as the generator was heard. `None`: it has not
    /// begun.
    #[must_use]
    pub fn stage_seconds(&self, stage: &Stage, now: Timestamp) -> Option<i64> {
        let end = stage.end_time.unwrap_or_else(|| self.generator_now(now));
        Some(end.duration_since(stage.start_time?).as_secs().max(0))
    }

    /// How long the video or the session has been running, in seconds.
    #[must_use]
    pub fn elapsed_seconds(&self, now: Timestamp) -> Option<i64> {
        if let Some(video) = &self.video
            && let Some(start) = video.start_time.or(video.create_time)
        {
            let end = video.end_time.unwrap_or_else(|| self.generator_now(now));
            return Some(end.duration_since(start).as_secs().max(0));
        }
        let session = &self.figures()?.session;
        let end = session.end_time.unwrap_or(now);
        Some(end.duration_since(session.start_time?).as_secs().max(0))
    }

    /// The state of the meter's stream.
    #[must_use]
    pub fn link(&self, now: Timestamp) -> Link {
        self.meter.state(now)
    }

    /// Whether there is more to come.
    #[must_use]
    pub fn ending(&self, now: Timestamp) -> Ending {
        match &self.subject {
            Subject::Newest => Ending::Running,
            Subject::Session(_) => {
                if self.meter.is_over() {
                    Ending::Over
                } else {
                    Ending::Running
                }
            }
            Subject::Video { .. } => self.video_ending(now),
        }
    }

    fn video_ending(&self, now: Timestamp) -> Ending {
        let refused =
            self.video.is_none() && self.generator.as_ref().is_some_and(Connection::is_over);
        if refused {
            return Ending::Over;
        }
        let (Some(over_at), Some(video)) = (self.over_at, &self.video) else {
            return Ending::Running;
        };
        if !video.state.is_over() {
            return Ending::Running;
        }
        let settled = self.summary.as_ref().is_some_and(|summary| summary.settled);
        let waited = now.duration_since(over_at);
        let quiet_since = self
            .changed_at
            .map_or(over_at, |changed| changed.max(over_at));
        let quiet = video.state != crate::facts::VideoState::Succeeded
            && self.summary.is_some()
            && self.pending() == 0
            && now.duration_since(quiet_since) >= QUIET_FOR;
        if settled || quiet || waited >= SETTLE_MAX || self.meter.is_over() {
            Ending::Over
        } else {
            Ending::Settling
        }
    }

    /// Adds a line of this client's own to the log.
    pub fn say(&mut self, level: Level, text: &str, now: Timestamp) {
        self.log_line(LogLine {
            number: 0,
            time: Some(now),
            level,
            text: Text::line(text),
        });
    }

    fn log_line(&mut self, line: LogLine) {
        if self.log.len() >= LOG_LINES_MAX {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    fn on_meter(&mut self, feed: &Feed<SummaryUpdate>, now: Timestamp) {
        let was_lost = self.meter.is_lost();
        note(&mut self.meter, feed, now);
        self.note_link(Peer::Meter, was_lost, feed, now);
        match feed {
            Feed::Item(update) => {
                if let Some(summary) = &update.summary {
                    self.set_summary(Arc::from(summary.clone()), now);
                }
            }
            // What is spent while nobody looks is not spent in the last minute.
            Feed::Lost { .. } => self.spending.clear(),
            Feed::Refused { reason } => {
                self.say(
                    Level::Error,
                    &format!("the meter's figures end here: {reason}"),
                    now,
                );
            }
            Feed::Opening | Feed::Opened | Feed::Finished => {}
        }
    }

    fn on_video(&mut self, feed: &Feed<VideoUpdate>, now: Timestamp) {
        if let Some(connection) = &mut self.generator {
            let was_lost = connection.is_lost();
            note(connection, feed, now);
            self.note_link(Peer::Generator, was_lost, feed, now);
        }
        match feed {
            Feed::Item(update) => {
                if let Some(server_time) = update.server_time {
                    self.generator_ahead = server_time.duration_since(now);
                }
                for line in &update.log_lines {
                    self.log_line(line.clone());
                }
                if let Some(video) = &update.video {
                    self.set_video(Arc::from(video.clone()), now);
                }
            }
            Feed::Refused { reason } => {
                self.say(
                    Level::Error,
                    &format!("the video cannot be watched: {reason}"),
                    now,
                );
            }
            Feed::Lost { .. } | Feed::Opening | Feed::Opened | Feed::Finished => {}
        }
    }

    /// Writes the loss of a connection, and its return, into the log: once each, however often it is tried.
    fn note_link<T>(&mut self, peer: Peer, was_lost: bool, feed: &Feed<T>, now: Timestamp) {
        match feed {
            Feed::Lost { reason, .. } if !was_lost => {
                self.say(
                    Level::Warning,
                    &format!("the {peer} is disconnected: {reason}"),
                    now,
                );
            }
            Feed::Opened if was_lost => self.say(Level::Info, &format!("the {peer} is back"), now),
            _ => {}
        }
    }

    fn set_summary(&mut self, new: Arc<Summary>, now: Timestamp) {
        let other_session = self
            .summary
            .as_ref()
            .is_none_or(|old| old.session.id != new.session.id);
        if other_session {
            self.spending.clear();
            if self.subject == Subject::Newest {
                self.video = None;
                self.generator = None;
                self.over_at = None;
            }
        }
        if self
            .summary
            .as_ref()
            .is_none_or(|old| old.revision != new.revision || old.total_cost != new.total_cost)
        {
            self.changed_at = Some(now);
        }
        self.spending.note(new.total_cost, now);
        self.meter.set_pending(new.pending, now);
        self.summary = Some(new);
    }

    fn set_video(&mut self, new: Arc<Video>, now: Timestamp) {
        if new.state.is_over() {
            self.over_at = self.over_at.or(Some(now));
        } else {
            self.over_at = None;
        }
        self.video = Some(new);
    }
}

fn note<T>(connection: &mut Connection, feed: &Feed<T>, now: Timestamp) {
    let event = match feed {
        Feed::Opening => Event::Opening,
        Feed::Opened | Feed::Item(_) => Event::Heard,
        Feed::Lost {
            reason,
            retry_after,
        } => Event::Lost {
            reason: reason.clone(),
            retry_at: SignedDuration::try_from(*retry_after).map_or(now, |wait| now + wait),
        },
        Feed::Refused { reason } => Event::Refused {
            reason: reason.clone(),
        },
        Feed::Finished => Event::Finished,
    };
    connection.on(event, now);
}
