//! A text divided into the pieces that a line may break between.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A piece of text that stays whole on a line, and when it is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// The text, without white space.
    pub text: String,
    /// Whether a space stands before it in the text.
    pub space_before: bool,
    /// When it starts, in milliseconds from the start of the narration.
    pub start_ms: u64,
    /// When it has ended.
    pub end_ms: u64,
}

/// A piece of text that stays whole on a line, and where it lies in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// The text, without white space.
    pub text: String,
    /// Whether a space stands before it.
    pub space_before: bool,
    /// Where it starts in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// Columns that a text takes: a letter one, a Chinese character two, and wide letters
/// somewhat more than one, since no font for subtitles gives all letters the same room.
pub(super) fn columns(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|c| match c {
            'W' | 'M' | '@' | '%' => 6,
            'm' | 'w' => 4,
            c if c.is_uppercase() => 2,
            _ => 0,
        })
        .sum();
    text.width() + tenths / 10
}

/// Divides a text at its spaces; between the characters of scripts that are written
/// without spaces; after dashes; and inside a word wider than a line.
///
/// Joined again (a space where one stood before), the pieces give the text, less
/// control characters and repeated white space.
pub(super) fn tokenize(text: &str, columns_max: usize) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    // Whether the next grapheme starts a token, and whether a space stood before it.
    let mut starts_token = true;
    let mut space_before = false;
    for (start, grapheme) in text.grapheme_indices(true) {
        if grapheme
            .chars()
            .all(|c| c.is_whitespace() || c.is_control())
        {
            starts_token = true;
            space_before = !tokens.is_empty();
            continue;
        }
        let end = start + grapheme.len();
        let kind = Kind::of(grapheme);
        match tokens.last_mut() {
            Some(last)
                if !starts_token
                    && !may_break(last, kind)
                    && columns(&last.text) + columns(grapheme) <= columns_max =>
            {
                last.text
                    .extend(grapheme.chars().filter(|c| !c.is_control()));
                last.end = end;
            }
            _ => {
                tokens.push(Token {
                    text: grapheme.chars().filter(|c| !c.is_control()).collect(),
                    space_before,
                    start,
                    end,
                });
                space_before = false;
            }
        }
        starts_token = false;
    }
    tokens
}

/// What a grapheme means for breaking a line beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A character of a script written without spaces.
    Ideograph,
    /// A mark that never starts a line: 。」，
    Closing,
    /// A mark that never ends a line: 「（
    Opening,
    /// Anything else.
    Letter,
}

impl Kind {
    fn of(grapheme: &str) -> Self {
        let Some(first) = grapheme.chars().next() else {
            return Self::Letter;
        };
        match first {
            '、' | '。' | '，' | '．' | '：' | '；' | '！' | '？' | '」' | '』' | '）' | '】'
            | '》' | '〉' | '〕' | '］' | '｝' | '々' | 'ー' | '…' | '‥' | '・' | '゛' | '゜'
            | 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ァ' | 'ィ' | 'ゥ'
            | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | '”' | '’' | ')' | ']' | '}' | '»' | '.'
            | ',' | '!' | '?' | ':' | ';' => Self::Closing,
            '「' | '『' | '（' | '【' | '《' | '〈' | '〔' | '［' | '｛' | '“' | '‘' | '('
            | '[' | '{' | '«' => Self::Opening,
            '\u{2E80}'..='\u{2FFF}'
            | '\u{3040}'..='\u{30FF}'
            | '\u{3100}'..='\u{312F}'
            | '\u{31A0}'..='\u{31FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FF66}'..='\u{FF9F}'
            | '\u{20000}'..='\u{3FFFF}' => Self::Ideograph,
            _ => Self::Letter,
        }
    }
}

/// Whether a line may break between a token and a grapheme that follows directly.
fn may_break(last: &Token, next: Kind) -> bool {
    let ends_with = last.text.graphemes(true).next_back().map(Kind::of);
    match (ends_with, next) {
        (_, Kind::Closing) | (Some(Kind::Opening) | None, _) => false,
        (Some(Kind::Ideograph), _) | (Some(Kind::Closing | Kind::Letter), Kind::Ideograph) => true,
        (Some(Kind::Closing), Kind::Opening | Kind::Letter) => {
            // 「…」と is breakable, "3.5" and "can’t" are not.
            last.text
                .chars()
                .next_back()
                .is_some_and(|c| columns(c.encode_utf8(&mut [0; 4])) == 2)
        }
        (Some(Kind::Letter), _) => last.text.ends_with(['—', '―']),
    }
}

/// Whether a sentence ends with this piece, given the piece after it.
pub(super) fn ends_sentence(text: &str, next: Option<&str>) -> bool {
    let bare = text.trim_end_matches(CLOSERS);
    if !bare.ends_with([
        '.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '॥', '։',
    ]) {
        return false;
    }
    if ABBREVIATIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(bare.trim_start_matches(OPENERS)))
    {
        return false;
    }
    // "approx. three": a small letter goes on with the sentence.
    next.and_then(|next| next.trim_start_matches(OPENERS).chars().next())
        .is_none_or(|c| !c.is_lowercase())
}

/// Whether a part of a sentence ends with this piece.
pub(super) fn ends_clause(text: &str) -> bool {
    text.trim_end_matches(CLOSERS).ends_with([
        ',', ';', ':', '—', '–', '―', '、', '，', '；', '：', '،', '؛',
    ])
}

const CLOSERS: [char; 14] = [
    '"', '\'', '”', '’', ')', ']', '}', '»', '」', '』', '）', '】', '》', '〉',
];
const OPENERS: [char; 14] = [
    '"', '\'', '“', '‘', '(', '[', '{', '«', '「', '『', '（', '【', '《', '〈',
];

/// Words that end in a full stop inside a sentence.
const ABBREVIATIONS: [&str; 16] = [
    "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "St.", "No.", "vs.", "e.g.", "i.e.", "ca.", "approx.",
    "z.B.", "bzw.", "Nr.", "Mt.",
];
