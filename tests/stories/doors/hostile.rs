//! What comes to a port that nobody meant to come: garbage, silence, slowness, too much, and all at once. Each on the
//! running services, which serve their callers all the while.

use std::net::SocketAddr;
use std::time::Duration;

use reelmeter_proto::generator::v1 as gpb;
use reelmeter_proto::meter::v1 as mpb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Request};

use super::house::House;
use crate::support::eventually::eventually;

const SESSIONS: &str = "/reelmeter.meter.v1.MeterService/ListSessions";
const VIDEOS: &str = "/reelmeter.generator.v1.GeneratorService/ListVideos";
/// Nothing here takes longer unless it is broken; a silent connection is cut off after 15 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// Both services answer.
async fn both_serve(house: &House) {
    let sessions = mpb::ListSessionsRequest::default();
    let videos = gpb::ListVideosRequest::default();
    house
        .ask::<mpb::ListSessionsResponse>("read.acme", SESSIONS, sessions)
        .await
        .unwrap();
    house
        .ask::<gpb::ListVideosResponse>("read.acme", VIDEOS, videos)
        .await
        .unwrap();
}

fn both(house: &House) -> [SocketAddr; 2] {
    [house.meter_address, house.generator_address]
}

/// Reads until the other side closes; what it said. However a connection ends, it ends.
async fn read_to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await;
    let _ = ended.expect("the service closes the connection");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_port_closes_that_connection_and_no_other() {
    let house = House::open().await;
    let garbage: [&[u8]; 4] = [
        &[0xff; 4096],
        b"GET / HTTP/1.1\r\nHost: nowhere.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello where none is spoken",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff and then nonsense",
    ];
    for address in both(&house) {
        for bytes in garbage {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            read_to_the_end(&mut stream).await;
        }
    }
    both_serve(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_a_connection_and_says_nothing_or_too_slowly_is_cut_off() {
    let house = House::open().await;
    let [meter, generator] = both(&house);
    let silent = async |address| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        read_to_the_end(&mut stream).await;
    };
    tokio::join!(silent(meter), silent(generator), drip_until_cut(meter));
    both_serve(&house).await;
    house.close().await;
}

/// One letter of a request's head after the other, never the end of it, until the service has had enough.
async fn drip_until_cut(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nX: ").await.unwrap();
    let dripped = tokio::time::timeout(PATIENCE, async {
        let mut said = [0; 64];
        loop {
            let paused = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut said));
            // An end of the stream, or an answer that ends it.
            if paused.await.is_ok() || stream.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    dripped.await.expect("the service closes the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_the_limit_is_refused_before_it_is_read() {
    let house = House::open().await;
    // By its length alone: a gibibyte is announced and never sent.
    let token = &house.tokens["record.acme"];
    let head = format!(
        "POST /reelmeter.meter.v1.MeterService/RecordUsage HTTP/1.1\r\nHost: {}\r\nContent-Type: application/grpc-web+proto\r\n\
         Authorization: Bearer {token}\r\nContent-Length: 1073741829\r\n\r\n",
        house.meter_address
    );
    let mut stream = TcpStream::connect(house.meter_address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[0, 0x40, 0, 0, 0]).await.unwrap();
    stream.write_all(&[0; 64 * 1024]).await.unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while !String::from_utf8_lossy(&answer).contains("grpc-status") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut chunk));
        let count = read.await.expect("an answer").unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&chunk[..count]);
    }
    let text = String::from_utf8_lossy(&answer);
    // OUT_OF_RANGE.
    assert!(text.contains("grpc-status: 11"), "{text}");

    // And by being sent.
    let long = "x".repeat(8 * 1024 * 1024);
    let request = mpb::StartSessionRequest {
        title: long.clone(),
        ..Default::default()
    };
    let path = "/reelmeter.meter.v1.MeterService/StartSession";
    let refused = house
        .ask::<()>("record.acme", path, request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    let request = gpb::CreateVideoRequest {
        request_id: long[..1024 * 1024].to_owned(),
        spec: None,
    };
    let path = "/reelmeter.generator.v1.GeneratorService/CreateVideo";
    let refused = house
        .ask::<()>("generate.acme", path, request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    both_serve(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_beyond_the_limit_are_refused() {
    let house = House::open().await;
    let mut meter = mpb::meter_service_client::MeterServiceClient::new(house.meter.clone());
    let mut request = Request::new(mpb::ListSessionsRequest::default());
    request
        .metadata_mut()
        .insert("x-long", "x".repeat(200 * 1024).parse().unwrap());
    meter.list_sessions(request).await.unwrap_err();
    both_serve(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_a_service_keeps_are_closed_and_room_comes_back() {
    let house = House::with(&["--reelmeter-connections-max", "8"]).await;
    for address in both(&house) {
        let mut open = Vec::new();
        for _ in 0..20 {
            open.push(TcpStream::connect(address).await.unwrap());
        }
        // Eight places, of which the house's own channel has one.
        let mut closed = 0;
        let mut byte = [0];
        for stream in &mut open[8..] {
            let read = tokio::time::timeout(PATIENCE, stream.read(&mut byte)).await;
            closed += usize::from(!matches!(read, Ok(Ok(1..))));
        }
        assert_eq!(closed, 12);
        drop(open);
        eventually("a place is free again", || async {
            let mut stream = TcpStream::connect(address).await.ok()?;
            stream
                .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .await
                .ok()?;
            let mut said = [0; 9];
            let settings = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut said));
            (settings.await.ok()?.ok()? > 0).then_some(())
        })
        .await;
    }
    both_serve(&house).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_strangers_keeps_no_caller_from_the_service() {
    let house = std::sync::Arc::new(House::open().await);
    let flood: Vec<_> = (0..16)
        .map(|number| {
            let house = std::sync::Arc::clone(&house);
            tokio::spawn(async move {
                for _ in 0..200 {
                    let path = if number % 2 == 0 { SESSIONS } else { VIDEOS };
                    let refused = house.call::<()>(path, (), Some("rmt_stranger")).await;
                    let code = refused.map(drop).unwrap_err().code();
                    assert!(matches!(
                        code,
                        Code::Unauthenticated | Code::ResourceExhausted
                    ));
                    // And a connection that only costs.
                    drop(TcpStream::connect(both(&house)[number % 2]).await);
                }
            })
        })
        .collect();
    while flood.iter().any(|task| !task.is_finished()) {
        both_serve(&house).await;
    }
    for task in flood {
        task.await.unwrap();
    }
    std::sync::Arc::into_inner(house).unwrap().close().await;
}
