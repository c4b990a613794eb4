//! What every answer says about how it was served.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::client::{Broken, Reply};
use crate::domain::retry::Served;

/// The header that marks a simulator's answers, so that they are never taken for the
/// real thing.
const SIMULATOR_HEADER: &str = "x-reelmeter-simulator";

fn served(headers: Option<&HeaderMap>, took: Duration) -> Served {
    Served {
        simulated: headers.is_some_and(|headers| headers.contains_key(SIMULATOR_HEADER)),
        took,
        ..Served::default()
    }
}

impl Reply {
    /// How it was served, as far as all providers say it alike.
    pub fn served(&self) -> Served {
        served(Some(&self.head.headers), self.took)
    }
}

impl Broken {
    /// How it was served, as far as it was.
    pub fn served(&self) -> Served {
        served(self.head.as_ref().map(|head| &head.headers), self.took)
    }
}
