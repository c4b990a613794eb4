//! Sessions: what is metered as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::budget::Cap;
use super::problem::Problem;
use super::summary::Prices;
use super::text;

/// A session as somebody asks for it; its id is known, since the meter makes one where the caller gives none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Its key.
    pub session_id: Arc<str>,
    /// A title for people.
    pub title: String,
    /// The caller's marks.
    pub labels: BTreeMap<String, String>,
    /// Whether a stand-in answers instead of the providers.
    pub simulated: bool,
    /// A cap.
    pub budget: Option<Cap>,
}

impl NewSession {
    /// Checks the names, the title and the labels.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), Problem> {
        text::name("session_id", &self.session_id)?;
        text::title("title", &self.title)?;
        text::labels("labels", &self.labels)
    }
}

/// A session without its usage.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its key.
    pub session_id: Arc<str>,
    /// A title for people.
    pub title: Arc<str>,
    /// The caller's marks.
    pub labels: Arc<BTreeMap<String, String>>,
    /// Whether a stand-in answers instead of the providers.
    pub simulated: bool,
    /// When it was started.
    pub started: Timestamp,
    /// How it ended; `None` while it runs.
    pub ended: Option<Ended>,
}

/// What a session keeps from its end on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// When it was ended.
    pub at: Timestamp,
    /// The complete dated rates that it ended with, and the revision of the overrides then.
    pub prices: Prices,
}
