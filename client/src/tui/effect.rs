//! What the screen asks of the world.

use crate::live::Errand;

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Draw: something that is shown has changed.
    Draw,
    /// Draw everything anew, since something else may have written to the terminal.
    Redraw,
    /// Something for the desk.
    Errand(Errand),
    /// Ask for the prices in force.
    LoadPrices,
    /// Stop the video.
    CancelVideo(String),
    /// Leave the screen.
    Leave(Leave),
}

/// How the screen is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// There is nothing more to come.
    Over,
    /// The person leaves; what runs goes on.
    Left,
    /// Go on without the screen.
    Plainly,
    /// The program is asked to stop.
    Interrupted,
}
