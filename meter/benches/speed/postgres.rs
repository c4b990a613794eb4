//! PostgreSQL 15 as Debian has it, fed directly: batches of 1,000, one transaction each, with ON CONFLICT and rollups.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::events::{Events, Ids};
use crate::load::{BATCH, STREAMS};

/// Where Debian keeps its programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// Whose server it is where a program of root's is not allowed to be one.
const USER: &str = "postgres";

const SCHEMA: &str = "
    CREATE TABLE event (
        id uuid PRIMARY KEY, hash bigint NOT NULL, series int NOT NULL, at timestamptz NOT NULL,
        recorded timestamptz NOT NULL DEFAULT now(), scene int NOT NULL, attempt int NOT NULL,
        q1 bigint, q2 bigint, q3 bigint);
    CREATE TABLE rollup (
        series int NOT NULL, day date NOT NULL, events bigint NOT NULL, q1 bigint NOT NULL, q2 bigint NOT NULL,
        q3 bigint NOT NULL, PRIMARY KEY (series, day));";

const RECORD: &str = "
    WITH new AS (
        INSERT INTO event (id, hash, series, at, scene, attempt, q1, q2, q3)
        SELECT id, hash, $3, to_timestamp(at / 1e6), 0, 1, q1, q2, q3
        FROM unnest($1::uuid[], $2::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
            AS sent (id, hash, at, q1, q2, q3)
        ON CONFLICT (id) DO NOTHING
        RETURNING at, q1, q2, q3)
    INSERT INTO rollup (series, day, events, q1, q2, q3)
    SELECT $3, at::date, count(*), sum(q1), sum(q2), sum(q3) FROM new GROUP BY at::date
    ON CONFLICT (series, day) DO UPDATE SET events = rollup.events + excluded.events,
        q1 = rollup.q1 + excluded.q1, q2 = rollup.q2 + excluded.q2, q3 = rollup.q3 + excluded.q3";

/// An id as the server takes it: sixteen bytes.
#[derive(Debug)]
struct Id(Uuid);

impl ToSql for Id {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }

    to_sql_checked!();
}

/// A server of its own over a folder of its own.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
}

fn command(program: &str) -> Command {
    let path = Path::new(PROGRAMS).join(program);
    let root = Command::new("id")
        .arg("-u")
        .output()
        .unwrap()
        .stdout
        .starts_with(b"0");
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
            .arg(path);
        command
    } else {
        Command::new(path)
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .current_dir("/");
    command
}

impl Postgres {
    /// Starts one; `None` if it is not installed.
    pub async fn start(beside: &Path) -> Option<Self> {
        if !Path::new(PROGRAMS).join("initdb").exists() {
            return None;
        }
        // Short, as the path of a socket must be, and on the disk of the ledgers.
        let folder = beside.join("pg");
        std::fs::create_dir(&folder).unwrap();
        // Its user must be able to come to it, and to have it.
        let _ = Command::new("chmod").arg("a+x").arg(beside).status();
        let _ = Command::new("chown").arg(USER).arg(&folder).status();
        let started = Self { folder };
        let data = started.folder.join("data");
        let made = command("initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--pgdata",
            ])
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "initdb");
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_wal_size=4GB",
            started.folder.display()
        );
        let run = command("pg_ctl")
            .args(["start", "--wait", "--log"])
            .arg(started.folder.join("log"))
            .args(["--options", &settings, "--pgdata"])
            .arg(&data)
            .status()
            .unwrap();
        assert!(run.success(), "pg_ctl start");
        started.connect().await.batch_execute(SCHEMA).await.unwrap();
        Some(started)
    }

    async fn connect(&self) -> Client {
        let address = format!(
            "host={} user=postgres dbname=postgres",
            self.folder.display()
        );
        let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Events a second, over as many connections as the meter has streams.
    pub async fn feed(&self, turn: Duration) -> f64 {
        let mut clients = Vec::new();
        for _ in 0..STREAMS {
            clients.push(self.connect().await);
        }
        let began = Instant::now();
        let feeding = (0_i32..).zip(clients).map(|(series, client)| {
            tokio::spawn(async move {
                let mut events = Events::new("fed", Ids::TimeOrdered);
                let record = client.prepare(RECORD).await.unwrap();
                let mut count = 0;
                while began.elapsed() < turn {
                    let batch = events.batch(BATCH);
                    let ids: Vec<Id> = batch
                        .iter()
                        .map(|event| Id(event.event_id.parse().unwrap()))
                        .collect();
                    let hashes = vec![0_i64; BATCH];
                    let at: Vec<i64> = batch
                        .iter()
                        .map(|event| event.occur_time.unwrap())
                        .map(|time| time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000)
                        .collect();
                    let values = |place: usize| -> Vec<i64> {
                        batch
                            .iter()
                            .map(|event| event.quantities[place].value)
                            .collect()
                    };
                    client
                        .execute(
                            &record,
                            &[
                                &ids,
                                &hashes,
                                &series,
                                &at,
                                &values(0),
                                &values(1),
                                &values(2),
                            ],
                        )
                        .await
                        .unwrap();
                    count += BATCH;
                }
                count
            })
        });
        let feeding: Vec<_> = feeding.collect();
        let mut count = 0;
        for feeding in feeding {
            count += feeding.await.unwrap();
        }
        count as f64 / began.elapsed().as_secs_f64()
    }

    pub fn stop(self) {}
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A server that did not start has nothing to stop.
        let _ = command("pg_ctl")
            .args(["stop", "--mode=immediate", "--pgdata"])
            .arg(self.folder.join("data"))
            .status();
    }
}
