//! One life of a node, from its start to its death: what its seams to the world share.
//!
//! A node touches the world through its database, its peers, Redis and its clients only. Each touch is a crossing, and
//! a node can be made to die at any of them: from then on nothing crosses any more, and the world drops the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hub::Hub;
use crate::wall::Wall;

pub struct Life {
    /// Which company.
    pub index: usize,
    pub hub: Arc<Hub>,
    wall: Arc<Wall>,
    /// The world's time when this life began.
    born: u64,
    origin: Instant,
    /// Crossings left until it dies; none left to count at [`NEVER`].
    fuse: AtomicU32,
    dead: AtomicBool,
    exited: AtomicBool,
    died: Notify,
}

const NEVER: u32 = u32::MAX;

impl Life {
    /// To be called within the node's runtime.
    pub fn new(index: usize, hub: Arc<Hub>, wall: Arc<Wall>, born: u64) -> Arc<Self> {
        Arc::new(Self {
            index,
            hub,
            wall,
            born,
            origin: Instant::now(),
            fuse: AtomicU32::new(NEVER),
            dead: AtomicBool::new(false),
            exited: AtomicBool::new(false),
            died: Notify::new(),
        })
    }

    /// The world's time, by this node's clock. To be called within the node's runtime.
    pub fn now(&self) -> u64 {
        self.born + self.origin.elapsed().as_millis() as u64
    }

    /// What its wall clock shows, in milliseconds since 1970. To be called within the node's runtime.
    pub fn wall_ms(&self) -> i64 {
        self.wall.ms(self.now())
    }

    /// When the world's time is this.
    pub fn instant(&self, world: u64) -> Instant {
        self.origin + Duration::from_millis(world.saturating_sub(self.born))
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// Dies at the crossing after this many more.
    pub fn light(&self, crossings: u32) {
        self.fuse.store(crossings, Ordering::Relaxed);
    }

    pub fn die(&self) {
        self.dead.store(true, Ordering::Relaxed);
        self.died.notify_one();
    }

    /// The process ends by itself; this is what happened.
    pub fn exit(&self, what: &'static str) {
        let hub = &mut *self.hub.lock();
        hub.seen.count(what);
        let who = &self.hub.companies[self.index];
        hub.trace
            .line(self.now(), who, format_args!("ends: {what}"));
        self.exited.store(true, Ordering::Relaxed);
        self.die();
    }

    pub fn has_exited(&self) -> bool {
        self.exited.load(Ordering::Relaxed)
    }

    /// Ends when it has died at a crossing, or by itself.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// Crosses a seam; a dead node never comes to the other side.
    pub async fn cross(&self) {
        if !self.crosses() {
            std::future::pending::<()>().await;
        }
    }

    /// The same for who does not wait: whether it comes to the other side.
    pub fn crosses(&self) -> bool {
        if self.is_dead() {
            return false;
        }
        match self.fuse.load(Ordering::Relaxed) {
            NEVER => true,
            0 => {
                self.die();
                false
            }
            left => {
                self.fuse.store(left - 1, Ordering::Relaxed);
                true
            }
        }
    }
}
