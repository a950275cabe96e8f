//! `passcom flight`: one flight of a day: to look at, move, withdraw, or put on another aircraft. What changes goes the way of an import;
//! the node tells the tickets.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use passcom_actors::catalogue::Route;
use passcom_actors::catalogue::cabin::Layout;
use passcom_actors::domain::ids::{CompanyId, SEATS_MAX};
use passcom_sql::schedule_store::flight::{self, Act};
use passcom_sql::schedule_store::{self, Client, Report};

use crate::config::Config;
use crate::schedule::Window;

/// Longest reason, in characters.
const REASON_LEN_MAX: usize = 500;

/// Looks at one flight of a day, or changes it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Configuration of the cluster
    #[arg(long, value_name = "PATH")]
    config: PathBuf,
    /// Company whose flight it is
    #[arg(long, value_name = "CODE")]
    company: CompanyId,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Times, aircraft, and who has seats
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Other times
    Retime {
        #[command(flatten)]
        which: Which,
        /// New departure, with its offset: 2026-11-23T14:30-03:00
        #[arg(long, value_name = "TIME")]
        departs: Timestamp,
        /// New arrival [default: as long after the departure as before]
        #[arg(long, value_name = "TIME")]
        arrives: Option<Timestamp>,
        #[command(flatten)]
        sure: Sure,
    },
    /// It is not flown
    Withdraw {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        sure: Sure,
    },
    /// Another aircraft
    Equipment {
        #[command(flatten)]
        which: Which,
        /// IATA code of the type
        #[arg(long = "type", value_name = "CODE")]
        equipment: String,
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(SEATS_MAX)))]
        seats: u16,
        #[command(flatten)]
        sure: Sure,
    },
}

/// A leg.
#[derive(Debug, clap::Args)]
struct Which {
    /// As passengers read it: G31234
    #[arg(value_name = "FLIGHT")]
    flight: String,
    /// The flight's date: that on which it leaves its first airport
    #[arg(value_name = "DATE")]
    date: Date,
    /// IATA code of the airport that it leaves; needed for a flight of several legs
    #[arg(long, value_name = "IATA")]
    origin: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Sure {
    /// Do it; without this, what would change is shown and nothing is
    #[arg(long, requires = "reason")]
    yes: bool,
    /// For the audit trail
    #[arg(long)]
    reason: Option<String>,
}

/// Looks or changes, and tells what came of it.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let company = config.company(args.company)?;
    let mut client = schedule_store::connect(&config.database(company)?).await?;
    match &args.what {
        What::Show { which } => {
            let route = which.find(&client).await?;
            print!("{}", shown(&client, &route).await?);
        }
        What::Retime {
            which,
            departs,
            arrives,
            sure,
        } => {
            let before = which.find(&client).await?;
            let after = retimed(&before, *departs, *arrives)?;
            change(&mut client, "flight-retime", after, sure).await?;
        }
        What::Withdraw { which, sure } => {
            let before = which.find(&client).await?;
            let after = Route {
                on_sale: false,
                ..before
            };
            change(&mut client, "flight-withdraw", after, sure).await?;
        }
        What::Equipment {
            which,
            equipment,
            seats,
            sure,
        } => {
            let before = which.find(&client).await?;
            let after = Route {
                equipment: equipment.clone(),
                seats: *seats,
                ..before
            };
            change(&mut client, "flight-equipment", after, sure).await?;
        }
    }
    Ok(())
}

impl Which {
    async fn find(&self, client: &Client) -> anyhow::Result<Route> {
        let window = Window::new(self.date, 1).map_err(anyhow::Error::msg)?;
        let mut legs = flight::flights(client, &self.flight, window.route_ids()).await?;
        legs.retain(|leg| {
            let origin = self.origin.as_ref();
            origin.is_none_or(|origin| leg.origin.eq_ignore_ascii_case(origin))
        });
        match (legs.pop(), legs.is_empty()) {
            (Some(leg), true) => Ok(leg),
            (Some(_), false) => bail!("{} has several legs: --origin says which", self.flight),
            (None, _) => bail!("no flight {} on {}", self.flight, self.date),
        }
    }
}

fn retimed(
    before: &Route,
    departs: Timestamp,
    arrives: Option<Timestamp>,
) -> anyhow::Result<Route> {
    let departs = departs.as_second();
    let took = before.arrives - before.departs;
    let arrives = arrives.map_or(departs + took, Timestamp::as_second);
    ensure!(departs < arrives, "it would arrive before it leaves");
    Ok(Route {
        departs,
        arrives,
        ..before.clone()
    })
}

async fn change(
    client: &mut Client,
    action: &'static str,
    route: Route,
    sure: &Sure,
) -> anyhow::Result<()> {
    let subject = format!("flight {} of {}", route.flight, instant(route.departs));
    let act = match (&sure.reason, sure.yes) {
        (Some(reason), true) => {
            let length = reason.trim().chars().count();
            ensure!(
                (1..=REASON_LEN_MAX).contains(&length),
                "--reason must have 1 to {REASON_LEN_MAX} characters"
            );
            Some(Act {
                action,
                subject,
                reason: reason.trim().to_owned(),
            })
        }
        _ => None,
    };
    let report = flight::change(client, route, act.as_ref()).await;
    let report = report.context("change the flight")?;
    print!("{}", done(&report, act.is_some()));
    Ok(())
}

/// What was changed, or would be, and on whose tickets.
fn done(report: &Report, written: bool) -> String {
    let mut lines: Vec<String> = report.examples.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        lines.push("nothing changes".to_owned());
    }
    let touched = &report.touched;
    lines.push(format!(
        "{} tickets or bookings under way have {} seats on it, {} of which the aircraft does not have",
        touched.tickets, touched.seats, touched.seats_lost
    ));
    lines.extend(touched.listed.iter().map(|ticket| format!("  {ticket}")));
    lines.push(match written {
        true => "written: the node tells the tickets within seconds".to_owned(),
        false => "nothing was written: --yes with a --reason does it".to_owned(),
    });
    lines.push(String::new());
    lines.join("\n")
}

async fn shown(client: &Client, route: &Route) -> anyhow::Result<String> {
    let sold = flight::sold(client, route).await?;
    let layout = Layout::of(&route.equipment, route.seats);
    let state = if route.on_sale {
        "on sale"
    } else {
        "withdrawn"
    };
    let mut lines = vec![format!(
        "{} {} {} - {} {}: {} of {} seats, {state}, {} seats taken",
        route.flight,
        route.origin,
        told(route.departs, route.offsets.map(|offsets| offsets.departs)),
        route.destination,
        told(route.arrives, route.offsets.map(|offsets| offsets.arrives)),
        route.equipment,
        route.seats,
        sold.len()
    )];
    for seat in sold {
        let label = layout.place(seat.number).map(|place| format!(" ({place})"));
        let what = match (seat.ticketed, seat.unseated) {
            (_, true) => ", which the aircraft does not have",
            (false, false) => ", a booking under way",
            (true, false) => "",
        };
        let label = label.unwrap_or_default();
        lines.push(format!("  {} seat {}{label}{what}", seat.saga, seat.number));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// As passengers read it, `2026-11-23 14:30-03:00 (2026-11-23T17:30:00Z)`; only in UTC where the schedule does not say.
fn told(seconds: i64, minutes_east: Option<i16>) -> String {
    let utc = instant(seconds);
    let offset =
        minutes_east.and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
    match offset {
        None => utc.to_string(),
        Some(offset) => {
            let there = utc.to_zoned(TimeZone::fixed(offset));
            format!("{} ({utc})", there.strftime("%Y-%m-%d %H:%M%:z"))
        }
    }
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_passengers_read_it_and_in_utc() {
        let at = 1_795_455_000;
        assert_eq!(told(at, None), "2026-11-23T17:30:00Z");
        assert_eq!(
            told(at, Some(-180)),
            "2026-11-23 14:30-03:00 (2026-11-23T17:30:00Z)"
        );
        assert_eq!(
            told(at, Some(14 * 60)),
            "2026-11-24 07:30+14:00 (2026-11-23T17:30:00Z)"
        );
    }
}
