//! Pictures in answer to a request.

use super::request::Request;
use crate::application::{MediaError, World};
use crate::domain::catalogue::Makes;
use crate::domain::picture::{self, Frame, Size};

/// The frame and the tokens of a picture.
///
/// # Errors
///
/// A sentence in the real server's style, if the ratio or the size is not offered.
pub(super) fn plan(request: &Request, makes: Makes) -> Result<(Frame, u64), String> {
    let Makes::Pictures { tokens } = makes else {
        return Err(
            "Model does not support the requested response modalities: image,text".to_owned(),
        );
    };
    let ratio = request
        .ratio
        .as_deref()
        .filter(|ratio| !ratio.is_empty())
        .unwrap_or("1:1");
    let size = match request.size.as_deref().filter(|size| !size.is_empty()) {
        None => Size::OneK,
        Some(name) => Size::parse(name)
            .filter(|size| tokens[size.index()] > 0)
            .ok_or_else(|| format!("* GenerateContentRequest.generation_config.image_config.image_size: image_size {name:?} is not supported by this model.\n"))?,
    };
    let frame = Frame::of(ratio, size)
        .ok_or_else(|| format!("* GenerateContentRequest.generation_config.image_config.aspect_ratio: aspect_ratio must be one of {}, got {ratio:?}.\n", Frame::ratios()))?;
    Ok((frame, tokens[size.index()]))
}

/// Draws the picture of a prompt.
pub(super) async fn draw(world: &World, prompt: &str, frame: Frame) -> Result<Vec<u8>, MediaError> {
    world.painter.paint(picture::compose(prompt, frame)).await
}
