//! How many seats of each leg are free: numbers that change under whoever searches, without a lock.
//!
//! An [`super::index::Index`] writes them, every [`super::timetable::Timetable`] made of it reads the same ones. They are hints: a booking
//! checks the seat again, so no order among them is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

/// Legs whose numbers are allocated together. They never move, so that readers may keep them.
const CHUNK: usize = 1024;

/// By slot of the index. A clone shares the numbers that are there.
#[derive(Debug, Clone, Default)]
pub struct FreeCounts {
    chunks: Vec<Arc<[AtomicU16]>>,
}

impl FreeCounts {
    /// 0 for a slot that it does not know.
    pub fn get(&self, slot: u32) -> u16 {
        self.cell(slot)
            .map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    /// Makes room for the slot if it is a new one.
    pub fn set(&mut self, slot: u32, free: u16) {
        while self.chunks.len() <= slot as usize / CHUNK {
            self.chunks
                .push((0..CHUNK).map(|_| AtomicU16::new(0)).collect());
        }
        if let Some(cell) = self.cell(slot) {
            cell.store(free, Ordering::Relaxed);
        }
    }

    fn cell(&self, slot: u32) -> Option<&AtomicU16> {
        let slot = slot as usize;
        self.chunks.get(slot / CHUNK)?.get(slot % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_sees_later_changes() {
        let mut counts = FreeCounts::default();
        counts.set(3, 7);
        let clone = counts.clone();
        counts.set(3, 6);
        counts.set(5000, 1);
        assert_eq!((clone.get(3), counts.get(5000)), (6, 1));
        assert_eq!(clone.get(5000), 0, "not there when it was cloned");
    }
}
