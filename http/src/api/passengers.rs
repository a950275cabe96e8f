//! Who sits where, as bookings and holds are told.

use std::collections::BTreeMap;

use passcom_actors::domain::birth::{Birth, NoBirth};
use passcom_actors::domain::document::{
    Document, Kind as DocumentKind, NUMBER_LEN_MAX, NoDocument,
};
use passcom_actors::domain::ids::{CompanyId, RouteId};
use passcom_actors::domain::order::{Passenger, SeatRef};
use passcom_actors::domain::papers::Person;
use passcom_actors::people::desk::WantedSeat;
use passcom_actors::people::spelling::{self, Misspelt};

use super::accounts::misspelt;
use crate::error::Problem;
use crate::wire;
use crate::wire::field::{BIRTH, DOCUMENT, NAME, PASSENGERS};

const NAME_CHARS_MAX: usize = 120;

/// Who sits where: one passenger per seat, or one per traveller, who has the same place in the row of each leg's seats.
pub(super) fn seated(
    seats: &[SeatRef],
    passengers: &[wire::Passenger],
    now: i64,
) -> Result<Vec<WantedSeat>, Problem> {
    if passengers.is_empty() {
        let nobody = |(traveller, seat): (usize, &SeatRef)| WantedSeat {
            traveller,
            ..WantedSeat::from(*seat)
        };
        return Ok(seats.iter().enumerate().map(nobody).collect());
    }
    let passengers = passengers.iter().enumerate();
    let passengers = passengers.map(|(index, given)| passenger(index, given, now));
    let passengers: Vec<(Passenger, Person)> = passengers.collect::<Result<_, _>>()?;
    let per_seat = passengers.len() == seats.len();
    let mut on_leg: BTreeMap<(CompanyId, RouteId), usize> = BTreeMap::new();
    let mut seated = Vec::with_capacity(seats.len());
    for (index, seat) in seats.iter().enumerate() {
        let place = on_leg.entry((seat.company, seat.route)).or_default();
        let traveller = if per_seat { index } else { *place };
        *place += 1;
        let (passenger, person) = passengers.get(traveller).cloned().ok_or_else(too_few)?;
        seated.push(WantedSeat {
            seat: *seat,
            passenger: Some(passenger),
            person,
            traveller,
            expected: None,
        });
    }
    let travellers = on_leg.values().max().copied().unwrap_or_default();
    if per_seat || travellers == passengers.len() {
        Ok(seated)
    } else {
        Err(too_few())
    }
}

fn too_few() -> Problem {
    Problem::invalid(
        format!("{PASSENGERS}: informe um passageiro por assento, ou um por viajante"),
        format!("{PASSENGERS}: give one passenger per seat, or one per traveller"),
    )
}

/// A name as it is kept; `of`: the list that it is from.
pub(super) fn spelt(of: &str, index: usize, name: &str) -> Result<String, Problem> {
    let place = place(of, index, NAME);
    let name = bounded(&place, name.trim(), NAME_CHARS_MAX)?;
    let name = spelling::name(&name).map_err(|why| misspelt(&place, why))?;
    // compatibility forms may be longer than what was given
    bounded(&place, &name, NAME_CHARS_MAX)
}

/// One passenger of the list, and what is told of them beside the name. `now`: in seconds since 1970.
pub(super) fn passenger(
    index: usize,
    given: &wire::Passenger,
    now: i64,
) -> Result<(Passenger, Person), Problem> {
    let name = spelt(PASSENGERS, index, given.name.as_deref().unwrap_or_default())?;
    let document = given.document.as_ref().map(|given| document(index, given));
    let birth = given.birth.as_deref().map(str::trim);
    let birth = birth.filter(|birth| !birth.is_empty());
    let birth = birth.map(|birth| {
        Birth::new(birth, now).map_err(|why| no_birth(&place(PASSENGERS, index, BIRTH), why))
    });
    let person = Person {
        document: document.transpose()?.flatten(),
        birth: birth.transpose()?,
    };
    Ok((Passenger::named(name), person))
}

/// None where it is empty: pages send what was not filled in.
fn document(index: usize, given: &wire::GivenDocument) -> Result<Option<Document>, Problem> {
    let place = place(PASSENGERS, index, DOCUMENT);
    let number = match given {
        wire::GivenDocument::Text(number) | wire::GivenDocument::Told { number, .. } => number,
    };
    let number = number.trim();
    if number.is_empty() {
        return Ok(None);
    }
    let number = bounded(&place, number, NUMBER_LEN_MAX)?;
    match given {
        wire::GivenDocument::Text(_)
        | wire::GivenDocument::Told {
            kind: None,
            country: None,
            ..
        } => Ok(Some(Document::of_text(&number))),
        wire::GivenDocument::Told { kind, country, .. } => {
            let kind = kind.map_or(DocumentKind::Unspecified, DocumentKind::from);
            let document = Document::new(kind, &number, country.as_deref());
            document.map(Some).map_err(|why| no_document(&place, why))
        }
    }
}

fn no_document(place: &str, why: NoDocument) -> Problem {
    let (portuguese, english) = match why {
        NoDocument::CpfDigits => ("um CPF tem onze dígitos", "a CPF has eleven digits"),
        NoDocument::CheckDigits => (
            "os dígitos do CPF não conferem; veja se algum foi trocado",
            "the digits of the CPF do not add up; see whether one is wrong",
        ),
        NoDocument::Passport => (
            "um passaporte tem de 5 a 9 letras e números",
            "a passport has 5 to 9 letters and digits",
        ),
        NoDocument::BrazilianPassport => (
            "um passaporte brasileiro tem duas letras e seis números, como FX123456",
            "a Brazilian passport has two letters and six digits, as FX123456",
        ),
        NoDocument::Identity => (
            "um RG tem de 4 a 14 letras e números",
            "an RG has 4 to 14 letters and digits",
        ),
        NoDocument::Country => (
            "informe em pais o país que emitiu o passaporte, em duas letras (ISO 3166-1)",
            "say in pais which country issued the passport, in two letters (ISO 3166-1)",
        ),
        NoDocument::CountryUnwanted => ("só um passaporte tem pais", "only a passport has pais"),
    };
    Problem::invalid(
        format!("{place}: {portuguese}"),
        format!("{place}: {english}"),
    )
}

fn no_birth(place: &str, why: NoBirth) -> Problem {
    let (portuguese, english) = match why {
        NoBirth::NoDay => ("deve ser um dia, AAAA-MM-DD", "must be a day, YYYY-MM-DD"),
        NoBirth::Future => ("está no futuro", "is in the future"),
        NoBirth::TooLongAgo => ("é de tempo demais atrás", "is too long ago"),
    };
    Problem::invalid(
        format!("{place} {portuguese}"),
        format!("{place} {english}"),
    )
}

/// How a field of this passenger is called.
fn place(of: &str, index: usize, field: &str) -> String {
    format!("{of}[{index}].{field}")
}

/// 1 to `max` characters, none of them a control character.
fn bounded(place: &str, text: &str, max: usize) -> Result<String, Problem> {
    let fits = (1..=max).contains(&text.chars().count());
    if text.contains(char::is_control) {
        return Err(misspelt(place, Misspelt::Character));
    }
    if fits {
        return Ok(text.to_owned());
    }
    Err(Problem::invalid(
        format!("{place} deve ter de 1 a {max} caracteres"),
        format!("{place} must have 1 to {max} characters"),
    ))
}

#[cfg(test)]
mod tests {
    use passcom_actors::domain::ids::SeatNumber;
    use serde_json::json;

    use super::*;
    use crate::error::Kind;

    /// 27 November 2026.
    const NOW: i64 = 1_795_780_800;

    fn seat(route: u64, number: u16) -> SeatRef {
        SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(route),
            number: SeatNumber(number),
        }
    }

    fn people(names: &[&str]) -> Vec<wire::Passenger> {
        let person = |name: &&str| wire::Passenger {
            name: Some((*name).to_owned()),
            document: None,
            birth: None,
        };
        names.iter().map(person).collect()
    }

    fn names(seats: &[SeatRef], given: &[&str]) -> Result<Vec<String>, Kind> {
        let seated = seated(seats, &people(given), NOW).map_err(|problem| problem.kind())?;
        let name = |seat: WantedSeat| seat.passenger.map(|passenger| passenger.name);
        Ok(seated.into_iter().filter_map(name).collect())
    }

    #[test]
    fn a_passenger_is_per_seat_or_per_traveller() {
        let trip = [seat(1, 1), seat(1, 2), seat(2, 7), seat(2, 8)];
        let ok = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names(&trip, &[]), ok(&[]));
        assert_eq!(
            names(&trip, &["Ana", "Bia"]),
            ok(&["Ana", "Bia", "Ana", "Bia"])
        );
        assert_eq!(
            names(&trip, &["A", "B", "C", "D"]),
            ok(&["A", "B", "C", "D"])
        );
        assert_eq!(names(&trip[..1], &["Ana"]), ok(&["Ana"]));
        for wrong in [&["Ana"][..], &["A", "B", "C"], &["A"; 5]] {
            assert_eq!(names(&trip, wrong), Err(Kind::InvalidRequest));
        }
    }

    #[test]
    fn who_travels_out_and_back_is_named_once() {
        // out by a connection, back by another way and from elsewhere: legs need not connect
        let mut trip = Vec::new();
        for route in [4, 9, 2, 7] {
            trip.extend([seat(route, 11), seat(route, 12)]);
        }
        let both = ["Ana", "Bia"].repeat(4);
        let both: Vec<String> = both.into_iter().map(str::to_owned).collect();
        assert_eq!(names(&trip, &["Ana", "Bia"]), Ok(both));
    }

    #[test]
    fn a_name_has_its_bounds() {
        let too_long = "x".repeat(NAME_CHARS_MAX + 1);
        // a ligature of compatibility that is 18 letters
        let longer_than_it_looks = "\u{fdfa}".repeat(7);
        for wrong in [
            "",
            "  ",
            "a\nb",
            "\u{200b}\u{200b}",
            "Ana\u{202e}",
            "...",
            &too_long,
            &longer_than_it_looks,
        ] {
            assert_eq!(
                names(&[seat(1, 1)], &[wrong]),
                Err(Kind::InvalidRequest),
                "{wrong}"
            );
        }
        assert!(names(&[seat(1, 1)], &[&"é".repeat(NAME_CHARS_MAX)]).is_ok());
    }

    fn told(passenger: serde_json::Value) -> Result<Person, String> {
        let given: wire::Passenger = serde_json::from_value(passenger).unwrap();
        let (_, person) = super::passenger(1, &given, NOW).map_err(|problem| {
            assert_eq!(problem.kind(), Kind::InvalidRequest);
            problem
                .detail(crate::language::Language::English)
                .to_owned()
        })?;
        Ok(person)
    }

    #[test]
    fn a_document_is_told_by_its_kind_or_as_it_always_was() {
        let cpf = json!({"tipo": "cpf", "numero": "123.456.789-09"});
        let person = told(json!({"nome": "Ana", "documento": cpf, "nascimento": "1990-05-17"}));
        let person = person.unwrap();
        assert_eq!(person.document.unwrap().number(), "12345678909");
        assert_eq!(person.birth.unwrap().to_string(), "1990-05-17");
        let old = told(json!({"nome": "Ana", "documento": "MG-7"})).unwrap();
        assert_eq!(old.document.as_ref().unwrap().number(), "MG-7");
        let passport = json!({"tipo": "passaporte", "numero": "fx123456", "pais": "br"});
        let person = told(json!({"nome": "Ana", "documento": passport})).unwrap();
        assert_eq!(person.document.unwrap().country(), Some("BR"));
        // as it is told of one who is kept
        let kept = told(json!({"nome": "Ana", "documento": {"numero": "MG-7"}})).unwrap();
        assert_eq!(kept, old);
        for nothing in [json!(null), json!(""), json!({"tipo": "rg", "numero": " "})] {
            let person = told(json!({"nome": "Ana", "documento": nothing, "nascimento": ""}));
            assert_eq!(person, Ok(Person::default()));
        }
    }

    #[test]
    fn what_is_wrong_with_whom_is_said_without_saying_the_number() {
        let document = |kind: &str, number: &str, country: Option<&str>| {
            let document = json!({"tipo": kind, "numero": number, "pais": country});
            told(json!({"nome": "Ana", "documento": document})).unwrap_err()
        };
        let wrong = document("cpf", "123.456.789-00", None);
        assert!(
            wrong.starts_with("passageiros[1].documento: the digits"),
            "{wrong}"
        );
        assert!(!wrong.contains("123"), "{wrong}");
        assert!(document("cpf", "123", None).contains("eleven digits"));
        assert!(document("cpf", "123.456.789-09", Some("BR")).contains("only a passport"));
        assert!(
            document("passaporte", "123456", Some("BR")).contains("two letters and six digits")
        );
        assert!(document("passaporte", "FX123456", None).contains("which country"));
        assert!(document("passaporte", "1", Some("FR")).contains("5 to 9"));
        assert!(document("rg", "abc", None).contains("4 to 14"));
        assert!(document("rg", &"1".repeat(33), None).contains("1 to 32"));
        let birth = |day: &str| told(json!({"nome": "Ana", "nascimento": day})).unwrap_err();
        assert!(birth("2030-01-01").contains("future"));
        assert!(birth("1800-01-01").contains("too long ago"));
        assert!(birth("17/05/1990").starts_with("passageiros[1].nascimento must be a day"));
    }
}
