//! A picture to cut frames out of.

/// Longest side, in pixels.
const SIDE_PX_MAX: u32 = 65_535;

/// A picture in planar 4:2:0: brightness for every pixel, then two planes of colour
/// for every other pixel of every other line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    width_px: u32,
    height_px: u32,
    samples: Vec<u8>,
}

/// Samples that are not those of a picture of this size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{sample_count} samples make no 4:2:0 picture of {width_px}×{height_px} pixels: its sides must be even, and it has {wanted}"
)]
pub struct SizeError {
    /// The width that was given.
    pub width_px: u32,
    /// The height that was given.
    pub height_px: u32,
    /// How many samples there are.
    pub sample_count: usize,
    /// How many there should be.
    pub wanted: usize,
}

impl Still {
    /// Takes the samples of a picture over.
    ///
    /// # Errors
    /// [`SizeError`] when a side is zero, odd or beyond 65535, or the samples are not
    /// 3/2 of the pixels.
    pub fn new(width_px: u32, height_px: u32, samples: Vec<u8>) -> Result<Self, SizeError> {
        let wanted = sample_count(width_px, height_px);
        let even = width_px.is_multiple_of(2) && height_px.is_multiple_of(2);
        let sides = 2..=SIDE_PX_MAX;
        if !even
            || !sides.contains(&width_px)
            || !sides.contains(&height_px)
            || samples.len() != wanted
        {
            return Err(SizeError {
                width_px,
                height_px,
                sample_count: samples.len(),
                wanted,
            });
        }
        Ok(Self {
            width_px,
            height_px,
            samples,
        })
    }

    /// A plane's samples and how many stand in a line: 0 is brightness, 1 and 2 are
    /// colour.
    pub(crate) fn plane(&self, plane: usize) -> (&[u8], usize) {
        let (width, _) = plane_size(self.width_px, self.height_px, plane);
        let range = plane_range(self.width_px, self.height_px, plane);
        (self.samples.get(range).unwrap_or_default(), width)
    }
}

/// Samples of a picture of this size.
pub(crate) fn sample_count(width_px: u32, height_px: u32) -> usize {
    let luma = width_px as usize * height_px as usize;
    luma + luma / 2
}

/// The columns and lines of a plane.
pub(crate) fn plane_size(width_px: u32, height_px: u32, plane: usize) -> (usize, usize) {
    let (width, height) = (width_px as usize, height_px as usize);
    if plane == 0 {
        (width, height)
    } else {
        (width / 2, height / 2)
    }
}

/// Where a plane lies among the samples.
pub(crate) fn plane_range(width_px: u32, height_px: u32, plane: usize) -> std::ops::Range<usize> {
    let luma = width_px as usize * height_px as usize;
    match plane {
        0 => 0..luma,
        1 => luma..luma + luma / 4,
        _ => luma + luma / 4..luma + luma / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_are_not_of_this_size_are_refused() {
        assert!(Still::new(4, 4, vec![0; 24]).is_ok());
        for (width, height, count) in [
            (4, 4, 23),
            (3, 4, 18),
            (0, 4, 0),
            (4, 4, 25),
            (70_000, 2, 210_000),
        ] {
            let error = Still::new(width, height, vec![0; count]);
            assert!(
                error.is_err_and(|e| e.sample_count == count),
                "{width}×{height}"
            );
        }
    }
}
