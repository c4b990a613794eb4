//! What a token is for.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What a token is for. A token may have several.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Records usage: starts and ends sessions, records events, takes reservations.
    Record,
    /// Reads: summaries, receipts, exports, prices; videos and downloads.
    Read,
    /// Makes videos, which spends the owner's money at the providers.
    Generate,
    /// Changes what usage costs: rates, budgets, and counting from zero.
    Price,
    /// Everything within the tenant, the audit trail included.
    Admin,
}

impl Role {
    /// Every role, in the order of the documents.
    pub const ALL: [Self; 5] = [
        Self::Record,
        Self::Read,
        Self::Generate,
        Self::Price,
        Self::Admin,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Read => "read",
            Self::Generate => "generate",
            Self::Price => "price",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Some roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// These roles.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut place = 0;
        // A `for` is not for constants.
        while place < roles.len() {
            bits |= 1 << roles[place] as u8;
            place += 1;
        }
        Self(bits)
    }

    /// Whether one of them is `role`; admin is every role.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8 | 1 << Role::Admin as u8) != 0
    }

    /// Whether any of them opens what any of `wanted` opens.
    #[must_use]
    pub fn open(self, wanted: Self) -> bool {
        Role::ALL
            .into_iter()
            .any(|role| wanted.0 & (1 << role as u8) != 0 && self.has(role))
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = Role::ALL
            .into_iter()
            .filter(|role| self.0 & (1 << *role as u8) != 0);
        let words: Vec<&str> = held.map(Role::as_str).collect();
        f.write_str(&words.join(" or "))
    }
}
