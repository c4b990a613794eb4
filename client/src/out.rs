//! Where lines for people and programs are written.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A place for output: standard output, or a buffer in tests. Cloning shares it.
#[derive(Clone)]
pub struct Out(Arc<Mutex<dyn Write + Send>>);

impl Out {
    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::to(io::stdout())
    }

    /// Standard error, for what a person must see when the output goes into a file or a pipe.
    #[must_use]
    pub fn stderr() -> Self {
        Self::to(io::stderr())
    }

    /// Any other place.
    pub fn to(place: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(place)))
    }

    /// A buffer, and a view of what was written to it.
    #[must_use]
    pub fn buffer() -> (Self, Written) {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        (Self(bytes.clone()), Written(bytes))
    }

    /// Writes a line and sends it on its way, so that a reader of a pipe sees it when it happens.
    ///
    /// # Errors
    /// The place takes no more, for example because the reader of a pipe is gone.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.write_all(text.as_bytes())?;
        place.write_all(b"\n")?;
        place.flush()
    }

    /// Writes lines.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn lines<T: AsRef<str>>(&self, lines: impl IntoIterator<Item = T>) -> io::Result<()> {
        lines
            .into_iter()
            .try_for_each(|line| self.line(line.as_ref()))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.write_all(bytes)?;
        place.flush()
    }

    /// Writes text without ending the line, for a question.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.write_all(text.as_bytes())?;
        place.flush()
    }
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Out")
    }
}

/// What was written to a buffer.
#[derive(Debug, Clone)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// All of it so far.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
