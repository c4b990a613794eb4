//! Who may call: whoever shows the token, where one is set.

use reelmeter_service::Secret;
use tonic::service::Interceptor;
use tonic::{Request, Status};

const SCHEME: &str = "Bearer ";

/// Lets calls pass that show the token; all of them where none is set.
#[derive(Clone, Debug)]
pub struct TokenCheck(Option<Secret>);

impl TokenCheck {
    /// A check for this token.
    #[must_use]
    pub const fn new(token: Option<Secret>) -> Self {
        Self(token)
    }
}

impl Interceptor for TokenCheck {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(expected) = &self.0 else {
            return Ok(request);
        };
        let header = request.metadata().get("authorization");
        let shown = header.and_then(|value| value.to_str().ok()?.strip_prefix(SCHEME));
        match shown {
            Some(shown) if is_same(shown.as_bytes(), expected.expose().as_bytes()) => Ok(request),
            Some(_) => Err(Status::unauthenticated(
                "the token is not this generator's; check REELMETER_TOKEN",
            )),
            None => Err(Status::unauthenticated(
                "this generator asks for a token; set REELMETER_TOKEN, or send it as `authorization: Bearer …`",
            )),
        }
    }
}

/// Looks at every byte whatever the first ones say, so that an answer's delay tells nothing but the length.
fn is_same(shown: &[u8], expected: &[u8]) -> bool {
    let differing = shown
        .iter()
        .zip(expected)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    shown.len() == expected.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(check: Option<&str>, header: Option<&'static str>) -> bool {
        let mut request = Request::new(());
        if let Some(header) = header {
            let value = tonic::metadata::MetadataValue::from_static(header);
            request.metadata_mut().insert("authorization", value);
        }
        TokenCheck::new(check.map(Secret::new))
            .call(request)
            .is_ok()
    }

    #[test]
    fn only_the_token_opens_the_door_and_without_one_it_is_open() {
        assert!(asked(None, None));
        assert!(asked(Some("secret"), Some("Bearer secret")));
        for wrong in [
            "Bearer secre",
            "Bearer secrets",
            "Bearer Secret",
            "secret",
            "Basic secret",
        ] {
            assert!(!asked(Some("secret"), Some(wrong)), "{wrong}");
        }
        assert!(!asked(Some("secret"), None));
    }
}
