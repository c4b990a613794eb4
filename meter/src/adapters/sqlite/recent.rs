//! Ids that were folded a moment ago.
//!
//! Time-ordered ids of several recorders come nearly in order, but not quite: one that was made a moment before the newest
//! is no rarity. With the last ids in memory, only ids older than those have to be looked up in the file.

use std::collections::HashMap;

use super::tail::{Keys, TailKey};
use crate::domain::event_id::EventId;

/// How many are kept, about: 50 bytes each.
const RECENT_MAX: usize = 40_000;

/// The greatest UUID of each tenant.
pub(super) type Newest = HashMap<i64, EventId>;

/// Ids that were folded last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    keys: Keys,
    newest: Newest,
}

/// The greatest UUID of each tenant among these.
pub(super) fn newest_of(keys: &Keys) -> Newest {
    let mut newest: HashMap<i64, &EventId> = HashMap::new();
    for (tenant, id) in keys.keys() {
        if let EventId::Uuid(_) = id {
            let known = newest.entry(*tenant).or_insert(id);
            *known = (*known).max(id);
        }
    }
    newest
        .into_iter()
        .map(|(tenant, id)| (tenant, id.clone()))
        .collect()
}

fn raise(newest: &mut Newest, by: Newest) {
    for (tenant, id) in by {
        match newest.get_mut(&tenant) {
            Some(known) if *known >= id => {}
            Some(known) => *known = id,
            None => {
                newest.insert(tenant, id);
            }
        }
    }
}

impl Recent {
    pub(super) fn get(&self, id: &(i64, EventId)) -> Option<TailKey> {
        self.keys.get(id).copied()
    }

    /// Takes on ids that were just folded. Where there are too many, those before them are forgotten, and `older` learns
    /// of the greatest of them. Returns an empty map for those to come, with the room of one that is no longer needed.
    pub(super) fn remember(&mut self, mut keys: Keys, newest: Newest, older: &mut Newest) -> Keys {
        if self.keys.len() + keys.len() <= RECENT_MAX {
            self.keys.extend(keys.drain());
            raise(&mut self.newest, newest);
        } else {
            raise(older, std::mem::replace(&mut self.newest, newest));
            std::mem::swap(&mut self.keys, &mut keys);
            keys.clear();
        }
        keys
    }
}
