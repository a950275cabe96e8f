//! Messages on their way, and what nodes believe of their links.

use passcom_actors::company::witness::Witness;

use super::*;
use crate::network::Content;
use crate::trace::Brief;

/// A peer's heartbeat is missed for this long before its link is taken for down.
const SILENCE: std::ops::Range<u64> = 2_000..3_800;
/// From the end of a fault to a link that is up again.
const REDIAL: std::ops::Range<u64> = 100..1_100;
/// The end of a process is seen at once, or nearly.
const HANGUP: std::ops::Range<u64> = 1..300;

impl World {
    /// Takes over what nodes have sent, told and left behind.
    pub(super) fn collect(&mut self) {
        let (sent, heard, late) = {
            let hub = &mut *self.hub.lock();
            (
                std::mem::take(&mut hub.wire.sent),
                std::mem::take(&mut hub.heard),
                std::mem::take(&mut hub.late_commits),
            )
        };
        for (at, packet) in sent {
            self.dispatch(at, packet);
        }
        for commit in late {
            let at = commit.at.max(self.now);
            self.at(at, Happening::LateCommit(Box::new(commit)));
        }
        for heard in heard {
            self.on_heard(heard);
        }
    }

    fn dispatch(&mut self, at: u64, packet: Packet) {
        let arrivals = {
            let hub = &mut *self.hub.lock();
            let arrivals = hub.wire.arrivals(&mut hub.random, &packet, at);
            match arrivals.len() {
                0 => hub.seen.count("messages lost"),
                1 if arrivals[0] > at + 1_000 => hub.seen.count("messages that came late"),
                1 => {}
                _ => hub.seen.count("messages repeated"),
            }
            arrivals
        };
        for time in arrivals {
            let packet = Packet {
                content: packet.content.clone(),
                ..packet
            };
            self.at(time.max(self.now), Happening::Arrive(packet));
        }
    }

    pub(super) fn on_arrive(&mut self, packet: Packet) {
        let Packet {
            from,
            to,
            call,
            content,
        } = packet;
        if self.companies[to].frozen {
            // it waits in a socket
            self.after(
                50,
                Happening::Arrive(Packet {
                    from,
                    to,
                    call,
                    content,
                }),
            );
            return;
        }
        self.run_node(to);
        match (&self.companies[to].node, content) {
            (Some(node), Content::Request(request, patience)) => {
                let line = format_args!("serves #{call} {}", Brief(&request));
                self.hub.trace(self.now, to, line);
                node.serve(from, call, request, patience);
            }
            (None, Content::Request(..)) => {
                let content = Content::Refused;
                let delay = self.random(1..5);
                let (from, to) = (to, from);
                self.after(
                    delay,
                    Happening::Arrive(Packet {
                        from,
                        to,
                        call,
                        content,
                    }),
                );
            }
            (Some(_), content) => {
                self.tell(to, format_args!("hears #{call} {}", content.brief()));
                self.count_votes(&content);
                let companies = self.hub.companies.clone();
                self.hub.lock().wire.answer(call, &companies, content);
            }
            (None, _) => {}
        }
        self.run_node(to);
    }

    fn count_votes(&self, content: &Content) {
        use passcom_actors::domain::question::CompanyAnswer;
        use passcom_actors::domain::vote::Vote;
        use passcom_actors::mesh::messages::Reply;
        if let Content::Reply(Reply::Answer(CompanyAnswer::Vote(vote))) = content {
            self.hub.lock().seen.count(match vote {
                Vote::Yes => "votes: yes",
                Vote::No(_) => "votes: no",
                Vote::Mismatch { .. } => "votes: mismatch",
                Vote::Stale(_) => "votes: stale",
                Vote::Later => "votes: later",
            });
        }
    }

    /// Calls to or from a node that has died break off.
    pub(super) fn hang_up(&mut self, index: usize) {
        let broken = self.hub.lock().wire.broken_by(index);
        for call in broken {
            let delay = self.random(HANGUP);
            let content = Content::Reset;
            let at = self.hub.lock().wire.caller(call);
            if let Some(to) = at {
                let from = index;
                self.after(
                    delay,
                    Happening::Arrive(Packet {
                        from,
                        to,
                        call,
                        content,
                    }),
                );
            }
        }
        for other in self.others(index) {
            let delay = self.random(HANGUP);
            self.after(delay, Happening::Notice(other, index));
        }
    }

    /// Something has changed between two nodes, that they will notice.
    pub(super) fn links_change(&mut self, one: usize, other: usize) {
        let bad = !self.is_linked(one, other);
        for (from, to) in [(one, other), (other, one)] {
            let delay = self.random(if bad { SILENCE } else { REDIAL });
            self.after(delay, Happening::Notice(from, to));
        }
    }

    pub(super) fn others(&self, index: usize) -> Vec<usize> {
        (0..self.companies.len())
            .filter(|other| *other != index)
            .collect()
    }

    fn is_linked(&self, one: usize, other: usize) -> bool {
        let runs = |index: usize| {
            let company = &self.companies[index];
            company.node.is_some() && !company.frozen
        };
        let hub = self.hub.lock();
        let whole = !hub.wire.is_cut(one, other) && !hub.wire.is_cut(other, one);
        whole && runs(one) && runs(other)
    }

    /// Each hears how far the other has seen its log, and judges the other's. Neither talks to the other otherwise.
    fn greet(&self, one: usize, other: usize) -> bool {
        let of = |index: usize| Some(&self.companies[index].node.as_ref()?.witness);
        let (Some(first), Some(second)) = (of(one), of(other)) else {
            return false;
        };
        let hears = |index: usize, own: &Witness, from: usize, peer: &Witness| {
            let (me, from) = (self.hub.companies[index], self.hub.companies[from]);
            let seen = peer.seen().get(&me).copied();
            seen.is_none_or(|mark| own.on_seen(from, &mark).is_ok())
                && own.judge(from, &peer.lineage()).is_ok()
        };
        // both, whatever the first one says
        hears(one, first, other, second) & hears(other, second, one, first)
    }

    pub(super) fn on_notice(&mut self, from: usize, to: usize) {
        let up = self.is_linked(from, to) && self.greet(from, to);
        let was = self.hub.lock().wire.is_up(from, to);
        if up != was {
            let other = self.hub.companies[to];
            self.tell(
                from,
                format_args!("link to {other}: {}", if up { "up" } else { "down" }),
            );
            self.hub.lock().wire.set_up(from, to, up);
        }
    }
}
