//! The record that everything is measured with: one call, three quantities, about 190 bytes on the wire.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reelmeter_proto::meter::v1 as pb;
use uuid::Uuid;

/// How ids are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// UUID version 7.
    TimeOrdered,
    /// UUID version 4.
    Random,
}

/// A different stream of numbers for each maker of events, in one run and the next.
static SEED: AtomicU64 = AtomicU64::new(0);

/// Makes events of one session.
#[derive(Clone, Debug)]
pub struct Events {
    template: pb::UsageEvent,
    ids: Ids,
    state: u64,
}

fn since_1970() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

impl Events {
    pub fn new(session_id: &str, ids: Ids) -> Self {
        let quantity = |metric: &str| pb::Quantity {
            metric: metric.to_owned(),
            value: 0,
            basis: pb::QuantityBasis::Reported.into(),
            provider_billed: None,
        };
        let seed = SEED.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        Self {
            template: pb::UsageEvent {
                session_id: session_id.to_owned(),
                service: "gemini".to_owned(),
                model: "gemini-2.5-flash".to_owned(),
                quantities: ["input_tokens", "output_tokens", "thinking_tokens"]
                    .map(quantity)
                    .to_vec(),
                stage: "script".to_owned(),
                attempt: 1,
                outcome: pb::CallOutcome::Succeeded.into(),
                variant: pb::RateVariant::Standard.into(),
                ..Default::default()
            },
            ids,
            state: seed ^ u64::try_from(since_1970().as_nanos() & u128::from(u64::MAX)).unwrap(),
        }
    }

    /// SplitMix64: cheap beside what is measured.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn next(&mut self, now: std::time::Duration) -> pb::UsageEvent {
        let mut event = self.template.clone();
        let mut random = [0; 16];
        let (high, low) = random.split_at_mut(8);
        high.copy_from_slice(&self.random().to_le_bytes());
        low.copy_from_slice(&self.random().to_le_bytes());
        let id = match self.ids {
            Ids::TimeOrdered => {
                let mut most = [0; 10];
                most.copy_from_slice(&random[..10]);
                let milliseconds = u64::try_from(now.as_millis()).unwrap();
                uuid::Builder::from_unix_timestamp_millis(milliseconds, &most).into_uuid()
            }
            Ids::Random => uuid::Builder::from_random_bytes(random).into_uuid(),
        };
        let values = self.random();
        for (place, quantity) in event.quantities.iter_mut().enumerate() {
            // 0 to 8,191 of each.
            quantity.value = i64::try_from((values >> (13 * place)) & 0x1fff).unwrap();
        }
        event.event_id = id
            .hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            .to_owned();
        event.occur_time = Some(prost_types::Timestamp {
            seconds: i64::try_from(now.as_secs()).unwrap(),
            nanos: i32::try_from(now.subsec_nanos()).unwrap(),
        });
        event
    }

    pub fn one(&mut self) -> pb::UsageEvent {
        self.next(since_1970())
    }

    pub fn batch(&mut self, count: usize) -> Vec<pb::UsageEvent> {
        let now = since_1970();
        (0..count).map(|_| self.next(now)).collect()
    }
}
