//! The handle that a tool records with.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prost::Message;
use reelmeter_proto::meter::v1::{
    CallOutcome, EndSessionRequest, Quota, ReportQuotaRequest, StartSessionRequest, UsageEvent,
};
use tokio::sync::{Notify, watch};

use crate::abort;
use crate::call::{Intent, Used};
use crate::counts::SessionCounts;
use crate::delivery::Link;
use crate::error::{OpenError, RecordError};
use crate::lease::Permit;
use crate::outbox::{CommandKind, Opened, Store, Touched, Writer};
use crate::world::{System, World};

/// Sessions of which nothing is held any more leave the outbox this long after their end.
const KEEP_AFTER_END: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Records usage durably, and delivers it when the meter can be reached. Clones share one outbox.
///
/// Recording never waits for the meter: it is a write to the local disk and nothing else.
#[derive(Debug, Clone)]
pub struct Recorder {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: Arc<dyn World>,
    pub(crate) writer: Writer,
    pub(crate) recorder_id: String,
    /// Something waits to be delivered.
    pub(crate) work: Arc<Notify>,
    pub(crate) link: watch::Sender<Link>,
    watched: Watched,
}

/// Those who watch a session's counts.
type Watched = Arc<Mutex<HashMap<String, watch::Sender<SessionCounts>>>>;

impl Recorder {
    /// Opens or creates the outbox. Calls that a former run left open become *unconfirmed*. `name` says which program
    /// this is (`generator`); with a number made once it is the recorder's id in the meter.
    ///
    /// Blocks for some file operations; call it at start-up.
    ///
    /// # Errors
    /// The file cannot be used, another process has it, or it was written by a newer version.
    pub fn open(path: &Path, name: &str) -> Result<Self, OpenError> {
        Self::open_in(Arc::new(System), path, name)
    }

    /// As [`Recorder::open`], with another clock, other ids, other chance, or without threads.
    ///
    /// # Errors
    /// As [`Recorder::open`].
    pub fn open_in(world: Arc<dyn World>, path: &Path, name: &str) -> Result<Self, OpenError> {
        let opened = Opened::open(path)?;
        let prepared = prepare(&Store::new(&opened.connection), name, &*world);
        let (recorder_id, left_over) = prepared.map_err(|source| OpenError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        if left_over > 0 {
            tracing::warn!(
                calls = left_over,
                "calls were open when the last run ended: nobody knows what they used, they are recorded as unconfirmed"
            );
        }
        let work = Arc::new(Notify::new());
        let watched = Watched::default();
        let (told, woken) = (watched.clone(), work.clone());
        let after_commit = Box::new(move |store: &Store<'_>, touched: &Touched| {
            tell(&told, store, touched);
            // A job that only read must not wake the delivery: its own questions would keep it awake.
            if !touched.sessions.is_empty() {
                woken.notify_one();
            }
        });
        let writer = if world.has_threads() {
            Writer::start(opened, after_commit).map_err(|source| OpenError::Unusable {
                path: path.to_owned(),
                source,
            })?
        } else {
            Writer::inline(opened, after_commit)
        };
        let (link, _) = watch::channel(Link::Untried);
        Ok(Self {
            shared: Arc::new(Shared {
                world,
                writer,
                recorder_id,
                work,
                link,
                watched,
            }),
        })
    }

    /// The recorder's id in the meter, the same as long as the outbox lives.
    #[must_use]
    pub fn recorder_id(&self) -> &str {
        &self.shared.recorder_id
    }

    /// Whether the meter can be reached, as far as the delivery knows.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.shared.link.subscribe()
    }

    /// Starts a session in the meter, as soon as it can be reached; events of the session go after it. Said once: what
    /// a second call for the same session says is not sent.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub async fn start_session(&self, request: StartSessionRequest) -> Result<(), RecordError> {
        let session_id = request.session_id.clone();
        self.say(session_id, CommandKind::Start, request.encode_to_vec())
            .await
    }

    /// Starts a session of a tenant, as [`Recorder::start_session`] does for the default one. Everything of the session
    /// goes to the meter under the tenant's name: the recorder's token must be one for every tenant.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub async fn start_session_for(
        &self,
        tenant: &str,
        request: StartSessionRequest,
    ) -> Result<(), RecordError> {
        if !tenant.is_empty() {
            let (session_id, tenant) = (request.session_id.clone(), tenant.to_owned());
            self.shared
                .writer
                .run(move |store, _| store.own(&session_id, &tenant))
                .await?;
        }
        self.start_session(request).await
    }

    /// Whose session it is; empty for the default tenant.
    pub(crate) async fn owner(&self, session_id: &str) -> Result<String, RecordError> {
        let session_id = session_id.to_owned();
        let owner = self
            .shared
            .writer
            .run(move |store, _| store.owner(&session_id));
        owner.await
    }

    /// Ends a session in the meter, once all its events are there. Repeating it is harmless.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub async fn end_session(&self, session_id: &str) -> Result<(), RecordError> {
        let request = EndSessionRequest {
            session_id: session_id.to_owned(),
        };
        self.say(
            session_id.to_owned(),
            CommandKind::End,
            request.encode_to_vec(),
        )
        .await
    }

    /// Reports what a provider says of its quota.
    ///
    /// # Errors
    /// The outbox cannot be written.
    pub async fn report_quota(&self, session_id: &str, quota: Quota) -> Result<(), RecordError> {
        let request = ReportQuotaRequest {
            session_id: session_id.to_owned(),
            quota: Some(quota),
        };
        self.say(
            session_id.to_owned(),
            CommandKind::Quota,
            request.encode_to_vec(),
        )
        .await
    }

    async fn say(
        &self,
        session_id: String,
        kind: CommandKind,
        payload: Vec<u8>,
    ) -> Result<(), RecordError> {
        let now = self.shared.world.now();
        let said = self.shared.writer.run(move |store, touched| {
            store.say(&session_id, kind, &payload, now)?;
            touched.sessions.insert(session_id);
            Ok(())
        });
        said.await
    }

    /// Notes that a call is about to be made. When this returns, the call's id and intent are on disk: ask the provider
    /// now, and end the call with [`Call::used`] or [`Call::unconfirmed`].
    ///
    /// # Errors
    /// The outbox cannot be written: then the provider must not be asked.
    pub async fn begin(&self, intent: Intent) -> Result<Call, RecordError> {
        let now = self.shared.world.now();
        let event_id = self.shared.world.next_id();
        let event = intent.event(event_id.clone(), now);
        let session_id = event.session_id.clone();
        let worst_case = intent
            .permit
            .as_ref()
            .map(Permit::worst_case)
            .unwrap_or_default();
        abort::point("recorder.before-intent");
        // Dropped while it waits for the disk, the call was never made.
        let mut announced = Announced {
            recorder: self,
            event_id: Some(event_id.clone()),
        };
        self.shared
            .writer
            .run(move |store, touched| {
                store.intend(&event, &worst_case, now)?;
                touched.sessions.insert(session_id);
                Ok(())
            })
            .await?;
        announced.event_id = None;
        abort::point("recorder.intended");
        Ok(Call {
            recorder: self.clone(),
            event_id,
            permit: intent.permit,
            open: true,
        })
    }

    /// Records an event that is already complete, such as a correction that replaces an earlier one. Its id is kept if
    /// it has one; gives the id.
    ///
    /// # Errors
    /// The outbox cannot be written, or an event of that id is in it.
    pub async fn record(&self, mut event: UsageEvent) -> Result<String, RecordError> {
        let now = self.shared.world.now();
        if event.event_id.is_empty() {
            event.event_id = self.shared.world.next_id();
        }
        if event.occur_time.is_none() {
            event.occur_time = Some(now.into());
        }
        let event_id = event.event_id.clone();
        self.shared
            .writer
            .run(move |store, touched| {
                store.add(&event, now)?;
                touched.sessions.insert(event.session_id);
                Ok(())
            })
            .await?;
        Ok(event_id)
    }

    /// Where the session's calls stand, now and after each change.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub async fn counts(
        &self,
        session_id: &str,
    ) -> Result<watch::Receiver<SessionCounts>, RecordError> {
        let session_id = session_id.to_owned();
        let watched = self.shared.watched.clone();
        // In the writer's thread no commit can come between the reading and the registration.
        self.shared
            .writer
            .run(move |store, _| {
                let counts = store.counts(&session_id)?;
                let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
                let sender = watched
                    .entry(session_id)
                    .or_insert_with(|| watch::channel(counts).0);
                sender.send_replace(counts);
                Ok(sender.subscribe())
            })
            .await
    }

    /// Where the calls of all sessions in the outbox stand, together.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub async fn totals(&self) -> Result<SessionCounts, RecordError> {
        self.shared.writer.run(|store, _| store.totals()).await
    }

    /// Waits until the meter has everything of the session, its end included, if one was said; gives the last counts.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub async fn delivered(&self, session_id: &str) -> Result<SessionCounts, RecordError> {
        let mut counts = self.counts(session_id).await?;
        let last = counts.wait_for(SessionCounts::is_delivered).await;
        last.map(|counts| *counts).map_err(|_| RecordError::Closed)
    }

    /// Every event of the session whose usage is known here, delivered or not, in the order in which the calls were
    /// begun.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub async fn events(&self, session_id: &str) -> Result<Vec<UsageEvent>, RecordError> {
        let session_id = session_id.to_owned();
        self.shared
            .writer
            .run(move |store, _| store.events(&session_id))
            .await
    }

    /// What the meter refused of the session, at most `limit`: event id (empty for a word about the session) and the
    /// meter's reason.
    ///
    /// # Errors
    /// The outbox cannot be read.
    pub async fn refused(
        &self,
        session_id: &str,
        limit: usize,
    ) -> Result<Vec<(String, String)>, RecordError> {
        let session_id = session_id.to_owned();
        self.shared
            .writer
            .run(move |store, _| store.refused(&session_id, limit))
            .await
    }
}

pub(crate) fn prepare(
    store: &Store<'_>,
    name: &str,
    world: &dyn World,
) -> Result<(String, usize), RecordError> {
    let now = world.now();
    let recorder_id = store.recorder_id(|| format!("{name}-{}", world.next_id()))?;
    let left_over = store.settle_left_overs(now)?;
    let before = now
        .checked_sub(KEEP_AFTER_END)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    store.prune(before)?;
    Ok((recorder_id, left_over.len()))
}

/// Tells the watchers of the touched sessions, and forgets those whose watchers have gone.
fn tell(watched: &Watched, store: &Store<'_>, touched: &Touched) {
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|_, sender| sender.receiver_count() > 0);
    for session_id in &touched.sessions {
        let Some(sender) = watched.get(session_id) else {
            continue;
        };
        match store.counts(session_id) {
            Ok(counts) => {
                sender.send_if_modified(|known| std::mem::replace(known, counts) != counts);
            }
            Err(error) => tracing::error!(%error, session_id, "cannot count the session's calls"),
        }
    }
}

/// A call whose intent is on its way to the disk.
struct Announced<'a> {
    recorder: &'a Recorder,
    event_id: Option<String>,
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        let Some(event_id) = self.event_id.take() else {
            return;
        };
        let withdraw = move |store: &Store<'_>, touched: &mut Touched| {
            match store.withdraw(&event_id) {
                Ok(session_id) => touched.sessions.insert(session_id),
                // The intent itself could not be written: there is nothing to take back.
                Err(RecordError::NotOpen { .. }) => false,
                Err(error) => return Err(error),
            };
            Ok(())
        };
        let writer = &self.recorder.shared.writer;
        writer.run_detached("the withdrawal of a call", withdraw);
    }
}

/// A call that was announced and has not been ended. Dropped without being ended it becomes *unconfirmed*: nobody
/// knows then what it used.
#[derive(Debug)]
#[must_use = "end the call with `used` or `unconfirmed`"]
pub struct Call {
    recorder: Recorder,
    event_id: String,
    permit: Option<Permit>,
    open: bool,
}

impl Call {
    /// The id under which the call is recorded.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event_id
    }

    /// Ends the call with what it used. When this returns, the usage is on disk: use the call's result now.
    ///
    /// # Errors
    /// The outbox cannot be written; the call is then unconfirmed at the next start.
    pub async fn used(mut self, used: Used) -> Result<(), RecordError> {
        self.open = false;
        let event_id = self.event_id.clone();
        let permit = self.permit.take();
        let now = self.recorder.shared.world.now();
        abort::point("recorder.before-used");
        let completed = self
            .recorder
            .shared
            .writer
            .run(move |store, touched| {
                let mut event = store.open_call(&event_id)?;
                used.complete(&mut event, now);
                store.complete(&event, now)?;
                touched.sessions.insert(event.session_id.clone());
                Ok(event)
            })
            .await;
        abort::point("recorder.used");
        match (completed, permit) {
            (Ok(event), Some(permit)) if event.outcome() != CallOutcome::Unconfirmed => {
                permit.draw(&event);
                Ok(())
            }
            (completed, permit) => {
                if let Some(permit) = permit {
                    permit.keep();
                }
                completed.map(drop)
            }
        }
    }

    /// Ends the call as one of which nobody knows what it used: after a timeout or a lost connection.
    ///
    /// # Errors
    /// The outbox cannot be written; the call is then unconfirmed at the next start.
    pub async fn unconfirmed(mut self) -> Result<(), RecordError> {
        self.open = false;
        if let Some(permit) = self.permit.take() {
            permit.keep();
        }
        let event_id = self.event_id.clone();
        let now = self.recorder.shared.world.now();
        self.recorder
            .shared
            .writer
            .run(move |store, touched| {
                touched.sessions.insert(store.doubt(&event_id, now)?);
                Ok(())
            })
            .await
    }

    /// Takes the call back: it is certain that the provider was not asked.
    ///
    /// # Errors
    /// The outbox cannot be written; the call is then unconfirmed at the next start.
    pub async fn withdraw(mut self) -> Result<(), RecordError> {
        self.open = false;
        let event_id = self.event_id.clone();
        self.recorder
            .shared
            .writer
            .run(move |store, touched| {
                touched.sessions.insert(store.withdraw(&event_id)?);
                Ok(())
            })
            .await
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if let Some(permit) = self.permit.take() {
            permit.keep();
        }
        let event_id = self.event_id.clone();
        let now = self.recorder.shared.world.now();
        let doubt = move |store: &Store<'_>, touched: &mut Touched| {
            touched.sessions.insert(store.doubt(&event_id, now)?);
            Ok(())
        };
        self.recorder
            .shared
            .writer
            .run_detached("an unconfirmed call", doubt);
    }
}
