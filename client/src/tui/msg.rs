//! What happens to the screen.

use jiff::Timestamp;

use crate::live::Incoming;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// Time passed.
    Tick(Timestamp),
    /// A service said something.
    Incoming(Incoming),
    /// The person asked for something.
    Action(Action),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// The program is asked to stop.
    Shutdown,
}

/// What a person can ask for with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Leave, after a question if a video is being made.
    Leave,
    /// Leave now.
    Interrupt,
    /// Show or hide the help.
    Help,
    /// Show or hide the prices.
    Prices,
    /// Show or hide the log.
    Log,
    /// The next panel.
    NextPanel,
    /// The panel before.
    PreviousPanel,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Open what is selected; say yes.
    Open,
    /// Close what is open; say no.
    Back,
    /// In the question: finish without the screen.
    Plainly,
    /// In the question: cancel the video.
    Cancel,
    /// In the question: let it go on alone.
    Detach,
    /// Draw everything anew.
    Redraw,
    /// A key that means nothing; it still shows that somebody is there.
    Other,
}
