//! What Redis says, which may be anything: whoever writes to it, or stands for it, says what they like. Pure.
//!
//! Invariant: what is taken for a token, a seat or a lease is one that a sound table gives; anything else is none.

use std::time::Duration;

use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::ids::{RouteId, SagaId, SeatNumber};
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;
use passcom_actors::people::operations::Leased;
use uuid::Uuid;

/// What every key of a lease begins with.
pub const PREFIX: &str = "lease:";

/// The key of the lease on a seat.
pub fn key(seat: &SeatRef) -> String {
    format!("{PREFIX}{}/{}/{}", seat.company, seat.route, seat.number)
}

/// What the script that takes these seats has answered. `known`: the highest epoch that this node knows of. None where no sound table
/// answers so.
pub fn acquired(
    (what, first, second): &(String, i64, i64),
    seats: &[SeatRef],
    known: i64,
) -> Option<LeaseAnswer> {
    match what.as_str() {
        "granted" => FencingToken::believed(*first, *second, known).map(LeaseAnswer::Granted),
        "busy" => {
            let seat = seats.get(usize::try_from(*first).ok()?)?;
            Some(LeaseAnswer::Busy(*seat))
        }
        _ => None,
    }
}

/// A lease as its key and value say; none if it is none to those who ask for its seat: written by somebody else, in another form, without
/// an end, or for longer than `ttl`, the life of a lease.
pub fn leased(name: &str, owner: &str, remaining_ms: i64, ttl: Duration) -> Option<Leased> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '/');
    let seat = SeatRef {
        company: parts.next()?.parse().ok()?,
        route: RouteId::new(parts.next()?.parse().ok()?).ok()?,
        number: SeatNumber::new(parts.next()?.parse().ok()?).ok()?,
    };
    let saga = SagaId(Uuid::try_parse(owner).ok()?);
    let remaining_ms = u64::try_from(remaining_ms).ok()?;
    // numbers and ids can be written in several ways, of which ours is one
    let is_ours = key(&seat) == name && saga.to_string() == owner;
    let ends = u128::from(remaining_ms) <= ttl.as_millis();
    (is_ours && ends).then_some(Leased {
        company: seat.company,
        route: seat.route,
        number: seat.number,
        saga,
        remaining_ms,
    })
}

/// Who has each lease, and for how many milliseconds yet, of what GET and PTTL have answered by turns; one that has just ended has no
/// owner.
pub fn owners(answers: &[redis::Value]) -> redis::RedisResult<Vec<(Option<String>, i64)>> {
    let (pairs, _) = answers.as_chunks::<2>();
    let owner = |[owner, ms]: &[redis::Value; 2]| {
        let owner = redis::from_redis_value(owner.clone())?;
        Ok((owner, redis::from_redis_value(ms.clone())?))
    };
    pairs.iter().map(owner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);
    const OWNER: &str = "00000000-0000-4000-8000-000000000001";

    #[test]
    fn a_lease_is_what_keeps_others_from_its_seat_and_nothing_else() {
        let found = leased("lease:a/7/12", OWNER, 29_000, TTL).unwrap();
        assert_eq!((found.route.0, found.number.0), (7, 12));
        for name in [
            "lease:a/007/12",
            "lease:a/+7/12",
            "lease:a/7/12/3",
            "lease:a/7/0",
            "other:a/7/12",
        ] {
            assert!(leased(name, OWNER, 29_000, TTL).is_none(), "{name}");
        }
        let plain = OWNER.replace('-', "");
        for owner in [OWNER, "", &plain, &format!("{{{OWNER}}}")] {
            let found = leased("lease:a/7/12", owner, 29_000, TTL);
            assert_eq!(found.is_some(), owner == OWNER, "{owner}");
        }
        for (ms, is_one) in [
            (-2, false),
            (-1, false),
            (0, true),
            (30_000, true),
            (30_001, false),
        ] {
            assert_eq!(
                leased("lease:a/7/12", OWNER, ms, TTL).is_some(),
                is_one,
                "{ms}"
            );
        }
    }

    #[test]
    fn what_no_sound_table_answers_is_no_answer() {
        let seats = [SeatRef {
            company: "a".parse().unwrap(),
            route: RouteId(7),
            number: SeatNumber(12),
        }];
        let asked =
            |what: &str, first, second| acquired(&(what.to_owned(), first, second), &seats, 7);
        assert!(matches!(
            asked("granted", 7, 1),
            Some(LeaseAnswer::Granted(_))
        ));
        assert_eq!(asked("busy", 0, 0), Some(LeaseAnswer::Busy(seats[0])));
        for (what, first, second) in [
            ("granted", -1, 1),
            ("granted", i64::MAX, 1),
            ("granted", 7, 0),
            ("granted", 7, i64::MAX),
            ("busy", 1, 0),
            ("busy", -1, 0),
            ("BUSY", 0, 0),
        ] {
            assert_eq!(asked(what, first, second), None, "{what} {first} {second}");
        }
    }
}
