//! A member that sends faster than it is listened to.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::world::{Start, World, eventually};

const FRAMES: usize = 200;
const FRAME_LEN: usize = 250_000;
const FLOOD_LEN: usize = FRAMES * FRAME_LEN;
const START_LIMIT: Duration = Duration::from_secs(10);
/// A flood that has not moved for so long stands still; a link lives three times as long without a heartbeat.
const STILL: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Passes on what is sent to an address, and back, and counts it.
#[derive(Default)]
struct Meter {
    connections: AtomicUsize,
    sent: AtomicUsize,
}

impl Meter {
    fn before(target: SocketAddr) -> (Arc<Self>, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let meter = Arc::<Self>::default();
        let counting = meter.clone();
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let Ok(to) = TcpStream::connect(target) else {
                    continue; // as if it had been dialled itself
                };
                counting.connections.fetch_add(1, Ordering::SeqCst);
                let (back, meter) = (
                    (to.try_clone().unwrap(), from.try_clone().unwrap()),
                    counting.clone(),
                );
                thread::spawn(move || pass_on(from, to, &meter.sent));
                thread::spawn(move || pass_on(back.0, back.1, &AtomicUsize::new(0)));
            }
        });
        (meter, address)
    }

    fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// Waits until nothing is sent any more, or all of the flood was.
    fn settle(&self) -> usize {
        let (mut seen, mut since) = (self.sent(), Instant::now());
        while since.elapsed() < STILL && seen < FLOOD_LEN {
            thread::sleep(LOOK_AGAIN);
            if self.sent() != seen {
                (seen, since) = (self.sent(), Instant::now());
            }
        }
        seen
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, count: &AtomicUsize) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(len @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..len]).is_err() {
            break;
        }
        count.fetch_add(len, Ordering::SeqCst);
    }
    // whoever is gone already knows
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn a_member_that_sends_faster_than_it_is_listened_to_is_slowed_by_its_own_connection() {
    let world = World::new();
    let alpha = world.start("alpha");
    let (meter, address) = Meter::before(world.address("alpha"));
    let gamma = world.start_as(&Start {
        dials: Some(("alpha", address)),
        ..Start::of("gamma")
    });
    eventually(START_LIMIT, "alpha and gamma are up", || {
        alpha.sees("gamma") && gamma.sees("alpha")
    });
    assert_eq!(
        gamma.ask(&format!("flood alpha {FRAMES} {FRAME_LEN}")),
        "ok"
    );
    let sent = meter.settle();
    // most of that is in the buffers of the kernel
    assert!(
        sent < FLOOD_LEN / 2,
        "{sent} bytes were taken, and none was looked at"
    );
    assert_eq!(alpha.served(), 1);

    assert_eq!(alpha.ask("release"), "ok");
    eventually(START_LIMIT, "all of it was taken", || {
        meter.sent() >= FLOOD_LEN
    });
    assert_eq!(gamma.call("alpha", "who", 5000), "ok alpha");
    assert_eq!(alpha.call("gamma", "who", 5000), "ok gamma");
    let connections = meter.connections.load(Ordering::SeqCst);
    assert_eq!(connections, 1, "the link went on");
}
