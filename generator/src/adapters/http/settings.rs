//! The limits of speaking to a provider.

use std::time::Duration;

/// The limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// The longest time for name lookup, connection and TLS together.
    pub connect_max: Duration,
    /// How long an unused connection is kept. Below the keep-alive of the providers'
    /// front ends, so that a request is not written into a connection that is just
    /// being closed: such a call could not be told from a billed one.
    pub idle_max: Duration,
    /// Unused connections kept for each provider.
    pub idle_connections_max: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_max: Duration::from_secs(10),
            idle_max: Duration::from_secs(30),
            idle_connections_max: 8,
        }
    }
}

/// The limits of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// From sending to the first byte of the answer. Providers send it when the work is
    /// done: this is how long they may work.
    pub first_byte_max: Duration,
    /// Between two pieces of the answer.
    pub pause_max: Duration,
    /// From sending to the last byte of the answer.
    pub whole_max: Duration,
    /// The largest answer, in bytes.
    pub body_bytes_max: usize,
}

impl CallLimits {
    /// For lists and figures that a provider has at hand.
    pub const LOOKUP: Self = Self {
        first_byte_max: Duration::from_secs(20),
        pause_max: Duration::from_secs(10),
        whole_max: Duration::from_secs(60),
        body_bytes_max: 16 * 1024 * 1024,
    };

    /// For a text that a model writes. Thinking models take minutes.
    pub const TEXT: Self = Self {
        first_byte_max: Duration::from_secs(180),
        pause_max: Duration::from_secs(30),
        whole_max: Duration::from_secs(240),
        body_bytes_max: 8 * 1024 * 1024,
    };

    /// For a picture. A 4K picture is some 20 MiB, and a third more as base64.
    pub const PICTURE: Self = Self {
        first_byte_max: Duration::from_secs(180),
        pause_max: Duration::from_secs(30),
        whole_max: Duration::from_secs(300),
        body_bytes_max: 48 * 1024 * 1024,
    };

    /// For a narration: ten minutes of 24 kHz PCM are 28 MiB, and a third more as
    /// base64, with the times of each character beside them.
    pub const SPEECH: Self = Self {
        first_byte_max: Duration::from_secs(180),
        pause_max: Duration::from_secs(30),
        whole_max: Duration::from_secs(300),
        body_bytes_max: 64 * 1024 * 1024,
    };
}
