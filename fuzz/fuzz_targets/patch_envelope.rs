#![no_main]

include!("patch.rs");

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz(Form::Envelope, input));
