//! What a recorder takes from the world around it, so that a simulation can put its own in place.

use std::fmt::Debug;
use std::time::SystemTime;

/// The time, new ids, chance, and whether there are threads.
pub trait World: Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// A new identifier: a UUID in lower-case hyphenated text.
    fn next_id(&self) -> String;

    /// A byte of chance. It decides nothing that must be hard to guess.
    fn chance(&self) -> u8;

    /// Whether the outbox is written by a thread of its own. Without one it is written where it is asked for: a
    /// simulation has one thread, and everything happens in the order of its seed.
    fn has_threads(&self) -> bool {
        true
    }
}

/// The machine's own clock, random version 7 UUIDs, random bytes, and threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl World for System {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn next_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    fn chance(&self) -> u8 {
        let [.., last] = *uuid::Uuid::new_v4().as_bytes();
        last
    }
}
