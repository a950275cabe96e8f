//! What is printed in either language: the words, dates and times as people say them, and amounts.

use jiff::civil::DateTime;
use passcom_actors::catalogue::airports;
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::refund::Ground;

use super::flights::Shown;
use crate::clock;
use crate::language::Language;

pub(super) struct Words {
    pub language: Language,
    pub tag: &'static str,
    pub title: &'static str,
    pub locator: &'static str,
    pub passenger: &'static str,
    pub passengers: &'static str,
    pub unnamed: &'static str,
    pub document: &'static str,
    pub ticket: &'static str,
    pub issued: &'static str,
    pub flight: &'static str,
    pub departs: &'static str,
    pub arrives: &'static str,
    pub seat: &'static str,
    pub seats: &'static str,
    pub price: &'static str,
    pub total: &'static str,
    pub conditions: &'static str,
    pub baggage: &'static str,
    pub refund: &'static str,
    pub change: &'static str,
    pub notes: [&'static str; 2],
    pub none: &'static str,
    pub code: &'static str,
    pub altered: &'static str,
    pub withdrawn: &'static str,
    pub unseated: &'static str,
    pub sold_as: &'static str,
    pub refunds: &'static str,
    /// Before the company that decided it.
    pub decided: &'static str,
    pub regret: &'static str,
    pub tariff: &'static str,
    pub departed: &'static str,
    pub changed: &'static str,
    pub exchanged: &'static str,
}

pub(super) const PORTUGUESE: Words = Words {
    language: Language::Portuguese,
    tag: "pt-BR",
    title: "Bilhete eletrônico",
    locator: "Código da reserva",
    passenger: "Passageiro",
    passengers: "Passageiros",
    unnamed: "(sem nome informado)",
    document: "Documento",
    ticket: "Passagem",
    issued: "Comprada",
    flight: "Voo",
    departs: "Partida",
    arrives: "Chegada",
    seat: "Assento",
    seats: "Assentos",
    price: "Preço",
    total: "Total",
    conditions: "Bagagem e condições da tarifa",
    baggage: "Bagagem",
    refund: "Reembolso",
    change: "Remarcação",
    notes: [
        "Datas e horários são os locais de cada aeroporto.",
        "O código QR prova quem comprou o quê; lido com conexão, diz também se a passagem ainda vale.",
    ],
    none: "Nenhum assento desta passagem está confirmado.",
    code: "Código QR que prova quem comprou estes assentos.",
    altered: "Alterado pela companhia.",
    withdrawn: "Voo cancelado pela companhia.",
    unseated: "A aeronave foi trocada e não há assento para você: procure a companhia.",
    sold_as: "na compra",
    refunds: "Reembolsos",
    decided: "decidido por",
    regret: "desistência em até 24 horas da compra",
    tariff: "regra da companhia",
    departed: "o voo já tinha partido",
    changed: "voo alterado pela companhia",
    exchanged: "trocado por outro voo, nada a devolver",
};

pub(super) const ENGLISH: Words = Words {
    language: Language::English,
    tag: "en",
    title: "E-ticket",
    locator: "Booking code",
    passenger: "Passenger",
    passengers: "Passengers",
    unnamed: "(no name given)",
    document: "Document",
    ticket: "Ticket",
    issued: "Bought",
    flight: "Flight",
    departs: "Departs",
    arrives: "Arrives",
    seat: "Seat",
    seats: "Seats",
    price: "Price",
    total: "Total",
    conditions: "Baggage and fare conditions",
    baggage: "Baggage",
    refund: "Refund",
    change: "Changes",
    notes: [
        "Dates and times are local to each airport.",
        "The QR code proves who bought what; read online, it also says whether the ticket still holds.",
    ],
    none: "No seat of this ticket is confirmed.",
    code: "QR code that proves who bought these seats.",
    altered: "Changed by the airline.",
    withdrawn: "Flight cancelled by the airline.",
    unseated: "The aircraft was changed and has no seat for you: please contact the airline.",
    sold_as: "when bought",
    refunds: "Refunds",
    decided: "decided by",
    regret: "withdrawn within 24 hours of the purchase",
    tariff: "rule of the company",
    departed: "the flight had left",
    changed: "flight changed by the airline",
    exchanged: "exchanged for another flight, nothing to pay back",
};

const WEEKDAYS: [&str; 7] = [
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
];
const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// An instant by the clock of a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct When {
    /// `14h05`, `14:05`; of an airport whose clock nobody here knows `14h05 UTC`: that is no local time, and must not look like one.
    pub time: String,
    /// `sexta-feira, 27 de novembro de 2026`.
    pub date: String,
}

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Portuguese => &PORTUGUESE,
            Language::English => &ENGLISH,
        }
    }

    /// By the clock of the schedule, else of the airport.
    pub fn when(&self, seconds: i64, iata: &str, told: Option<i16>) -> When {
        let at = clock::local(seconds, iata, told);
        let known = told.is_some() || airports::find(iata).is_some();
        let utc = if known { "" } else { " UTC" };
        // the local time without its offset
        let Some(Ok(at)) = at.get(..19).map(str::parse::<DateTime>) else {
            let (time, date) = (at, String::new());
            return When { time, date };
        };
        let (hour, minute) = (at.hour(), at.minute());
        match self.language {
            Language::Portuguese => {
                let weekday = WEEKDAYS[at.weekday().to_monday_zero_offset() as usize];
                let month = MONTHS[at.month() as usize - 1];
                When {
                    time: format!("{hour:02}h{minute:02}{utc}"),
                    date: format!("{weekday}, {} de {month} de {}", at.day(), at.year()),
                }
            }
            Language::English => When {
                time: format!("{hour:02}:{minute:02}{utc}"),
                date: at.strftime("%A, %-d %B %Y").to_string(),
            },
        }
    }

    pub fn ground(&self, ground: Ground) -> &'static str {
        match ground {
            Ground::Regret => self.regret,
            Ground::Tariff => self.tariff,
            Ground::Departed => self.departed,
            Ground::Changed => self.changed,
            Ground::Exchanged => self.exchanged,
        }
    }

    /// What the company has changed of a flight: how it was sold, where that is not what is printed above.
    pub fn changed(&self, change: &FlightChange, sold: &Shown, now: &Shown) -> String {
        let mut told = vec![match (change.withdrawn, change.unseated) {
            (true, _) => self.withdrawn.to_owned(),
            (false, true) => self.unseated.to_owned(),
            (false, false) => self.altered.to_owned(),
        }];
        let (departs, arrives) = (sold.departs.to_string(), sold.arrives.to_string());
        let pairs = [
            (self.departs, Some(&departs), now.departs.to_string()),
            (self.arrives, Some(&arrives), now.arrives.to_string()),
            (
                self.seat,
                sold.seat.as_ref(),
                now.seat.clone().unwrap_or_default(),
            ),
        ];
        for (what, sold, now) in pairs {
            if let Some(sold) = sold.filter(|sold| **sold != now) {
                told.push(format!("{what} {}: {sold}.", self.sold_as));
            }
        }
        told.join(" ")
    }
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.date, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_airport_in_words_or_says_that_it_is_not() {
        let at = 1_795_795_500; // 27 November 2026, 16:05 UTC
        let told = |words: &Words, iata, told| words.when(at, iata, told).to_string();
        assert_eq!(
            told(&PORTUGUESE, "GRU", None),
            "sexta-feira, 27 de novembro de 2026, 13h05"
        );
        assert_eq!(
            told(&ENGLISH, "GRU", None),
            "Friday, 27 November 2026, 13:05"
        );
        assert_eq!(
            told(&PORTUGUESE, "???", None),
            "sexta-feira, 27 de novembro de 2026, 16h05 UTC"
        );
        let ahead = told(&ENGLISH, "???", Some(13 * 60));
        assert_eq!(ahead, "Saturday, 28 November 2026, 05:05");
    }
}
