//! Requests that no client of ours would send: damaged frames and messages. Each is answered with the right code, the
//! connection goes on, and the meter does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use prost::Message;
use prost::bytes::Bytes;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reelmeter_meter::adapters::sqlite;
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{self, Uri};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use crate::server::{PATIENCE, Server, batch, event, record, summary};

const RECORD: &str = "/reelmeter.meter.v1.MeterService/RecordUsage";
const SUMMARY: &str = "/reelmeter.meter.v1.MeterService/GetSummary";

/// One connection, and how often it had to be made.
pub struct Wire {
    pub channel: Channel,
    made: Arc<AtomicUsize>,
}

impl Wire {
    pub async fn to(server: &Server) -> Self {
        let made = Arc::new(AtomicUsize::new(0));
        let (address, counted) = (server.address, Arc::clone(&made));
        let connector = tower::service_fn(move |_: Uri| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                let stream = TcpStream::connect(address).await?;
                // A frame's head and its message leave at once: else each call waits 40 ms for the other's word.
                stream.set_nodelay(true)?;
                Ok::<_, std::io::Error>(TokioIo::new(stream))
            }
        });
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let endpoint = endpoint.timeout(PATIENCE);
        let channel = endpoint.connect_with_connector(connector).await.unwrap();
        Self { channel, made }
    }

    pub fn connections(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// Sends a body as it stands; gives the code and the words of the answer.
    pub async fn send(&self, request: http::Request<Body>) -> (Code, String) {
        let status = self.answer(request).await;
        (status.code(), status.message().to_owned())
    }

    /// Sends a body as it stands; gives the status of the answer with its details.
    async fn answer(&self, request: http::Request<Body>) -> Status {
        let mut channel = self.channel.clone();
        std::future::poll_fn(|context| channel.poll_ready(context))
            .await
            .unwrap();
        let response = channel.call(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if parts.status != 200 {
            return Status::unknown(format!("HTTP {}", parts.status.as_u16()));
        }
        let trailers = match body.collect().await {
            Ok(collected) => collected.trailers().cloned().unwrap_or_default(),
            Err(status) => return status,
        };
        // An answer without a message has its status in the head.
        Status::from_header_map(&parts.headers)
            .or_else(|| Status::from_header_map(&trailers))
            .unwrap_or_else(|| Status::unknown("an answer without a status"))
    }

    /// Sends one message in a sound frame.
    pub async fn ask(&self, path: &str, message: &[u8]) -> (Code, String) {
        self.send(post(path, frame(0, message))).await
    }

    /// Sends one message in a sound frame; gives the status of the answer with its details.
    pub async fn status(&self, path: &str, message: &[u8]) -> Status {
        self.answer(post(path, frame(0, message))).await
    }
}

pub fn post(path: &str, body: Vec<u8>) -> http::Request<Body> {
    http::Request::post(format!("http://meter{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Full::new(Bytes::from(body))))
        .unwrap()
}

fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[flag], &length.to_be_bytes()[..], message].concat()
}

/// A group in a group in a group, none of which the contract knows: field 1,000 or so, opened and closed.
fn nested(depth: usize) -> Vec<u8> {
    let (open, close) = ([0xc3, 0x3e], [0xc4, 0x3e]);
    [open.repeat(depth), close.repeat(depth)].concat()
}

/// What is sent, and the codes that are right for it.
type Row = (&'static str, http::Request<Body>, &'static [Code]);

fn rows() -> Vec<Row> {
    let sound = batch(vec![event("sound", "s", "images", 1)]).encode_to_vec();
    let with = |more: &[u8]| [&sound, more].concat();
    let framed = |message: &[u8]| post(RECORD, frame(0, message));
    let encoded = |encoding: &str, body: Vec<u8>| {
        let mut request = post(RECORD, body);
        let value = encoding.parse().unwrap();
        request.headers_mut().insert("grpc-encoding", value);
        request
    };
    const DAMAGED: &[Code] = &[Code::Internal, Code::InvalidArgument];
    vec![
        ("bytes that are no message", framed(&[0xff; 24]), DAMAGED),
        (
            "a message that is cut off",
            framed(&sound[..sound.len() - 3]),
            DAMAGED,
        ),
        (
            "a field longer than its message",
            framed(&[0x0a, 0xff, 0xff, 0x03, 0x0a]),
            DAMAGED,
        ),
        (
            "a number of eleven bytes",
            framed(&[&[0x08][..], &[0xff; 11]].concat()),
            DAMAGED,
        ),
        (
            "a field number of zero",
            framed(&with(&[0x00, 0x01])),
            DAMAGED,
        ),
        (
            "a wire type that there is not",
            framed(&with(&[0xc7, 0x3e])),
            DAMAGED,
        ),
        (
            "a number where a text belongs",
            framed(&[0x10, 0x01]),
            DAMAGED,
        ),
        (
            "a text that is not UTF-8",
            framed(&[0x12, 0x02, 0xc3, 0x28]),
            DAMAGED,
        ),
        (
            "unknown groups 99,999 deep",
            framed(&with(&nested(99_999))),
            DAMAGED,
        ),
        (
            "a group that is not closed",
            framed(&with(&[0xc3, 0x3e])),
            DAMAGED,
        ),
        (
            "unknown fields",
            framed(&with(&[0xc0, 0x3e, 0x2a, 0xca, 0x3e, 0x01, 0x61])),
            &[Code::Ok],
        ),
        (
            "unknown groups, a few deep",
            framed(&with(&nested(8))),
            &[Code::Ok],
        ),
        ("no frame at all", post(RECORD, Vec::new()), DAMAGED),
        (
            "half of a frame's head",
            post(RECORD, vec![0, 0, 0]),
            DAMAGED,
        ),
        (
            "a frame that promises more than comes",
            post(RECORD, [&frame(0, &sound)[..5], b"ab"].concat()),
            DAMAGED,
        ),
        (
            "a frame of four gigabytes",
            post(RECORD, vec![0, 0xff, 0xff, 0xff, 0xff, 0]),
            &[Code::OutOfRange, Code::ResourceExhausted],
        ),
        (
            "a message over the limit",
            framed(&vec![0; 4 * 1024 * 1024 + 1]),
            &[Code::OutOfRange, Code::ResourceExhausted],
        ),
        (
            "a frame said to be compressed, by nothing",
            post(RECORD, frame(1, &sound)),
            &[Code::Internal, Code::Unimplemented],
        ),
        (
            "a frame said to be compressed, that is not",
            encoded("gzip", frame(1, &sound)),
            &[Code::Internal, Code::Unimplemented],
        ),
        (
            "a compression that nobody knows",
            encoded("lzma", frame(1, &sound)),
            &[Code::Internal, Code::Unimplemented],
        ),
        (
            "a flag that there is not",
            post(RECORD, frame(2, &sound)),
            DAMAGED,
        ),
        (
            "a method that there is not",
            post("/reelmeter.meter.v1.MeterService/Everything", frame(0, &[])),
            &[Code::Unimplemented],
        ),
        (
            "a service that there is not",
            post("/reelmeter.meter.v9.MeterService/GetSummary", frame(0, &[])),
            &[Code::Unimplemented],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_requests_are_refused_and_the_connection_goes_on() {
    let server = Server::start().await;
    let wire = Wire::to(&server).await;
    let mut meter = MeterServiceClient::new(wire.channel.clone());
    record(&mut meter, vec![event("first", "s", "images", 1)]).await;
    for (what, request, right) in rows() {
        let (code, words) = wire.send(request).await;
        assert!(right.contains(&code), "{what}: {code:?} {words}");
        let after = summary(&mut meter, "s").await;
        // The sound batch inside two of them counts, once.
        assert!(
            (1..=2).contains(&after.event_count),
            "after {what}: {}",
            after.event_count
        );
        assert_eq!(
            wire.connections(),
            1,
            "after {what} the connection was made anew"
        );
    }
    let request = pb::GetSummaryRequest {
        session_id: "s".to_owned(),
    }
    .encode_to_vec();
    assert_eq!(wire.ask(SUMMARY, &request).await.0, Code::Ok);
}

/// Requests of a plain test; `METER_MUTATED_REQUESTS` asks for more.
const MUTATED_DEFAULT: u32 = 1_000;

/// Sound requests to begin with, each with the method that it belongs to.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut full = event("full", "s", "input_tokens", 9);
    full.quantities[0].provider_billed = Some(pb::ProviderBilled {
        value: "27.5".to_owned(),
        unit: "credits".to_owned(),
        expected_value: "27".to_owned(),
    });
    full.occur_time = Some(prost_types::Timestamp {
        seconds: 1_795_392_000,
        nanos: 5,
    });
    full.stage = "script".to_owned();
    full.labels = [("k".to_owned(), "v".to_owned())].into();
    full.replaces_event_id = "first".to_owned();
    full.reservation_id = "r".to_owned();
    let session = pb::StartSessionRequest {
        session_id: "s".to_owned(),
        title: "t".to_owned(),
        ..Default::default()
    };
    let status = pb::ReportRecorderStatusRequest {
        recorder_id: "r".to_owned(),
        backlogs: vec![pb::SessionBacklog {
            session_id: "s".to_owned(),
            pending_event_count: 3,
            ..Default::default()
        }],
    };
    vec![
        (
            RECORD,
            batch(vec![full, event("b", "s", "images", 1)]).encode_to_vec(),
        ),
        (
            RECORD,
            batch(vec![event("c", "s", "images", 1); 3]).encode_to_vec(),
        ),
        (
            "/reelmeter.meter.v1.MeterService/StartSession",
            session.encode_to_vec(),
        ),
        (
            "/reelmeter.meter.v1.MeterService/ReportRecorderStatus",
            status.encode_to_vec(),
        ),
        (SUMMARY, b"\x0a\x01s".to_vec()),
    ]
}

/// A few bytes changed, put in, taken out, doubled, or cut off.
fn mutated(rng: &mut StdRng, sound: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let place = rng.random_range(0..=bytes.len());
        match rng.random_range(0..6) {
            0 if place < bytes.len() => bytes[place] ^= 1 << rng.random_range(0..8),
            1 if place < bytes.len() => {
                bytes[place] = *[0, 1, 0x7f, 0x80, 0xff].choose(rng).unwrap();
            }
            2 => bytes.insert(place, rng.random()),
            3 if place < bytes.len() => drop(bytes.remove(place)),
            4 => {
                let again: Vec<u8> = bytes[..place].to_vec();
                bytes.extend(again);
            }
            _ => bytes.truncate(place),
        }
        bytes.truncate(4096);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn mutated_requests_are_answered_and_the_ledger_stays_sound() {
    let count = std::env::var("METER_MUTATED_REQUESTS");
    let count = count.map_or(MUTATED_DEFAULT, |count| count.parse().unwrap());
    let mut rng = StdRng::seed_from_u64(1);
    let mut server = Server::start().await;
    let wire = Wire::to(&server).await;
    let mut meter = MeterServiceClient::new(wire.channel.clone());
    record(&mut meter, vec![event("first", "s", "images", 1)]).await;
    let seeds = seeds();
    let mut taken = 0;
    for number in 0..count {
        let (path, sound) = seeds.choose(&mut rng).unwrap();
        let bytes = mutated(&mut rng, sound);
        let (code, words) = wire.ask(path, &bytes).await;
        let right = [
            Code::Ok,
            Code::Internal,
            Code::InvalidArgument,
            Code::NotFound,
            Code::FailedPrecondition,
            Code::OutOfRange,
        ];
        assert!(
            right.contains(&code),
            "request {number}, {path} {bytes:02x?}: {code:?} {words}"
        );
        taken += u32::from(code == Code::Ok);
    }
    assert_eq!(wire.connections(), 1);
    // `summary` looks whether models and services add up to the total.
    summary(&mut meter, "s").await;
    assert!(
        taken > count / 20 && taken < count,
        "{taken} of {count} were taken: the mutations say nothing"
    );
    server.stop().await.unwrap();
    let found = sqlite::verify(&server.database()).unwrap();
    assert!(found.is_sound(), "{:?}", found.differences);
}
