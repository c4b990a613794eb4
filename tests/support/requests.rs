//! Requests made from the contract itself, so that a method or a field that comes later is tried too.

use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    MethodDescriptor, Value,
};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Numbers at which arithmetic goes wrong, and some of their neighbours.
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
/// What a sound request's times begin at, in seconds since 1970.
const BEGIN: i64 = 1_795_392_000;
/// And end at.
const END: i64 = BEGIN + 86_400;

/// The methods of a package.
pub fn methods(package: &str) -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(reelmeter_proto::FILE_DESCRIPTOR_SET).unwrap();
    pool.services()
        .filter(|service| service.package_name() == package)
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// Makes requests, with a test's own words in their texts.
pub struct Maker<W> {
    /// What stands in a text field; `None` for a single letter.
    pub word: W,
}

impl<W: Fn(&FieldDescriptor) -> Option<String>> Maker<W> {
    /// A request with every field set, to something that makes sense.
    pub fn sample(&self, message: &MessageDescriptor) -> DynamicMessage {
        let mut made = DynamicMessage::new(message.clone());
        for field in message.fields() {
            let others = field.containing_oneof();
            if others.is_none_or(|oneof| oneof.fields().next().as_ref() == Some(&field)) {
                made.set_field(&field, self.value(&field));
            }
        }
        if message.full_name() == "google.protobuf.Timestamp" {
            made.set_field_by_name("seconds", Value::I64(BEGIN));
        }
        made
    }

    fn value(&self, field: &FieldDescriptor) -> Value {
        if field.is_map() {
            let entry = (
                MapKey::String("k".to_owned()),
                Value::String("a".to_owned()),
            );
            return Value::Map([entry].into());
        }
        let one = match field.kind() {
            Kind::Message(message) => {
                let mut inner = self.sample(&message);
                if field.name() == "end_time" {
                    inner.set_field_by_name("seconds", Value::I64(END));
                }
                Value::Message(inner)
            }
            Kind::String if is_decimal(field) => Value::String("1".to_owned()),
            Kind::String => Value::String((self.word)(field).unwrap_or_else(|| "a".to_owned())),
            Kind::Bytes => Value::Bytes("a".into()),
            Kind::Bool => Value::Bool(false),
            kind => number(&kind, usual(field)).unwrap(),
        };
        if field.is_list() {
            Value::List(vec![one])
        } else {
            one
        }
    }

    /// The same request once for each edge of each number in it, and what was changed.
    pub fn at_edges(&self, message: &MessageDescriptor) -> Vec<(String, DynamicMessage)> {
        let mut requests = Vec::new();
        for way in numbers(message) {
            let name: Vec<&str> = way.iter().map(FieldDescriptor::name).collect();
            let name = name.join(".");
            for edge in edges(way.last().unwrap()) {
                let mut request = self.sample(message);
                self.set(&mut request, &way, edge.clone());
                requests.push((format!("{name} = {edge}"), request));
            }
        }
        requests
    }

    fn set(&self, message: &mut DynamicMessage, way: &[FieldDescriptor], value: Value) {
        let (field, rest) = way.split_first().unwrap();
        let one = match field.kind() {
            Kind::Message(inner) if !rest.is_empty() => {
                let mut inner = self.sample(&inner);
                self.set(&mut inner, rest, value);
                Value::Message(inner)
            }
            _ => value,
        };
        let is_list = field.is_list();
        message.set_field(field, if is_list { Value::List(vec![one]) } else { one });
    }
}

/// Whether a text is a number.
fn is_decimal(field: &FieldDescriptor) -> bool {
    field.kind() == Kind::String && matches!(field.name(), "amount" | "value" | "expected_value")
}

/// What a number mostly is.
fn usual(field: &FieldDescriptor) -> i64 {
    match field.name() {
        "unit_size" => 1_000_000,
        "resolution_px" => 720,
        "above_input_tokens" | "nanos" | "offset_bytes" => 0,
        _ => 1,
    }
}

/// A number as that kind has it; `None` where it has none, or not this one.
fn number(kind: &Kind, number: i64) -> Option<Value> {
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
            kind if is_decimal(&field) || number(&kind, 1).is_some() => ways.push(vec![field]),
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
    let values = EDGES.iter().filter_map(|edge| number(&kind, *edge));
    values.collect()
}

/// Sends a request, whatever the method gives back, and waits for the end of it.
pub async fn ask(
    channel: &Channel,
    method: &MethodDescriptor,
    request: &DynamicMessage,
) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let request = Request::new(Bytes::from(request.encode_to_vec()));
    let answers = grpc
        .server_streaming(request, path.parse().unwrap(), Bytewise)
        .await?;
    let mut answers = answers.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

/// Messages as their bytes.
#[derive(Default)]
struct Bytewise;

impl Codec for Bytewise {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytewise {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Bytewise {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
