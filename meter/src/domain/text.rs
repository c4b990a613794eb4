//! Which text is let in. Names reach terminals, reports and other people's tools: what cannot be seen in them, or turns
//! what stands around it, is refused at the door and not repaired.

use super::limits::{
    LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX,
};
use super::problem::Problem;
use std::collections::BTreeMap;

/// Every character of Unicode 16's general category Cf (format): soft hyphen, zero-width and bidirectional marks,
/// tags. From DerivedGeneralCategory.txt.
const FORMAT: [(u32, u32); 21] = [
    (0x00AD, 0x00AD),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
];

/// The zero-width non-joiner and joiner: Persian words and many emoji are written with them.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// Whether a character is a control, a line or paragraph separator, or an invisible formatting character.
fn is_unseen(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        || FORMAT
            .binary_search_by(|(first, last)| match code {
                code if code < *first => std::cmp::Ordering::Greater,
                code if code > *last => std::cmp::Ordering::Less,
                _ => std::cmp::Ordering::Equal,
            })
            .is_ok()
}

/// Whether a text is printable ASCII through and through, which nearly every name is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn unseen(text: &str, allowed: &[char]) -> Option<char> {
    if is_plain(text) {
        return None;
    }
    text.chars().find(|c| is_unseen(*c) && !allowed.contains(c))
}

fn refuse_unseen(field: &str, text: &str, allowed: &[char]) -> Result<(), Problem> {
    match unseen(text, allowed) {
        Some(c) => Err(Problem::new(
            field,
            format!(
                "must not hold control or invisible formatting characters; take out U+{:04X}",
                u32::from(c)
            ),
        )),
        None => Ok(()),
    }
}

/// Checks a name that must be there: 1 to 128 bytes, all of them visible.
///
/// # Errors
/// The rule that it breaks.
pub fn name(field: &str, text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::new(
            field,
            format!("must not be empty; give 1 to {NAME_BYTES_MAX} bytes"),
        ));
    }
    optional_name(field, text)
}

/// Checks a name that may be empty.
///
/// # Errors
/// The rule that it breaks.
pub fn optional_name(field: &str, text: &str) -> Result<(), Problem> {
    bounded(field, text, NAME_BYTES_MAX)?;
    refuse_unseen(field, text, &[])
}

/// Checks a title: at most 256 bytes for people to read; joiners are allowed.
///
/// # Errors
/// The rule that it breaks.
pub fn title(field: &str, text: &str) -> Result<(), Problem> {
    bounded(field, text, TITLE_BYTES_MAX)?;
    refuse_unseen(field, text, &JOINERS)
}

/// Checks labels: at most 32, keys of 1 to 64 bytes, values of at most 256.
///
/// # Errors
/// The first rule that one breaks.
pub fn labels(field: &str, labels: &BTreeMap<String, String>) -> Result<(), Problem> {
    if labels.len() > LABELS_MAX {
        return Err(Problem::new(
            field,
            format!(
                "has {} entries; at most {LABELS_MAX} are kept",
                labels.len()
            ),
        ));
    }
    for (key, value) in labels {
        let here = || {
            format!(
                "{field}[{}]",
                key.escape_debug()
                    .take(LABEL_KEY_BYTES_MAX)
                    .collect::<String>()
            )
        };
        if key.is_empty() {
            return Err(Problem::new(
                here(),
                format!("its key must not be empty; give 1 to {LABEL_KEY_BYTES_MAX} bytes"),
            ));
        }
        if key.len() > LABEL_KEY_BYTES_MAX {
            return Err(Problem::new(
                here(),
                format!(
                    "its key is {} bytes long; at most {LABEL_KEY_BYTES_MAX} are kept",
                    key.len()
                ),
            ));
        }
        refuse_unseen(&here(), key, &[])?;
        bounded(&here(), value, LABEL_VALUE_BYTES_MAX)?;
        refuse_unseen(&here(), value, &JOINERS)?;
    }
    Ok(())
}

fn bounded(field: &str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() > bytes_max {
        return Err(Problem::new(
            field,
            format!("is {} bytes long; at most {bytes_max} are kept", text.len()),
        ));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_refused_in_a_name() {
        for c in [
            '\0',
            '\u{1b}',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2028}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let text = format!("gemini{c}pro");
            let problem = name("model", &text).unwrap_err();
            assert!(
                problem.reason.contains(&format!("U+{:04X}", u32::from(c))),
                "{problem}"
            );
        }
        for text in [
            "gemini-2.5-flash",
            "Stimme für Kinder",
            "声",
            "🎬",
            "a b",
            "\u{0301}",
        ] {
            assert_eq!(name("model", text), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_format_characters_are_in_order_so_that_they_are_found() {
        assert!(
            FORMAT
                .windows(2)
                .all(|pair| matches!(pair, [(_, end), (start, _)] if end < start))
        );
    }

    #[test]
    fn a_title_may_join_its_emoji() {
        assert_eq!(title("title", "👩\u{200d}🚀 flies"), Ok(()));
        assert!(title("title", "\u{202e}evil").is_err());
    }
}
