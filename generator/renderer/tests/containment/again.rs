//! The same tests by somebody else: root starts an ordinary user's, and a place for Landlock is mounted around them.

use std::path::{Path, PathBuf};
use std::process::Command;

use reelmeter_renderer::{Environment, Limits, Sandbox, Walls};

use crate::support::{self, PLACE, limits, manim_home, open_folder};

/// Nobody's number on any system.
const ORDINARY_USER: &str = "64990";

/// Set for a test that was started by another.
const WITHIN: &str = "REELMETER_TEST_WITHIN";

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs an ignored test of this very program as an ordinary user, behind what `wrapped` puts before it.
fn run_again(test: &str, folder: &Path, wrapped: &[&str]) {
    // The build's own folder may be closed to others.
    let copy = |from: &Path, name: &str| -> PathBuf {
        let to = folder.join(name);
        // By a program of its own: were the copy open for writing here, a child that another test starts at that moment
        // would have it open too, and what is open for writing cannot be started.
        let copied = Command::new("install")
            .args(["--mode=755", "--"])
            .args([from, &to])
            .status()
            .unwrap();
        assert!(
            copied.success(),
            "install {} {}",
            from.display(),
            to.display()
        );
        to
    };
    let this = copy(&std::env::current_exe().unwrap(), "containment");
    let helper = copy(Path::new(env!("CARGO_BIN_EXE_renderer")), "renderer");
    let mut words: Vec<&str> = Vec::new();
    let reuid = format!("--reuid={ORDINARY_USER}");
    let regid = format!("--regid={ORDINARY_USER}");
    if is_root() {
        words.extend(["setpriv", &reuid, &regid, "--clear-groups", "--"]);
    }
    words.extend(wrapped);
    words.push(this.to_str().unwrap());
    words.extend(["--exact", test, "--ignored", "--nocapture"]);
    let ended = Command::new(words[0])
        .args(&words[1..])
        .env(WITHIN, "1")
        .env(PLACE, folder.join("place"))
        .env(support::HELPER, helper)
        .env("HOME", "/")
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{test}: {}\n{said}\n{}",
        ended.status,
        String::from_utf8_lossy(&ended.stderr)
    );
}

fn must_be_within() {
    assert!(
        std::env::var_os(WITHIN).is_some() && !is_root(),
        "run by its neighbour of the same name"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bubblewrap_contains_hostile_scenes() {
    if crate::support::skipped() {
        return;
    }
    crate::walls::all_of_it(Walls::Bubblewrap, "bubblewrap").await;
}

#[test]
fn bubblewrap_contains_them_for_an_ordinary_user_too() {
    if crate::support::skipped() {
        return;
    }
    let folder = open_folder("ordinary");
    run_again("again::as_an_ordinary_user", &folder, &[]);
    support::remove(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by its neighbour, as an ordinary user"]
async fn as_an_ordinary_user() {
    must_be_within();
    let renderer = support::renderer(Walls::Bubblewrap).await;
    crate::walls::what_depends_on_the_user(&renderer, "ordinary-bubblewrap").await;
}

/// Runs a test where a tmpfs of a size lies at the place.
fn run_with_a_place(test: &str, name: &str) {
    let folder = open_folder(name);
    let place = folder.join("place");
    std::fs::create_dir(&place).unwrap();
    let size = limits().disk_bytes.to_string();
    let place = place.to_str().unwrap();
    run_again(
        test,
        &folder,
        &[
            "bwrap",
            "--dev-bind",
            "/",
            "/",
            "--size",
            &size,
            "--tmpfs",
            place,
            "--",
        ],
    );
    support::remove(&folder);
}

#[test]
fn landlock_contains_hostile_scenes() {
    if crate::support::skipped() {
        return;
    }
    run_with_a_place("again::behind_landlock", "landlock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by its neighbour, with a place to write in"]
async fn behind_landlock() {
    must_be_within();
    crate::walls::all_of_it(Walls::Landlock, "landlock").await;
    let place = std::env::var_os(PLACE).unwrap();
    assert_eq!(
        std::fs::read_dir(place).unwrap().count(),
        0,
        "the place is empty again"
    );
}

#[tokio::test]
async fn without_walls_nothing_runs() {
    if crate::support::skipped() {
        return;
    }
    let environment = Environment::find(&manim_home()).unwrap();
    let refused = Sandbox::landlock(
        environment.clone(),
        limits(),
        &[PathBuf::from("/usr")],
        support::helper(),
    )
    .await
    .unwrap_err();
    if is_root() {
        assert!(refused.missing.contains("this is root"), "{refused}");
    } else {
        assert!(refused.missing.contains("it is no tmpfs"), "{refused}");
    }
    // A limit that the walls cannot keep is a wall that does not stand.
    let impossible = Limits {
        memory_bytes: 1 << 20,
        ..limits()
    };
    let refused = Sandbox::bubblewrap(environment, impossible)
        .await
        .unwrap_err();
    assert!(
        refused.missing.contains("the sandbox does not start"),
        "{refused}"
    );
    let missing = Environment::find(Path::new("/nowhere/manim")).unwrap_err();
    assert!(
        missing.remedy.contains("scripts/setup.sh --animated"),
        "{missing}"
    );
}
