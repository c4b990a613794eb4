//! The commands, against services that say what the test sets.

use std::process::ExitCode;

use clap::Parser;
use jiff::tz::TimeZone;
use reelmeter_client::cli::{Cli, Commands};
use reelmeter_client::remote::Target;
use reelmeter_client::{Error, Out, Shown};
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::meter::v1 as m;
use reelmeter_service::{CancellationToken, Secret};
use tonic::Status;

use crate::support::fake::World;
use crate::support::{scenes, within};

/// Does a command and gives what it printed. A plus stands for a blank inside of a word.
async fn run(world: &World, line: &str) -> (Result<ExitCode, Error>, String) {
    run_with(world, line, None).await
}

async fn run_with(
    world: &World,
    line: &str,
    token: Option<&str>,
) -> (Result<ExitCode, Error>, String) {
    let arguments = std::iter::once("client").chain(line.split_whitespace());
    let cli = Cli::try_parse_from(arguments.map(|word| word.replace('+', " "))).unwrap();
    let (out, written) = Out::buffer();
    let commands = commands(world, token, out);
    let run = commands.run(cli.command.as_ref().unwrap(), CancellationToken::new());
    let result = within("the end of the command", run).await;
    (result, written.text())
}

fn commands(world: &World, token: Option<&str>, out: Out) -> Commands {
    Commands {
        notes: Out::stderr(),
        target: Target {
            meter_addr: world.url(),
            generator_addr: world.url(),
            token: token.map(Secret::new),
            tls: Default::default(),
        },
        shown: Shown::Plain,
        out,
        zone: TimeZone::UTC,
    }
}

fn code(result: Result<ExitCode, Error>) -> String {
    format!("{:?}", result.unwrap())
}

fn success() -> String {
    format!("{:?}", ExitCode::SUCCESS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_is_printed_for_people_and_for_programs() {
    let world = World::start().await;
    world.tell(scenes::documented());
    let (result, text) = run(&world, "summary").await;
    assert_eq!(code(result), success());
    assert!(text.contains("Total cost  $0.775"), "{text}");
    let (_, text) = run(&world, "summary 0197 --json").await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["total_cost"], "0.775");
    assert_eq!(
        value["session"]["session_id"],
        "0197a0f2-1111-7000-8000-000000000001"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_meant_by_its_id_its_beginning_or_as_the_latest() {
    let world = World::start().await;
    world.tell(scenes::documented());
    let other = |id: &str| m::SessionOverview {
        session: Some(m::Session {
            session_id: id.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    *world.sessions.lock().unwrap() = vec![other("0197b"), other("0197c"), other("zzz")];
    for wanted in ["latest", "0197a", "0197a0f2-1111-7000-8000-000000000001"] {
        let (result, text) = run(&world, &format!("summary {wanted}")).await;
        assert!(
            result.is_ok() && text.contains("nightly digest"),
            "{wanted}: {text}"
        );
    }
    let (result, _) = run(&world, "summary 0197").await;
    let message = result.unwrap_err().to_string();
    assert!(
        message.starts_with("3 sessions begin with \"0197\"; write more of the id: 0197a0f2"),
        "{message}"
    );
    let (result, _) = run(&world, "summary nothing").await;
    assert_eq!(
        result.unwrap_err().to_string(),
        "there is no session \"nothing\"; `client sessions` lists them"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_tables_for_people_and_json_for_programs() {
    let world = World::start().await;
    let (_, text) = run(&world, "sessions").await;
    assert_eq!(text, "no sessions yet\n");
    world.tell(scenes::narrated());
    world.show(scenes::finished_video());
    for command in ["sessions", "videos", "voices", "prices"] {
        let (result, text) = run(&world, command).await;
        assert_eq!(code(result), success());
        insta::assert_snapshot!(format!("list_{command}"), text);
        let (_, text) = run(&world, &format!("{command} --json")).await;
        assert!(
            serde_json::from_str::<serde_json::Value>(&text).is_ok(),
            "{command}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_are_set_exactly_and_taken_back() {
    let world = World::start().await;
    let (result, text) = run(
        &world,
        "prices set gemini input_tokens 0.0000003 --per 1 --model gemini-2.5-flash",
    )
    .await;
    assert_eq!(code(result), success());
    assert!(text.contains("$0.0000003"), "{text}");
    assert!(text.contains("override, set at run time"), "{text}");
    let (_, text) = run(&world, "prices reset gemini").await;
    assert_eq!(text, "1 price was taken back\nno prices are set by hand\n");
    assert!(
        Cli::try_parse_from(["client", "prices", "set", "gemini", "images", "1e-25"]).is_err(),
        "a digit would be lost"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_there_is_named_with_the_next_step() {
    let world = World::start().await;
    let mut nowhere = world.clone();
    nowhere.move_to("127.0.0.1:1".parse().unwrap());
    for (command, service, setting) in [
        ("sessions", "meter", "METER_ADDR"),
        ("videos", "generator", "GENERATOR_ADDR"),
    ] {
        let (result, _) = run(&nowhere, command).await;
        assert_eq!(
            result.unwrap_err().to_string(),
            format!(
                "the {service} is not reachable at http://127.0.0.1:1 (connection refused); start it with `{service}`, \
                 or name another one with {setting}"
            )
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_shown_with_every_call_and_never_told() {
    let world = World::start().await;
    world.tell(scenes::documented());
    *world.token.lock().unwrap() = Some("s3cret".to_owned());
    let (result, _) = run(&world, "summary").await;
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("set REELMETER_TOKEN")
    );
    let (result, _) = run_with(&world, "summary", Some("s3cret")).await;
    assert!(result.is_ok());
    let (result, _) = run_with(&world, "summary", Some("wrong")).await;
    assert!(!format!("{:?}", result.unwrap_err()).contains("wrong"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_is_made_watched_and_saved_in_plain_lines() {
    let world = World::start().await;
    let directory = tempfile::tempdir().unwrap();
    let (mp4, csv) = (
        directory.path().join("v.mp4"),
        directory.path().join("v.csv"),
    );
    let bytes: Vec<u8> = (0..25_000u32).map(|number| number as u8).collect();
    *world.file.lock().unwrap() = bytes.clone();
    *world.estimate.lock().unwrap() = Some(g::Estimate {
        simulated: true,
        ..Default::default()
    });
    world.show(scenes::video());
    world.tell(scenes::narrated());
    let ending = world.clone();
    tokio::spawn(async move {
        within("the watching", async {
            while ending.count("WatchVideo") == 0 || ending.count("WatchSummary") == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
        ending.show(scenes::finished_video());
        ending.tell(scenes::settled(scenes::narrated()));
    });
    let line = format!(
        "generate Why+do+volcanoes+erupt? --output {} --report {}",
        mp4.display(),
        csv.display()
    );
    let (result, text) = run(&world, &line).await;
    assert_eq!(code(result), success());
    for said in [
        "SIMULATED",
        "video: running",
        "cost: $0.1755",
        "cost: settled",
        "Total cost  $0.1755",
        "videos/why-volcanoes-erupt.mp4",
    ] {
        assert!(text.contains(said), "{said:?} in\n{text}");
    }
    assert!(
        !text.contains('\u{1b}'),
        "plain lines have no escape sequences"
    );
    assert_eq!(
        std::fs::read(&mp4).unwrap(),
        bytes,
        "taken up again where it broke"
    );
    assert_eq!(world.count("DownloadVideo"), 2);
    assert!(
        std::fs::read_to_string(&csv)
            .unwrap()
            .starts_with("session_id")
    );
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        2,
        "no part is left"
    );

    let (result, _) = run(&world, &line).await;
    assert!(
        matches!(result, Err(Error::Exists { .. })),
        "nothing is overwritten"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_not_spent_where_nobody_can_be_asked() {
    let world = World::start().await;
    world.show(scenes::video());
    let (result, _) = run(&world, "generate x").await;
    // The test's own standard input is no terminal.
    assert!(matches!(result, Err(Error::NobodyToAsk)), "{result:?}");
    assert_eq!(world.count("CreateVideo"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_estimate_is_shown_before_a_real_run() {
    let world = World::start().await;
    world.show(scenes::video());
    let case = |cost: &str| {
        Some(g::EstimateCase {
            input_token_count: 3_000,
            output_token_count: 1_200,
            character_count: 900,
            image_count: 3,
            call_count: 8,
            cost: Some(scenes::money(cost.parse().unwrap())),
            lines: Vec::new(),
        })
    };
    *world.estimate.lock().unwrap() = Some(g::Estimate {
        likely: case("0.1335"),
        lowest: case("0.12"),
        highest: case("0.61"),
        price_book: scenes::documented().price_book,
        basis: "three scenes, one image each".to_owned(),
        simulated: false,
    });
    let (result, text) = run(&world, "generate x --yes --detach --budget 1.00").await;
    assert_eq!(code(result), success());
    insta::assert_snapshot!("estimate", text);
    assert_eq!(world.count("CreateVideo x"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_video_is_one_clear_sentence() {
    let world = World::start().await;
    world.show(scenes::video());
    *world.refuse.lock().unwrap() = Some(Status::failed_precondition(
        "ffmpeg is missing; install it with: apt-get install ffmpeg",
    ));
    let (result, _) = run(&world, "generate x --yes").await;
    assert_eq!(
        result.unwrap_err().to_string(),
        "the generator refused: ffmpeg is missing; install it with: apt-get install ffmpeg"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_got_lost_is_asked_for_again_and_starts_one_video() {
    let world = World::start().await;
    world.show(scenes::video());
    *world.refuse.lock().unwrap() = Some(Status::unavailable("restarting"));
    let (result, _) = run(&world, "generate x --yes --detach").await;
    assert_eq!(code(result), success());
    assert_eq!(world.count("CreateVideo"), 2);
    let ids = world.request_ids.lock().unwrap().clone();
    assert_eq!(ids[0], ids[1], "under the same id it is the same video");
    assert!(!ids[0].is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_watch_says_that_the_generator_goes_on_and_how_to_stop_it() {
    let world = World::start().await;
    world.show(scenes::video());
    world.tell(scenes::narrated());
    let cli = Cli::try_parse_from(["client", "generate", "x", "--yes"]).unwrap();
    let (out, written) = Out::buffer();
    let shutdown = CancellationToken::new();
    let (asked, seen) = (shutdown.clone(), written.clone());
    tokio::spawn(async move {
        within("the figures", async {
            while !seen.text().contains("cost: $0.1755") {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
        asked.cancel();
    });
    let commands = commands(&world, None, out);
    let run = commands.run(cli.command.as_ref().unwrap(), shutdown);
    let result = within("the end of the command", run).await;
    let text = written.text();
    assert_eq!(code(result), format!("{:?}", ExitCode::from(130)));
    for said in [
        "Total cost  $0.1755",
        "Watch it    client watch 0197a0f2-2222-7000-8000-000000000002",
        "Stop it     client cancel 0197a0f2-3333-7000-8000-000000000003",
    ] {
        assert!(text.contains(said), "{said:?} in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_video_ends_with_its_reason_and_code_1_and_is_resumed_by_the_beginning_of_its_id()
{
    let world = World::start().await;
    let mut failed = scenes::video();
    failed.state = g::VideoState::Failed.into();
    failed.error_message =
        "the provider refused image 2: safety; resume it to try again".to_owned();
    world.show(failed);
    world.tell(scenes::narrated());
    let (result, text) = run(&world, "resume 0197a0f2-3").await;
    assert_eq!(code(result), format!("{:?}", ExitCode::from(1)));
    assert!(
        text.contains("Why         the provider refused image 2: safety; resume it to try again"),
        "{text}"
    );
    assert_eq!(
        world.count("ResumeVideo 0197a0f2-3333-7000-8000-000000000003"),
        1
    );
    let (_, _) = run(&world, "resume").await;
    assert_eq!(world.count("ResumeVideo"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settled_session_is_watched_to_its_end_and_saved() {
    let world = World::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.md");
    world.tell(scenes::settled(scenes::documented()));
    let (result, text) = run(&world, &format!("watch latest --report {}", path.display())).await;
    assert_eq!(code(result), success());
    assert!(
        text.contains("cost: settled") && text.contains("Total cost  $0.775"),
        "{text}"
    );
    assert!(
        std::fs::read_to_string(path)
            .unwrap()
            .contains("# nightly digest")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_printed_or_saved_in_the_form_that_was_asked_for() {
    let world = World::start().await;
    world.tell(scenes::documented());
    let (_, text) = run(&world, "report --format csv").await;
    assert!(text.starts_with("session_id,"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.csv");
    let (_, text) = run(
        &world,
        &format!("report latest --output {} --format json", path.display()),
    )
    .await;
    assert!(text.starts_with("$0.775 of session 0197a0f2"), "{text}");
    assert!(
        std::fs::read_to_string(path).unwrap().starts_with('{'),
        "the form that was named wins over the file's"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_videos_are_steered_by_hand() {
    let world = World::start().await;
    world.tell(scenes::narrated());
    world.show(scenes::video());
    let (_, text) = run(&world, "reset latest").await;
    assert_eq!(
        text,
        "session 0197a0f2-2222-7000-8000-000000000002 counts from zero again\n"
    );
    let (_, text) = run(&world, "end latest").await;
    assert!(text.contains("Total cost"));
    let (_, text) = run(&world, "cancel 0197").await;
    assert!(
        text.contains("is cancelled; continue it with: client resume 0197a0f2-3333"),
        "{text}"
    );
    let (_, text) = run(&world, "discard 0197").await;
    assert!(text.contains("is discarded"));
    let (result, _) = run(&world, "cancel other").await;
    assert_eq!(
        result.unwrap_err().to_string(),
        "there is no video \"other\"; `client videos` lists them"
    );
}

#[test]
fn the_command_line_is_sound_and_its_help_is_its_documentation() {
    use clap::CommandFactory;
    Cli::command().debug_assert();
    let mut command = Cli::command().term_width(100);
    insta::assert_snapshot!("help_client", command.render_help());
    for name in [
        "generate", "watch", "report", "receipt", "query", "export", "prices",
    ] {
        let sub = command.find_subcommand_mut(name).unwrap();
        insta::assert_snapshot!(
            format!("help_client_{name}"),
            sub.clone().term_width(100).render_help()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_without_what_was_moved_out_says_so_beside_the_lines() {
    let world = World::start().await;
    let export = async |moved: i64| {
        *world.moved_out.lock().unwrap() = moved;
        let (out, lines) = Out::buffer();
        let (notes, warned) = Out::buffer();
        let commands = Commands {
            notes,
            ..commands(&world, None, out)
        };
        let cli = Cli::try_parse_from(["client", "export"]).unwrap();
        let run = commands.run(cli.command.as_ref().unwrap(), CancellationToken::new());
        within("the export", run).await.unwrap();
        (lines.text(), warned.text())
    };
    let (lines, warned) = export(1_200).await;
    assert_eq!(lines, "{\"event_id\":\"e\"}\n");
    assert!(
        warned.starts_with("warning: this export is not whole: 1,200 older events were moved out"),
        "{warned}"
    );
    assert_eq!(export(0).await, (lines, String::new()));
}
