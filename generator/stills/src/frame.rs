//! A frame of a video.

use crate::SizeError;
use crate::still::{Still, plane_range, sample_count};

/// Black in the range of television: brightness 16, no colour.
const BLACK: [u8; 3] = [16, 128, 128];

/// A frame in planar 4:2:0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    width_px: u32,
    height_px: u32,
    samples: Vec<u8>,
}

impl Frame {
    /// A black frame.
    ///
    /// # Errors
    /// [`SizeError`] when a side is zero, odd or beyond 65535.
    pub fn black(width_px: u32, height_px: u32) -> Result<Self, SizeError> {
        // The same sizes make a frame that make a still.
        Still::new(
            width_px,
            height_px,
            vec![0; sample_count(width_px, height_px)],
        )?;
        let mut frame = Self {
            width_px,
            height_px,
            samples: vec![0; sample_count(width_px, height_px)],
        };
        for (plane, black) in BLACK.into_iter().enumerate() {
            frame.plane_mut(plane).fill(black);
        }
        Ok(frame)
    }

    /// Its width in pixels.
    #[must_use]
    pub const fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Its height in pixels.
    #[must_use]
    pub const fn height_px(&self) -> u32 {
        self.height_px
    }

    /// Its samples, plane after plane, line after line.
    #[must_use]
    pub fn samples(&self) -> &[u8] {
        &self.samples
    }

    pub(crate) fn plane_mut(&mut self, plane: usize) -> &mut [u8] {
        let range = plane_range(self.width_px, self.height_px, plane);
        self.samples.get_mut(range).unwrap_or_default()
    }

    /// Lets another frame of the same size shine through: at a share of 0 nothing of
    /// it, at 256 only it.
    pub fn blend(&mut self, other: &Self, share_of_256: u16) {
        for (own, other) in self.samples.iter_mut().zip(&other.samples) {
            *own = mixed(*own, *other, share_of_256);
        }
    }

    /// Darkens it: at a share of 0 not at all, at 256 to black.
    pub fn darken(&mut self, share_of_256: u16) {
        for (plane, black) in BLACK.into_iter().enumerate() {
            for sample in self.plane_mut(plane) {
                *sample = mixed(*sample, black, share_of_256);
            }
        }
    }
}

fn mixed(own: u8, other: u8, share_of_256: u16) -> u8 {
    let share = share_of_256.min(256);
    // At most 255 · 256 + 128, which 16 bits hold.
    ((u16::from(own) * (256 - share) + u16::from(other) * share + 128) >> 8) as u8
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    #[test]
    fn a_mix_goes_from_one_to_the_other() {
        assert_eq!(mixed(10, 200, 0), 10);
        assert_eq!(mixed(10, 200, 256), 200);
        assert_eq!(mixed(10, 200, 128), 105);
        assert_eq!(mixed(255, 255, 77), 255);
        assert_eq!(mixed(10, 200, 999), 200);
    }

    #[test]
    fn a_darkened_frame_ends_black() {
        let mut frame = Frame::black(4, 2).unwrap();
        let black = frame.clone();
        frame.plane_mut(0).fill(235);
        frame.plane_mut(1).fill(30);
        frame.darken(128);
        assert_eq!(frame.samples()[0], 126);
        frame.darken(256);
        assert_eq!(frame, black);
    }

    #[test]
    fn a_frame_of_odd_size_is_refused() {
        assert!(Frame::black(5, 4).is_err());
        assert!(Frame::black(0, 0).is_err());
    }
}
