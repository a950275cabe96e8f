//! Replies of Redis, by whoever stands for it: no token, seat or lease but such as a sound table gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passcom_actors::company::lease::LEASE_TTL;
use passcom_actors::domain::fencing::FencingToken;
use passcom_actors::domain::fixtures::seat;
use passcom_actors::domain::order::SeatRef;
use passcom_actors::domain::saga::LeaseAnswer;
use passcom_node::lease::reply::{acquired, key, leased, owners};
use redis::{Value, from_redis_value, parse_redis_value};

/// The epoch that the node knows of.
const KNOWN: i64 = 7;

fn answered(reply: Value) {
    let seats = [seat("a", 1), seat("b", 2)];
    let Ok(answer) = from_redis_value(reply) else {
        return;
    };
    match acquired(&answer, &seats, KNOWN) {
        Some(LeaseAnswer::Granted(token)) => {
            assert_eq!((token.epoch(), token.counter()), (answer.1, answer.2));
            assert!(token > FencingToken::NONE);
            // of the next loss of Redis, and all after it
            assert!(token.epoch() < KNOWN + (1 << 21));
        }
        Some(LeaseAnswer::Busy(seat)) => assert!(seats.contains(&seat)),
        Some(LeaseAnswer::Away) => panic!("whoever answers is not away"),
        None => {}
    }
}

/// Of a scan, and of a pipeline of GET and PTTL.
fn listed(keys: Value, answers: Value) {
    let keys: Result<(u64, Vec<String>), _> = from_redis_value(keys);
    let answers: Result<Vec<Value>, _> = from_redis_value(answers);
    let (Ok((_, keys)), Ok(answers)) = (keys, answers) else {
        return;
    };
    for (name, (owner, ms)) in keys.iter().zip(owners(&answers).unwrap_or_default()) {
        let Some(owner) = owner else { continue };
        let Some(lease) = leased(name, &owner, ms, LEASE_TTL) else {
            continue;
        };
        let seat = SeatRef {
            company: lease.company,
            route: lease.route,
            number: lease.number,
        };
        // what the scripts take for a lease, and nothing else
        assert_eq!(key(&seat), *name);
        assert_eq!(lease.saga.to_string(), owner);
        assert!(u128::from(lease.remaining_ms) <= LEASE_TTL.as_millis());
    }
}

// One reply, or two that are parted by a byte that no reply of ours has.
fuzz_target!(|bytes: &[u8]| {
    let mut replies = bytes.split(|byte| *byte == b'|').map(parse_redis_value);
    match (replies.next(), replies.next()) {
        (Some(Ok(reply)), None) => answered(reply),
        (Some(Ok(keys)), Some(Ok(answers))) => listed(keys, answers),
        _ => {}
    }
});
