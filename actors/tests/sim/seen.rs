//! What happened how often, over all runs. Runs in which nothing goes wrong prove nothing.

use std::collections::BTreeMap;

use passcom_actors::domain::saga::LeaseAnswer;

/// Every kind of happening that some run of a batch must have had.
const WANTED: [&str; 87] = [
    "bookings sold",
    "tickets looked at",
    "bookings refused",
    "flights changed",
    "tickets told of a changed flight",
    "tickets left without a seat",
    "legs moved to another seat",
    "holds told as kept",
    "holds confirmed",
    "holds confirmed at the same node",
    "holds confirmed at another node",
    "holds told as confirmed again",
    "holds aborted after a request to confirm",
    "holds released",
    "holds expired",
    "holds extended",
    "holds not extended",
    "extensions that came too late",
    "extensions of what is booked",
    "confirmations that came before an end that was due",
    "confirmations that came too late",
    "confirmations that failed",
    "releases that came too late",
    "answers: begun",
    "answers: seat busy",
    "answers: company down",
    "answers: still running",
    "answers: seat unknown",
    "answers: not known in time",
    "answers replayed at another node",
    "requests whose node died",
    "leases granted",
    "leases busy",
    "leases away",
    "fences raised",
    "legs refused after the close of their sale",
    "legs begun in time and sold later",
    "holds shortened by a close of sale",
    "holds extended to a close of sale",
    "extensions stopped by a close of sale",
    "confirmations asked for after a close of sale",
    "refunds asked for before a departure",
    "refunds asked for after a departure",
    "refunds told",
    "refunds decided apart",
    "votes: yes",
    "votes: no",
    "votes: mismatch",
    "votes: stale",
    "votes: later",
    "recovery ballots that chose commit",
    "recovery ballots that chose abort",
    "commits in ballot 0",
    "bookings of one company",
    "tombstones",
    "legs cancelled",
    "tickets claimed",
    "tickets exchanged",
    "exchanges refused",
    "cancellations beside an exchange",
    "legs cancelled while prepared",
    "seats sold again after a cancel",
    "commits with another order than the driver's",
    "crashes at a crossing",
    "crashes at a moment",
    "orderly stops",
    "starts that waited for their database",
    "restarts with unfinished sagas",
    "prepared legs older than in doubt",
    "companies gone for good",
    "seats blocked or unblocked",
    "freezes",
    "cuts",
    "messages lost",
    "messages repeated",
    "messages that came late",
    "appends of an epoch that was over",
    "appends that took something recorded for new",
    "appends whose place was taken",
    "transactions not written",
    "unknown commits that were written",
    "unknown commits that were not",
    "unknown commits without a client",
    "unknown commits written later",
    "buckets taken over",
    "logins claimed",
    "logins taken",
];

/// What may happen, and need not: a start waits longer than most databases are away.
const SELDOM: [&str; 1] = ["starts that failed"];

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Seen {
    counts: BTreeMap<&'static str, u64>,
}

impl Seen {
    pub fn count(&mut self, what: &'static str) {
        let is_known = WANTED.contains(&what) || SELDOM.contains(&what);
        assert!(is_known, "{what} is not in the list");
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Seen) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    pub fn on_lease(&mut self, answer: &LeaseAnswer) {
        self.count(match answer {
            LeaseAnswer::Granted(_) => "leases granted",
            LeaseAnswer::Busy(_) => "leases busy",
            LeaseAnswer::Away => "leases away",
        });
    }

    /// What never happened.
    pub fn missing(&self) -> Vec<&'static str> {
        let never = WANTED
            .iter()
            .filter(|what| !self.counts.contains_key(*what));
        never.copied().collect()
    }

    pub fn print(&self) {
        for (what, count) in &self.counts {
            println!("{count:>10}  {what}");
        }
    }
}
