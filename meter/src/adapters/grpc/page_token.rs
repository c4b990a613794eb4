//! Page tokens: where a listing goes on, bound to what is listed.

use crate::application::Error;
use crate::application::ports::SessionCursor;
use crate::domain::problem::Problem;

/// A token of a listing that is narrowed as `narrowed` says: with another filter it is refused.
fn write(place: &str, narrowed: &str) -> String {
    format!("{place}.{}", fingerprint(narrowed))
}

fn read<'a>(token: &'a str, narrowed: &str) -> Result<&'a str, Error> {
    let refused = || {
        Problem::new(
            "page_token",
            "is not one of this listing; use next_page_token with the same filter, or leave it empty",
        )
    };
    let (place, print) = token.rsplit_once('.').ok_or_else(refused)?;
    if print == fingerprint(narrowed) {
        Ok(place)
    } else {
        Err(refused().into())
    }
}

fn fingerprint(narrowed: &str) -> String {
    blake3::hash(narrowed.as_bytes())
        .to_hex()
        .chars()
        .take(16)
        .collect()
}

fn refused() -> Error {
    Problem::new(
        "page_token",
        "is damaged; use next_page_token as it was given",
    )
    .into()
}

pub(super) fn of_event(after: i64, narrowed: &str) -> String {
    write(&after.to_string(), narrowed)
}

pub(super) fn event(token: &str, narrowed: &str) -> Result<i64, Error> {
    if token.is_empty() {
        return Ok(0);
    }
    read(token, narrowed)?.parse().map_err(|_| refused())
}

pub(super) fn of_session(cursor: SessionCursor, narrowed: &str) -> String {
    write(
        &format!("{}-{}", cursor.started_us, cursor.number),
        narrowed,
    )
}

pub(super) fn session(token: &str, narrowed: &str) -> Result<Option<SessionCursor>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    let (started_us, number) = read(token, narrowed)?
        .rsplit_once('-')
        .ok_or_else(refused)?;
    let parse = |text: &str| text.parse::<i64>().map_err(|_| refused());
    Ok(Some(SessionCursor {
        started_us: parse(started_us)?,
        number: parse(number)?,
    }))
}
