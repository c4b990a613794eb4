//! Protects keys and tokens: where they may come from, and that nothing shows them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use clap::Parser;
use reelmeter_service::Program;
use reelmeter_service::secret::{ELEVENLABS_API_KEY, GEMINI_API_KEY};
use reelmeter_service::settings::{self, Settings, SettingsError, Source};

use support::{World, message};

#[derive(Debug, Parser)]
struct Nothing {}

fn generator(world: &World) -> Result<Settings<Nothing>, SettingsError> {
    let secrets = &[GEMINI_API_KEY, ELEVENLABS_API_KEY];
    settings::resolve::<Nothing>(Program::Generator, secrets, &world.surroundings)
}

#[test]
fn a_secret_comes_from_its_variable_or_from_a_file() {
    let settings = generator(&World::new().variable("GEMINI_API_KEY", " key-1\n")).unwrap();
    assert_eq!(
        settings.secrets.get(GEMINI_API_KEY).unwrap().expose(),
        "key-1"
    );
    assert!(settings.secrets.get(ELEVENLABS_API_KEY).is_none());
    let settings = generator(
        &World::new()
            .named_file("k", "key-2\n")
            .variable("GEMINI_API_KEY_FILE", "k")
            .variable("GEMINI_API_KEY", ""),
    )
    .unwrap();
    assert_eq!(
        settings.secrets.get(GEMINI_API_KEY).unwrap().expose(),
        "key-2"
    );
    assert_eq!(
        settings.source("gemini_api_key"),
        Some(&Source::Environment("GEMINI_API_KEY_FILE".into()))
    );
    let settings = generator(
        &World::new()
            .named_file("k", "key-3")
            .file("gemini_api_key_file = \"k\""),
    )
    .unwrap();
    assert_eq!(
        settings.secrets.get(GEMINI_API_KEY).unwrap().expose(),
        "key-3"
    );
    assert_eq!(
        settings.source("gemini_api_key"),
        Some(&Source::File("reelmeter.toml:1".into()))
    );
}

#[test]
fn an_empty_secret_counts_as_absent() {
    let settings = generator(&World::new().variable("GEMINI_API_KEY", "")).unwrap();
    assert!(settings.secrets.get(GEMINI_API_KEY).is_none());
    let world = World::new()
        .named_file("k", "\n")
        .variable("GEMINI_API_KEY_FILE", "k");
    assert!(
        generator(&world)
            .unwrap()
            .secrets
            .get(GEMINI_API_KEY)
            .is_none()
    );
}

#[test]
fn a_secret_given_twice_is_refused() {
    let world = World::new()
        .variable("GEMINI_API_KEY", "a")
        .variable("GEMINI_API_KEY_FILE", "k");
    assert_eq!(
        message(generator(&world)),
        "GEMINI_API_KEY and GEMINI_API_KEY_FILE are both set; keep one of them"
    );
    // Across layers the usual precedence decides: the environment beats the file.
    let world = World::new()
        .variable("GEMINI_API_KEY", "a")
        .file("gemini_api_key_file = \"nowhere\"");
    assert_eq!(
        generator(&world)
            .unwrap()
            .secrets
            .get(GEMINI_API_KEY)
            .unwrap()
            .expose(),
        "a"
    );
}

#[test]
fn a_secret_file_that_cannot_be_read_is_told_with_what_to_do() {
    let text = message(generator(
        &World::new().variable("GEMINI_API_KEY_FILE", "nowhere"),
    ));
    assert!(
        text.starts_with("cannot read GEMINI_API_KEY_FILE="),
        "{text}"
    );
    assert!(text.contains("check the path"), "{text}");
}

#[test]
fn a_secret_has_no_flag_and_no_place_in_the_settings_file() {
    let error = generator(&World::new().flags(&["--gemini-api-key", "canary-1"])).unwrap_err();
    assert!(matches!(error, SettingsError::Clap(_)), "{error}");
    let text = message(generator(
        &World::new().file("gemini_api_key = \"canary-2\""),
    ));
    assert_eq!(
        text,
        "reelmeter.toml:1: gemini_api_key is a secret and may not stand in this file; put it into the environment, \
         or into a file of its own and name that as gemini_api_key_file"
    );
    // Also where the program has no use for it.
    let world = World::new().file("gemini_api_key = \"canary-3\"");
    let text = message(settings::resolve::<Nothing>(
        Program::Meter,
        &[],
        &world.surroundings,
    ));
    assert!(
        text.starts_with("reelmeter.toml:1: gemini_api_key is a secret"),
        "{text}"
    );
    assert!(!text.contains("canary"));
}

#[test]
fn a_malformed_secret_is_refused_without_being_shown() {
    let text = message(generator(
        &World::new().variable("GEMINI_API_KEY", "canary\ntwo"),
    ));
    assert!(
        text.starts_with("GEMINI_API_KEY holds a character that no key has"),
        "{text}"
    );
    assert!(!text.contains("canary"));
}

#[test]
fn no_secret_shows_in_debug_or_in_the_printed_settings() {
    let settings = generator(
        &World::new()
            .variable("GEMINI_API_KEY", "canary-gemini")
            .variable("ELEVENLABS_API_KEY", "canary-eleven"),
    )
    .unwrap();
    let printed = settings::render(&settings.lines);
    for text in [
        format!("{settings:?}"),
        format!("{settings:#?}"),
        printed.clone(),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
    let secret = settings.secrets.get(GEMINI_API_KEY).unwrap();
    assert_eq!(format!("{secret} {secret:?}"), "(hidden) Secret(hidden)");
    assert!(printed.contains("gemini_api_key"), "{printed}");
}
