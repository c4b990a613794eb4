//! Renders model-written Manim scenes inside a sandbox, or not at all.
//!
//! The code of a scene is a stranger's. It runs as one process without network, environment, other processes or files of
//! this machine, under limits on memory, time, threads, files and words; what it makes comes out through a pipe as counted
//! bytes, so that nobody outside ever opens a path that a scene has chosen. On a host the walls are bubblewrap's
//! ([`Walls::Bubblewrap`]); in the `renderer` service, whose container is the outer wall, they are Landlock's
//! ([`Walls::Landlock`]). Both have the same filter of system calls. Without walls nothing runs, and no setting changes
//! that. `docs/sandbox.md` has the threats, the walls in order, and what is not promised.

mod answer;
pub mod by_hand;
pub mod confine;
mod environment;
mod failure;
mod limits;
mod remote;
mod renderer;
mod run;
mod sandbox;
mod scene;
pub mod service;

pub use environment::{Environment, MANIM_HOME_DEFAULT};
pub use failure::{CodeLine, Error, Fault, Problem, RunLimit, Unavailable};
pub use limits::Limits;
pub use remote::RemoteRenderer;
pub use renderer::Renderer;
pub use sandbox::{Sandbox, Walls};
pub use scene::Scene;
