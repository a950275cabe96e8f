//! Bodies as their endpoints read them, for the fuzz targets in `chaos/fuzz`. Built for them, and with the tests, so that it keeps up.

use std::num::NonZeroU32;

use passcom_actors::people::saved::SavedPassenger;
use serde::de::DeserializeOwned;
use warp::http::header::CONTENT_TYPE;
use warp::http::{HeaderMap, HeaderValue, Method};

use super::bookings::wanted;
use super::contact::contact;
use super::passengers::{passenger, spelt};
use crate::call::Call;
use crate::error::Problem;
use crate::language::Language;
use crate::wire;
use crate::wire::field::NAMES;

/// What each endpoint has read in these bytes, by name, or what it has to say against it; without those for which they are no body at all.
/// `now`: in seconds since 1970.
pub fn readings(bytes: &[u8], now: i64) -> Vec<(&'static str, String)> {
    let call = call(bytes);
    let people = |people: Option<Vec<wire::Passenger>>| people.unwrap_or_default();
    let readings = [
        read("credentials", &call, |body: wire::Credentials| {
            Ok(format!("{:?}", (body.login, body.password)))
        }),
        read("first address", &call, |body: wire::FirstEmail| {
            Ok(format!("{:?}", body.email))
        }),
        read("new password", &call, |body: wire::NewPassword| {
            Ok(format!("{:?}", body.new_password))
        }),
        read("new address", &call, |body: wire::NewEmail| {
            Ok(format!("{:?}", body.email))
        }),
        read("code", &call, |body: wire::NewPasswordByCode| {
            Ok(format!("{:?}", (body.login, body.code, body.new_password)))
        }),
        read("search", &call, |body: wire::SearchBody| {
            Ok(format!("{:?}", (body.origin, body.destination)))
        }),
        read("booking", &call, |body: wire::BookBody| {
            let seats = body.seats.unwrap_or_default();
            let seats = wanted(&seats, &people(body.passengers), now)?;
            let contact = contact(body.contact.as_ref())?;
            let persons: Vec<_> = seats.iter().map(|seat| &seat.person).collect();
            // who is asked for by `Debug` says little of people
            Ok(format!("{seats:?} {} {}", json(&persons), json(&contact)))
        }),
        read("exchange", &call, |body: wire::RebookBody| {
            let seats = body.seats.unwrap_or_default();
            let seats = wanted(&seats, &people(body.passengers), now)?;
            Ok(format!("{:?} {seats:?}", body.given))
        }),
        read("names", &call, |body: wire::NamesBody| {
            let names = body.names.unwrap_or_default();
            let names = names
                .iter()
                .enumerate()
                .map(|(index, given)| -> Result<_, Problem> {
                    let name = spelt(NAMES, index, given.name.as_deref().unwrap_or_default())?;
                    Ok(format!("{} {} {name:?}", given.company, given.seat))
                });
            Ok(names.collect::<Result<Vec<_>, _>>()?.join("\n"))
        }),
        read("payment", &call, |body: wire::PaymentBody| {
            Ok(format!("{:?}", (body.means, body.attempt)))
        }),
        read("booking by name", &call, |body: wire::FindBody| {
            Ok(format!("{:?}", (body.locator, body.surname, body.date)))
        }),
        read("agreement", &call, |body: wire::AcceptBody| {
            Ok(format!("{:?}", body.changes))
        }),
        read("block", &call, |body: wire::BlockBody| {
            Ok(format!("{:?}", (body.free, body.reason)))
        }),
    ];
    readings.into_iter().flatten().collect()
}

/// The passengers of a list that is to be kept: each as it is told to its owner, and as it would be told if that were sent back.
pub fn kept(bytes: &[u8], now: i64) -> Vec<(String, Result<String, String>)> {
    let Ok(body) = call(bytes).json::<wire::SavedBody>() else {
        return Vec::new();
    };
    let told = |given: &wire::Passenger| -> Result<String, String> {
        let (passenger, person) = passenger(0, given, now).map_err(detail)?;
        let name = passenger.name;
        let saved = SavedPassenger { name, person };
        Ok(json(&wire::SavedPerson::from(&saved)))
    };
    let given = body.passengers.iter();
    let first = given.filter_map(|given| told(given).ok());
    let again = |first: String| {
        let given = serde_json::from_str(&first).map_err(|error| error.to_string());
        let again = given.and_then(|given| told(&given));
        (first, again)
    };
    first.map(again).collect()
}

fn read<T: DeserializeOwned>(
    name: &'static str,
    call: &Call,
    told: impl FnOnce(T) -> Result<String, Problem>,
) -> Option<(&'static str, String)> {
    let body = call.json().ok()?;
    Some((name, told(body).unwrap_or_else(detail)))
}

fn detail(problem: Problem) -> String {
    let (status, body) = problem.told(Language::English);
    format!("{status} {}", String::from_utf8_lossy(&body))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("what is told has an encoding")
}

fn call(body: &[u8]) -> Call {
    let json = HeaderValue::from_static("application/json");
    Call {
        method: Method::POST,
        path: "/".to_owned(),
        query: String::new(),
        arguments: Vec::new(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
        body: body.to_vec(),
        language: Language::Portuguese,
        from: None,
        cost: NonZeroU32::MIN,
        is_behind: false,
    }
}
