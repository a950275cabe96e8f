//! Identities that every node derives alike: a saga's id from the client's key, its acceptors from its legs, its hash.

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ballot::Acceptors;
use super::ids::{CompanyId, SagaId, UserId};
use super::order::{Exchange, Leg, Offsets, Order, OrderHash, Passenger, Price, SeatRef};
use super::outcome::Idempotency;

/// Namespace of saga ids (UUIDv5), fixed for ever.
const SAGA_NAMESPACE: Uuid = Uuid::from_u128(0x8a6e_0804_2bd0_4672_b79d_d970_27f9_071a);

/// The same key with the same request is the same saga, at whatever node it arrives.
pub fn saga_id(user: UserId, idempotency: &Idempotency) -> SagaId {
    let mut name = Vec::with_capacity(16 + 32 + idempotency.key.len());
    name.extend_from_slice(user.0.as_bytes());
    name.extend_from_slice(&idempotency.fingerprint);
    name.extend_from_slice(idempotency.key.as_bytes());
    SagaId(Uuid::new_v5(&SAGA_NAMESPACE, &name))
}

/// All legs of one company: that company. Otherwise every company; with more than [`Acceptors::MAX`] the participants,
/// filled up by rendezvous hash of the saga (Thaler & Ravishankar 1998), as long as they are not more themselves.
pub fn acceptors_of(saga: SagaId, order: &Order, companies: &[CompanyId]) -> Acceptors {
    let participants = order.companies();
    if participants.len() == 1 {
        return Acceptors(participants);
    }
    if companies.len() <= Acceptors::MAX {
        return Acceptors(companies.to_vec());
    }
    let mut others: Vec<CompanyId> = companies.to_vec();
    others.retain(|company| !participants.contains(company));
    others.sort_by_cached_key(|company| digest(&(saga, company)));
    let missing = Acceptors::MAX.saturating_sub(participants.len());
    let mut acceptors = participants;
    acceptors.extend(others.into_iter().take(missing));
    acceptors.sort_unstable();
    Acceptors(acceptors)
}

/// Covers everything the ticket will say but who travels, which not all are told, and who decides.
pub fn order_hash(order: &Order, acceptors: &Acceptors) -> OrderHash {
    hash(order, acceptors, |_| None)
}

/// Whether this is the hash of that order. Those that were made before names could be [withheld](super::withheld) have them in it.
pub fn is_hash_of(hashed: OrderHash, order: &Order, acceptors: &Acceptors) -> bool {
    let is_named = order.legs.iter().any(|leg| leg.passenger.is_some());
    hashed == order_hash(order, acceptors)
        || is_named && hashed == hash(order, acceptors, |leg| leg.passenger.as_ref())
}

fn hash(
    order: &Order,
    acceptors: &Acceptors,
    passenger: fn(&Leg) -> Option<&Passenger>,
) -> OrderHash {
    let leg = |leg| HashedLeg::of(leg, passenger(leg));
    let hashed = HashedOrder {
        user: order.user,
        created_at: order.created_at,
        legs: order.legs.iter().map(leg).collect(),
        hold_seconds: order.hold_seconds,
        seller: order.seller,
        exchange: order.exchange.as_ref(),
    };
    OrderHash(digest(&(hashed, acceptors)))
}

/// An order as it is hashed: what it did not have when it was made is not in it, so that orders keep their hash.
#[derive(Serialize)]
struct HashedOrder<'a> {
    user: UserId,
    created_at: i64,
    legs: Vec<HashedLeg<'a>>,
    hold_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller: Option<CompanyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a Exchange>,
}

#[derive(Serialize)]
struct HashedLeg<'a> {
    seat: SeatRef,
    flight: &'a str,
    origin: &'a str,
    destination: &'a str,
    origin_iata: &'a str,
    destination_iata: &'a str,
    departs: i64,
    arrives: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    offsets: Option<Offsets>,
    price: &'a Price,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    passenger: Option<&'a Passenger>,
}

impl<'a> HashedLeg<'a> {
    fn of(leg: &'a Leg, passenger: Option<&'a Passenger>) -> Self {
        Self {
            seat: leg.seat,
            flight: &leg.flight,
            origin: &leg.origin,
            destination: &leg.destination,
            origin_iata: &leg.origin_iata,
            destination_iata: &leg.destination_iata,
            departs: leg.departs,
            arrives: leg.arrives,
            offsets: leg.offsets,
            price: &leg.price,
            label: leg.label.as_deref(),
            passenger,
        }
    }
}

fn digest(value: &impl Serialize) -> [u8; 32] {
    let bytes =
        serde_json::to_vec(value).expect("ids and orders have no map with keys of other types");
    Sha256::digest(&bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{RouteId, SeatNumber};
    use crate::order::{Leg, Price, SeatRef};

    const SAGA: SagaId = SagaId(Uuid::from_u128(1));

    fn companies(codes: &[&str]) -> Vec<CompanyId> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    /// One seat of each of these companies.
    fn order(codes: &[&str]) -> Order {
        let leg = |company| Leg {
            seat: SeatRef {
                company,
                route: RouteId(1),
                number: SeatNumber(1),
            },
            flight: "A1".to_owned(),
            origin: "Curitiba".to_owned(),
            destination: "Recife".to_owned(),
            origin_iata: "CWB".to_owned(),
            destination_iata: "REC".to_owned(),
            departs: 0,
            arrives: 1,
            price: Price {
                minor: 1,
                currency: "BRL".to_owned(),
            },
            passenger: None,
            offsets: None,
            label: None,
        };
        Order {
            user: UserId(Uuid::nil()),
            created_at: 0,
            legs: companies(codes).into_iter().map(leg).collect(),
            hold_seconds: None,
            seller: None,
            exchange: None,
        }
    }

    #[test]
    fn a_saga_is_its_user_key_and_request() {
        let id = |user: u128, key: &str, request: u8| {
            let idempotency = Idempotency {
                key: key.to_owned(),
                fingerprint: [request; 32],
            };
            saga_id(UserId(Uuid::from_u128(user)), &idempotency)
        };
        assert_eq!(id(1, "k", 1), id(1, "k", 1));
        let all = [id(1, "k", 1), id(2, "k", 1), id(1, "l", 1), id(1, "k", 2)];
        let different: std::collections::BTreeSet<SagaId> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn one_company_decides_alone_and_few_decide_together() {
        let of =
            |seats: &[&str], all: &[&str]| acceptors_of(SAGA, &order(seats), &companies(all)).0;
        let three = ["a", "b", "c"];
        assert_eq!(of(&["b", "b"], &three), companies(&["b"]));
        assert_eq!(of(&["c", "a"], &three), companies(&three));
    }

    #[test]
    fn of_many_companies_the_participants_and_some_others_decide() {
        let all: Vec<String> = (0..9).map(|index| format!("c{index}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let of = |saga, seats: &[&str]| acceptors_of(saga, &order(seats), &companies(&all));
        let acceptors = of(SAGA, &["c7", "c2"]);
        assert_eq!(acceptors, of(SAGA, &["c2", "c7"]), "the same for everyone");
        assert_eq!(acceptors.0.len(), Acceptors::MAX);
        assert!(acceptors.0.is_sorted());
        let participates = |code: &&str| acceptors.contains(code.parse().unwrap());
        assert!(["c2", "c7"].iter().all(participates));
        let others = (2..40).map(|id| of(SagaId(Uuid::from_u128(id)), &["c2", "c7"]));
        assert!(others.into_iter().any(|other| other != acceptors), "spread");
        assert_eq!(of(SAGA, &all[..7]).0, companies(&all[..7]), "never fewer");
    }

    #[test]
    fn a_hash_covers_the_order_and_who_decides() {
        let acceptors = Acceptors(companies(&["a", "b"]));
        let hash = order_hash(&order(&["a", "b"]), &acceptors);
        assert_eq!(hash, order_hash(&order(&["a", "b"]), &acceptors));
        let mut later = order(&["a", "b"]);
        later.created_at = 1;
        assert_ne!(hash, order_hash(&later, &acceptors));
        let alone = Acceptors(companies(&["a"]));
        assert_ne!(hash, order_hash(&order(&["a", "b"]), &alone));
        let mut sold = order(&["a", "b"]);
        sold.seller = Some("a".parse().unwrap());
        assert_ne!(hash, order_hash(&sold, &acceptors));
        let mut exchanged = order(&["a", "b"]);
        exchanged.exchange = Some(Exchange {
            ticket: SAGA,
            seats: order(&["a"]).seats(),
            companies: companies(&["a"]),
        });
        assert_ne!(hash, order_hash(&exchanged, &acceptors));
        let more: [fn(&mut Leg); 2] = [
            |leg| {
                leg.offsets = Some(Offsets {
                    departs: -180,
                    arrives: -240,
                });
            },
            |leg| leg.label = Some("1A".to_owned()),
        ];
        for add in more {
            let mut told = order(&["a", "b"]);
            add(&mut told.legs[0]);
            assert_ne!(hash, order_hash(&told, &acceptors));
        }
    }

    #[test]
    fn who_travels_is_in_no_hash_but_in_those_of_before() {
        let acceptors = Acceptors(companies(&["a", "b"]));
        let mut named = order(&["a", "b"]);
        named.legs[0].passenger = Some(Passenger::named("Ana Souza"));
        let now = order_hash(&named, &acceptors);
        assert_eq!(now, order_hash(&order(&["a", "b"]), &acceptors));
        let before = hash(&named, &acceptors, |leg| leg.passenger.as_ref());
        assert_ne!(before, now);
        assert!(is_hash_of(now, &named, &acceptors) && is_hash_of(before, &named, &acceptors));
        named.legs[0].passenger = Some(Passenger::named("Bia Souza"));
        assert!(is_hash_of(now, &named, &acceptors) && !is_hash_of(before, &named, &acceptors));
    }

    #[test]
    fn an_order_of_an_older_program_keeps_its_hash() {
        // as of the program that did not know of sellers, labels and offsets
        let hash = order_hash(&order(&["a", "b"]), &Acceptors(companies(&["a", "b"])));
        let digits: String = hash.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            digits,
            "c6f2d77181afaab5df07117b019de73077f5fae7c4c0f6eb79b90cd287fa2f57"
        );
    }
}
