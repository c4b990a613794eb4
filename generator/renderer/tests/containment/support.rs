//! Scenes, and sandboxes to run them in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reelmeter_renderer::{
    Environment, Error, Limits, MANIM_HOME_DEFAULT, Problem, Renderer, Sandbox, Scene, Walls,
};
use tokio_util::sync::CancellationToken;

/// Where the tests find a place to write in for Landlock, mounted by whoever started them.
pub const PLACE: &str = "REELMETER_TEST_PLACE";

const MIB: u64 = 1 << 20;

/// Whether the tests are to be skipped, because this machine has no Manim or no bubblewrap. CI sets a variable that makes
/// them fail instead: there, a suite that skips what it protects against would be worth nothing.
pub fn skipped() -> bool {
    let missing =
        Environment::find(&manim_home()).is_err() || !Path::new("/usr/bin/bwrap").exists();
    let required = std::env::var_os("REELMETER_TEST_SANDBOX").is_some_and(|how| how == "required");
    assert!(
        !missing || !required,
        "Manim or bubblewrap is missing: run scripts/setup.sh --animated"
    );
    if missing {
        eprintln!(
            "SKIPPED: Manim or bubblewrap is missing; scripts/setup.sh --animated installs both"
        );
    }
    missing
}

/// Where Manim is.
pub fn manim_home() -> PathBuf {
    std::env::var_os("MANIM_HOME").map_or_else(|| MANIM_HOME_DEFAULT.into(), PathBuf::from)
}

/// Tighter than the product's, so that a hostile scene meets them soon.
pub fn limits() -> Limits {
    Limits {
        memory_bytes: 2_048 * MIB,
        disk_bytes: 48 * MIB,
        file_bytes: 32 * MIB,
        threads: 64,
        printed_bytes: MIB,
        ..Limits::default()
    }
}

/// A renderer behind these walls.
pub async fn renderer(walls: Walls) -> Renderer {
    let environment =
        Environment::find(&manim_home()).expect("scripts/setup.sh --animated was run");
    let sandbox = match walls {
        Walls::Bubblewrap => Sandbox::bubblewrap(environment, limits()).await,
        Walls::Landlock => {
            let place = PathBuf::from(std::env::var_os(PLACE).expect("a place was mounted"));
            Sandbox::landlock(environment, limits(), &[place], helper()).await
        }
    };
    Renderer::inside(sandbox.expect("the walls stand"))
}

/// Where the program that confines itself was copied to, so that another user can run it.
pub const HELPER: &str = "REELMETER_TEST_HELPER";

/// The program that confines itself.
pub fn helper() -> PathBuf {
    std::env::var_os(HELPER).map_or_else(|| env!("CARGO_BIN_EXE_renderer").into(), PathBuf::from)
}

/// A scene with these lines in its `construct`, past the static gate: it is the boundary that is tested here.
pub fn scene(body: &str) -> Scene {
    scene_of(&format!(
        "from manim import *\n\nclass Section(Scene):\n    def construct(self):\n{}\n",
        body.lines()
            .map(|line| format!("        {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    ))
}

/// A scene of this code.
pub fn scene_of(code: &str) -> Scene {
    Scene {
        code: code.into(),
        scene_class: "Section".into(),
        width_px: 320,
        height_px: 180,
        fps: 10,
        time_max: Duration::from_secs(60),
    }
}

/// What is wrong with a scene, which something must be.
pub async fn problem_of(renderer: &Renderer, scene: &Scene) -> Problem {
    match renderer.check(scene, &CancellationToken::new()).await {
        Err(Error::Code(problem)) => problem,
        other => panic!("expected a problem with the code, got {other:?}"),
    }
}

/// Whether a process of this name runs anywhere on this machine.
pub fn is_running(name: &str) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| {
        std::fs::read_to_string(process.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    })
}

/// Waits for a condition.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(std::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A scene that gives its process this name, of at most fifteen characters, and never ends.
pub fn endless(name: &str) -> Scene {
    let code = format!("import ctypes\nctypes.CDLL(None).prctl(15, b{name:?})\nwhile True: pass");
    hostile(&code, Duration::from_secs(120))
}

/// A folder that everybody may read and write in.
pub fn open_folder(name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("reelmeter-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// Removes it again.
pub fn remove(folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
}

/// A scene that walks around the static gate and runs this code. The way is numpy's, which carries half of the standard
/// library with it; were it closed, the next would be found.
pub fn hostile(code: &str, time_max: Duration) -> Scene {
    use std::fmt::Write as _;
    let mut hex = String::new();
    for byte in code.bytes() {
        write!(hex, "{byte:02x}").unwrap();
    }
    Scene {
        time_max,
        ..scene_of(&format!(
            "import numpy as np\nfrom manim import *\n\nclass Section(Scene):\n    def construct(self):\n        \
             run = np.ma.core.operator.attrgetter('builtins.exec')(np.ma.core)\n        \
             run(bytes.fromhex('{hex}').decode(), dict(scene=self))\n        self.wait(0.2)\n"
        ))
    }
}
