//! Keeps the streams of a session open and asks the services what the person in front of the screen wants to know.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Errand, Subject};
use crate::facts::{PriceBook, Video};
use crate::remote::{
    Feed, Listener, Remote, RemoteError, SummaryUpdate, SummaryWatch, VideoUpdate, watch_summary,
    watch_video,
};

/// Messages that wait for the screen at most. A full channel holds the streams up, and the services skip ahead.
const WAITING_MAX: usize = 64;
/// Videos that are looked through for the one of a session.
const VIDEOS_LOOKED_AT: usize = 100;

/// What a service said.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Of the stream of summaries.
    Meter(Feed<SummaryUpdate>),
    /// Of the stream of a video's state.
    Video {
        /// Which video.
        video_id: String,
        /// What it said.
        feed: Feed<VideoUpdate>,
    },
    /// The video of the watched session was found.
    Found(Box<Video>),
    /// The answer to a cancellation.
    Cancelled(Result<Box<Video>, RemoteError>),
    /// The prices in force.
    Prices(Result<Box<PriceBook>, RemoteError>),
}

/// The open streams. Dropping it closes them.
#[derive(Debug)]
pub struct Desk {
    remote: Remote,
    sender: mpsc::Sender<Incoming>,
    receiver: mpsc::Receiver<Incoming>,
    runtime: tokio::runtime::Handle,
    summary: JoinHandle<()>,
    video: Option<JoinHandle<()>>,
}

impl Desk {
    /// Opens the streams of the subject. Must be called inside the runtime that shall run them.
    #[must_use]
    pub fn open(remote: Remote, subject: &Subject, min_interval: Duration) -> Self {
        let runtime = tokio::runtime::Handle::current();
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let watch = SummaryWatch {
            session_id: match subject {
                Subject::Newest => String::new(),
                Subject::Session(session_id) | Subject::Video { session_id, .. } => {
                    session_id.clone()
                }
            },
            min_interval,
            may_come: matches!(subject, Subject::Video { .. }),
        };
        let listener = Listener::new(sender.clone(), Incoming::Meter);
        let summary = runtime.spawn(watch_summary(remote.clone(), watch, listener));
        let mut desk = Self {
            remote,
            sender,
            receiver,
            runtime,
            summary,
            video: None,
        };
        if let Subject::Video { video_id, .. } = subject {
            desk.follow(video_id.clone());
        }
        desk
    }

    /// The next message. Waits for ever where nothing is open any more.
    pub async fn next(&mut self) -> Incoming {
        match self.receiver.recv().await {
            Some(incoming) => incoming,
            // The desk holds a sender itself, so this cannot be; waiting is what "nothing comes" means.
            None => std::future::pending().await,
        }
    }

    /// The next message, if one waits.
    pub fn try_next(&mut self) -> Option<Incoming> {
        self.receiver.try_recv().ok()
    }

    /// Does what a message asked for.
    pub fn run(&mut self, errand: Errand) {
        match errand {
            Errand::FindVideo(session_id) => self.find_video(session_id),
            Errand::Follow(video_id) => self.follow(video_id),
        }
    }

    /// Follows a video from now on.
    fn follow(&mut self, video_id: String) {
        if let Some(task) = self.video.take() {
            task.abort();
        }
        let id = video_id.clone();
        let listener = Listener::new(self.sender.clone(), move |feed| Incoming::Video {
            video_id: id.clone(),
            feed,
        });
        self.video = Some(
            self.runtime
                .spawn(watch_video(self.remote.clone(), video_id, listener)),
        );
    }

    /// Looks for the video that a session belongs to. Without one, or without a generator, nothing is said: a session
    /// may be any tool's.
    fn find_video(&self, session_id: String) {
        let (remote, sender) = (self.remote.clone(), self.sender.clone());
        self.runtime.spawn(async move {
            match remote.videos(VIDEOS_LOOKED_AT).await {
                Ok(videos) => {
                    let found = videos
                        .into_iter()
                        .find(|video| video.session_id.raw() == session_id);
                    if let Some(video) = found {
                        let _ = sender.send(Incoming::Found(Box::new(video))).await;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "no generator to ask for the session's video")
                }
            }
        });
    }

    /// Stops a video.
    pub fn cancel(&self, video_id: String) {
        let (remote, sender) = (self.remote.clone(), self.sender.clone());
        self.runtime.spawn(async move {
            let answer = remote.cancel_video(&video_id).await.map(Box::new);
            let _ = sender.send(Incoming::Cancelled(answer)).await;
        });
    }

    /// Asks for the prices in force.
    pub fn load_prices(&self) {
        let (remote, sender) = (self.remote.clone(), self.sender.clone());
        self.runtime.spawn(async move {
            let answer = remote.price_book("").await.map(Box::new);
            let _ = sender.send(Incoming::Prices(answer)).await;
        });
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.summary.abort();
        if let Some(task) = &self.video {
            task.abort();
        }
    }
}
