//! In what order a call is answered: noted, perhaps hit by a fault, answered after a while, and counted.

mod call;
mod latency;
mod media;
mod world;

pub use call::{Answer, Body, Call};
pub use latency::Latency;
pub use media::{Encoder, MediaError, Painter, Pending, Speaker, Spoken};
pub use world::{Settings, World};
