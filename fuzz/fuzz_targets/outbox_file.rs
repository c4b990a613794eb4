#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use reelmeter_recorder::fuzzing;
use tempfile::TempDir;

/// In memory where there is a place for it: a disk's syncs are not what is tried here.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    made.expect("a folder for the outbox")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::outbox_file(FOLDER.path(), bytes));
