//! Codes of others that I scanned.

use super::contact::{Newcomer, pair_of};
use super::deadline::Ends;
use super::door::pair_secrets;
use super::effect::Refusal;
use super::error::{CodeError, Error, Result};
use super::incoming::Verdict;
use super::introduction::IntroKey;
use super::keys::PairSecrets;
use super::live::Party;
use super::mailboxes::are_bounded;
use super::outbox::Waiting;
use super::own::{verify_card, verify_grant};
use super::person::{Encounter, Person, Scan, ScanProblem, Standing, Way};
use super::turn::Turn;
use crate::address::Hint;
use crate::card::Tier;
use crate::crypto::seal::EncryptionKey;
use crate::crypto::sign::SecretSeed;
use crate::hello::SharedSecret;
use crate::id::{IdentityId, LetterId, PeerId, PersonId, SessionId};
use crate::identity::History;
use crate::invite::{Invite, InviteKind, InviteSecret, shared_secret};
use crate::letter::body::{Claim, Welcome, kind};
use crate::letter::{Body, Letter, Opened};
use crate::limits;
use crate::record::{RecordBytes, Verified};
use crate::text::{Line, Name, Note};
use crate::time::Timestamp;

/// What goes along with a scan.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// What of my card they get; contacts' view if not given.
    pub tier: Option<Tier>,
    /// The event at which I scanned it.
    pub event: Option<Line<{ limits::NAME }>>,
    /// What I want to remember.
    pub note: Note,
    /// When I scanned it, if not now: a phone without a network brings it later. Not after the present moment.
    pub at: Option<Timestamp>,
}

/// A code that came through an introduction, and what came with it.
pub(super) struct Introduced {
    pub key: EncryptionKey,
    pub secret: InviteSecret,
    pub expires: Timestamp,
    pub hints: Vec<Hint>,
    pub node: Option<PeerId>,
    /// Until when my letter is of use.
    pub sent_until: Timestamp,
    /// Until when I wait for the answer.
    pub gives_up: Timestamp,
    /// Who must answer.
    pub who: IdentityId,
    pub introduction: IntroKey,
    /// The introducer's statement, for whoever made the code.
    pub statement: RecordBytes,
    pub encounter: Encounter,
}

/// What a scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A person who is waited for now.
    New(PersonId),
    /// The code was scanned before, by me.
    Before(PersonId),
}

impl Turn<'_> {
    /// I scanned a code. Works without any network: the first letter waits in the outbox.
    pub fn scan(&mut self, invite: &Invite, options: ScanOptions) -> Result<Scanned> {
        let code = invite.shared_secret();
        match self.party_at(code.locator())? {
            Some(Party::Invite(_)) => return Err(CodeError::Own.into()),
            Some(Party::Pair(person) | Party::Scanned(person) | Party::Former(person)) => {
                self.unforget(person)?;
                return Ok(Scanned::Before(person));
            }
            Some(Party::Keeper(..)) | None => {}
        }
        let gives_up = self.gives_up(invite)?;
        let at = options.at.unwrap_or(self.now);
        let name = Name::new(invite.name.as_str())?;
        let mut person = self.new_person(name, options.tier.unwrap_or_default(), at)?;
        person.standing = Standing::Pending;
        let printed = invite.kind == InviteKind::Printed;
        let way = if printed { Way::IScannedPrinted } else { Way::IScanned };
        let late = !printed && at > invite.expires;
        person.met(Encounter { at, way, event: options.event, late, by: None });
        person.scan = Some(Scan {
            key: invite.key,
            locator: code.locator(),
            hints: invite.hints.clone(),
            at,
            claim: None,
            gives_up,
            problem: None,
            printed,
            who: None,
            introduction: None,
            node: None,
            door: None,
        });
        self.set_deadline(gives_up, Ends::Scan(person.id));
        self.add_note(person.id, at, options.note)?;
        self.write_to_them(person.id, at)?;
        self.send_claim(person, code, (at, gives_up), None)
    }

    /// I wanted to forget somebody whose answer may still come, and scanned their code again.
    fn unforget(&mut self, person: PersonId) -> Result<()> {
        let Some(mut known) = self.txn.load::<Person>(&person.0)? else { return Ok(()) };
        if !super::people::is_shown(&known) && known.is_expected() {
            known.standing = Standing::Pending;
            let way =
                if known.scan.as_ref().is_some_and(|scan| scan.printed) { Way::IScannedPrinted } else { Way::IScanned };
            known.met(Encounter { at: self.now, way, event: None, late: false, by: None });
            self.txn.save(&known);
        }
        Ok(())
    }

    /// An introduction brought me a code that was made for me alone: from here on it is like a scan.
    pub(super) fn scan_introduced(&mut self, mut person: Person, code: Introduced) -> Result<()> {
        let shared = shared_secret(InviteKind::Live, &code.key, &code.secret, code.expires);
        person.standing = Standing::Pending;
        person.met(code.encounter);
        person.scan = Some(Scan {
            key: code.key,
            locator: shared.locator(),
            hints: code.hints,
            at: self.now,
            claim: None,
            gives_up: code.gives_up,
            problem: None,
            printed: false,
            who: Some(code.who),
            introduction: Some(code.introduction),
            node: code.node,
            door: None,
        });
        self.set_deadline(code.gives_up, Ends::Scan(person.id));
        self.send_claim(person, shared, (self.now, code.sent_until), Some(code.statement))?;
        Ok(())
    }

    fn gives_up(&self, invite: &Invite) -> Result<Timestamp> {
        let last = match invite.kind {
            InviteKind::Live => invite.expires.plus(limits::LATE_CLAIM),
            InviteKind::Printed => invite.expires,
        };
        // Whether it is too late is for their node to say; only beyond any doubt do we say it ourselves.
        if self.now > last.plus(limits::CLOCK_SKEW) {
            return Err(CodeError::Expired.into());
        }
        Ok(self.now.plus(limits::LETTER_LIFE).min(last.plus(limits::CLOCK_SKEW)))
    }

    fn send_claim(
        &mut self,
        mut person: Person,
        code: SharedSecret,
        (scanned_at, gives_up): (Timestamp, Timestamp),
        introduction: Option<RecordBytes>,
    ) -> Result<Scanned> {
        let own = self.own()?;
        let seed = SecretSeed(self.random.bytes());
        let pair = pair_of(&code, &seed);
        self.open_door(&code, Party::Scanned(person.id));
        self.open_door(&pair, Party::Pair(person.id));
        self.txn.save(&PairSecrets::new(person.id, pair, scanned_at, Some(code)));
        self.txn.save(&person);
        let claim = Claim {
            card: own.view(person.tier),
            grant: own.grant.clone(),
            pair_seed: seed,
            hints: own.hints,
            scanned_at,
            introduction,
            mailboxes: self.passes_for(person.id)?,
            presence: self.presence_seed()?,
        };
        // The way of this letter, under the secret of the code, is found by its id: so it is written down first.
        let letter = self.put_out(person.id, &Body::Claim(claim), gives_up.since(self.now))?;
        if let Some(scan) = person.scan.as_mut() {
            scan.claim = Some(letter);
        }
        let id = person.id;
        self.txn.save(&person);
        self.pump(id)?;
        Ok(Scanned::New(id))
    }

    /// My claim was handled: from here on both of us have the secret of the pair.
    pub(super) fn claim_handled(&mut self, session: SessionId, mut person: Person) -> Result<()> {
        if let Some(scan) = person.scan.as_mut() {
            scan.claim = None;
            self.txn.save(&person);
        }
        if let Some(pair) = pair_secrets(&self.txn, person.id)? {
            self.session_is_with(session, person.id, &pair.current);
        }
        Ok(())
    }

    /// True while a first letter of mine waits under the secret of a code.
    pub(super) fn has_claim_waiting(&self, person: PersonId) -> Result<bool> {
        let person = self.txn.load::<Person>(&person.0)?;
        Ok(person.and_then(|person| person.scan).is_some_and(|scan| scan.claim.is_some()))
    }

    /// My claim leads nowhere. The person stays, with what I noted and the reason.
    pub(super) fn claim_failed(&mut self, person: PersonId, problem: ScanProblem) -> Result<()> {
        let Some(mut person) = self.txn.load::<Person>(&person.0)? else { return Ok(()) };
        if let Some(key) = person.scan.as_ref().and_then(|scan| scan.introduction)
            && self.asked_failed(key)?
        {
            return Ok(());
        }
        if let Some(scan) = person.scan.as_mut() {
            scan.claim = None;
            scan.problem = Some(problem);
            self.txn.save(&person);
            self.forget_pair(person.id)?;
        }
        Ok(())
    }

    pub(super) fn give_up_scan(&mut self, person: PersonId) -> Result<()> {
        let Some(known) = self.txn.load::<Person>(&person.0)? else { return Ok(()) };
        if known.scan.as_ref().is_some_and(|scan| scan.problem.is_none()) {
            self.remove_all_waiting(person)?;
            self.claim_failed(person, ScanProblem::Unanswered)?;
            self.letter_gone(person)?;
        }
        Ok(())
    }

    /// Somebody answers my scan: now I know who they are.
    pub(super) fn welcome_arrived(&mut self, session: SessionId, pending: Person, opened: Opened) -> Result<Verdict> {
        let Some(scan) = pending.scan.clone() else { return Ok(Verdict::Refused(Refusal::NotAccepted)) };
        let Some(whole) = opened.history.as_ref() else { return Ok(Verdict::KeysMissing) };
        let Ok(shown) = History::from_bytes(whole) else { return Ok(Verdict::Refused(Refusal::NotAccepted)) };
        let history = self.counting_history(shown)?;
        let Some(host) = Host::check(history, opened.letter, &scan, self.now) else {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        };
        let me = self.keys.signer.id;
        let is_another = scan.who.is_some_and(|who| who != host.history.id());
        if !host.letter.is_for(me) || host.history.id() == me || is_another {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        }
        if let Some(verdict) = self.judge_time(&host.letter) {
            return Ok(verdict);
        }
        let known = self.person_of(host.history.id())?;
        if known.as_ref().is_some_and(|person| person.blocked) {
            return self.remember_handled(&host.letter);
        }
        if !scan.is_in_person() && self.is_contradicted(known.as_ref(), &host.history, false)? {
            return Ok(Verdict::Later);
        }
        let Some(pair) = pair_secrets(&self.txn, pending.id)? else {
            return Ok(Verdict::Refused(Refusal::NotAccepted));
        };
        let sessions = self.live.sessions_with(pending.id);
        // I scanned their code and then wanted to forget them.
        let is_unwanted = !super::people::is_shown(&pending) && known.is_none();
        let person = self.answer_taken(pending, known, &host, &scan, &pair)?;
        for open in sessions {
            self.session_moves_to(open, person);
        }
        // Over a session that I opened with this code the answer says that the claim arrived, if its receipt is late.
        if self.live.sessions.get(&session).is_some_and(|open| open.party == Party::Scanned(person)) {
            self.session_is_with(session, person, &pair.current);
        }
        self.pump(person)?;
        if is_unwanted {
            self.forget_person(person)?;
        }
        self.remember_handled(&host.letter)
    }

    /// Whose answer to a scan of mine a letter is: of the person whom its secret names, or of another one whose
    /// code I scanned, if it comes from somebody I know already.
    pub(super) fn pending_for(&self, named: &Person, letter: &Letter) -> Result<Option<Person>> {
        if letter.kind != kind::WELCOME {
            return Ok(None);
        }
        let Ok(Body::Welcome(welcome)) = Body::of(letter) else { return Ok(None) };
        if named.scan.as_ref().is_some_and(|scan| scan.key == welcome.invite) {
            return Ok(Some(named.clone()));
        }
        for person in &self.live.waiting {
            let person = self.txn.load::<Person>(&person.0)?;
            let waits = |person: &Person| person.scan.as_ref().is_some_and(|scan| scan.key == welcome.invite);
            if let Some(pending) = person.filter(waits) {
                return Ok(Some(pending));
            }
        }
        Ok(None)
    }

    fn answer_taken(
        &mut self,
        pending: Person,
        known: Option<Person>,
        host: &Host,
        scan: &Scan,
        pair: &PairSecrets,
    ) -> Result<PersonId> {
        self.remove_all_waiting(pending.id)?;
        self.clear_deadline(scan.gives_up, Ends::Scan(pending.id));
        let encounter = pending.encounters.last().cloned().map(|mut encounter| {
            // What I wrote myself stays: my node signs no event that I named otherwise.
            encounter.event = encounter.event.or(host.welcome.event.clone());
            encounter.late |= host.welcome.late;
            encounter
        });
        let tier = pending.tier;
        let before = match known {
            Some(known) => self.join(pending, known, pair)?,
            None => {
                let mut before = pending;
                before.encounters.pop();
                before
            }
        };
        let mut person = self.take_in(
            Some(before),
            Newcomer {
                history: &host.history,
                card: &host.card,
                grant: &host.grant,
                hints: &host.welcome.hints,
                mailboxes: &host.welcome.mailboxes,
                presence: host.welcome.presence.as_ref(),
                pair: pair.current.clone(),
                scanned: scan.at,
                code: pair.code.clone(),
                standing: Standing::Contact,
                tier,
                encounter,
                written: host.letter.sent,
                settles_fork: scan.is_in_person(),
            },
        )?;
        // They answered, so they have seen the history that came with my claim.
        let own = self.own()?;
        person.they_have.get_or_insert(own.history().seen());
        self.txn.save(&person);
        if let Some(introduction) = scan.introduction {
            self.asked_connected(introduction, person.id)?;
        }
        // While they thought about it my node may have moved and renewed its grant.
        if self.now.since(scan.at) > limits::MINUTE {
            self.send_presence(&own, &person)?;
        }
        Ok(person.id)
    }

    /// The person behind the code is one I know: what hangs on the pending one moves over.
    fn join(&mut self, pending: Person, mut known: Person, pair: &PairSecrets) -> Result<Person> {
        self.move_notes(pending.id, known.id)?;
        for tag in pending.tags.iter().filter(|tag| !known.tags.contains(tag)).cloned().collect::<Vec<_>>() {
            if known.tags.len() < limits::TAGS {
                known.tags.push(tag);
            }
        }
        known.petname = known.petname.or(pending.petname.clone());
        known.they_have = known.they_have.or(pending.they_have);
        known.created = known.created.min(pending.created);
        for words in self.join_follow_ups(pending.id, known.id, true)? {
            self.keep_as_note(known.id, &words)?;
        }
        self.forget_left(pending.id);
        self.txn.forget(pair);
        self.person_gone()?;
        self.txn.forget(&pending);
        self.live.waiting.remove(&pending.id);
        self.live.pauses.remove(&pending.id);
        Ok(known)
    }
}

/// Who answers a scan of mine, checked.
struct Host {
    history: History,
    letter: Verified<Letter>,
    welcome: Welcome,
    card: Verified<crate::card::CardView>,
    grant: Verified<crate::identity::NodeGrant>,
}

impl Host {
    fn check(history: History, letter: crate::record::Signed<Letter>, scan: &Scan, now: Timestamp) -> Option<Self> {
        let letter = history.verify(letter).ok()?;
        let Ok(Body::Welcome(welcome)) = Body::of(&letter) else { return None };
        if welcome.invite != scan.key || welcome.hints.len() > limits::ADDRESSES || !are_bounded(&welcome.mailboxes) {
            return None;
        }
        let card = verify_card(welcome.card.as_slice(), &history)?;
        let grant = verify_grant(welcome.grant.as_slice(), &history, now)?;
        Some(Self { history, letter, welcome, card, grant })
    }
}

impl Waiting {
    /// The letter as far as its body can be read from it.
    pub(super) fn as_letter(&self) -> Letter {
        Letter {
            to: [0; 32],
            id: LetterId(self.id.0),
            kind: self.kind,
            body: self.body.clone(),
            sent: self.written,
            expires: self.expires,
        }
    }
}

/// Reads a code as it was scanned, pasted or typed.
pub fn read_code(text: &str) -> Result<Invite> {
    Invite::from_text(text).map_err(|error| Error::Code(CodeError::Unreadable(error)))
}
