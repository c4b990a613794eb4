//! Cells of CSV for spreadsheets (RFC 4180), the same in every file that Reelmeter writes: none is ever one that a
//! spreadsheet would run as a formula.

/// A text from elsewhere as a cell. Quoted where a reader could take a part of it for another cell; an apostrophe goes
/// before what a spreadsheet would run, which makes it text.
#[must_use]
pub fn cell(text: &str) -> String {
    shown_cell(text, text)
}

/// The same where the cell shows another form of the text, in which characters were replaced: whether it would run is
/// judged by the text as it was.
#[must_use]
pub fn shown_cell(text: &str, shown: &str) -> String {
    let runs = runs(text) || runs(shown);
    let mark = if runs { "'" } else { "" };
    if runs || shown.contains([',', '"', ';', '\'', '\n', '\r', '\t']) || shown.starts_with(' ') {
        format!("\"{mark}{}\"", shown.replace('"', "\"\""))
    } else {
        shown.to_owned()
    }
}

/// Whether a spreadsheet may run the cell: it begins with `=`, `+`, `-`, `@`, or what older formats run, also in their
/// full-width forms, and also after blanks and invisible characters that are stripped on the way in.
fn runs(text: &str) -> bool {
    let first = text.trim_start_matches(is_stripped).chars().next();
    matches!(
        first,
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '|' | '%')
    ) || text.starts_with(['\t', '\r', '\n'])
}

/// Blanks, controls, and characters without a width: zero-width spaces and joiners, soft hyphens, byte order marks, marks
/// of the reading direction.
fn is_stripped(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "-2,\"x\"",
            "@SUM(A1)",
            "\t=1",
            "\rx",
            "\nx",
            " =HYPERLINK(\"http://x\")",
            "\u{1b}=1",
            "\u{feff}=1",
            "\u{200b}\u{202e}+1",
            "|cmd",
            "%x",
            "＝1",
            "＠x",
        ] {
            assert!(
                cell(formula).starts_with("\"'"),
                "{formula:?} became {}",
                cell(formula)
            );
        }
        assert!(shown_cell("\u{1b}=1", "?=1").starts_with("\"'?"));
        assert!(shown_cell("\u{1b}1", "=1").starts_with("\"'="));
    }

    #[test]
    fn what_would_be_read_as_two_cells_or_lines_is_quoted_and_nothing_else() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("a;b"), "\"a;b\"");
        assert_eq!(cell("a\nb"), "\"a\nb\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("'x"), "\"'x\"");
        for plain in ["", "gemini-2.5-flash", "a=b", "plain text"] {
            assert_eq!(cell(plain), plain);
        }
    }
}
