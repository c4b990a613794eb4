//! Who may call, and by which ways.

use std::fs;
use std::time::Duration;

use reelmeter_meter::{Config, run};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::metadata::MetadataValue;
use tonic::{Code, Request};

use crate::server::{Server, batch, channel, event, eventually, record, summary, total};

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_with_a_token_answers_only_those_who_show_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite://{}/meter.db", folder.path().display());
    let mut config: Config = from_flags(&["--meter-store", &store]).unwrap();
    config.token = Some(Secret::new("a canary of thirty-two characters"));
    assert!(!format!("{config:?}").contains("canary"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(run(config, Common::default(), listener, shutdown.clone()));
    let plain = channel(address).await;
    let mut meter = MeterServiceClient::new(plain.clone());
    let ask = |shown: Option<&str>| {
        let mut request = Request::new(batch(vec![event("a", "s", "images", 1)]));
        if let Some(shown) = shown {
            request
                .metadata_mut()
                .insert("authorization", MetadataValue::try_from(shown).unwrap());
        }
        request
    };
    for shown in [
        None,
        Some("Bearer wrong"),
        Some("Bearer "),
        Some("a canary of thirty-two characters"),
    ] {
        let error = meter.record_usage(ask(shown)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated, "{shown:?}");
        assert!(!error.message().contains("canary"));
    }
    assert!(
        meter
            .record_usage(ask(Some("Bearer a canary of thirty-two characters")))
            .await
            .is_ok()
    );
    let watch = pb::WatchSummaryRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        meter.watch_summary(watch).await.unwrap_err().code(),
        Code::Unauthenticated
    );
    let mut health = tonic_health::pb::health_client::HealthClient::new(plain);
    let request = tonic_health::pb::HealthCheckRequest {
        service: String::new(),
    };
    assert!(
        health.check(request).await.is_ok(),
        "a container engine has no token"
    );
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_asks_over_grpc_web() {
    use prost::Message;
    let server = Server::start().await;
    record(
        &mut server.meter().await,
        vec![event("a", "s", "images", 1)],
    )
    .await;
    let message = pb::GetSummaryRequest {
        session_id: "s".to_owned(),
    }
    .encode_to_vec();
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let head = format!(
        "POST /reelmeter.meter.v1.MeterService/GetSummary HTTP/1.1\r\nHost: {}\r\nContent-Type: application/grpc-web+proto\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        server.address,
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(
        text.contains("application/grpc-web+proto") && text.contains("grpc-status:0"),
        "{text}"
    );
    assert!(text.contains("0.04"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_file_that_changes_prices_running_sessions_and_a_mistake_in_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rates.toml");
    let rates = |amount: &str| {
        format!(
            "[[rates]]\nservice = \"gemini\"\nmodel = \"gemini-2.5-flash\"\nmetric = \"images\"\namount = \"{amount}\"\nper = 1\n"
        )
    };
    fs::write(&path, rates("0.10")).unwrap();
    let server = Server::start_with(&["--meter-price-overrides", path.to_str().unwrap()]).await;
    let mut meter = server.meter().await;
    record(&mut meter, vec![event("a", "s", "images", 1)]).await;
    assert_eq!(total(&summary(&mut meter, "s").await), "0.1");
    fs::write(&path, "[[rates]]\nservice = 7\n").unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        total(&summary(&mut meter, "s").await),
        "0.1",
        "the old prices stay"
    );
    fs::write(&path, rates("0.25")).unwrap();
    let meter = &meter;
    let moved = eventually("the new price counts", || async move {
        let summary = summary(&mut meter.clone(), "s").await;
        (total(&summary) == "0.25").then_some(summary)
    });
    assert_eq!(moved.await.price_revision, 1);
}
