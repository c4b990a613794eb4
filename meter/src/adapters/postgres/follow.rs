//! Seeing what other replicas do: what is watched here is looked at again and again, at once where a notification says so.
//!
//! A notification is a hint. It is sent outside of the writing transactions, at most one in a while for all that was
//! committed meanwhile, and one that gets lost costs at most the time until the next look.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_postgres::AsyncMessage;

use super::address::{Address, Options};
use super::connection::{self, Client, execute, row, rows};
use super::error::{Failure, Result};
use super::mirror::{lock, news};
use super::open;
use super::shared::{Rates, Shared};

/// Where replicas tell each other that something has changed.
const CHANNEL: &str = "reelmeter";
/// The least time between two notifications of one replica: each takes a lock of the whole database server at its commit.
const NOTIFY_EVERY: Duration = Duration::from_millis(50);
/// The least time between two looks, however many notifications come.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(20);
/// How long to wait before the database is tried again after it was lost.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How long one look may take: then the database counts as not there.
const LOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// Looks until the meter stops. `arrived` is the connection that says that this replica is here until the one that looks
/// says it: between the two no replica with other prices may come in.
pub(super) async fn follow(address: Address, options: Options, of: Following, arrived: Client) {
    let mut silent = false;
    let mut arrived = Some(arrived);
    loop {
        let lost = tokio::select! {
            () = of.stop.cancelled() => return,
            ended = attend(&address, &options, &of, &mut arrived) => ended,
        };
        let Err(failure) = lost else { return };
        of.shared.lost.store(true, Ordering::Release);
        if !silent {
            let reason = crate::application::Error::from(failure);
            tracing::error!(%reason, "changes of other meters are not seen until the database is there again");
        }
        silent = true;
        tokio::select! {
            () = of.stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN_AFTER) => {}
        }
        if !of.shared.lost.load(Ordering::Acquire) {
            silent = false;
        }
    }
}

/// What following needs of a replica.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) shared: Arc<Shared>,
    pub(super) replica: String,
    pub(super) stop: reelmeter_service::CancellationToken,
}

/// One connection's life.
async fn attend(
    address: &Address,
    options: &Options,
    of: &Following,
    arrived: &mut Option<Client>,
) -> Result<()> {
    let (client, mut heard) = listening(address).await?;
    // Held as long as the connection: whoever wants other prices sees that somebody is here.
    open::announce(&client).await?;
    *arrived = None;
    if options.listen {
        client
            .batch_execute(&format!("LISTEN {CHANNEL}"))
            .await
            .inspect_err(|error| {
                tracing::warn!(%error, "the database takes no LISTEN; set METER_STORE_LISTEN to false to go without");
            })?;
    }
    let shared = &*of.shared;
    let mut looks = tokio::time::interval(options.poll_every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut newest = HashMap::new();
    let mut told: Option<Instant> = None;
    let mut to_tell = false;
    loop {
        look(&client, shared, &mut newest).await?;
        if shared.lost.swap(false, Ordering::AcqRel) {
            tracing::info!("the database is there again, and changes of other meters are seen");
        }
        let looked = Instant::now();
        // Until it is time to look again: a tick, or a word of another replica.
        loop {
            let tell_at = told.map_or(looked, |told| told + NOTIFY_EVERY);
            tokio::select! {
                () = of.stop.cancelled() => return Ok(()),
                _ = looks.tick() => break,
                word = heard.recv() => match word {
                    None => return Err(Failure::Lost("the connection is gone".to_owned())),
                    Some(from) if from == of.replica => {}
                    Some(_) => {
                        tokio::time::sleep_until(looked + LOOK_EVERY_MIN).await;
                        while heard.try_recv().is_ok() {}
                        break;
                    }
                },
                () = shared.changed.notified(), if !to_tell => to_tell = options.listen,
                () = tokio::time::sleep_until(tell_at), if to_tell => {
                    execute(&client, "SELECT pg_notify($1, $2)", &[&CHANNEL, &of.replica]).await?;
                    told = Some(Instant::now());
                    to_tell = false;
                }
            }
        }
    }
}

/// A connection and the notifications that come on it: whom each is from.
async fn listening(address: &Address) -> Result<(Client, mpsc::UnboundedReceiver<String>)> {
    let (client, mut connection) = address.config.connect(address.tls.clone()).await?;
    // Unbounded: they are as few as the replicas, each at most twenty a second, and are taken all at once.
    let (words, heard) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let mut messages =
            futures::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = futures::StreamExt::next(&mut messages).await {
            if let AsyncMessage::Notification(notification) = message
                && words.send(notification.payload().to_owned()).is_err()
            {
                return;
            }
        }
    });
    let client = ClientWrapper::new(client, task);
    client.batch_execute(&connection::settings()).await?;
    Ok((client, heard))
}

/// Looks once: at the prices, at the sessions that are watched here, and at which session of each tenant is the newest.
async fn look(
    client: &Client,
    shared: &Shared,
    newest: &mut HashMap<i64, Option<i64>>,
) -> Result<()> {
    let looking = async {
        let found = row(client, "SELECT price_revision FROM store WHERE id = 1", &[]).await?;
        let revision: Option<i64> = found.map(|row| row.try_get(0)).transpose()?;
        if revision.is_some_and(|revision| revision != shared.rates().revision) {
            client
                .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
            let rates = Rates::read(client).await?;
            client.batch_execute("COMMIT").await?;
            shared.take_rates(rates);
        }
        look_at_watched(client, shared).await?;
        if shared.live.has_subscribers() {
            look_for_newest(client, shared, newest).await?;
        }
        Ok(())
    };
    tokio::time::timeout(LOOK_TIMEOUT, looking)
        .await
        .unwrap_or_else(|_| Err(Failure::Lost("it has not answered in time".to_owned())))
}

async fn look_at_watched(client: &Client, shared: &Shared) -> Result<()> {
    let watched: HashMap<i64, _> = shared
        .watched()
        .into_iter()
        .map(|mirror| {
            let row = lock(&mirror).head.row;
            (row, mirror)
        })
        .collect();
    if watched.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = watched.keys().copied().collect();
    let versions = rows(
        client,
        "SELECT id, version FROM session WHERE id = ANY($1)",
        &[&numbers],
    )
    .await?;
    for row in &versions {
        let (number, version): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let Some(mirror) = watched.get(&number) else {
            continue;
        };
        while lock(mirror).head.version < version {
            client
                .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
            let news = news(client, &shared.snapshots, mirror).await;
            client.batch_execute("COMMIT").await?;
            lock(mirror).take(news?);
        }
    }
    Ok(())
}

async fn look_for_newest(
    client: &Client,
    shared: &Shared,
    newest: &mut HashMap<i64, Option<i64>>,
) -> Result<()> {
    let found = rows(
        client,
        "SELECT tenant.id, (SELECT session.id FROM session WHERE session.tenant = tenant.id AND session.ended_at IS NULL \
         ORDER BY session.started_at DESC, session.id DESC LIMIT 1) FROM tenant",
        &[],
    )
    .await?;
    let mut now = HashMap::with_capacity(found.len());
    for row in &found {
        now.insert(row.try_get(0)?, row.try_get(1)?);
    }
    if now != *newest {
        *newest = now;
        shared.live.announce();
    }
    Ok(())
}
