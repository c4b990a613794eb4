//! What a narration used: characters sent, and the provider's own bill in credits.

use super::{Anomaly, Basis, Credits, Metric, Multiplier, ProviderBilled, Usage};

/// The unit in which ElevenLabs bills.
const CREDITS: &str = "credits";

/// The characters of a text as ElevenLabs counts them: Unicode code points, blanks and
/// line ends included (its own error messages quote this number).
#[must_use]
pub fn count_characters(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

/// The usage of one narration that the provider delivered.
///
/// `billed` is the text of the header that states the cost in credits (ElevenLabs:
/// `character-cost`), `multiplier` what the provider publishes for the model. The
/// characters are counted by us either way; the bill stands beside them, and is never
/// guessed when the header is missing.
#[must_use]
pub fn speech(characters: u64, billed: Option<&str>, multiplier: Option<Multiplier>) -> Usage {
    let mut usage = Usage::none();
    usage.add(Metric::Characters, characters, Basis::Counted);
    let value = match billed {
        None => {
            usage.anomalies.push(Anomaly::BilledFigureMissing);
            return usage;
        }
        Some(text) => match text.parse::<Credits>() {
            Ok(value) => value,
            Err(_) => {
                let found = text.chars().take(40).collect();
                usage.anomalies.push(Anomaly::BilledFigureUnreadable(found));
                return usage;
            }
        },
    };
    if let Some(quantity) = usage.quantities.first_mut() {
        quantity.provider_billed = Some(ProviderBilled {
            value,
            unit: CREDITS,
            expected: multiplier.and_then(|factor| factor.credits_for(characters)),
        });
    }
    usage
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn half() -> Option<Multiplier> {
        Some("0.5".parse().unwrap())
    }

    #[test]
    fn characters_are_code_points_and_not_bytes() {
        assert_eq!(count_characters("Füße"), 4);
        assert_eq!(count_characters("潮汐\n"), 3);
        assert_eq!(count_characters("👩‍🚀"), 3);
    }

    #[test]
    fn the_bill_is_kept_beside_the_characters_and_compared() {
        let usage = speech(54, Some("27"), half());
        let quantity = &usage.quantities[0];
        assert_eq!((quantity.value, quantity.basis), (54, Basis::Counted));
        let billed = quantity.provider_billed.as_ref().unwrap();
        assert_eq!(billed.value.to_string(), "27");
        assert_eq!(billed.agrees(), Some(true));
        assert!(usage.anomalies.is_empty());
    }

    #[test]
    fn a_bill_unlike_the_published_multiplier_is_seen_to_differ() {
        let usage = speech(54, Some("54"), half());
        let billed = usage.quantities[0].provider_billed.clone().unwrap();
        assert_eq!(billed.agrees(), Some(false));
        assert_eq!(
            speech(54, Some("54"), None).quantities[0]
                .provider_billed
                .clone()
                .unwrap()
                .agrees(),
            None
        );
    }

    #[test]
    fn a_missing_or_strange_bill_is_marked_and_never_guessed() {
        for (header, code) in [
            (None, "billed_figure_missing"),
            (Some("many"), "billed_figure_unreadable"),
            (Some("-3"), "billed_figure_unreadable"),
        ] {
            let usage = speech(10, header, half());
            assert_eq!(usage.value(Metric::Characters), 10);
            assert_eq!(usage.quantities[0].provider_billed, None);
            assert_eq!(usage.anomalies[0].code(), code);
        }
    }
}
