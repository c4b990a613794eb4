//! Where a provider is, checked before a key is ever sent there.

use std::fmt;

use reqwest::Url;

/// Who chose an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The program itself: without TLS only for this machine.
    Default,
    /// A person, by a setting: may be without TLS, for a simulator or a proxy in a
    /// network of one's own.
    Configured,
}

/// The address of a provider: scheme, host, and perhaps a path that all calls share.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why an address is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is no URL.
    #[error("{url:?} is not a URL; write it like https://host or http://127.0.0.1:50053")]
    Malformed {
        /// What was given, without a user name or password in it.
        url: String,
    },
    /// It is neither http nor https.
    #[error("{url} does not begin with https:// or http://")]
    Scheme {
        /// What was given.
        url: String,
    },
    /// Something stands in it that does not belong into an address.
    #[error(
        "{url} has a user name, a query or a fragment in it; leave that out, keys have settings of their own"
    )]
    Extra {
        /// What was given, shortened to its host.
        url: String,
    },
    /// It would send a key unencrypted over a network.
    #[error("{url} would send the key unencrypted; use https://")]
    Plain {
        /// What was given.
        url: String,
    },
}

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`] naming what is wrong with it. Its text never shows a user name,
    /// a password or a query, since keys are found there.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, BaseUrlError> {
        let url =
            Url::parse(text.trim()).map_err(|_| BaseUrlError::Malformed { url: shown(text) })?;
        let host = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme { url: shown(text) });
        }
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return Err(BaseUrlError::Extra { url: host });
        }
        let base = Self(url);
        if base.0.scheme() == "http" && origin == Origin::Default && !base.is_loopback() {
            return Err(BaseUrlError::Plain { url: host });
        }
        Ok(base)
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        // An IPv6 address stands in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether what is sent there can be read on the way: no TLS, and not this machine.
    #[must_use]
    pub fn is_plain_over_network(&self) -> bool {
        self.is_plain() && !self.is_loopback()
    }

    /// Whether it is without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of a path below it. Each segment is percent-encoded, so that a name
    /// in it cannot lead elsewhere.
    pub(in crate::adapters) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        // Only addresses without a host have no segments, and those are not accepted.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

/// What was given, without whatever could be a secret in it.
fn shown(text: &str) -> String {
    let before_query = text.trim().split(['?', '#']).next().unwrap_or_default();
    let without_user = match (before_query.find("://"), before_query.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}{}", &before_query[..scheme + 3], &before_query[at + 1..])
        }
        (None, Some(at)) => before_query[at + 1..].to_owned(),
        _ => before_query.to_owned(),
    };
    without_user
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect()
}

/// Whether a name can be a model's or a voice's: letters, digits and `.`, `_`, `-`, and
/// not a step to another directory. `@` and `=` are for the simulator, which takes the
/// fault that a name asks for from behind an `@`.
pub(in crate::adapters) fn is_plain_name(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'@' | b'='))
        && !name.bytes().all(|b| b == b'.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn without_tls_only_this_machine_or_a_configured_address_is_used() {
        for url in [
            "http://127.0.0.1:50053",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            let base = BaseUrl::parse(url, Origin::Default).unwrap();
            assert!(base.is_loopback() && !base.is_plain_over_network());
        }
        assert!(matches!(
            BaseUrl::parse("http://example.org", Origin::Default),
            Err(BaseUrlError::Plain { .. })
        ));
        let simulator = BaseUrl::parse("http://simulator:50053", Origin::Configured).unwrap();
        assert!(simulator.is_plain_over_network());
        // A host that only looks like this machine.
        assert!(BaseUrl::parse("http://127.0.0.1.example.org", Origin::Default).is_err());
    }

    #[test]
    fn an_address_with_a_key_in_it_is_refused_without_showing_it() {
        for url in [
            "https://user:canary@host/",
            "https://canary@host/",
            "https://host/?key=canary",
            "https://host/#canary",
            "ftp://user:canary@host",
            "user:canary@host:99999",
            "https://user:canary@:99999",
        ] {
            let error = BaseUrl::parse(url, Origin::Configured).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_path_before_all_calls_is_kept() {
        for url in ["https://proxy/gemini", "https://proxy/gemini/"] {
            let base = BaseUrl::parse(url, Origin::Configured).unwrap();
            assert_eq!(
                base.join(&["v1beta", "models"]).as_str(),
                "https://proxy/gemini/v1beta/models"
            );
        }
    }

    #[test]
    fn a_name_in_a_path_cannot_lead_elsewhere() {
        let base = BaseUrl::parse("https://host", Origin::Default).unwrap();
        let url = base.join(&["v1", "../../x?y#z", ".."]);
        assert_eq!(url.host_str(), Some("host"));
        assert_eq!(url.path(), "/v1/..%2F..%2Fx%3Fy%23z");
        assert!(is_plain_name("gemini-2.5-flash"));
        for name in ["", "..", "a/b", "a b", "ä", "a\nb"] {
            assert!(!is_plain_name(name), "{name:?}");
        }
    }
}
