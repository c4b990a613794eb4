#![no_main]

use reelmeter_generator::adapters::gemini::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzing::any_answer(bytes));
