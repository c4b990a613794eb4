//! What a local model is asked about a frame, and what its answer means.

use serde::{Deserialize, Serialize};

use super::Request;

/// Frames of one version that are looked at: one where most of it stands, and the last one. More would be slow on a
/// machine without a graphics card, and a text that runs out of the frame stays out to the end.
pub const LOOKS_PER_VERSION: u32 = 2;

/// The longest reason that is passed on to the code's author, in characters.
const REASON_CHARS_MAX: usize = 200;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Nothing is wrong.
    Clean,
    /// Something is wrong: what.
    Flawed(String),
    /// Nobody knows: why there is no verdict. Never a pass.
    Unknown(String),
}

/// The question about a frame. It is short and closed: the small models that run anywhere lose their way in long ones.
#[must_use]
pub fn look_question() -> Request {
    Request {
        system: "You check frames of explaining videos for layout faults.".to_owned(),
        user: "Look at this frame. Is any text or shape cut off at the edge of the picture, or do texts overlap so that \
               they cannot be read? Answer with JSON: {\"ok\": true} if all is well, otherwise \
               {\"ok\": false, \"issue\": \"what is cut off or overlaps, in one sentence\"}."
            .to_owned(),
    }
}

/// Reads the answer about one frame. What is no clear answer is no verdict.
#[must_use]
pub fn read_verdict(answer: &str) -> Seen {
    let unknown = |why: &str| Seen::Unknown(why.to_owned());
    if answer.trim().is_empty() {
        return unknown("the model said nothing");
    }
    #[derive(Deserialize)]
    struct Answer {
        ok: Option<bool>,
        #[serde(default)]
        issue: Option<String>,
    }
    let json = answer
        .find('{')
        .zip(answer.rfind('}'))
        .and_then(|(start, end)| answer.get(start..=end));
    let Some(answer) = json.and_then(|json| serde_json::from_str::<Answer>(json).ok()) else {
        return unknown("the model's answer cannot be read");
    };
    let issue = plain(answer.issue.as_deref().unwrap_or_default());
    match answer.ok {
        Some(true) => Seen::Clean,
        Some(false) if !issue.is_empty() => Seen::Flawed(issue),
        // Without a reason there is nothing that its author could mend.
        Some(false) => unknown("the model found fault and did not say with what"),
        None => unknown("the model's answer cannot be read"),
    }
}

/// What the looks at several frames come to: a fault in one is a fault; without one, no verdict on one is none on all.
#[must_use]
pub fn verdict(looks: Vec<Seen>) -> Seen {
    let mut verdict = Seen::Unknown("no frame was looked at".to_owned());
    for (place, seen) in looks.into_iter().enumerate() {
        match seen {
            Seen::Flawed(_) => return seen,
            Seen::Unknown(_) => verdict = seen,
            Seen::Clean if place == 0 => verdict = seen,
            Seen::Clean => {}
        }
    }
    verdict
}

fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(REASON_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_unreadable_answer_is_no_verdict_and_never_a_pass() {
        for answer in [
            "",
            "  \n",
            "yes",
            "{}",
            "{\"ok\": \"true\"}",
            "{\"ok\": null}",
            "{\"ok\": false}",
            "{\"ok\": false, \"issue\": \" \"}",
            "[true]",
            "{\"ok\": true",
        ] {
            assert!(matches!(read_verdict(answer), Seen::Unknown(_)), "{answer}");
        }
    }

    #[test]
    fn a_clear_answer_is_a_verdict_also_among_words() {
        assert_eq!(read_verdict("{\"ok\": true}"), Seen::Clean);
        assert_eq!(
            read_verdict(
                "Sure! {\"ok\":false,\"issue\":\"The title\\nis cut off\"} Anything else?"
            ),
            Seen::Flawed("The title is cut off".to_owned())
        );
    }

    #[test]
    fn a_fault_in_one_frame_is_a_fault_and_a_missing_verdict_is_not_outvoted() {
        let flawed = || Seen::Flawed("cut".to_owned());
        let unknown = || Seen::Unknown("nothing".to_owned());
        assert_eq!(verdict(vec![Seen::Clean, flawed()]), flawed());
        assert_eq!(verdict(vec![unknown(), flawed()]), flawed());
        assert_eq!(verdict(vec![unknown(), Seen::Clean]), unknown());
        assert_eq!(verdict(vec![Seen::Clean, unknown()]), unknown());
        assert_eq!(verdict(vec![Seen::Clean, Seen::Clean]), Seen::Clean);
        assert!(matches!(verdict(Vec::new()), Seen::Unknown(_)));
    }
}
