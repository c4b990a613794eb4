//! Browsers at the meter: a page of a named origin may call it by one of its own names; every other page is refused before
//! anything is done, whatever name it has made point here.

use prost::Message;
use reelmeter_proto::meter::v1 as mpb;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::house::House;

const ALLOWED: &str = "https://console.example";

/// Sends a request as a browser would, and gives the whole answer.
async fn send(house: &House, method: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    let mut head = format!("{method} /reelmeter.meter.v1.MeterService/ListSessions HTTP/1.1\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!(
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    ));
    let mut stream = TcpStream::connect(house.meter_address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks for the sessions over gRPC-Web.
async fn ask(house: &House, host: &str, origin: Option<&str>) -> String {
    let message = mpb::ListSessionsRequest::default().encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let bearer = format!("Bearer {}", house.tokens["read.acme"]);
    let mut headers = vec![
        ("Host", host),
        ("Content-Type", "application/grpc-web+proto"),
        ("Authorization", bearer.as_str()),
    ];
    headers.extend(origin.map(|origin| ("Origin", origin)));
    send(house, "POST", &headers, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_named_origins_and_names_of_the_meters_own_get_through() {
    let house = House::with(&[
        "--reelmeter-web-origins",
        "https://console.example,https://second.example",
        "--reelmeter-web-hosts",
        "meter.example",
    ])
    .await;
    let address = house.meter_address.to_string();
    let port = house.meter_address.port();
    for host in [
        address.as_str(),
        "localhost",
        &format!("LOCALHOST:{port}"),
        "[::1]:50051",
        "meter.example",
        "10.1.2.3:50051",
    ] {
        for origin in [None, Some(ALLOWED), Some("https://second.example")] {
            let answer = ask(&house, host, origin).await;
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{host} {origin:?}: {answer}"
            );
            assert!(
                answer.contains("grpc-status:0"),
                "{host} {origin:?}: {answer}"
            );
            let lower = answer.to_lowercase();
            let allows = lower.contains("access-control-allow-origin: ");
            assert_eq!(allows, origin.is_some(), "{answer}");
            assert!(!lower.contains("allow-origin: *"), "{answer}");
        }
    }
    // A name that somebody else lets point here: DNS rebinding.
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:50051",
        "",
    ] {
        for origin in [None, Some(ALLOWED)] {
            let answer = ask(&house, host, origin).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{host:?}: {answer}");
            assert!(!answer.contains("grpc-status:0"), "{host:?}: {answer}");
        }
    }
    for origin in [
        "https://evil.example",
        "http://console.example",
        "https://console.example:444",
        "https://console.example.evil.example",
        "null",
        "*",
    ] {
        let answer = ask(&house, &address, Some(origin)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
        assert!(
            !answer.to_lowercase().contains("access-control-allow"),
            "{origin}: {answer}"
        );
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_asks_first_is_told_for_named_origins_alone() {
    let house = House::with(&["--reelmeter-web-origins", ALLOWED]).await;
    let address = house.meter_address.to_string();
    let preflight = async |origin: &str, host: &str| {
        let headers = [
            ("Host", host),
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            (
                "Access-Control-Request-Headers",
                "content-type,x-grpc-web,authorization",
            ),
        ];
        send(&house, "OPTIONS", &headers, b"").await.to_lowercase()
    };
    let answer = preflight(ALLOWED, &address).await;
    assert!(answer.starts_with("http/1.1 204"), "{answer}");
    for line in [
        "access-control-allow-origin: https://console.example",
        "access-control-allow-methods: post",
        "access-control-allow-headers: authorization, content-type",
        "vary: origin",
    ] {
        assert!(answer.contains(line), "{line}: {answer}");
    }
    for (origin, host) in [
        ("https://evil.example", address.as_str()),
        (ALLOWED, "evil.example"),
    ] {
        let answer = preflight(origin, host).await;
        assert!(answer.starts_with("http/1.1 403"), "{answer}");
        assert!(!answer.contains("access-control-allow"), "{answer}");
    }
    house.close().await;
}
