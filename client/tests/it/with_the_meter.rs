//! The client and the real meter together: what a tool records is what a person sees.

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reelmeter_client::cli::{Cli, Commands};
use reelmeter_client::live::{Desk, State, Subject};
use reelmeter_client::remote::connection::State as Link;
use reelmeter_client::remote::{Remote, Target};
use reelmeter_client::{Error, Out, Shown};
use reelmeter_service::CancellationToken;

use crate::support::meter::Meter;
use crate::support::pty::Terminal;
use crate::support::relay::Relay;
use crate::support::within;

fn target(url: &str) -> Target {
    Target {
        meter_addr: url.to_owned(),
        generator_addr: "http://127.0.0.1:1".to_owned(),
        token: None,
        tls: Default::default(),
    }
}

async fn run(url: &str, line: &str) -> Result<String, Error> {
    let (out, written) = Out::buffer();
    let commands = Commands {
        target: target(url),
        shown: Shown::Plain,
        out,
        zone: TimeZone::UTC,
    };
    let cli =
        Cli::try_parse_from(std::iter::once("client").chain(line.split_whitespace())).unwrap();
    within(
        line,
        commands.run(&cli.command.unwrap(), CancellationToken::new()),
    )
    .await?;
    Ok(written.text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_of_the_documents_comes_out_exactly_on_a_real_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    let url = format!("http://{}", meter.address);
    let environment = [
        ("METER_ADDR", url.as_str()),
        ("GENERATOR_ADDR", "http://127.0.0.1:1"),
    ];
    let mut terminal = Terminal::start(env!("CARGO_BIN_EXE_client"), &[], &environment, 80, 24);
    terminal.wait_for("No session is running");
    meter.tool().await.record_the_example("example").await;
    let screen = terminal.wait_for("5,000 characters");
    for text in [
        "$0.775",
        "1,000,000  ($0.50)",
        "50,000 ($0.075)",
        "5  ($0.20)",
        "subscription",
        "Rachel (21m00Tcm4TlvDq8ikWAM)",
    ] {
        assert!(screen.contains(text), "{text:?} in\n{screen}");
    }
    terminal.press("q");
    assert!(terminal.wait().success());
    let left = terminal.screen();
    assert!(
        left.contains("1,000,000 input, 50,000 output, 1,050,000 in all"),
        "{left}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_survives_the_meter_and_the_watcher_comes_back_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    meter.tool().await.record_the_example("survives").await;
    let relay = Relay::to(meter.address).await;
    let subject = Subject::Session("survives".to_owned());
    let remote = Remote::new(&target(&relay.url())).unwrap();
    let mut desk = Desk::open(remote, &subject, std::time::Duration::from_millis(20));
    let mut state = State::new(subject, Timestamp::now());
    let mut until = async |what: &str, condition: &dyn Fn(&State) -> bool| {
        within(what, async {
            while !condition(&state) {
                let incoming = desk.next().await;
                let _ = state.apply(&incoming, Timestamp::now());
            }
        })
        .await;
    };
    let total = |state: &State| {
        state
            .summary
            .as_ref()
            .map(|summary| summary.total_cost.to_string())
    };
    until("the figures", &|state| {
        total(state).as_deref() == Some("0.775")
    })
    .await;
    meter.stop().await;
    until("the loss", &|state| {
        matches!(state.link(Timestamp::now()), Link::Disconnected { .. })
    })
    .await;

    let again = Meter::start(directory.path()).await;
    relay.lead_to(again.address);
    let mut tool = again.tool().await;
    tool.record(
        "survives",
        "survives-3",
        "gemini",
        "gemini-2.5-flash",
        &[("images", 1)],
    )
    .await;
    until("the figures after the restart", &|state| {
        total(state).as_deref() == Some("0.815")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_repriced_reset_ended_and_reported_from_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    let url = format!("http://{}", meter.address);
    let mut tool = meter.tool().await;
    tool.record_the_example("by-hand").await;

    let text = run(
        &url,
        "prices set gemini images 0.0000001 --per 1 --model gemini-2.5-flash",
    )
    .await
    .unwrap();
    assert!(text.contains("$0.0000001"), "{text}");
    let text = run(&url, "summary by-hand --json").await.unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        value["total_cost"], "0.5750005",
        "five images at the new price"
    );
    let text = run(&url, "prices reset").await.unwrap();
    assert!(text.starts_with("1 price was taken back"), "{text}");
    assert!(
        run(&url, "summary by-hand")
            .await
            .unwrap()
            .contains("Total cost  $0.775")
    );

    let text = run(
        &url,
        "prices set elevenlabs characters 0.0001 --per 1 --model eleven_multilingual_v2",
    )
    .await
    .unwrap();
    assert!(text.contains("eleven_multilingual_v2"), "{text}");
    let text = run(&url, "summary by-hand").await.unwrap();
    assert!(
        text.contains("Total cost  $1.275"),
        "a subscription with a rate of one's own costs money: {text}"
    );
    run(&url, "prices reset").await.unwrap();

    run(&url, "reset by-hand").await.unwrap();
    let text = run(&url, "summary by-hand").await.unwrap();
    assert!(
        text.contains("Total cost  $0.00") && text.contains("counted from zero again"),
        "{text}"
    );
    tool.record(
        "by-hand",
        "by-hand-9",
        "gemini",
        "gemini-2.5-flash",
        &[("images", 5)],
    )
    .await;
    let text = run(&url, "end by-hand").await.unwrap();
    assert!(
        text.contains("Total cost  $0.20") && text.contains("settled, ended"),
        "{text}"
    );
    let text = run(&url, "report by-hand --format csv").await.unwrap();
    assert!(
        text.contains(",images,5,reported,rated,0.2,0.04,1,"),
        "{text}"
    );
    let text = run(&url, "sessions").await.unwrap();
    assert!(text.contains("ended") && text.contains("$0.20"), "{text}");
    let text = run(&url, "watch by-hand").await.unwrap();
    assert!(text.contains("cost: settled"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_price_that_would_be_rounded_is_refused_by_the_meter_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    let url = format!("http://{}", meter.address);
    let error = run(&url, "prices set gemini images 0.1 --per 3")
        .await
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("the meter refused: "), "{error}");
    assert!(error.contains("made of twos and fives"), "{error}");
}
