//! The lines of a run without a screen.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use reelmeter_client::live::{Incoming, State, Subject};
use reelmeter_client::plain::Reporter;
use reelmeter_client::printable::Text;
use reelmeter_client::remote::Feed;
use reelmeter_proto::generator::v1 as g;

use crate::support::driver::{figures, progress, subject};
use crate::support::scenes::{self, at};

/// Tells the state and gives the lines that it is worth.
struct Told {
    state: State,
    reporter: Reporter,
    lines: Vec<String>,
}

impl Told {
    fn new(subject: Subject) -> Self {
        Self {
            state: State::new(subject, at(0)),
            reporter: Reporter::new(TimeZone::UTC),
            lines: Vec::new(),
        }
    }

    fn tell(&mut self, seconds: i64, incoming: &Incoming) -> Vec<String> {
        let _ = self.state.apply(incoming, at(seconds));
        self.look(seconds)
    }

    fn look(&mut self, seconds: i64) -> Vec<String> {
        let lines = self.reporter.lines(&self.state, at(seconds), false);
        self.lines.extend(lines.iter().cloned());
        lines
    }
}

#[test]
fn a_whole_run_reads_as_a_log() {
    let mut told = Told::new(subject());
    let mut early = scenes::video();
    early.title.clear();
    for stage in &mut early.stages[1..] {
        stage.state = g::StageState::Pending.into();
    }
    let log = |number, text: &str, level: g::LogLevel| g::LogLine {
        number,
        text: text.to_owned(),
        level: level.into(),
        ..Default::default()
    };
    told.tell(
        1,
        &progress(
            &early,
            &[log(1, "using gemini-2.5-flash", g::LogLevel::Info)],
        ),
    );
    let mut started = scenes::documented();
    started.session = scenes::narrated().session;
    told.tell(9, &figures(&started));
    told.tell(
        10,
        &progress(
            &scenes::video(),
            &[log(2, "image 2: rate limited", g::LogLevel::Warning)],
        ),
    );
    told.tell(17, &figures(&scenes::narrated()));
    let mut failed = scenes::video();
    failed.state = g::VideoState::Failed.into();
    failed.error_message = "the provider refused image 2; resume it".to_owned();
    failed.stages[3].state = g::StageState::Failed.into();
    told.tell(20, &progress(&failed, &[]));
    told.tell(45, &progress(&scenes::finished_video(), &[]));
    told.tell(46, &figures(&scenes::settled(scenes::narrated())));
    insta::assert_snapshot!("plain_run", told.lines.join("\n"));
}

#[test]
fn nothing_new_is_no_line() {
    let mut told = Told::new(subject());
    told.tell(1, &progress(&scenes::video(), &[]));
    told.tell(2, &figures(&scenes::narrated()));
    assert_eq!(
        told.tell(5, &figures(&scenes::narrated())),
        Vec::<String>::new()
    );
    assert_eq!(
        told.tell(6, &progress(&scenes::video(), &[])),
        Vec::<String>::new()
    );
}

#[test]
fn costs_that_follow_each_other_closely_are_one_line_with_the_newest() {
    let mut told = Told::new(Subject::Newest);
    let mut sum = scenes::documented();
    assert!(
        told.tell(1, &figures(&sum))
            .last()
            .unwrap()
            .contains("cost: $0.775")
    );
    for (revision, total) in [(17, "0.8"), (18, "0.9"), (19, "1")] {
        sum.revision = revision;
        sum.total_cost.as_mut().unwrap().amount = total.to_owned();
        // The text of a cost line is its quantities: they have to move for a line.
        sum.by_service[0].metrics[2].quantity += 1;
        assert_eq!(told.tell(1, &figures(&sum)), Vec::<String>::new());
    }
    let lines = told.look(2);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("cost: $1.00 (+$0.225)"), "{lines:?}");
}

#[test]
fn the_last_figures_are_said_however_close_they_follow() {
    let mut told = Told::new(Subject::Newest);
    told.tell(1, &figures(&scenes::documented()));
    let mut more = scenes::documented();
    more.revision += 1;
    more.total_cost.as_mut().unwrap().amount = "0.8".to_owned();
    more.by_service[0].metrics[2].quantity += 1;
    let lines = told.tell(1, &figures(&scenes::settled(more)));
    assert!(lines[0].contains("cost: $0.80"), "{lines:?}");
    assert!(lines[1].contains("settled"));
}

#[test]
fn a_lost_connection_is_said_once_and_so_is_its_return() {
    let mut told = Told::new(Subject::Newest);
    told.tell(1, &figures(&scenes::documented()));
    let lost = |seconds| {
        Incoming::Meter(Feed::Lost {
            reason: Text::line("connection refused"),
            retry_after: SignedDuration::from_secs(seconds).try_into().unwrap(),
        })
    };
    assert_eq!(
        told.tell(5, &lost(4)),
        ["14:03:05  meter: disconnected since 14:03:01, reconnecting in 4 s (connection refused)"]
    );
    for second in 6..12 {
        assert_eq!(told.tell(second, &lost(5)), Vec::<String>::new());
    }
    assert_eq!(
        told.tell(12, &figures(&scenes::documented())),
        ["14:03:12  meter: live since 14:03:12"]
    );
}

#[test]
fn simulated_figures_are_said_to_be_so_before_any_cost() {
    let mut told = Told::new(Subject::Newest);
    let lines = told.tell(1, &figures(&scenes::narrated()));
    let place = |what: &str| lines.iter().position(|line| line.contains(what)).unwrap();
    assert!(place("SIMULATED") < place("cost:"));
}
