//! Mallory: writes letters and hellos by hand, with the functions of the protocol but without its rules.

use kith_protocol::card::{CardView, OwnCard, Tier};
use kith_protocol::crypto::derive;
use kith_protocol::crypto::seal::EncryptionKey;
use kith_protocol::crypto::sign::{SecretSeed, SigningKey};
use kith_protocol::engine::{Answer, Own, Ticket};
use kith_protocol::hello::SharedSecret;
use kith_protocol::id::{IdentityId, LetterId, Locator, PeerId, SessionId};
use kith_protocol::identity::{History, NodeGrant};
use kith_protocol::letter::body::Claim;
use kith_protocol::letter::{self, Body, Letter};
use kith_protocol::limits;
use kith_protocol::record::{Signed, Signer, Statement, Verified};
use kith_protocol::text::Name;
use kith_protocol::time::Timestamp;
use kith_protocol::wire::Bytes;
use kith_protocol::words::RecoveryWords;
use rand::RngExt;

use super::home::Who;
use super::people::Code;
use super::world::World;

/// Somebody with keys and no manners. Also a thief who signs with the stolen key of somebody else.
#[derive(Clone, Debug)]
pub struct Mallory {
    /// The history that is shown.
    pub history: History,
    /// In whose name letters are signed.
    pub signer: Signer,
    /// The key that they are signed with.
    pub key: SigningKey,
    /// The encryption key of the grant that is shown.
    pub encryption: EncryptionKey,
    /// The name on the card that is shown.
    pub name: String,
}

/// What is written on a letter; every line of it may be a lie.
#[derive(Clone, Debug)]
pub struct Pen {
    /// Whom it names as its recipient.
    pub to: [u8; 32],
    /// Its id.
    pub id: LetterId,
    /// What it says.
    pub body: Body,
    /// When it was written.
    pub sent: Timestamp,
    /// Until when it counts.
    pub expires: Timestamp,
    /// Whether the whole history goes along.
    pub with_history: bool,
    /// From which the seal draws: another one makes another sealed letter of the same words.
    pub seal: [u8; 32],
}

impl Mallory {
    /// A person of their own.
    pub fn new(name: &str, words: &RecoveryWords) -> Self {
        let history = History::begin(words);
        Self::thief(name, history, words, 0)
    }

    /// Somebody who signs with the key of that number of these words, and shows this history.
    pub fn thief(name: &str, history: History, words: &RecoveryWords, key: u8) -> Self {
        let signer = Signer { id: history.id(), key };
        let encryption = kith_protocol::crypto::seal::DecryptionKey::from_seed(&SecretSeed([9; 32])).public();
        Self { history, signer, key: words.key(key), encryption, name: name.to_owned() }
    }

    /// The identity that is claimed.
    pub fn id(&self) -> IdentityId {
        self.signer.id
    }

    /// Signs anything.
    pub fn sign<T: Statement>(&self, statement: T) -> Verified<T> {
        Verified::sign(statement, self.signer, &self.key)
    }

    /// A signed card.
    pub fn card(&self, seq: u64, now: Timestamp) -> Verified<CardView> {
        let mut card = OwnCard::new(Name::new(&self.name).expect("a name"));
        card.seq = seq;
        self.sign(card.view(Tier::Contacts, now))
    }

    /// A signed grant.
    pub fn grant(&self, now: Timestamp) -> Verified<NodeGrant> {
        self.sign(NodeGrant {
            generation: 0,
            seq: 1000,
            head: self.history.head(),
            peer: PeerId([66; 32]),
            encryption: self.encryption,
            not_before: now,
            not_after: now.plus(limits::GRANT_LIFE),
        })
    }

    /// The claim of a code.
    pub fn claim(&self, seed: [u8; 32], now: Timestamp) -> Body {
        let record = |bytes: &[u8]| Bytes::new(bytes.to_vec()).expect("a record");
        Body::Claim(Claim {
            card: record(self.card(1, now).bytes()),
            grant: record(self.grant(now).bytes()),
            pair_seed: SecretSeed(seed),
            hints: Vec::new(),
            scanned_at: now,
            introduction: None,
            mailboxes: Vec::new(),
            presence: None,
        })
    }

    /// Seals what was written to a key under a secret.
    pub fn seals(&self, pen: &Pen, to: &EncryptionKey, secret: &SharedSecret) -> Vec<u8> {
        self.seals_bytes(pen, pen.body.kind(), pen.body.to_bytes(), to, secret)
    }

    /// Seals any bytes as the body of any kind.
    pub fn seals_bytes(
        &self,
        pen: &Pen,
        kind: u8,
        body: Vec<u8>,
        to: &EncryptionKey,
        secret: &SharedSecret,
    ) -> Vec<u8> {
        let letter = self.sign(Letter {
            to: pen.to,
            id: pen.id,
            kind,
            body: Bytes::new(body).expect("a body"),
            sent: pen.sent,
            expires: pen.expires,
        });
        let history = pen.with_history.then(|| self.history.to_bytes());
        letter::seal(&letter, history, Vec::new(), to, &secret.letter_key(), &pen.seal).expect("a letter").bytes
    }
}

/// The secret of a pair, as its two halves make it.
pub fn pair_secret(code: &SharedSecret, seed: [u8; 32]) -> SharedSecret {
    SharedSecret::new(derive(&seed, code.as_bytes(), "kith/1/pair"))
}

impl World {
    /// A letter of these words from now.
    pub fn pen(&mut self, victim: Who, body: Body) -> Pen {
        let now = self.clock(victim);
        Pen {
            to: self.home(victim).id.0,
            id: LetterId(self.random.random()),
            body,
            sent: now,
            expires: now.plus(limits::LETTER_LIFE),
            with_history: false,
            seal: self.random.random(),
        }
    }

    /// Says a hello that succeeds if the victim answers to this locator.
    pub fn knocks(&mut self, victim: Who, locator: Locator) -> Option<SessionId> {
        self.home(victim).doors.contains_key(&locator).then(|| {
            let session = SessionId(self.random.random());
            self.home_mut(victim).sessions.insert(session);
            self.input(victim, |turn| turn.session_opened(session, locator, PeerId([66; 32])));
            session
        })
    }

    /// Says hello under every secret that somebody shares with others, as whoever copied the disks of those can, and stays.
    pub fn knocks_everywhere(&mut self, victim: Who) {
        let doors: Vec<Locator> = self.home(victim).doors.keys().copied().collect();
        for door in doors {
            self.knocks(victim, door);
        }
    }

    /// Hands in a sealed letter and returns the answer.
    pub fn hands_in(&mut self, victim: Who, session: SessionId, sealed: &[u8]) -> Answer {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(victim, |turn| turn.letter_arrived(session, ticket, sealed));
        self.answers.remove(&ticket).expect("every letter is answered")
    }

    /// Claims a code by hand. Returns the session, the secret of the pair, and the answer.
    pub fn claims(&mut self, mallory: &Mallory, code: &Code) -> Option<(SessionId, SharedSecret, Answer)> {
        let invite = code.read();
        let secret = invite.shared_secret();
        let session = self.knocks(code.owner, secret.locator())?;
        let seed: [u8; 32] = self.random.random();
        let now = self.clock(code.owner);
        let mut pen = self.pen(code.owner, mallory.claim(seed, now));
        pen.to = invite.key.0;
        pen.with_history = true;
        let sealed = mallory.seals(&pen, &invite.key, &secret);
        let answer = self.hands_in(code.owner, session, &sealed);
        Some((session, pair_secret(&secret, seed), answer))
    }

    /// The key that letters to somebody are sealed to now.
    pub fn encryption_key(&self, who: Who) -> EncryptionKey {
        let own = Own::load(&self.home(who).store).expect("an identity");
        let history = own.history();
        let grant = Signed::<NodeGrant>::from_bytes(own.grant.as_slice()).expect("a grant");
        history.verify(grant).expect("signed by its owner").encryption
    }

    /// The history of somebody as they hold it themselves.
    pub fn history(&self, who: Who) -> History {
        Own::load(&self.home(who).store).expect("an identity").history()
    }
}
