//! The network: carries out what the engines ask for, as badly as the weather says.

use kith_protocol::address::Hint;
use kith_protocol::engine::{Answer, Effect, Ticket};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{LetterId, Locator, PeerId, SessionId};
use kith_protocol::limits;
use rand::RngExt;

use super::home::Who;
use super::queue::Millis;
use super::world::{Event, World};

/// How badly the network carries letters.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The shortest and the longest time that anything is on its way, in milliseconds. Letters overtake each
    /// other within it.
    pub delay: (Millis, Millis),
    /// Letters and answers that are lost, of 1,000.
    pub loss: u32,
    /// Letters that arrive twice, of 1,000.
    pub doubled: u32,
}

impl Weather {
    /// Nothing is lost.
    pub const FINE: Self = Self { delay: (10, 60), loss: 0, doubled: 0 };
    /// One in twenty is lost, one in twenty doubled, and what is sent later often comes earlier.
    pub const BAD: Self = Self { delay: (10, 8_000), loss: 50, doubled: 50 };
}

/// A connection on which a hello succeeded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub caller: Who,
    pub callee: Who,
}

impl Link {
    pub const fn other(&self, who: Who) -> Who {
        if self.caller.0 == who.0 { self.callee } else { self.caller }
    }
}

/// A letter that was sent and may be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub from: Who,
    pub session: SessionId,
    pub letter: LetterId,
    pub attempt: u64,
}

/// Milliseconds until an end of a broken connection notices.
const NOTICED: Millis = 15_000;
/// Milliseconds until a call to nobody is given up.
const NOBODY: Millis = 10_000;

impl World {
    pub(super) fn run_effects(&mut self, who: Who, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::OpenDoor { locator, secret } => {
                    self.home_mut(who).doors.insert(locator, secret);
                }
                Effect::CloseDoor { locator } => {
                    self.home_mut(who).doors.remove(&locator);
                }
                Effect::Call { locator, secret, peer, addresses } => {
                    self.dial(who, locator, secret, peer, addresses);
                }
                Effect::Send { session, letter, sealed } => self.post(who, session, letter, &sealed),
                Effect::Answer { ticket, answer } => self.reply(ticket, answer),
                Effect::HangUp { session } => self.cut(session),
                effect @ (Effect::BeFound { .. }
                | Effect::Expect { .. }
                | Effect::ExpectNoMore { .. }
                | Effect::LookAround { .. }) => self.home_mut(who).names.run(effect),
                Effect::Post { record } => self.posts(who, *record),
                Effect::Seek { key, .. } => self.seeks(who, key),
                // Everybody reaches everybody here, without a relay.
                Effect::Admit { peer, .. } => {
                    self.home_mut(who).mailboxes.admitted.insert(peer);
                }
                Effect::Dismiss { peer, successor } => {
                    self.home_mut(who).mailboxes.dismiss(peer, successor);
                }
                Effect::OpenMailbox { host, addresses, keep } => self.opens_mailbox(who, host, addresses, keep),
                Effect::CloseMailbox { host, key } => self.closes_mailbox(who, host, &key),
                Effect::TakeParcel { host, number } => self.takes_parcel(who, host, number),
                Effect::PutBack { host, number } => self.puts_back(who, host, number),
                Effect::LeaveParcel { errand, host, addresses, leave } => {
                    self.leaves_parcel(who, errand, host, addresses, leave);
                }
            }
        }
    }

    pub(super) fn delay(&mut self) -> Millis {
        let (least, most) = self.weather.delay;
        self.now + self.random.random_range(least..=most)
    }

    pub(super) fn is_unlucky(&mut self, of_thousand: u32) -> bool {
        of_thousand > 0 && self.random.random_range(0..1000) < of_thousand
    }

    pub(super) fn see_each_other(&self, one: Who, other: Who) -> bool {
        let (one, other) = (self.home(one), self.home(other));
        one.is_up() && other.is_up() && one.part == other.part
    }

    fn dial(&mut self, who: Who, locator: Locator, secret: SharedSecret, peer: Option<PeerId>, addresses: Vec<Hint>) {
        let at = self.delay();
        let run = self.home(who).run;
        self.queue.plan(at, Event::Rings { who, run, locator, secret, peer, addresses });
    }

    pub(super) fn rings(
        &mut self,
        who: Who,
        locator: Locator,
        secret: &SharedSecret,
        peer: Option<PeerId>,
        addresses: &[Hint],
    ) {
        let run = self.home(who).run;
        let callee =
            self.whos().find(|&other| self.home(other).listens_at(addresses) && self.see_each_other(who, other));
        let Some(callee) = callee.filter(|&callee| callee != who) else {
            self.queue.plan(self.now + NOBODY, Event::CallFails { who, run, locator });
            return;
        };
        let there = self.home(callee);
        let fits = peer.is_none_or(|peer| peer == there.peer) && there.doors.get(&locator) == Some(secret);
        if !fits {
            let at = self.delay();
            self.queue.plan(at, Event::CallFails { who, run, locator });
            return;
        }
        let session = SessionId(self.random.random());
        self.links.insert(session, Link { caller: who, callee });
        for end in [who, callee] {
            self.home_mut(end).sessions.insert(session);
        }
        let at = self.delay();
        self.queue.plan(at, Event::Opened { who, run, session, locator });
        let caller = self.home(who).peer;
        self.input(callee, |turn| turn.session_opened(session, locator, caller));
    }

    fn post(&mut self, from: Who, session: SessionId, letter: LetterId, sealed: &[u8]) {
        self.figures.sent += 1;
        self.attempts += 1;
        let asked = Asked { from, session, letter, attempt: self.attempts };
        self.home_mut(from).asked.insert((session, letter), asked.attempt);
        self.queue.plan(self.now + limits::RECEIPT_WAIT * 1000, Event::Unanswered { asked });
        if !self.is_unlucky(self.weather.loss) {
            let at = self.delay();
            self.queue.plan(at, Event::Arrives { asked, sealed: sealed.to_vec() });
        }
        if self.is_unlucky(self.weather.doubled) {
            let at = self.delay();
            self.queue.plan(at, Event::Arrives { asked, sealed: sealed.to_vec() });
        }
    }

    pub(super) fn arrives(&mut self, asked: Asked, sealed: &[u8]) {
        let Some(to) = self.links.get(&asked.session).map(|link| link.other(asked.from)) else { return };
        if !self.see_each_other(asked.from, to) || !self.home(to).sessions.contains(&asked.session) {
            return;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.open_tickets.insert(ticket, asked);
        self.input(to, |turn| turn.letter_arrived(asked.session, ticket, sealed));
    }

    fn reply(&mut self, ticket: Ticket, answer: Answer) {
        let Some(asked) = self.open_tickets.remove(&ticket) else {
            // A letter that was handed in by the story itself.
            self.answers.insert(ticket, answer);
            return;
        };
        self.figures.answered += 1;
        if matches!(answer, Answer::Later) {
            self.figures.later += 1;
        }
        if !self.is_unlucky(self.weather.loss) {
            let at = self.delay();
            self.queue.plan(at, Event::Answered { asked, answer });
        }
    }

    pub(super) fn answered(&mut self, asked: Asked, answer: Option<Answer>) {
        let Asked { from, session, letter, attempt } = asked;
        if self.home(from).asked.get(&(session, letter)) != Some(&attempt) {
            return;
        }
        self.home_mut(from).asked.remove(&(session, letter));
        if let (Some(Answer::Handled(_)), Some(link)) = (&answer, self.links.get(&session)) {
            self.check_acknowledged(from, link.other(from), letter);
        }
        self.input(from, |turn| turn.letter_answered(session, letter, answer));
    }

    /// Ends a connection: what is under way on it is lost, and each end notices after a while.
    pub(super) fn cut(&mut self, session: SessionId) {
        let Some(link) = self.links.remove(&session) else { return };
        for end in [link.caller, link.callee] {
            let home = self.home_mut(end);
            home.asked.retain(|(of, _), _| *of != session);
            if home.sessions.remove(&session) {
                let run = home.run;
                self.queue.plan(self.now + NOTICED, Event::Closed { who: end, run, session });
            }
        }
    }

    /// Cuts the connections between homes that no longer see each other.
    pub(super) fn cut_what_is_apart(&mut self) {
        let apart = self.links.iter().filter(|(_, link)| !self.see_each_other(link.caller, link.callee));
        for session in apart.map(|(session, _)| *session).collect::<Vec<_>>() {
            self.cut(session);
        }
    }
}
