//! Which key asks for what. Arrow keys and those of vi.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::msg::Action;

/// The keys, as the help and the footer name them.
pub const HELP: [(&str, &str); 12] = [
    ("q", "leave; asks first while a video is being made"),
    ("Tab, Shift-Tab", "next or previous panel"),
    ("Up Down, k j", "select a model, scroll"),
    ("Enter, Right", "explain the model: every cost line"),
    ("Esc, Left, h", "back"),
    ("p", "the prices in force"),
    ("l", "the log"),
    ("?", "this help"),
    ("PgUp PgDn, Ctrl-u Ctrl-d", "scroll a page"),
    ("Home End, g G", "first or last row"),
    ("Ctrl-l", "draw everything anew"),
    ("Ctrl-c", "like q; twice: leave at once"),
];

/// What the key asks for. `None`: it was let go, or is no key that can ask.
#[must_use]
pub fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return Some(match key.code {
            KeyCode::Char('c') => Action::Interrupt,
            KeyCode::Char('b' | 'u') => Action::PageUp,
            KeyCode::Char('f' | 'd') => Action::PageDown,
            KeyCode::Char('l') => Action::Redraw,
            _ => Action::Other,
        });
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Action::Leave,
        KeyCode::Char('?') | KeyCode::F(1) => Action::Help,
        KeyCode::Char('p') => Action::Prices,
        KeyCode::Char('l' | 'L') => Action::Log,
        KeyCode::Tab => Action::NextPanel,
        KeyCode::BackTab => Action::PreviousPanel,
        KeyCode::Up | KeyCode::Char('k') => Action::Up,
        KeyCode::Down | KeyCode::Char('j') => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Action::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Action::First,
        KeyCode::End | KeyCode::Char('G') => Action::Last,
        KeyCode::Enter | KeyCode::Right => Action::Open,
        KeyCode::Esc | KeyCode::Left | KeyCode::Backspace | KeyCode::Char('h') => Action::Back,
        KeyCode::Char('f') => Action::Plainly,
        KeyCode::Char('c') => Action::Cancel,
        KeyCode::Char('d') => Action::Detach,
        _ => Action::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode) -> Option<Action> {
        action(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn arrows_and_vi_keys_mean_the_same() {
        for (arrow, vi) in [
            (KeyCode::Up, 'k'),
            (KeyCode::Down, 'j'),
            (KeyCode::Left, 'h'),
            (KeyCode::Home, 'g'),
            (KeyCode::End, 'G'),
        ] {
            assert_eq!(pressed(arrow), pressed(KeyCode::Char(vi)), "{arrow:?}");
        }
    }

    #[test]
    fn letting_a_key_go_asks_for_nothing() {
        let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(action(key), None);
    }
}
