//! From what the wire says to a failure in the domain's words.

use super::client::{Broken, BrokenKind};
use crate::domain::retry::{Failure, FailureClass};
use crate::domain::usage::Provider;

/// The class of a status, as far as all providers agree. Each knows better by its own
/// error body.
pub(in crate::adapters) const fn for_status(status: u16) -> FailureClass {
    match status {
        200..=299 => FailureClass::Unreadable,
        300..=399 => FailureClass::Redirected,
        401 => FailureClass::KeyRefused,
        402 => FailureClass::CreditUsedUp,
        403 => FailureClass::NotPermitted,
        404 => FailureClass::NotFound,
        // 408: the server gave up waiting for the request, 409 and 425: it was busy
        // with another one. The providers' own clients try again on these.
        408 | 409 | 425 => FailureClass::Overloaded,
        413 => FailureClass::TooLong,
        429 => FailureClass::RateLimited,
        503 | 529 => FailureClass::Overloaded,
        500..=599 => FailureClass::ServerFault,
        _ => FailureClass::InvalidRequest,
    }
}

/// The failure of a call without a whole answer.
pub(in crate::adapters) fn failed_before_answer(
    provider: Provider,
    subject: &str,
    broken: &Broken,
) -> Failure {
    let (class, message) = match &broken.kind {
        BrokenKind::NotConnected(why) => (FailureClass::Unreachable, why.clone()),
        BrokenKind::Late { after, waiting_for } => (
            FailureClass::TimedOut,
            format!("waited {} s for {waiting_for}", seconds(*after)),
        ),
        BrokenKind::Cut(why) => (FailureClass::Disconnected, why.clone()),
        BrokenKind::TooLarge { bytes_max } => (
            FailureClass::TooLarge,
            format!("the answer has more than {bytes_max} bytes"),
        ),
    };
    let status = broken.head.as_ref().map(|head| head.status);
    let class = match status {
        // The beginning already said what happened, whatever became of the rest.
        Some(status) if status >= 300 => for_status(status),
        _ => class,
    };
    let mut failure = Failure::new(provider, subject, class, message);
    failure.status = status;
    failure
}

fn seconds(duration: std::time::Duration) -> String {
    let tenths = duration.as_millis() / 100;
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// Whether a call without a whole answer may have been billed without our knowing how
/// much: everything after the request was sent, unless the answer's beginning already
/// reported an error.
pub(in crate::adapters) fn is_billed_unknown(broken: &Broken) -> bool {
    match (&broken.kind, &broken.head) {
        (BrokenKind::NotConnected(_), _) => false,
        (_, Some(head)) => head.status < 300,
        (_, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::adapters::http::Head;

    fn broken(kind: BrokenKind, status: Option<u16>) -> Broken {
        Broken {
            kind,
            head: status.map(|status| Head {
                status,
                headers: reqwest::header::HeaderMap::new(),
            }),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_what_was_sent_and_not_refused_may_have_been_billed() {
        let late = || BrokenKind::Late {
            after: Duration::from_secs(1),
            waiting_for: "an answer",
        };
        let unreachable = BrokenKind::NotConnected("refused".to_owned());
        assert!(!is_billed_unknown(&broken(unreachable, None)));
        assert!(is_billed_unknown(&broken(late(), None)));
        assert!(is_billed_unknown(&broken(late(), Some(200))));
        assert!(!is_billed_unknown(&broken(late(), Some(503))));
    }

    #[test]
    fn an_error_status_says_more_than_the_way_its_body_broke() {
        let cut = || BrokenKind::Cut("reset".to_owned());
        let class =
            |status| failed_before_answer(Provider::Gemini, "m", &broken(cut(), status)).class;
        assert_eq!(class(Some(503)), FailureClass::Overloaded);
        assert_eq!(class(Some(200)), FailureClass::Disconnected);
        assert_eq!(class(None), FailureClass::Disconnected);
    }

    #[test]
    fn a_late_answer_says_how_long_it_was_waited_for() {
        let late = BrokenKind::Late {
            after: Duration::from_millis(1_500),
            waiting_for: "an answer",
        };
        let failure = failed_before_answer(Provider::Gemini, "m", &broken(late, None));
        assert_eq!(
            failure.to_string(),
            "gemini did not answer in time (m): waited 1.5 s for an answer"
        );
    }
}
