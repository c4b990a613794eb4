//! Why the model stopped.

use crate::domain::retry::FailureClass;

/// `finishReason` of a candidate (google-genai 3.4.0 knows these).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It was done, or did not say otherwise.
    Stop,
    /// It reached the output token limit, which thinking counts towards.
    MaxTokens,
    /// The answer goes on in another call, which the token in it asks for.
    Continuation,
    /// It was withheld for what is in it: `SAFETY`, `RECITATION`, `IMAGE_SAFETY` …
    Withheld(String),
    /// It came to nothing for a reason of the model's own: `NO_IMAGE`, `OTHER` …
    Nothing(String),
    /// A word that is not known here.
    Other(String),
}

impl FinishReason {
    /// The reason that a word stands for; absent is done.
    #[must_use]
    pub fn from_word(word: Option<&str>) -> Self {
        match word.unwrap_or("STOP") {
            "STOP" | "FINISH_REASON_UNSPECIFIED" => Self::Stop,
            "MAX_TOKENS" => Self::MaxTokens,
            "CONTINUATION" => Self::Continuation,
            word @ ("SAFETY"
            | "RECITATION"
            | "LANGUAGE"
            | "BLOCKLIST"
            | "PROHIBITED_CONTENT"
            | "SPII"
            | "MODEL_ARMOR"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
            | "ESCALATION"
            | "PUP_LIMITED_DISABLED") => Self::Withheld(word.to_owned()),
            word @ ("OTHER"
            | "NO_IMAGE"
            | "IMAGE_OTHER"
            | "MALFORMED_FUNCTION_CALL"
            | "MALFORMED_RESPONSE"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MISSING_THOUGHT_SIGNATURE") => Self::Nothing(word.to_owned()),
            word => Self::Other(word.chars().take(60).collect()),
        }
    }

    /// The provider's word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Stop => "STOP",
            Self::MaxTokens => "MAX_TOKENS",
            Self::Continuation => "CONTINUATION",
            Self::Withheld(word) | Self::Nothing(word) | Self::Other(word) => word,
        }
    }

    /// What it means that nothing usable came with it.
    pub(super) const fn class_without_value(&self) -> FailureClass {
        match self {
            Self::MaxTokens => FailureClass::CutShort,
            Self::Withheld(_) => FailureClass::AnswerWithheld,
            Self::Stop | Self::Continuation | Self::Nothing(_) | Self::Other(_) => {
                FailureClass::NoAnswer
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_kept() {
        let reason = FinishReason::from_word(Some("SOLAR_FLARE"));
        assert_eq!(reason, FinishReason::Other("SOLAR_FLARE".to_owned()));
        assert_eq!(reason.word(), "SOLAR_FLARE");
    }

    #[test]
    fn no_word_is_done() {
        assert_eq!(FinishReason::from_word(None), FinishReason::Stop);
    }
}
