//! Pictures that belong to a prompt, composed as SVG.

mod canvas;
mod frame;

pub use frame::{Frame, Size};

use super::seed::Seed;

/// Composes a picture for a prompt.
#[must_use]
pub fn compose(prompt: &str, frame: Frame) -> String {
    let mut rng = Seed::of(&prompt.to_lowercase()).and("picture").rng();
    let mut canvas = canvas::Canvas::new(f64::from(frame.width), f64::from(frame.height));
    let hue = rng.range(0.0, 360.0);
    canvas.backdrop(hue);
    canvas.finish()
}
