//! A model that a test tells what happens.

use jiff::tz::TimeZone;
use reelmeter_client::facts::{Summary, Video};
use reelmeter_client::live::{Incoming, State, Subject};
use reelmeter_client::remote::{Feed, SummaryUpdate, UpdateKind, VideoUpdate};
use reelmeter_client::tui::effect::Effect;
use reelmeter_client::tui::model::Model;
use reelmeter_client::tui::msg::{Action, Msg};
use reelmeter_client::tui::update::update;
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::meter::v1 as m;

use super::scenes::{self, at};

/// A screen that watches the subject, at 14:03:00.
pub fn watching(subject: Subject) -> Model {
    let mut model = Model::new(State::new(subject, at(0)), at(0), TimeZone::UTC, true);
    model.size = (80, 24);
    model
}

/// What a command that makes the video watches.
pub fn subject() -> Subject {
    let video = scenes::video();
    Subject::Video {
        video_id: video.video_id,
        session_id: video.session_id,
    }
}

/// A screen of a command that makes a video, half way.
pub fn making() -> Model {
    let mut model = watching(subject());
    tell_video(&mut model, &scenes::video());
    model
}

/// A message of the stream of summaries.
pub fn figures(summary: &m::Summary) -> Incoming {
    let summary = Some(Box::new(Summary::read(summary).unwrap()));
    Incoming::Meter(Feed::Item(SummaryUpdate {
        kind: UpdateKind::Change,
        server_time: None,
        summary,
    }))
}

/// A message of the stream of the video's state.
pub fn progress(video: &g::Video, log_lines: &[g::LogLine]) -> Incoming {
    Incoming::Video {
        video_id: video.video_id.clone(),
        feed: Feed::Item(VideoUpdate {
            video: Some(Box::new(Video::read(video).unwrap())),
            log_lines: log_lines
                .iter()
                .map(reelmeter_client::facts::LogLine::read)
                .collect(),
            server_time: None,
        }),
    }
}

pub fn tell(model: &mut Model, summary: &m::Summary) -> Vec<Effect> {
    update(model, Msg::Incoming(figures(summary)))
}

pub fn tell_video(model: &mut Model, video: &g::Video) -> Vec<Effect> {
    update(model, Msg::Incoming(progress(video, &[])))
}

/// Lets the time be so many seconds after the beginning.
pub fn wait(model: &mut Model, seconds: i64) -> Vec<Effect> {
    update(model, Msg::Tick(at(seconds)))
}

pub fn press(model: &mut Model, action: Action) -> Vec<Effect> {
    update(model, Msg::Action(action))
}
