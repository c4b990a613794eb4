//! The fault menu: what can be made to go wrong, where, and when.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::journal::{Operation, Provider};

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What it is.
    pub kind: Kind,
    /// Its figure, if it has one: seconds of a delay, a count of tokens.
    pub amount: Option<f64>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal for $($provider:ident)+ , $meaning:literal;)+) => {
        /// What can go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $(#[doc = $meaning] $kind,)+ }

        impl Kind {
            /// The whole menu.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name by which it is asked for.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// What it does.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$kind => $meaning,)+ }
            }

            /// The providers that it can happen at.
            #[must_use]
            pub fn providers(self) -> &'static [Provider] {
                match self { $(Self::$kind => &[$(Provider::$provider,)+],)+ }
            }
        }
    };
}

kinds! {
    Ok = "ok" for Gemini ElevenLabs Ollama, "Nothing goes wrong: a place holder in a list.";
    Status429 = "status429" for Gemini ElevenLabs Ollama, "A rate limit. Gemini's has RetryInfo with the figure in seconds (2); ElevenLabs' is too_many_concurrent_requests.";
    Status429Bare = "status429_bare" for Gemini, "A rate limit without details.";
    Status429Help = "status429_help" for Gemini, "A rate limit with a Help detail only, no RetryInfo.";
    Status429PerDay = "status429_per_day" for Gemini, "The daily quota is used up: waiting does not help.";
    SystemBusy = "system_busy" for ElevenLabs, "The 429 that means the service is overloaded.";
    RetryAfter = "retry_after" for Gemini ElevenLabs Ollama, "A 429 with a Retry-After header of the figure in seconds (1).";
    Status400 = "status400" for Gemini ElevenLabs Ollama, "The request is refused as invalid.";
    Status402 = "status402" for Gemini ElevenLabs, "Prepaid credit is used up, or a paid plan is needed.";
    Status403 = "status403" for Gemini ElevenLabs, "The key may not do this.";
    Status500 = "status500" for Gemini ElevenLabs Ollama, "An internal error.";
    Status503 = "status503" for Gemini ElevenLabs Ollama, "The model is overloaded.";
    Status504 = "status504" for Gemini ElevenLabs Ollama, "A deadline inside the provider.";
    Html502 = "html502" for Gemini ElevenLabs Ollama, "A proxy's HTML page instead of JSON.";
    Hang = "hang" for Gemini ElevenLabs Ollama, "No answer for the figure in seconds (an hour).";
    Slow = "slow" for Gemini ElevenLabs Ollama, "The first byte comes the figure in seconds later (3).";
    Cut = "cut" for Gemini ElevenLabs Ollama, "The body breaks off in the middle.";
    Reset = "reset" for Gemini ElevenLabs Ollama, "The connection breaks before the first byte of the body.";
    StreamError = "stream_error" for Gemini ElevenLabs Ollama, "A stream ends with an error object.";
    Garbage = "garbage" for Gemini ElevenLabs Ollama, "A 200 whose body is not JSON.";
    InvalidKey = "invalid_key" for Gemini ElevenLabs, "The key is refused.";
    UnknownModel = "unknown_model" for Gemini ElevenLabs Ollama, "The model does not exist.";
    NoUsage = "no_usage" for Gemini, "No usageMetadata.";
    NullUsage = "null_usage" for Gemini, "Counts that are null.";
    EmptyUsage = "empty_usage" for Gemini, "An empty usageMetadata object.";
    StringUsage = "string_usage" for Gemini, "Counts written as strings.";
    NegativeUsage = "negative_usage" for Gemini, "A negative count.";
    TotalMismatch = "total_mismatch" for Gemini, "A total that is not the sum of its parts.";
    ThoughtsOnly = "thoughts_only" for Gemini, "Thinking used up maxOutputTokens: billed, and empty.";
    Thoughts = "thoughts" for Gemini, "More thinking than answer, the figure in tokens (2000).";
    Blocked = "blocked" for Gemini, "The prompt is blocked: 200, without candidates.";
    Safety = "safety" for Gemini, "The answer is stopped for safety.";
    Refused = "refused" for Gemini, "The image is refused: IMAGE_SAFETY with a finishMessage.";
    NoImage = "no_image" for Gemini, "NO_IMAGE: a 200 without a picture.";
    TextForImage = "text_for_image" for Gemini, "STOP with words instead of the picture.";
    TwoImages = "two_images" for Gemini, "Two pictures, of which the last one counts.";
    Continuation = "continuation" for Gemini, "Half an answer, with finishReason CONTINUATION and a token.";
    MaxTokens = "max_tokens" for Gemini, "The answer breaks off at maxOutputTokens.";
    Cached = "cached" for Gemini, "Nine tenths of the prompt come from the cache.";
    ToolUse = "tool_use" for Gemini, "The figure in tool-use prompt tokens (500).";
    DetailsMismatch = "details_mismatch" for Gemini, "Details that do not add up to their count.";
    BrokenJson = "broken_json" for Gemini, "Structured output that is not valid JSON.";
    WrongShape = "wrong_shape" for Gemini, "Structured output that does not follow the schema.";
    BadCode = "bad_code" for Gemini, "Animation code with a mistake in it, whatever was asked for.";
    TierDowngraded = "tier_downgraded" for Gemini, "Served in the standard tier, whatever was asked for.";
    QuotaExceeded = "quota_exceeded" for ElevenLabs, "The monthly credits are used up: a 401.";
    MissingPermissions = "missing_permissions" for ElevenLabs, "The key lacks a permission: a 401.";
    MissingCost = "missing_cost" for ElevenLabs, "No character-cost header.";
    OddCost = "odd_cost" for ElevenLabs, "A character-cost that the multiplier does not explain.";
    NullAlignment = "null_alignment" for ElevenLabs, "No alignment.";
    Invalid422 = "invalid_422" for ElevenLabs, "A validation error: detail is a list.";
    VoiceNotFound = "voice_not_found" for ElevenLabs, "The voice does not exist.";
    Empty = "empty" for Gemini Ollama, "An empty answer with status 200, as moondream gives it.";
    MissingCounts = "missing_counts" for Ollama, "No counts in the answer.";
}

impl Fault {
    /// A fault without a figure of its own.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self { kind, amount: None }
    }

    /// Its figure, or the usual one.
    #[must_use]
    pub fn amount_or(&self, usual: f64) -> f64 {
        self.amount.unwrap_or(usual)
    }

    /// Whether it can happen at a provider.
    #[must_use]
    pub fn fits(&self, provider: Provider) -> bool {
        self.kind.providers().contains(&provider)
    }
}

/// A fault or a list of them that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A fault that is not on the menu.
    #[error("unknown fault {0:?}; the menu is at GET /_simulator/faults")]
    UnknownFault(String),
    /// A figure that is not one.
    #[error("fault {name:?}: {figure:?} is not a number from 0 to 100000")]
    BadFigure {
        /// The fault.
        name: String,
        /// What stands for its figure.
        figure: String,
    },
    /// A target that does not exist.
    #[error(
        "unknown target {0:?}: give an operation (script, text, rephrase, code, image, narration …), a provider (gemini, elevenlabs, ollama) or *"
    )]
    UnknownTarget(String),
    /// A fault that the provider does not have.
    #[error("fault {fault:?} does not happen at {provider}")]
    WrongProvider {
        /// The fault.
        fault: String,
        /// The provider.
        provider: &'static str,
    },
    /// A rule without its colon.
    #[error("rule {0:?} is not TARGET:FAULT, TARGET:FAULT*TIMES or TARGET:FAULT@NTH")]
    BadRule(String),
    /// A count that is not one.
    #[error("rule {rule:?}: {count:?} is not a count from 1 to {most}", most = COUNT_MAX)]
    BadCount {
        /// The rule.
        rule: String,
        /// What stands for its count.
        count: String,
    },
}

/// No rule counts further than this.
pub const COUNT_MAX: usize = 10_000;

impl FromStr for Fault {
    type Err = Error;

    /// Reads `name` or `name=figure`; hyphens are as good as underscores.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, figure) = match text.split_once('=') {
            Some((name, figure)) => (name.trim(), Some(figure.trim())),
            None => (text.trim(), None),
        };
        let plain = name.to_ascii_lowercase().replace('-', "_");
        let kind = Kind::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == plain)
            .ok_or_else(|| Error::UnknownFault(name.to_owned()))?;
        let amount = match figure {
            None => None,
            Some(figure) => {
                let number = figure
                    .parse::<f64>()
                    .ok()
                    .filter(|n| (0.0..=100_000.0).contains(n));
                Some(number.ok_or_else(|| Error::BadFigure {
                    name: name.to_owned(),
                    figure: figure.to_owned(),
                })?)
            }
        };
        Ok(Self { kind, amount })
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.amount {
            Some(amount) => write!(f, "{}={amount}", self.kind.name()),
            None => f.write_str(self.kind.name()),
        }
    }
}

/// Which calls a list of faults is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Operation(Provider, Operation),
    Provider(Provider),
    All,
}

impl Target {
    fn parse(text: &str) -> Result<Vec<Self>, Error> {
        let unknown = || Error::UnknownTarget(text.to_owned());
        let name = text.trim().to_ascii_lowercase();
        if name == "*" || name == "all" {
            return Ok(vec![Self::All]);
        }
        if let Some((provider, operation)) = name.split_once('.') {
            let provider = Provider::parse(provider).ok_or_else(unknown)?;
            let operation = Operation::parse(operation)
                .filter(|op| op.providers().contains(&provider))
                .ok_or_else(unknown)?;
            return Ok(vec![Self::Operation(provider, operation)]);
        }
        if let Some(provider) = Provider::parse(&name) {
            return Ok(vec![Self::Provider(provider)]);
        }
        let operation = Operation::parse(&name).ok_or_else(unknown)?;
        Ok(operation
            .providers()
            .iter()
            .map(|provider| Self::Operation(*provider, operation))
            .collect())
    }

    fn providers(self) -> Vec<Provider> {
        match self {
            Self::Operation(provider, _) | Self::Provider(provider) => vec![provider],
            Self::All => Vec::new(),
        }
    }
}

/// The faults to come, in order, by target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    queues: BTreeMap<Target, Queue>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Queue {
    /// What the next calls meet, in order; afterwards all is well.
    steps: std::collections::VecDeque<Fault>,
    /// What every call after those meets.
    then: Option<Fault>,
}

impl Plan {
    /// Reads rules such as `image:status429*2,image:refused@3,narration:slow=5`.
    ///
    /// `*N` is the next N calls, `*` all of them, `@N` the N-th call from now. Rules for one target
    /// follow one another in the order given.
    ///
    /// # Errors
    ///
    /// If a rule cannot be understood, or names a fault that its provider does not have.
    pub fn parse(rules: &str) -> Result<Self, Error> {
        let mut plan = Self::default();
        for rule in rules
            .split([',', ';', '\n'])
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
        {
            plan.add_rule(rule)?;
        }
        Ok(plan)
    }

    /// Adds one rule.
    ///
    /// # Errors
    ///
    /// As [`Plan::parse`].
    pub fn add_rule(&mut self, rule: &str) -> Result<(), Error> {
        let (target, what) = rule
            .split_once(':')
            .ok_or_else(|| Error::BadRule(rule.to_owned()))?;
        let count = |text: &str| {
            let number = text
                .trim()
                .parse::<usize>()
                .ok()
                .filter(|n| (1..=COUNT_MAX).contains(n));
            number.ok_or_else(|| Error::BadCount {
                rule: rule.to_owned(),
                count: text.to_owned(),
            })
        };
        let queues = self.queues_of(target)?;
        if let Some((fault, nth)) = what.split_once('@') {
            let (fault, nth) = (fault.parse()?, count(nth)?);
            self.place(&queues, fault, |queue, fault| {
                while queue.steps.len() < nth {
                    queue.steps.push_back(Fault::of(Kind::Ok));
                }
                queue.steps[nth - 1] = fault;
            })
        } else if let Some((fault, times)) = what.split_once('*') {
            let fault = fault.parse()?;
            if times.trim().is_empty() {
                return self.place(&queues, fault, |queue, fault| queue.then = Some(fault));
            }
            let times = count(times)?;
            self.place(&queues, fault, |queue, fault| {
                queue.steps.extend(std::iter::repeat_n(fault, times))
            })
        } else {
            self.place(&queues, what.parse()?, |queue, fault| {
                queue.steps.push_back(fault)
            })
        }
    }

    /// Adds a list of faults for a target, in order.
    ///
    /// # Errors
    ///
    /// As [`Plan::parse`].
    pub fn add_list(&mut self, target: &str, faults: &[String]) -> Result<(), Error> {
        let queues = self.queues_of(target)?;
        for fault in faults {
            self.place(&queues, fault.parse()?, |queue, fault| {
                queue.steps.push_back(fault)
            })?;
        }
        Ok(())
    }

    fn queues_of(&self, target: &str) -> Result<Vec<Target>, Error> {
        Target::parse(target)
    }

    fn place(
        &mut self,
        targets: &[Target],
        fault: Fault,
        put: impl Fn(&mut Queue, Fault),
    ) -> Result<(), Error> {
        for provider in targets.iter().flat_map(|target| target.providers()) {
            if !fault.fits(provider) {
                return Err(Error::WrongProvider {
                    fault: fault.to_string(),
                    provider: provider.name(),
                });
            }
        }
        for target in targets {
            put(self.queues.entry(*target).or_default(), fault);
        }
        Ok(())
    }

    /// What the next call meets. The most particular list that has something to say is asked, and
    /// only that one moves on.
    pub fn next(&mut self, provider: Provider, operation: Operation) -> Fault {
        for target in [
            Target::Operation(provider, operation),
            Target::Provider(provider),
            Target::All,
        ] {
            let Some(queue) = self.queues.get_mut(&target) else {
                continue;
            };
            match queue.steps.pop_front().or(queue.then) {
                Some(fault) if fault.fits(provider) => return fault,
                // A list for every provider may name what this one does not have.
                _ => {}
            }
        }
        Fault::of(Kind::Ok)
    }

    /// What is still to come, as rules that [`Plan::parse`] reads.
    #[must_use]
    pub fn to_rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for (target, queue) in &self.queues {
            let target = match target {
                Target::Operation(provider, operation) => {
                    format!("{}.{}", provider.name(), operation.name())
                }
                Target::Provider(provider) => provider.name().to_owned(),
                Target::All => "*".to_owned(),
            };
            rules.extend(queue.steps.iter().map(|fault| format!("{target}:{fault}")));
            rules.extend(queue.then.iter().map(|fault| format!("{target}:{fault}*")));
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn kinds(plan: &mut Plan, provider: Provider, operation: Operation, count: usize) -> Vec<Kind> {
        (0..count)
            .map(|_| plan.next(provider, operation).kind)
            .collect()
    }

    #[test]
    fn rules_are_met_in_order_and_then_all_is_well() {
        let mut plan = Plan::parse("image:status429*2, image:refused@4, gemini:status500").unwrap();
        use Kind::{Ok, Refused, Status429, Status500};
        assert_eq!(
            kinds(&mut plan, Provider::Gemini, Operation::Image, 6),
            [Status429, Status429, Ok, Refused, Status500, Ok]
        );
    }

    #[test]
    fn a_call_takes_from_the_most_particular_list_only() {
        let mut plan = Plan::parse("script:status503, gemini:status500").unwrap();
        assert_eq!(
            kinds(&mut plan, Provider::Gemini, Operation::Image, 2),
            [Kind::Status500, Kind::Ok]
        );
        assert_eq!(
            kinds(&mut plan, Provider::Gemini, Operation::Script, 2),
            [Kind::Status503, Kind::Ok]
        );
    }

    #[test]
    fn a_fault_can_stay_and_can_carry_a_figure() {
        let mut plan = Plan::parse("narration:slow=0.5*").unwrap();
        for _ in 0..3 {
            let fault = plan.next(Provider::ElevenLabs, Operation::Narration);
            assert_eq!((fault.kind, fault.amount), (Kind::Slow, Some(0.5)));
        }
        assert_eq!(plan.next(Provider::Gemini, Operation::Image).kind, Kind::Ok);
    }

    #[test]
    fn what_is_not_understood_is_refused_and_named() {
        for (rules, part) in [
            ("image:explode", "explode"),
            ("picture:status500", "picture"),
            ("image", "image"),
            ("image:status500*0", "\"0\""),
            ("image:slow=fast", "fast"),
            ("narration:no_image", "elevenlabs"),
            ("gemini.narration:status500", "gemini.narration"),
        ] {
            let error = Plan::parse(rules).unwrap_err().to_string();
            assert!(error.contains(part), "{rules}: {error}");
        }
    }

    #[test]
    fn a_plan_can_be_written_down_and_read_again() {
        let plan = Plan::parse("image:ok,image:refused,*:slow=2*,ollama:empty").unwrap();
        assert_eq!(Plan::parse(&plan.to_rules().join(",")).unwrap(), plan);
    }

    #[test]
    fn every_fault_has_a_name_of_its_own_and_a_provider() {
        for (at, kind) in Kind::ALL.iter().enumerate() {
            assert!(!kind.providers().is_empty());
            assert_eq!(kind.name().parse::<Fault>().unwrap().kind, *kind);
            assert!(
                Kind::ALL[at + 1..]
                    .iter()
                    .all(|other| other.name() != kind.name())
            );
        }
    }
}
