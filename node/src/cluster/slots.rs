//! Places for connections that have yet to prove who they are.
//!
//! Invariants:
//! - A new connection always has a place: where there is none, the one that has waited longest gives way, of the address
//!   that has most. So whoever says nothing keeps nobody out, however often it comes.
//! - Addresses of members have places of their own, which strangers elsewhere cannot take.
//! - At most [`STRANGERS_MAX`] of strangers, [`PER_STRANGER_MAX`] of one of their addresses, [`PER_MEMBER_MAX`] of an address
//!   of members.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passcom_actors::domain::ids::CompanyId;
use tokio::sync::Notify;

const STRANGERS_MAX: usize = 64;
const PER_STRANGER_MAX: usize = 16;
const PER_MEMBER_MAX: usize = 32;
/// Addresses that are kept of one company: those of its name, and from where it has come.
const ADDRESSES_MAX: usize = 8;

/// Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    /// In the order of their coming.
    all: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    members: HashMap<CompanyId, Vec<IpAddr>>,
}

/// Given back when dropped.
pub(super) struct Slot {
    id: u64,
    slots: Slots,
    gives_way: Arc<Notify>,
}

impl Slots {
    pub fn take(&self, ip: IpAddr) -> Slot {
        let ip = ip.to_canonical();
        let mut waiting = self.lock();
        waiting.make_room(ip);
        let (id, gives_way) = (waiting.next, Arc::new(Notify::new()));
        waiting.next += 1;
        waiting.all.insert(id, (ip, gives_way.clone()));
        Slot {
            id,
            slots: self.clone(),
            gives_way,
        }
    }

    /// The company is found there, or has come from there; the addresses that were told last count.
    pub fn know(&self, company: CompanyId, ip: IpAddr) {
        let mut waiting = self.lock();
        let known = waiting.members.entry(company).or_default();
        known.retain(|other| *other != ip.to_canonical());
        known.insert(0, ip.to_canonical());
        known.truncate(ADDRESSES_MAX);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn make_room(&mut self, ip: IpAddr) {
        let members: HashSet<IpAddr> = self.members.values().flatten().copied().collect();
        let is_member = members.contains(&ip);
        let per_address = if is_member {
            PER_MEMBER_MAX
        } else {
            PER_STRANGER_MAX
        };
        let mut of_address = HashMap::<IpAddr, usize>::new();
        for (ip, _) in self.all.values() {
            *of_address.entry(*ip).or_default() += 1;
        }
        if of_address.get(&ip).copied().unwrap_or(0) >= per_address {
            return self.oldest_of_gives_way(ip);
        }
        let strangers = of_address.iter().filter(|(ip, _)| !members.contains(*ip));
        if !is_member && strangers.clone().map(|(_, count)| count).sum::<usize>() >= STRANGERS_MAX {
            let most = strangers.max_by_key(|(_, count)| **count);
            let most = most.map(|(ip, _)| *ip);
            self.oldest_of_gives_way(most.unwrap_or(ip));
        }
    }

    fn oldest_of_gives_way(&mut self, ip: IpAddr) {
        let oldest = self.all.iter().find(|(_, (of, _))| *of == ip);
        let oldest = oldest.map(|(id, _)| *id);
        if let Some((_, gives_way)) = oldest.and_then(|id| self.all.remove(&id)) {
            gives_way.notify_one();
        }
    }
}

impl Slot {
    /// Until this connection has to make room.
    pub async fn gives_way(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.lock().all.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: usize) -> IpAddr {
        IpAddr::from([10, 0, 0, u8::try_from(last).expect("a small number")])
    }

    fn has_given_way(slot: &Slot) -> bool {
        !slot.slots.lock().all.contains_key(&slot.id)
    }

    #[test]
    fn the_oldest_of_an_address_with_too_many_gives_way() {
        let slots = Slots::default();
        let held: Vec<Slot> = (0..PER_STRANGER_MAX).map(|_| slots.take(ip(0))).collect();
        let other = slots.take(ip(1));
        let _next = (slots.take(ip(0)), slots.take(ip(0)));
        let gone = held.iter().filter(|slot| has_given_way(slot)).count();
        assert_eq!(gone, 2);
        assert!(has_given_way(&held[0]) && has_given_way(&held[1]) && !has_given_way(&other));
    }

    #[test]
    fn strangers_take_no_place_of_a_member_and_little_of_each_other() {
        let slots = Slots::default();
        slots.know("b".parse().unwrap(), ip(200));
        let member = slots.take(ip(200));
        let few = slots.take(ip(100));
        let many: Vec<Slot> = (0..1_000).map(|n| slots.take(ip(n % 8))).collect();
        assert!(!has_given_way(&member) && !has_given_way(&few));
        let left = many.iter().filter(|slot| !has_given_way(slot)).count();
        assert_eq!(left, STRANGERS_MAX - 1);
        let members: Vec<Slot> = (0..PER_MEMBER_MAX).map(|_| slots.take(ip(200))).collect();
        assert!(has_given_way(&member), "of one address so many, also there");
        drop((members, many, few, member));
        assert!(slots.lock().all.is_empty(), "nothing is kept");
    }

    #[test]
    fn of_a_company_the_addresses_told_last_are_known() {
        let slots = Slots::default();
        for n in 0..100 {
            slots.know("b".parse().unwrap(), ip(n));
            slots.know("b".parse().unwrap(), ip(200));
        }
        let waiting = slots.lock();
        let known = waiting.members.values().next().expect("those of b");
        assert_eq!(known.len(), ADDRESSES_MAX);
        assert!(known.contains(&ip(200)) && known.contains(&ip(99)));
    }
}
