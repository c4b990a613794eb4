//! The door itself, as a layer in front of a service: nothing of a request's body is read before it is through.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::Either;
use tokio::sync::OwnedSemaphorePermit;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tower::{Layer, Service};
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

use super::keyring::{Keyring, Refusal};
use super::limits::Limits;
use super::table::{self, Access};
use super::{Caller, TENANT_HEADER};
use crate::traces;

/// The header that carries a token, and how the token stands in it.
const AUTHORIZATION: &str = "authorization";
const SCHEME: &str = "Bearer ";
/// After so long a caller that was too quick may come again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What a service asks of those who call it.
#[derive(Debug)]
pub struct Door {
    keyring: Keyring,
    limits: Limits,
}

impl Door {
    /// A door with these tokens and limits.
    #[must_use]
    pub fn new(keyring: Keyring, limits: Limits) -> Self {
        Self { keyring, limits }
    }

    /// A door that stands open: no token is asked for.
    #[must_use]
    pub fn open() -> Self {
        Self::new(Keyring::open(), Limits::new(0))
    }

    /// Whether anybody may do anything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.keyring.is_open()
    }

    /// Who calls; or what they are answered.
    fn check<B>(&self, request: &http::Request<B>) -> Result<Option<Caller>, Status> {
        let path = request.uri().path();
        let access = table::access(path).ok_or_else(|| {
            Status::unimplemented("there is no such RPC; reflection lists those that there are")
        })?;
        if access == Access::Anybody {
            return Ok(None);
        }
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.and_then(|value| value.to_str().ok())
        };
        let shown = header(AUTHORIZATION).and_then(|value| value.strip_prefix(SCHEME));
        let caller = match self.keyring.who(shown, header(TENANT_HEADER)) {
            Ok(caller) => caller,
            Err(refusal) => return Err(self.turned_away(&refusal, address(request), path)),
        };
        if let Access::Role(wanted) = access
            && !caller.roles.open(wanted)
        {
            tracing::warn!(token = %caller.name, path, "a call was refused: the token has another role");
            return Err(Status::permission_denied(format!(
                "token `{}` may {}; this call needs a token that may {wanted}",
                caller.name, caller.roles
            )));
        }
        if !self.limits.admits(&caller) {
            return Err(busy("too many calls of this token; wait a moment"));
        }
        Ok(Some(caller))
    }

    fn turned_away(&self, refusal: &Refusal, from: Option<IpAddr>, path: &str) -> Status {
        if from.is_some_and(|address| !self.limits.explains(address)) {
            return busy("too many calls without a valid token from this address; wait a moment");
        }
        match refusal {
            Refusal::Missing => Status::unauthenticated(
                "this service asks for a token; set REELMETER_TOKEN, or send it as `authorization: Bearer …`",
            ),
            Refusal::Unknown => {
                tracing::warn!(
                    ?from,
                    path,
                    "a call was refused: its token is not known here"
                );
                Status::unauthenticated("the token is not known here; check REELMETER_TOKEN")
            }
            Refusal::Expired { name, at } => {
                tracing::warn!(token = %name, %at, path, "a call was refused: its token has expired");
                Status::unauthenticated(format!(
                    "token `{name}` has expired at {at}; make another one with `meter tokens add`"
                ))
            }
            Refusal::OtherTenant { name } => {
                tracing::warn!(token = %name, path, "a call was refused: it names another tenant");
                Status::permission_denied(format!(
                    "token `{name}` is for one tenant and the call names another; a generator that records for \
                     several needs a token for every tenant (`meter tokens add --tenant '*'`)"
                ))
            }
        }
    }
}

fn busy(message: &str) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Where a request comes from, as far as the connection says.
fn address<B>(request: &http::Request<B>) -> Option<IpAddr> {
    let extensions = request.extensions();
    let plain = extensions.get::<TcpConnectInfo>();
    let over_tls = extensions.get::<TlsConnectInfo<TcpConnectInfo>>();
    let peer = plain.or_else(|| over_tls.map(TlsConnectInfo::get_ref))?;
    peer.remote_addr().map(|peer| peer.ip())
}

/// Puts a [`Door`] in front of every service behind it.
#[derive(Debug, Clone)]
pub struct DoorLayer(Arc<Door>);

impl DoorLayer {
    /// A layer of this door.
    #[must_use]
    pub fn new(door: Arc<Door>) -> Self {
        Self(door)
    }
}

impl<S> Layer<S> for DoorLayer {
    type Service = DoorService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DoorService {
            inner,
            door: Arc::clone(&self.0),
        }
    }
}

/// A service behind a door.
#[derive(Debug, Clone)]
pub struct DoorService<S> {
    inner: S,
    door: Arc<Door>,
}

pin_project_lite::pin_project! {
    /// A call that was let through, until its answer begins. No box: every call has one.
    #[derive(Debug)]
    pub struct Through<F> {
        #[pin]
        answer: Instrumented<F>,
        place: Option<OwnedSemaphorePermit>,
    }
}

impl<F: Future> Through<F> {
    fn new(answer: F, span: Span, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            answer: answer.instrument(span),
            place,
        }
    }
}

impl<F: Future> Future for Through<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = std::task::ready!(this.answer.poll(context));
        drop(this.place.take());
        Poll::Ready(answer)
    }
}

impl<S, B> Service<http::Request<B>> for DoorService<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Either<Through<S::Future>, Ready<Result<Self::Response, Self::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        // What a caller claims to be is taken away before what it is found to be is put in.
        request.extensions_mut().remove::<Caller>();
        let refused = match self.door.check(&request) {
            Err(status) => status,
            Ok(None) => {
                let answer = self.inner.call(request);
                return Either::Left(Through::new(answer, Span::none(), None));
            }
            Ok(Some(caller)) => match self.door.limits.place() {
                None => busy("the service has as many calls in hand as it takes; wait a moment"),
                Some(place) => {
                    request.extensions_mut().insert(caller);
                    let span = traces::of_call(request.headers(), request.uri().path());
                    let answer = self.inner.call(request);
                    return Either::Left(Through::new(answer, span, Some(place)));
                }
            },
        };
        Either::Right(ready(Ok(refused.into_http())))
    }
}
