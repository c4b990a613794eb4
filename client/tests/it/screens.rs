//! Every scene of the screen, as a person sees it, at the sizes that people have.

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use reelmeter_client::facts::{PriceBook, Summary, Video};
use reelmeter_client::live::{Incoming, State, Subject};
use reelmeter_client::remote::{Feed, SummaryUpdate, UpdateKind, VideoUpdate};
use reelmeter_client::tui::model::Model;
use reelmeter_client::tui::msg::{Action, Msg};
use reelmeter_client::tui::theme::Theme;
use reelmeter_client::tui::update::update;
use reelmeter_client::tui::view;
use reelmeter_proto::generator::v1 as g;
use reelmeter_proto::meter::v1 as m;

use crate::support::scenes::{self, at};

/// The sizes that every scene is drawn at.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

fn watching(subject: Subject) -> Model {
    let mut model = Model::new(State::new(subject, at(0)), at(0), TimeZone::UTC, true);
    model.size = (80, 24);
    model
}

fn making() -> Model {
    let video = scenes::video();
    let mut model = watching(Subject::Video {
        video_id: video.video_id.clone(),
        session_id: video.session_id.clone(),
    });
    tell_video(&mut model, &video);
    model
}

fn tell(model: &mut Model, summary: &m::Summary) {
    let summary = Some(Box::new(Summary::read(summary).unwrap()));
    let update_ = SummaryUpdate {
        kind: UpdateKind::Change,
        server_time: None,
        summary,
    };
    update(model, Msg::Incoming(Incoming::Meter(Feed::Item(update_))));
}

fn tell_video(model: &mut Model, video: &g::Video) {
    let feed = Feed::Item(VideoUpdate {
        video: Some(Box::new(Video::read(video).unwrap())),
        log_lines: Vec::new(),
        server_time: Some(model.now),
    });
    update(
        model,
        Msg::Incoming(Incoming::Video {
            video_id: video.video_id.clone(),
            feed,
        }),
    );
}

fn wait(model: &mut Model, seconds: i64) {
    update(model, Msg::Tick(at(seconds)));
}

fn press(model: &mut Model, action: Action) {
    update(model, Msg::Action(action));
}

fn buffer(model: &mut Model, (columns, rows): (u16, u16), theme: &Theme) -> Buffer {
    update(model, Msg::Resize(columns, rows));
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal
        .draw(|frame| view::render(model, theme, frame))
        .unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut skip = 0;
        let mut line = String::new();
        for x in area.left()..area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = reelmeter_client::printable::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn snapshot(name: &str, model: &mut Model) {
    for size in SIZES {
        let drawn = text(&buffer(model, size, &Theme::COLOURED));
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), drawn);
    }
}

#[test]
fn a_screen_without_a_session_says_that_it_waits() {
    let mut model = watching(Subject::Newest);
    snapshot("connecting", &mut model);
}

#[test]
fn the_documents_example_reads_as_they_write_it() {
    let mut model = watching(Subject::Newest);
    tell(&mut model, &scenes::documented());
    wait(&mut model, 42);
    tell(&mut model, &scenes::documented());
    snapshot("documented", &mut model);
}

#[test]
fn a_video_in_the_making_shows_its_stages_beside_its_cost() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    wait(&mut model, 17);
    tell(&mut model, &scenes::narrated());
    tell_video(&mut model, &scenes::video());
    snapshot("narrated", &mut model);
}

#[test]
fn prices_load() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Prices);
    let book = PriceBook::read(&scenes::price_book()).unwrap();
    update(
        &mut model,
        Msg::Incoming(Incoming::Prices(Ok(Box::new(book)))),
    );
    snapshot("prices", &mut model);
}

#[test]
fn detail() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Down);
    press(&mut model, Action::Open);
    snapshot("detail", &mut model);
}

#[test]
fn leave() {
    let mut model = making();
    tell(&mut model, &scenes::narrated());
    press(&mut model, Action::Leave);
    snapshot("leave", &mut model);
}

#[test]
fn finale() {
    let mut model = making();
    wait(&mut model, 45);
    tell_video(&mut model, &scenes::finished_video());
    tell(&mut model, &scenes::settled(scenes::narrated()));
    snapshot("finale", &mut model);
}

#[test]
fn help() {
    let mut model = making();
    press(&mut model, Action::Help);
    snapshot("help", &mut model);
}
