//! What a search is told to find only: windows of local time, companies, and what is too long, too dear or changed too
//! often.

use jiff::civil::{Date, DateTime, Time};
use passcom_actors::catalogue::{Catalogue, DayParts, Filter, LEGS_MAX, Window};
use passcom_actors::domain::ids::CompanyId;

use crate::api::catalogue::check_company;
use crate::call::Call;
use crate::clock;
use crate::error::{Kind, Problem};
use crate::wire::{DayPart, DayPartNames, query};

/// Hours of a part of the day that choices are counted in.
const PART_HOURS: i8 = 6;
const MINUTE: i64 = 60;
/// Longest duration that can be asked for: longer than any itinerary.
const DURATION_MAX_MINUTES: u64 = 20_000;
/// Highest price that can be asked for.
const PRICE_MAX_MINOR: u64 = 1 << 53;
/// Longest slack: half a day.
const SLACK_MAX_MINUTES: u64 = 720;
/// The slack if none is given.
const SLACK_MINUTES: u64 = 60;

/// The day of travel, and the zones of both ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub date: Date,
    pub origin: Option<&'static str>,
    pub destination: Option<&'static str>,
}

pub(super) fn given(call: &Call, catalogue: &Catalogue, day: &Day) -> Result<Filter, Problem> {
    let most = |name, least, most| call.number(name, least, most);
    let connections_max = most(query::CONNECTIONS_MAX, 0, LEGS_MAX as u64 - 1)?;
    let minutes_max = most(query::DURATION_MAX, 1, DURATION_MAX_MINUTES)?;
    let price_max = most(query::PRICE_MAX, 0, PRICE_MAX_MINOR)?;
    let departs = (query::DEPARTS_FROM, query::DEPARTS_UNTIL);
    let arrives = (query::ARRIVES_FROM, query::ARRIVES_UNTIL);
    Ok(Filter {
        departs: window(call, departs, day.date, day.origin)?,
        arrives: window(call, arrives, day.date, day.destination)?,
        companies: companies(call, catalogue)?,
        connections_max: connections_max.map(|most| most as usize),
        seconds_max: minutes_max.map(|minutes| minutes as u32 * MINUTE as u32),
        price_max_minor: price_max.map(|minor| minor as i64),
    })
}

/// In seconds.
pub(super) fn slack(call: &Call) -> Result<u32, Problem> {
    let minutes = call.number(query::SLACK, 0, SLACK_MAX_MINUTES)?;
    Ok(minutes.unwrap_or(SLACK_MINUTES) as u32 * MINUTE as u32)
}

/// What choices are counted by, and how each part is asked for.
pub(super) fn parts(day: &Day) -> (DayParts, DayPartNames) {
    let of_day = |zone| {
        let hours = (0..24).step_by(PART_HOURS as usize);
        let part = move |hour: i8| {
            let until = day.date.at(hour + PART_HOURS - 1, 59, 0, 0);
            part(day.date.at(hour, 0, 0, 0), Some(until), day.date, zone)
        };
        hours.map(part).collect::<Vec<(Window, DayPart)>>()
    };
    let departs = of_day(day.origin);
    let mut arrives = of_day(day.destination);
    if let Ok(next) = day.date.tomorrow() {
        let midnight = next.at(0, 0, 0, 0);
        arrives.push(part(midnight, None, day.date, day.destination));
    }
    let (departs, departs_names) = departs.into_iter().unzip();
    let (arrives, arrives_names) = arrives.into_iter().unzip();
    let names = DayPartNames {
        departs: departs_names,
        arrives: arrives_names,
    };
    (DayParts { departs, arrives }, names)
}

fn part(
    from: DateTime,
    until: Option<DateTime>,
    date: Date,
    zone: Option<&'static str>,
) -> (Window, DayPart) {
    let name = |time: DateTime| {
        let short = time.date() == date;
        let format = if short { "%H:%M" } else { "%Y-%m-%dT%H:%M" };
        time.strftime(format).to_string()
    };
    let part = DayPart {
        from: name(from),
        until: until.map(name),
    };
    (instants(Some(from), until, zone), part)
}

/// None if neither end is given.
fn window(
    call: &Call,
    (from, until): (&str, &str),
    date: Date,
    zone: Option<&'static str>,
) -> Result<Option<Window>, Problem> {
    let (from, until) = (time(call, from, date)?, time(call, until, date)?);
    let is_given = from.is_some() || until.is_some();
    Ok(is_given.then(|| instants(from, until, zone)))
}

/// Both minutes included.
fn instants(from: Option<DateTime>, until: Option<DateTime>, zone: Option<&str>) -> Window {
    let from = from.map_or(i64::MIN, |time| clock::instant(time, zone));
    let until = until.map_or(i64::MAX, |time| clock::instant(time, zone) + MINUTE);
    (from, until)
}

/// `06:30` of the day of travel, or `2026-11-27T06:30` of another one.
fn time(call: &Call, name: &str, date: Date) -> Result<Option<DateTime>, Problem> {
    let Some(text) = call.parameter(name)? else {
        return Ok(None);
    };
    let of_day = text.parse::<Time>().map(|time| date.to_datetime(time));
    let time = if text.contains('T') {
        text.parse::<DateTime>()
    } else {
        of_day
    };
    time.map(Some).map_err(|_| {
        Problem::invalid(
            format!("{name} deve ser HH:MM ou AAAA-MM-DDTHH:MM"),
            format!("{name} must be HH:MM or YYYY-MM-DDTHH:MM"),
        )
    })
}

/// Separated by commas; one that is not of this cluster is a problem.
pub(super) fn companies(
    call: &Call,
    catalogue: &Catalogue,
) -> Result<Option<Vec<CompanyId>>, Problem> {
    let Some(text) = call.parameter(query::COMPANIES)? else {
        return Ok(None);
    };
    let company = |code: &str| {
        let company = code.trim().parse().map_err(|_| Kind::UnknownCompany)?;
        check_company(catalogue, company).map(|()| company)
    };
    text.split(',')
        .map(company)
        .collect::<Result<_, _>>()
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::tests::call;

    const MIDNIGHT: i64 = 1_795_392_000 + 3 * 3600;
    const HOUR: i64 = 3600;

    fn day() -> Day {
        Day {
            date: Date::constant(2026, 11, 23),
            origin: Some("America/Sao_Paulo"),
            destination: Some("America/Manaus"),
        }
    }

    fn window_of(query: &str) -> Result<Option<Window>, Problem> {
        let call = call(&format!("/rotas?{query}"), &[], b"");
        let names = (query::ARRIVES_FROM, query::ARRIVES_UNTIL);
        window(&call, names, day().date, day().destination)
    }

    #[test]
    fn a_window_is_by_the_clock_of_its_place_and_has_both_ends() {
        let manaus = MIDNIGHT + HOUR;
        assert_eq!(window_of(""), Ok(None));
        let both = window_of("chegada_de=06:30&chegada_ate=12:00");
        assert_eq!(both, Ok(Some((manaus + 390 * 60, manaus + 12 * HOUR + 60))));
        let until = window_of("chegada_ate=2026-11-24T01:00");
        assert_eq!(until, Ok(Some((i64::MIN, manaus + 25 * HOUR + 60))));
        for bad in ["25:00", "6h", "2026-11-24", "ontem", "T"] {
            assert!(window_of(&format!("chegada_de={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_parts_of_a_day_have_no_gap_and_are_named_as_they_are_asked_for() {
        let (parts, names) = parts(&day());
        assert_eq!(parts.departs.len(), 4);
        assert_eq!(parts.departs[0].0, MIDNIGHT);
        let joined = |windows: &[Window]| windows.windows(2).all(|two| two[0].1 == two[1].0);
        assert!(joined(&parts.departs) && joined(&parts.arrives));
        for (window, name) in parts.arrives.iter().zip(&names.arrives) {
            let until = name.until.as_ref();
            let until = until.map_or(String::new(), |until| format!("&chegada_ate={until}"));
            let asked = window_of(&format!("chegada_de={}{until}", name.from));
            assert_eq!(asked, Ok(Some(*window)));
        }
        assert_eq!(names.arrives[4].from, "2026-11-24T00:00");
        assert_eq!(names.departs[3].until.as_deref(), Some("23:59"));
    }

    #[test]
    fn a_slack_is_bounded_and_an_hour_if_none_is_given() {
        let slack = |query: &str| slack(&call(&format!("/rotas?{query}"), &[], b""));
        assert_eq!((slack(""), slack("folga=0")), (Ok(3600), Ok(0)));
        assert_eq!(slack("folga=720"), Ok(720 * 60));
        assert!(slack("folga=721").is_err() && slack("folga=-1").is_err());
    }
}
