//! One seed's day: the hosts, the faults at their times, and the ledger's file at the end.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use reelmeter_meter::adapters::sqlite;
use turmoil::{Builder, Sim};

use crate::check;
use crate::faults::{self, Fault, Planned, RECORDERS, REPEATER, WATCHERS};
use crate::hosts::{self, OWN, SHARED, Tool};
use crate::model::Shared;
use crate::network::METER;
use crate::world::{Chance, HostClock, RecorderWorld, Time};

/// How far the simulation moves at once.
const TICK: Duration = Duration::from_millis(10);
/// Messages take so long on a good day, at most.
const LATENCY_MAX: Duration = Duration::from_millis(30);
/// After so long everything must be over. The last fault is healed within ten seconds; a connection that lost a message
/// is given up after 15, a request after 10, and the longest wait between two tries is 5.
const DAY: Duration = Duration::from_secs(90);
/// How many calls each recorder makes.
const CALLS: usize = 10;

/// What came of one day, or of many.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub planned: Vec<Planned>,
    pub days: u64,
    pub calls: u64,
    pub kills: u64,
    pub cuts: u64,
    pub duplicates: u64,
    pub summaries: u64,
    pub longest: Duration,
    pub together: Duration,
}

impl Outcome {
    pub fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.calls += other.calls;
        self.kills += other.kills;
        self.cuts += other.cuts;
        self.duplicates += other.duplicates;
        self.summaries += other.summaries;
        self.longest = self.longest.max(other.longest);
        self.together += other.together;
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} days of {} s on average (the longest {} s): {} calls, {} kills, {} cuts and delays, {} events sent \
             again, {} summaries seen",
            self.days,
            self.together.as_secs() / self.days.max(1),
            self.longest.as_secs(),
            self.calls,
            self.kills,
            self.cuts,
            self.duplicates,
            self.summaries
        )
    }
}

thread_local! {
    /// The first panic of this thread: those in a task do not reach the driver.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANIC.with_borrow_mut(|panic| {
                panic.get_or_insert(info.to_string());
            });
            before(info);
        }));
    });
    PANIC.set(None);
}

/// Lives a seed's day; what was broken, in words.
pub fn live(seed: u64) -> Result<Outcome, String> {
    watch_for_panics();
    // In memory where that is possible: nothing here asks what a power cut leaves, and thousands of syncs cost minutes.
    let shm = Path::new("/dev/shm");
    let folder = if shm.is_dir() {
        tempfile::tempdir_in(shm)
    } else {
        tempfile::tempdir()
    };
    let folder = folder.map_err(|error| error.to_string())?;
    Day::new(seed, folder.path()).run()
}

struct Day<'a> {
    sim: Sim<'a>,
    folder: &'a Path,
    model: Shared,
    time: Time,
    clocks: Vec<(&'static str, HostClock)>,
    planned: Vec<Planned>,
    outcome: Outcome,
}

impl<'a> Day<'a> {
    fn new(seed: u64, folder: &'a Path) -> Self {
        let mut builder = Builder::new();
        let sim = builder
            .rng_seed(seed)
            .tick_duration(TICK)
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(LATENCY_MAX)
            .simulation_duration(DAY)
            .tcp_capacity(4096)
            .enable_random_order()
            .build();
        let planned = faults::plan(seed);
        let mut day = Self {
            sim,
            folder,
            model: Shared::default(),
            time: Time::default(),
            clocks: Vec::new(),
            outcome: Outcome {
                planned: planned.clone(),
                ..Outcome::default()
            },
            planned,
        };
        day.meter(seed);
        day.tools(seed);
        for (number, (name, session)) in (10..).zip([(WATCHERS[0], SHARED), (WATCHERS[1], OWN)]) {
            let (model, chance) = (day.model.clone(), Chance::new(seed, number));
            day.sim.host(name, move || {
                hosts::watcher(name, session, model.clone(), Arc::clone(&chance))
            });
        }
        let (model, chance) = (day.model.clone(), Chance::new(seed, 20));
        day.sim.host(REPEATER, move || {
            hosts::repeater(model.clone(), Arc::clone(&chance))
        });
        day.sim.client("auditor", check::audit(day.model.clone()));
        day
    }

    fn clock(&mut self, host: &'static str) -> HostClock {
        let clock = HostClock::new(self.time.clone());
        self.clocks.push((host, clock.clone()));
        clock
    }

    /// The host's own folder.
    fn of(&self, host: &str) -> std::path::PathBuf {
        let folder = self.folder.join(host);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn meter(&mut self, seed: u64) {
        let (folder, clock, chance) = (self.of(METER), self.clock(METER), Chance::new(seed, 0));
        self.sim.host(METER, move || {
            hosts::meter(folder.clone(), clock.clone(), Arc::clone(&chance))
        });
    }

    fn tools(&mut self, seed: u64) {
        let sessions: [(&'static [&'static str], &'static str); 2] =
            [(&[OWN, SHARED], OWN), (&[SHARED], SHARED)];
        for (number, (name, (sessions, ends))) in (1..).zip(RECORDERS.into_iter().zip(sessions)) {
            let tool = Tool {
                name,
                folder: self.of(name),
                world: Arc::new(RecorderWorld {
                    clock: self.clock(name),
                    chance: Chance::new(seed, number),
                }),
                model: self.model.clone(),
                calls: CALLS,
                sessions,
                ends,
            };
            self.sim.host(name, move || tool.clone().run());
        }
    }

    fn run(mut self) -> Result<Outcome, String> {
        // Each fault once to begin and once to end, in the order of their times.
        let mut acts: Vec<(Duration, bool, Fault)> = Vec::new();
        for planned in std::mem::take(&mut self.planned) {
            acts.push((planned.from, true, planned.fault.clone()));
            acts.push((planned.until, false, planned.fault));
        }
        acts.sort_by_key(|(at, begins, _)| (*at, *begins));
        let mut acts = acts.into_iter().peekable();
        let mut cut: Vec<&'static str> = Vec::new();
        loop {
            let now = self.sim.elapsed();
            self.time.set(now);
            while let Some((_, begins, fault)) = acts.next_if(|(at, _, _)| *at <= now) {
                self.act(begins, &fault, &mut cut)?;
            }
            self.model.lock().quiet = acts.peek().is_none();
            let over = self
                .sim
                .step()
                .map_err(|error| self.explain(&error.to_string()))?;
            if let Some(panic) = PANIC.take() {
                return Err(self.explain(&format!("a program panicked: {panic}")));
            }
            let broken = self.model.lock().broken.clone();
            if let Some(broken) = broken {
                return Err(self.explain(&broken));
            }
            if over {
                break;
            }
        }
        self.end()
    }

    /// After the last question the meter is killed once more: what is on disk is what counts.
    fn end(mut self) -> Result<Outcome, String> {
        self.kill(METER)?;
        let found = sqlite::verify(&hosts::ledger(&self.of(METER)))
            .map_err(|error| self.explain(&error.to_string()))?;
        if !found.is_sound() {
            let differences = found.differences.join("; ");
            return Err(self.explain(&format!("the rollups are not the events': {differences}")));
        }
        let model = self.model.lock();
        self.outcome.days = 1;
        self.outcome.calls = model.calls.len() as u64;
        self.outcome.duplicates = model.duplicates;
        self.outcome.summaries = model.summaries;
        self.outcome.longest = self.sim.elapsed();
        self.outcome.together = self.sim.elapsed();
        Ok(self.outcome.clone())
    }

    fn explain(&self, what: &str) -> String {
        let model = self.model.lock();
        format!(
            "{what}\nafter {:?} of the simulated day; outboxes that are empty: {:?}; calls made: {:?}; the auditor waits {}; faults:\n{}",
            self.sim.elapsed(),
            model.emptied,
            model.made,
            model.waits_for,
            self.outcome
                .planned
                .iter()
                .map(|planned| format!(
                    "  {:?} to {:?}: {:?}",
                    planned.from, planned.until, planned.fault
                ))
                .collect::<Vec<_>>()
                .join("\n")
        )
    }

    fn act(
        &mut self,
        begins: bool,
        fault: &Fault,
        cut: &mut Vec<&'static str>,
    ) -> Result<(), String> {
        match (fault, begins) {
            (Fault::Kill(host), true) => {
                if self.sim.is_host_running(*host) {
                    self.outcome.kills += 1;
                    self.kill(host)?;
                }
            }
            (Fault::Kill(host), false) => {
                if !self.sim.is_host_running(*host) {
                    self.sim.bounce(*host);
                }
            }
            (Fault::Clock(host, off_ms), true) => {
                for (_, clock) in self.clocks.iter().filter(|(name, _)| name == host) {
                    clock.jump(*off_ms);
                }
            }
            (Fault::Clock(..), false) => {}
            (
                Fault::Partition(host)
                | Fault::NoRequests(host)
                | Fault::NoAnswers(host)
                | Fault::Hold(host)
                | Fault::Slow(host, _),
                true,
            ) => {
                // One fault at a time on one way: the network's model does not mix them.
                if !cut.contains(host) {
                    cut.push(host);
                    self.outcome.cuts += 1;
                    self.cut(fault);
                }
            }
            (
                Fault::Partition(host)
                | Fault::NoRequests(host)
                | Fault::NoAnswers(host)
                | Fault::Hold(host)
                | Fault::Slow(host, _),
                false,
            ) => {
                self.sim.release(*host, METER);
                self.sim.repair(*host, METER);
                self.sim
                    .set_link_max_message_latency(*host, METER, LATENCY_MAX);
                cut.retain(|other| other != host);
            }
        }
        Ok(())
    }

    fn cut(&mut self, fault: &Fault) {
        match fault {
            Fault::Partition(host) => self.sim.partition(*host, METER),
            Fault::NoRequests(host) => self.sim.partition_oneway(*host, METER),
            Fault::NoAnswers(host) => self.sim.partition_oneway(METER, *host),
            Fault::Hold(host) => self.sim.hold(*host, METER),
            Fault::Slow(host, latency) => self
                .sim
                .set_link_max_message_latency(*host, METER, *latency),
            Fault::Kill(_) | Fault::Clock(..) => {}
        }
    }

    /// Ends a program as `kill -9` does: destructors run in this process, so its files are put back afterwards as they
    /// were at that moment.
    fn kill(&mut self, host: &'static str) -> Result<(), String> {
        let folder = self.of(host);
        let kept = self.folder.join("kept");
        let io = |error: std::io::Error| format!("cannot keep the files of {host}: {error}");
        fs::create_dir_all(&kept).map_err(io)?;
        for file in fs::read_dir(&folder).map_err(io)? {
            let file = file.map_err(io)?;
            fs::copy(file.path(), kept.join(file.file_name())).map_err(io)?;
        }
        self.sim.crash(host);
        fs::remove_dir_all(&folder).map_err(io)?;
        fs::rename(&kept, &folder).map_err(io)
    }
}
