//! Which build this is.

/// The commit that this was built from (twelve hexadecimal digits), or empty where it was not known
/// at build time: development builds and source archives.
pub const COMMIT: &str = env!("REELMETER_BUILD_COMMIT");

/// The version for `--version`: `0.1.0 (1a2b3c4d5e6f)`, or `0.1.0` where the commit is not known.
#[must_use]
pub fn text() -> String {
    let version = env!("CARGO_PKG_VERSION");
    if COMMIT.is_empty() {
        version.to_owned()
    } else {
        format!("{version} ({COMMIT})")
    }
}
