//! Protects a person's keys: a whole video at the loudest log level, then a search for the keys in everything that is left.

use std::path::Path;

use super::one_command_makes_a_video::reelmeter;
use crate::support::world::World;

const GEMINI_CANARY: &str = "canary-gemini-4f1d0c7e";
const ELEVENLABS_CANARY: &str = "canary-elevenlabs-9b2e6a35";
const TOKEN_CANARY: &str = "canary-token-71c8d0f2-which-meter-and-generator-ask-for";

fn files_with(folder: &Path, word: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with(&path, word, found);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            if bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes())
            {
                found.push(path.display().to_string());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_in_any_log_file_database_or_answer() {
    // Keys are set, so the program takes its providers for real; they are the simulator of this world.
    let world = World::without_meter().await;
    let address = world.vendor.address().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        reelmeter(
            &place,
            &[
                "--plain",
                "--yes",
                "--scenes",
                "1",
                "--resolution",
                "360",
                "How do bees fly?",
            ],
            &[
                ("GEMINI_API_KEY", GEMINI_CANARY),
                ("ELEVENLABS_API_KEY", ELEVENLABS_CANARY),
                ("REELMETER_TOKEN", TOKEN_CANARY),
                ("GEMINI_BASE_URL", &address),
                ("ELEVENLABS_BASE_URL", &address),
                ("REELMETER_LOG", "trace"),
            ],
        )
    })
    .await
    .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        &said[said.len().saturating_sub(4000)..]
    );
    assert!(said.len() > 10_000, "it logged at the loudest level");
    for canary in [GEMINI_CANARY, ELEVENLABS_CANARY, TOKEN_CANARY] {
        assert!(!said.contains(canary), "the key was printed");
        let mut found = Vec::new();
        files_with(folder.path(), canary, &mut found);
        assert!(found.is_empty(), "the key was kept: {found:?}");
    }
    world.stop().await;
}
