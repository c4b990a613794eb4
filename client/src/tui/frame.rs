//! When to draw: when something changed, and at most 30 times a second.

use std::time::{Duration, Instant};

/// Thirty frames a second.
const GAP: Duration = Duration::from_millis(33);

/// Many wishes to draw, one drawing.
#[derive(Debug, Clone, Copy, Default)]
pub struct FrameGate {
    drawn: Option<Instant>,
    wanted: bool,
}

impl FrameGate {
    /// Something changed.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// When to draw next. `None`: there is nothing to draw.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let earliest = self.drawn.map_or(now, |drawn| drawn + GAP);
        self.wanted.then(|| earliest.max(now))
    }

    /// It was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        self.wanted = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_changes_in_a_second_are_thirty_drawings() {
        let start = Instant::now();
        let mut gate = FrameGate::default();
        let mut drawings = 0;
        for millisecond in 0..1000 {
            let now = start + Duration::from_millis(millisecond);
            gate.want();
            if gate.due(now) == Some(now) {
                gate.drawn(now);
                drawings += 1;
            }
        }
        assert_eq!(drawings, 31);
    }

    #[test]
    fn nothing_changed_is_nothing_drawn() {
        let mut gate = FrameGate::default();
        assert_eq!(gate.due(Instant::now()), None);
        gate.want();
        gate.drawn(Instant::now());
        assert_eq!(gate.due(Instant::now()), None);
    }
}
