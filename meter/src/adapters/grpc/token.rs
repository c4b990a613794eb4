//! Who may call: whoever shows the token, where one is set.

use blake3::Hash;
use reelmeter_service::Secret;
use tonic::service::Interceptor;
use tonic::{Request, Status};

const HEADER: &str = "authorization";
const SCHEME: &str = "Bearer ";

/// Lets calls pass that show the token; all of them where none is set.
#[derive(Clone, Debug)]
pub(super) struct TokenCheck(Option<Hash>);

impl TokenCheck {
    pub(super) fn new(token: Option<&Secret>) -> Self {
        Self(token.map(|token| blake3::hash(token.expose().as_bytes())))
    }
}

impl Interceptor for TokenCheck {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(expected) = self.0 else {
            return Ok(request);
        };
        let shown = request
            .metadata()
            .get(HEADER)
            .and_then(|value| value.to_str().ok()?.strip_prefix(SCHEME));
        match shown {
            // Hashes are compared in constant time, so that an answer's delay tells nothing of the token.
            Some(shown) if blake3::hash(shown.as_bytes()) == expected => Ok(request),
            Some(_) => Err(Status::unauthenticated(
                "the token is not this meter's; check REELMETER_TOKEN",
            )),
            None => Err(Status::unauthenticated(
                "this meter asks for a token; set REELMETER_TOKEN, or send it as `authorization: Bearer …`",
            )),
        }
    }
}
