//! Tells the programs which commit they were built from, where that can be known.
//!
//! Order: the variable `REELMETER_COMMIT` (container builds have no `.git`), then `git`.
//! Development builds leave it out: a new commit would otherwise rebuild every crate above this one.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=REELMETER_COMMIT");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let given = std::env::var("REELMETER_COMMIT")
        .ok()
        .filter(|commit| is_commit(commit));
    let commit = given.or_else(|| if release { from_git() } else { None });
    println!(
        "cargo:rustc-env=REELMETER_BUILD_COMMIT={}",
        commit.unwrap_or_default()
    );
}

fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit of the work tree that this package belongs to, or nothing: a source archive has no history.
fn from_git() -> Option<String> {
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // HEAD changes on a checkout; the branch's own file changes on a commit.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    is_commit(&commit).then_some(commit)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
