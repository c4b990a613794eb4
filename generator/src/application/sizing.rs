//! What a video will take, before it is ordered; and what finishing one would take, when its budget does not.

use std::time::Duration;

use super::Setup;
use super::casting::{self, Offered};
use super::ports::Ports;
use crate::domain::estimate::{Case, PlannedCall, basis, learn, video};
use crate::domain::job::Spec;

/// How long the providers may take to say what they offer: somebody waits for the estimate.
const OFFER_TIMEOUT: Duration = Duration::from_secs(5);

/// The calls of a video in three cases.
#[derive(Debug, Clone)]
pub struct Sizing {
    /// The likely case.
    pub likely: Vec<PlannedCall>,
    /// The least that it can be.
    pub lowest: Vec<PlannedCall>,
    /// The most that it can be.
    pub highest: Vec<PlannedCall>,
    /// What the figures rest on, for people.
    pub basis: String,
    /// Whether a stand-in would answer.
    pub simulated: bool,
}

/// Sizes a video. The providers are asked what they offer, which is free; where they do not answer, the configured
/// models are taken, and the basis says so.
pub(super) async fn size(spec: &Spec, setup: &Setup, ports: &Ports, simulated: bool) -> Sizing {
    let asked = Offered::ask(spec, ports);
    let found = match tokio::time::timeout(OFFER_TIMEOUT, asked).await {
        Ok(offered) => offered.and_then(|offered| casting::cast(spec, setup, offered)),
        Err(_) => Err(casting::NoCast(
            "the providers did not answer in time".to_owned(),
        )),
    };
    let (cast, doubt) = match found {
        Ok(found) => (found.cast, String::new()),
        Err(error) => (
            casting::unchecked(spec, setup, simulated),
            format!(" The providers could not be asked which models they offer: {error}."),
        ),
    };
    let paid_tries_max = setup.limits.retry.paid_failures_max;
    let case = |case| video(spec, &cast, case, paid_tries_max);
    let (mut lowest, mut likely, mut highest) =
        (case(Case::Lowest), case(Case::Likely), case(Case::Highest));
    let runs = ports.store.runs().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what earlier videos used cannot be read; the estimate does without");
        Vec::new()
    });
    let cases = [&mut lowest, &mut likely, &mut highest];
    let learnt = match learn(cases, spec, cast.simulated, &runs) {
        0 => String::new(),
        1 => " The likely case is what the last video of this kind really used.".to_owned(),
        runs => {
            format!(" The likely case is what the last {runs} videos of this kind really used.")
        }
    };
    for calls in [&mut lowest, &mut likely, &mut highest] {
        calls.retain(|call| call.times > 0);
    }
    Sizing {
        likely,
        lowest,
        highest,
        basis: format!("{}{learnt}{doubt}", basis(spec.pipeline)),
        simulated: cast.simulated,
    }
}
