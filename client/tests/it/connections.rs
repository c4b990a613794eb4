//! Lost connections come back by themselves and say so, and figures never go backwards.

use std::time::Duration;

use jiff::Timestamp;
use reelmeter_client::facts::Level;
use reelmeter_client::live::{Desk, Ending, Incoming, State, Subject};
use reelmeter_client::remote::connection::State as Link;
use reelmeter_client::remote::{Feed, Remote, Target};

use crate::support::fake::World;
use crate::support::relay::Relay;
use crate::support::{scenes, within};

fn remote(meter: &str, generator: &str) -> Remote {
    Remote::new(&Target {
        meter_addr: meter.to_owned(),
        generator_addr: generator.to_owned(),
        token: None,
        tls: Default::default(),
    })
    .unwrap()
}

struct Watcher {
    desk: Desk,
    state: State,
}

impl Watcher {
    fn open(remote: Remote, subject: Subject) -> Self {
        let desk = Desk::open(remote, &subject, Duration::from_millis(20));
        Self {
            desk,
            state: State::new(subject, Timestamp::now()),
        }
    }

    /// Takes messages in until the condition holds.
    async fn until(&mut self, what: &str, condition: impl Fn(&State) -> bool) {
        within(what, async {
            while !condition(&self.state) {
                let incoming = self.desk.next().await;
                if let Some(errand) = self.state.apply(&incoming, Timestamp::now()) {
                    self.desk.run(errand);
                }
            }
        })
        .await;
    }

    /// Takes messages in up to the next one with figures, or without.
    async fn item(&mut self) {
        within("a message of the meter", async {
            loop {
                let incoming = self.desk.next().await;
                let _ = self.state.apply(&incoming, Timestamp::now());
                if matches!(incoming, Incoming::Meter(Feed::Item(_))) {
                    return;
                }
            }
        })
        .await;
    }

    fn link(&self) -> Link {
        self.state.link(Timestamp::now())
    }
}

fn revision(state: &State) -> i64 {
    state.summary.as_ref().map_or(0, |summary| summary.revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meter_that_goes_away_and_comes_back_is_shown_so_with_the_newest_figures() {
    let world = World::start().await;
    let relay = Relay::to(world.address()).await;
    world.tell(scenes::documented());
    let mut watcher = Watcher::open(remote(&relay.url(), &world.url()), Subject::Newest);
    watcher
        .until("the first figures", |state| revision(state) == 16)
        .await;
    assert!(
        matches!(watcher.link(), Link::Live { .. }),
        "{:?}",
        watcher.link()
    );

    relay.cut();
    watcher
        .until("the loss", |state| {
            matches!(state.link(Timestamp::now()), Link::Disconnected { .. })
        })
        .await;
    assert_eq!(revision(&watcher.state), 16, "what was shown stays");
    let words = watcher.link().words(|_| "14:03:12".to_owned());
    assert!(
        words.starts_with("disconnected since 14:03:12, reconnecting"),
        "{words}"
    );

    let mut newer = scenes::documented();
    newer.revision = 20;
    world.tell(newer);
    relay.heal();
    watcher
        .until("the figures that were missed", |state| {
            revision(state) == 20
        })
        .await;
    assert!(matches!(watcher.link(), Link::Live { .. }));
    let resumed = world
        .calls
        .lock()
        .unwrap()
        .iter()
        .any(|call| call == "WatchSummary  16");
    assert!(
        resumed,
        "it says what it has: {:?}",
        world.calls.lock().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meter_that_comes_back_with_older_figures_does_not_turn_the_screen_back() {
    let world = World::start().await;
    let relay = Relay::to(world.address()).await;
    let mut newest = scenes::documented();
    newest.revision = 30;
    world.tell(newest);
    let mut watcher = Watcher::open(remote(&relay.url(), &world.url()), Subject::Newest);
    watcher
        .until("the figures", |state| revision(state) == 30)
        .await;
    relay.cut();
    watcher
        .until("the loss", |state| {
            matches!(state.link(Timestamp::now()), Link::Disconnected { .. })
        })
        .await;
    world.tell(scenes::documented());
    relay.heal();
    watcher
        .until("the connection", |state| {
            matches!(state.link(Timestamp::now()), Link::Live { .. })
        })
        .await;
    watcher.item().await;
    assert_eq!(revision(&watcher.state), 30);
    let mut newer = scenes::documented();
    newer.revision = 31;
    world.tell(newer);
    watcher
        .until("newer figures", |state| revision(state) == 31)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_video_is_watched_on_through_a_generator_that_went_away_without_saying_a_line_twice() {
    let world = World::start().await;
    let relay = Relay::to(world.address()).await;
    let line = |number, text: &str| reelmeter_proto::generator::v1::LogLine {
        number,
        text: text.to_owned(),
        ..Default::default()
    };
    *world.log.lock().unwrap() = vec![line(1, "one"), line(2, "two")];
    let video = scenes::video();
    world.show(video.clone());
    world.tell(scenes::narrated());
    let subject = Subject::Video {
        video_id: video.video_id.clone(),
        session_id: video.session_id.clone(),
    };
    let mut watcher = Watcher::open(remote(&world.url(), &relay.url()), subject);
    let said = |state: &State| {
        let lines = state.log.iter().filter(|line| line.number > 0);
        lines.map(|line| line.text.to_string()).collect::<Vec<_>>()
    };
    watcher
        .until("the log", |state| said(state) == ["one", "two"])
        .await;
    relay.cut();
    let noticed = |state: &State| {
        state
            .log
            .iter()
            .any(|line| line.number == 0 && line.level == Level::Warning)
    };
    watcher.until("the loss in the log", noticed).await;
    *world.log.lock().unwrap() = vec![line(1, "one"), line(2, "two"), line(3, "three")];
    relay.heal();
    watcher
        .until("the rest of the log", |state| {
            said(state) == ["one", "two", "three"]
        })
        .await;

    world.show(scenes::finished_video());
    world.tell(scenes::settled(scenes::narrated()));
    watcher
        .until("the end", |state| {
            state.ending(Timestamp::now()) == Ending::Over
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_a_video_brings_its_stages_along() {
    let world = World::start().await;
    world.show(scenes::video());
    world.tell(scenes::narrated());
    let mut watcher = Watcher::open(remote(&world.url(), &world.url()), Subject::Newest);
    watcher
        .until("the video of the session", |state| state.video.is_some())
        .await;
    watcher
        .until("its stream", |state| {
            let now = Timestamp::now();
            state
                .generator
                .as_ref()
                .is_some_and(|generator| matches!(generator.state(now), Link::Live { .. }))
        })
        .await;
    // Another tool's session follows: the video of the one before is none of its business.
    world.tell(scenes::documented());
    watcher
        .until("the next session", |state| {
            state.session_id() == "0197a0f2-1111-7000-8000-000000000001"
        })
        .await;
    assert!(watcher.state.video.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meter_that_was_never_there_is_waited_for_while_the_video_is_made() {
    let world = World::start().await;
    let video = scenes::finished_video();
    world.show(video.clone());
    let subject = Subject::Video {
        video_id: video.video_id.clone(),
        session_id: video.session_id.clone(),
    };
    let mut watcher = Watcher::open(remote("http://127.0.0.1:1", &world.url()), subject);
    watcher
        .until("the loss", |state| {
            matches!(state.link(Timestamp::now()), Link::Disconnected { .. })
        })
        .await;
    watcher
        .until("the video", |state| state.video.is_some())
        .await;
    let now = Timestamp::now();
    assert_eq!(watcher.state.ending(now), Ending::Settling);
    let later = now + jiff::SignedDuration::from_secs(20);
    assert_eq!(
        watcher.state.ending(later),
        Ending::Over,
        "nobody sits in front of the screen for ever"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_ends_the_tries_and_says_why() {
    let world = World::start().await;
    *world.token.lock().unwrap() = Some("secret".to_owned());
    let mut watcher = Watcher::open(remote(&world.url(), &world.url()), Subject::Newest);
    watcher
        .until("the refusal", |state| state.meter.is_over())
        .await;
    let words = watcher.link().words(|_| String::new());
    assert!(words.contains("REELMETER_TOKEN"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amount_that_is_none_is_said_and_nothing_is_guessed() {
    let world = World::start().await;
    let mut broken = scenes::documented();
    broken.total_cost.as_mut().unwrap().amount = "0.7x".to_owned();
    world.tell(broken);
    let mut watcher = Watcher::open(remote(&world.url(), &world.url()), Subject::Newest);
    let reason = within("the complaint", async {
        loop {
            if let Incoming::Meter(Feed::Refused { reason }) = watcher.desk.next().await {
                return reason;
            }
        }
    })
    .await;
    assert!(
        reason.shown().contains("the total is not an amount"),
        "{reason}"
    );
}
