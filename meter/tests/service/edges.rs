//! Every number of every request at its edges: each is answered, with what was asked for or with a reason. The requests are
//! made from the contract itself, so that a field that comes later is tried too.

use std::sync::atomic::{AtomicU64, Ordering};

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use reelmeter_meter::adapters::sqlite;
use reelmeter_proto::meter::v1::meter_service_client::MeterServiceClient;
use tonic::Code;

use crate::bad_wire::Wire;
use crate::server::{Server, end, start};

/// Numbers at which arithmetic goes wrong, and their neighbours.
const EDGES: [i64; 11] = [
    0,
    1,
    -1,
    999_999_999,
    1_000_000_000,
    i32::MAX as i64,
    i32::MIN as i64,
    1 << 53,
    253_402_300_800,
    i64::MAX,
    i64::MIN,
];
/// The same of numbers that are written as text.
const DECIMAL_EDGES: [&str; 8] = [
    "0",
    "-0",
    "-1",
    "79228162514264337593543950335",
    "79228162514264337593543950336",
    "0.0000000000000000000000000001",
    "99999999999999999999999999999999999999999999999999",
    "1e999999999",
];

/// What a sound request may be answered with. A call whose handler has panicked is answered with none of these.
const ANSWERS: [Code; 7] = [
    Code::Ok,
    Code::InvalidArgument,
    Code::NotFound,
    Code::FailedPrecondition,
    Code::AlreadyExists,
    Code::OutOfRange,
    Code::ResourceExhausted,
];

/// Each id is new.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn text(method: &str, field: &FieldDescriptor) -> String {
    match field.name() {
        "session_id" => session(method),
        "event_id" | "reservation_id" => format!("{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        "service" => "gemini".to_owned(),
        "metric" => "images".to_owned(),
        "model" | "rate_model" => "gemini-2.5-flash".to_owned(),
        "currency_code" => "USD".to_owned(),
        "source_date" => "2026-11-01".to_owned(),
        "price_book" | "name" => "documented".to_owned(),
        "page_token" | "replaces_event_id" => String::new(),
        _ if is_decimal(field) => "1".to_owned(),
        _ => "a".to_owned(),
    }
}

fn is_decimal(field: &FieldDescriptor) -> bool {
    field.kind() == Kind::String && matches!(field.name(), "amount" | "value" | "expected_value")
}

/// Each method has a session of its own: some end theirs.
fn session(method: &str) -> String {
    format!("of {method}")
}

fn number(field: &FieldDescriptor) -> i64 {
    match (field.parent_message().full_name(), field.name()) {
        ("google.protobuf.Timestamp", "seconds") => 1_795_392_000,
        (_, "unit_size") => 1_000_000,
        (_, "above_input_tokens" | "nanos") => 0,
        _ => 1,
    }
}

fn of_kind(kind: &Kind, number: i64) -> Option<Value> {
    Some(match kind {
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(i32::try_from(number).ok()?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(u64::try_from(number).ok()?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(u32::try_from(number).ok()?),
        Kind::Enum(_) => Value::EnumNumber(i32::try_from(number).ok()?),
        Kind::Double => Value::F64(number as f64),
        Kind::Float => Value::F32(number as f32),
        _ => return None,
    })
}

/// A request with every field set, to something that makes sense.
fn sample(method: &str, message: &MessageDescriptor) -> DynamicMessage {
    let mut made = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let is_first = |field: &FieldDescriptor| {
            let others = field.containing_oneof();
            others.is_none_or(|oneof| oneof.fields().next().as_ref() == Some(field))
        };
        if is_first(&field) {
            made.set_field(&field, sample_value(method, &field));
        }
    }
    // A time range that is none would hide everything behind it.
    if let (Some(later), Some(_)) = (
        message.get_field_by_name("end_time"),
        message.get_field_by_name("start_time"),
    ) {
        let day = 86_400;
        let mut time = sample(method, &message_of(&later));
        time.set_field_by_name("seconds", Value::I64(1_795_392_000 + day));
        made.set_field(&later, Value::Message(time));
    }
    made
}

fn message_of(field: &FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

fn sample_value(method: &str, field: &FieldDescriptor) -> Value {
    if field.is_map() {
        let text = |text: &str| text.to_owned();
        let entry = (
            MapKey::String(text("k")),
            Value::String(text("gemini-2.5-flash")),
        );
        return Value::Map([entry].into());
    }
    let one = match field.kind() {
        Kind::Message(message) => Value::Message(sample(method, &message)),
        Kind::String => Value::String(text(method, field)),
        Kind::Bytes => Value::Bytes("a".into()),
        Kind::Bool => Value::Bool(false),
        kind => of_kind(&kind, number(field)).unwrap(),
    };
    if field.is_list() {
        Value::List(vec![one])
    } else {
        one
    }
}

/// The ways to every number in a message.
fn numbers(message: &MessageDescriptor) -> Vec<Vec<FieldDescriptor>> {
    let mut ways = Vec::new();
    for field in message.fields().filter(|field| !field.is_map()) {
        match field.kind() {
            Kind::Message(inner) => {
                for mut way in numbers(&inner) {
                    way.insert(0, field.clone());
                    ways.push(way);
                }
            }
            kind if is_decimal(&field) || of_kind(&kind, 1).is_some() => ways.push(vec![field]),
            _ => {}
        }
    }
    ways
}

fn edges(field: &FieldDescriptor) -> Vec<Value> {
    if is_decimal(field) {
        let text = |text: &&str| Value::String((*text).to_owned());
        return DECIMAL_EDGES.iter().map(text).collect();
    }
    let kind = field.kind();
    let values = EDGES.iter().filter_map(|edge| of_kind(&kind, *edge));
    values.collect()
}

fn set(method: &str, message: &mut DynamicMessage, way: &[FieldDescriptor], value: Value) {
    let (field, rest) = way.split_first().unwrap();
    let one = if rest.is_empty() {
        value
    } else {
        let mut inner = sample(method, &message_of(field));
        set(method, &mut inner, rest, value);
        Value::Message(inner)
    };
    let is_list = field.is_list();
    message.set_field(field, if is_list { Value::List(vec![one]) } else { one });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_every_request_is_answered_at_its_edges() {
    let mut server = Server::start().await;
    let wire = Wire::to(&server).await;
    let mut meter = MeterServiceClient::new(wire.channel.clone());
    let pool = DescriptorPool::decode(reelmeter_proto::FILE_DESCRIPTOR_SET).unwrap();
    let methods: Vec<_> = pool
        .services()
        .filter(|service| service.package_name() == "reelmeter.meter.v1")
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect();
    let path = |method: &prost_reflect::MethodDescriptor| {
        format!("/{}/{}", method.parent_service().full_name(), method.name())
    };
    for method in &methods {
        start(&mut meter, &session(method.name())).await;
        // What reserves needs a budget to reserve from.
        let budget = methods.iter().find(|other| other.name() == "SetBudget");
        let request = sample(method.name(), &budget.unwrap().input());
        wire.ask(&path(budget.unwrap()), &request.encode_to_vec())
            .await;
    }
    // A watch of a session that goes on does not end.
    end(&mut meter, &session("WatchSummary")).await;
    let with_numbers = methods
        .iter()
        .filter(|method| !numbers(&method.input()).is_empty());
    for method in with_numbers.clone() {
        let request = sample(method.name(), &method.input());
        let answer = wire.ask(&path(method), &request.encode_to_vec()).await;
        assert_eq!(
            answer,
            (Code::Ok, String::new()),
            "{}: what is wrong already says nothing about its numbers",
            method.name()
        );
    }
    for method in with_numbers {
        for way in numbers(&method.input()) {
            for edge in edges(way.last().unwrap()) {
                let mut request = sample(method.name(), &method.input());
                set(method.name(), &mut request, &way, edge.clone());
                let (code, words) = wire.ask(&path(method), &request.encode_to_vec()).await;
                assert!(
                    ANSWERS.contains(&code),
                    "{}, {edge:?} as {}: {code:?} {words}",
                    method.name(),
                    way.iter()
                        .map(FieldDescriptor::name)
                        .collect::<Vec<_>>()
                        .join(".")
                );
            }
        }
    }
    assert_eq!(wire.connections(), 1, "the connection goes on");
    server.stop().await.unwrap();
    let found = sqlite::verify(&server.database()).unwrap();
    assert!(found.is_sound(), "{:?}", found.differences);
}
