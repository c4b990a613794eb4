//! Writing SVG.

use std::fmt::Write as _;

pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }
    pub(super) fn backdrop(&mut self, hue: f64) {
        let _ = write!(
            self.body,
            r#"<rect width="{}" height="{}" fill="hsl({hue:.0},60%,60%)"/>"#,
            self.width, self.height
        );
    }
    pub(super) fn finish(self) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}">{}</svg>"#,
            self.body,
            w = self.width,
            h = self.height
        )
    }
}
