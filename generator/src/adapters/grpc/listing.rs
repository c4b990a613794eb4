//! The list of videos, page by page.

use reelmeter_proto::generator::v1 as wire;
use tonic::Status;

use super::convert;
use super::status::invalid;
use crate::application::Studio;

const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 1000;

/// A page of a tenant's list; its token is the last video's id.
pub(super) fn page(
    studio: &Studio,
    tenant: &str,
    request: &wire::ListVideosRequest,
) -> Result<wire::ListVideosResponse, Status> {
    let wanted = wire::VideoState::try_from(request.state)
        .map_err(|_| invalid("state", "is not known; leave it out for all videos"))?;
    let size = match usize::try_from(request.page_size) {
        Ok(0) => PAGE_DEFAULT,
        Ok(size) => size.min(PAGE_MAX),
        Err(_) => return Err(invalid("page_size", "must not be negative")),
    };
    let mut all = studio.all();
    all.retain(|board| board.read(|job| job.tenant == tenant));
    let start = if request.page_token.is_empty() {
        0
    } else {
        let last = all
            .iter()
            .position(|board| board.read(|job| job.id == request.page_token));
        last.map(|last| last + 1).ok_or_else(|| {
            invalid(
                "page_token",
                "is not one that this list gave; begin again without it",
            )
        })?
    };
    let matching = all.iter().skip(start).filter(|board| {
        wanted == wire::VideoState::Unspecified
            || board.read(|job| convert::state(job.state)) == wanted
    });
    let mut videos: Vec<wire::Video> = matching
        .take(size.saturating_add(1))
        .map(|board| board.read(|job| convert::video(job, None)))
        .collect();
    let more = videos.len() > size;
    videos.truncate(size);
    let next_page_token = match videos.last() {
        Some(last) if more => last.video_id.clone(),
        _ => String::new(),
    };
    Ok(wire::ListVideosResponse {
        videos,
        next_page_token,
    })
}
