//! Who may call, and what they may touch: one door for every service, in front of the decoding of any request.
//!
//! A caller shows a bearer token. The [`Keyring`] knows its hash, its roles, its tenant and when it expires; the
//! [`table`] says which roles open which RPC; the [`DoorLayer`] asks both and gives the request on together with the
//! [`Caller`]. An RPC without a row in the table is never served. [`WebGuard`] stands further out, where browsers come in.

mod caller;
pub mod command;
mod keyring;
mod layer;
mod limits;
mod role;
pub mod table;
mod tokens;
mod web;

pub use caller::{Caller, TENANT_HEADER};
pub use keyring::{Keyring, KeyringError, Refusal};
pub use layer::{Door, DoorLayer, DoorService};
pub use limits::Limits;
pub use role::{Role, Roles};
pub use tokens::{EVERY_TENANT, TokenEntry, TokenFile, TokenFileError, Wish};
pub use web::{WebGuard, WebGuardLayer, WebRules};
