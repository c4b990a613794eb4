//! The words of a usage event that pricing cares about.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far ahead of the meter's clock an event's own time may be before it is not believed.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);

/// The instant by which an event is rated, and whether its own clock was not believed.
///
/// Rating uses the event's own time. A time more than [`CLOCK_TOLERANCE`] ahead of the meter's
/// is rated at receipt time and marked *clock*: a wrong clock must not strand the usage, nor
/// choose a future price.
#[must_use]
pub fn rating_time(occurred: Timestamp, received: Timestamp) -> (Timestamp, bool) {
    if occurred.duration_since(received) > CLOCK_TOLERANCE {
        (received, true)
    } else {
        (occurred, false)
    }
}

/// A word that is not one of a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a {what}; it is one of {allowed}")]
pub struct UnknownWord {
    /// What was read.
    pub word: String,
    /// What it should have been.
    pub what: &'static str,
    /// The words that are.
    pub allowed: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word for it, as files and reports write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        word: word.to_owned(),
                        what: $what,
                        allowed: [$($word,)+].join(", "),
                    }),
                }
            }
        }
    };
}

words! {
    /// Where a quantity came from.
    Basis, "basis" {
        /// The provider reported it.
        #[default]
        Reported = "reported",
        /// We counted it (characters sent, pictures received).
        Counted = "counted",
        /// Nobody knows exactly: it was estimated.
        Estimated = "estimated",
    }
}

words! {
    /// The way a call was processed, where a provider prices it by that.
    Variant, "variant" {
        /// An ordinary call.
        #[default]
        Standard = "standard",
        /// A batch job.
        Batch = "batch",
        /// A call that may wait.
        Flex = "flex",
        /// A call that may not.
        Priority = "priority",
    }
}

words! {
    /// How a call ended.
    Outcome, "outcome" {
        /// With a usable result.
        #[default]
        Succeeded = "succeeded",
        /// With an error.
        Failed = "failed",
        /// With a result that was thrown away.
        Discarded = "discarded",
        /// Nobody knows: the recorder was cut off in between.
        Unconfirmed = "unconfirmed",
    }
}
