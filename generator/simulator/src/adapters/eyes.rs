//! Looking at a picture: whether something in it runs out of the frame.

use resvg::tiny_skia::Pixmap;

/// How much a channel may differ from the background: less is noise of the video's encoding.
const DIFFERENCE_MIN: u8 = 60;
/// How many pixels of an edge must differ, in thousandths of it, so that it counts.
const SHARE_PERMILLE_MIN: usize = 4;
/// The shortest side of a picture that is looked at: what is smaller is no frame.
const SIDE_PX_MIN: u32 = 32;

/// The edges that something in the picture touches; `None` if it is no PNG picture of a sensible size.
///
/// The background is what most of the outermost pixels are.
#[must_use]
pub fn edges_touched(png: &[u8]) -> Option<Vec<&'static str>> {
    let picture = Pixmap::decode_png(png).ok()?;
    let (width, height) = (picture.width(), picture.height());
    if width < SIDE_PX_MIN || height < SIDE_PX_MIN {
        return None;
    }
    let line = |points: &mut dyn Iterator<Item = (u32, u32)>| -> Vec<[u8; 3]> {
        let pixels = points.filter_map(|(x, y)| picture.pixel(x, y));
        pixels
            .map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
            .collect()
    };
    let edges = [
        ("left", line(&mut (0..height).map(|y| (0, y)))),
        ("right", line(&mut (0..height).map(|y| (width - 1, y)))),
        ("top", line(&mut (0..width).map(|x| (x, 0)))),
        ("bottom", line(&mut (0..width).map(|x| (x, height - 1)))),
    ];
    let background = middle(edges.iter().flat_map(|(_, pixels)| pixels))?;
    let differs = |pixel: &&[u8; 3]| {
        pixel
            .iter()
            .zip(&background)
            .any(|(one, other)| one.abs_diff(*other) > DIFFERENCE_MIN)
    };
    let touched = edges.iter().filter(|(_, pixels)| {
        pixels.iter().filter(differs).count() * 1_000 >= pixels.len() * SHARE_PERMILLE_MIN
    });
    Some(touched.map(|(name, _)| *name).collect())
}

/// The middle value of each channel.
fn middle<'a>(pixels: impl Iterator<Item = &'a [u8; 3]> + Clone) -> Option<[u8; 3]> {
    let channel = |at: usize| {
        let mut values: Vec<u8> = pixels
            .clone()
            .filter_map(|pixel| pixel.get(at).copied())
            .collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied()
    };
    Some([channel(0)?, channel(1)?, channel(2)?])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::adapters::resvg::draw;

    fn looked_at(shape: &str) -> Option<Vec<&'static str>> {
        let svg = format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="160" height="90"><rect width="160" height="90" fill="#101C2C"/>{shape}</svg>"##
        );
        edges_touched(&draw(&svg).unwrap())
    }

    #[test]
    fn what_stays_inside_touches_nothing_and_what_does_not_is_told_where() {
        assert_eq!(
            looked_at(r#"<rect x="20" y="20" width="90" height="30" fill="gold"/>"#),
            Some(vec![])
        );
        assert_eq!(
            looked_at(r#"<rect x="-20" y="20" width="300" height="30" fill="gold"/>"#),
            Some(vec!["left", "right"])
        );
        assert_eq!(
            looked_at(r#"<rect x="20" y="60" width="20" height="90" fill="gold"/>"#),
            Some(vec!["bottom"])
        );
    }

    #[test]
    fn what_is_no_picture_is_not_judged() {
        assert_eq!(edges_touched(b"iVBORw0KGgo="), None);
        assert_eq!(edges_touched(&[]), None);
    }
}
