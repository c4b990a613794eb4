//! The audit trail: who changed what a figure says, when, and what it was before. It is only ever added to.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Overrides, Rate};

use super::budget::Cap;
use super::summary::Summary;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Overrides were set.
    SetRates,
    /// Overrides were taken back.
    ResetRates,
    /// A price file was changed while the meter ran.
    ChangePriceFiles,
    /// A session's usage was counted from zero again.
    ResetSession,
    /// A session's budget was set, changed or taken away.
    SetBudget,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [
        Self::SetRates,
        Self::ResetRates,
        Self::ChangePriceFiles,
        Self::ResetSession,
        Self::SetBudget,
    ];

    /// The word that stands for it in a store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetRates => "set_rates",
            Self::ResetRates => "reset_rates",
            Self::ChangePriceFiles => "change_price_files",
            Self::ResetSession => "reset_session",
            Self::SetBudget => "set_budget",
        }
    }

    /// The action of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// What is noted of a change, beside its number and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who did it: the name of a token, never the token. Empty for the meter itself.
    pub actor: Arc<str>,
    /// What was done.
    pub action: Action,
    /// The session that it was done to; empty for prices.
    pub session_id: Arc<str>,
    /// How it was before: rates as a price file has them, anything else in words.
    pub before: String,
    /// How it was afterwards, in the same form.
    pub after: String,
}

/// An entry of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the trail; they rise, and not by one.
    pub number: i64,
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub note: Note,
}

/// What differs between two sets of overrides: the rates that are gone and those that are new, each as a price file.
#[must_use]
pub fn rate_changes(before: &Overrides, after: &Overrides) -> (String, String) {
    // A set that was changed shares the rates that it keeps.
    let held = |overrides: &Overrides| -> HashSet<*const Rate> {
        overrides.rates().iter().map(Arc::as_ptr).collect()
    };
    let (old, new) = (held(before), held(after));
    let text = |overrides: &Overrides, others: &HashSet<*const Rate>| {
        let changed = overrides
            .rates()
            .iter()
            .filter(|rate| !others.contains(&Arc::as_ptr(rate)))
            .map(|rate| Rate::clone(rate));
        changed.collect::<Overrides>().to_toml()
    };
    (text(before, &new), text(after, &old))
}

/// What a session had used, in words.
#[must_use]
pub fn figures(summary: &Summary) -> String {
    let unpriced = match summary.unpriced.len() {
        0 => String::new(),
        count => format!(" and {count} metrics without a price"),
    };
    format!("{} events, {} USD{unpriced}", summary.events, summary.total)
}

/// A budget in words.
#[must_use]
pub fn budget(cap: Option<&Cap>) -> String {
    cap.map_or_else(|| "none".to_owned(), Cap::words)
}
