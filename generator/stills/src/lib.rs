//! Cuts the frames of a move out of a still picture.
//!
//! A slow move over a still shows a few hundredths of a pixel more in each frame.
//! Tools that cut at whole pixels tremble; this one reads between them. A frame is a
//! [`cut`] of a [`Still`], and two frames are [blended](Frame::blend) where one
//! picture fades into the next. Pictures are planar 4:2:0 of 8 bits, as video
//! encoders take them.
//!
//! Nothing here reads a clock, a file or a network. It is a crate of its own so that
//! it is optimised, without overflow checks, even in builds that are not: frames are
//! the one thing of which there are millions of samples a second.

mod frame;
mod resample;
mod still;

pub use frame::Frame;
pub use still::{SizeError, Still};

/// What part of a still a frame shows, in millionths of the still's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Distance of its left edge from the still's.
    pub left_upx: i64,
    /// Distance of its upper edge from the still's.
    pub top_upx: i64,
    /// Its width.
    pub width_upx: i64,
    /// Its height.
    pub height_upx: i64,
}

/// Fills a frame with what a window of a still shows.
///
/// What lies outside the still repeats its edge. The window should be about as large
/// as the frame, in pixels: between 0.6 and 1.5 times is sharp, beyond it fine
/// patterns alias.
pub fn cut(still: &Still, window: Window, frame: &mut Frame) {
    let (width, height) = (frame.width_px(), frame.height_px());
    for plane in 0..3 {
        // The planes of colour have half the pixels, so a window of them has half the size.
        let shrink = if plane == 0 { 1.0 } else { 0.5 };
        let (frame_width, frame_height) = still::plane_size(width, height, plane);
        let across = resample::Axis::new(
            px(window.left_upx) * shrink,
            px(window.width_upx) * shrink,
            frame_width,
        );
        let down = resample::Axis::new(
            px(window.top_upx) * shrink,
            px(window.height_upx) * shrink,
            frame_height,
        );
        let (source, source_width) = still.plane(plane);
        resample::plane(source, source_width, &across, &down, frame.plane_mut(plane));
    }
}

/// Millionths of a pixel as pixels. Exact to far below what a sample can show.
#[expect(
    clippy::cast_precision_loss,
    reason = "a still is at most 65535 pixels wide: 36 of 52 bits"
)]
fn px(upx: i64) -> f64 {
    upx as f64 / 1_000_000.0
}
