//! The client and the real meter together: what a tool records is what a person sees.

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reelmeter_client::cli::{Cli, Commands};
use reelmeter_client::live::{Desk, State, Subject};
use reelmeter_client::remote::connection::State as Link;
use reelmeter_client::remote::{Remote, Target};
use reelmeter_client::{Error, Out, Shown};
use reelmeter_proto::meter::v1 as m;
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
        notes: Out::stderr(),
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

fn image(event: &str, attempt: i32, outcome: m::CallOutcome) -> m::UsageEvent {
    m::UsageEvent {
        event_id: event.to_owned(),
        session_id: "film".to_owned(),
        service: "gemini".to_owned(),
        model: "gemini-2.5-flash".to_owned(),
        stage: "image".to_owned(),
        scene: 1,
        attempt,
        outcome: outcome.into(),
        quantities: vec![m::Quantity {
            metric: "images".to_owned(),
            value: 1,
            basis: m::QuantityBasis::Counted.into(),
            provider_billed: None,
        }],
        labels: Default::default(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_names_each_attempt_and_a_what_if_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    let url = format!("http://{}", meter.address);
    let mut tool = meter.tool().await;
    tool.record_event(image("f-1", 1, m::CallOutcome::Failed))
        .await;
    tool.record_event(image("f-2", 2, m::CallOutcome::Discarded))
        .await;
    tool.record_event(image("f-3", 3, m::CallOutcome::Succeeded))
        .await;
    tool.record(
        "film",
        "f-4",
        "gemini",
        "gemini-2.5-flash",
        &[("input_tokens", 1_000_000)],
    )
    .await;
    tool.record(
        "film",
        "f-5",
        "acme",
        "nobody-knows",
        &[("input_tokens", 7)],
    )
    .await;

    let text = run(&url, "receipt film").await.unwrap();
    for line in [
        "failed",
        "retry, discarded",
        "retry, succeeded",
        "Total cost  $0.62 + 7 input tokens unpriced",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
    let what_if = "receipt film --as gemini-2.5-flash=gemini-3-pro-preview";
    let text = run(&url, what_if).await.unwrap();
    for line in [
        "Would cost  $1.25 + 3 images, 7 input tokens unpriced",
        "Costs       $0.62 by its own prices",
        "Difference  +$0.63",
        "gemini-2.5-flash as gemini-3-pro-preview",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
    let error = run(&url, "receipt film --as gemini-3-pro-preview")
        .await
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("could have been made by it"), "{error}");
    let flash = "gemini-2.5-flash";
    tool.record(
        "words",
        "w-1",
        "gemini",
        flash,
        &[("output_tokens", 1_000_000)],
    )
    .await;
    let text = run(&url, "receipt words --as gemini-3-pro-preview")
        .await
        .unwrap();
    assert!(text.contains("Difference  +$3.50"), "{text}");
    let text = run(
        &url,
        "report film --rate gemini/gemini-2.5-flash/images=1/1",
    )
    .await
    .unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["total_cost"], "3.5");
    assert_eq!(value["actual_cost"], "0.62");
    assert_eq!(value["difference"], "2.88");
    let text = run(&url, "report film --price-book list --format csv")
        .await
        .unwrap();
    assert!(
        text.contains("film,image,1,2,discarded,1,gemini,"),
        "{text}"
    );
    let text = run(
        &url,
        "receipt film --as gemini-2.5-flash=gemini-3-flash-preview --format html",
    )
    .await
    .unwrap();
    assert!(text.starts_with("<!doctype html>"), "{text}");
    assert!(text.contains("gemini-3-flash-preview"), "{text}");
    for (line, because) in [
        ("receipt film --as gemini-9", "could have been made by it"),
        ("receipt film --rate gemini/x/images=1/3", "twos and fives"),
        ("receipt film --as =x", "write MODEL"),
        (
            "receipt film --price-book none",
            "price book `none` does not exist",
        ),
    ] {
        let error = run(&url, line).await.unwrap_err().to_string();
        assert!(error.contains(because), "{line}: {error}");
    }
    let text = run(&url, "summary film").await.unwrap();
    assert!(
        text.contains("$0.62 + 7 input tokens unpriced"),
        "nothing was recorded: {text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_is_asked_about_and_the_ledger_saved() {
    let directory = tempfile::tempdir().unwrap();
    let meter = Meter::start(directory.path()).await;
    let url = format!("http://{}", meter.address);
    meter.tool().await.record_the_example("asked").await;

    let text = run(&url, "query --month this").await.unwrap();
    assert!(
        text.contains("gemini-2.5-flash") && text.contains("5,000 characters"),
        "{text}"
    );
    assert!(text.contains("Total cost  $0.775"), "{text}");
    let text = run(&url, "query --group-by label,day --label-key team --json")
        .await
        .unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["total_cost"], "0.775");
    assert_eq!(value["rows"][0]["group_values"][0], "");
    let text = run(&url, "query --from 2020-01-01 --to 2020-02-01")
        .await
        .unwrap();
    assert!(text.contains("no real calls"), "{text}");

    let lines = directory.path().join("events.jsonl");
    run(&url, &format!("export --output {}", lines.display()))
        .await
        .unwrap();
    let text = std::fs::read_to_string(&lines).unwrap();
    let ids: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["event_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(ids, ["asked-1", "asked-2"]);
    let text = run(&url, "export asked --csv").await.unwrap();
    assert!(
        text.starts_with("sequence_number,") && text.contains(",characters,5000,"),
        "{text}"
    );

    let page = directory.path().join("report.html");
    run(&url, &format!("report asked --output {}", page.display()))
        .await
        .unwrap();
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("<p class=\"headline\">$0.775</p>"), "{text}");
    assert!(text.contains("<td class=\"n\">5,000</td>"), "{text}");
}
