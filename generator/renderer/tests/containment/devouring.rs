//! Protects: a scene that takes all it can of something is ended by the limit on it, and told so.

use std::time::Duration;

use reelmeter_renderer::{Fault, Problem, Renderer, RunLimit};

use crate::support::{eventually, hostile, is_running, problem_of, scene};

/// Longer than a scene takes to come to its first line on a busy machine.
const LONG: Duration = Duration::from_secs(60);

async fn of(renderer: &Renderer, code: &str, time_max: Duration) -> Problem {
    problem_of(renderer, &hostile(code, time_max)).await
}

pub async fn an_endless_loop_is_ended(renderer: &Renderer) {
    let mut endless = scene("while True:\n    self.camera");
    endless.time_max = Duration::from_secs(4);
    let problem = problem_of(renderer, &endless).await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Time), "{problem:?}");
}

pub async fn nothing_of_it_is_left_running(renderer: &Renderer, walls: &str) {
    // A name for the process that can be seen from outside; the kernel keeps fifteen characters.
    let name: String = format!("left-{walls}").chars().take(15).collect();
    let code = format!(
        "import ctypes, signal, time, threading\nctypes.CDLL(None).prctl(15, b{name:?})\n\
         for s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n\
         for _ in range(4): threading.Thread(target=time.sleep, args=(3600,)).start()\n\
         time.sleep(3600)"
    );
    let (problem, ()) = tokio::join!(
        of(renderer, &code, Duration::from_secs(20)),
        eventually("the scene never runs", || is_running(&name)),
    );
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Time), "{problem:?}");
    eventually("a scene outlives its limit", || !is_running(&name)).await;
}

pub async fn memory_without_end_is_ended(renderer: &Renderer) {
    let problem = of(
        renderer,
        "kept = []\nwhile True: kept.append(bytearray(64 << 20))",
        LONG,
    )
    .await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Memory), "{problem:?}");
}

pub async fn a_full_disk_is_told(renderer: &Renderer) {
    let code =
        "n = 0\nwhile True:\n    n += 1\n    open(f'fill-{n}', 'wb').write(b'x' * (8 << 20))";
    let problem = of(renderer, code, LONG).await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Disk), "{problem:?}");
}

pub async fn a_huge_file_is_ended(renderer: &Renderer) {
    let code = "with open('huge', 'wb') as f:\n    f.truncate(1 << 40)\n    f.seek(1 << 39)\n    f.write(b'x')";
    let problem = of(renderer, code, LONG).await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Disk), "{problem:?}");
}

pub async fn a_gigabyte_of_words_is_cut(renderer: &Renderer) {
    let code = "import sys\nline = 'x' * 1048576\nfor _ in range(1024): print(line)";
    let problem = of(renderer, code, LONG).await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Output), "{problem:?}");
}

pub async fn a_gigabyte_in_place_of_the_picture_is_cut(renderer: &Renderer) {
    let code = "import os\nblock = b'x' * 1048576\n\
        for fd in range(3, 64):\n    try:\n        for _ in range(1024): os.write(fd, block)\n    except OSError: pass";
    let problem = of(renderer, code, LONG).await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Output), "{problem:?}");
}

pub async fn threads_without_end_are_ended(renderer: &Renderer) {
    let code = "import threading, time\nthreading.stack_size(65536)\n\
        for _ in range(100000): threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()";
    let problem = of(renderer, code, LONG).await;
    assert_eq!(
        problem.fault,
        Fault::Limit(RunLimit::Processes),
        "{problem:?}"
    );
}

pub async fn files_without_end_are_ended(renderer: &Renderer) {
    let problem = of(
        renderer,
        "kept = []\nwhile True: kept.append(open('/dev/null'))",
        LONG,
    )
    .await;
    assert_eq!(problem.fault, Fault::Limit(RunLimit::Disk), "{problem:?}");
}
