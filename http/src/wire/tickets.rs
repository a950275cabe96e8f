//! A ticket with all its legs, what its cancellation gives back, what its signed code says, and the history of a booking.

use passcom_actors::company::history::{Decided, Event, Step};
use passcom_actors::domain::flight::FlightChange;
use passcom_actors::domain::ids::{CompanyId, SeatNumber};
use passcom_actors::domain::locator::Locator;
use passcom_actors::domain::order::{Exchange, Leg, Offsets, Price, SeatRef};
use passcom_actors::domain::papers::Papers;
use passcom_actors::domain::ticket;
use passcom_actors::domain::vote::RefusalReason;
use passcom_actors::people::desk::BookingHistory;
use passcom_actors::people::refund::{Ground, Refund, Refunded};
use passcom_actors::people::remedy::{Remedy, Why};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::airlines::{Airline, Teller};
use super::bookings::booking_state;
use super::legs::Money;
use super::orders::{CompanyPrice, OrderedLeg, names_with, prices, total};
use crate::clock;
use crate::ticket::masked;

/// What a seat is called, as it was sold: `29B`; none where nobody knows.
pub(crate) type Labels<'p> = &'p dyn Fn(&Leg) -> Option<String>;

#[derive(Serialize)]
pub(crate) struct Tickets<'a> {
    #[serde(rename = "passagens")]
    pub tickets: Vec<Ticket<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Ticket<'a> {
    uuid: Uuid,
    #[serde(rename = "localizador")]
    locator: String,
    #[serde(rename = "criada_em")]
    created_at: String,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "preco")]
    price: Option<Money<'a>>,
    #[serde(rename = "precos")]
    prices: Vec<CompanyPrice<'a>>,
    /// Rises with every change of a flight; what a passenger accepts is named by it.
    #[serde(rename = "alteracoes")]
    changes: u32,
    /// What it took the place of.
    #[serde(rename = "remarca", skip_serializing_if = "Option::is_none")]
    exchange: Option<Exchanged>,
    /// What came back in all; null if nothing is recorded, or in more than one currency.
    #[serde(rename = "reembolso")]
    refund: Option<Money<'a>>,
    #[serde(rename = "trechos")]
    legs: Vec<TicketLeg<'a>>,
    #[serde(rename = "companhias")]
    companies: Vec<Airline<'a>>,
    #[serde(rename = "nomes_com", skip_serializing_if = "Vec::is_empty")]
    names_with: Vec<CompanyId>,
}

/// Seats of an earlier ticket.
#[derive(Serialize)]
struct Exchanged {
    uuid: Uuid,
    #[serde(rename = "assentos")]
    seats: Vec<ExchangedSeat>,
}

#[derive(Serialize)]
struct ExchangedSeat {
    company: CompanyId,
    #[serde(rename = "id_assento")]
    seat: u64,
}

impl From<&Exchange> for Exchanged {
    fn from(exchange: &Exchange) -> Self {
        let seat = |seat: &SeatRef| ExchangedSeat {
            company: seat.company,
            seat: seat.route.seat(seat.number).get(),
        };
        Self {
            uuid: exchange.ticket.0,
            seats: exchange.seats.iter().map(seat).collect(),
        }
    }
}

#[derive(Serialize)]
struct TicketLeg<'a> {
    #[serde(flatten)]
    leg: OrderedLeg<'a>,
    #[serde(rename = "fileira", skip_serializing_if = "Option::is_none")]
    row: Option<u16>,
    #[serde(rename = "letra", skip_serializing_if = "Option::is_none")]
    letter: Option<char>,
    #[serde(rename = "estado")]
    state: &'static str,
    /// None while it is flown as it was sold.
    #[serde(rename = "alteracao", skip_serializing_if = "Option::is_none")]
    change: Option<Change<'a>>,
    /// What the passenger may do about it, or about another flight of the journey; nothing most of the time.
    #[serde(rename = "direitos", skip_serializing_if = "Option::is_none")]
    rights: Option<Rights>,
    /// Of a cancelled seat; null within if what came back was not recorded.
    #[serde(rename = "reembolso", skip_serializing_if = "Option::is_none")]
    refund: Option<Option<GivenBack<'a>>>,
}

/// What its company has changed of a flight since the seat was sold: how it is now.
#[derive(Serialize)]
struct Change<'a> {
    #[serde(rename = "sequencia")]
    sequence: u32,
    #[serde(rename = "partida")]
    departs: String,
    #[serde(rename = "chegada")]
    arrives: String,
    #[serde(rename = "cancelado_pela_companhia")]
    withdrawn: bool,
    /// None: the aircraft has none for the passenger.
    #[serde(rename = "assento")]
    seat: Option<SeatNow<'a>>,
    #[serde(rename = "avisada_em")]
    told_at: String,
    #[serde(rename = "aceita")]
    accepted: bool,
}

#[derive(Serialize)]
struct SeatNow<'a> {
    #[serde(rename = "id_assento")]
    seat: u64,
    #[serde(rename = "numero")]
    number: SeatNumber,
    #[serde(rename = "rotulo", skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

#[derive(Serialize)]
struct Rights {
    #[serde(rename = "aceitar")]
    accept: bool,
    #[serde(rename = "remarcar")]
    rebook: bool,
    #[serde(rename = "reembolso_integral")]
    refund: bool,
    #[serde(rename = "perde_conexao")]
    misses_next: bool,
    #[serde(rename = "motivo", skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// What came back for a cancelled seat.
#[derive(Serialize)]
struct GivenBack<'a> {
    #[serde(rename = "valor")]
    amount: Money<'a>,
    #[serde(rename = "motivo")]
    ground: &'static str,
    #[serde(rename = "quando")]
    at: String,
    /// Who decided it.
    company: CompanyId,
}

impl<'a> From<&'a Refunded> for GivenBack<'a> {
    fn from(refund: &'a Refunded) -> Self {
        Self {
            amount: Money::from(&refund.amount),
            ground: ground(refund.ground),
            at: clock::utc(refund.decided_at),
            company: refund.by,
        }
    }
}

impl<'a> Ticket<'a> {
    /// Prices are those it was bought at, also of seats that were cancelled.
    pub fn new(
        ticket: &'a ticket::Ticket,
        remedies: &[Remedy],
        labels: Labels<'_>,
        teller: Teller<'a>,
    ) -> Self {
        let order = &*ticket.order;
        let mut legs: Vec<&Leg> = order.legs.iter().collect();
        legs.sort_by_key(|leg| (leg.departs, leg.seat));
        let leg = |leg: &'a Leg| {
            let place = labels(leg).and_then(|label| place(&label));
            let remedy = remedies.iter().find(|remedy| remedy.seat == leg.seat);
            let cancelled = ticket.cancelled.contains(&leg.seat);
            TicketLeg {
                leg: OrderedLeg::from(leg).named(ticket.correction(&leg.seat)),
                row: place.map(|(row, _)| row),
                letter: place.map(|(_, letter)| letter),
                change: ticket
                    .change(&leg.seat)
                    .map(|change| Change::new(leg, change)),
                rights: remedy.and_then(Rights::of),
                state: match cancelled {
                    true => "cancelado",
                    false => "confirmado",
                },
                refund: cancelled.then(|| ticket.refund_of(leg.seat).map(GivenBack::from)),
            }
        };
        Self {
            uuid: ticket.id.0,
            locator: Locator::of(ticket.id).to_string(),
            created_at: clock::utc(order.created_at),
            state: match ticket.cancelled.len() {
                0 => "confirmada",
                _ if ticket.is_cancelled() => "cancelada",
                _ => "parcial",
            },
            price: total(order.legs.iter()),
            prices: prices(order),
            changes: ticket.revision(),
            exchange: order.exchange.as_ref().map(Exchanged::from),
            refund: sum(given_back(&ticket.refunds).map(|refund| &refund.amount)),
            legs: legs.into_iter().map(leg).collect(),
            companies: teller.all(order.legs.iter().map(|leg| leg.seat.company)),
            names_with: names_with(order),
        }
    }
}

impl Ticket<'_> {
    /// For its owner: with the documents of who travels, masked.
    pub fn identified(mut self, ticket: &ticket::Ticket, papers: Option<&Papers>) -> Self {
        for leg in &mut self.legs {
            let ordered = ticket
                .order
                .legs
                .iter()
                .find(|known| leg.leg.is_of(&known.seat));
            if let Some(document) = ordered.and_then(|known| masked::document(known, papers)) {
                leg.leg.identify(&document);
            }
        }
        self
    }
}

/// Row and letter of `29B`.
fn place(label: &str) -> Option<(u16, char)> {
    let letter = label.chars().next_back()?;
    let row = label.strip_suffix(letter)?.parse().ok()?;
    Some((row, letter))
}

impl<'a> Change<'a> {
    fn new(leg: &Leg, change: &'a FlightChange) -> Self {
        let seat = (!change.unseated).then(|| SeatNow {
            seat: change.of.route.seat(change.number).get(),
            number: change.number,
            label: change.label.as_deref(),
        });
        let told = |told: fn(&Offsets) -> i16| change.offsets.as_ref().map(told);
        Self {
            sequence: change.sequence,
            departs: clock::local(change.departs, &leg.origin_iata, told(|told| told.departs)),
            arrives: clock::local(
                change.arrives,
                &leg.destination_iata,
                told(|told| told.arrives),
            ),
            withdrawn: change.withdrawn,
            seat,
            told_at: clock::utc(change.told_at),
            accepted: change.accepted,
        }
    }
}

impl Rights {
    /// None: nothing may be done but what always may.
    fn of(remedy: &Remedy) -> Option<Self> {
        let choice = remedy.choice;
        (remedy.accept || choice.is_some()).then(|| Self {
            accept: remedy.accept,
            rebook: choice.is_some(),
            refund: choice.is_some(),
            misses_next: remedy.misses_next,
            why: choice.map(why),
        })
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Withdrawn => "voo-cancelado",
        Why::Unseated => "sem-assento",
        Why::Moved => "horario-alterado",
        Why::ToldLate => "avisada-com-menos-de-72h",
        Why::Connection => "conexao-perdida",
        Why::Journey => "outro-voo-da-viagem",
    }
}

#[derive(Deserialize)]
pub(crate) struct AcceptBody {
    #[serde(rename = "alteracoes")]
    pub changes: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct FindBody {
    #[serde(rename = "localizador")]
    pub locator: Option<String>,
    #[serde(rename = "sobrenome")]
    pub surname: Option<String>,
    /// Of the first flight.
    #[serde(rename = "data")]
    pub date: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct CancelBody {
    #[serde(rename = "codigo")]
    pub code: Option<String>,
}

/// What a cancellation gives back, and the code that does it under these terms.
#[derive(Serialize)]
pub(crate) struct Quote<'a> {
    uuid: Uuid,
    #[serde(rename = "assentos")]
    seats: Vec<QuotedSeat<'a>>,
    #[serde(rename = "reembolso")]
    refund: Option<Money<'a>>,
    #[serde(rename = "codigo")]
    code: &'a str,
}

#[derive(Serialize)]
struct QuotedSeat<'a> {
    #[serde(rename = "id_assento")]
    seat: u64,
    company: CompanyId,
    #[serde(rename = "preco")]
    price: Money<'a>,
    #[serde(rename = "reembolso")]
    refund: Money<'a>,
    #[serde(rename = "motivo")]
    ground: &'static str,
}

impl<'a> Quote<'a> {
    pub fn new(ticket: Uuid, refunds: &'a [Refund], code: &'a str) -> Self {
        let seat = |refund: &'a Refund| QuotedSeat {
            seat: refund.seat.route.seat(refund.seat.number).get(),
            company: refund.seat.company,
            price: Money::from(&refund.price),
            refund: Money::from(&refund.amount),
            ground: ground(refund.ground),
        };
        Self {
            uuid: ticket,
            seats: refunds.iter().map(seat).collect(),
            refund: sum(refunds.iter().map(|refund| &refund.amount)),
            code,
        }
    }
}

fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Regret => "arrependimento-24h",
        Ground::Tariff => "regra-da-companhia",
        Ground::Departed => "voo-partiu",
        Ground::Changed => "alterado-pela-companhia",
        Ground::Exchanged => "trocado-por-outro-voo",
    }
}

/// What went back to the passenger: of a seat that was exchanged, nothing did.
fn given_back(refunds: &[Refunded]) -> impl Iterator<Item = &Refunded> {
    let back = refunds.iter();
    back.filter(|refund| refund.ground != Ground::Exchanged)
}

/// None if there is more than one currency, or nothing.
fn sum<'a>(mut amounts: impl Iterator<Item = &'a Price>) -> Option<Money<'a>> {
    let Price { minor, currency } = amounts.next()?;
    let mut sum = *minor;
    for amount in amounts {
        if amount.currency != *currency {
            return None;
        }
        sum = sum.checked_add(amount.minor)?;
    }
    Some(Money::new(sum, currency))
}

#[derive(Serialize)]
pub(crate) struct Cancelled<'a> {
    message: &'a str,
    #[serde(rename = "reembolso")]
    refund: Option<Money<'a>>,
    #[serde(rename = "passagem")]
    ticket: Ticket<'a>,
}

impl<'a> Cancelled<'a> {
    /// Of these seats of the ticket: what is recorded that came back, null if that was not recorded of one of them.
    pub fn new(
        message: &'a str,
        ticket: &'a ticket::Ticket,
        seats: &[SeatRef],
        shown: Ticket<'a>,
    ) -> Self {
        let refunds = seats.iter().map(|seat| ticket.refund_of(*seat));
        let refunds: Option<Vec<&Refunded>> = refunds.collect();
        let refunds = refunds.unwrap_or_default().into_iter();
        Self {
            message,
            refund: sum(refunds.map(|refund| &refund.amount)),
            ticket: shown,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct History<'a> {
    uuid: Uuid,
    #[serde(rename = "estado")]
    state: &'static str,
    #[serde(rename = "eventos")]
    events: Vec<HistoryEvent<'a>>,
    #[serde(rename = "indisponiveis")]
    unreachable: &'a [CompanyId],
}

#[derive(Serialize)]
struct HistoryEvent<'a> {
    #[serde(rename = "quando")]
    at: String,
    company: CompanyId,
    #[serde(rename = "no")]
    node: &'a str,
    #[serde(rename = "passo")]
    step: &'static str,
    #[serde(rename = "assento", skip_serializing_if = "Option::is_none")]
    seat: Option<EventSeat>,
    #[serde(rename = "senha", skip_serializing_if = "Option::is_none")]
    fence: Option<i64>,
    #[serde(rename = "motivo", skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(rename = "decisao", skip_serializing_if = "Option::is_none")]
    decided: Option<&'static str>,
}

#[derive(Serialize)]
struct EventSeat {
    #[serde(rename = "id_trecho")]
    route: u64,
    #[serde(rename = "id_assento")]
    seat: u64,
}

impl<'a> From<&'a BookingHistory> for History<'a> {
    fn from(history: &'a BookingHistory) -> Self {
        Self {
            uuid: history.status.saga.0,
            state: booking_state(history.status.state),
            events: history.events.iter().map(HistoryEvent::from).collect(),
            unreachable: &history.unreachable,
        }
    }
}

impl<'a> From<&'a (CompanyId, Event)> for HistoryEvent<'a> {
    fn from((company, event): &'a (CompanyId, Event)) -> Self {
        let mut told = Self {
            at: clock::utc(event.at),
            company: *company,
            node: company.as_str(), // a company has one node, of its name
            step: step(&event.step),
            seat: None,
            fence: None,
            reason: None,
            decided: None,
        };
        match &event.step {
            Step::Begun { driver } => told.node = driver,
            Step::Prepared { seat, fence } | Step::Committed { seat, fence } => {
                told.seat = Some(EventSeat::from(seat));
                told.fence = Some(fence.0).filter(|fence| *fence != 0);
            }
            Step::Refused { seat, reason } => {
                told.seat = Some(EventSeat::from(seat));
                told.reason = Some(refusal(*reason));
            }
            Step::Cancelled { seat } | Step::Moved { seat } => {
                told.seat = Some(EventSeat::from(seat))
            }
            Step::Accepted(decided) | Step::Chosen(decided) => {
                told.decided = Some(decision(*decided));
            }
            Step::Promised | Step::Ticket => {}
        }
        told
    }
}

impl From<&SeatRef> for EventSeat {
    fn from(seat: &SeatRef) -> Self {
        Self {
            route: seat.route.0,
            seat: seat.route.seat(seat.number).get(),
        }
    }
}

fn step(step: &Step) -> &'static str {
    match step {
        Step::Begun { .. } => "begun",
        Step::Prepared { .. } => "prepared",
        Step::Refused { .. } => "refused",
        Step::Promised => "promised",
        Step::Accepted(_) => "accepted",
        Step::Chosen(_) => "chosen",
        Step::Committed { .. } => "committed",
        Step::Ticket => "ticket",
        Step::Cancelled { .. } => "cancelled",
        Step::Moved { .. } => "moved",
    }
}

fn refusal(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Sold => "sold",
        RefusalReason::Held => "held",
        RefusalReason::Blocked => "blocked",
        RefusalReason::Closed => "closed",
        RefusalReason::Unknown => "unknown",
        RefusalReason::Released => "released",
        RefusalReason::NoVote => "no-vote",
        RefusalReason::Changed => "changed",
        RefusalReason::Limit => "limit",
        RefusalReason::Papers => "passenger-data",
    }
}

fn decision(decided: Decided) -> &'static str {
    match decided {
        Decided::Commit => "commit",
        Decided::Abort => "abort",
    }
}

#[cfg(test)]
mod tests {
    use passcom_actors::catalogue::ConnectionTimes;
    use passcom_actors::people::remedy::remedies;
    use serde_json::{Value, json};

    use super::*;
    use crate::airlines::Airlines;
    use crate::airlines::tests::airlines;
    use crate::language::Language;
    use crate::ticket::travellers::tests::{leg, ticket};

    fn teller(airlines: &Airlines) -> Teller<'_> {
        Teller {
            airlines,
            language: Language::English,
        }
    }

    fn shown(ticket: &ticket::Ticket) -> Value {
        let owed = remedies(ticket, &ConnectionTimes::default(), 0);
        let labels = |leg: &Leg| leg.label.clone();
        let airlines = airlines();
        let told = Ticket::new(ticket, &owed, &labels, teller(&airlines));
        serde_json::to_value(told).unwrap()
    }

    #[test]
    fn a_flight_as_it_was_sold_has_nothing_to_tell() {
        let shown = shown(&ticket(vec![leg("G3", 1, 7, None)]));
        assert_eq!(shown["alteracoes"], 0);
        assert_eq!(shown["trechos"][0].get("alteracao"), None);
        assert_eq!(shown["trechos"][0].get("direitos"), None);
    }

    #[test]
    fn a_ticket_names_its_companies_with_their_conditions() {
        let told = shown(&ticket(vec![leg("a", 2, 7, None), leg("G3", 1, 7, None)]));
        assert_eq!(
            told["localizador"],
            Locator::of(ticket(Vec::new()).id).to_string()
        );
        let names: Vec<&Value> = (0..2).map(|at| &told["companhias"][at]["nome"]).collect();
        assert_eq!(names, [&json!("Gol"), &json!("Andorinha")]);
        assert_eq!(told["companhias"][1]["condicoes"]["bagagem"], "One bag.");
    }

    #[test]
    fn a_document_is_shown_to_its_owner_alone_and_masked() {
        let ticket = ticket(vec![leg("a", 2, 7, Some("Ana"))]);
        let airlines = airlines();
        let whole = Ticket::new(&ticket, &[], &|_| None, teller(&airlines));
        let told = serde_json::to_value(&whole).unwrap();
        assert_eq!(told["trechos"][0]["passageiro"], json!({"nome": "Ana"}));
        let told = serde_json::to_value(whole.identified(&ticket, None)).unwrap();
        let own = json!({"nome": "Ana", "documento": "***.456.789-**", "tipo_documento": "cpf"});
        assert_eq!(told["trechos"][0]["passageiro"], own);
    }

    #[test]
    fn a_changed_flight_shows_how_it_is_now_beside_how_it_was_sold() {
        let mut one = ticket(vec![leg("G3", 1, 7, None)]);
        let sold = &one.order.legs[0];
        one.changes = vec![FlightChange {
            of: sold.seat,
            sequence: 2,
            departs: sold.departs + 7200,
            arrives: sold.arrives + 7200,
            offsets: None,
            withdrawn: false,
            number: SeatNumber(9),
            label: Some("2C".to_owned()),
            unseated: false,
            told_at: 0,
            accepted: false,
        }];
        let told = shown(&one);
        let leg = &told["trechos"][0];
        assert_eq!(
            (&told["alteracoes"], &leg["numero"]),
            (&json!(2), &json!(7))
        );
        let seat = json!({"id_assento": 1024 + 9, "numero": 9, "rotulo": "2C"});
        assert_eq!(leg["alteracao"]["assento"], seat);
        let now = clock::local(sold.departs + 7200, &sold.origin_iata, None);
        assert_eq!(leg["alteracao"]["partida"], now);
        assert_ne!(leg["partida"], now);
        let rights = json!({
            "aceitar": true, "remarcar": true, "reembolso_integral": true, "perde_conexao": false,
            "motivo": "horario-alterado",
        });
        assert_eq!(leg["direitos"], rights);
        one.changes[0].unseated = true;
        assert_eq!(
            shown(&one)["trechos"][0]["alteracao"]["assento"],
            json!(null)
        );
    }

    #[test]
    fn a_label_is_a_row_and_a_letter() {
        assert_eq!(place("29B"), Some((29, 'B')));
        for bad in ["", "B", "29", "2é9"] {
            assert!(place(bad).is_none_or(|(row, _)| row == 2), "{bad}");
        }
    }

    fn refund(seat: SeatRef, minor: i64) -> Refunded {
        Refunded {
            seat,
            amount: Price {
                minor,
                currency: "BRL".to_owned(),
            },
            ground: Ground::Regret,
            decided_at: 1_730_319_757_000,
            by: "b".parse().unwrap(),
        }
    }

    #[test]
    fn a_ticket_says_what_came_back_when_and_by_which_rule() {
        let mut bought = ticket(vec![
            leg("a", 1, 7, None),
            leg("a", 1, 8, None),
            leg("a", 1, 9, None),
        ]);
        let seats: Vec<SeatRef> = bought.order.legs.iter().map(|leg| leg.seat).collect();
        // the second was cancelled before anybody recorded what came back
        bought.cancelled = seats[..2].to_vec();
        bought.refunds = vec![refund(seats[0], 7_000)];
        let told = |seats: &[SeatRef]| {
            let airlines = airlines();
            let whole = Ticket::new(&bought, &[], &|_| None, teller(&airlines));
            let cancelled = Cancelled::new("done", &bought, seats, whole);
            serde_json::to_value(&cancelled).unwrap()
        };
        let shown = told(&seats[..1]);
        let legs = shown["passagem"]["trechos"].as_array().unwrap();
        let of = |number: u16| {
            let mut legs = legs.iter();
            let leg = legs.find(|leg| leg["numero"] == json!(number)).unwrap();
            leg.get("reembolso").cloned()
        };
        let amount = json!({"centavos": 7_000, "moeda": "BRL", "casas": 2});
        let given = json!({
            "valor": amount, "motivo": "arrependimento-24h", "quando": clock::utc(1_730_319_757_000), "company": "b"
        });
        assert_eq!(
            (of(7), of(8), of(9)),
            (Some(given), Some(json!(null)), None)
        );
        assert_eq!(shown["passagem"]["reembolso"], amount);
        assert_eq!(shown["reembolso"], amount);
        assert_eq!(
            told(&seats[..2])["reembolso"],
            json!(null),
            "not of both is it known"
        );
    }

    #[test]
    fn amounts_of_one_currency_are_summed_up() {
        let yen = Price {
            minor: 1,
            currency: "JPY".to_owned(),
        };
        let real = Price {
            minor: 2,
            currency: "BRL".to_owned(),
        };
        let sum = |amounts: &[&Price]| sum(amounts.iter().copied()).is_some();
        assert!(sum(&[&real, &real]) && !sum(&[&real, &yen]) && !sum(&[]));
    }
}
