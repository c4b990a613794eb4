//! Frames that are cut out of stills, against what they should show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use reelmeter_stills::{Frame, Still, Window, cut};

const MILLION: f64 = 1_000_000.0;

/// A still whose brightness is told by a function of the place; its colours as well,
/// at half the size.
fn still(width: u32, height: u32, shade: impl Fn(f64, f64) -> f64) -> Still {
    let mut samples = Vec::new();
    let mut plane = |width: u32, height: u32, scale: f64| {
        for y in 0..height {
            for x in 0..width {
                let at = |n: u32| (f64::from(n) + 0.5) * scale;
                samples.push(shade(at(x), at(y)).round().clamp(0.0, 255.0) as u8);
            }
        }
    };
    plane(width, height, 1.0);
    plane(width / 2, height / 2, 2.0);
    plane(width / 2, height / 2, 2.0);
    Still::new(width, height, samples).unwrap()
}

fn window(left: f64, top: f64, width: f64, height: f64) -> Window {
    let upx = |px: f64| (px * MILLION).round() as i64;
    Window {
        left_upx: upx(left),
        top_upx: upx(top),
        width_upx: upx(width),
        height_upx: upx(height),
    }
}

#[test]
fn a_window_of_the_frames_own_size_shows_the_still_itself() {
    let still = still(64, 48, |x, y| x * 3.0 + y);
    let mut frame = Frame::black(64, 48).unwrap();
    cut(&still, window(0.0, 0.0, 64.0, 48.0), &mut frame);
    assert_eq!(still, Still::new(64, 48, frame.samples().to_vec()).unwrap());
}

#[test]
fn a_hundredth_of_a_pixel_moves_the_picture_by_a_hundredth() {
    let spot =
        |x: f64, y: f64| 20.0 + 200.0 * (-((x - 40.0).powi(2) + (y - 30.0).powi(2)) / 72.0).exp();
    let still = still(96, 64, spot);
    let mut frame = Frame::black(80, 60).unwrap();
    let mut before: Option<(f64, f64)> = None;
    for step in 0..100 {
        let moved = f64::from(step) * 0.01;
        cut(&still, window(moved, moved / 2.0, 80.0, 60.0), &mut frame);
        let (x, y) = centre(&frame.samples()[..80 * 60], 80);
        assert!((x - (39.5 - moved)).abs() < 0.03, "step {step}: {x}");
        assert!((y - (29.5 - moved / 2.0)).abs() < 0.03, "step {step}: {y}");
        if let Some((x_before, _)) = before {
            let jolt = (x_before - x - 0.01).abs();
            assert!(jolt < 0.03, "step {step}: {jolt}");
        }
        before = Some((x, y));
    }
}

#[test]
fn what_lies_outside_repeats_the_edge() {
    let still = still(16, 16, |_, y| if y < 8.0 { 200.0 } else { 50.0 });
    let mut frame = Frame::black(16, 16).unwrap();
    cut(&still, window(-400.0, -300.0, 16.0, 16.0), &mut frame);
    assert!(frame.samples().iter().all(|s| *s == 200));
    cut(&still, window(90.0, 90.0, 16.0, 16.0), &mut frame);
    assert!(frame.samples().iter().all(|s| *s == 50));
}

/// The centre of what is brighter than the ground.
fn centre(luma: &[u8], width: usize) -> (f64, f64) {
    let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
    for (at, sample) in luma.iter().enumerate() {
        let weight = f64::from(sample.saturating_sub(24));
        sum += weight;
        x += weight * (at % width) as f64;
        y += weight * (at / width) as f64;
    }
    (x / sum, y / sum)
}

proptest! {
    /// A slope is shown as the same slope, whatever the window: that pins place and
    /// scale down everywhere, in all three planes.
    #[test]
    fn a_slope_stays_a_slope(
        left in 4.0_f64..30.0,
        top in 4.0_f64..20.0,
        zoom in 0.7_f64..1.3,
    ) {
        let still = still(160, 120, |x, y| 20.0 + x * 0.8 + y * 0.6);
        let (width, height) = (80.0 * zoom, 60.0 * zoom);
        let mut frame = Frame::black(80, 60).unwrap();
        cut(&still, window(left, top, width, height), &mut frame);
        let samples = frame.samples();
        let shown = |plane: usize, x: usize, y: usize| -> f64 {
            let (start, stride) = [(0, 80), (4_800, 40), (6_000, 40)][plane];
            f64::from(samples[start + y * stride + x])
        };
        for (plane, scale) in [(0, 1.0), (1, 2.0), (2, 2.0)] {
            for (x, y) in [(1, 1), (10, 20), (38, 28)] {
                let at_x = left + (x as f64 + 0.5) * scale * zoom;
                let at_y = top + (y as f64 + 0.5) * scale * zoom;
                let wanted = 20.0 + at_x * 0.8 + at_y * 0.6;
                let got = shown(plane, x, y);
                prop_assert!((got - wanted).abs() <= 1.6, "plane {plane} ({x}, {y}): {got} {wanted}");
            }
        }
    }

    #[test]
    fn any_window_is_cut_without_harm_and_an_even_grey_stays_even(
        left in -3e5_f64..3e5,
        top in -3e5_f64..3e5,
        width in 0.0_f64..3e5,
        height in 0.0_f64..3e5,
        grey in 0_u8..=255,
        half_width in 1_u32..40,
        half_height in 1_u32..40,
    ) {
        let still = Still::new(32, 18, vec![grey; 32 * 18 * 3 / 2]).unwrap();
        let mut frame = Frame::black(half_width * 2, half_height * 2).unwrap();
        cut(&still, window(left, top, width, height), &mut frame);
        prop_assert!(frame.samples().iter().all(|s| *s == grey));
    }

    /// Hard edges overshoot; they must not wrap from white to black.
    #[test]
    fn overshoot_is_cut_off(left in 0.0_f64..8.0, top in 0.0_f64..8.0) {
        let still = still(40, 40, |x, y| {
            if (x as i64 / 2 + y as i64 / 2) % 2 == 0 { 255.0 } else { 0.0 }
        });
        let mut frame = Frame::black(32, 32).unwrap();
        cut(&still, window(left, top, 30.0, 30.0), &mut frame);
        let luma = &frame.samples()[..32 * 32];
        // The mean of black and white squares stays in the middle.
        let mean = luma.iter().map(|s| u64::from(*s)).sum::<u64>() / 1_024;
        prop_assert!((110..146).contains(&mean), "{mean}");
    }
}
