//! A meter and a generator behind a file of tokens, and a caller that shows one of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use prost::Message;
use reelmeter_service::door::{Role, TokenFile, Wish};
use reelmeter_service::settings::{Common, from_flags};
use reelmeter_service::{CancellationToken, tls};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::support::eventually::eventually;

/// The services, and the text of each token by its name.
pub struct House {
    pub folder: TempDir,
    pub tokens: BTreeMap<String, String>,
    pub meter: Channel,
    pub generator: Channel,
    pub meter_address: SocketAddr,
    pub generator_address: SocketAddr,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl House {
    /// One token of each role for the tenants `acme` and `other`, named `role.tenant`; one that has expired; and the
    /// generator's own, for every tenant.
    pub async fn open() -> Self {
        Self::build(&[], false).await
    }

    /// The same with more flags of the services.
    pub async fn with(flags: &[&str]) -> Self {
        Self::build(flags, false).await
    }

    /// The same with a simulator of the providers, so that videos are made.
    pub async fn with_simulator() -> Self {
        Self::build(&[], true).await
    }

    async fn build(flags: &[&str], simulated: bool) -> Self {
        tls::install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let mut file = TokenFile::default();
        let mut tokens = BTreeMap::new();
        let mut add = |name: String, roles: &[Role], tenant: &str, expires| {
            let wish = Wish {
                name: name.clone(),
                roles: roles.to_vec(),
                tenant: tenant.to_owned(),
                expires,
            };
            tokens.insert(name, file.add(wish).unwrap().expose().to_owned());
        };
        for tenant in ["acme", "other"] {
            for role in Role::ALL {
                add(format!("{role}.{tenant}"), &[role], tenant, None);
            }
        }
        let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
        add(
            "expired".to_owned(),
            &[Role::Admin],
            "acme",
            Some(yesterday),
        );
        add(
            "generator".to_owned(),
            &[Role::Record, Role::Read],
            "*",
            None,
        );
        let path = folder.path().join("tokens.toml");
        file.write(&path).unwrap();
        let mut all = vec!["--reelmeter-tokens", path.to_str().unwrap()];
        all.extend(flags);
        let common: Common = from_flags(&all).unwrap();
        let (stop, mut tasks) = (CancellationToken::new(), Vec::new());

        let within = |name: &str| folder.path().join(name).display().to_string();
        let (listener, meter) = port().await;
        let store = format!("sqlite://{}", within("meter.db"));
        let config = from_flags(&["--meter-store", &store]).unwrap();
        let run = reelmeter_meter::run(config, common.clone(), listener, stop.clone());
        tasks.push(tokio::spawn(async move { run.await.unwrap() }));

        let (listener, generator) = port().await;
        let (simulators_port, simulator) = port().await;
        if simulated {
            let config: reelmeter_simulator::Config =
                from_flags(&["--simulator-latency", "0"]).unwrap();
            let run = reelmeter_simulator::run(config, simulators_port, stop.clone());
            tasks.push(tokio::spawn(async move { run.await.unwrap() }));
        }
        let mut config: reelmeter_generator::Config = from_flags(&[
            "--meter-addr",
            &format!("http://{meter}"),
            "--simulator-addr",
            &format!("http://{simulator}"),
            "--generator-data",
            &within("generator"),
            "--videos-dir",
            &within("videos"),
        ])
        .unwrap();
        config.keys.token = Some(tokens["generator"].clone().into());
        let run = reelmeter_generator::run(config, common, listener, stop.clone());
        tasks.push(tokio::spawn(async move { run.await.unwrap() }));
        Self {
            meter: channel(meter).await,
            generator: channel(generator).await,
            meter_address: meter,
            generator_address: generator,
            folder,
            tokens,
            stop,
            tasks,
        }
    }

    pub fn tokens_file(&self) -> PathBuf {
        self.folder.path().join("tokens.toml")
    }

    pub async fn close(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }

    fn channel(&self, path: &str) -> Channel {
        if path.contains(".generator.") {
            self.generator.clone()
        } else {
            self.meter.clone()
        }
    }

    /// Calls an RPC with an encoded message and a token's text. Gives the stream of answers, or how it was refused.
    pub async fn call<A: Message + Default + Send + 'static>(
        &self,
        path: &str,
        message: impl Message + Default + 'static,
        token: Option<&str>,
    ) -> Result<Streaming<A>, Status> {
        let mut request = Request::new(tokio_stream::once(message));
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = tonic::client::Grpc::new(self.channel(path));
        client.ready().await.unwrap();
        let path: PathAndQuery = path.parse().unwrap();
        let answer = client
            .streaming(request, path, ProstCodec::default())
            .await?;
        Ok(answer.into_inner())
    }

    /// Calls an RPC as the token of that name and gives its first answer.
    pub async fn ask<A: Message + Default + Send + 'static>(
        &self,
        name: &str,
        path: &str,
        message: impl Message + Default + 'static,
    ) -> Result<A, Status> {
        let token = &self.tokens[name];
        let mut answers = self.call(path, message, Some(token)).await?;
        let first = answers.message().await?;
        first.ok_or_else(|| Status::out_of_range("no answer at all"))
    }
}

async fn port() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    eventually("a service answers", || async {
        endpoint.connect().await.ok()
    })
    .await
}
