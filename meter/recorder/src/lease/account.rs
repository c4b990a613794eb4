//! One reservation: what it holds, and what is gone of it.

use jiff::Timestamp;

/// A reservation, in the budget's smallest parts.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) amount: i128,
    /// What calls have drawn or may draw.
    pub(super) gone: i128,
    /// Permits that are given out and not drawn on yet.
    pub(super) open_count: usize,
    pub(super) expires: Option<Timestamp>,
}

impl Account {
    /// What can still be set aside; never below zero.
    pub(super) fn left(&self) -> i128 {
        self.amount.saturating_sub(self.gone).max(0)
    }

    pub(super) fn hold(&mut self, worst_case: i128) {
        self.gone = self.gone.saturating_add(worst_case);
        self.open_count += 1;
    }

    /// What was really drawn takes the place of what was set aside.
    pub(super) fn draw(&mut self, held: i128, actual: i128) {
        self.gone = self.gone.saturating_sub(held).saturating_add(actual);
        self.open_count = self.open_count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(amount: i128) -> Account {
        Account {
            id: String::new(),
            amount,
            gone: 0,
            open_count: 0,
            expires: None,
        }
    }

    #[test]
    fn what_a_call_did_not_draw_is_there_for_the_next() {
        let mut account = account(100);
        account.hold(60);
        assert_eq!(account.left(), 40);
        account.draw(60, 10);
        assert_eq!(account.left(), 90);
    }

    #[test]
    fn more_than_was_set_aside_is_drawn_all_the_same() {
        let mut account = account(100);
        account.hold(60);
        account.draw(60, 120);
        assert_eq!(account.left(), 0);
    }
}
