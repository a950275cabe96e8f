//! The companies' operators: now and then one of them moves a flight that customers book, takes it back, or puts it on another aircraft, by
//! the same command as anybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;
use jiff::ToSpan;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::market::Caller;
use super::{Market, RETRY_AFTER};
use crate::cluster::Program;
use crate::history::{Alteration, Answer, Request};
use crate::stock::Flight;

/// Between two changes: of some hundred flights for each that is on sale to a run.
const PAUSE: Duration = Duration::from_secs(2);
/// A flight leaves so many minutes later. Never sooner: no sale of a run is to close.
const LATER: std::ops::Range<i64> = 10..240;
/// Of an aircraft in place of another: fewer than customers have bought, and enough for all.
const SMALL: std::ops::RangeInclusive<u16> = 12..=48;
const LARGE: u16 = 320;

/// Who changes flights while customers are at work.
pub struct Operator {
    work: JoinHandle<Result<()>>,
    stop: Arc<AtomicBool>,
}

impl Operator {
    /// `number` is one that no customer has.
    pub fn start(market: &Market, program: &Program, number: usize, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (market, program) = (market.clone(), program.clone());
        let (rng, stopped) = (Rng::with_seed(!seed), stop.clone());
        let work = tokio::spawn(async move { work(market, program, number, rng, &stopped).await });
        Self { work, stop }
    }

    /// Lets the command under way end. An error is a fault of the tester itself.
    pub async fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.work.await.context("an operator panicked")?
    }
}

async fn work(
    market: Market,
    program: Program,
    customer: usize,
    mut rng: Rng,
    stop: &AtomicBool,
) -> Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let node = rng.usize(..market.client.nodes());
        let alteration = match rng.u8(..10) {
            ..5 => Alteration::Retimed,
            5..8 => Alteration::Equipped,
            _ => Alteration::Withdrawn,
        };
        if let Some((route, flight)) = market.stock.any_flight(node, &mut rng) {
            let company = market.client.company(node).clone();
            market
                .stock
                .change(node, route, alteration != Alteration::Retimed);
            let words = words(&company, &flight, alteration, &mut rng)?;
            let asked = alter(&program, &words);
            let request = Request::Alter {
                company,
                route,
                alteration,
            };
            market
                .recorded(Caller { customer, node }, request, asked)
                .await?;
        }
        // a run's end does not wait for the next change
        let steps = PAUSE.as_millis() / RETRY_AFTER.as_millis();
        for _ in 0..steps {
            if !stop.load(Ordering::Relaxed) {
                sleep(RETRY_AFTER).await;
            }
        }
    }
    Ok(())
}

async fn alter(program: &Program, words: &[String]) -> Result<Answer> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match program.run("flight", &words).await? {
        Ok(()) => Answer::Altered,
        Err(why) => Answer::Lost { why },
    })
}

fn words(
    company: &str,
    flight: &Flight,
    alteration: Alteration,
    rng: &mut Rng,
) -> Result<Vec<String>> {
    let day = flight.departs.day.to_string();
    let which = [flight.number.as_str(), &day, "--origin", &flight.origin];
    let (what, more) = match alteration {
        Alteration::Retimed => {
            let departs = flight.departs.at.checked_add(rng.i64(LATER).minutes())?;
            ("retime", vec!["--departs".to_owned(), departs.to_string()])
        }
        Alteration::Withdrawn => ("withdraw", Vec::new()),
        Alteration::Equipped => {
            let seats = if rng.bool() { rng.u16(SMALL) } else { LARGE };
            let words = ["--type", "E95", "--seats", &seats.to_string()];
            ("equipment", words.map(str::to_owned).into())
        }
    };
    let first = ["--company", company, what];
    let last = ["--yes", "--reason", "a run of chaos"];
    let words = first.into_iter().chain(which).map(str::to_owned);
    Ok(words
        .chain(more)
        .chain(last.into_iter().map(str::to_owned))
        .collect())
}
