//! What must come out, kept as plainly as can be: a map of calls, and sums over it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use reelmeter_proto::meter::v1 as pb;

/// 10⁻²⁴ dollars in a dollar.
const UNITS: i128 = 1_000_000_000_000_000_000_000_000;

/// What the calls of the simulation ask for: service, model, metric, and the price of one in 10⁻²⁴ dollars, if it has
/// one. Written down here from the documents, not asked of the code under test.
pub const SORTS: [(&str, &str, &str, Option<i128>); 5] = [
    (
        "gemini",
        "gemini-2.5-flash",
        "input_tokens",
        Some(UNITS / 2_000_000),
    ),
    (
        "gemini",
        "gemini-2.5-flash",
        "output_tokens",
        Some(UNITS / 1_000_000 * 3 / 2),
    ),
    (
        "gemini",
        "gemini-2.5-flash",
        "images",
        Some(UNITS / 100 * 4),
    ),
    ("elevenlabs", "voice", "characters", None),
    ("ollama", "moondream", "input_tokens", Some(0)),
];

/// How a call stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Begun; nobody knows what it used until the recorder says so. If it never does, it is unconfirmed.
    Begun,
    /// The recorder holds this event on its disk.
    Used(Box<pb::UsageEvent>),
}

/// Everything that happened, as the simulation's own hosts know it.
#[derive(Debug, Default)]
pub struct Model {
    /// Every call, by its event id, with its session.
    pub calls: HashMap<String, (String, Call)>,
    /// Which event a correction replaces.
    pub replaced: HashSet<String>,
    /// What the meter has acknowledged to the one who sends everything again.
    pub acknowledged: HashSet<String>,
    /// What a watcher saw last, by watcher.
    pub seen: BTreeMap<String, pb::Summary>,
    /// How many calls each recorder has made, over its crashes.
    pub made: HashMap<String, usize>,
    /// Recorders whose outbox has emptied after their last call.
    pub emptied: HashSet<String>,
    /// Summaries that were looked at, and duplicates that were sent on purpose.
    pub summaries: u64,
    pub duplicates: u64,
    /// Whether the last fault is over.
    pub quiet: bool,
    /// What the auditor waits for.
    pub waits_for: String,
    /// The first promise that was broken.
    pub broken: Option<String>,
}

/// What must stand in a session's summary.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub events: i64,
    pub unconfirmed: i64,
    pub quantities: BTreeMap<(String, String, String), i64>,
    pub cost: i128,
}

impl Model {
    /// A promise is broken: the day ends.
    pub fn blame(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }

    /// The sums of what counts in a session.
    pub fn sums(&self, session: &str) -> Sums {
        let mut sums = Sums::default();
        for (id, (_, call)) in self.calls.iter().filter(|(_, (of, _))| of == session) {
            if self.replaced.contains(id) {
                continue;
            }
            sums.events += 1;
            let Call::Used(event) = call else {
                sums.unconfirmed += 1;
                continue;
            };
            for quantity in &event.quantities {
                let key = (
                    event.service.clone(),
                    event.model.clone(),
                    quantity.metric.clone(),
                );
                *sums.quantities.entry(key).or_default() += quantity.value;
                let sort = SORTS.iter().find(|(service, model, metric, _)| {
                    *service == event.service && *model == event.model && *metric == quantity.metric
                });
                let (_, _, _, price) = sort.expect("a sort of the simulation");
                sums.cost += price.unwrap_or_default() * i128::from(quantity.value);
            }
        }
        sums.quantities.retain(|_, value| *value != 0);
        sums
    }
}

/// The model, shared by the hosts of one simulation.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Mutex<Model>>);

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap()
    }
}
