//! How large a picture is.

/// The size class that a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// About half a megapixel less than the usual, `512`.
    Small,
    /// The usual one, about a megapixel.
    #[default]
    OneK,
    /// Twice as wide and high.
    TwoK,
    /// Four times as wide and high.
    FourK,
}

impl Size {
    /// The size of a name in `imageSize`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "512" | "512px" | "0.5K" => Some(Self::Small),
            "1K" => Some(Self::OneK),
            "2K" => Some(Self::TwoK),
            "4K" => Some(Self::FourK),
            _ => None,
        }
    }

    /// Its place in a table by size.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Small => 0,
            Self::OneK => 1,
            Self::TwoK => 2,
            Self::FourK => 3,
        }
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The provider's sizes at 1K, by aspect ratio.
const RATIOS: &[(&str, u32, u32)] = &[
    ("1:1", 1_024, 1_024),
    ("2:3", 832, 1_248),
    ("3:2", 1_248, 832),
    ("3:4", 864, 1_184),
    ("4:3", 1_184, 864),
    ("4:5", 896, 1_152),
    ("5:4", 1_152, 896),
    ("9:16", 768, 1_344),
    ("16:9", 1_344, 768),
    ("21:9", 1_536, 672),
    ("9:21", 672, 1_536),
    ("1:4", 512, 2_048),
    ("4:1", 2_048, 512),
    ("1:8", 352, 2_816),
    ("8:1", 2_816, 352),
];

impl Frame {
    /// The frame of an aspect ratio such as `16:9` at a size.
    #[must_use]
    pub fn of(ratio: &str, size: Size) -> Option<Self> {
        let (_, width, height) = RATIOS.iter().find(|(name, ..)| *name == ratio)?;
        let scaled = |pixels: u32| match size {
            Size::Small => pixels / 2,
            Size::OneK => pixels,
            Size::TwoK => pixels * 2,
            Size::FourK => pixels * 4,
        };
        Some(Self {
            width: scaled(*width),
            height: scaled(*height),
        })
    }

    /// The names of all ratios.
    #[must_use]
    pub fn ratios() -> String {
        RATIOS
            .iter()
            .map(|(name, ..)| *name)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_ratio_that_was_asked_for() {
        for (name, width, height) in RATIOS {
            let asked: Vec<f64> = name.split(':').filter_map(|n| n.parse().ok()).collect();
            let ratio = f64::from(*width) / f64::from(*height);
            assert!((ratio / (asked[0] / asked[1]) - 1.0).abs() < 0.04, "{name}");
        }
        assert_eq!(
            Frame::of("16:9", Size::TwoK),
            Some(Frame {
                width: 2_688,
                height: 1_536
            })
        );
        assert_eq!(Frame::of("7:5", Size::OneK), None);
    }
}
