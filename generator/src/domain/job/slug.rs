//! File names that are ours: made of a title, and nothing of it that a file system could read otherwise.

/// The longest slug, in bytes.
const SLUG_BYTES_MAX: usize = 48;

/// A name of `a` to `z`, `0` to `9` and single dashes, 1 to 48 bytes; `video` where the text has no such letter.
#[must_use]
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        match plain(character) {
            Some(plain) => slug.push_str(plain.encode_utf8(&mut [0; 4])),
            None if slug.is_empty() || slug.ends_with('-') => {}
            None => slug.push('-'),
        }
        if slug.len() >= SLUG_BYTES_MAX {
            break;
        }
    }
    // A word cut in two is better left out, if anything stays.
    if slug.len() >= SLUG_BYTES_MAX
        && let Some(end) = slug.rfind('-').filter(|end| *end > SLUG_BYTES_MAX / 2)
    {
        slug.truncate(end);
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() {
        "video".clone_into(&mut slug);
    }
    slug
}

/// The last digits of a job's key: enough to tell apart two videos of one title.
#[must_use]
pub fn short_id(id: &str) -> String {
    let digits: Vec<char> = id.chars().filter(char::is_ascii_alphanumeric).collect();
    let start = digits.len().saturating_sub(8);
    digits
        .iter()
        .skip(start)
        .map(char::to_ascii_lowercase)
        .collect()
}

/// Latin letters lose their accents; everything else that is not a letter or digit of ASCII is a gap.
fn plain(character: char) -> Option<char> {
    let lower = character.to_lowercase().next().unwrap_or(character);
    let plain = match lower {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ś' | 'š' => 's',
        'ź' | 'ż' | 'ž' => 'z',
        'ł' => 'l',
        other => other,
    };
    plain.is_ascii_alphanumeric().then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_becomes_a_readable_name() {
        assert_eq!(slug("Why do Volcanoes erupt?"), "why-do-volcanoes-erupt");
        assert_eq!(slug("Über Ärger & Öl — 2nd try"), "uber-arger-ol-2nd-try");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("火山"), "video");
    }

    #[test]
    fn a_long_title_ends_with_a_whole_word() {
        let name = slug(&"volcano ".repeat(20));
        assert!(name.ends_with("volcano") && name.len() <= 48, "{name}");
    }

    #[test]
    fn the_short_id_is_the_end_of_the_key() {
        assert_eq!(short_id("0198c0de-0000-7000-8000-00000BADCAFE"), "0badcafe");
    }

    proptest! {
        #[test]
        fn whatever_the_title_the_name_is_harmless(title in "\\PC*") {
            let name = slug(&title);
            prop_assert!((1..=48).contains(&name.len()));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!name.starts_with('-') && !name.ends_with('-'));
        }
    }
}
