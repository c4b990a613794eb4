//! What a picture's first bytes say about it, and whether the rest of it is there.
//!
//! Providers have answered with error pages, with nothing and with other formats
//! than they announced, so the bytes decide, and before anything is decoded: a few
//! kilobytes can unpack to gigabytes.

use std::ffi::OsString;
use std::path::Path;

use reelmeter_stills::Still;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::process::{Patience, Run};
use super::{Error, Tools};
use crate::domain::timeline::Canvas;

/// Largest file that is taken for a picture, in bytes. A 4K PNG takes about 25 MB.
pub(super) const FILE_BYTES_MAX: u64 = 48 * 1_024 * 1_024;

/// Shortest side that is worth showing, and longest that is decoded, in pixels.
const SIDE_PX_MIN: u32 = 64;
const SIDE_PX_MAX: u32 = 8_192;

/// How a picture is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP, still.
    WebP,
}

impl ImageFormat {
    /// FFmpeg's demuxer for a single picture of this format. The `image2` demuxer is
    /// avoided: it reads `%` in a name as a pattern.
    pub(super) const fn demuxer(self) -> &'static str {
        match self {
            Self::Png => "png_pipe",
            Self::Jpeg => "jpeg_pipe",
            Self::WebP => "webp_pipe",
        }
    }
}

/// A picture's format and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageInfo {
    /// How it is encoded.
    pub format: ImageFormat,
    /// Its width in pixels.
    pub width_px: u32,
    /// Its height in pixels.
    pub height_px: u32,
}

/// Reads a picture's format and size from its first bytes.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence that starts with "the image".
pub(super) fn inspect(bytes: &[u8]) -> Result<ImageInfo, String> {
    let info = png(bytes)
        .or_else(|| jpeg(bytes))
        .or_else(|| webp(bytes))
        .ok_or_else(|| not_a_picture(bytes))?;
    let (width, height) = (info.width_px, info.height_px);
    let sides = SIDE_PX_MIN..=SIDE_PX_MAX;
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(format!(
            "is {width}×{height} pixels, outside {SIDE_PX_MIN} to {SIDE_PX_MAX} a side"
        ));
    }
    Ok(info)
}

/// Decodes the whole of a picture, and keeps nothing.
///
/// # Errors
/// [`Error::BadImage`] when it breaks off or is damaged.
pub(super) async fn decode(
    tools: &Tools,
    path: &Path,
    info: ImageInfo,
    scene: u32,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let args = reading(info, path).words(["-frames:v", "1"]).no_output();
    read(tools, args, 0, scene, cancel).await.map(drop)
}

/// Decodes a picture and scales it to a canvas, once, well, and in the colours of
/// high-definition video.
///
/// # Errors
/// [`Error::BadImage`] when it breaks off or is damaged.
pub(super) async fn still(
    tools: &Tools,
    path: &Path,
    info: ImageInfo,
    canvas: Canvas,
    scene: u32,
    cancel: &CancellationToken,
) -> Result<Still, Error> {
    let (width, height) = (canvas.width_px, canvas.height_px);
    let filters = format!(
        "scale={width}:{height}:force_original_aspect_ratio=increase\
         :flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv,\
         crop={width}:{height},format=yuv420p"
    );
    let args = reading(info, path)
        .words(["-vf", &filters, "-frames:v", "1"])
        .output_pipe("rawvideo");
    // One more than there can be, so that too many are noticed.
    let most = u64::from(width) * u64::from(height) * 3 / 2 + 1;
    let samples = read(tools, args, most, scene, cancel).await?;
    Still::new(width, height, samples).map_err(|error| Error::BadImage {
        scene,
        reason: format!("was not decoded whole ({error})"),
    })
}

fn reading(info: ImageInfo, path: &Path) -> Args {
    Args::ffmpeg()
        // A picture that breaks off is an error, not a grey half.
        .words(["-xerror", "-err_detect", "explode", "-threads", "1"])
        .input(info.format.demuxer(), path)
        .words(["-map", "0:v:0", "-an", "-sn", "-dn"])
}

async fn read(
    tools: &Tools,
    args: Vec<OsString>,
    stdout_bytes_max: u64,
    scene: u32,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, Error> {
    let run = Run {
        program: tools.ffmpeg(),
        step: format!("looking at an image of scene {scene}"),
        folder: Path::new("/"),
        writes_to: Path::new("/"),
        args,
        patience: Patience::SHORT,
    };
    match run.output(stdout_bytes_max, cancel).await {
        Ok(said) => Ok(said.stdout),
        // Whatever ffmpeg has against it, it is the file that is to blame.
        Err(Error::Failed { reason, .. }) => Err(Error::BadImage {
            scene,
            reason: format!("cannot be decoded ({reason})"),
        }),
        Err(error) => Err(error),
    }
}

fn not_a_picture(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "is empty".to_owned();
    }
    let text = bytes
        .iter()
        .take(64)
        .all(|b| matches!(b, 9 | 10 | 13 | 32..=126));
    let known = bytes.starts_with(b"\x89PNG")
        || bytes.starts_with(&[0xFF, 0xD8])
        || bytes.starts_with(b"RIFF");
    if known {
        "breaks off in its first bytes".to_owned()
    } else if text {
        "is text and not a picture".to_owned()
    } else {
        "is neither PNG nor JPEG nor WebP".to_owned()
    }
}

fn png(bytes: &[u8]) -> Option<ImageInfo> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    // The first chunk is IHDR: length, name, width, height, each of four bytes.
    (header.get(4..8)? == b"IHDR").then_some(())?;
    Some(ImageInfo {
        format: ImageFormat::Png,
        width_px: big_endian_u32(header.get(8..12)?)?,
        height_px: big_endian_u32(header.get(12..16)?)?,
    })
}

fn jpeg(bytes: &[u8]) -> Option<ImageInfo> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    // Segments follow each other until one that starts a frame.
    loop {
        let start = rest.iter().position(|b| *b != 0xFF)?;
        if start == 0 {
            return None;
        }
        let marker = *rest.get(start)?;
        rest = rest.get(start + 1..)?;
        // Markers without a length.
        if matches!(marker, 0x01 | 0xD0..=0xD8) {
            continue;
        }
        let length = usize::from(big_endian_u16(rest.get(..2)?)?);
        let is_frame = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
        if is_frame {
            return Some(ImageInfo {
                format: ImageFormat::Jpeg,
                height_px: big_endian_u16(rest.get(3..5)?)?.into(),
                width_px: big_endian_u16(rest.get(5..7)?)?.into(),
            });
        }
        if length < 2 {
            return None;
        }
        rest = rest.get(length..)?;
    }
}

fn webp(bytes: &[u8]) -> Option<ImageInfo> {
    let riff = bytes.strip_prefix(b"RIFF")?;
    let chunk = riff.get(4..)?.strip_prefix(b"WEBP")?;
    let body = chunk.get(8..)?;
    let (width_px, height_px) = match chunk.get(..4)? {
        // Lossy: a key frame's start code, then 14 bits each.
        b"VP8 " => {
            (body.get(3..6)? == [0x9D, 0x01, 0x2A]).then_some(())?;
            let side = |at: usize| Some(little_endian_u32(body.get(at..at + 2)?) & 0x3FFF);
            (side(6)?, side(8)?)
        }
        // Lossless: a signature byte, then 14 bits each, less one.
        b"VP8L" => {
            (body.first()? == &0x2F).then_some(())?;
            let bits = little_endian_u32(body.get(1..5)?);
            ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
        }
        // Extended: flags, then 24 bits each, less one. An animation is no picture.
        b"VP8X" => {
            (body.first()? & 0x02 == 0).then_some(())?;
            (
                little_endian_u32(body.get(4..7)?) + 1,
                little_endian_u32(body.get(7..10)?) + 1,
            )
        }
        _ => return None,
    };
    Some(ImageInfo {
        format: ImageFormat::WebP,
        width_px,
        height_px,
    })
}

fn big_endian_u32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn big_endian_u16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// Up to four bytes, the least significant first.
fn little_endian_u32(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn a_png_tells_its_size() {
        let info = inspect(&png_of(1_344, 768)).unwrap();
        assert_eq!(info.format, ImageFormat::Png);
        assert_eq!((info.width_px, info.height_px), (1_344, 768));
    }

    #[test]
    fn a_jpeg_tells_its_size_behind_other_segments() {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x04, 1, 2];
        bytes.extend([0xFF, 0xC2, 0x00, 0x11, 8, 0x03, 0x00, 0x05, 0x40]);
        let info = inspect(&bytes).unwrap();
        assert_eq!(info.format, ImageFormat::Jpeg);
        assert_eq!((info.width_px, info.height_px), (1_344, 768));
    }

    #[test]
    fn a_webp_tells_its_size_in_all_three_ways() {
        let webp = |kind: &[u8], body: &[u8]| {
            let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
            bytes.extend(kind);
            bytes.extend([0; 4]);
            bytes.extend(body);
            inspect(&bytes).map(|i| (i.width_px, i.height_px))
        };
        let lossy = [0, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x05, 0x00, 0x03];
        assert_eq!(webp(b"VP8 ", &lossy), Ok((1_344, 768)));
        let bits: u32 = 1_343 | 767 << 14;
        let mut lossless = vec![0x2F];
        lossless.extend(bits.to_le_bytes());
        assert_eq!(webp(b"VP8L", &lossless), Ok((1_344, 768)));
        let extended = [0, 0, 0, 0, 0x3F, 0x05, 0, 0xFF, 0x02, 0];
        assert_eq!(webp(b"VP8X", &extended), Ok((1_344, 768)));
        let animated = [2, 0, 0, 0, 0x3F, 0x05, 0, 0xFF, 0x02, 0];
        assert!(webp(b"VP8X", &animated).is_err());
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_unpacked() {
        let error = inspect(&png_of(100_000, 100_000)).unwrap_err();
        assert!(error.contains("100000×100000"), "{error}");
        assert!(inspect(&png_of(1, 1)).is_err());
        assert!(inspect(&png_of(0, 768)).is_err());
    }

    #[test]
    fn what_is_no_picture_is_told_apart() {
        let reason = |bytes: &[u8]| inspect(bytes).unwrap_err();
        assert_eq!(reason(b""), "is empty");
        assert_eq!(reason(b"{\"error\": 1}"), "is text and not a picture");
        assert_eq!(reason(b"\x89PNG\r\n"), "breaks off in its first bytes");
        assert_eq!(reason(b"GIF89a\0\x01"), "is neither PNG nor JPEG nor WebP");
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_harm(
            start in prop::sample::select(vec![
                &b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8X",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = inspect(&[start, &rest].concat());
        }
    }
}
