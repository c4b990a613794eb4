//! Which session or video a person means.

use crate::error::Error;
use crate::printable::Text;
use crate::remote::{Remote, RemoteError};

/// The word for the newest.
const LATEST: &str = "latest";
/// How many of the newest are looked through for one that begins so.
const LOOKED_AT: usize = 1000;
/// How many are named where several begin so.
const EXAMPLES: usize = 3;

/// The session's id: `latest`, an id, or the beginning of exactly one.
///
/// # Errors
/// None or several begin so; the meter's refusal.
pub async fn session(remote: &Remote, wanted: &str) -> Result<String, Error> {
    if wanted == LATEST || wanted.is_empty() {
        let newest = remote
            .sessions(1, false)
            .await?
            .into_iter()
            .next()
            .ok_or(Error::NoSessions)?;
        return Ok(newest.session.id.raw().to_owned());
    }
    // A whole id needs no list, and may be older than all that is looked through.
    match remote.summary(wanted).await {
        Ok(_) => return Ok(wanted.to_owned()),
        Err(RemoteError::NotFound { .. } | RemoteError::Refused { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let ids: Vec<String> = remote
        .sessions(LOOKED_AT, false)
        .await?
        .into_iter()
        .map(|row| row.session.id.raw().to_owned())
        .collect();
    match choose(ids, wanted) {
        Choice::One(id) => Ok(id),
        Choice::None => Err(Error::NoSession {
            wanted: Text::name(wanted),
        }),
        Choice::Several { count, examples } => Err(Error::SeveralSessions {
            wanted: Text::name(wanted),
            count,
            examples,
        }),
    }
}

/// The video's id: `latest`, an id, or the beginning of exactly one.
///
/// # Errors
/// None or several begin so; the generator's refusal.
pub async fn video(remote: &Remote, wanted: &str) -> Result<String, Error> {
    let ids: Vec<String> = remote
        .videos(LOOKED_AT)
        .await?
        .into_iter()
        .map(|video| video.id.raw().to_owned())
        .collect();
    let none = || Error::NoVideo {
        wanted: Text::name(wanted),
    };
    if wanted == LATEST {
        return ids.into_iter().next().ok_or_else(none);
    }
    match choose(ids, wanted) {
        Choice::One(id) => Ok(id),
        Choice::None => Err(none()),
        Choice::Several { count, examples } => Err(Error::SeveralVideos {
            wanted: Text::name(wanted),
            count,
            examples,
        }),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    None,
    One(String),
    Several { count: usize, examples: String },
}

fn choose(ids: Vec<String>, wanted: &str) -> Choice {
    if wanted.is_empty() {
        return Choice::None;
    }
    if ids.iter().any(|id| id == wanted) {
        return Choice::One(wanted.to_owned());
    }
    let mut begin: Vec<String> = ids
        .into_iter()
        .filter(|id| id.starts_with(wanted))
        .collect();
    match begin.len() {
        0 => Choice::None,
        1 => Choice::One(begin.remove(0)),
        count => {
            let examples: Vec<String> = begin
                .iter()
                .take(EXAMPLES)
                .map(|id| Text::name(id).to_string())
                .collect();
            Choice::Several {
                count,
                examples: examples.join(", "),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<String> {
        ["abc", "abcd", "xyz"].map(str::to_owned).to_vec()
    }

    #[test]
    fn a_whole_id_wins_over_those_that_begin_with_it() {
        assert_eq!(choose(ids(), "abc"), Choice::One("abc".to_owned()));
    }

    #[test]
    fn the_beginning_of_one_is_enough_and_of_two_is_not() {
        assert_eq!(choose(ids(), "x"), Choice::One("xyz".to_owned()));
        assert_eq!(
            choose(ids(), "ab"),
            Choice::Several {
                count: 2,
                examples: "abc, abcd".to_owned()
            }
        );
        assert_eq!(choose(ids(), "q"), Choice::None);
        assert_eq!(choose(ids(), ""), Choice::None);
    }
}
