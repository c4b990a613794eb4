//! What all three protocols share: the simulator's mark, bodies that break off, faults without a protocol.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};

use crate::application::{Answer, Body, Call};
use crate::domain::faults::{Fault, Kind};
use crate::domain::journal::Provider;
use crate::domain::seed::Seed;

/// Every answer carries this header, so that it is never mixed up with the real thing.
pub const MARK: HeaderName = HeaderName::from_static("x-reelmeter-simulator");

/// A request that carries this header meets the fault that it names.
pub const FAULT_HEADER: &str = "x-simulator-fault";

/// The largest request: a vision request carries pictures.
pub const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Puts the mark on an answer.
pub async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(MARK, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    response
}

/// A fault that a request names: by header, or after an `@` in the name of the model or voice.
///
/// # Errors
///
/// A sentence for the caller, if the fault is unknown or does not happen at the provider.
pub fn named_fault(
    headers: &HeaderMap,
    provider: Provider,
    model: &str,
) -> Result<Option<Fault>, String> {
    let by_header = headers
        .get(FAULT_HEADER)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let by_name = model.split_once('@').map(|(_, fault)| fault.to_owned());
    let Some(name) = by_header.or(by_name) else {
        return Ok(None);
    };
    let fault: Fault = name
        .parse()
        .map_err(|error: crate::domain::faults::Error| error.to_string())?;
    if !fault.fits(provider) {
        return Err(format!(
            "fault {fault} does not happen at {}",
            provider.name()
        ));
    }
    Ok(Some(fault))
}

/// The name of a model or voice without a fault after it.
#[must_use]
pub fn without_fault(model: &str) -> &str {
    model.split_once('@').map_or(model, |(name, _)| name)
}

/// The answers that look alike at every provider, if the call meets one of their faults.
#[must_use]
pub fn plain_fault(call: &Call) -> Option<Answer> {
    let whole = |status: u16, media_type, body: &'static str| Answer {
        status,
        media_type,
        headers: Vec::new(),
        body: Body::Whole(Bytes::from_static(body.as_bytes())),
        billed: crate::domain::journal::Billed::default(),
    };
    match call.fault().kind {
        Kind::Html502 => Some(whole(502, "text/html; charset=UTF-8", BAD_GATEWAY)),
        Kind::Garbage => Some(whole(
            200,
            "application/json",
            "{\"candidates\": [{\"content\": <<<",
        )),
        _ => None,
    }
}

/// The page of a proxy that cannot reach what stands behind it.
const BAD_GATEWAY: &str = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n\
    <p><b>502.</b> <ins>That's an error.</ins>\n<p>The server encountered a temporary error and could not complete your request.\n\
    <p>Please try again in 30 seconds. <ins>That's all we know.</ins>\n</html>\n";

/// Waits until the answer is due, and gives it: whole, or with the fault that concerns its body.
pub async fn respond(call: Call, seed: Seed, answer: Answer) -> Response {
    call.wait(seed).await;
    let mut builder = Response::builder()
        .status(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header(header::CONTENT_TYPE, answer.media_type);
    for (name, value) in &answer.headers {
        builder = builder.header(*name, value.as_str());
    }
    let kind = call.fault().kind;
    let body = match (kind, answer.body) {
        (Kind::Reset, _) => broken(
            Vec::new(),
            std::time::Duration::ZERO,
            call,
            answer.status,
            answer.billed,
        ),
        (Kind::Cut, body) => {
            let (pieces, pause) = in_pieces(body);
            let half = first_half(&pieces);
            broken(half, pause, call, answer.status, answer.billed)
        }
        (_, Body::Whole(bytes)) => {
            call.end(answer.status, bytes.len(), answer.billed);
            axum::body::Body::from(bytes)
        }
        (_, Body::Pieces(pieces, pause)) => {
            flowing(pieces, pause, call, answer.status, answer.billed)
        }
    };
    builder.body(body).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer has a header that is none");
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

type Billed = crate::domain::journal::Billed;

fn in_pieces(body: Body) -> (Vec<Bytes>, std::time::Duration) {
    match body {
        Body::Whole(bytes) => (vec![bytes], std::time::Duration::ZERO),
        Body::Pieces(pieces, pause) => (pieces, pause),
    }
}

/// The first half of the bytes: whole pieces, and a part of the one in the middle.
fn first_half(pieces: &[Bytes]) -> Vec<Bytes> {
    let mut left = pieces.iter().map(Bytes::len).sum::<usize>() / 2;
    let mut half = Vec::new();
    for piece in pieces {
        let taken = piece.len().min(left);
        half.push(piece.slice(..taken));
        left -= taken;
        if left == 0 {
            break;
        }
    }
    half
}

/// Pieces with pauses; the call ends with the last one.
fn flowing(
    pieces: Vec<Bytes>,
    pause: std::time::Duration,
    call: Call,
    status: u16,
    billed: Billed,
) -> axum::body::Body {
    let bytes = pieces.iter().map(Bytes::len).sum();
    axum::body::Body::from_stream(
        paced(pieces, pause)
            .map(Ok::<_, std::convert::Infallible>)
            .chain(stream::once(async move {
                call.end(status, bytes, billed);
                Ok(Bytes::new())
            })),
    )
}

/// Pieces, and then a broken connection. What was made is billed: the provider has done its work.
fn broken(
    pieces: Vec<Bytes>,
    pause: std::time::Duration,
    call: Call,
    status: u16,
    billed: Billed,
) -> axum::body::Body {
    let bytes = pieces.iter().map(Bytes::len).sum();
    let end = stream::once(async move {
        // The pieces must have left before the connection breaks, or nothing of them arrives.
        tokio::time::sleep(BREAK_AFTER).await;
        call.end(status, bytes, billed);
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    axum::body::Body::from_stream(paced(pieces, pause).map(Ok).chain(end))
}

/// How long a broken answer waits before it breaks.
const BREAK_AFTER: std::time::Duration = std::time::Duration::from_millis(50);

fn paced(pieces: Vec<Bytes>, pause: std::time::Duration) -> impl Stream<Item = Bytes> {
    stream::iter(pieces.into_iter().enumerate()).then(move |(at, piece)| async move {
        if at > 0 && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        piece
    })
}

/// Now, as Go writes it in JSON: RFC 3339 with nine digits of the second, in UTC.
#[must_use]
pub fn now_rfc3339() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    rfc3339(since.as_secs(), since.subsec_nanos())
}

fn rfc3339(seconds: u64, nanos: u32) -> String {
    // Days to a civil date: the published algorithm for the proleptic Gregorian calendar, in which
    // a year starts on the first of March.
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_go_writes_it() {
        assert_eq!(rfc3339(0, 0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(
            rfc3339(1_795_420_800, 123_456_789),
            "2026-11-23T08:00:00.123456789Z"
        );
        assert_eq!(rfc3339(951_782_400, 1), "2000-02-29T00:00:00.000000001Z");
    }

    #[test]
    fn the_first_half_of_an_answer_is_cut_at_the_byte() {
        let pieces = [Bytes::from_static(b"abc"), Bytes::from_static(b"defgh")];
        assert_eq!(first_half(&pieces).concat(), b"abcd");
        assert_eq!(
            first_half(&[Bytes::from_static(b"abcdef")]).concat(),
            b"abc"
        );
    }
}
