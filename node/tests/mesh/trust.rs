//! Certificates and authorities that change, members that are revoked, and strangers at the door, while the mesh goes on.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use passcom_node::certificate::{Certificate, read_chain};
use passcom_node::certs;
use tokio::net::TcpSocket;

use super::*;

impl World {
    /// Puts a certificate of the authority in `from`, with its key, in the place of the company's.
    fn replace(&self, company: &str, from: &World) {
        let [ours, theirs] = [self, from].map(|world| {
            let company = company.parse().unwrap();
            certs::files(&world.folder, company)
        });
        fs::copy(theirs.cert, ours.cert).unwrap();
        fs::copy(theirs.key, ours.key).unwrap();
    }

    fn fingerprint(&self, company: &str) -> String {
        let files = certs::files(&self.folder, company.parse().unwrap());
        let chain = read_chain(&files.cert).unwrap();
        Certificate::of(&chain[0]).unwrap().fingerprint.to_string()
    }
}

#[test]
fn an_authority_takes_the_place_of_another_while_links_go_on() {
    let (world, next) = (World::new(), World::new());
    let (alpha, beta, mut gamma) = world.start_all();
    let under_way = alpha.send("call beta sleep:2000 8000");
    eventually(SOON, "beta serves the call", || beta.served() == 1);

    let read = |world: &World| fs::read_to_string(world.folder.join("ca.pem")).unwrap();
    let (old, new) = (read(&world), read(&next));
    fs::write(world.folder.join("ca.pem"), format!("{new}{old}")).unwrap();
    for node in [&alpha, &beta, &gamma] {
        assert_eq!(node.ask("renew"), "ok");
    }
    let aside = ["gamma.pem", "gamma.key"].map(|name| {
        let aside = next.folder.join(format!("old-{name}"));
        fs::copy(world.folder.join(name), &aside).unwrap();
        aside
    });
    world.replace("gamma", &next);
    gamma.kill();
    gamma = world.start("gamma");
    eventually(START_LIMIT, "both authorities are believed", || {
        alpha.sees("gamma") && beta.sees("gamma") && gamma.sees("alpha")
    });
    for company in ["alpha", "beta"] {
        world.replace(company, &next);
    }
    fs::write(world.folder.join("ca.pem"), &new).unwrap();
    for node in [&alpha, &beta, &gamma] {
        assert_eq!(node.ask("renew"), "ok");
    }
    assert_eq!(under_way.recv_timeout(START_LIMIT).unwrap(), "ok beta");
    assert_eq!(
        beta.call("alpha", "who", 2000),
        "ok alpha",
        "on the old link"
    );

    // whoever comes with a certificate of before is not let in any more, although it believes everybody
    gamma.kill();
    fs::write(world.folder.join("ca.pem"), format!("{new}{old}")).unwrap();
    fs::copy(&aside[0], world.folder.join("gamma.pem")).unwrap();
    fs::copy(&aside[1], world.folder.join("gamma.key")).unwrap();
    gamma = world.start("gamma");
    eventually(START_LIMIT, "gamma says why", || {
        !gamma.obstacle("alpha").is_empty()
    });
    assert!(!alpha.sees("gamma") && !beta.sees("gamma"));
}

#[test]
fn a_revoked_member_is_cut_off_and_kept_out_and_the_others_go_on() {
    let world = World::new();
    let (alpha, beta, gamma) = world.start_all();
    // alpha is dialled by beta, and gamma dials it
    for node in [&alpha, &gamma] {
        assert_eq!(node.ask("renew beta"), "ok");
        eventually(SOON, "the link ends", || !node.sees("beta"));
        eventually(START_LIMIT, "it is said why", || {
            node.obstacle("beta").contains("revoked")
        });
        assert!(node.call("beta", "who", 500).starts_with("not-sent"));
    }
    eventually(START_LIMIT, "beta is alone", || {
        !beta.sees("alpha") && !beta.sees("gamma")
    });
    assert_eq!(alpha.call("gamma", "who", 2000), "ok gamma");

    // one certificate of it is, and not the next one
    let revoked = format!("renew {}", world.fingerprint("beta"));
    for node in [&alpha, &gamma] {
        assert_eq!(node.ask(&revoked), "ok");
    }
    assert!(beta.call("alpha", "who", 500).starts_with("not-sent"));
    let files = certs::files(&world.folder, "beta".parse().unwrap());
    fs::remove_file(files.cert).unwrap();
    fs::remove_file(files.key).unwrap();
    certs::generate(&world.folder, &["beta".parse().unwrap()]).unwrap();
    assert_eq!(beta.ask("renew"), "ok");
    eventually(START_LIMIT, "beta is welcome again", || {
        alpha.sees("beta") && gamma.sees("beta") && beta.sees("alpha")
    });
}

#[test]
fn strangers_who_say_nothing_keep_no_member_out() {
    let world = World::new();
    let (alpha, mut beta, _gamma) = world.start_all();
    beta.kill();
    let (over, opened) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let flood = std::thread::spawn({
        let (over, opened, target) = (over.clone(), opened.clone(), world.address("alpha"));
        move || knock(target, &over, &opened)
    });
    eventually(
        START_LIMIT,
        "strangers have all the places that they can have",
        || opened.load(Ordering::Relaxed) > 500,
    );
    beta = world.start("beta");
    eventually(BACK_LIMIT, "beta gets past them", || alpha.sees("beta"));
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
    over.store(true, Ordering::Relaxed);
    flood.join().unwrap();
}

/// Opens connections from many addresses of this machine, and keeps those that are not closed, until it is over.
#[tokio::main]
async fn knock(target: std::net::SocketAddr, over: &AtomicBool, opened: &AtomicUsize) {
    let mut kept = std::collections::VecDeque::new();
    for n in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let socket = TcpSocket::new_v4().unwrap();
        let from = [127, 0, 1, u8::try_from(1 + n % 60).unwrap()];
        socket.bind((from, 0).into()).unwrap();
        if let Ok(stream) = socket.connect(target).await {
            kept.push_back(stream);
            opened.fetch_add(1, Ordering::Relaxed);
        }
        if kept.len() == 800 {
            kept.pop_front();
        }
    }
}
