//! `OLLAMA_HOST`, as Ollama's own programs read it.

use crate::adapters::http::{BaseUrl, BaseUrlError, Origin};

/// The port where Ollama listens.
const PORT: u16 = 11_434;

/// The address that a value of `OLLAMA_HOST` means.
///
/// Without a scheme it is http, and the port is 11434 unless one is given; with a scheme
/// the scheme's own port holds. Empty is this machine. The addresses that mean "listen
/// everywhere" (`0.0.0.0`, `[::]`), which the server's setting of the same name has, are
/// read as this machine.
///
/// # Errors
///
/// [`BaseUrlError`] when it is no address.
pub fn ollama_base_url(host: &str) -> Result<BaseUrl, BaseUrlError> {
    let host = host.trim().trim_end_matches('/');
    let url = if host.is_empty() {
        format!("http://127.0.0.1:{PORT}")
    } else if host.contains("://") {
        host.to_owned()
    } else if let Some(port) = host.strip_prefix(':') {
        format!("http://127.0.0.1:{port}")
    } else {
        // The authority is what stands before the path; a bracketed address has colons
        // of its own.
        let (authority, path) = host.split_at(host.find('/').unwrap_or(host.len()));
        let after_address = authority.rsplit(']').next().unwrap_or(authority);
        if after_address.contains(':') {
            format!("http://{host}")
        } else {
            format!("http://{authority}:{PORT}{path}")
        }
    };
    let url = url
        .replacen("://0.0.0.0", "://127.0.0.1", 1)
        .replacen("://[::]", "://[::1]", 1);
    BaseUrl::parse(&url, Origin::Configured)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_host_is_read_as_ollama_reads_it() {
        for (host, url) in [
            ("", "http://127.0.0.1:11434"),
            ("box", "http://box:11434"),
            ("box:1234", "http://box:1234"),
            ("box/ollama", "http://box:11434/ollama"),
            (":1234", "http://127.0.0.1:1234"),
            ("http://box", "http://box"),
            ("https://box/", "https://box"),
            ("0.0.0.0:1234", "http://127.0.0.1:1234"),
            ("[::1]", "http://[::1]:11434"),
            ("[::]:1234", "http://[::1]:1234"),
        ] {
            assert_eq!(ollama_base_url(host).unwrap().to_string(), url, "{host}");
        }
        assert!(ollama_base_url("ftp://box").is_err());
    }
}
