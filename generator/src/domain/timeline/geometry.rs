//! The shape and size of a video, and of the canvas its pictures are cut from.

use std::fmt;
use std::str::FromStr;

/// Smallest short side in pixels: below it subtitles cannot be read.
const SHORT_SIDE_PX_MIN: u32 = 144;

/// Largest short side in pixels (4K UHD).
const SHORT_SIDE_PX_MAX: u32 = 2_160;

/// How much larger than the frame a picture's canvas is, in parts per million.
///
/// Motion zooms between 1.0 and 1.16: with a canvas in between, no frame is enlarged
/// or reduced by much, which keeps it sharp without aliasing.
const CANVAS_MARGIN_PPM: u64 = 1_080_000;

/// How far a canvas may exceed the frame along one side, in parts per million: a
/// picture of another shape is panned across, but never decoded to a huge canvas.
const CANVAS_SURPLUS_PPM_MAX: u64 = 2_000_000;

const PPM: u64 = 1_000_000;

/// The shape of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AspectRatio {
    /// 16:9, for screens that lie.
    Landscape,
    /// 9:16, for phones.
    Portrait,
    /// 1:1, for feeds.
    Square,
}

impl AspectRatio {
    /// Every shape that can be made.
    pub const ALL: [Self; 3] = [Self::Landscape, Self::Portrait, Self::Square];

    /// The ratio as people and providers write it: `16:9`, `9:16` or `1:1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Landscape => "16:9",
            Self::Portrait => "9:16",
            Self::Square => "1:1",
        }
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no shape this program can make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("aspect ratio is unknown: use 16:9, 9:16 or 1:1")]
pub struct UnknownAspectRatio;

impl FromStr for AspectRatio {
    type Err = UnknownAspectRatio;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|ratio| ratio.as_str() == text.trim())
            .ok_or(UnknownAspectRatio)
    }
}

/// The shape and size of a video's frames. Both sides are even, as 4:2:0 needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    aspect_ratio: AspectRatio,
    width_px: u32,
    height_px: u32,
}

/// A size that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "resolution {short_side_px} is out of range: use the short side in pixels, an even number from {SHORT_SIDE_PX_MIN} to {SHORT_SIDE_PX_MAX}, such as 720 or 1080"
)]
pub struct GeometryError {
    /// The short side that was asked for.
    pub short_side_px: u32,
}

impl Geometry {
    /// The frame of a shape whose shorter side has so many pixels, so that 720
    /// means 1280×720, 720×1280 or 720×720.
    ///
    /// # Errors
    /// [`GeometryError`] when the side is odd or outside 144 to 2160.
    pub fn new(aspect_ratio: AspectRatio, short_side_px: u32) -> Result<Self, GeometryError> {
        if !(SHORT_SIDE_PX_MIN..=SHORT_SIDE_PX_MAX).contains(&short_side_px)
            || !short_side_px.is_multiple_of(2)
        {
            return Err(GeometryError { short_side_px });
        }
        // Rounded up to even: 480 gives 854, as everywhere else.
        let long_side_px = (short_side_px * 16).div_ceil(9).next_multiple_of(2);
        let (width_px, height_px) = match aspect_ratio {
            AspectRatio::Landscape => (long_side_px, short_side_px),
            AspectRatio::Portrait => (short_side_px, long_side_px),
            AspectRatio::Square => (short_side_px, short_side_px),
        };
        Ok(Self {
            aspect_ratio,
            width_px,
            height_px,
        })
    }

    /// The shape.
    #[must_use]
    pub const fn aspect_ratio(&self) -> AspectRatio {
        self.aspect_ratio
    }

    /// Width of a frame in pixels.
    #[must_use]
    pub const fn width_px(&self) -> u32 {
        self.width_px
    }

    /// Height of a frame in pixels.
    #[must_use]
    pub const fn height_px(&self) -> u32 {
        self.height_px
    }

    /// The canvas for a picture of this size: it covers the frame with a little to
    /// spare, keeps the picture's shape, and is cut where that shape is extreme.
    ///
    /// A picture without extent gives the canvas of one that fits exactly.
    #[must_use]
    pub fn canvas_for(&self, picture_width_px: u32, picture_height_px: u32) -> Canvas {
        let (picture_width, picture_height) = if picture_width_px == 0 || picture_height_px == 0 {
            (u64::from(self.width_px), u64::from(self.height_px))
        } else {
            (u64::from(picture_width_px), u64::from(picture_height_px))
        };
        let floor_width = u64::from(self.width_px) * CANVAS_MARGIN_PPM / PPM;
        let floor_height = u64::from(self.height_px) * CANVAS_MARGIN_PPM / PPM;
        // Whichever side of the picture is relatively shorter decides its scale.
        let (width, height) = if picture_width * floor_height >= picture_height * floor_width {
            (
                (picture_width * floor_height).div_ceil(picture_height),
                floor_height,
            )
        } else {
            (
                floor_width,
                (picture_height * floor_width).div_ceil(picture_width),
            )
        };
        let width = width.min(floor_width * CANVAS_SURPLUS_PPM_MAX / PPM);
        let height = height.min(floor_height * CANVAS_SURPLUS_PPM_MAX / PPM);
        Canvas {
            width_px: even_up(width),
            height_px: even_up(height),
        }
    }
}

/// The picture a scene's frames are cut from, scaled once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Canvas {
    /// Width in pixels, even, never less than the frame's.
    pub width_px: u32,
    /// Height in pixels, even, never less than the frame's.
    pub height_px: u32,
}

fn even_up(px: u64) -> u32 {
    u32::try_from(px.next_multiple_of(2)).unwrap_or(u32::MAX - 1)
}
