//! A made-up schedule of any size: so many legs on sale, over three companies, each between its hub and the same cities.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use jiff::ToSpan;
use jiff::civil::Date;

pub const COMPANIES: [&str; 3] = ["AA", "BB", "CC"];
const HUBS: [&str; 3] = ["GRU", "BSB", "REC"];
const SPOKES: [&str; 16] = [
    "POA", "CWB", "FLN", "GIG", "SDU", "CNF", "VIX", "MAO", "BEL", "GYN", "CGB", "SSA", "FOR",
    "NAT", "MCZ", "SLZ",
];
/// Longest season: schedules of airlines have half a year.
const DAYS_MAX: usize = 180;
/// A day's flights of a small network; a larger one first has more days.
const FLIGHTS_A_DAY: usize = 20;
/// Flight numbers have four digits.
const FLIGHTS_MAX: usize = 9_999;
const FIRST_DEPARTURE_MINUTES: usize = 5 * 60;
const LAST_DEPARTURE_MINUTES: usize = 21 * 60;
const BLOCK_MINUTES: usize = 120;

/// Writes a file for each company. Returns how many days they cover, from today.
pub fn write(folder: &Path, legs: usize, today: Date) -> anyhow::Result<u16> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let mut longest = 0;
    for (index, code) in COMPANIES.iter().enumerate() {
        let own = legs / COMPANIES.len() + usize::from(index < legs % COMPANIES.len());
        ensure!(
            own > 0,
            "{legs} legs are too few for {} companies",
            COMPANIES.len()
        );
        let (text, days) = company(index, own, today)?;
        let path = folder.join(format!("{code}.csv"));
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        longest = longest.max(days);
    }
    // today is in the window, and nothing leaves today: all of it is on sale
    u16::try_from(longest + 1).context("a season is short")
}

/// Its file, and how many days it covers.
fn company(index: usize, legs: usize, today: Date) -> anyhow::Result<(String, usize)> {
    let days = (legs / FLIGHTS_A_DAY).clamp(1, DAYS_MAX);
    let flights = legs.div_ceil(days);
    ensure!(
        flights <= FLIGHTS_MAX,
        "{legs} legs need more flight numbers than there are"
    );
    let first = today.checked_add(1.day())?;
    let mut text = "flight,origin,destination,date,until,departs,arrives,equipment\n".to_owned();
    for flight in 0..flights {
        // the last one does not fly to the end
        let flown = days.min(legs - flight * days);
        let last = first.checked_add(i64::try_from(flown - 1)?.days())?;
        let spokes = SPOKES[flight / 2 % SPOKES.len()];
        let (from, to) = if flight % 2 == 0 {
            (HUBS[index], spokes)
        } else {
            (spokes, HUBS[index])
        };
        let departs = FIRST_DEPARTURE_MINUTES
            + flight * 7 % (LAST_DEPARTURE_MINUTES - FIRST_DEPARTURE_MINUTES);
        let (departs, arrives) = (clock(departs), clock(departs + BLOCK_MINUTES));
        let (code, number) = (COMPANIES[index], flight + 1);
        let equipment = if flight % 4 < 2 { "738" } else { "E95" };
        writeln!(
            text,
            "{code}{number},{from},{to},{first},{last},{departs},{arrives},{equipment}"
        )?;
    }
    Ok((text, days))
}

/// With an offset, so that no clock of a place matters.
fn clock(minutes: usize) -> String {
    format!("{:02}:{:02}-03:00", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_sells_exactly_so_many_legs() {
        let today = jiff::civil::date(2026, 3, 1);
        for legs in [1, 19, 333, 3_334, 73_144] {
            let (text, days) = company(1, legs, today).unwrap();
            let mut sold = 0;
            for line in text.lines().skip(1) {
                let fields: Vec<_> = line.split(',').collect();
                let [first, last]: [Date; 2] =
                    [3, 4].map(|field: usize| fields[field].parse().unwrap());
                sold += (last - first).get_days() + 1;
                assert!(
                    first > today && ((last - today).get_days() as usize) <= days,
                    "{line}"
                );
                assert!(
                    fields[0].starts_with("BB") && (fields[1] == "BSB") != (fields[2] == "BSB"),
                    "{line}"
                );
            }
            assert_eq!(sold as usize, legs);
        }
        assert!(company(0, 2_000_000, today).is_err());
    }
}
