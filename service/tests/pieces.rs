//! Protects the small pieces: ports, addresses, how errors are said, clocks and ids.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};
use reelmeter_service::clock::ManualClock;
use reelmeter_service::connect::{self, ConnectError};
use reelmeter_service::ids::CountedIds;
use reelmeter_service::listen::{self, ListenError};
use reelmeter_service::telemetry::{self, Sink};
use reelmeter_service::tls::Tls;
use reelmeter_service::{Clock, Common, Ids, UuidIds, failure, health};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::StreamExt;

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn a_taken_port_is_replaced_by_a_free_one_and_said() {
    let holder = TcpListener::bind(loopback()).await.unwrap();
    let address = holder.local_addr().unwrap();
    let common = Common::default();
    let error = listen::bind(address, "meter_listen", &common)
        .await
        .unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error}");
    let bound = listen::bind_or_free(address, "meter_listen", &common)
        .await
        .unwrap();
    assert_eq!(bound.taken, Some(address));
    assert_ne!(bound.listener.local_addr().unwrap(), address);
    let free = listen::bind_or_free(loopback(), "meter_listen", &common)
        .await
        .unwrap();
    assert_eq!(free.taken, None);
}

#[tokio::test]
async fn a_connection_lets_those_who_wait_have_their_turn_before_it_writes() {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut incoming = listen::incoming(listener, 1);
    let mut caller = TcpStream::connect(address).await.unwrap();
    let mut connection = incoming.next().await.unwrap().unwrap();
    // On this runtime's one thread nobody runs until whoever runs lets go.
    let turns = tokio::spawn(async move {
        let mut turns = Vec::new();
        for _ in 0..2 {
            let other = tokio::spawn(async {});
            connection.write_all(b"an answer").await.unwrap();
            turns.push(other.is_finished());
            connection.flush().await.unwrap();
        }
        turns
    });
    assert_eq!(turns.await.unwrap(), [true, true]);
    let mut heard = String::new();
    caller.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "an answeran answer");
}

#[test]
fn only_loopback_addresses_need_no_guard() {
    let common = Common::default();
    let open = |address: &str| {
        listen::check_door(address.parse().unwrap(), "generator_listen", &common).is_ok()
    };
    for address in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        assert!(open(address), "{address}");
    }
    for address in [
        "0.0.0.0:1",
        "10.0.0.1:1",
        "[::]:1",
        "[::ffff:10.0.0.1]:1",
        "[fe80::1]:1",
    ] {
        assert!(!open(address), "{address}");
    }
}

#[tokio::test]
async fn an_address_that_this_machine_does_not_have_is_refused_with_the_reason() {
    let common = Common {
        reelmeter_insecure: true,
        ..Common::default()
    };
    let address = "203.0.113.7:1".parse().unwrap();
    let error = listen::bind(address, "meter_listen", &common)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("cannot listen on 203.0.113.7:1 (--meter-listen): "),
        "{text}"
    );
}

#[tokio::test]
async fn addresses_are_taken_as_people_write_them() {
    let tls = Tls::default();
    for address in [
        "http://127.0.0.1:50051",
        "http://meter:50051/",
        "http://[::1]:50051",
        "localhost:50051",
        "https://m.example",
    ] {
        assert!(
            connect::endpoint(address, "METER_ADDR", &tls).is_ok(),
            "{address}"
        );
    }
    for address in [
        "",
        "http://",
        "ftp://m:1",
        "http://m:1/path",
        "http://m:notaport",
        "http://user@m:1",
        "http://a b",
    ] {
        let result = connect::endpoint(address, "METER_ADDR", &tls);
        let error = result.map(|_| ()).expect_err(address);
        assert!(
            matches!(error, ConnectError::Address { .. }),
            "{address}: {error}"
        );
        assert!(
            error
                .to_string()
                .starts_with(&format!("METER_ADDR={address:?} is not an address"))
        );
    }
}

#[tokio::test]
async fn a_plain_http_program_is_well_when_it_answers_200() {
    for (answer, well) in [
        ("HTTP/1.1 200 OK\r\n\r\n", true),
        ("HTTP/1.1 503 Busy\r\n\r\n", false),
        ("SSH-2.0\r\n", false),
        ("", false),
    ] {
        let listener = TcpListener::bind(loopback()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let outcome = health::check_http("simulator", address, "/healthz").await;
        assert_eq!(outcome.is_ok(), well, "{answer:?}: {outcome:?}");
        server.await.unwrap();
    }
}

#[derive(Debug)]
struct Layered(&'static str, Option<Box<Layered>>);

impl fmt::Display for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Layered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_ref().map(|source| source.as_ref() as _)
    }
}

#[test]
fn an_error_is_said_once_with_its_causes_line_by_line() {
    let io = Layered("permission denied", None);
    let middle = Layered(
        "cannot open data/meter.db: permission denied",
        Some(Box::new(io)),
    );
    let error = Layered("the meter cannot start", Some(Box::new(middle)));
    assert_eq!(
        failure::render(&error),
        "error: the meter cannot start\n  caused by: cannot open data/meter.db: permission denied\n"
    );
}

#[test]
fn text_from_outside_does_nothing_to_the_terminal() {
    let error = Layered("model \u{1b}[2Jgpt\u{202e}x\r\nnot found", None);
    assert_eq!(
        failure::render(&error),
        "error: model \u{fffd}[2Jgpt\u{fffd}x  not found\n"
    );
}

#[test]
fn a_clock_that_was_set_back_shows_the_earlier_time_to_everyone() {
    let clock = ManualClock::new(Timestamp::from_second(1_000).unwrap());
    let shared = clock.clone();
    clock.advance(SignedDuration::from_secs(5));
    assert_eq!(shared.now(), Timestamp::from_second(1_005).unwrap());
    clock.set(Timestamp::from_second(1).unwrap());
    assert_eq!(shared.now(), Timestamp::from_second(1).unwrap());
    clock.set(Timestamp::MAX);
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(shared.now(), Timestamp::MAX);
}

#[test]
fn ids_are_never_given_twice_and_later_ones_sort_later() {
    let ids: Vec<String> = (0..10_000).map(|_| UuidIds.next_id()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert!(ids.is_sorted());
    let (first, second) = (CountedIds::new(1), CountedIds::new(2));
    assert_eq!(first.next_id(), CountedIds::new(1).next_id());
    assert_ne!(first.next_id(), second.next_id());
}

/// The only test of this file that may set up logging: a process has one.
#[test]
fn logs_go_to_the_file_while_the_screen_is_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/reelmeter.log");
    telemetry::init(&Common::default(), Sink::File(path.clone())).unwrap();
    tracing::info!(videos = 3, "ready");
    tracing::debug!("too quiet for the default filter");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("ready") && text.contains("videos=3"),
        "{text}"
    );
    assert!(
        !text.contains("too quiet") && !text.contains('\u{1b}'),
        "{text}"
    );
    let error = telemetry::init(&Common::default(), Sink::Stderr).unwrap_err();
    assert_eq!(
        error.to_string(),
        "logging is already set up in this process"
    );
}
