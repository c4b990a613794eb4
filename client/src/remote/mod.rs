//! The two services as this client sees them: where they are, how they are asked, and the streams that are kept open.

pub mod backoff;
pub mod connection;
mod error;
mod feed;
mod generator;
mod meter;
mod reports;

use std::future::Future;
use std::time::Duration;

use reelmeter_proto::generator::v1::generator_service_client::GeneratorServiceClient;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_proto::meter::v1::pricing_service_client::PricingServiceClient;
use reelmeter_service::connect::{ConnectError, endpoint};
use reelmeter_service::tls::Tls;
use reelmeter_service::{Secret, secret};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

pub use error::{Peer, RemoteError};
pub use feed::{Feed, Listener, SILENCE_MAX};
pub use generator::{Download, NewVideo, VideoUpdate, watch_video};
pub use meter::{RateOverride, SummaryUpdate, SummaryWatch, UpdateKind, watch_summary};
pub use reports::{Grouping, Question, WhatIf};

use crate::printable::Text;

/// How long a question may take to be answered. Listings of a thousand sessions take milliseconds.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the generator may take to accept or estimate a video: it asks the providers first.
pub const PREFLIGHT_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest message that is taken: a summary of some thousand models.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

type AuthorisedChannel = InterceptedService<Channel, Authorisation>;

/// Where the services are and who calls.
#[derive(Debug, Clone)]
pub struct Target {
    /// The meter's address.
    pub meter_addr: String,
    /// The generator's address.
    pub generator_addr: String,
    /// The token to show.
    pub token: Option<Secret>,
    /// The TLS settings.
    pub tls: Tls,
}

/// The connections to both services. They open with the first call and come back by themselves; cloning shares them.
#[derive(Debug, Clone)]
pub struct Remote {
    meter: MeterServiceClient<AuthorisedChannel>,
    pricing: PricingServiceClient<AuthorisedChannel>,
    generator: GeneratorServiceClient<AuthorisedChannel>,
    meter_addr: String,
    generator_addr: String,
}

/// Why the settings do not lead to a service.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// An address or the TLS settings.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The token cannot stand in a header.
    #[error(
        "{} holds characters that a header cannot carry; write it again without line breaks",
        secret::REELMETER_TOKEN
    )]
    Token,
}

impl Remote {
    /// Connections to the services. Nothing is called yet. Must be called inside the runtime.
    ///
    /// # Errors
    /// An address that is none, TLS settings or a token that cannot be used.
    pub fn new(target: &Target) -> Result<Self, TargetError> {
        let authorisation = Authorisation::new(target.token.as_ref())?;
        let channel = |address: &str, peer: Peer| {
            let endpoint = endpoint(address, peer.setting(), &target.tls)?;
            Ok::<_, ConnectError>(InterceptedService::new(
                endpoint.connect_lazy(),
                authorisation.clone(),
            ))
        };
        let meter = channel(&target.meter_addr, Peer::Meter)?;
        let generator = channel(&target.generator_addr, Peer::Generator)?;
        Ok(Self {
            meter: MeterServiceClient::new(meter.clone())
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            pricing: PricingServiceClient::new(meter).max_decoding_message_size(MESSAGE_BYTES_MAX),
            generator: GeneratorServiceClient::new(generator)
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
            meter_addr: target.meter_addr.clone(),
            generator_addr: target.generator_addr.clone(),
        })
    }

    /// The address of a service.
    #[must_use]
    pub fn address(&self, peer: Peer) -> &str {
        match peer {
            Peer::Meter => &self.meter_addr,
            Peer::Generator => &self.generator_addr,
        }
    }

    /// Waits for an answer, for so long.
    async fn answer<T>(
        &self,
        peer: Peer,
        limit: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, RemoteError> {
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(RemoteError::from_status(peer, self.address(peer), &status)),
            Err(_) => Err(RemoteError::Timeout {
                peer,
                address: Text::line(self.address(peer)),
                after: limit,
            }),
        }
    }
}

/// Shows the token with every call.
#[derive(Clone)]
struct Authorisation(Option<MetadataValue<Ascii>>);

impl Authorisation {
    fn new(token: Option<&Secret>) -> Result<Self, TargetError> {
        let Some(token) = token else {
            return Ok(Self(None));
        };
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.expose())
            .parse()
            .map_err(|_| TargetError::Token)?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl std::fmt::Debug for Authorisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "Authorisation(hidden)"
        } else {
            "Authorisation(none)"
        })
    }
}

impl Interceptor for Authorisation {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        Ok(request)
    }
}
