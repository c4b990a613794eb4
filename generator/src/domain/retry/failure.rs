//! Why an attempt failed, in words that do not depend on the provider.

use std::fmt;
use std::time::Duration;

use super::Advice;
use crate::domain::usage::Provider;

/// What happened, as far as it changes what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The key is missing, unknown or expired.
    KeyRefused,
    /// The key is good and may not do this: a missing permission, a region, a plan.
    NotPermitted,
    /// Prepaid credit or a billing account is used up.
    CreditUsedUp,
    /// A quota that does not come back soon: a day's requests, a month's characters.
    QuotaUsedUp,
    /// Too many requests in a short time.
    RateLimited,
    /// Too many requests at the same time.
    TooManyAtOnce,
    /// The provider is overloaded.
    Overloaded,
    /// The provider failed.
    ServerFault,
    /// No such model, voice or path.
    NotFound,
    /// The provider does not understand the request.
    InvalidRequest,
    /// The text is longer than the model takes.
    TooLong,
    /// The plan or the model does not offer the sound format.
    FormatRefused,
    /// The prompt itself was refused.
    PromptBlocked,
    /// An answer was made, or begun, and withheld for what is in it.
    AnswerWithheld,
    /// A complete answer with nothing in it: no text, no picture.
    NoAnswer,
    /// The answer hit the token limit before it was whole.
    CutShort,
    /// Status 200, and not what the protocol promises.
    Unreadable,
    /// The answer is larger than the limit here.
    TooLarge,
    /// The provider pointed to another address; keys do not follow.
    Redirected,
    /// No connection came about: nothing was sent.
    Unreachable,
    /// The request was sent, and no whole answer came in time.
    TimedOut,
    /// The request was sent, and the connection broke before the answer was whole.
    Disconnected,
}

impl FailureClass {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn waiting_may_help(self) -> bool {
        match self {
            Self::RateLimited
            | Self::TooManyAtOnce
            | Self::Overloaded
            | Self::ServerFault
            | Self::NoAnswer
            | Self::Unreadable
            | Self::Unreachable
            | Self::TimedOut
            | Self::Disconnected => true,
            Self::KeyRefused
            | Self::NotPermitted
            | Self::CreditUsedUp
            | Self::QuotaUsedUp
            | Self::NotFound
            | Self::InvalidRequest
            | Self::TooLong
            | Self::FormatRefused
            | Self::PromptBlocked
            | Self::AnswerWithheld
            | Self::CutShort
            | Self::TooLarge
            | Self::Redirected => false,
        }
    }

    /// A short, stable word for it, for labels and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeyRefused => "key_refused",
            Self::NotPermitted => "not_permitted",
            Self::CreditUsedUp => "credit_used_up",
            Self::QuotaUsedUp => "quota_used_up",
            Self::RateLimited => "rate_limited",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::Overloaded => "overloaded",
            Self::ServerFault => "server_fault",
            Self::NotFound => "not_found",
            Self::InvalidRequest => "invalid_request",
            Self::TooLong => "too_long",
            Self::FormatRefused => "format_refused",
            Self::PromptBlocked => "prompt_blocked",
            Self::AnswerWithheld => "answer_withheld",
            Self::NoAnswer => "no_answer",
            Self::CutShort => "cut_short",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::Redirected => "redirected",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Disconnected => "disconnected",
        }
    }

    const fn says(self) -> &'static str {
        match self {
            Self::KeyRefused => "refused the key",
            Self::NotPermitted => "does not permit this call",
            Self::CreditUsedUp => "has no credit left for this account",
            Self::QuotaUsedUp => "has no quota left for this account",
            Self::RateLimited => "asks for fewer requests",
            Self::TooManyAtOnce => "asks for fewer requests at the same time",
            Self::Overloaded => "is overloaded",
            Self::ServerFault => "failed",
            Self::NotFound => "does not know what was asked for",
            Self::InvalidRequest => "does not accept the request",
            Self::TooLong => "does not take a text of this length",
            Self::FormatRefused => "does not offer this sound format to this account",
            Self::PromptBlocked => "refused the prompt",
            Self::AnswerWithheld => "withheld its answer",
            Self::NoAnswer => "gave an empty answer",
            Self::CutShort => "reached its token limit before the answer was whole",
            Self::Unreadable => "answered with something that cannot be read",
            Self::TooLarge => "answered with more than the limit",
            Self::Redirected => "points to another address",
            Self::Unreachable => "cannot be reached",
            Self::TimedOut => "did not answer in time",
            Self::Disconnected => "broke the connection before its answer was whole",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A failed attempt: who, why, and what to do about it.
///
/// Its text is safe to show: the adapters that make it keep keys and control characters
/// out and shorten what a provider wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Who failed.
    pub provider: Provider,
    /// What was asked for: a model, a voice, a path.
    pub subject: String,
    /// What happened.
    pub class: FailureClass,
    /// The HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The provider's own word for it: `RESOURCE_EXHAUSTED`, `quota_exceeded`, `SAFETY`.
    pub reason: Option<String>,
    /// What the provider wrote about it, cleaned and shortened.
    pub message: String,
    /// When the provider says to come back.
    pub advice: Advice,
}

impl Failure {
    /// A failure with nothing but its class and a message.
    #[must_use]
    pub fn new(
        provider: Provider,
        subject: impl Into<String>,
        class: FailureClass,
        message: impl Into<String>,
    ) -> Self {
        Self {
            provider,
            subject: subject.into(),
            class,
            status: None,
            reason: None,
            message: message.into(),
            advice: Advice::NONE,
        }
    }

    /// What the person who runs this should do; `None` when waiting is all.
    #[must_use]
    pub fn next_step(&self) -> Option<String> {
        let key = match self.provider {
            Provider::Gemini => "GEMINI_API_KEY",
            Provider::ElevenLabs => "ELEVENLABS_API_KEY",
            Provider::Ollama => "OLLAMA_API_KEY",
        };
        let address = match self.provider {
            Provider::Gemini => "GEMINI_BASE_URL",
            Provider::ElevenLabs => "ELEVENLABS_BASE_URL",
            Provider::Ollama => "OLLAMA_HOST",
        };
        let step = match self.class {
            FailureClass::KeyRefused => format!("check {key}"),
            FailureClass::NotPermitted => {
                format!("check the permissions and the plan of the key in {key}")
            }
            FailureClass::CreditUsedUp => "add credit in the provider's console".to_owned(),
            FailureClass::QuotaUsedUp => {
                "wait until the quota renews, or change the plan".to_owned()
            }
            FailureClass::NotFound if self.provider == Provider::Ollama => {
                format!("run `ollama pull {}`", self.subject)
            }
            FailureClass::NotFound => "choose another model or voice".to_owned(),
            FailureClass::TooLong => "shorten the text, or choose another model".to_owned(),
            FailureClass::FormatRefused => "choose another sound format".to_owned(),
            FailureClass::PromptBlocked | FailureClass::AnswerWithheld => {
                "put the prompt in other words".to_owned()
            }
            FailureClass::CutShort => "raise the output token limit".to_owned(),
            FailureClass::Redirected | FailureClass::Unreachable => format!("check {address}"),
            FailureClass::InvalidRequest
            | FailureClass::RateLimited
            | FailureClass::TooManyAtOnce
            | FailureClass::Overloaded
            | FailureClass::ServerFault
            | FailureClass::NoAnswer
            | FailureClass::Unreadable
            | FailureClass::TooLarge
            | FailureClass::TimedOut
            | FailureClass::Disconnected => return None,
        };
        Some(step)
    }

    /// How long the provider asks to wait.
    #[must_use]
    pub const fn advised_wait(&self) -> Option<Duration> {
        self.advice.wait
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.provider, self.class.says())?;
        if !self.subject.is_empty() {
            write!(f, " ({})", self.subject)?;
        }
        match (self.status, &self.reason) {
            (Some(status), Some(reason)) => write!(f, ": {status} {reason}")?,
            (Some(status), None) => write!(f, ": status {status}")?,
            (None, Some(reason)) => write!(f, ": {reason}")?,
            (None, None) => {}
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(step) = self.next_step() {
            write!(f, "; {step}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_provider_the_subject_the_reason_and_the_next_step() {
        let mut failure = Failure::new(
            Provider::ElevenLabs,
            "voice 21m00",
            FailureClass::QuotaUsedUp,
            "You have 0 credits remaining",
        );
        failure.status = Some(401);
        failure.reason = Some("quota_exceeded".to_owned());
        assert_eq!(
            failure.to_string(),
            "elevenlabs has no quota left for this account (voice 21m00): 401 quota_exceeded: \
             You have 0 credits remaining; wait until the quota renews, or change the plan"
        );
    }

    #[test]
    fn a_missing_local_model_says_how_to_get_it() {
        let failure = Failure::new(Provider::Ollama, "moondream", FailureClass::NotFound, "");
        assert!(failure.to_string().ends_with("run `ollama pull moondream`"));
    }
}
