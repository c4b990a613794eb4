//! The promises, each as a comparison of what was seen with the model.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reelmeter_proto::meter::v1 as pb;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use reelmeter_rating::Money;
use tokio::time::sleep;
use tonic::transport::Channel;

use crate::faults::{RECORDERS, WATCHERS};
use crate::hosts::{OWN, SHARED};
use crate::model::{Model, Shared, Sums};
use crate::network;

fn units(money: Option<&pb::Money>) -> i128 {
    money.map_or(0, |money| money.amount.parse::<Money>().unwrap().units())
}

/// Whether by model, by service, by stage and the total agree; what is wrong, if not.
fn adds_up(summary: &pb::Summary) -> Result<(), String> {
    let total = units(summary.total_cost.as_ref());
    let parts: [(&str, i128, i64); 3] = [
        (
            "models",
            summary
                .by_model
                .iter()
                .map(|part| units(part.cost.as_ref()))
                .sum(),
            summary.by_model.iter().map(|part| part.event_count).sum(),
        ),
        (
            "services",
            summary
                .by_service
                .iter()
                .map(|part| units(part.cost.as_ref()))
                .sum(),
            summary.by_service.iter().map(|part| part.event_count).sum(),
        ),
        (
            "stages",
            summary
                .by_stage
                .iter()
                .map(|part| units(part.cost.as_ref()))
                .sum(),
            summary.by_stage.iter().map(|part| part.event_count).sum(),
        ),
    ];
    for (of, cost, events) in parts {
        if cost != total || events != summary.event_count {
            return Err(format!(
                "the {of} add up to {cost} units and {events} events, the summary says {total} and {} at revision {}",
                summary.event_count, summary.revision
            ));
        }
    }
    Ok(())
}

/// A watcher has received a summary.
pub fn watched(model: &mut Model, name: &str, session: &str, summary: pb::Summary) {
    model.summaries += 1;
    if let Err(wrong) = adds_up(&summary) {
        model.blame(format!("{name} saw that {wrong}"));
    }
    let begun = model.calls.values().filter(|(of, _)| of == session).count();
    if summary.event_count > i64::try_from(begun).unwrap() {
        model.blame(format!(
            "{name} saw {} events of {begun} calls",
            summary.event_count
        ));
    }
    if let Some(before) = model.seen.get(name) {
        if summary.revision < before.revision {
            let (now, before) = (summary.revision, before.revision);
            model.blame(format!("{name} saw revision {now} after {before}"));
        } else if summary.revision == before.revision
            && (summary.event_count, &summary.total_cost)
                != (before.event_count, &before.total_cost)
        {
            let revision = summary.revision;
            model.blame(format!(
                "{name} saw other figures at the same revision {revision}"
            ));
        }
    }
    model.seen.insert(name.to_owned(), summary);
}

/// Events that were sent again were answered.
pub fn answered(
    model: &mut Model,
    sent: &[String],
    altered: Option<usize>,
    outcomes: &[pb::EventOutcome],
) {
    if outcomes.len() != sent.len() {
        return model.blame(format!(
            "{} events, {} outcomes",
            sent.len(),
            outcomes.len()
        ));
    }
    for (place, (id, outcome)) in sent.iter().zip(outcomes).enumerate() {
        let status = outcome.status();
        let known = model.acknowledged.contains(id);
        let right = match status {
            pb::RecordStatus::Conflict => altered == Some(place),
            pb::RecordStatus::Duplicate => altered != Some(place),
            pb::RecordStatus::Recorded => altered != Some(place) && !known,
            // A correction that comes before what it corrects is not taken, and its recorder sends it again.
            pb::RecordStatus::Invalid => outcome.field == "replaces_event_id" && !known,
            pb::RecordStatus::Unspecified => false,
        };
        if !right {
            let altered = altered == Some(place);
            model.blame(format!(
                "event {id} (altered: {altered}, acknowledged before: {known}) was answered {status:?} {}",
                outcome.reason
            ));
        }
        if matches!(
            status,
            pb::RecordStatus::Recorded | pb::RecordStatus::Duplicate
        ) {
            model.acknowledged.insert(id.clone());
        }
    }
}

/// A summary without the times of the recorders' reports: a report that says the same again is no change.
fn figures(summary: &pb::Summary) -> pb::Summary {
    let mut summary = summary.clone();
    for recorder in &mut summary.recorders {
        recorder.last_report_time = None;
    }
    summary
}

/// What a summary says, in the model's words.
fn told(summary: &pb::Summary) -> Sums {
    let mut quantities = BTreeMap::new();
    for model in &summary.by_model {
        for metric in model.metrics.iter().filter(|metric| metric.quantity != 0) {
            let key = (
                model.service.clone(),
                model.model.clone(),
                metric.metric.clone(),
            );
            quantities.insert(key, metric.quantity);
        }
    }
    Sums {
        events: summary.event_count,
        unconfirmed: summary.unconfirmed_call_count,
        quantities,
        cost: units(summary.total_cost.as_ref()),
    }
}

/// Waits until the outboxes are empty and then compares everything with the model. Ends the day.
pub async fn audit(model: Shared) -> turmoil::Result {
    let ready = |model: &Model| model.quiet && model.emptied.len() == RECORDERS.len();
    while !ready(&model.lock()) {
        sleep(Duration::from_millis(50)).await;
    }
    let mut client = MeterServiceClient::new(network::channel());
    for (session, watcher) in [(SHARED, WATCHERS[0]), (OWN, WATCHERS[1])] {
        model.lock().waits_for = format!("that {session} is settled");
        let summary = settled(&mut client, session).await;
        let expected = model.lock().sums(session);
        if told(&summary) != expected {
            let told = told(&summary);
            return Err(format!(
                "session {session}: the summary says {told:?}, the calls were {expected:?}"
            )
            .into());
        }
        adds_up(&summary)?;
        receipt(&mut client, session, &summary).await?;
        loop {
            let seen = model.lock().seen.get(watcher).cloned();
            if seen.as_ref().map(figures) == Some(figures(&summary)) {
                break;
            }
            model.lock().waits_for = format!(
                "that {watcher}, which is at revision {:?}, shows revision {} of {session}",
                seen.map(|seen| seen.revision),
                summary.revision
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
    let mut stored = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListEventsRequest {
            page_size: 7,
            page_token,
            filter: None,
        };
        let page = client.list_events(request).await?.into_inner();
        stored.extend(
            page.events
                .iter()
                .filter_map(|event| event.event.as_ref())
                .map(|event| event.event_id.clone()),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let model = model.lock();
    let once: BTreeSet<&String> = stored.iter().collect();
    let calls: BTreeSet<&String> = model.calls.keys().collect();
    if once.len() != stored.len() || once != calls {
        let (missing, foreign): (Vec<_>, Vec<_>) = (
            calls.difference(&once).collect(),
            once.difference(&calls).collect(),
        );
        return Err(format!(
            "the ledger has {} events of {} ids; of the calls it misses {missing:?}, nobody made {foreign:?}",
            stored.len(),
            once.len()
        )
        .into());
    }
    Ok(())
}

/// The summary of a session once it is settled.
async fn settled(client: &mut MeterServiceClient<Channel>, session: &str) -> pb::Summary {
    loop {
        let request = pb::GetSummaryRequest {
            session_id: session.to_owned(),
        };
        if let Ok(response) = client.get_summary(request).await
            && let Some(summary) = response.into_inner().summary
            && summary.settled
        {
            return summary;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// The lines of the receipt add up to the summary.
async fn receipt(
    client: &mut MeterServiceClient<Channel>,
    session: &str,
    summary: &pb::Summary,
) -> turmoil::Result {
    let request = pb::GetReceiptRequest {
        session_id: session.to_owned(),
        ..Default::default()
    };
    let receipt = client
        .get_receipt(request)
        .await?
        .into_inner()
        .receipt
        .ok_or("no receipt")?;
    let total = units(summary.total_cost.as_ref());
    if units(receipt.total_cost.as_ref()) != total {
        return Err(format!("the receipt's total is not the summary's in {session}").into());
    }
    Ok(())
}
