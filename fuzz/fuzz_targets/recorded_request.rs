#![no_main]

use reelmeter_meter::adapters::grpc::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::recorded_request(bytes));
