//! Drawing SVG with resvg.

use resvg::{tiny_skia, usvg};
use tokio::sync::Semaphore;

use crate::application::Pending;
use crate::application::{MediaError, Painter};

/// Draws with resvg, on threads beside those that serve.
pub struct Resvg {
    /// Drawing is pure work: more at once than there are cores makes all of them later.
    turns: Semaphore,
}

impl Default for Resvg {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turns: Semaphore::new(cores),
        }
    }
}

impl Painter for Resvg {
    fn paint(&self, svg: String) -> Pending<'_, Result<Vec<u8>, MediaError>> {
        Box::pin(async move {
            let _turn = self.turns.acquire().await;
            let drawn = tokio::task::spawn_blocking(move || draw(&svg)).await;
            drawn.unwrap_or_else(|error| Err(MediaError::Picture(error.to_string())))
        })
    }
}

/// Draws an SVG picture of its own size as PNG.
///
/// # Errors
///
/// If it is not an SVG picture, or too large for the memory.
pub fn draw(svg: &str) -> Result<Vec<u8>, MediaError> {
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default())
        .map_err(|error| MediaError::Picture(error.to_string()))?;
    let size = tree.size().to_int_size();
    let mut pixmap = tiny_skia::Pixmap::new(size.width(), size.height())
        .ok_or_else(|| MediaError::Picture("its size is zero or too large".to_owned()))?;
    resvg::render(
        &tree,
        tiny_skia::Transform::identity(),
        &mut pixmap.as_mut(),
    );
    pixmap
        .encode_png()
        .map_err(|error| MediaError::Picture(error.to_string()))
}
