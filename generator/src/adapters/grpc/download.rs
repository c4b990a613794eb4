//! A finished video's files.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;

use bytes::BytesMut;
use futures::Stream;
use reelmeter_proto::generator::v1 as wire;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::domain::job::Job;

/// What the contract promises at most.
const CHUNK_BYTES: usize = 64 * 1024;

/// The chunks of the file, from the offset on. Only files that this generator made for the job are read: their names
/// come from the job, never from the request.
pub(super) async fn stream(
    job: &Job,
    request: &wire::DownloadVideoRequest,
    shutdown: CancellationToken,
) -> Result<impl Stream<Item = Result<wire::DownloadVideoResponse, Status>> + Send + use<>, Status>
{
    let finished = job.finished.as_ref().ok_or_else(|| {
        Status::failed_precondition(format!("video {} is not finished yet", job.id))
    })?;
    let path = match wire::VideoFile::try_from(request.file) {
        Ok(wire::VideoFile::Unspecified | wire::VideoFile::Video) => Path::new(&finished.file_path),
        Ok(wire::VideoFile::Subtitles) => Path::new(&finished.subtitles_path),
        Err(_) => {
            let text = "file: is not known; use VIDEO_FILE_VIDEO or VIDEO_FILE_SUBTITLES";
            return Err(Status::invalid_argument(text));
        }
    };
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Status::not_found(format!(
            "{} is not there any more; it was moved or deleted",
            path.display()
        )),
        _ => Status::internal(format!("cannot read {}: {error}", path.display())),
    };
    let mut file = File::open(path).await.map_err(failed)?;
    let size = file.metadata().await.map_err(failed)?.len();
    let offset = u64::try_from(request.offset_bytes)
        .ok()
        .filter(|offset| *offset <= size)
        .ok_or_else(|| Status::out_of_range(format!("offset_bytes: must be 0 to {size}")))?;
    file.seek(SeekFrom::Start(offset)).await.map_err(failed)?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        tokio::select! {
            () = send(file, offset, size, name, &sender) => {}
            () = sender.closed() => {}
            () = shutdown.cancelled() => {
                let status = Status::unavailable("the generator is stopping; continue with offset_bytes when it is back");
                let _ = sender.try_send(Err(status));
            }
        }
    });
    Ok(ReceiverStream::new(receiver))
}

type Sender = mpsc::Sender<Result<wire::DownloadVideoResponse, Status>>;

async fn send(mut file: File, mut offset: u64, size: u64, name: String, sender: &Sender) {
    let mut name = Some(name);
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        let limit = u64::try_from(CHUNK_BYTES).unwrap_or(u64::MAX);
        let read = (&mut file).take(limit).read_buf(&mut chunk).await;
        let length = match read {
            Ok(length) => length,
            Err(error) => {
                let _ = sender
                    .send(Err(Status::internal(format!(
                        "the file cannot be read: {error}"
                    ))))
                    .await;
                return;
            }
        };
        // The first chunk tells name and size, even of an empty rest.
        if length == 0 && name.is_none() {
            return;
        }
        let message = wire::DownloadVideoResponse {
            data: chunk.to_vec(),
            offset_bytes: i64::try_from(offset).unwrap_or(i64::MAX),
            size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
            file_name: name.take().unwrap_or_default(),
        };
        if sender.send(Ok(message)).await.is_err() || length == 0 {
            return;
        }
        offset += u64::try_from(length).unwrap_or_default();
    }
}
