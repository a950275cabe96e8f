//! Rows of one kind in memory: those that the tables do not have yet, and some that were used a moment ago.
//!
//! Invariants:
//! * a row is forgotten only when the tables have it as it is;
//! * a row that is being projected and changes meanwhile is projected again.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::Hash;

use super::Seq;

#[derive(Debug)]
struct Kept<V> {
    row: V,
    /// The last record that changed it.
    changed: Seq,
}

#[derive(Debug)]
pub struct Shelf<K, V> {
    rows: HashMap<K, Kept<V>>,
    /// Those that the tables do not have as they are.
    dirty: BTreeSet<K>,
    /// The others, in the order in which they became so. A key may stand here more than once.
    clean: VecDeque<K>,
    clean_max: usize,
}

impl<K: Hash + Ord + Clone, V: Clone> Shelf<K, V> {
    /// Keeps at most so many rows that the tables have as well.
    pub fn new(clean_max: usize) -> Self {
        Self {
            rows: HashMap::new(),
            dirty: BTreeSet::new(),
            clean: VecDeque::new(),
            clean_max,
        }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key).map(|kept| &kept.row)
    }

    /// How many rows wait to be projected.
    pub fn dirty(&self) -> usize {
        self.dirty.len()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row as the tables have it. One that is here already is newer.
    pub fn load(&mut self, key: K, row: V) {
        if !self.rows.contains_key(&key) {
            let changed = Seq::NONE;
            self.rows.insert(key.clone(), Kept { row, changed });
            self.clean.push_back(key);
        }
    }

    /// The row, to be changed by this record; a new one if there is none.
    pub fn change(&mut self, key: &K, by: Seq) -> &mut V
    where
        V: Default,
    {
        if !self.dirty.contains(key) {
            self.dirty.insert(key.clone());
        }
        let kept = self.rows.entry(key.clone()).or_insert_with(|| Kept {
            row: V::default(),
            changed: by,
        });
        kept.changed = by;
        &mut kept.row
    }

    /// What the tables do not have yet, to be written to them; `take` makes it of each row.
    pub fn take_dirty(&mut self, mut take: impl FnMut(&mut V) -> V) -> Vec<(K, V)> {
        let keys = std::mem::take(&mut self.dirty).into_iter();
        let taken = keys.filter_map(|key| {
            let row = take(&mut self.rows.get_mut(&key)?.row);
            Some((key, row))
        });
        taken.collect()
    }

    /// These are in the tables, as they were after this record.
    pub fn projected(&mut self, rows: &[(K, V)], upto: Seq) {
        for (key, _) in rows {
            if self.rows.get(key).is_some_and(|kept| kept.changed <= upto) {
                self.clean.push_back(key.clone());
            }
        }
    }

    /// Forgets the oldest clean rows beyond the bound, but none that is to stay; tells what went.
    pub fn trim(&mut self, projected: Seq, stays: impl Fn(&V) -> bool) -> Vec<(K, V)> {
        let mut gone = Vec::new();
        while self.clean.len() > self.clean_max {
            let Some(key) = self.clean.pop_front() else {
                break;
            };
            let may_go = |kept: &Kept<V>| kept.changed <= projected && !stays(&kept.row);
            if !self.dirty.contains(&key)
                && self.rows.get(&key).is_some_and(may_go)
                && let Some(kept) = self.rows.remove(&key)
            {
                gone.push((key, kept.row));
            }
        }
        gone
    }
}
