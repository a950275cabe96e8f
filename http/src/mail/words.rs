//! The texts of letters, as somebody writes them who speaks the language.

use std::fmt::Write;

use jiff::civil::DateTime;
use passcom_actors::catalogue::airports;
use passcom_actors::domain::accounts::Language;
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::order::{Leg, Offsets, Price};
use passcom_actors::domain::ticket::Ticket;

use crate::ticket::travellers::travellers;
use crate::{clock, money};

/// Subject and text.
type Words = (String, String);

pub(super) fn booked(company: &str, ticket: &Ticket, language: Language) -> Words {
    let trip = trip(ticket);
    let (subject, opening) = match language {
        Language::Portuguese => (
            format!("Reserva confirmada: {trip}"),
            "Olá!\n\nSua reserva está confirmada. O bilhete eletrônico vai em anexo, em PDF, com um arquivo para você \
             incluir os voos na sua agenda."
                .to_owned(),
        ),
        Language::English => (
            format!("Booking confirmed: {trip}"),
            "Hello,\n\nYour booking is confirmed. Your e-ticket is attached as a PDF, along with a file that adds the \
             flights to your calendar."
                .to_owned(),
        ),
    };
    (subject, about_ticket(&opening, company, ticket, language))
}

pub(super) fn flights_changed(company: &str, ticket: &Ticket, language: Language) -> Words {
    let trip = trip(ticket);
    let (subject, opening) = match language {
        Language::Portuguese => (
            format!("Mudança no seu voo: {trip}"),
            "Olá!\n\nUm ou mais voos da sua viagem mudaram. Confira abaixo os horários atuais; o bilhete em anexo já está \
             atualizado e substitui o anterior. Na página da sua passagem você vê o que pode fazer: aceitar a mudança ou, \
             quando for o caso, remarcar sem custo ou receber o dinheiro de volta."
                .to_owned(),
        ),
        Language::English => (
            format!("Change to your flight: {trip}"),
            "Hello,\n\nOne or more flights of your trip have changed. Please check the current times below; the attached \
             e-ticket is up to date and replaces the earlier one. Your ticket's page shows what you can do: accept the \
             change or, where you are entitled to it, rebook at no cost or get your money back."
                .to_owned(),
        ),
    };
    (subject, about_ticket(&opening, company, ticket, language))
}

/// `page`: where customers find the company's, if that is known.
pub(super) fn code(
    company: &str,
    login: &str,
    code: &str,
    page: Option<&str>,
    language: Language,
) -> Words {
    // of the page, which asks for the code there
    let way = page.map(|page| format!("{page}/#/senha/codigo"));
    let way = way.map_or_else(String::new, |way| match language {
        Language::Portuguese => format!("Digite-o aqui: {way}\n\n"),
        Language::English => format!("Enter it here: {way}\n\n"),
    });
    match language {
        Language::Portuguese => (
            format!("{code} é o seu código para criar uma nova senha"),
            format!(
                "Olá!\n\nAlguém pediu uma nova senha para o login {login}. Se foi você, use este código:\n\n    {code}\n\n\
                 {way}Ele vale por 15 minutos e só pode ser usado uma vez. Não passe este código para ninguém: nós \
                 nunca vamos pedi-lo.\n\nSe não foi você, ignore esta mensagem; sua senha continua a mesma.\n\n{company}\n"
            ),
        ),
        Language::English => (
            format!("{code} is your code for a new password"),
            format!(
                "Hello,\n\nSomeone asked for a new password for the login {login}. If that was you, enter this code:\n\n    \
                 {code}\n\n{way}It is good for 15 minutes and can be used once. Do not share it with anyone: we will \
                 never ask you for it.\n\nIf it was not you, you can ignore this message. Your password has not changed.\n\n\
                 {company}\n"
            ),
        ),
    }
}

/// `page`: where customers find the home's, if that is known.
pub(super) fn code_elsewhere(
    company: &str,
    home: &str,
    login: &str,
    page: Option<&str>,
    language: Language,
) -> Words {
    // of the page, which asks for the login there
    let way = page.map_or_else(String::new, |page| format!(" ({page}/#/senha)"));
    match language {
        Language::Portuguese => (
            format!("Peça a nova senha à {home}"),
            format!(
                "Olá!\n\nAlguém pediu uma nova senha para o login {login}. Se foi você: sua conta foi criada na {home}, e só lá é \
                 possível criar uma nova senha sem a atual. Na página da {home}{way}, escolha “Esqueci minha senha” \
                 e peça um código. Depois, a nova senha vale em todas as companhias.\n\nSe não foi você, ignore esta \
                 mensagem; sua senha continua a mesma.\n\n{company}\n"
            ),
        ),
        Language::English => (
            format!("Ask {home} for your new password"),
            format!(
                "Hello,\n\nSomeone asked for a new password for the login {login}. If that was you: your account was created with \
                 {home}, and a forgotten password can only be replaced there. On {home}'s page{way}, choose “Forgot your \
                 password?” and request a code. Your new password will then work with every company.\n\nIf it was not you, \
                 you can ignore this message. Your password has not changed.\n\n{company}\n"
            ),
        ),
    }
}

/// `GRU – MAO` of the first and the last flight; there and back is told by where it leads.
fn trip(ticket: &Ticket) -> String {
    let legs = in_order(ticket);
    let (Some(first), Some(last)) = (legs.first(), legs.last()) else {
        return ticket.id.to_string();
    };
    let farthest = match first.origin_iata == last.destination_iata {
        true => &legs[(legs.len() - 1) / 2].destination_iata,
        false => &last.destination_iata,
    };
    format!("{} – {farthest}", first.origin_iata)
}

/// The legs that are left, by departure; of a flight the first seat only.
fn in_order(ticket: &Ticket) -> Vec<&Leg> {
    let mut legs: Vec<&Leg> = ticket.order.legs.iter().collect();
    legs.retain(|leg| !ticket.cancelled.contains(&leg.seat));
    legs.sort_by_key(|leg| (leg.departs, leg.seat));
    legs.dedup_by_key(|leg| (leg.seat.company, leg.seat.route));
    legs
}

fn about_ticket(opening: &str, company: &str, ticket: &Ticket, language: Language) -> String {
    let (withdrawn, before) = match language {
        Language::Portuguese => ("Cancelado pela companhia", "antes"),
        Language::English => ("Cancelled by the airline", "was"),
    };
    let (departs, arrives, local, who, locator, number, bye) = match language {
        Language::Portuguese => (
            "Partida",
            "Chegada",
            "Os horários são os locais de cada aeroporto.",
            "Passageiros",
            "Localizador",
            "Número da passagem",
            "Boa viagem!",
        ),
        Language::English => (
            "Departs",
            "Arrives",
            "Times are local to each airport.",
            "Passengers",
            "Booking code",
            "Ticket number",
            "Have a good trip!",
        ),
    };
    let mut text = format!("{opening}\n\n");
    let mut line = |words: std::fmt::Arguments<'_>| {
        text.write_fmt(words).expect("a String takes everything");
        text.push('\n');
    };
    for leg in in_order(ticket) {
        let (from, to) = (&leg.origin, &leg.destination);
        let (from_iata, to_iata) = (&leg.origin_iata, &leg.destination_iata);
        let change = ticket.change(&leg.seat);
        let now = change.map_or((leg.departs, leg.arrives, leg.offsets), |change| {
            (change.departs, change.arrives, change.offsets)
        });
        // as it is flown, and how it was sold where that is something else
        let time =
            |sold: i64, now: i64, offsets: Option<Offsets>, iata: &str, of: fn(Offsets) -> i16| {
                let shown = when(now, iata, offsets.map(of), language);
                match when(sold, iata, leg.offsets.map(of), language) {
                    sold if sold == shown => shown,
                    sold => format!("{shown} ({before}: {sold})"),
                }
            };
        line(format_args!(
            "{}: {from} ({from_iata}) – {to} ({to_iata})",
            leg.flight
        ));
        if change.is_some_and(|change| change.withdrawn) {
            line(format_args!("  {withdrawn}"));
        }
        line(format_args!(
            "  {departs}: {}",
            time(leg.departs, now.0, now.2, from_iata, |told| told.departs)
        ));
        line(format_args!(
            "  {arrives}: {}",
            time(leg.arrives, now.1, now.2, to_iata, |told| told.arrives)
        ));
        line(format_args!(""));
    }
    line(format_args!("{local}\n"));
    let names = travellers(ticket).into_iter();
    let names: Vec<&str> = names
        .filter_map(|one| one.passenger.map(|who| &*who.name))
        .filter(|name| !name.is_empty())
        .collect();
    if !names.is_empty() {
        line(format_args!("{who}: {}", names.join(", ")));
    }
    if let Some(total) = total(ticket) {
        line(format_args!("Total: {}", money::readable(&total, language)));
    }
    line(format_args!("{locator}: {}", Locator::of(ticket.id)));
    line(format_args!(
        "{number}: {}\n\n{bye}\n\n{company}",
        ticket.id
    ));
    text
}

/// What the seats that are left cost, where that is one currency.
fn total(ticket: &Ticket) -> Option<Price> {
    let legs = ticket.order.legs.iter();
    let left = legs.filter(|leg| !ticket.cancelled.contains(&leg.seat));
    let mut prices = left.map(|leg| &leg.price);
    let first = prices.next()?.clone();
    prices.try_fold(first, |sum, price| {
        let is_same = sum.currency == price.currency;
        let minor = sum.minor.checked_add(price.minor).filter(|_| is_same)?;
        Some(Price { minor, ..sum })
    })
}

/// By the clock of the schedule, else of the airport; of an airport whose clock nobody here knows, in UTC, which is said.
fn when(seconds: i64, iata: &str, told: Option<i16>, language: Language) -> String {
    let at = clock::local(seconds, iata, told);
    let known = told.is_some() || airports::find(iata).is_some();
    let utc = if known { "" } else { " UTC" };
    // the local time without its offset
    let Some(Ok(at)) = at.get(..19).map(str::parse::<DateTime>) else {
        return at;
    };
    let (day, month, year) = (at.day(), at.month(), at.year());
    let (hour, minute) = (at.hour(), at.minute());
    match language {
        Language::Portuguese => {
            format!("{day:02}/{month:02}/{year} às {hour:02}h{minute:02}{utc}")
        }
        Language::English => {
            let month = at.strftime("%b");
            format!("{day} {month} {year}, {hour:02}:{minute:02}{utc}")
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::ticket::travellers::tests::{changed, leg, ticket};

    #[test]
    fn a_booking_is_told_in_both_languages() {
        let trip = ticket(vec![
            leg("a", 1, 7, Some("Ana")),
            leg("a", 1, 8, Some("Caê")),
        ]);
        let (subject, text) = booked("Companhia A", &trip, Language::Portuguese);
        assert_eq!(subject, "Reserva confirmada: GRU – MAO");
        assert!(
            text.starts_with("Olá!\n\nSua reserva está confirmada. "),
            "{text}"
        );
        for part in [
            "\na1001: São Paulo (GRU) – Manaus (MAO)\n  Partida: 23/11/2026 às 14h00\n  Chegada: 23/11/2026 às 14h30\n\n",
            "\nPassageiros: Ana, Caê\n",
            "\nTotal: R$ 919,80\n",
            "\nLocalizador: AAAAAA\n",
            "\n\nBoa viagem!\n\nCompanhia A\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert_eq!(text.matches("a1001").count(), 1, "a flight once");
        let (subject, text) = booked("Company A", &trip, Language::English);
        assert_eq!(subject, "Booking confirmed: GRU – MAO");
        for part in [
            "\n  Departs: 23 Nov 2026, 14:00\n",
            "\nPassengers: Ana, Caê\n",
            "\nTotal: R$919.80\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }

    #[test]
    fn what_is_cancelled_is_not_told_and_nothing_is_added_up_over_currencies() {
        let (first, mut second) = (leg("a", 1, 7, Some("Ana")), leg("a", 2, 8, Some("Bia")));
        second.price.currency = "USD".to_owned();
        let mut trip = ticket(vec![first.clone(), second]);
        let text = booked("A", &trip, Language::Portuguese).1;
        assert!(!text.contains("Total"), "{text}");
        trip.cancelled = vec![first.seat];
        let text = booked("A", &trip, Language::Portuguese).1;
        assert!(!text.contains("Ana") && text.contains("Bia"), "{text}");
        assert!(text.contains("\nTotal: USD 459,90\n"), "{text}");
    }

    #[test]
    fn a_trip_there_and_back_is_named_by_where_it_leads() {
        let there = leg("a", 1, 7, None);
        let mut back = leg("a", 2, 7, None);
        std::mem::swap(&mut back.origin_iata, &mut back.destination_iata);
        let trip = ticket(vec![back, there]);
        let (subject, _) = flights_changed("A", &trip, Language::English);
        assert_eq!(subject, "Change to your flight: GRU – MAO");
        let (subject, text) = flights_changed("A", &trip, Language::Portuguese);
        assert_eq!(subject, "Mudança no seu voo: GRU – MAO");
        assert!(text.contains("substitui o anterior"));
    }

    #[test]
    fn a_change_is_told_with_what_was_before() {
        let mut trip = ticket(vec![leg("a", 1, 7, None), leg("a", 2, 7, None)]);
        let sold = trip.order.legs.clone();
        trip.changes = vec![changed(&sold[0], 5400, false), changed(&sold[1], 0, true)];
        let (_, text) = flights_changed("A", &trip, Language::Portuguese);
        for part in [
            "\n  Partida: 23/11/2026 às 15h30 (antes: 23/11/2026 às 14h00)\n",
            "\n  Chegada: 23/11/2026 às 16h00 (antes: 23/11/2026 às 14h30)\n",
            "\n  Cancelado pela companhia\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert_eq!(text.matches("antes:").count(), 2, "{text}");
        let (_, text) = flights_changed("A", &trip, Language::English);
        assert!(
            text.contains("23 Nov 2026, 15:30 (was: 23 Nov 2026, 14:00)"),
            "{text}"
        );
    }

    #[test]
    fn a_code_is_where_a_telephone_shows_it() {
        let (subject, text) = code("A", "ana", "0012 0034", None, Language::Portuguese);
        assert_eq!(
            subject,
            "0012 0034 é o seu código para criar uma nova senha"
        );
        assert!(text.contains("\n\n    0012 0034\n\nEle vale") && text.contains("login ana."));
        let (subject, text) = code("A", "ana", "0012 0034", None, Language::English);
        assert!(subject.starts_with("0012 0034 is"));
        assert!(text.contains("\n\n    0012 0034\n\nIt is good"), "{text}");
    }

    #[test]
    fn a_code_leads_to_the_page_that_asks_for_it_where_there_is_one() {
        for language in [Language::Portuguese, Language::English] {
            let page = Some("https://a.example");
            let (_, text) = code("A", "ana", "0012 0034", page, language);
            let way = ": https://a.example/#/senha/codigo\n\n";
            assert!(text.contains(way), "{text}");
            let (_, text) = code("A", "ana", "0012 0034", None, language);
            assert!(!text.contains("senha/codigo"), "{text}");
        }
    }

    #[test]
    fn who_is_to_ask_elsewhere_is_led_to_the_page_there() {
        for language in [Language::Portuguese, Language::English] {
            let letter = |page| code_elsewhere("A", "Beija-Flor", "ana", page, language).1;
            let text = letter(Some("https://b.example"));
            assert!(
                text.contains("Beija-Flor (https://b.example/#/senha), ")
                    || text.contains("Beija-Flor's page (https://b.example/#/senha), "),
                "{text}"
            );
            assert!(!letter(None).contains("#/senha"));
        }
    }

    #[test]
    fn a_time_of_an_unknown_airport_says_that_it_is_none_of_its() {
        let at = 1_730_319_757;
        assert_eq!(
            when(at, "GRU", None, Language::Portuguese),
            "30/10/2024 às 17h22"
        );
        assert_eq!(
            when(at, "???", None, Language::Portuguese),
            "30/10/2024 às 20h22 UTC"
        );
        assert_eq!(
            when(at, "???", None, Language::English),
            "30 Oct 2024, 20:22 UTC"
        );
    }
}
