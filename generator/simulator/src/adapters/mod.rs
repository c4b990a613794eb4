//! What the outside speaks: the providers' wire protocols, and the programs that make sound and pictures.

pub mod control;
pub mod elevenlabs;
pub mod espeak;
pub mod eyes;
pub mod ffmpeg;
pub mod gemini;
pub mod http;
pub mod ollama;
pub mod resvg;
pub mod router;

/// A program of this name in a directory of PATH.
fn program_on_path(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &std::path::Path) -> bool {
    file.is_file()
}
