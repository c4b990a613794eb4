//! Colours.

/// A colour, opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

/// A colour from its hexadecimal number, as in `rgb(0xff8800)`.
pub(super) const fn rgb(hex: u32) -> Color {
    Color((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub(super) const WHITE: Color = rgb(0xff_ff_ff);
pub(super) const BLACK: Color = rgb(0x00_00_00);

impl Color {
    /// The colour between this one (0) and another (1).
    pub(super) fn mix(self, other: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let between =
            |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Self(
            between(self.0, other.0),
            between(self.1, other.1),
            between(self.2, other.2),
        )
    }

    /// A lighter one.
    pub(super) fn light(self, share: f64) -> Self {
        self.mix(WHITE, share)
    }

    /// A darker one.
    pub(super) fn dark(self, share: f64) -> Self {
        self.mix(BLACK, share)
    }
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The colours of a time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Palette {
    /// The sky from above to the horizon.
    pub(super) sky: [Color; 4],
    /// The light: sun, moon, windows.
    pub(super) light: Color,
    /// Clouds.
    pub(super) cloud: Color,
    /// Land far away, and near.
    pub(super) far: Color,
    pub(super) near: Color,
    /// Leaves and grass.
    pub(super) leaf: Color,
    /// Water.
    pub(super) water: Color,
    /// Something that stands out.
    pub(super) accent: Color,
    /// Whether stars are seen.
    pub(super) dark: bool,
}

pub(super) const DAWN: Palette = Palette {
    sky: [rgb(0x3a4a86), rgb(0x8d7bb0), rgb(0xf2a98f), rgb(0xffe3bd)],
    light: rgb(0xfff1cf),
    cloud: rgb(0xffd9c7),
    far: rgb(0xa98aa6),
    near: rgb(0x2c3a4f),
    leaf: rgb(0x3d6457),
    water: rgb(0x6f83ad),
    accent: rgb(0xf2795c),
    dark: false,
};

pub(super) const DAY: Palette = Palette {
    sky: [rgb(0x2f7fc4), rgb(0x69b3e4), rgb(0xb9e0f3), rgb(0xf7f2dd)],
    light: rgb(0xfff6d5),
    cloud: rgb(0xffffff),
    far: rgb(0x8fb4bd),
    near: rgb(0x2f6b4a),
    leaf: rgb(0x4f9a4f),
    water: rgb(0x3d8fb8),
    accent: rgb(0xf2b53c),
    dark: false,
};

pub(super) const SUNSET: Palette = Palette {
    sky: [rgb(0x33205a), rgb(0x8f3f74), rgb(0xee7659), rgb(0xffcf7d)],
    light: rgb(0xffe9a8),
    cloud: rgb(0xf79a7a),
    far: rgb(0x94506f),
    near: rgb(0x251a38),
    leaf: rgb(0x3c2f4c),
    water: rgb(0x6a4a7d),
    accent: rgb(0xffb347),
    dark: false,
};

pub(super) const DUSK: Palette = Palette {
    sky: [rgb(0x121f47), rgb(0x35447f), rgb(0x80709f), rgb(0xe8a88f)],
    light: rgb(0xfff0c9),
    cloud: rgb(0x9b86ac),
    far: rgb(0x5e5f8d),
    near: rgb(0x141b31),
    leaf: rgb(0x24403f),
    water: rgb(0x37497f),
    accent: rgb(0xffc46b),
    dark: true,
};

pub(super) const NIGHT: Palette = Palette {
    sky: [rgb(0x040920), rgb(0x0c1a42), rgb(0x1f3768), rgb(0x44618f)],
    light: rgb(0xf6f1d8),
    cloud: rgb(0x4b608f),
    far: rgb(0x2b4270),
    near: rgb(0x070d1d),
    leaf: rgb(0x123036),
    water: rgb(0x16305f),
    accent: rgb(0xffcf70),
    dark: true,
};
