//! The terminal as a screen, and back again, whatever happens.

use std::io::{self, BufWriter, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// The name of the thread that draws.
pub const THREAD: &str = "reelmeter-screen";

/// Whether the terminal is a screen now.
static ACTIVE: AtomicBool = AtomicBool::new(false);
/// What panicked elsewhere while it was.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// The terminal as a screen. It is given back when this is dropped, at the latest.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal: raw keys, the alternate screen, no cursor. A panic gives it back before it is told.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(install_hook);
        enable_raw_mode()?;
        ACTIVE.store(true, Ordering::SeqCst);
        let screen = Self::set_up();
        if screen.is_err() {
            restore();
        }
        screen
    }

    fn set_up() -> io::Result<Self> {
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        // One write a frame, so that no half of one is ever seen.
        let backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
        Ok(Self {
            terminal: Terminal::new(backend)?,
        })
    }

    /// The terminal's columns and rows; 0 and 0 while it does not know them yet.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        crossterm::terminal::size().unwrap_or((0, 0))
    }

    /// Draws what changed.
    ///
    /// # Errors
    /// The terminal takes no more.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        io::Write::flush(self.terminal.backend_mut())
    }

    /// Forgets what the terminal shows, so that the next drawing draws everything.
    ///
    /// # Errors
    /// The terminal takes no more.
    pub fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        tell_panics();
    }
}

/// Gives the terminal back, once.
fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each step is tried whatever became of the one before: half a terminal back is better than none.
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

/// A panic of the thread that draws, or of the main one, ends the program: the terminal is given back before it is told.
/// One of a task is caught by the runtime; its words would tear the screen, so they are kept until it is left.
fn install_hook() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        let ends_the_program = matches!(thread.name(), Some(THREAD | "main"));
        if ACTIVE.load(Ordering::SeqCst) && !ends_the_program {
            let text = info.to_string();
            tracing::error!(panic = %text, "a task panicked");
            PANICS
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
            return;
        }
        restore();
        tell(info);
    }));
}

fn tell_panics() {
    for text in PANICS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        let text = crate::printable::printable(&text, 2000);
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(
            io::stderr(),
            "a task panicked while the screen was on: {text}"
        );
    }
}
