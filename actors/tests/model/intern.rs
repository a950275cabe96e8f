//! Values kept once and named by a number, and functions of them computed once.
//!
//! A state of the model is a few dozen bytes of such names: the product's code runs once for every distinct step of one
//! company or one driver, however many states of the whole contain it.
//!
//! Invariant: two ids of one pool are equal where, and only where, their values are.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

/// The name of a value in its [`Pool`].
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// All values of a type that were ever met.
pub struct Pool<T>(RwLock<Values<T>>);

struct Values<T> {
    ids: HashMap<Arc<T>, Id<T>>,
    values: Vec<Arc<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(RwLock::new(Values {
            ids: HashMap::new(),
            values: Vec::new(),
        }))
    }
}

impl<T: Hash + Eq> Pool<T> {
    pub fn id(&self, value: T) -> Id<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.ids.get(&value) {
            return *id;
        }
        drop(known);
        let mut pool = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = pool.ids.get(&value) {
            return *id; // another thread was faster
        }
        let number = u32::try_from(pool.values.len()).expect("fewer than 2^32 distinct values");
        let (id, value) = (Id(number, PhantomData), Arc::new(value));
        pool.values.push(value.clone());
        pool.ids.insert(value, id);
        id
    }

    pub fn get(&self, id: Id<T>) -> Arc<T> {
        let pool = self.0.read().unwrap_or_else(PoisonError::into_inner);
        pool.values[id.0 as usize].clone()
    }
}

/// A function's results so far.
pub struct Memo<K, V>(RwLock<HashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RwLock::new(HashMap::new()))
    }
}

impl<K: Hash + Eq, V: Clone> Memo<K, V> {
    pub fn get(&self, key: K, compute: impl FnOnce() -> V) -> V {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(&key) {
            return value.clone();
        }
        drop(known);
        let value = compute();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(value).clone()
    }
}
