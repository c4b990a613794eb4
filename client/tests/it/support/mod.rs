//! What the tests share.

pub mod scenes;
