//! TLS to the database: a real server with a certificate is believed by its authority and its name, and not otherwise.

use std::process::Command;

use reelmeter_proto::meter::v1::RecordStatus::Recorded;

use crate::server::{Server, event, record};
use crate::support::postgres;

/// Two authorities, and of the first a certificate for `localhost`.
fn certificates() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = "set -e
        curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
        for name in right wrong; do
            openssl req -x509 $curve -days 2 -subj /CN=$name -keyout $name.key -out $name.pem
        done
        openssl req $curve -subj /CN=database -keyout server.key -out server.csr
        printf subjectAltName=DNS:localhost >server.ext
        openssl x509 -req -in server.csr -CA right.pem -CAkey right.key -CAcreateserial -days 2 -extfile server.ext -out server.pem";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl: {said}");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_believed_by_its_authority_and_its_name() {
    let made = certificates();
    let file = |name: &str| made.path().join(name);
    let database = postgres::Server::start_with_tls(&file("server.pem"), &file("server.key"));
    let name = database.database();
    let url = |host: &str, more: &str| {
        format!(
            "postgres://meter@{host}:{}/{name}?sslmode=require{more}",
            database.port()
        )
    };
    let trusting = |authority: &str| format!("&sslrootcert={}", file(authority).display());

    for (what, url) in [
        (
            "another authority",
            url("localhost", &trusting("wrong.pem")),
        ),
        ("only the public authorities", url("localhost", "")),
        (
            "a name that is not in the certificate",
            url("127.0.0.1", &trusting("right.pem")),
        ),
    ] {
        let mut refused = Server::start_with(&["--meter-store", &url]).await;
        let said = refused.ended().await.unwrap_err().to_string();
        assert!(said.contains("certificate"), "{what}: {said}");
    }
    let unused = database.ask(
        &name,
        "SELECT count(*) FROM pg_tables WHERE tablename = 'event'",
    );
    assert_eq!(
        unused, "0",
        "nothing was done before the server was believed"
    );

    let store = url("localhost", &trusting("right.pem"));
    let mut server = Server::start_with(&["--meter-store", &store]).await;
    let mut meter = server.meter().await;
    let one = vec![event("a", "s", "images", 1)];
    assert_eq!(record(&mut meter, one).await, [Recorded]);
    let plain = "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl \
                 JOIN pg_stat_activity USING (pid) WHERE application_name = 'reelmeter meter'";
    let connections = database.ask(&name, plain);
    let (encrypted, plain) = connections.split_once('|').unwrap();
    assert!(encrypted != "0" && plain == "0", "{connections}");
    server.stop().await.unwrap();
}
