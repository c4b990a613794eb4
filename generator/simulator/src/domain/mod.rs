//! What the simulator would say, draw and speak, decided without a clock, a disk or a network.

pub mod account;
pub mod animation;
pub mod catalogue;
pub mod faults;
pub mod journal;
pub mod language;
pub mod picture;
pub mod schema;
pub mod script;
pub mod script_names;
pub mod seed;
pub mod speech;
pub mod tokens;
pub mod words;
