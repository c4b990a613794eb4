//! The programs of the simulation: the real meter, two tools with the real recorder, those who watch, and one who sends
//! again what was sent before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use reelmeter_meter::{Threads, World, serve};
use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_recorder::{Intent, Recorder, Used};
use reelmeter_service::settings::from_flags;
use reelmeter_service::{CancellationToken, Common};
use tokio::time::{sleep, timeout};
use tonic::Code;

use crate::check;
use crate::model::{Call, SORTS, Shared};
use crate::network::{self, METER};
use crate::world::{Chance, HostClock, RecorderWorld};

/// The session of both recorders, and the one of the first alone.
pub const SHARED: &str = "shared";
pub const OWN: &str = "own";
/// How long a caller waits for one answer.
const PATIENCE: Duration = Duration::from_secs(6);
/// A watcher takes a stream for dead after three heartbeats that did not come.
const SILENCE_MAX: Duration = Duration::from_secs(15);

type Ended = turmoil::Result;

pub fn ledger(folder: &Path) -> PathBuf {
    folder.join("meter.db")
}

/// The meter, as in production but for the thread.
pub async fn meter(folder: PathBuf, clock: HostClock, chance: Arc<Chance>) -> Ended {
    let store = format!("sqlite://{}", ledger(&folder).display());
    let world = World {
        clock: Arc::new(clock),
        ids: chance,
        threads: Threads::None,
    };
    let config = from_flags(&["--meter-store", &store])?;
    let incoming = network::incoming().await?;
    let stop = CancellationToken::new();
    serve(world, config, Common::default(), METER, incoming, stop).await?;
    Err("the meter stopped by itself".into())
}

/// A tool that makes calls.
#[derive(Clone)]
pub struct Tool {
    pub name: &'static str,
    pub folder: PathBuf,
    pub world: Arc<RecorderWorld>,
    pub model: Shared,
    pub calls: usize,
    pub sessions: &'static [&'static str],
    /// The session that it ends when it has made its calls.
    pub ends: &'static str,
}

impl Tool {
    pub async fn run(self) -> Ended {
        let outbox = self.folder.join("outbox.db");
        let recorder = Recorder::open_in(Arc::clone(&self.world) as _, &outbox, self.name)?;
        let delivery = recorder
            .clone()
            .deliver(network::channel(), None, CancellationToken::new());
        tokio::spawn(delivery);
        for session in self.sessions {
            let request = pb::StartSessionRequest {
                session_id: (*session).to_owned(),
                title: format!("The session {session}"),
                ..Default::default()
            };
            recorder.start_session(request).await?;
        }
        // Two calls at once, as a pipeline has.
        let (one, other) = tokio::join!(self.work(&recorder), self.work(&recorder));
        one?;
        other?;
        recorder.end_session(self.ends).await?;
        for session in self.sessions {
            let counts = recorder.delivered(session).await?;
            if counts.refused_events + counts.refused_commands > 0 {
                let refused = recorder.refused(session, 10).await?;
                let name = self.name;
                self.model
                    .lock()
                    .blame(format!("the meter refused {name}: {refused:?}"));
            }
        }
        self.model.lock().emptied.insert(self.name.to_owned());
        std::future::pending().await
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut rand::rngs::StdRng) -> T) -> T {
        self.world.chance.draw(draw)
    }

    async fn pause(&self, longest_ms: u64) {
        let pause_ms = self.draw(|rng| rng.random_range(10..longest_ms));
        sleep(Duration::from_millis(pause_ms)).await;
    }

    async fn work(&self, recorder: &Recorder) -> Ended {
        loop {
            self.pause(600).await;
            {
                let mut model = self.model.lock();
                let made = model.made.entry(self.name.to_owned()).or_default();
                if *made >= self.calls {
                    return Ok(());
                }
                *made += 1;
            }
            let session = *self
                .draw(|rng| self.sessions.choose(rng).copied())
                .as_ref()
                .unwrap();
            let (service, model, metric, _) = *self.draw(|rng| SORTS.choose(rng)).unwrap();
            let intent = Intent {
                session_id: session.to_owned(),
                service: service.to_owned(),
                model: model.to_owned(),
                stage: self.draw(|rng| {
                    ["script", "image", ""]
                        .choose(rng)
                        .copied()
                        .unwrap()
                        .to_owned()
                }),
                scene: self.draw(|rng| rng.random_range(0..3)),
                ..Intent::default()
            };
            let call = recorder.begin(intent).await?;
            let id = call.event_id().to_owned();
            let begun = (session.to_owned(), Call::Begun);
            self.model.lock().calls.insert(id.clone(), begun);
            // The provider.
            self.pause(1200).await;
            match self.draw(|rng| rng.random_range(0..12)) {
                0 => call.unconfirmed().await?,
                1 => {
                    call.withdraw().await?;
                    self.model.lock().calls.remove(&id);
                }
                // The tool forgets the call; its fate is unknown.
                2 => drop(call),
                drawn => {
                    let outcome = if drawn == 3 {
                        pb::CallOutcome::Failed
                    } else {
                        pb::CallOutcome::Succeeded
                    };
                    let used = Used::new(outcome, vec![self.quantity(metric)]);
                    call.used(used).await?;
                    self.hold(recorder, session, &id).await?;
                    if drawn == 4 {
                        self.correct(recorder, session, &id).await?;
                    }
                }
            }
        }
    }

    fn quantity(&self, metric: &str) -> pb::Quantity {
        let value = match self.draw(|rng| rng.random_range(0..20)) {
            0 => 0,
            1 => 5_000_000_000,
            _ => self.draw(|rng| rng.random_range(1..300_000)),
        };
        pb::Quantity {
            metric: metric.to_owned(),
            value,
            basis: pb::QuantityBasis::Reported.into(),
            provider_billed: None,
        }
    }

    /// Notes an event as the outbox holds it.
    async fn hold(&self, recorder: &Recorder, session: &str, id: &str) -> Ended {
        let events = recorder.events(session).await?;
        let event = events.into_iter().find(|event| event.event_id == id);
        let event = event.ok_or_else(|| format!("event {id} is not in the outbox that took it"))?;
        let used = (session.to_owned(), Call::Used(Box::new(event)));
        self.model.lock().calls.insert(id.to_owned(), used);
        Ok(())
    }

    /// Corrects an event by one that replaces it.
    async fn correct(&self, recorder: &Recorder, session: &str, id: &str) -> Ended {
        let found = self.model.lock().calls.get(id).cloned();
        let Some((_, Call::Used(mut event))) = found else {
            return Err("a correction of nothing".into());
        };
        let metric = event.quantities[0].metric.clone();
        event.replaces_event_id = std::mem::take(&mut event.event_id);
        event.quantities = vec![self.quantity(&metric)];
        let correction = recorder.record(*event).await?;
        self.model.lock().replaced.insert(id.to_owned());
        self.hold(recorder, session, &correction).await
    }
}

/// Watches a session through every fault, and looks at each summary.
pub async fn watcher(
    name: &'static str,
    session: &'static str,
    model: Shared,
    chance: Arc<Chance>,
) -> Ended {
    let mut client = MeterServiceClient::new(network::channel());
    loop {
        let seen = model
            .lock()
            .seen
            .get(name)
            .map_or(0, |summary| summary.revision);
        let interval_ms: i32 = chance.draw(|rng| rng.random_range(20..400));
        let request = pb::WatchSummaryRequest {
            session_id: session.to_owned(),
            min_interval: Some(prost_types::Duration {
                seconds: 0,
                nanos: interval_ms * 1_000_000,
            }),
            resume_revision: seen,
            follow: true,
        };
        match timeout(PATIENCE, client.watch_summary(request)).await {
            Ok(Ok(response)) => {
                let mut updates = response.into_inner();
                while let Ok(Ok(Some(update))) = timeout(SILENCE_MAX, updates.message()).await {
                    if let Some(summary) = update.summary {
                        check::watched(&mut model.lock(), name, session, summary);
                    }
                }
            }
            Ok(Err(status))
                if matches!(status.code(), Code::FailedPrecondition | Code::NotFound)
                    && seen > 0 =>
            {
                model.lock().blame(format!(
                    "{name} had seen revision {seen}, and was told: {}",
                    status.message()
                ));
            }
            _ => {}
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// Sends again what recorders hold or held, in any order and grouping, some before the recorder does; and sometimes
/// another event under an id that is taken.
pub async fn repeater(model: Shared, chance: Arc<Chance>) -> Ended {
    let mut client = MeterServiceClient::new(network::channel());
    loop {
        let pause_ms = chance.draw(|rng| rng.random_range(50..1500));
        sleep(Duration::from_millis(pause_ms)).await;
        let (events, altered) = again(&model, &chance);
        if events.is_empty() {
            continue;
        }
        model.lock().duplicates += events.len() as u64;
        let sent: Vec<String> = events.iter().map(|event| event.event_id.clone()).collect();
        let request = pb::RecordUsageRequest {
            events,
            recorder_id: String::new(),
            backlogs: Vec::new(),
        };
        if let Ok(Ok(response)) = timeout(PATIENCE, client.record_usage(request)).await {
            let outcomes = response.into_inner().outcomes;
            check::answered(&mut model.lock(), &sent, altered, &outcomes);
        }
    }
}

/// Events to send, and the place of the one among them that is another event under a known id.
fn again(model: &Shared, chance: &Chance) -> (Vec<pb::UsageEvent>, Option<usize>) {
    let model = model.lock();
    let mut known: Vec<pb::UsageEvent> = model
        .calls
        .values()
        .filter_map(|(_, call)| match call {
            Call::Used(event) => Some((**event).clone()),
            Call::Begun => None,
        })
        .collect();
    if known.is_empty() {
        return (known, None);
    }
    known.sort_by(|a, b| a.event_id.cmp(&b.event_id));
    chance.draw(|rng| {
        let count = rng.random_range(1..10);
        let mut events: Vec<_> = (0..count)
            .filter_map(|_| known.choose(rng).cloned())
            .collect();
        events.shuffle(rng);
        let place = rng.random_range(0..events.len());
        let taken = model.acknowledged.contains(&events[place].event_id);
        let altered = (taken && rng.random_bool(0.3)).then_some(place);
        if let Some(place) = altered {
            events[place].stage.push_str(", altered");
        }
        (events, altered)
    })
}
