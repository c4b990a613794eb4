//! The generator's calls.

use jiff::Timestamp;
use reelmeter_proto::generator::v1 as pb;
use reelmeter_proto::meter::v1 as meter_pb;
use reelmeter_rating::Money;
use tonic::{Status, Streaming};

use super::error::{Peer, RemoteError};
use super::feed::{self, Listener, SILENCE_MAX, Source};
use super::{CALL_TIMEOUT, PREFLIGHT_TIMEOUT, Remote};
use crate::facts::{self, Estimate, FactError, LogLine, Video, Voice};

/// How many videos are asked for at once.
const PAGE_SIZE: i32 = 100;

/// A message of the video stream.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoUpdate {
    /// The video. `None` in a heartbeat.
    pub video: Option<Box<Video>>,
    /// Log lines since the last message.
    pub log_lines: Vec<LogLine>,
    /// The generator's time.
    pub server_time: Option<Timestamp>,
}

/// What to make, in the words of a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewVideo {
    /// The spec, as the wire has it.
    pub spec: pb::VideoSpec,
    /// The most that it may cost.
    pub budget: Option<Money>,
}

impl NewVideo {
    fn spec(&self) -> pb::VideoSpec {
        let mut spec = self.spec.clone();
        if let Some(budget) = self.budget {
            let amount = meter_pb::Money {
                currency_code: "USD".to_owned(),
                amount: budget.to_string(),
            };
            spec.budget = Some(meter_pb::Budget {
                limit: Some(meter_pb::budget::Limit::Money(amount)),
            });
        }
        spec
    }
}

/// Keeps the stream of a video's state open; see [`Feed`]. Ends with the result, or when nobody listens.
pub async fn watch_video<M: Send>(
    remote: Remote,
    video_id: String,
    listener: Listener<VideoUpdate, M>,
) {
    feed::keep_open(
        VideoSource {
            remote,
            video_id,
            log_number: 0,
            over: false,
        },
        listener,
    )
    .await;
}

struct VideoSource {
    remote: Remote,
    video_id: String,
    log_number: i64,
    over: bool,
}

impl Source for VideoSource {
    type Wire = pb::WatchVideoResponse;
    type Item = VideoUpdate;

    fn peer(&self) -> Peer {
        Peer::Generator
    }

    fn address(&self) -> &str {
        self.remote.address(Peer::Generator)
    }

    async fn open(&mut self) -> Result<Streaming<Self::Wire>, Status> {
        let request = pb::WatchVideoRequest {
            video_id: self.video_id.clone(),
            after_log_number: self.log_number,
        };
        Ok(self
            .remote
            .generator
            .clone()
            .watch_video(request)
            .await?
            .into_inner())
    }

    fn read(&mut self, message: Self::Wire) -> Result<Option<VideoUpdate>, RemoteError> {
        let video = message
            .video
            .as_ref()
            .map(Video::read)
            .transpose()
            .map_err(nonsense)?
            .map(Box::new);
        if let Some(video) = &video {
            self.over = video.state.is_over();
        }
        let log_lines: Vec<_> = message
            .log_lines
            .iter()
            .filter(|line| line.number > self.log_number)
            .map(LogLine::read)
            .collect();
        if let Some(last) = log_lines.last() {
            self.log_number = last.number;
        }
        Ok(Some(VideoUpdate {
            video,
            log_lines,
            server_time: facts::time(message.server_time.as_ref()),
        }))
    }

    fn is_complete(&self) -> bool {
        self.over
    }
}

/// A file that is being fetched from the generator.
#[derive(Debug)]
pub struct Download {
    remote: Remote,
    stream: Streaming<pb::DownloadVideoResponse>,
    offset_bytes: i64,
}

impl Download {
    /// The next bytes and the file's whole size. `None`: that was all.
    ///
    /// # Errors
    /// See [`RemoteError`]; also when the generator leaves a gap or stops early.
    pub async fn next(&mut self) -> Result<Option<(Vec<u8>, i64)>, RemoteError> {
        let address = self.remote.address(Peer::Generator);
        let message = tokio::time::timeout(SILENCE_MAX, self.stream.message())
            .await
            .map_err(|_| RemoteError::Timeout {
                peer: Peer::Generator,
                address: crate::printable::Text::line(address),
                after: SILENCE_MAX,
            })?;
        let message = message
            .map_err(|status| RemoteError::from_status(Peer::Generator, address, &status))?;
        let Some(chunk) = message else {
            return Ok(None);
        };
        if chunk.offset_bytes != self.offset_bytes {
            return Err(nonsense(FactError::Missing {
                field: "the bytes between two chunks",
            }));
        }
        self.offset_bytes +=
            i64::try_from(chunk.data.len()).unwrap_or(i64::MAX - self.offset_bytes);
        Ok(Some((chunk.data, chunk.size_bytes)))
    }
}

impl Remote {
    /// Starts a video. Repeating it with the same request id gives the same video.
    ///
    /// # Errors
    /// See [`RemoteError`]; a refusal names what is missing.
    pub async fn create_video(
        &self,
        request_id: &str,
        new: &NewVideo,
    ) -> Result<Video, RemoteError> {
        let request = pb::CreateVideoRequest {
            request_id: request_id.to_owned(),
            spec: Some(new.spec()),
        };
        let mut generator = self.generator.clone();
        let answer = self
            .answer(
                Peer::Generator,
                PREFLIGHT_TIMEOUT,
                generator.create_video(request),
            )
            .await?;
        read_video(answer.video.as_ref())
    }

    /// What a video would cost.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn estimate_video(&self, new: &NewVideo) -> Result<Estimate, RemoteError> {
        let request = pb::EstimateVideoRequest {
            spec: Some(new.spec()),
        };
        let mut generator = self.generator.clone();
        let answer = self
            .answer(
                Peer::Generator,
                PREFLIGHT_TIMEOUT,
                generator.estimate_video(request),
            )
            .await?;
        let estimate = answer
            .estimate
            .ok_or_else(|| nonsense(FactError::Missing { field: "estimate" }))?;
        Estimate::read(&estimate).map_err(nonsense)
    }

    /// One video.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn video(&self, video_id: &str) -> Result<Video, RemoteError> {
        let request = pb::GetVideoRequest {
            video_id: video_id.to_owned(),
        };
        let mut generator = self.generator.clone();
        let answer = self
            .answer(Peer::Generator, CALL_TIMEOUT, generator.get_video(request))
            .await?;
        read_video(answer.video.as_ref())
    }

    /// The newest videos, at most so many.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn videos(&self, limit: usize) -> Result<Vec<Video>, RemoteError> {
        let mut videos = Vec::new();
        let mut page_token = String::new();
        loop {
            let wanted = limit.saturating_sub(videos.len());
            if wanted == 0 {
                return Ok(videos);
            }
            let request = pb::ListVideosRequest {
                page_size: i32::try_from(wanted).unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
                page_token,
                ..Default::default()
            };
            let mut generator = self.generator.clone();
            let answer = self
                .answer(
                    Peer::Generator,
                    CALL_TIMEOUT,
                    generator.list_videos(request),
                )
                .await?;
            for video in &answer.videos {
                videos.push(Video::read(video).map_err(nonsense)?);
            }
            page_token = answer.next_page_token;
            if page_token.is_empty() || answer.videos.is_empty() {
                return Ok(videos);
            }
        }
    }

    /// Stops a video; what was bought is kept.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn cancel_video(&self, video_id: &str) -> Result<Video, RemoteError> {
        let request = pb::CancelVideoRequest {
            video_id: video_id.to_owned(),
        };
        let mut generator = self.generator.clone();
        // Calls in flight are waited for before it answers.
        let answer = self
            .answer(
                Peer::Generator,
                PREFLIGHT_TIMEOUT,
                generator.cancel_video(request),
            )
            .await?;
        read_video(answer.video.as_ref())
    }

    /// Continues a video with what was kept. An empty id: the newest that can be continued.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn resume_video(&self, video_id: &str) -> Result<Video, RemoteError> {
        let request = pb::ResumeVideoRequest {
            video_id: video_id.to_owned(),
        };
        let mut generator = self.generator.clone();
        let answer = self
            .answer(
                Peer::Generator,
                PREFLIGHT_TIMEOUT,
                generator.resume_video(request),
            )
            .await?;
        read_video(answer.video.as_ref())
    }

    /// Gives a video up; what was kept is deleted.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn discard_video(&self, video_id: &str) -> Result<Video, RemoteError> {
        let request = pb::DiscardVideoRequest {
            video_id: video_id.to_owned(),
        };
        let mut generator = self.generator.clone();
        let answer = self
            .answer(
                Peer::Generator,
                CALL_TIMEOUT,
                generator.discard_video(request),
            )
            .await?;
        read_video(answer.video.as_ref())
    }

    /// The voices that can narrate, the default first.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn voices(&self) -> Result<Vec<Voice>, RemoteError> {
        let mut generator = self.generator.clone();
        let call = generator.list_voices(pb::ListVoicesRequest {});
        let answer = self
            .answer(Peer::Generator, PREFLIGHT_TIMEOUT, call)
            .await?;
        Ok(answer.voices.iter().map(Voice::read).collect())
    }

    /// Opens a finished video's file from that byte on.
    ///
    /// # Errors
    /// See [`RemoteError`].
    pub async fn download_video(
        &self,
        video_id: &str,
        file: pb::VideoFile,
        offset_bytes: i64,
    ) -> Result<Download, RemoteError> {
        let request = pb::DownloadVideoRequest {
            video_id: video_id.to_owned(),
            file: file.into(),
            offset_bytes,
        };
        let mut generator = self.generator.clone();
        let call = generator.download_video(request);
        let stream = self.answer(Peer::Generator, CALL_TIMEOUT, call).await?;
        Ok(Download {
            remote: self.clone(),
            stream,
            offset_bytes,
        })
    }
}

fn nonsense(source: FactError) -> RemoteError {
    RemoteError::Nonsense {
        peer: Peer::Generator,
        source,
    }
}

fn read_video(video: Option<&pb::Video>) -> Result<Video, RemoteError> {
    let video = video.ok_or_else(|| nonsense(FactError::Missing { field: "video" }))?;
    Video::read(video).map_err(nonsense)
}
