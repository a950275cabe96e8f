//! A search as it is asked for: the exact sets that it takes, what of them is listed, and what is counted.

use std::borrow::Cow;
use std::ops::Range;

use metrics::counter;
use tracing::info;

use super::choices::{self, Choices};
use super::fare::CurrencyNumber;
use super::itinerary::{DayParts, Filter, Found, Itinerary, LowestPrices, Trip, Window};
use super::query::{Aim, Query};
use super::search::{self, Outcome, PROFILE_AFTER, Path, WORK_MAX};
use super::timetable::{AirportNumber, Timetable};
use super::{Catalogue, ranking, slack, unreachable};
use crate::domain::ids::CompanyId;
use crate::domain::order::Price;
use crate::turns::fair::Whence;

impl Catalogue {
    /// [`Catalogue::search`] in its turn, on a thread of its own. None when too many wait.
    pub async fn search_in_turn(&self, trip: &Trip, from: Whence) -> Option<Found> {
        let (catalogue, trip) = (self.clone(), trip.clone());
        let search = move || catalogue.search(&trip);
        let searched = self.inner.searching.take(from, search);
        searched.await
    }

    /// Every itinerary within the filter that no other such one beats in departure, arrival, number of legs and price,
    /// of the companies that can be reached; of those, what [`Trip::slack`] leaves (`slack.rs` says by which rules).
    /// Always ends, but keeps its thread for as long as that takes: a search, and of choices one more for each filter
    /// of departure, arrival and companies.
    pub fn search(&self, trip: &Trip) -> Found {
        let timetable = self.timetable();
        let asked = self.reachable(&timetable);
        let mut sets = Sets {
            timetable: &timetable,
            trip,
            asked: &asked,
            first_on_sale: self.first_on_sale(),
            cut_short: false,
        };
        let set = sets.find(&trip.filter);
        let choices = trip.count_by.as_ref().map(|parts| sets.count(&set, parts));
        let cut_short = sets.cut_short;
        if cut_short {
            counter!("passcom_searches_cut_short_total").increment(1);
            info!(?trip, "a search was cut short");
        }
        let mut listed = sets.listed(&set, &trip.filter);
        ranking::sort(&mut listed, trip.order);
        let page = listed.iter().skip(trip.skip).take(trip.limit);
        let itinerary = |path: &Path| {
            let legs = self.views(&timetable, &path.departures);
            // not if a leg went or was sold out this moment
            let seats = usize::from(trip.passengers);
            let whole = legs.len() == path.departures.len()
                && legs.iter().all(|leg| leg.free.len() >= seats);
            whole.then_some(Itinerary { legs })
        };
        Found {
            itineraries: page.filter_map(itinerary).collect(),
            total: listed.len(),
            choices,
            unreachable: unreachable(&asked),
            cut_short,
        }
    }
}

impl Catalogue {
    /// [`Catalogue::lowest_prices`] in its turn, on a thread of its own. None when too many wait.
    pub async fn lowest_prices_in_turn(
        &self,
        trip: &Trip,
        days: Vec<Window>,
        from: Whence,
    ) -> Option<LowestPrices> {
        let (catalogue, trip) = (self.clone(), trip.clone());
        let search = move || catalogue.lowest_prices(&trip, &days);
        self.inner.searching.take(from, search).await
    }

    /// What the cheapest itinerary within the filter costs of those that leave within each of the days, by the rules of
    /// [`Catalogue::search`]. All days together take no longer than one search may.
    pub fn lowest_prices(&self, trip: &Trip, days: &[Window]) -> LowestPrices {
        let timetable = self.timetable();
        let asked = self.reachable(&timetable);
        let mut cut_short = false;
        let of_day = |departs: &Window| {
            let trip = Trip {
                departs: *departs,
                ..trip.clone()
            };
            let sets = Sets {
                timetable: &timetable,
                trip: &trip,
                asked: &asked,
                first_on_sale: self.first_on_sale(),
                cut_short: false,
            };
            let query = Query {
                aim: Aim::LowestPrice,
                work_max: WORK_MAX / days.len(),
                ..sets.query(&trip.filter)
            };
            let outcome = search::search(&timetable, &query);
            cut_short |= outcome.cut_short;
            let fares = outcome.found.iter().map(|path| path.merits.fare);
            let mut prices: Vec<Price> = fares.filter_map(|fare| timetable.price(fare)).collect();
            prices.sort_by(|one, other| one.currency.cmp(&other.currency));
            prices
        };
        let days = days.iter().map(of_day).collect();
        if cut_short {
            counter!("passcom_searches_cut_short_total").increment(1);
            info!(?trip, "a search for prices was cut short");
        }
        LowestPrices {
            days,
            unreachable: unreachable(&asked),
            cut_short,
        }
    }
}

/// The exact sets of one search.
struct Sets<'a> {
    timetable: &'a Timetable,
    trip: &'a Trip,
    /// Every company with whether it can be reached.
    asked: &'a [(CompanyId, bool)],
    first_on_sale: i64,
    cut_short: bool,
}

impl Sets<'_> {
    /// The exact set within the times and companies of a filter. What else a filter says only takes away: whatever beats
    /// an itinerary has no more connections, costs no more and takes no longer.
    fn find(&mut self, filter: &Filter) -> Vec<Path> {
        let Outcome { found, cut_short } = search::search(self.timetable, &self.query(filter));
        self.cut_short |= cut_short;
        found
    }

    fn query(&self, filter: &Filter) -> Query {
        let (from, to) = within(self.trip.departs, filter.departs);
        let wanted = |company: CompanyId| {
            let companies = filter.companies.as_ref();
            companies.is_none_or(|companies| companies.contains(&company))
        };
        let asked = self.asked.iter();
        Query {
            origins: airports(self.timetable, &self.trip.origins),
            destinations: airports(self.timetable, &self.trip.destinations),
            departs: seconds((from.max(self.first_on_sale), to)),
            arrives: seconds(filter.arrives.unwrap_or((0, i64::MAX))),
            seats: self.trip.passengers,
            legs_max: self.trip.legs_max,
            companies: asked
                .map(|(company, reachable)| *reachable && wanted(*company))
                .collect(),
            aim: Aim::Best,
            work_max: WORK_MAX,
            profile_after: PROFILE_AFTER,
        }
    }

    /// What of an exact set is listed.
    fn listed(&self, set: &[Path], filter: &Filter) -> Vec<Path> {
        let within = set.iter().filter(|path| filter.lets_through(path));
        slack::cut(within.cloned().collect(), self.trip.slack)
    }

    fn count(&mut self, set: &[Path], parts: &DayParts) -> Choices {
        let all = self.listed(set, &self.trip.filter);
        let mut without = |lift: fn(&mut Filter)| self.without(set, &all, lift);
        let any_connections = without(|filter| filter.connections_max = None);
        let any_duration = without(|filter| filter.seconds_max = None);
        let any_price = without(|filter| filter.price_max_minor = None);
        let any_departure = without(|filter| filter.departs = None);
        let any_arrival = without(|filter| filter.arrives = None);
        let any_company = without(|filter| filter.companies = None);
        Choices {
            connections: choices::connections(&any_connections, self.trip.legs_max),
            companies: choices::companies(&any_company, self.timetable),
            departs: choices::departs(&any_departure, parts),
            arrives: choices::arrives(&any_arrival, parts),
            seconds: choices::seconds(&any_duration),
            prices: choices::prices(&any_price),
        }
    }

    /// What is listed with a part of the filter lifted; `set` and `all` are the exact set and the list of the whole one.
    fn without<'a>(
        &mut self,
        set: &[Path],
        all: &'a [Path],
        lift: fn(&mut Filter),
    ) -> Cow<'a, [Path]> {
        let filter = &self.trip.filter;
        let mut lifted = filter.clone();
        lift(&mut lifted);
        if lifted == *filter {
            return Cow::Borrowed(all);
        }
        let searched = |filter: &Filter| (filter.departs, filter.arrives, filter.companies.clone());
        if searched(&lifted) == searched(filter) {
            return Cow::Owned(self.listed(set, &lifted));
        }
        let set = self.find(&lifted);
        Cow::Owned(self.listed(&set, &lifted))
    }
}

impl Filter {
    /// Of what an exact set has.
    fn lets_through(&self, path: &Path) -> bool {
        let merits = &path.merits;
        let few = |most| usize::from(merits.legs) <= most + 1;
        let short = |most| merits.duration() <= most;
        let cheap =
            |most| merits.fare.currency != CurrencyNumber::MIXED && merits.fare.minor <= most;
        self.connections_max.is_none_or(few)
            && self.seconds_max.is_none_or(short)
            && self.price_max_minor.is_none_or(cheap)
    }
}

fn airports(timetable: &Timetable, codes: &[String]) -> Vec<AirportNumber> {
    let codes = codes.iter();
    codes.filter_map(|code| timetable.airport(code)).collect()
}

/// Both at once.
fn within(one: Window, other: Option<Window>) -> Window {
    let (from, to) = other.unwrap_or(one);
    (one.0.max(from), one.1.min(to))
}

/// By the clock of the timetable.
fn seconds((from, to): Window) -> Range<u32> {
    let second = |time: i64| time.clamp(0, i64::from(u32::MAX)) as u32;
    second(from)..second(to)
}
