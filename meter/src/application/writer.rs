//! The queue in front of the ledger: whoever waits together is committed together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reelmeter_service::{CancellationToken, Clock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::Error;
use super::gauges::Observer;
use super::ports::{Answer, Change, Ledger, Request};

/// Events that may wait at once; at about half a kilobyte each they take some 30 MB. Whoever comes then has to wait.
const WAITING_EVENTS_MAX: usize = 65_536;
/// How long a unary call waits for room before it is told to come again.
const ROOM_TIMEOUT: Duration = Duration::from_secs(2);
/// Events of one transaction, about: more would make the first of them wait for the last.
const GROUP_EVENTS_MAX: usize = 8_000;
/// Requests of one transaction.
const GROUP_REQUESTS_MAX: usize = 4_096;
/// How long a group is waited for at most while many call at once: a commit costs the same for one and for a hundred.
/// Whoever calls alone never waits.
const LINGER: Duration = Duration::from_micros(1_500);
/// How often it is looked whether a group is large enough meanwhile.
const LINGER_LOOK_EVERY: Duration = Duration::from_micros(200);
/// Requests of a group that is large enough not to wait for more: were it larger, those who wait for their answers would
/// leave the processors without work.
const LINGER_REQUESTS_MAX: usize = 64;
/// Requests of the last group from which on many call at once.
const LINGER_REQUESTS_MIN: usize = 4;
/// Events of a group that is large enough not to wait for more.
const LINGER_EVENTS_MAX: usize = 512;
/// How long nobody must have come before the ledger is tidied.
const TIDY_AFTER: Duration = Duration::from_secs(1);
/// How often the ledger is written for real to see whether it can be, and how many bytes.
const PROBE_EVERY: Duration = Duration::from_secs(10);
const PROBE_BYTES: u32 = 0;
/// The same while it could not be: as soon as there is room again, the meter serves again.
const PROBE_FAILING_EVERY: Duration = Duration::from_secs(1);
/// Room for a fair batch: a disk on which only the smallest write still fits does not count as having room again.
const PROBE_FAILING_BYTES: u32 = 262_144;

/// Whether the ledger can be written, as the last attempt showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Serving,
    /// The last write failed, for this reason.
    Failing(String),
    /// The writer is gone.
    Gone,
}

struct Job {
    request: Request,
    reply: Reply,
    /// Room in the queue, given back when the job is done.
    room: OwnedSemaphorePermit,
}

enum Drive {
    Thread(Mutex<Option<mpsc::Sender<Job>>>),
    Inline(Mutex<Box<dyn Ledger>>),
}

struct Inner {
    drive: Drive,
    clock: Arc<dyn Clock>,
    room: Arc<Semaphore>,
    health: watch::Sender<Health>,
    closed: CancellationToken,
    observer: Arc<OnceLock<Arc<dyn Observer>>>,
}

/// The way to the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Writer(Arc<Inner>);

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("health", &*self.0.health.borrow())
            .finish_non_exhaustive()
    }
}

/// A request on its way.
#[derive(Debug)]
pub struct Waiting(Way);

/// How an answer comes.
#[derive(Debug)]
enum Way {
    /// From the writer's thread.
    Coming(oneshot::Receiver<Result<Answer, Error>>),
    /// It is there.
    Here(Box<Result<Answer, Error>>),
}

impl Waiting {
    /// The answer.
    ///
    /// # Errors
    /// Why the request was not carried out.
    pub async fn answer(self) -> Result<Answer, Error> {
        match self.0 {
            // A writer that is gone drops what it had taken; nothing of it was acknowledged.
            Way::Coming(receiver) => receiver.await.unwrap_or(Err(Error::Stopping)),
            Way::Here(answer) => *answer,
        }
    }
}

impl Writer {
    /// A writer on a thread of its own, as in production.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn on_a_thread(ledger: Box<dyn Ledger>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let writer = Self::new(Drive::Thread(Mutex::new(Some(sender))), clock);
        let inner = Arc::clone(&writer.0);
        std::thread::Builder::new().name("ledger-writer".to_owned()).spawn(move || {
            let (health, clock) = (inner.health.clone(), Arc::clone(&inner.clock));
            let closed = inner.closed.clone();
            let observer = Arc::clone(&inner.observer);
            // The thread must not keep the queue's sending side alive through `Inner`.
            drop(inner);
            let ended = catch_unwind(AssertUnwindSafe(|| drive(ledger, &receiver, &*clock, &health, &observer)));
            if ended.is_err() {
                tracing::error!("the ledger's writer has panicked; the meter stops, nothing unacknowledged is claimed");
            }
            health.send_replace(Health::Gone);
            closed.cancel();
        })?;
        Ok(writer)
    }

    /// A writer that works on the caller's own thread, for simulations in which nothing else may run.
    #[must_use]
    pub fn inline(ledger: Box<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self::new(Drive::Inline(Mutex::new(ledger)), clock)
    }

    fn new(drive: Drive, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            drive,
            clock,
            room: Arc::new(Semaphore::new(WAITING_EVENTS_MAX)),
            health: watch::Sender::new(Health::Serving),
            closed: CancellationToken::new(),
            observer: Arc::default(),
        }))
    }

    /// Carries out a request; waits a moment for room in the queue, and for the commit.
    ///
    /// # Errors
    /// [`Error::Busy`] if there is no room, and why the ledger did not carry it out.
    pub async fn submit(&self, request: Request) -> Result<Answer, Error> {
        self.enqueue_in_time(request).await?.answer().await
    }

    /// Puts a request into the queue, as soon as there is room. Requests that one caller puts in one after the other are
    /// carried out in that order.
    ///
    /// # Errors
    /// [`Error::Stopping`] if the writer takes nothing any more.
    pub async fn enqueue(&self, request: Request) -> Result<Waiting, Error> {
        let room = Arc::clone(&self.0.room)
            .acquire_many_owned(room_for(&request)?)
            .await
            .map_err(|_| Error::Stopping)?;
        self.put(request, room)
    }

    /// The same, but does not wait for room for ever.
    ///
    /// # Errors
    /// [`Error::Busy`] if there was no room, and [`Error::Stopping`].
    pub async fn enqueue_in_time(&self, request: Request) -> Result<Waiting, Error> {
        // Nearly always there is room, and no clock need be asked.
        match Arc::clone(&self.0.room).try_acquire_many_owned(room_for(&request)?) {
            Ok(room) => self.put(request, room),
            Err(_) => tokio::time::timeout(ROOM_TIMEOUT, self.enqueue(request))
                .await
                .map_err(|_| Error::Busy)?,
        }
    }

    fn put(&self, request: Request, room: OwnedSemaphorePermit) -> Result<Waiting, Error> {
        match &self.0.drive {
            Drive::Thread(sender) => {
                let (reply, receiver) = oneshot::channel();
                let job = Job {
                    request,
                    reply,
                    room,
                };
                let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
                sender
                    .as_ref()
                    .ok_or(Error::Stopping)?
                    .send(job)
                    .map_err(|_| Error::Stopping)?;
                Ok(Waiting(Way::Coming(receiver)))
            }
            Drive::Inline(ledger) => {
                let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
                let mut answers = ledger.commit(vec![request], self.0.clock.now());
                note(&self.0.health, &answers);
                ledger.settle(self.0.clock.now());
                let answer = answers.pop().unwrap_or(Err(Error::Internal(
                    "a request without an answer".to_owned(),
                )));
                Ok(Waiting(Way::Here(Box::new(answer))))
            }
        }
    }

    /// Whether there is a thread that waits for the ledger, so that nobody else has to.
    #[must_use]
    pub fn has_a_thread(&self) -> bool {
        matches!(self.0.drive, Drive::Thread(_))
    }

    /// What the writer's thread does while nobody comes, for a writer that has none; returns at once where there is one.
    /// Otherwise it runs until it is dropped.
    pub async fn tidy_inline(&self) {
        let Drive::Inline(ledger) = &self.0.drive else {
            return;
        };
        loop {
            tokio::time::sleep(TIDY_AFTER).await;
            let now = self.0.clock.now();
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            tidy(&mut **ledger, now);
            let failing = *self.0.health.borrow() != Health::Serving;
            if failing {
                note_result(&self.0.health, &ledger.probe(now, PROBE_FAILING_BYTES));
            }
        }
    }

    /// Tells an observer of what happens from here on; the first one stays.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        // A second one is a mistake of whoever puts the meter together, and costs nothing but its figures.
        if self.0.observer.set(observer).is_err() {
            tracing::warn!("the writer has an observer already");
        }
    }

    pub(super) fn observer(&self) -> Option<&dyn Observer> {
        self.0.observer.get().map(|observer| &**observer)
    }

    /// How many events wait for the ledger.
    #[must_use]
    pub fn events_waiting(&self) -> usize {
        WAITING_EVENTS_MAX.saturating_sub(self.0.room.available_permits())
    }

    /// Whether the ledger can be written.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.subscribe()
    }

    /// Takes nothing more, carries out what waits, closes the ledger, and returns when that is done.
    pub async fn close(&self) {
        match &self.0.drive {
            Drive::Thread(sender) => {
                drop(sender.lock().unwrap_or_else(PoisonError::into_inner).take());
                self.0.closed.cancelled().await;
            }
            Drive::Inline(ledger) => {
                let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = ledger.close(self.0.clock.now()) {
                    tracing::warn!(%error, "the ledger was not closed in order; the next start reads its tail");
                }
            }
        }
    }
}

fn room_for(request: &Request) -> Result<u32, Error> {
    let weight = weight(request).min(WAITING_EVENTS_MAX);
    u32::try_from(weight).map_err(|_| Error::Busy)
}

fn weight(request: &Request) -> usize {
    match &request.change {
        Change::Record(recording) => recording.events.len().max(1),
        _ => 1,
    }
}

/// The writer's life: take what waits, commit it, answer; tidy up and probe while nobody comes.
fn drive(
    mut ledger: Box<dyn Ledger>,
    jobs: &mpsc::Receiver<Job>,
    clock: &dyn Clock,
    health: &watch::Sender<Health>,
    observer: &OnceLock<Arc<dyn Observer>>,
) {
    let mut last_proof = Instant::now();
    let mut failing = false;
    let mut last_requests = 0;
    loop {
        match jobs.recv_timeout(TIDY_AFTER) {
            Ok(first) => {
                let many = last_requests >= LINGER_REQUESTS_MIN;
                let group = gather(first, jobs, many.then_some(LINGER));
                last_requests = group.len();
                let (requests, replies): (Vec<_>, Vec<_>) = group
                    .into_iter()
                    .map(|job| (job.request, (job.reply, job.room)))
                    .unzip();
                let (count, started) = (requests.len(), Instant::now());
                let answers = ledger.commit(requests, clock.now());
                if let Some(observer) = observer.get() {
                    observer.committed(count, started.elapsed());
                }
                note(health, &answers);
                reply_all(answers, replies);
                ledger.settle(clock.now());
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                tidy(&mut *ledger, clock.now());
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        // Only a real write shows that the disk can be written: reading, or finding duplicates, does not.
        let fails = *health.borrow() != Health::Serving;
        if fails && !failing {
            last_proof = Instant::now();
        }
        failing = fails;
        let (every, bytes) = if failing {
            (PROBE_FAILING_EVERY, PROBE_FAILING_BYTES)
        } else {
            (PROBE_EVERY, PROBE_BYTES)
        };
        if last_proof.elapsed() >= every {
            note_result(health, &ledger.probe(clock.now(), bytes));
            last_proof = Instant::now();
        }
    }
    if let Err(error) = ledger.close(clock.now()) {
        tracing::warn!(%error, "the ledger was not closed in order; the next start reads its tail");
    }
}

type Reply = oneshot::Sender<Result<Answer, Error>>;

/// Tells everybody of a group, once the room that they took is free for others.
fn reply_all(answers: Vec<Result<Answer, Error>>, replies: Vec<(Reply, OwnedSemaphorePermit)>) {
    let mut all_room: Option<OwnedSemaphorePermit> = None;
    let replies: Vec<Reply> = replies
        .into_iter()
        .map(|(reply, room)| {
            match &mut all_room {
                Some(all) => all.merge(room),
                None => all_room = Some(room),
            }
            reply
        })
        .collect();
    drop(all_room);
    for (answer, reply) in answers.into_iter().zip(replies) {
        // A caller that has gone away learns by asking again: the event is a duplicate then.
        let _ = reply.send(answer);
    }
}

fn tidy(ledger: &mut dyn Ledger, now: Timestamp) {
    if let Err(error) = ledger.tidy(now) {
        tracing::warn!(%error, "the ledger could not be tidied; it will be tried again");
    }
}

/// The first job and whatever waits behind it, or comes while it lingers, up to what one transaction should hold.
fn gather(first: Job, jobs: &mpsc::Receiver<Job>, linger: Option<Duration>) -> Vec<Job> {
    let mut events = weight(&first.request);
    let mut group = vec![first];
    take_waiting(&mut group, &mut events, jobs);
    if let Some(linger) = linger
        && events < LINGER_EVENTS_MAX
    {
        let until = Instant::now() + linger;
        while group.len() < LINGER_REQUESTS_MAX && Instant::now() < until {
            // Asleep and not at the queue: nobody who comes has to wake this thread.
            std::thread::sleep(LINGER_LOOK_EVERY);
            take_waiting(&mut group, &mut events, jobs);
        }
    }
    group
}

fn take_waiting(group: &mut Vec<Job>, events: &mut usize, jobs: &mpsc::Receiver<Job>) {
    while *events < GROUP_EVENTS_MAX && group.len() < GROUP_REQUESTS_MAX {
        let Ok(job) = jobs.try_recv() else { break };
        *events += weight(&job.request);
        group.push(job);
    }
}

/// Notes a failure of the ledger itself.
fn note(health: &watch::Sender<Health>, answers: &[Result<Answer, Error>]) {
    if let Some(error) = answers
        .iter()
        .find_map(|answer| answer.as_ref().err().filter(|error| error.is_storage()))
    {
        note_result(health, &Err(error.clone()));
    }
}

fn note_result(health: &watch::Sender<Health>, result: &Result<(), Error>) {
    let now = match result {
        Ok(()) => Health::Serving,
        Err(error) => Health::Failing(error.to_string()),
    };
    health.send_if_modified(|before| {
        if *before == now {
            return false;
        }
        match &now {
            Health::Failing(reason) => tracing::error!(reason, "the ledger cannot be written"),
            _ => tracing::info!("the ledger can be written again"),
        }
        *before = now;
        true
    });
}

#[cfg(test)]
mod tests;
