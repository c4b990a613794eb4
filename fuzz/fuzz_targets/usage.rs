#![no_main]

#[path = "../../meter/rating/tests/fuzzing/mod.rs"]
#[allow(dead_code)]
mod fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::usage(bytes));
