//! What is tried with any bytes at all as a request with events: by the fuzzer (`fuzz/`), and by the test below with what
//! it has found.

use reelmeter_proto::meter::v1 as wire;

use super::batch::{Events, SentBatch, read};
use super::read_events::KnownEvents;

/// A request of `RecordUsage` or a message of `StreamUsage`: read where it lies, it is what the generated code reads, or
/// refused where that refuses it.
pub fn recorded_request(bytes: &[u8]) {
    read_alike::<wire::RecordUsageRequest>(bytes);
    read_alike::<wire::StreamUsageRequest>(bytes);
}

fn read_alike<R: Events>(bytes: &[u8]) {
    let plain = R::decode(bytes).map(Into::<SentBatch>::into);
    let mut known = KnownEvents::default();
    // The second time every event is like one that was read before.
    for time in 1..3 {
        match (read::<R>(bytes, &mut known), &plain) {
            (Ok(read), Ok(plain)) => {
                assert_eq!(read.number, plain.number, "the number, reading {time}");
                assert_eq!(read.ids, plain.ids, "the ids, reading {time}");
                assert_eq!(read.batch, plain.batch, "the batch, reading {time}");
            }
            (Err(_), Err(_)) => {}
            (read, plain) => {
                assert_eq!(
                    read.is_ok(),
                    plain.is_ok(),
                    "reading {time}: {read:?}, and {plain:?}"
                );
            }
        }
    }
}

#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::{COPIES_DEFAULT, replay};

    #[test]
    fn what_the_fuzzer_found_is_read_as_the_generated_code_reads_it() {
        replay("recorded_request", COPIES_DEFAULT, super::recorded_request);
    }
}
