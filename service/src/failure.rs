//! How an error is said to the person who started the program.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// The exit code for a run that failed.
pub const FAILED: u8 = 1;
/// The exit code for a command line, an environment or a file that cannot be used as it stands.
pub const USAGE: u8 = 2;

/// The error as a person reads it: `error: …`, then its causes, one line each and each once.
/// Control characters are replaced, so that text from outside does nothing to the terminal.
#[must_use]
pub fn render(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut text = format!("error: {}\n", printable(&said));
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Many errors repeat their source in their own message; saying it once is enough.
        if !message.is_empty() && !said.contains(&message) {
            text.push_str(&format!("  caused by: {}\n", printable(&message)));
        }
        said = message;
        cause = error.source();
    }
    text
}

/// Prints the error to standard error and gives the code to exit with.
#[must_use]
pub fn exit_with(error: &(dyn Error + 'static), code: u8) -> ExitCode {
    // Where standard error is closed there is nobody left to tell; the exit code still says it.
    let _ = std::io::stderr().write_all(render(error).as_bytes());
    ExitCode::from(code)
}

/// One line: line breaks become spaces, other control and direction-changing characters become `\u{fffd}`.
#[must_use]
pub fn printable(text: &str) -> String {
    text.trim_end()
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            // Bidirectional overrides and isolates, zero-width characters, the byte order mark.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}
