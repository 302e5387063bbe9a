#![no_main]
#[path = "../../ntm-cli/tests/hostile/readers.rs"]
mod readers;
#[path = "../../ntm-cli/tests/hostile/tiny.rs"]
mod tiny;
use tiny::TINY;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::archive(bytes));
