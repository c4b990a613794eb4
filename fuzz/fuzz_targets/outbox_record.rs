#![no_main]

use reelmeter_recorder::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::outbox_record(bytes));
