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

/// A lease as its key and value say; none if somebody else wrote them. `ttl`: the longest that one lives.
pub fn leased(key: &str, owner: &str, remaining_ms: i64, ttl: Duration) -> Option<Leased> {
    let _ = ttl;
    let mut parts = key.strip_prefix(PREFIX)?.splitn(3, '/');
    Some(Leased {
        company: parts.next()?.parse().ok()?,
        route: RouteId::new(parts.next()?.parse().ok()?).ok()?,
        number: SeatNumber::new(parts.next()?.parse().ok()?).ok()?,
        saga: SagaId(Uuid::try_parse(owner).ok()?),
        remaining_ms: u64::try_from(remaining_ms).ok()?,
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
