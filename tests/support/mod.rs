//! What stories are told with: the real services in one process, each on a port of its own, and the words to ask them.

pub mod eventually;
pub mod requests;
pub mod sums;
pub mod vendor;
pub mod world;
