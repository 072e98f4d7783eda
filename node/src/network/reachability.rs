//! Whether others can reach this node.
//!
//! Its own addresses tell a part. An IPv6 address can be routed to, but most home routers let nobody in whom nobody inside
//! spoke to first. So a node with nothing else passes things on for others, who notice if they cannot reach it, and looks
//! for relays itself.
//!
//! Others tell the rest: they try whether they reach the address that they see, or that a router said it passes on
//! (`mapping`), which they do if it passes the port on. What they confirm is an address more, for a day or until the
//! network changes. It takes no relay away: a router that lets in whoever was spoken to looks open to all who are asked.
//! They also try where a server listens, which a firewall may close (`trials`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kith_protocol::address::Hint;
use kith_protocol::id::PeerId as KithPeer;
use kith_protocol::limits;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

use super::task::Task;
use super::{addresses, peer};

/// How long a word on our reachability counts.
const LEASE: Duration = Duration::from_secs(24 * 60 * 60);
/// After so long others are asked again.
const RENEWAL: Duration = Duration::from_secs(12 * 60 * 60);
/// The first pause before others are asked again whether they reach us where the router passes things on and nobody came
/// in; doubled each time, up to the time above.
const RENEWAL_FIRST: Duration = Duration::from_secs(10 * 60);
/// The same where somebody said that they did not get in, and nobody else has said so.
const DOUBT_FIRST: Duration = Duration::from_secs(20);
/// The longest pause where a firewall may be in the way: whoever opens it wants to see that it is open.
const CLOSED_LAST: Duration = Duration::from_secs(60 * 60);
/// Nodes that are called for a try at once: one of them may be off.
const TESTERS: usize = 2;
/// How long it is waited before for somebody who is called anyway: a relay, or whom a letter goes to.
const CALLED_ANYWAY: Duration = Duration::from_secs(3);
/// How often they are called if none comes to it, after pauses that double: a network that just changed may not carry
/// anything yet.
const CALLS: u32 = 5;
/// Addresses that may be confirmed at once: two transports, by IPv4 and IPv6.
const MOST: usize = 4;

/// How it stands with what others are to try, whether or not anybody sees us there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
    /// There is nothing of that.
    Nothing,
    /// Others got in everywhere.
    Reached,
    /// Not everywhere, so far.
    Unreached,
    /// One did not, and somebody else is to say so too.
    Doubtful,
    /// Several did not, where this node listens.
    Closed,
}

/// Where others have reached this node, and until when that counts.
#[derive(Default)]
pub(super) struct Confirmed {
    until: BTreeMap<Multiaddr, Instant>,
    renewal: Option<Instant>,
    /// How often others were asked in vain about what they are to try.
    in_vain: u32,
    /// So often what somebody found was lost with the connection.
    lost: u32,
    /// When somebody is called who can try it, if nobody was by then.
    testers: Option<Instant>,
    /// How often somebody was called for that.
    calls: u32,
    /// How many were called since this network was there: the next ones are others.
    turn: usize,
}

impl Confirmed {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Multiaddr> {
        self.until.keys()
    }

    /// True if others came in there.
    pub(super) fn has(&self, address: &Multiaddr) -> bool {
        self.until.contains_key(address)
    }

    /// What others are to try has changed, or what is known of it: they are asked before long.
    fn expect(&mut self, outlook: Outlook, now: Instant) {
        (self.in_vain, self.lost) = (0, 0);
        if outlook != Outlook::Nothing {
            self.expect_soon(outlook, now);
        }
    }

    /// Others are asked before long, though later each time that nothing comes of it.
    fn expect_soon(&mut self, outlook: Outlook, now: Instant) {
        let next = now + self.pause(outlook);
        self.renewal = Some(self.renewal.map_or(next, |at| at.min(next)));
    }

    /// What somebody found was lost: others are asked before long, though later each time. The other pauses stay as they are.
    fn ask_again(&mut self, now: Instant) {
        let pause = DOUBT_FIRST.saturating_mul(2_u32.saturating_pow(self.lost)).min(CLOSED_LAST);
        self.lost = self.lost.saturating_add(1);
        self.renewal = Some(self.renewal.map_or(now + pause, |at| at.min(now + pause)));
    }

    /// Nothing new is known: others are asked again when that was to be, or after a while.
    fn expect_later(&mut self, outlook: Outlook, now: Instant) {
        if self.renewal.is_none() {
            self.renewed(outlook, now);
        }
    }

    /// Others are asked again now. When they are the next time.
    fn renewed(&mut self, outlook: Outlook, now: Instant) {
        self.renewal = Some(now + self.pause(outlook));
    }

    fn needs_testers(&mut self, now: Instant) {
        self.calls = 0;
        self.testers.get_or_insert(now + CALLED_ANYWAY);
    }

    /// So many were called at once.
    fn called_testers(&mut self, at_once: usize, now: Instant) {
        self.turn = self.turn.wrapping_add(at_once);
        self.calls += 1;
        let pause = CALLED_ANYWAY.saturating_mul(2_u32.saturating_pow(self.calls));
        self.testers = (self.calls < CALLS).then(|| now + pause);
    }

    fn pause(&mut self, outlook: Outlook) -> Duration {
        let (first, last) = match outlook {
            Outlook::Nothing | Outlook::Reached => {
                self.in_vain = 0;
                return RENEWAL;
            }
            Outlook::Unreached => (RENEWAL_FIRST, RENEWAL),
            Outlook::Doubtful => (DOUBT_FIRST, CLOSED_LAST),
            Outlook::Closed => (RENEWAL_FIRST, CLOSED_LAST),
        };
        let pause = first.saturating_mul(2_u32.saturating_pow(self.in_vain)).min(last);
        self.in_vain = self.in_vain.saturating_add(1);
        pause
    }

    /// When others are asked again.
    #[cfg(test)]
    pub(super) const fn renewal(&self) -> Option<Instant> {
        self.renewal
    }

    /// When one ends, is to be tested again, or needs somebody who tests it.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.until.values().copied().chain(self.renewal).chain(self.testers).min()
    }

    /// Takes in what a test showed; true if that changed anything. What only a router claims replaces nothing: whoever is
    /// in the same network may say that they are the router, and pass on what comes to them.
    fn note(&mut self, address: Multiaddr, is_reachable: bool, is_claim: bool, now: Instant) -> bool {
        if !is_reachable {
            return self.until.remove(&address).is_some();
        }
        let before: BTreeSet<Multiaddr> = self.all().cloned().collect();
        let is_elsewhere = |other: &Multiaddr| {
            let (one, other) = (addresses::socket(&address), addresses::socket(other));
            matches!((one, other), (Some(one), Some(other)) if one.is_ipv4() == other.is_ipv4() && one.ip() != other.ip())
        };
        // The router has another address now.
        self.until.retain(|other, _| is_claim || !is_elsewhere(other));
        if self.until.len() < MOST || self.until.contains_key(&address) {
            self.until.insert(address, now + LEASE);
        }
        self.renewal.get_or_insert(now + RENEWAL);
        self.all().cloned().collect::<BTreeSet<_>>() != before
    }
}

impl Task {
    /// Somebody tried to reach us.
    pub(super) fn on_probed(&mut self, by: PeerId, address: Multiaddr, is_reachable: bool) {
        tracing::debug!(%address, is_reachable, "somebody looked whether we are there");
        if !is_reachable && !self.relaying.admitted.contains(&by) {
            return self.on_vain_stranger(&address);
        }
        if self.on_tried(by, &address, is_reachable) {
            return;
        }
        let (probing, now) = (&self.swarm.behaviour().probing, Instant::now());
        let is_claim = probing.is_claim(&address);
        if self.confirmed.note(address, is_reachable, is_claim, now) {
            self.expect_trials();
            self.offer_relaying();
            self.announce_addresses();
        } else if !is_reachable {
            // Somebody may open the way by hand.
            let outlook = self.outlook();
            self.confirmed.expect_later(outlook, now);
        }
    }

    /// Anybody can say that they did not get in, so of strangers it counts for nothing. But where nobody else tried, a
    /// contact's node is to do so soon.
    fn on_vain_stranger(&mut self, address: &Multiaddr) {
        let now = Instant::now();
        if self.trials.has(address) && !self.trials.are_reached() {
            self.confirmed.expect_soon(Outlook::Doubtful, now);
        } else {
            let outlook = self.outlook();
            self.confirmed.expect_later(outlook, now);
        }
    }

    /// A connection is gone. Over it somebody may have been about to say what they found; then others are asked soon, and less
    /// and less soon if it happens again and again. What others found before is good enough for its time.
    pub(super) fn ask_again_if_lost(&mut self) {
        let is_lost = self.swarm.behaviour_mut().probing.take_lost();
        if is_lost && !matches!(self.outlook(), Outlook::Nothing | Outlook::Reached) {
            tracing::debug!("what somebody found who looked whether we are there is lost");
            self.confirmed.ask_again(Instant::now());
        }
    }

    /// This is what a router passes on to us. Where it led alone, and does no more, nothing leads here.
    pub(super) fn try_mapped(&mut self, mapped: Vec<Multiaddr>) {
        let probing = &mut self.swarm.behaviour_mut().probing;
        let closed = probing.also_try(mapped);
        self.not_reached_at(&closed);
        self.expect_trials();
        self.confirmed.needs_testers(Instant::now());
    }

    fn outlook(&self) -> Outlook {
        let probing = &self.swarm.behaviour().probing;
        let are_confirmed = probing.elsewhere().all(|address| self.confirmed.has(address));
        if self.trials.is_empty() && probing.elsewhere().next().is_none() {
            Outlook::Nothing
        } else if self.trials.are_doubtful() {
            Outlook::Doubtful
        } else if self.trials.are_closed() {
            Outlook::Closed
        } else if are_confirmed && self.trials.are_reached() {
            Outlook::Reached
        } else {
            Outlook::Unreached
        }
    }

    /// What is known of where others get in has changed.
    pub(super) fn expect_trials(&mut self) {
        let outlook = self.outlook();
        self.confirmed.expect(outlook, Instant::now());
    }

    /// Calls contacts' nodes that can try what is to be tested.
    fn call_testers(&mut self, now: Instant) {
        // Others each time: some are off for a month.
        let mut all = self.carriers();
        // Of two, the library asks either; where one said that they did not get in, another is to be asked.
        let at_once = if self.trials.are_doubtful() { 1 } else { TESTERS };
        all.rotate_left(self.confirmed.turn.checked_rem(all.len()).unwrap_or_default());
        self.confirmed.called_testers(at_once, now);
        let is_heard =
            |(kith, _): &(KithPeer, Vec<Hint>)| peer::to_libp2p(kith).is_some_and(|peer| self.trials.is_heard(&peer));
        all.make_contiguous().sort_by_key(is_heard);
        for (kith, direct) in all.into_iter().take(at_once) {
            let Some(tester) = peer::to_libp2p(&kith) else { continue };
            let places = direct.iter().flat_map(addresses::dialled).take(limits::ADDRESSES).collect();
            let opts = DialOpts::peer_id(tester).condition(PeerCondition::Always).addresses(places);
            if let Err(error) = self.swarm.dial(opts.allocate_new_port().build()) {
                tracing::debug!(%error, "somebody who could try where we are reached cannot be called");
            }
        }
    }

    fn not_reached_at(&mut self, closed: &[Multiaddr]) {
        let before = self.confirmed.until.len();
        self.confirmed.until.retain(|address, _| !closed.contains(address));
        if self.confirmed.until.len() != before {
            self.offer_relaying();
            self.announce_addresses();
        }
    }

    /// The network is another one: what was confirmed in the last one says nothing.
    pub(super) fn forget_confirmed(&mut self) {
        self.confirmed = Confirmed::default();
        self.trials.follow(&self.listening);
        self.swarm.behaviour_mut().probing.start_over(self.trials.all().cloned().collect());
        self.expect_trials();
        self.confirmed.needs_testers(Instant::now());
    }

    /// Ends what was confirmed too long ago, and asks again before it comes to that.
    pub(super) fn tend_confirmed(&mut self, now: Instant) {
        if self.confirmed.renewal.is_some_and(|at| at <= now) {
            self.swarm.behaviour_mut().probing.renew();
            let outlook = self.outlook();
            self.confirmed.renewed(outlook, now);
            self.confirmed.needs_testers(now);
        }
        if self.confirmed.testers.take_if(|at| *at <= now).is_some() && self.swarm.behaviour().probing.lacks_testers() {
            self.call_testers(now);
        }
        let before = self.confirmed.until.len();
        self.confirmed.until.retain(|_, until| *until > now);
        if self.confirmed.until.is_empty() && self.outlook() == Outlook::Nothing {
            self.confirmed.renewal = None;
        }
        if self.confirmed.until.len() != before {
            self.offer_relaying();
            self.announce_addresses();
        }
    }
}

/// The addresses that anybody can route to.
pub(super) fn public(listening: &BTreeSet<Multiaddr>) -> BTreeSet<Multiaddr> {
    listening.iter().filter(|address| addresses::is_public(address)).cloned().collect()
}

/// True if others may not be able to reach this node by itself.
pub(super) fn needs_relays(listening: &BTreeSet<Multiaddr>) -> bool {
    !public(listening).iter().any(|address| matches!(address.iter().next(), Some(Protocol::Ip4(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(addresses: &[&str]) -> BTreeSet<Multiaddr> {
        addresses.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn who_could_try_is_called_again_ever_more_rarely_and_not_for_ever() {
        let (begun, mut confirmed) = (Instant::now(), Confirmed::default());
        confirmed.needs_testers(begun);
        let mut at = Vec::new();
        while let Some(due) = confirmed.testers.take() {
            at.push(due.duration_since(begun).as_secs());
            confirmed.called_testers(TESTERS, due);
        }
        assert_eq!(at, [3, 9, 21, 45, 93]);
        let turn = confirmed.turn;
        assert_eq!(turn, 5 * TESTERS);
        confirmed.needs_testers(begun);
        assert_eq!(confirmed.testers, Some(begun + CALLED_ANYWAY), "something else is to be tried");
        assert_eq!(confirmed.turn, turn, "whoever was called before comes last");
    }

    #[test]
    fn what_others_confirm_counts_until_the_router_has_another_address() {
        let (now, mut confirmed) = (Instant::now(), Confirmed::default());
        let [first, quic, second] =
            ["/ip4/203.0.113.9/tcp/7517", "/ip4/203.0.113.9/udp/7517/quic-v1", "/ip4/203.0.113.77/tcp/7517"]
                .map(|address| address.parse::<Multiaddr>().unwrap());
        assert!(!confirmed.note(first.clone(), false, false, now));
        assert!(confirmed.note(first.clone(), true, false, now) && confirmed.note(quic, true, false, now));
        assert!(!confirmed.note(first, true, false, now), "it is known");
        assert!(confirmed.note(second.clone(), true, false, now));
        assert_eq!(confirmed.all().collect::<Vec<_>>(), [&second]);
    }

    #[test]
    fn what_a_router_claims_is_an_address_more_and_replaces_none() {
        let (now, mut confirmed) = (Instant::now(), Confirmed::default());
        let [seen, claimed] =
            ["/ip4/203.0.113.9/tcp/7517", "/ip4/203.0.113.77/tcp/7517"].map(|at| at.parse::<Multiaddr>().unwrap());
        assert!(confirmed.note(seen.clone(), true, false, now));
        assert!(confirmed.note(claimed.clone(), true, true, now));
        assert_eq!(confirmed.all().collect::<Vec<_>>(), [&seen, &claimed]);
        assert!(confirmed.note(seen.clone(), true, false, now));
        assert_eq!(confirmed.all().collect::<Vec<_>>(), [&seen]);
    }

    #[test]
    fn others_are_asked_less_and_less_often_about_a_port_that_leads_nowhere() {
        let (now, mut confirmed) = (Instant::now(), Confirmed::default());
        confirmed.expect(Outlook::Unreached, now);
        assert_eq!(confirmed.next_deadline(), Some(now + RENEWAL_FIRST));
        let mut pauses = Vec::new();
        for _ in 0..9 {
            confirmed.renewed(Outlook::Unreached, now);
            pauses.push(confirmed.next_deadline().unwrap().duration_since(now).as_secs() / 60);
        }
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 720, 720, 720]);
    }

    #[test]
    fn whoever_opens_a_firewall_sees_it_within_an_hour() {
        for (outlook, expected) in [
            (Outlook::Closed, [20, 40, 60, 60, 60, 60, 60, 60, 60]),
            (Outlook::Doubtful, [0, 1, 2, 5, 10, 21, 42, 60, 60]),
        ] {
            let (now, mut confirmed) = (Instant::now(), Confirmed::default());
            confirmed.expect(outlook, now);
            let pauses = expected.map(|_| {
                confirmed.renewed(outlook, now);
                confirmed.next_deadline().unwrap().duration_since(now).as_secs() / 60
            });
            assert_eq!(pauses, expected, "{outlook:?}");
        }
    }

    #[test]
    fn strangers_who_do_not_get_in_have_others_asked_soon_and_not_for_ever() {
        let (now, mut confirmed) = (Instant::now(), Confirmed::default());
        confirmed.expect(Outlook::Unreached, now);
        confirmed.expect_soon(Outlook::Doubtful, now);
        assert_eq!(confirmed.next_deadline(), Some(now + 2 * DOUBT_FIRST));
        for _ in 0..9 {
            confirmed.renewed(Outlook::Unreached, now);
            confirmed.expect_soon(Outlook::Doubtful, now);
        }
        assert_eq!(confirmed.next_deadline(), Some(now + CLOSED_LAST));
    }

    #[test]
    fn where_one_did_not_get_in_another_is_asked_within_a_minute_and_where_all_did_twice_a_day() {
        let (now, mut confirmed) = (Instant::now(), Confirmed::default());
        confirmed.expect(Outlook::Nothing, now);
        assert_eq!(confirmed.next_deadline(), None);
        confirmed.expect(Outlook::Unreached, now);
        confirmed.expect(Outlook::Doubtful, now);
        assert_eq!(confirmed.next_deadline(), Some(now + DOUBT_FIRST));
        confirmed.renewed(Outlook::Doubtful, now);
        assert_eq!(confirmed.next_deadline(), Some(now + 2 * DOUBT_FIRST));
        confirmed.expect(Outlook::Unreached, now);
        confirmed.renewed(Outlook::Unreached, now);
        assert_eq!(confirmed.next_deadline(), Some(now + 2 * RENEWAL_FIRST));
        confirmed.renewed(Outlook::Reached, now);
        assert_eq!(confirmed.next_deadline(), Some(now + RENEWAL));
    }

    #[test]
    fn a_home_needs_relays_and_a_server_does_not() {
        let server = at(&["/ip4/203.0.113.9/tcp/7517", "/ip4/10.0.0.1/tcp/7517"]);
        assert!(!needs_relays(&server));
        assert_eq!(public(&server), at(&["/ip4/203.0.113.9/tcp/7517"]));
        let home = at(&["/ip4/192.168.1.4/tcp/7517", "/ip6/2001:db8::1/udp/7517/quic-v1"]);
        assert!(needs_relays(&home), "a router may stand in front of the IPv6 address");
        assert_eq!(public(&home), at(&["/ip6/2001:db8::1/udp/7517/quic-v1"]));
    }
}
