//! The service's life: health, reflection, stopping, settings that are mistakes, files that are somebody else's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use reelmeter_meter::{Config, run};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use tokio::net::TcpListener;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::server::{PATIENCE, Server, event, record, summary};

/// What a meter says that does not start.
async fn refusal(config: Config) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = run(
        config,
        Common::default(),
        listener,
        CancellationToken::new(),
    );
    let ended = tokio::time::timeout(PATIENCE, running)
        .await
        .expect("a meter that must not start ends");
    let error = ended.unwrap_err();
    reelmeter_service::failure::render(&error)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_is_well_for_each_service_and_what_it_offers() {
    let server = Server::start().await;
    let mut health = HealthClient::new(server.channel().await);
    for service in [
        "",
        "reelmeter.meter.v1.MeterService",
        "reelmeter.meter.v1.PricingService",
    ] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        assert_eq!(
            health.check(request).await.unwrap().into_inner().status(),
            ServingStatus::Serving,
            "{service}"
        );
    }
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let mut answers = reflection
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap()
        .into_inner();
    let Some(MessageResponse::ListServicesResponse(services)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("reflection lists services");
    };
    let names: Vec<String> = services
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    assert!(
        names.contains(&"reelmeter.meter.v1.MeterService".to_owned()),
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_order_with_callers_still_there() {
    let mut server = Server::start().await;
    let mut meter = server.meter().await;
    record(&mut meter, vec![event("a", "s", "images", 1)]).await;
    let watch = pb::WatchSummaryRequest {
        session_id: "s".to_owned(),
        ..Default::default()
    };
    let _updates = meter.watch_summary(watch).await.unwrap();
    let began = Instant::now();
    server.stop().await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let beside = fs::read_dir(server.database().parent().unwrap()).unwrap();
    let left: Vec<String> = beside
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        left.iter().all(|name| !name.ends_with("-wal")),
        "everything is in the file: {left:?}"
    );
    server.start_again().await;
    assert_eq!(summary(&mut server.meter().await, "s").await.event_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_meter_on_the_same_ledger_is_told_who_has_it() {
    let server = Server::start().await;
    record(
        &mut server.meter().await,
        vec![event("a", "s", "images", 1)],
    )
    .await;
    let said = refusal(server.config()).await;
    assert!(said.contains("belongs to a running meter"), "{said}");
    assert!(
        said.contains(&std::process::id().to_string())
            && said.contains(&server.address.to_string()),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_read_the_ledger() {
    let server = Server::start().await;
    record(
        &mut server.meter().await,
        vec![event("a", "s", "images", 1)],
    )
    .await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = server.database().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_sqlite_tool_reads_what_was_used() {
    let server = Server::start().await;
    let mut meter = server.meter().await;
    let mut call = event("0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f", "s", "m0", 0);
    call.quantities = (0..6)
        .map(|number| crate::server::quantity(&format!("m{number}"), number * 10))
        .collect();
    call.labels.insert("run".to_owned(), "7".to_owned());
    record(&mut meter, vec![call]).await;
    let mut correction = event("b", "s", "images", 1);
    correction.replaces_event_id = "0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f".to_owned();
    record(&mut meter, vec![correction]).await;
    let connection = rusqlite::Connection::open(server.database()).unwrap();
    let mut statement = connection.prepare("SELECT event_id, session_id, model, metric, quantity, basis, counts FROM usage ORDER BY metric").unwrap();
    let rows: Vec<String> = statement
        .query_map([], |row| {
            let text = |column: usize| row.get::<_, String>(column);
            Ok(format!(
                "{} {} {} {} {} {} {}",
                text(0)?,
                text(1)?,
                text(2)?,
                text(3)?,
                row.get::<_, i64>(4)?,
                text(5)?,
                row.get::<_, i64>(6)?
            ))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows[0], "b s gemini-2.5-flash images 1 reported 1");
    for number in 0..6 {
        let expected = format!(
            "0199c3f2-7d4a-7c11-8a3e-5b0f6c1d2e3f s gemini-2.5-flash m{number} {} reported 0",
            number * 10
        );
        assert_eq!(rows[number + 1], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_price_file_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite://{}/meter.db", folder.path().display());
    let overrides = folder.path().join("rates.toml");
    fs::write(
        &overrides,
        "[[rates]]\nservice = \"gemini\"\nmetric = \"images\"\namount = 0.04\nper = 1\n",
    )
    .unwrap();
    let overrides = overrides.display().to_string();
    let config = |flags: &[&str]| {
        from_flags::<Config>(&[&["--meter-store", &store], flags].concat()).unwrap()
    };
    let said = refusal(config(&["--meter-price-overrides", &overrides])).await;
    assert!(said.contains("rates.toml:4"), "{said}");
    let said = refusal(config(&["--meter-price-book", "no such book"])).await;
    assert!(
        said.contains("no such book") && said.contains("documented"),
        "{said}"
    );
    let said = refusal(config(&["--meter-rates", "gemini/flash=1"])).await;
    assert!(said.contains("METER_RATES"), "{said}");
    assert!(
        !folder.path().join("meter.db").exists(),
        "nothing was touched"
    );
    for (store, because) in [
        ("mysql://localhost/meter", "postgres://"),
        ("data/meter.db", "sqlite://"),
        ("sqlite://", "path"),
    ] {
        let error = from_flags::<Config>(&["--meter-store", store])
            .unwrap_err()
            .to_string();
        assert!(error.contains(because), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_a_ledger_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meter.db");
    let config = || {
        from_flags::<Config>(&["--meter-store", &format!("sqlite://{}", path.display())]).unwrap()
    };
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign
        .execute_batch("CREATE TABLE diary (page TEXT)")
        .unwrap();
    drop(foreign);
    assert!(refusal(config()).await.contains("another program"));
    fs::write(&path, "dear diary, ".repeat(1_000)).unwrap();
    let said = refusal(config()).await;
    assert!(said.contains("damaged"), "{said}");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
    assert!(refusal(config()).await.contains("symbolic link"));
    fs::remove_file(&path).unwrap();
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer
        .execute_batch(
            "PRAGMA application_id = 1380273229; PRAGMA user_version = 99; CREATE TABLE t (x)",
        )
        .unwrap();
    drop(newer);
    assert!(refusal(config()).await.contains("newer meter"));
}
