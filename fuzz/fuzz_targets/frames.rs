//! Both frame decoders, judged as in tests/fuzz.

#![no_main]

#[path = "../../tests/fuzz/judge.rs"]
mod judge;

libfuzzer_sys::fuzz_target!(|data: &[u8]| judge::judge(data));
