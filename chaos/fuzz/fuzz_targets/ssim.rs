//! Schedules as SSIM: records of 200 columns. What is true of them is in `src/schedule.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_fuzz::schedule;

fuzz_target!(|bytes: &[u8]| schedule::check("XX.ssim", bytes));
