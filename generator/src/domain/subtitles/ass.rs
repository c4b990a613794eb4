//! Advanced SubStation Alpha: what is burnt into the picture.

use std::fmt::Write as _;

use super::Cue;
use crate::domain::timeline::{AspectRatio, Geometry};

/// The family that is asked for: fontconfig's own name for the best sans-serif font
/// that is installed. Letters which that font lacks are taken from any other
/// installed font, one by one.
pub const FONT_FAMILY_DEFAULT: &str = "sans-serif";

/// Keeps a backslash from being read as the start of an override.
const WORD_JOINER: char = '\u{2060}';

/// Writes cues as an `.ass` file for frames of this size.
///
/// White letters with a dark outline, bold, in the lower part of the frame: above
/// the buttons that phone applications draw over an upright video, and inside the
/// part that every screen shows of the others.
#[must_use]
pub fn to_ass(cues: &[Cue], geometry: &Geometry, font_family: &str) -> String {
    let style = Style::for_geometry(geometry);
    // The family stands in a comma-separated line.
    let family: String = font_family
        .chars()
        .filter(|c| !c.is_control() && *c != ',')
        .collect();
    let mut file = String::new();
    // Writing to a String cannot fail. WrapStyle 0 wraps a line that is wider than
    // the frame after all. Encoding -1 lets each cue find its own direction, so that
    // Arabic and Hebrew read from the right.
    let _ = write!(
        file,
        "[Script Info]\n\
         ScriptType: v4.00+\n\
         PlayResX: {width}\n\
         PlayResY: {height}\n\
         WrapStyle: 0\n\
         ScaledBorderAndShadow: yes\n\
         YCbCr Matrix: TV.709\n\
         \n\
         [V4+ Styles]\n\
         Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n\
         Style: Default,{family},{size},&H00FFFFFF,&H00FFFFFF,&H00101010,&H80000000,-1,0,0,0,100,100,0,0,1,{outline},{shadow},2,{side},{side},{bottom},-1\n\
         \n\
         [Events]\n\
         Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
        width = geometry.width_px(),
        height = geometry.height_px(),
        size = style.font_size_px,
        outline = tenths(style.outline_tenth_px),
        shadow = tenths(style.shadow_tenth_px),
        side = style.side_margin_px,
        bottom = style.bottom_margin_px,
    );
    for cue in cues {
        let start_cs = cue.start_ms / 10;
        let text: Vec<String> = cue.lines.iter().map(|line| escape(line)).collect();
        let _ = writeln!(
            file,
            "Dialogue: 0,{},{},Default,,0,0,0,,{}",
            timestamp(start_cs),
            timestamp((cue.end_ms / 10).max(start_cs)),
            text.join("\\N"),
        );
    }
    file
}

/// Sizes that follow the frame.
struct Style {
    font_size_px: u32,
    outline_tenth_px: u32,
    shadow_tenth_px: u32,
    side_margin_px: u32,
    bottom_margin_px: u32,
}

impl Style {
    fn for_geometry(geometry: &Geometry) -> Self {
        let (width, height) = (geometry.width_px(), geometry.height_px());
        // Per mille of the side that decides.
        let (font_size_px, bottom_margin_px) = match geometry.aspect_ratio() {
            AspectRatio::Landscape => (height * 64 / 1_000, height * 70 / 1_000),
            AspectRatio::Square => (height * 60 / 1_000, height * 75 / 1_000),
            AspectRatio::Portrait => (width * 80 / 1_000, height * 190 / 1_000),
        };
        Self {
            font_size_px,
            outline_tenth_px: (font_size_px * 10 * 75 / 1_000).max(10),
            shadow_tenth_px: font_size_px * 10 * 25 / 1_000,
            side_margin_px: width * 60 / 1_000,
            bottom_margin_px,
        }
    }
}

fn tenths(tenth_px: u32) -> String {
    format!("{}.{}", tenth_px / 10, tenth_px % 10)
}

/// Text in which nothing is an override: braces open blocks, and a backslash before
/// a letter is a command.
fn escape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '{' => text.push_str("\\{"),
            '}' => text.push_str("\\}"),
            '\\' => {
                text.push('\\');
                text.push(WORD_JOINER);
            }
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

fn timestamp(cs: u64) -> String {
    format!(
        "{}:{:02}:{:02}.{:02}",
        cs / 360_000,
        cs / 6_000 % 60,
        cs / 100 % 60,
        cs % 100
    )
}
