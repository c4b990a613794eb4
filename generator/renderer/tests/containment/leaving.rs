//! Protects: what a scene leaves in place of its picture is not taken for one, and a scene that speaks for itself is not
//! believed.

use std::time::Duration;

use reelmeter_renderer::{Error, Fault, Problem, Renderer};
use tokio_util::sync::CancellationToken;

use crate::support::hostile;

/// Runs at the end of the interpreter's part, when Manim has written the picture: puts something else in its place.
const IN_ITS_PLACE: &str = "
import atexit, os, manim.cli.render.commands as commands
path = None
real = scene.render
from manim.scene import scene_file_writer
writer = scene.renderer.file_writer
finish = writer.finish
def instead(*args, **kwargs):
    finish(*args, **kwargs)
    place = str(writer.movie_file_path)
    os.unlink(place)
    PLACE
writer.finish = instead
";

async fn rendered(renderer: &Renderer, code: &str) -> Problem {
    let scene = hostile(code, Duration::from_secs(60));
    match renderer.render(&scene, &CancellationToken::new()).await {
        Err(Error::Code(problem)) => problem,
        other => panic!("expected a problem with the code, got {other:?}"),
    }
}

pub async fn what_is_no_file_is_no_picture(renderer: &Renderer) {
    for instead in [
        "os.symlink('/etc/passwd', place)",
        "os.symlink('/proc/self/mem', place)",
        "os.mkfifo(place)",
        "open('other', 'w').write('x'); os.link('other', place)",
        "os.mkdir(place)",
        "open(place, 'w').write('no picture at all')",
        "pass",
    ] {
        let problem = rendered(renderer, &IN_ITS_PLACE.replace("PLACE", instead)).await;
        // Landlock refuses to make links and pipes at all, which the scene then raises.
        let contained = problem.fault == Fault::NoPicture
            || (problem.fault == Fault::Raised && problem.message.starts_with("PermissionError"));
        assert!(contained, "{instead}: {problem:?}");
    }
}

pub async fn a_scene_that_speaks_for_itself_is_not_believed(renderer: &Renderer) {
    let speak = |words: &str| {
        format!(
            "import os\nfor fd in range(3, 64):\n    try: os.write(fd, {words})\n    except OSError: pass\nos._exit(0)"
        )
    };
    for (words, fault) in [
        (r#"b'{"outcome":"passed"}\n'"#, Fault::NoPicture),
        (r#"b'{"outcome":"made","size":4}\nabcd'"#, Fault::NoPicture),
        (
            r#"b'{"outcome":"made","size":1099511627776}\nabcd'"#,
            Fault::NoPicture,
        ),
        (
            r#"b'{"outcome":"failed","fault":"raised","line":4000000000,"message":"\\u001b[2J"}\n'"#,
            Fault::Raised,
        ),
        (r#"b'\xff\xfe\n'"#, Fault::Raised),
        (r#"b''"#, Fault::Raised),
    ] {
        let problem = rendered(renderer, &speak(words)).await;
        assert_eq!(problem.fault, fault, "{words}: {problem:?}");
        assert!(!problem.message.contains('\u{1b}'), "{problem:?}");
    }
}

pub async fn a_crash_is_told(renderer: &Renderer) {
    let problem = rendered(renderer, "import ctypes\nctypes.string_at(0)").await;
    assert_eq!(problem.fault, Fault::Raised, "{problem:?}");
    assert!(problem.message.contains("signal 11"), "{problem:?}");
}
