//! Batches of events as they come in: read straight from the wire, or from the generated messages.

use std::cell::RefCell;
use std::marker::PhantomData;

use prost::encoding::{WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};
use reelmeter_proto::meter::v1 as wire;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

use super::from_wire;
use super::read_events::KnownEvents;
use crate::application::record_usage::{Batch, CheckedBatch};

/// A batch of a call or a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct SentBatch {
    /// The number that a stream's caller gave it.
    pub(super) number: i64,
    /// The events' ids as they were sent, where the answer names them.
    pub(super) ids: Vec<String>,
    pub(super) batch: CheckedBatch,
}

impl From<wire::StreamUsageRequest> for SentBatch {
    fn from(request: wire::StreamUsageRequest) -> Self {
        let batch = Batch {
            events: request.events.into_iter().map(from_wire::event).collect(),
            recorder_id: request.recorder_id,
            backlogs: request
                .backlogs
                .into_iter()
                .map(from_wire::backlog)
                .collect(),
        };
        Self {
            number: request.batch_number,
            ids: Vec::new(),
            batch: batch.into(),
        }
    }
}

impl From<wire::RecordUsageRequest> for SentBatch {
    fn from(request: wire::RecordUsageRequest) -> Self {
        let ids = request
            .events
            .iter()
            .map(|event| event.event_id.clone())
            .collect();
        let batch = Batch {
            events: request.events.into_iter().map(from_wire::event).collect(),
            recorder_id: request.recorder_id,
            backlogs: request
                .backlogs
                .into_iter()
                .map(from_wire::backlog)
                .collect(),
        };
        Self {
            number: 0,
            ids,
            batch: batch.into(),
        }
    }
}

/// A request that holds events.
pub(super) trait Events:
    Message + Default + Into<SentBatch> + Send + Sync + 'static
{
    /// The field that they are in.
    const EVENTS_TAG: u32;
    /// Whether the answer names the events by their ids.
    const NAMES_IDS: bool;
    /// Bytes that are set aside for a request, and for its answer; either may turn out larger.
    const BUFFER_BYTES: usize;
}

impl Events for wire::StreamUsageRequest {
    const EVENTS_TAG: u32 = 2;
    const NAMES_IDS: bool = false;
    // tonic's own default.
    const BUFFER_BYTES: usize = 8_192;
}

impl Events for wire::RecordUsageRequest {
    const EVENTS_TAG: u32 = 1;
    const NAMES_IDS: bool = true;
    // Mostly it is one event.
    const BUFFER_BYTES: usize = 512;
}

/// Reads a request: its events one by one, everything else by the generated code.
pub(super) fn read<R: Events>(
    message: &[u8],
    known: &mut KnownEvents,
) -> Result<SentBatch, DecodeError> {
    let (mut events, mut ids, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = message;
    while !rest.is_empty() {
        let field = rest;
        let (tag, kind) = decode_key(&mut rest)?;
        if tag != R::EVENTS_TAG || kind != WireType::LengthDelimited {
            skip_field(kind, tag, &mut rest, Default::default())?;
            others.extend_from_slice(field.get(..field.len() - rest.len()).unwrap_or_default());
            continue;
        }
        let length = usize::try_from(decode_varint(&mut rest)?).unwrap_or(usize::MAX);
        let Some((event, after)) = rest.split_at_checked(length) else {
            // It says itself what is wrong.
            return R::decode(message).map(Into::into);
        };
        rest = after;
        if events.is_empty() {
            // Neighbours are about as long.
            events.reserve((message.len() / length.max(1)).min(message.len() / 64 + 1));
        }
        let read = known.read(event)?;
        if R::NAMES_IDS {
            ids.push(match &read {
                Ok(event) => event.event_id.to_text(),
                Err(_) => wire::UsageEvent::decode(event)?.event_id,
            });
        }
        events.push(read);
    }
    let mut batch: SentBatch = R::decode(others.as_slice())?.into();
    batch.ids = ids;
    batch.batch.events = events;
    Ok(batch)
}

thread_local! {
    /// What this thread has read before. What an event's bytes mean does not depend on who sent them.
    static KNOWN: RefCell<KnownEvents> = RefCell::default();
}

/// Reads requests of this kind, writes answers of that.
#[derive(Debug)]
pub(super) struct BatchCodec<R, A>(PhantomData<fn() -> (R, A)>);

impl<R, A> Default for BatchCodec<R, A> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<R: Events, A: Message + Send + 'static> Codec for BatchCodec<R, A> {
    type Encode = A;
    type Decode = SentBatch;
    type Encoder = ProstEncoder<A>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::new(buffers::<R>())
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

/// When so many bytes of answers are ready they are sent, though there may be more: tonic's own default.
const YIELD_BYTES: usize = 32_768;

fn buffers<R: Events>() -> BufferSettings {
    BufferSettings::new(R::BUFFER_BYTES, YIELD_BYTES)
}

impl<R: Events, A: Message + Send + 'static> Decoder for BatchCodec<R, A> {
    type Item = SentBatch;
    type Error = Status;

    fn buffer_settings(&self) -> BufferSettings {
        buffers::<R>()
    }

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<SentBatch>, Status> {
        use bytes::Buf;
        let length = message.remaining();
        let read = KNOWN.with_borrow_mut(|known| match message.chunk() {
            // All of it lies together: it need not be taken out to be looked at.
            whole if whole.len() == length => read::<R>(whole, known),
            _ => read::<R>(&message.copy_to_bytes(length), known),
        });
        message.advance(message.remaining());
        read.map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[a-c]{1,3}", "[ -~ä\u{202e}]{0,6}"]
    }

    prop_compose! {
        fn quantity()(metric in text(), value in prop_oneof![0_i64..9, any::<i64>()], basis in 0_i32..5, billed in proptest::option::weighted(0.1, "[0-9e.]{0,3}")) -> wire::Quantity {
            wire::Quantity {
                metric,
                value,
                basis,
                provider_billed: billed.map(|value| wire::ProviderBilled { value, unit: "credits".to_owned(), expected_value: String::new() }),
            }
        }
    }

    prop_compose! {
        fn event()(
            texts in proptest::array::uniform7(text()),
            (replaces, label) in (proptest::option::weighted(0.1, text()), proptest::option::weighted(0.1, text())),
            quantities in proptest::collection::vec(quantity(), 0..10),
            time in proptest::option::of((prop_oneof![0_i64..9, any::<i64>()], -1_i32..1_000_000_001)),
            (scene, attempt) in (-1_i32..3, -1_i32..3),
            (outcome, variant) in (0_i32..6, 0_i32..6),
            simulated: bool,
        ) -> wire::UsageEvent {
            let [event_id, session_id, service, model, rate_model, model_display_name, stage] = texts;
            wire::UsageEvent {
                event_id, session_id, service, model, rate_model, model_display_name, stage, quantities,
                occur_time: time.map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos }),
                scene, attempt, outcome, variant, simulated,
                replaces_event_id: replaces.unwrap_or_default(),
                reservation_id: String::new(),
                labels: label.map(|label| (label, "x".to_owned())).into_iter().collect(),
            }
        }
    }

    prop_compose! {
        /// The fields of an event that most events have, each of two values or left out.
        fn plain_event()(
            (session_id, service, model, stage) in ("[st]?", "[ab]?", "[mn]?", "[uv]?"),
            scene in 0_i32..3,
        ) -> wire::UsageEvent {
            wire::UsageEvent { session_id, service, model, stage, scene, ..Default::default() }
        }
    }

    prop_compose! {
        fn plain_quantity()(metric in "[xy]?", value in 0_i64..5, basis in 0_i32..3) -> wire::Quantity {
            wire::Quantity { metric, value, basis, provider_billed: None }
        }
    }

    prop_compose! {
        /// The bytes of an event whose fields come in pieces, some of them more than once: the wire allows it, and the last
        /// one counts.
        fn pieces()(
            first in plain_event(),
            quantities in proptest::collection::vec((plain_quantity(), proptest::option::weighted(0.3, plain_quantity())), 1..3),
            last in proptest::option::weighted(0.4, plain_event()),
        ) -> Vec<u8> {
            let mut bytes = first.encode_to_vec();
            for (quantity, again) in quantities {
                let mut quantity = quantity.encode_to_vec();
                quantity.extend(again.map(|again| again.encode_to_vec()).unwrap_or_default());
                prost::encoding::bytes::encode(7, &quantity, &mut bytes);
            }
            bytes.extend(last.map(|last| last.encode_to_vec()).unwrap_or_default());
            bytes
        }
    }

    /// A message with an event that is well; and one with the same event once more, whose field `twice` comes twice: the first
    /// time, where it counts for nothing, with bytes that are no text.
    fn with_no_text(twice: u32) -> (Vec<u8>, Vec<u8>) {
        use prost::encoding::{bytes, string};
        let no_text = vec![0xff_u8];
        let (mut well, mut message) = (Vec::new(), Vec::new());
        for (id, twice) in [("e1", None), ("e2", Some(twice))] {
            let mut event = Vec::new();
            for tag in [1, 2, 3, 4, 5, 6, 7, 9, 14] {
                if tag == 7 {
                    let mut quantity = Vec::new();
                    if twice == Some(tag) {
                        bytes::encode(1, &no_text, &mut quantity);
                    }
                    string::encode(1, &"characters".to_owned(), &mut quantity);
                    prost::encoding::int64::encode(2, &5, &mut quantity);
                    prost::encoding::int32::encode(3, &1, &mut quantity);
                    bytes::encode(7, &quantity, &mut event);
                    continue;
                }
                if twice == Some(tag) {
                    bytes::encode(tag, &no_text, &mut event);
                }
                let text = if tag == 1 { id } else { "t" };
                string::encode(tag, &text.to_owned(), &mut event);
            }
            bytes::encode(wire::StreamUsageRequest::EVENTS_TAG, &event, &mut message);
            if twice.is_none() {
                well.clone_from(&message);
            }
        }
        (well, message)
    }

    #[test]
    fn a_text_that_comes_twice_is_refused_where_the_one_that_does_not_count_is_no_text() {
        for twice in [1, 2, 3, 4, 5, 6, 7, 9, 14] {
            let (well, message) = with_no_text(twice);
            let well = plainly::<wire::StreamUsageRequest>(&well).unwrap();
            // Only of an event that is well is it known what others are like.
            assert!(well.batch.events.iter().all(Result::is_ok), "{well:?}");
            plainly::<wire::StreamUsageRequest>(&message).unwrap_err();
            let mut known = KnownEvents::default();
            assert!(
                read::<wire::StreamUsageRequest>(&message, &mut known).is_err(),
                "field {twice}"
            );
        }
    }

    /// The same as `read`, all by the generated code.
    fn plainly<R: Events>(message: &[u8]) -> Result<SentBatch, DecodeError> {
        R::decode(message).map(Into::into)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_024))]

        #[test]
        fn events_are_read_as_the_generated_code_reads_them(
            events in proptest::collection::vec(event(), 1..4),
            repeated in 1_usize..3,
            batch_number: i64,
        ) {
            let mut all = Vec::new();
            for place in 0..repeated {
                // The second time they are like one before.
                all.extend(events.iter().cloned().map(|mut event| {
                    if place > 0 && !event.event_id.is_empty() {
                        event.event_id.push('2');
                        event.scene += 1;
                    }
                    event
                }));
            }
            let mut known = KnownEvents::default();
            let request = wire::StreamUsageRequest {
                batch_number,
                events: all.clone(),
                recorder_id: "r".to_owned(),
                backlogs: vec![wire::SessionBacklog { session_id: "s".to_owned(), ..Default::default() }],
            };
            let message = request.encode_to_vec();
            let (read, plain) = (read::<wire::StreamUsageRequest>(&message, &mut known).unwrap(), plainly::<wire::StreamUsageRequest>(&message).unwrap());
            prop_assert_eq!(read.number, plain.number);
            prop_assert_eq!(&read.batch, &plain.batch);
            let request = wire::RecordUsageRequest { events: all, ..Default::default() };
            let message = request.encode_to_vec();
            let (read, plain) = (super::read::<wire::RecordUsageRequest>(&message, &mut known).unwrap(), plainly::<wire::RecordUsageRequest>(&message).unwrap());
            prop_assert_eq!(&read.ids, &plain.ids);
            prop_assert_eq!(&read.batch, &plain.batch);
        }

        #[test]
        fn fields_that_come_more_than_once_are_read_as_the_generated_code_reads_them(
            events in proptest::collection::vec(pieces(), 1..3),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 2..8),
        ) {
            let mut message = Vec::new();
            for (place, index) in order.iter().enumerate() {
                let mut event = Vec::new();
                prost::encoding::string::encode(1, &format!("id-{place}"), &mut event);
                event.extend(&events[index.index(events.len())]);
                prost::encoding::bytes::encode(wire::StreamUsageRequest::EVENTS_TAG, &event, &mut message);
            }
            let mut known = KnownEvents::default();
            let read = read::<wire::StreamUsageRequest>(&message, &mut known).unwrap();
            prop_assert_eq!(&read.batch, &plainly::<wire::StreamUsageRequest>(&message).unwrap().batch);
        }

        #[test]
        fn damaged_messages_are_read_as_the_generated_code_reads_them(
            event in event(),
            place in any::<proptest::sample::Index>(),
            byte: u8,
            cut: bool,
        ) {
            let request = wire::StreamUsageRequest { events: vec![event], ..Default::default() };
            let mut known = KnownEvents::default();
            let mut message = request.encode_to_vec();
            let _ = read::<wire::StreamUsageRequest>(&message, &mut known);
            let place = place.index(message.len());
            if cut { message.truncate(place) } else { message[place] = byte }
            match (read::<wire::StreamUsageRequest>(&message, &mut known), plainly::<wire::StreamUsageRequest>(&message)) {
                (Ok(read), Ok(plain)) => prop_assert_eq!(&read.batch, &plain.batch),
                (Err(_), Err(_)) => {}
                (read, plain) => prop_assert!(false, "{read:?} and {plain:?}"),
            }
        }
    }
}
