//! A transaction of recordings before it is written: its sessions, locked and as they are, and what they will gain.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use reelmeter_rating::{Boundaries, Name};

use super::connection::{Client, execute, row, rows};
use super::error::Result;
use super::event::EventRow;
use super::load::{self, Head, Stored};
use super::mirror::{SharedMirror, lock, news};
use super::shared::{Rates, Shared};
use crate::adapters::columns::damaged;
use crate::application::ports::SessionKey;
use crate::domain::recorder::Backlog;
use crate::domain::rollup::{Delta, FineKey, Newest};
use crate::domain::series::Series;
use crate::domain::session::Session;
use crate::domain::usage::{SeriesId, SessionUsage, Sum};

/// What the ledger knows of an id.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownId {
    pub(super) n: i64,
    pub(super) hash: i64,
}

/// A session in a transaction.
#[derive(Debug)]
pub(super) struct Staged {
    /// Its head as of the lock; what the transaction changes of it is changed here.
    pub(super) head: Head,
    /// As of the lock.
    pub(super) usage: Arc<SessionUsage>,
    /// `None`: this transaction has made it.
    pub(super) mirror: Option<SharedMirror>,
    pub(super) boundaries: Arc<Boundaries>,
    /// All quantities that count, together, with those gained.
    pub(super) quantities: i128,
    pub(super) gain: Gain,
}

/// What a transaction adds to a session.
#[derive(Debug, Default)]
pub(super) struct Gain {
    /// Whether it records an event: that is one revision.
    pub(super) events: bool,
    /// How many.
    pub(super) recorded: i64,
    /// Of a session that it makes: whether its calls are simulated, from the first event on.
    pub(super) simulated: Option<bool>,
    pub(super) deltas: Vec<Delta>,
    /// The sums that change, as they will be.
    pub(super) fine: HashMap<FineKey, Sum>,
    pub(super) numbers: HashMap<u128, SeriesId>,
    pub(super) series: BTreeMap<SeriesId, Arc<Series>>,
    pub(super) names: BTreeMap<(Name, Name), Name>,
    /// All recorders as they will be, if one has reported.
    pub(super) recorders: Option<BTreeMap<Arc<str>, Backlog>>,
    pub(super) reported: BTreeSet<Arc<str>>,
    pub(super) pushed_out: BTreeSet<Arc<str>>,
    pub(super) first_event: Option<i64>,
    pub(super) last_event: Option<i64>,
    pub(super) newest: Newest,
    /// The newest event may have been replaced by an older one.
    pub(super) recount_newest: bool,
}

impl Staged {
    /// Whether it is there already, as far as its events can tell.
    pub(super) fn exists(&self) -> bool {
        self.mirror.is_some() || self.gain.events
    }

    pub(super) fn simulated(&self) -> bool {
        self.gain.simulated.unwrap_or(self.usage.session.simulated)
    }

    pub(super) fn series(&self, id: SeriesId) -> Option<&Arc<Series>> {
        self.usage
            .series
            .get(&id)
            .or_else(|| self.gain.series.get(&id))
    }

    /// The number of a series, new if the session has none like it.
    pub(super) fn number(&mut self, fingerprint: u128, series: &Arc<Series>) -> SeriesId {
        let known = self.gain.numbers.get(&fingerprint).copied().or_else(|| {
            let mirror = self.mirror.as_ref()?;
            lock(mirror).numbers.get(&fingerprint).copied()
        });
        if let Some(known) = known {
            return known;
        }
        let last = |series: &BTreeMap<SeriesId, Arc<Series>>| {
            series.keys().next_back().copied().unwrap_or(0)
        };
        let number = last(&self.usage.series).max(last(&self.gain.series)) + 1;
        self.gain.numbers.insert(fingerprint, number);
        self.gain.series.insert(number, Arc::clone(series));
        number
    }

    /// Notes what an event adds, or takes away.
    pub(super) fn add(&mut self, delta: Delta) {
        let mirror = self.mirror.as_ref();
        let sum = self.gain.fine.entry(delta.key).or_insert_with(|| {
            let known = mirror.and_then(|mirror| lock(mirror).fine.get(&delta.key).cloned());
            known.unwrap_or_default()
        });
        sum.add(&delta.sum, delta.sign);
        if delta.key.generation == self.head.generation {
            self.quantities += i128::from(delta.sign) * delta.sum.values.iter().sum::<i128>();
        }
        self.gain.deltas.push(delta);
    }

    /// Whether the transaction changes anything of it.
    pub(super) fn has_gained(&self) -> bool {
        self.gain.events || self.gain.recorders.is_some()
    }
}

/// The sessions of a transaction, by key.
pub(super) type Sessions = BTreeMap<SessionKey, Staged>;

/// Locks sessions in one order and reads what is not in memory of them. Those of `wanted` with a flag are made if they are
/// not there; the others are passed over.
pub(super) async fn lock_sessions(
    client: &Client,
    shared: &Shared,
    wanted: &BTreeMap<SessionKey, Option<bool>>,
    now: Timestamp,
) -> Result<Sessions> {
    let mut tenants: HashMap<i64, Arc<str>> = HashMap::new();
    let mut numbers: HashMap<Arc<str>, i64> = HashMap::new();
    for key in wanted.keys() {
        if !numbers.contains_key(&key.tenant)
            && let Some(number) = shared.tenant(client, &key.tenant).await?
        {
            numbers.insert(Arc::clone(&key.tenant), number);
            tenants.insert(number, Arc::clone(&key.tenant));
        }
    }
    let made = make_missing(client, shared, wanted, &numbers, now).await?;
    let (of, ids): (Vec<i64>, Vec<&str>) = wanted
        .keys()
        .filter_map(|key| Some((*numbers.get(&key.tenant)?, &*key.session_id)))
        .unzip();
    let locked = rows(
        client,
        "SELECT session.id, session.version, session.tenant, session.session_id FROM session \
         JOIN unnest($1::bigint[], $2::text[]) AS wanted (tenant, session_id) \
         ON session.tenant = wanted.tenant AND session.session_id = wanted.session_id \
         ORDER BY session.tenant, session.session_id FOR UPDATE OF session",
        &[&of, &ids],
    )
    .await?;
    let mut sessions = Sessions::new();
    for row in &locked {
        let (number, version, tenant): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Some(tenant) = tenants.get(&tenant) else {
            continue;
        };
        let key = SessionKey {
            tenant: Arc::clone(tenant),
            session_id: Arc::from(row.try_get::<_, &str>(3)?),
        };
        let staged = if made.contains(&number) {
            new(&key, number, version, &shared.rates(), now)
        } else {
            let mirror = current(client, shared, &key, number, version).await?;
            known(client, shared, mirror).await?
        };
        sessions.insert(key, staged);
    }
    Ok(sessions)
}

/// Makes the sessions that are not there; gives their numbers.
async fn make_missing(
    client: &Client,
    shared: &Shared,
    wanted: &BTreeMap<SessionKey, Option<bool>>,
    numbers: &HashMap<Arc<str>, i64>,
    now: Timestamp,
) -> Result<BTreeSet<i64>> {
    let unknown: Vec<(i64, &str)> = wanted
        .iter()
        .filter(|(key, simulated)| simulated.is_some() && shared.mirror(key).is_none())
        .filter_map(|(key, _)| Some((*numbers.get(&key.tenant)?, &*key.session_id)))
        .collect();
    if unknown.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (of, ids): (Vec<i64>, Vec<&str>) = unknown.iter().copied().unzip();
    let there = rows(
        client,
        "SELECT session.tenant, session.session_id FROM session \
         JOIN unnest($1::bigint[], $2::text[]) AS wanted (tenant, session_id) \
         ON session.tenant = wanted.tenant AND session.session_id = wanted.session_id",
        &[&of, &ids],
    )
    .await?;
    let mut missing: BTreeSet<(i64, &str)> = unknown.into_iter().collect();
    for row in &there {
        missing.remove(&(row.try_get(0)?, row.try_get(1)?));
    }
    if missing.is_empty() {
        return Ok(BTreeSet::new());
    }
    // Nobody changes the prices meanwhile: a session must not begin with fewer dates than a change has just sorted by.
    let rates = sync_rates(client, shared, "FOR SHARE").await?;
    let (of, ids): (Vec<i64>, Vec<&str>) = missing.into_iter().unzip();
    let made = rows(
        client,
        "INSERT INTO session (tenant, session_id, simulated, started_at, revision, version, boundaries, touched_at) \
         SELECT tenant, session_id, false, $3::bigint, 0, 0, $4::integer, $3::bigint \
         FROM unnest($1::bigint[], $2::text[]) AS missing (tenant, session_id) ORDER BY tenant, session_id \
         ON CONFLICT (tenant, session_id) DO NOTHING RETURNING id",
        &[
            &of,
            &ids,
            &crate::adapters::columns::us(now),
            &rates.count(),
        ],
    )
    .await?;
    made.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The prices as the store has them, with the store's row locked; read again if they have changed.
pub(super) async fn sync_rates(client: &Client, shared: &Shared, how: &str) -> Result<Arc<Rates>> {
    let sql = format!("SELECT price_revision FROM store WHERE id = 1 {how}");
    let revision: i64 = row(client, &sql, &[])
        .await?
        .ok_or_else(|| damaged("the store's prices", "missing"))?
        .try_get(0)?;
    if revision != shared.rates().revision {
        shared.take_rates(Rates::read(client).await?);
    }
    Ok(shared.rates())
}

/// The mirror of a session whose row is locked, brought up to that row.
pub(super) async fn current(
    client: &Client,
    shared: &Shared,
    key: &SessionKey,
    number: i64,
    version: i64,
) -> Result<SharedMirror> {
    let mirror = match shared.mirror(key) {
        Some(mirror) => mirror,
        None => {
            let stored = load::one(client, &shared.snapshots, number).await?;
            shared.mirror_or(key, stored)
        }
    };
    while lock(&mirror).head.version != version {
        let news = news(client, &shared.snapshots, &mirror).await?;
        lock(&mirror).take(news);
    }
    Ok(mirror)
}

async fn known(client: &Client, shared: &Shared, mirror: SharedMirror) -> Result<Staged> {
    let (head, usage) = {
        let mirror = lock(&mirror);
        (mirror.head.clone(), mirror.live.usage())
    };
    if usize::try_from(head.boundaries).unwrap_or(usize::MAX) > shared.rates().boundaries.len() {
        shared.take_rates(Rates::read(client).await?);
    }
    Ok(Staged {
        boundaries: shared.rates().sorting(head.boundaries),
        quantities: usage.counted.all_quantities(),
        head,
        usage,
        mirror: Some(mirror),
        gain: Gain::default(),
    })
}

fn new(key: &SessionKey, row: i64, version: i64, rates: &Rates, now: Timestamp) -> Staged {
    let session = Session {
        session_id: Arc::clone(&key.session_id),
        title: Arc::from(""),
        labels: Arc::default(),
        simulated: false,
        started: now,
        ended: None,
    };
    Staged {
        head: Head {
            row,
            version,
            generation: 0,
            resets: Vec::new(),
            boundaries: u32::try_from(rates.count()).unwrap_or(0),
            first_rated: None,
            last_rated: None,
        },
        // The event's own transaction makes it revision 1.
        usage: Arc::new(SessionUsage::new(session, 0)),
        mirror: None,
        boundaries: Arc::clone(&rates.sorted_by),
        quantities: 0,
        gain: Gain::default(),
    }
}

/// What the ledger has of these ids: looked up with the sessions locked.
pub(super) async fn find_ids(
    client: &Client,
    ids: &BTreeSet<(i64, String)>,
) -> Result<HashMap<(i64, String), KnownId>> {
    let (of, ids): (Vec<i64>, Vec<&str>) = ids.iter().map(|(of, id)| (*of, id.as_str())).unzip();
    let found = rows(
        client,
        "SELECT event_key.tenant, event_key.id, event_key.n, event_key.hash FROM event_key \
         JOIN unnest($1::bigint[], $2::text[]) AS wanted (tenant, id) \
         ON event_key.tenant = wanted.tenant AND event_key.id = wanted.id",
        &[&of, &ids],
    )
    .await?;
    let mut known = HashMap::with_capacity(found.len());
    for row in &found {
        let id = KnownId {
            n: row.try_get(2)?,
            hash: row.try_get(3)?,
        };
        known.insert((row.try_get(0)?, row.try_get(1)?), id);
    }
    Ok(known)
}

/// What is to be replaced, and what has been.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    pub(super) rows: HashMap<i64, EventRow>,
    /// The id of the event that replaces it, by its number.
    pub(super) by: HashMap<i64, String>,
}

/// Reads the events of these numbers and what replaces them.
pub(super) async fn find_replaced(client: &Client, numbers: &[i64]) -> Result<Replaced> {
    let mut replaced = Replaced::default();
    if numbers.is_empty() {
        return Ok(replaced);
    }
    for event in EventRow::get(client, numbers).await? {
        replaced.rows.insert(event.n, event);
    }
    let found = rows(
        client,
        "SELECT replaced, id FROM correction WHERE replaced = ANY($1)",
        &[&numbers],
    )
    .await?;
    for row in &found {
        replaced.by.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(replaced)
}

/// Numbers for so many events, rising.
pub(super) async fn event_numbers(client: &Client, count: usize) -> Result<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let found = rows(
        client,
        "SELECT nextval('event_n') FROM generate_series(1, $1::bigint)",
        &[&count],
    )
    .await?;
    let mut numbers: Vec<i64> = Vec::with_capacity(found.len());
    for row in &found {
        numbers.push(row.try_get(0)?);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Takes away the sessions that were made and got no event.
pub(super) async fn unmake(client: &Client, sessions: &mut Sessions) -> Result<()> {
    let empty: Vec<i64> = sessions
        .values()
        .filter(|staged| !staged.exists())
        .map(|staged| staged.head.row)
        .collect();
    if !empty.is_empty() {
        execute(client, "DELETE FROM session WHERE id = ANY($1)", &[&empty]).await?;
        sessions.retain(|_, staged| staged.exists());
    }
    Ok(())
}

/// After the commit: lets readers see what was done, and wakes those who watch.
pub(super) fn publish(shared: &Shared, sessions: Sessions) {
    let mut started = false;
    for (key, staged) in sessions {
        if !staged.has_gained() {
            continue;
        }
        let Staged {
            head,
            usage,
            mirror,
            gain,
            ..
        } = staged;
        match mirror {
            Some(mirror) => {
                let mut mirror = lock(&mirror);
                // Whoever looks for changes may have seen this one already.
                if mirror.head.version + 1 != head.version {
                    continue;
                }
                let live = Arc::clone(&mirror.live);
                mirror.head = head;
                mirror.numbers.extend(gain.numbers.iter());
                for (key, sum) in &gain.fine {
                    if sum.is_empty() {
                        mirror.fine.remove(key);
                    } else {
                        mirror.fine.insert(*key, sum.clone());
                    }
                }
                let generation = mirror.head.generation;
                live.update(|shown| show(shown, gain, generation));
            }
            None => {
                let mut usage = SessionUsage::clone(&usage);
                usage.session.simulated = gain.simulated.unwrap_or_default();
                let mut fine = gain.fine.clone();
                fine.retain(|_, sum| !sum.is_empty());
                let generation = head.generation;
                show(&mut usage, gain, generation);
                shared.mirror_or(&key, Stored { head, fine, usage });
                started = true;
            }
        }
    }
    if started {
        shared.live.announce();
    }
    shared.changed.notify_one();
}

fn show(shown: &mut SessionUsage, gain: Gain, generation: i64) {
    for delta in &gain.deltas {
        load::tally(shown, delta.key.generation == generation).add(
            delta.key.class,
            &delta.sum,
            delta.sign,
        );
    }
    shown.revision += i64::from(gain.events);
    shown.last_event = gain.newest.over(shown.last_event);
    shown.series.extend(gain.series);
    shown.display_names.extend(gain.names);
    if let Some(recorders) = gain.recorders {
        shown.recorders = recorders;
    }
}
