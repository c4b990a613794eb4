//! The facts of the screen: what is known of the session, and where the person looks.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::ranking::Ranking;
use crate::facts::{ModelTotal, PriceBook, ServiceTotal};
use crate::live::{Ending, State, Subject};
use crate::printable::Text;

/// How long a figure that has just changed is drawn as such.
const FRESH_FOR: SignedDuration = SignedDuration::from_millis(1200);
/// How long the final figures stay on the screen of a command that has done its work, if nobody presses a key.
pub const FINALE_SECONDS: i64 = 8;

/// The key of a model's row: its service and its name.
pub type ModelKey = (Text, Text);

/// The panels that the keys can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Panel {
    /// By model.
    Models,
    /// By service.
    Services,
    /// The video's stages.
    Video,
    /// Where the figures come from.
    Sources,
}

impl Panel {
    /// All of them, in the order of the Tab key.
    pub const ALL: [Self; 4] = [Self::Models, Self::Services, Self::Video, Self::Sources];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Models => "By model",
            Self::Services => "By service",
            Self::Video => "Video",
            Self::Sources => "Sources",
        }
    }

    /// Its name where the panels are named in one line.
    #[must_use]
    pub fn tab(self) -> &'static str {
        match self {
            Self::Models => "Models",
            Self::Services => "Services",
            Self::Video => "Video",
            Self::Sources => "Sources",
        }
    }
}

/// What lies over the panels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// The keys and marks.
    Help,
    /// Every cost line of a model.
    Detail(ModelKey),
    /// The prices in force.
    Prices,
    /// The log.
    Log,
    /// The question before leaving a video that is being made.
    Leave,
}

/// The prices in force, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Prices {
    /// They were not asked for.
    #[default]
    Unasked,
    /// They are on their way.
    Loading,
    /// They are known.
    Known(Box<PriceBook>),
    /// They could not be had.
    Failed(Text),
}

/// The final figures on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finale {
    /// Since when.
    pub since: Timestamp,
    /// Whether it stays until somebody leaves.
    pub stays: bool,
}

/// The facts of the screen.
#[derive(Debug, Clone)]
pub struct Model {
    /// What is known of the session.
    pub live: State,
    /// The time.
    pub now: Timestamp,
    /// The time zone of clock times.
    pub zone: TimeZone,
    /// The terminal's columns and rows.
    pub size: (u16, u16),
    /// The panel that the keys go to.
    pub panel: Panel,
    /// What lies over the panels.
    pub overlay: Option<Overlay>,
    /// The first row that is shown of what the keys go to.
    pub scroll: u16,
    /// The rows of models, in their order.
    pub models: Ranking<ModelKey>,
    /// The rows of services, in their order.
    pub services: Ranking<Text>,
    /// The selected model.
    pub selected: Option<ModelKey>,
    /// The prices in force.
    pub prices: Prices,
    /// Whether the video goes on when this program ends.
    pub runs_without_us: bool,
    /// Whether the video was asked to stop.
    pub cancelling: bool,
    /// The final figures, once there is nothing more to come.
    pub finale: Option<Finale>,
    /// When each model's figures last changed, with what they were.
    fresh: HashMap<ModelKey, (Timestamp, i64)>,
}

impl Model {
    /// A screen on which nothing is known yet.
    #[must_use]
    pub fn new(live: State, now: Timestamp, zone: TimeZone, runs_without_us: bool) -> Self {
        let mut model = Self {
            live,
            now,
            zone,
            size: (0, 0),
            panel: Panel::Models,
            overlay: None,
            scroll: 0,
            models: Ranking::default(),
            services: Ranking::default(),
            selected: None,
            prices: Prices::Unasked,
            runs_without_us,
            cancelling: false,
            finale: None,
            fresh: HashMap::new(),
        };
        model.follow_figures();
        model
    }

    /// The models in the order of their rows.
    #[must_use]
    pub fn model_rows(&self) -> Vec<&ModelTotal> {
        let Some(figures) = self.live.figures() else {
            return Vec::new();
        };
        let find = |key: &ModelKey| figures.models.iter().find(|part| key_of(part) == *key);
        self.models.shown().iter().filter_map(find).collect()
    }

    /// The services in the order of their rows.
    #[must_use]
    pub fn service_rows(&self) -> Vec<&ServiceTotal> {
        let Some(figures) = self.live.figures() else {
            return Vec::new();
        };
        let find = |name: &Text| figures.services.iter().find(|part| part.service == *name);
        self.services.shown().iter().filter_map(find).collect()
    }

    /// The model with that key.
    #[must_use]
    pub fn model(&self, key: &ModelKey) -> Option<&ModelTotal> {
        self.live
            .figures()?
            .models
            .iter()
            .find(|part| key_of(part) == *key)
    }

    /// The place of the selected model among the rows.
    #[must_use]
    pub fn selected_place(&self) -> usize {
        let selected = self.selected.as_ref();
        self.models
            .shown()
            .iter()
            .position(|key| Some(key) == selected)
            .unwrap_or(0)
    }

    /// The panels that there are something for.
    #[must_use]
    pub fn panels(&self) -> Vec<Panel> {
        let video = self.live.video.is_some();
        Panel::ALL
            .into_iter()
            .filter(|panel| *panel != Panel::Video || video)
            .collect()
    }

    /// Moves the keys to another panel, forwards or backwards.
    pub fn turn(&mut self, forwards: bool) {
        let panels = self.panels();
        let place = panels
            .iter()
            .position(|panel| *panel == self.panel)
            .unwrap_or(0);
        let step = if forwards {
            1
        } else {
            panels.len().saturating_sub(1)
        };
        if let Some(panel) = panels.get((place + step) % panels.len().max(1)) {
            self.panel = *panel;
            self.scroll = 0;
        }
    }

    /// Whether a model's figures have just changed.
    #[must_use]
    pub fn is_fresh(&self, key: &ModelKey) -> bool {
        self.fresh
            .get(key)
            .is_some_and(|(at, _)| self.is_recent(*at))
    }

    /// Whether the total has just changed.
    #[must_use]
    pub fn total_is_fresh(&self) -> bool {
        self.live.changed_at.is_some_and(|at| self.is_recent(at))
    }

    fn is_recent(&self, at: Timestamp) -> bool {
        let passed = self.now.duration_since(at);
        passed >= SignedDuration::ZERO && passed < FRESH_FOR
    }

    /// Whether leaving would leave a video of this command alone, so that it is worth a question.
    #[must_use]
    pub fn makes_a_video(&self) -> bool {
        matches!(self.live.subject, Subject::Video { .. })
            && self.live.ending(self.now) == Ending::Running
            && self
                .live
                .video
                .as_ref()
                .is_none_or(|video| !video.state.is_over())
    }

    /// Brings the rows in line with the figures.
    pub fn follow_figures(&mut self) {
        let Some(figures) = self.live.figures() else {
            return;
        };
        let models: Vec<ModelKey> = figures.models.iter().map(key_of).collect();
        let services: Vec<Text> = figures
            .services
            .iter()
            .map(|part| part.service.clone())
            .collect();
        let counts: Vec<i64> = figures.models.iter().map(|part| part.event_count).collect();
        let first_figures = self.fresh.is_empty();
        for (key, count) in models.iter().zip(counts) {
            let known = self.fresh.get(key).map(|(_, count)| *count);
            if known != Some(count) {
                // The first figures of all are a snapshot: none of them has just changed.
                let at = if first_figures {
                    Timestamp::MIN
                } else {
                    self.now
                };
                self.fresh.insert(key.clone(), (at, count));
            }
        }
        self.fresh.retain(|key, _| models.contains(key));
        self.models.follow(&models, self.now);
        self.services.follow(&services, self.now);
        if self
            .selected
            .as_ref()
            .is_none_or(|key| !models.contains(key))
        {
            self.selected = self.models.shown().first().cloned();
        }
    }

    /// Whether something on the screen moves by itself.
    #[must_use]
    pub fn moves(&self) -> bool {
        let working = self
            .live
            .video
            .as_ref()
            .is_some_and(|video| !video.state.is_over());
        working || self.total_is_fresh() || self.fresh.values().any(|(at, _)| self.is_recent(*at))
    }
}

/// The key of a model's row.
#[must_use]
pub fn key_of(part: &ModelTotal) -> ModelKey {
    (part.service.clone(), part.model.clone())
}
