//! The mesh between real processes, broken on purpose.
//!
//! A node is this very test program, started again ([`child`]): the process groups of actors are global to a process, so
//! two nodes cannot live in one.

mod child;
mod flood;
mod impostor;
mod trust;
mod world;

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use world::{Start, World, eventually};

const DOWN_LIMIT: Duration = Duration::from_secs(5);
const BACK_LIMIT: Duration = Duration::from_secs(2);
/// For what is at once, on a machine that is busy with other things.
const SOON: Duration = Duration::from_millis(1500);
const START_LIMIT: Duration = Duration::from_secs(10);

#[test]
fn calls_work_both_ways() {
    let world = World::new();
    let (alpha, beta, gamma) = world.start_all();
    assert_eq!(alpha.call("beta", "who", 2000), "ok beta");
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
    assert_eq!(gamma.call("alpha", "who", 2000), "ok alpha");
    assert_eq!(alpha.call("delta", "who", 2000), "not-sent no such company");
    assert_eq!(alpha.obstacle("beta"), "");
}

#[test]
fn a_killed_peer_is_down_at_once_and_back_within_two_seconds_of_its_restart() {
    let world = World::new();
    let (mut alpha, mut beta, _gamma) = world.start_all();

    let under_way = alpha.send("call beta sleep:5000 8000");
    eventually(SOON, "beta serves the call", || beta.served() == 1);
    beta.kill();
    assert!(under_way.recv_timeout(SOON).unwrap().starts_with("unknown"));
    assert!(alpha.call("beta", "who", 2000).starts_with("not-sent"));
    beta = world.start("beta");
    eventually(BACK_LIMIT, "beta, which dials, is back", || {
        alpha.sees("beta")
    });

    // long enough for the dialler's pauses to reach their longest
    alpha.kill();
    let pauses = Instant::now();
    eventually(DOWN_LIMIT, "the dialler has paused for long", || {
        pauses.elapsed() > Duration::from_secs(3)
    });
    assert!(!beta.sees("alpha"));
    alpha = world.start("alpha");
    eventually(BACK_LIMIT, "alpha, which is dialled, is back", || {
        beta.sees("alpha")
    });
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
    assert_eq!(alpha.call("beta", "who", 2000), "ok beta");
}

#[test]
fn a_frozen_peer_is_down_within_five_seconds_and_up_again_once_it_thaws() {
    let world = World::new();
    let (alpha, beta, _gamma) = world.start_all();
    for (frozen, observer) in [(&beta, &alpha), (&alpha, &beta)] {
        let other = frozen.company();
        frozen.freeze();
        eventually(DOWN_LIMIT, "the frozen peer is down", || {
            !observer.sees(other)
        });
        let began = Instant::now();
        assert!(observer.call(other, "who", 5000).starts_with("not-sent"));
        assert!(began.elapsed() < SOON, "it is told at once");
        frozen.thaw();
        eventually(DOWN_LIMIT, "the thawed peer is up", || observer.sees(other));
        assert!(observer.call(other, "who", 2000).starts_with("ok"));
    }
}

#[test]
fn a_thawed_peer_refuses_the_requests_that_expired_meanwhile() {
    let world = World::new();
    let (alpha, beta, _gamma) = world.start_all();
    assert_eq!(alpha.call("beta", "who", 2000), "ok beta");
    let served = beta.served();

    beta.freeze();
    let late: Vec<_> = (0..8).map(|_| alpha.send("call beta who 300")).collect();
    for answer in late {
        assert!(answer.recv_timeout(SOON).unwrap().starts_with("unknown"));
    }
    // a deadline on the peer's clock allows for half a round trip of the greeting, which takes long on a busy machine
    assert_eq!(alpha.call("gamma", "sleep:1500", 3000), "ok gamma");
    beta.thaw();
    // on the same connection, so it arrives behind the late ones
    assert_eq!(alpha.call("beta", "who", 3000), "ok beta");
    assert_eq!(
        beta.served(),
        served + 1,
        "none of the late ones was served"
    );
}

#[test]
fn an_idle_connection_does_no_harm_and_is_closed() {
    let world = World::new();
    let (alpha, mut beta, _gamma) = world.start_all();
    let mut idle: Vec<TcpStream> = (0..8)
        .map(|_| TcpStream::connect(world.address("alpha")).unwrap())
        .collect();
    beta.kill();
    beta = world.start("beta");
    eventually(BACK_LIMIT, "beta gets past the idle ones", || {
        alpha.sees("beta")
    });
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
    let began = Instant::now();
    impostor::stay_silent(&world, "gamma", "alpha");
    assert!(
        began.elapsed() < DOWN_LIMIT,
        "a certificate does not buy more time"
    );
    for stream in &mut idle {
        stream.set_read_timeout(Some(DOWN_LIMIT)).unwrap();
        assert_eq!(
            stream.read(&mut [0]).unwrap(),
            0,
            "closed by the handshake's deadline"
        );
    }
}

#[test]
fn a_certificate_of_gamma_that_claims_to_be_beta_never_disturbs_beta() {
    let world = World::new();
    let alpha = world.start("alpha");
    let beta = world.start("beta");
    eventually(START_LIMIT, "alpha and beta are up", || alpha.sees("beta"));
    let under_way = alpha.send("call beta sleep:3000 6000");
    eventually(SOON, "beta serves the call", || beta.served() == 1);

    let answered = |claimed| impostor::is_answered(&world, "gamma", claimed, "alpha");
    assert!(answered("gamma"), "its own name it may claim");
    assert!(!answered("beta"));
    for _ in 0..5 {
        impostor::attack(&world, "gamma", "beta", "alpha");
        assert!(alpha.sees("beta"));
    }
    assert_eq!(
        under_way.recv_timeout(DOWN_LIMIT).unwrap(),
        "ok beta",
        "the link never blinked"
    );
    assert_eq!(alpha.call("beta", "who", 2000), "ok beta");
}

#[test]
fn a_member_is_not_heard_in_the_name_of_another() {
    let world = World::new();
    let alpha = world.start("alpha");
    let beta = world.start("beta");
    eventually(START_LIMIT, "alpha and beta are up", || alpha.sees("beta"));
    impostor::speak(&world, "gamma", "gamma", "alpha");
    eventually(SOON, "its own name is heard", || alpha.served() == 1);
    impostor::speak(&world, "gamma", "beta", "alpha");
    assert_eq!(alpha.served(), 1, "beta's name is not");
    assert_eq!(alpha.refused("gamma"), "1 1", "and it is counted");
    assert_eq!(alpha.refused("beta"), "0 0");
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
}

#[test]
fn a_node_with_another_membership_list_is_refused_and_shown() {
    let world = World::new();
    let alpha = world.start("alpha");
    let beta = world.start("beta");
    let gamma = world.start_as(&Start {
        membership: 7,
        ..Start::of("gamma")
    });
    eventually(START_LIMIT, "alpha says why", || {
        alpha.obstacle("gamma").contains("membership")
    });
    eventually(START_LIMIT, "gamma says why", || {
        gamma.obstacle("alpha").contains("membership")
    });
    assert!(alpha.call("gamma", "who", 500).starts_with("not-sent"));
    eventually(START_LIMIT, "the others talk", || alpha.sees("beta"));
    assert_eq!(beta.call("alpha", "who", 2000), "ok alpha");
    assert_eq!(gamma.served(), 0);
}

#[test]
fn a_node_with_another_cookie_is_told_what_to_look_at() {
    let world = World::new();
    let alpha = world.start("alpha");
    let beta = world.start_as(&Start {
        cookie: Some("another cookie, as long as one has to be"),
        ..Start::of("beta")
    });
    eventually(SOON, "beta, which dials, says where to look", || {
        beta.obstacle("alpha").contains("cookie")
    });
    assert!(!alpha.sees("beta"));
    assert!(beta.call("alpha", "who", 500).starts_with("not-sent"));
}

#[test]
fn a_node_that_lost_its_disk_is_refused_by_those_who_knew_it() {
    let world = World::new();
    let alpha = world.start("alpha");
    let mut beta = world.start("beta");
    eventually(START_LIMIT, "alpha and beta are up", || alpha.sees("beta"));
    beta.kill();
    beta = world.start_as(&Start {
        incarnation: 99,
        ..Start::of("beta")
    });
    eventually(START_LIMIT, "alpha says why", || {
        alpha.obstacle("beta").contains("incarnation")
    });
    eventually(START_LIMIT, "beta is told", || {
        beta.obstacle("alpha").contains("alpha refuses this node")
    });
    // alpha is new to it, yet it must not get a word in
    assert!(beta.call("alpha", "who", 500).starts_with("not-sent"));
    assert_eq!(alpha.served(), 0);
}

#[test]
fn a_node_whose_log_went_back_is_refused_and_knows_it_itself() {
    let world = World::new();
    let alpha = world.start("alpha");
    let beta = |starts: &[(u128, i64)], log_end| {
        world.start_as(&Start {
            starts: starts.to_vec(),
            log_end,
            ..Start::of("beta")
        })
    };
    let mut before = beta(&[(1, 0), (2, 10)], 40);
    eventually(START_LIMIT, "alpha has heard of row 40", || {
        alpha.sees("beta") && before.sees("alpha")
    });
    before.kill();
    // of a backup as of row 30, and longer since then than it ever was
    let mut restored = beta(&[(1, 0), (2, 10), (3, 30)], 60);
    eventually(START_LIMIT, "alpha says why", || {
        alpha.obstacle("beta").contains("the log of beta went back")
    });
    eventually(START_LIMIT, "beta knows it itself", || {
        restored.lost().contains("as alpha has seen")
    });
    assert!(restored.call("alpha", "who", 500).starts_with("not-sent"));
    assert!(alpha.call("beta", "who", 500).starts_with("not-sent"));
    assert_eq!(alpha.served() + restored.served(), 0);
    restored.kill();

    let newer = beta(&[(1, 0), (2, 10), (4, 40)], 40);
    eventually(
        START_LIMIT,
        "a backup that has everything is welcome",
        || alpha.sees("beta") && newer.sees("alpha"),
    );
    assert_eq!((newer.lost(), alpha.lost()), (String::new(), String::new()));
}

#[test]
fn what_does_not_fit_is_not_sent_and_what_is_too_much_is_refused() {
    let world = World::new();
    let (alpha, _beta, _gamma) = world.start_all();
    let fits = alpha.call("beta", "size:200000", 3000);
    assert_eq!(fits, "ok beta");
    assert_eq!(
        alpha.call("beta", "size:300000", 3000),
        "not-sent it does not fit a frame"
    );
    assert_eq!(alpha.call("beta", "who", 2000), "ok beta");

    let many: Vec<_> = (0..140)
        .map(|_| alpha.send("call beta sleep:2000 6000"))
        .collect();
    let answers: Vec<String> = many
        .iter()
        .map(|a| a.recv_timeout(START_LIMIT).unwrap())
        .collect();
    assert_eq!(
        answers.iter().filter(|answer| *answer == "busy").count(),
        140 - 128
    );
    assert_eq!(
        answers.iter().filter(|answer| *answer == "ok beta").count(),
        128
    );
}

#[test]
fn a_node_that_leaves_answers_what_it_has_taken_on() {
    let world = World::new();
    let (alpha, mut beta, _gamma) = world.start_all();
    let under_way = alpha.send("call beta sleep:3000 6000");
    eventually(SOON, "beta serves the call", || beta.served() == 1);
    beta.leave();
    eventually(SOON, "alpha knows", || !alpha.sees("beta"));
    assert!(alpha.call("beta", "who", 2000).starts_with("not-sent"));
    assert_eq!(under_way.recv_timeout(START_LIMIT).unwrap(), "ok beta");
    assert!(beta.ended().success());
}
