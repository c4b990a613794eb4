//! Why a programme ends early: a promise is broken, or it could not be tried.

/// What a step of a programme gives.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a programme ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Events that were acknowledged are gone.
    #[error("LOST: {lost} of {acknowledged} events acknowledged since the last start are gone")]
    Lost {
        /// How many are gone.
        lost: usize,
        /// Of how many.
        acknowledged: usize,
    },
    /// Another promise is broken.
    #[error("BROKEN: {0}")]
    Broken(String),
    /// The promise could not be tried: this says nothing about the meter.
    #[error("could not be tried: {0}")]
    Setup(String),
}

impl Failure {
    /// For `map_err`: the promise could not be tried because of this.
    pub(crate) fn setup<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Self {
        move |error| Self::Setup(format!("{what}: {error}"))
    }
}
