//! Protects the contract of settings: names, precedence, what a mistake says, and that secrets stay hidden.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};
use reelmeter_service::Program;
use reelmeter_service::settings::{self, LogFormat, Settings, SettingsError, Source, Together};

use support::{World, message};

#[derive(Debug, Clone, Args)]
#[group(skip)]
struct MeterConfig {
    /// The address to listen on.
    #[arg(long, env, default_value = "127.0.0.1:50051")]
    meter_listen: SocketAddr,
    /// Where the ledger lies.
    #[arg(long, env, default_value = "sqlite://data/meter.db")]
    meter_store: String,
    /// A file of rates.
    #[arg(long, env)]
    meter_price_overrides: Option<String>,
    /// A question with an answer that is on by itself.
    #[arg(long, env, default_value_t = true, action = clap::ArgAction::Set)]
    meter_polite: bool,
    /// Names, for a setting with several values.
    #[arg(long, env, value_delimiter = ',')]
    meter_names: Vec<String>,
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    meter: MeterConfig,
    /// Not a setting: it has no variable.
    #[arg(long)]
    once: bool,
}

fn meter(world: &World) -> Result<Settings<Cli>, SettingsError> {
    settings::resolve::<Cli>(Program::Meter, &[], &world.surroundings)
}

/// Every combination of the three layers, and which of them wins.
#[test]
fn flags_beat_the_environment_which_beats_the_file_which_beats_the_default() {
    for bits in 0..8 {
        let (flag, variable, file) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let mut world = World::new();
        if flag {
            world = world.flags(&["--meter-listen", "127.0.0.1:1"]);
        }
        if variable {
            world = world.variable("METER_LISTEN", "127.0.0.1:2");
        }
        if file {
            world = world.file("# a comment\nmeter_listen = \"127.0.0.1:3\"\n");
        }
        let (port, source) = match (flag, variable, file) {
            (true, _, _) => (1, Source::Flag("--meter-listen".into())),
            (false, true, _) => (2, Source::Environment("METER_LISTEN".into())),
            (false, false, true) => (3, Source::File("reelmeter.toml:2".into())),
            (false, false, false) => (50051, Source::Default),
        };
        let settings = meter(&world).unwrap();
        assert_eq!(
            settings.cli.meter.meter_listen.port(),
            port,
            "flag {flag}, variable {variable}, file {file}"
        );
        assert_eq!(settings.source("meter_listen"), Some(&source));
    }
}

#[test]
fn a_setting_without_a_default_can_come_from_every_layer() {
    let unset = meter(&World::new()).unwrap();
    assert_eq!(unset.cli.meter.meter_price_overrides, None);
    let file = meter(&World::new().file("meter_price_overrides = \"a.toml\"")).unwrap();
    assert_eq!(
        file.cli.meter.meter_price_overrides.as_deref(),
        Some("a.toml")
    );
    let variable = meter(&World::new().variable("METER_PRICE_OVERRIDES", "b.toml")).unwrap();
    assert_eq!(
        variable.cli.meter.meter_price_overrides.as_deref(),
        Some("b.toml")
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let settings = meter(
        &World::new()
            .variable("METER_LISTEN", "")
            .file("meter_listen = \"127.0.0.1:3\""),
    )
    .unwrap();
    assert_eq!(settings.cli.meter.meter_listen.port(), 3);
}

#[test]
fn a_list_is_a_list_in_the_file_and_commas_elsewhere() {
    let file = meter(&World::new().file("meter_names = [\"a\", \"b\"]")).unwrap();
    assert_eq!(file.cli.meter.meter_names, ["a", "b"]);
    let variable = meter(&World::new().variable("METER_NAMES", "c,d")).unwrap();
    assert_eq!(variable.cli.meter.meter_names, ["c", "d"]);
}

#[test]
fn a_switch_takes_the_usual_words_for_yes_and_no() {
    for (word, expected) in [
        ("1", true),
        ("true", true),
        ("YES", true),
        ("on", true),
        ("0", false),
        ("no", false),
    ] {
        let settings = meter(&World::new().variable("REELMETER_INSECURE", word)).unwrap();
        assert_eq!(settings.common.reelmeter_insecure, expected, "{word}");
    }
    let settings = meter(&World::new().variable("METER_POLITE", "0")).unwrap();
    assert!(!settings.cli.meter.meter_polite);
    assert!(meter(&World::new()).unwrap().cli.meter.meter_polite);
    let settings = meter(&World::new().file("reelmeter_insecure = true")).unwrap();
    assert!(settings.common.reelmeter_insecure);
    let text = message(meter(
        &World::new().variable("REELMETER_INSECURE", "perhaps"),
    ));
    assert_eq!(
        text,
        "environment REELMETER_INSECURE: \"perhaps\" cannot be used for reelmeter_insecure: true or false is expected"
    );
}

#[test]
fn what_is_no_setting_cannot_stand_in_the_file() {
    let text = message(meter(&World::new().file("once = true")));
    assert!(
        text.starts_with("reelmeter.toml:1: no Reelmeter program has a setting once"),
        "{text}"
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_likely_name() {
    let text = message(meter(
        &World::new().file("\n\nmeter_lsten = \"127.0.0.1:1\"\n"),
    ));
    assert_eq!(
        text,
        "reelmeter.toml:3: no Reelmeter program has a setting meter_lsten; did you mean meter_listen?"
    );
    let text = message(meter(&World::new().file("colour = \"red\"")));
    assert_eq!(
        text,
        "reelmeter.toml:1: no Reelmeter program has a setting colour"
    );
}

#[test]
fn settings_of_other_programs_may_stand_in_the_shared_file() {
    let file = "generator_listen = \"127.0.0.1:1\"\nvideos_dir = \"v\"\nmeter_addr = \"http://m:1\"\n\
                generator_addr = \"http://g:1\"\nsimulator_listen = \"127.0.0.1:2\"\nclient_theme = \"dark\"\n\
                ollama_host = \"http://o\"\ngemini_base_url = \"http://g\"\nelevenlabs_base_url = \"http://e\"\n\
                simulator_addr = \"http://s\"\ngemini_api_key_file = \"k\"\n";
    meter(&World::new().file(file)).unwrap();
}

#[test]
fn the_program_of_all_programs_refuses_what_it_does_not_know() {
    let world = World::new().file("generator_lisen = \"127.0.0.1:1\"");
    let result = settings::resolve::<Cli>(Program::Reelmeter, &[], &world.surroundings);
    assert!(
        message(result)
            .starts_with("reelmeter.toml:1: no Reelmeter program has a setting generator_lisen")
    );
}

#[test]
fn a_section_or_a_date_in_the_file_is_refused_with_its_line() {
    let text = message(meter(
        &World::new().file("meter_store = \"x\"\n[meter]\nlisten = 1\n"),
    ));
    assert_eq!(
        text,
        "reelmeter.toml:2: meter must be a string, a number, true or false, or a list of these"
    );
    let text = message(meter(&World::new().file("meter_store = 2026-01-01")));
    assert_eq!(
        text,
        "reelmeter.toml:1: meter_store must be a string, a number, true or false, or a list of these"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let text = message(meter(
        &World::new().file("meter_store = \"x\"\nmeter_listen = = 3\n"),
    ));
    assert!(text.starts_with("reelmeter.toml:2: "), "{text}");
}

#[test]
fn a_value_that_cannot_be_used_is_told_with_the_place_where_it_stands() {
    let text = message(meter(&World::new().file("\nmeter_listen = \"localhost\"")));
    assert_eq!(
        text,
        "reelmeter.toml:2: \"localhost\" cannot be used for meter_listen: invalid socket address syntax"
    );
    let text = message(meter(&World::new().variable("METER_LISTEN", "50051")));
    assert_eq!(
        text,
        "environment METER_LISTEN: \"50051\" cannot be used for meter_listen: invalid socket address syntax"
    );
    let text = message(meter(&World::new().variable("REELMETER_LOG_FORMAT", "xml")));
    assert_eq!(
        text,
        "environment REELMETER_LOG_FORMAT: \"xml\" cannot be used for reelmeter_log_format: one of text, json is expected"
    );
    // A wrong flag is told as a flag, also where the file has a good value.
    let text = message(meter(
        &World::new()
            .file("meter_listen = \"127.0.0.1:3\"")
            .flags(&["--meter-listen", "x"]),
    ));
    assert!(text.contains("--meter-listen <METER_LISTEN>"), "{text}");
}

#[test]
fn a_named_file_is_read_instead_and_must_exist() {
    let world = World::new()
        .file("meter_listen = \"127.0.0.1:3\"")
        .named_file("other.toml", "meter_listen = \"127.0.0.1:4\"");
    let settings = meter(&world.flags(&["--config", "other.toml"])).unwrap();
    assert_eq!(settings.cli.meter.meter_listen.port(), 4);
    assert_eq!(
        settings.source("meter_listen"),
        Some(&Source::File("other.toml:1".into()))
    );
    let text = message(meter(&World::new().flags(&["--config=nowhere.toml"])));
    assert!(
        text.starts_with("cannot read the settings file nowhere.toml: "),
        "{text}"
    );
}

#[test]
fn help_is_given_whatever_is_wrong_with_the_file() {
    let error = meter(&World::new().file("nonsense = = 1").flags(&["--help"])).unwrap_err();
    let SettingsError::Clap(error) = error else {
        panic!("help expected, got {error}")
    };
    assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp);
}

#[test]
fn help_names_each_variable_and_its_default() {
    let error = meter(&World::new().flags(&["--help"])).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("--meter-listen <METER_LISTEN>"), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("The address to listen on [env: METER_LISTEN] [default: 127.0.0.1:50051]"),
        "{text}"
    );
}

#[derive(Debug, Parser)]
struct WithCommands {
    #[command(flatten)]
    meter: MeterConfig,
    #[command(subcommand)]
    command: Option<Commands>,
}

#[derive(Debug, Subcommand, PartialEq, Eq)]
enum Commands {
    Watch { session: Option<String> },
}

#[test]
fn a_setting_may_stand_before_or_after_a_subcommand() {
    for flags in [
        ["--meter-store", "x", "watch", "s"],
        ["watch", "--meter-store", "x", "s"],
    ] {
        let world = World::new().flags(&flags);
        let settings =
            settings::resolve::<WithCommands>(Program::Client, &[], &world.surroundings).unwrap();
        assert_eq!(settings.cli.meter.meter_store, "x");
        assert_eq!(
            settings.cli.command,
            Some(Commands::Watch {
                session: Some("s".into())
            })
        );
        assert_eq!(
            settings.source("meter_store"),
            Some(&Source::Flag("--meter-store".into()))
        );
    }
    let world = World::new()
        .flags(&["watch", "--config", "c.toml"])
        .named_file("c.toml", "meter_store = \"y\"");
    let settings =
        settings::resolve::<WithCommands>(Program::Meter, &[], &world.surroundings).unwrap();
    assert_eq!(settings.cli.meter.meter_store, "y");
}

#[derive(Debug, Clone, Args)]
struct Caller {
    /// The meter to call.
    #[arg(long, env, default_value = "http://127.0.0.1:50051")]
    meter_addr: String,
}

#[derive(Debug, Clone, Args)]
struct Watcher {
    /// The meter to watch.
    #[arg(long, env, default_value = "http://127.0.0.1:50051")]
    meter_addr: String,
    /// How often to draw.
    #[arg(long, env, default_value_t = 30)]
    client_frames: u32,
}

#[derive(Debug, Parser)]
struct Both {
    #[command(flatten)]
    both: Together<MeterConfig, Together<Caller, Watcher>>,
}

#[test]
fn a_setting_that_two_services_share_is_one_flag_for_both() {
    let world = World::new().flags(&["--meter-addr", "http://m:1"]);
    let settings = settings::resolve::<Both>(Program::Reelmeter, &[], &world.surroundings).unwrap();
    let Together(_, Together(caller, watcher)) = settings.cli.both;
    assert_eq!(caller.meter_addr, "http://m:1");
    assert_eq!(watcher.meter_addr, "http://m:1");
    assert_eq!(watcher.client_frames, 30);
}

#[test]
fn the_printed_settings_say_value_and_source() {
    let settings = meter(
        &World::new()
            .variable("METER_STORE", "postgres://meter:canary@db/meter")
            .file("reelmeter_log = \"debug\"\n")
            .flags(&["--meter-listen", "127.0.0.1:7"]),
    )
    .unwrap();
    let printed = settings::render(&settings.lines);
    let squeezed: Vec<String> = printed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "meter_listen = \"127.0.0.1:7\" # flag --meter-listen",
        "meter_store = \"postgres://meter:(hidden)@db/meter\" # environment METER_STORE",
        "meter_price_overrides = (not set) # default",
        "reelmeter_log = \"debug\" # reelmeter.toml:1",
        "reelmeter_log_format = \"text\" # default",
        "reelmeter_insecure = \"false\" # default",
    ] {
        assert!(
            squeezed.iter().any(|printed| printed == line),
            "{line} is missing in\n{printed}"
        );
    }
    assert!(!printed.contains("canary"));
    assert_eq!(settings.common.reelmeter_log_format, LogFormat::Text);
}

#[test]
fn defaults_for_tests_ignore_environment_and_file() {
    let config: MeterConfig = settings::from_flags(&["--meter-store", "sqlite://x"]).unwrap();
    assert_eq!(config.meter_store, "sqlite://x");
    assert_eq!(config.meter_listen.port(), 50051);
    assert!(settings::from_flags::<MeterConfig>(&["--no-such"]).is_err());
}

#[derive(Debug, Parser)]
struct Misnamed {
    #[arg(long, env = "METER_HEARD")]
    meter_listen: Option<String>,
    #[arg(long = "store", env)]
    meter_store: Option<String>,
    #[arg(long, env)]
    gemini_api_key: Option<String>,
}

#[test]
fn a_setting_whose_three_names_differ_is_found() {
    let sound = settings::naming_mistakes::<Cli>(Program::Meter);
    assert!(sound.is_empty(), "{sound:?}");
    assert_eq!(
        settings::naming_mistakes::<Misnamed>(Program::Meter),
        [
            "meter_listen is read from METER_HEARD",
            "meter_store has the flag Some(\"store\")",
            "gemini_api_key is a secret and has a flag",
        ]
    );
}
