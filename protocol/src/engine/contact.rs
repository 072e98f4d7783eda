//! Taking a person in, and letting one go.

use super::deadline::Ends;
use super::door::pair_secrets;
use super::error::{Error, Result};
use super::inbox::ItemKind;
use super::keys::PairSecrets;
use super::live::Party;
use super::notice::Notice;
use super::own::{Own, bounded};
use super::person::{Announced, Encounter, HeldCard, PeopleCount, Person, PersonOf, Reach, Standing};
use super::presence::{Place, read_grant};
use super::replaced::former_machines;
use super::rounds::Round;
use super::turn::Turn;
use crate::address::Hint;
use crate::card::{CardView, Tier};
use crate::crypto::derive;
use crate::crypto::sign::SecretSeed;
use crate::hello::SharedSecret;
use crate::id::{IdentityId, PersonId};
use crate::identity::{History, NodeGrant};
use crate::letter::body::CardNews;
use crate::letter::{Body, Letter};
use crate::limits;
use crate::mailbox::Pass;
use crate::nearby::PresenceSeed;
use crate::record::Verified;
use crate::store::Table;
use crate::text::Name;
use crate::time::Timestamp;

/// The secret of a pair: one half is the secret of the code, known to who showed it and who scanned it, the
/// other half the scanner's seed.
pub(super) fn pair_of(code: &SharedSecret, seed: &SecretSeed) -> SharedSecret {
    SharedSecret::new(derive(&seed.0, code.as_bytes(), "kith/1/pair"))
}

/// Somebody who has just shown who they are.
pub(super) struct Newcomer<'n> {
    pub history: &'n History,
    pub card: &'n Verified<CardView>,
    pub grant: &'n Verified<NodeGrant>,
    pub hints: &'n [Hint],
    pub mailboxes: &'n [Pass],
    pub presence: Option<&'n PresenceSeed>,
    pub pair: SharedSecret,
    /// When the scan was that made the secret of the pair, by the scanner's clock.
    pub scanned: Timestamp,
    /// The code of theirs that I scanned, so that I know it when I see it again.
    pub code: Option<SharedSecret>,
    pub standing: Standing,
    pub tier: Tier,
    /// How we came across each other; `None` if it is already written down.
    pub encounter: Option<Encounter>,
    /// When they wrote so, by their clock.
    pub written: Timestamp,
    /// Their history counts even if it contradicts the one seen first.
    pub settles_fork: bool,
}

/// Somebody who was a contact before I lost everything but my words.
pub(super) struct KnownBefore<'k> {
    pub history: &'k History,
    pub grant: &'k Verified<NodeGrant>,
    pub hints: Vec<Hint>,
    pub mailboxes: Vec<Pass>,
    pub pair: SharedSecret,
    pub name: Name,
    pub tier: Tier,
    pub presence: Option<PresenceSeed>,
}

impl Turn<'_> {
    /// Somebody is a contact again; their card is still to come. A scan of mine that waits for them has its answer by that.
    pub(super) fn hold_again(&mut self, known: KnownBefore<'_>) -> Result<Person> {
        let pending = self.whose_scan_made(&known.pair)?;
        let introduction = pending.as_ref().and_then(|pending| pending.scan.as_ref()?.introduction);
        let mut person = match pending {
            Some(pending) => self.end_scan(pending)?,
            None => self.new_person(known.name, known.tier, self.now)?,
        };
        person.tier = known.tier;
        let identity = known.history.id();
        (person.identity, person.standing) = (Some(identity), Standing::Contact);
        self.txn.save(&PersonOf { identity, person: person.id });
        self.save_history(known.history);
        let KnownBefore { grant, hints, mailboxes, presence, .. } = known;
        let (grant, former) = (bounded(grant.bytes()), Vec::new());
        self.txn.save(&Reach { person: person.id, grant, hints, counter: 0, mailboxes, former, presence });
        // When the scan was that made it is not known any more; any that is still to come is newer.
        self.share_secret(person.id, known.pair, Timestamp::from_secs(0), None)?;
        self.txn.save(&person);
        if let Some(introduction) = introduction {
            self.asked_connected(introduction, person.id)?;
        }
        self.watch(identity)?;
        Ok(person)
    }

    /// Whoever waits for the answer to a scan that made this secret.
    fn whose_scan_made(&self, pair: &SharedSecret) -> Result<Option<Person>> {
        let Some(Party::Pair(person)) = self.party_at(pair.locator())? else { return Ok(None) };
        Ok(self.txn.load::<Person>(&person.0)?.filter(|person| person.identity.is_none()))
    }

    fn end_scan(&mut self, mut pending: Person) -> Result<Person> {
        self.remove_all_waiting(pending.id)?;
        if let Some(scan) = pending.scan.take() {
            self.clear_deadline(scan.gives_up, Ends::Scan(pending.id));
        }
        Ok(pending)
    }

    /// The person that an identity is.
    pub(super) fn person_of(&self, identity: IdentityId) -> Result<Option<Person>> {
        super::people::by_identity(&self.txn, identity)
    }

    /// Writes down who somebody is and how to reach them: a new person, or one that I know and met again.
    pub(super) fn take_in(&mut self, known: Option<Person>, new: Newcomer<'_>) -> Result<Person> {
        let identity = new.history.id();
        let met_again = known.as_ref().is_some_and(Person::is_contact);
        let mut person = match known {
            Some(person) => person,
            None => self.new_person(new.card.name.clone(), new.tier, self.now)?,
        };
        person.identity = Some(identity);
        person.standing = if met_again { Standing::Contact } else { new.standing };
        // What was chosen for somebody who left, or only asked, is not chosen any more.
        person.tier = if met_again { person.tier.max(new.tier) } else { new.tier };
        person.scan = None;
        person.renewed = person.renewed.max(Some(new.written));
        if let Some(encounter) = new.encounter.clone() {
            person.met(encounter);
        }
        self.merge_history(&person, new.history, new.settles_fork)?;
        self.txn.save(&PersonOf { identity, person: person.id });
        self.hold_card(&mut person, new.card)?;
        self.hold_reach(person.id, &new)?;
        self.share_secret(person.id, new.pair, new.scanned, new.code)?;
        self.txn.save(&person);
        if person.is_contact() && !met_again {
            // A farewell from before must not end what begins now.
            self.remove_all_waiting(person.id)?;
        }
        if person.is_contact() {
            self.settle_requests(&person)?;
        }
        if person.is_contact() && !met_again {
            self.watch(identity)?;
            self.say_vouches_again(&person)?;
            self.plan_capsule_for(person.id)?;
        }
        match (met_again, person.is_contact()) {
            (true, _) => self.notice(Notice::MetAgain { person: person.id }),
            (false, true) => self.notice(Notice::ContactMade { person: person.id }),
            (false, false) => {}
        }
        Ok(person)
    }

    /// Keeps a card from a first letter, unless a newer one overtook the letter. Who begins again from their words
    /// counts from one again, so the date has a say too.
    fn hold_card(&mut self, person: &mut Person, card: &Verified<CardView>) -> Result<()> {
        let held = self.txn.load::<HeldCard>(&person.id.0)?.and_then(|held| super::people::read_card(&held));
        if held.is_none_or(|held| card.seq >= held.seq || card.signed_at > held.signed_at) {
            person.name = card.name.clone();
            self.txn.save(&HeldCard { person: person.id, record: bounded(card.bytes()) });
        }
        Ok(())
    }

    /// Keeps grant and addresses from a first letter, unless newer ones overtook the letter.
    fn hold_reach(&mut self, person: PersonId, new: &Newcomer<'_>) -> Result<()> {
        let grant = new.grant;
        let held = self.txn.load::<Reach>(&person.0)?;
        let shown = Place::current(grant, new.history);
        let newest = held.as_ref().and_then(|held| Some((held, Place::known(held, new.history)?)));
        let is_before = |held| read_grant(held).is_some_and(|held| grant.not_before <= held.not_before);
        let counter = match newest {
            Some((held, newest)) if shown < newest && is_before(held) => return Ok(()),
            Some((held, newest)) if shown == newest => held.counter,
            _ => 0,
        };
        // What is shown here is signed with a key that counts.
        self.drop_question(ItemKind::KeyGivenUp, person, None)?;
        let former = former_machines(held.as_ref(), grant.peer);
        self.hang_up_on_former(person, &former);
        self.txn.save(&Reach {
            person,
            grant: bounded(grant.bytes()),
            hints: new.hints.to_vec(),
            counter,
            mailboxes: new.mailboxes.to_vec(),
            former,
            presence: new.presence.cloned(),
        });
        Ok(())
    }

    /// How many people there are; a home of before has no count and is counted.
    fn people_count(&self) -> Result<u32> {
        match self.txn.load::<PeopleCount>(PeopleCount::KEY)? {
            Some(counted) => Ok(counted.count),
            None => {
                let count = super::entity::count(&self.txn, Table::People, b"", limits::PEOPLE)?;
                Ok(u32::try_from(count).unwrap_or(u32::MAX))
            }
        }
    }

    /// One person less.
    pub(super) fn person_gone(&mut self) -> Result<()> {
        let count = self.people_count()?.saturating_sub(1);
        self.txn.save(&PeopleCount { count });
        Ok(())
    }

    /// A person without anything but a name, met at this moment.
    pub(super) fn new_person(&mut self, name: Name, tier: Tier, met: Timestamp) -> Result<Person> {
        let count = self.people_count()?;
        if count as usize >= limits::PEOPLE {
            return Err(Error::Full("people in this home"));
        }
        self.txn.save(&PeopleCount { count: count + 1 });
        Ok(Person {
            id: PersonId(self.random.bytes()),
            identity: None,
            standing: Standing::Unconfirmed,
            name,
            petname: None,
            tier,
            tags: Vec::new(),
            created: self.now,
            touched: met,
            cadence: None,
            blocked: false,
            they_have: None,
            encounters: Vec::new(),
            scan: None,
            foreign: None,
            announced: None,
            renewed: None,
        })
    }

    /// Adds the secret of a scan to those of the pair. Doors of those that are dropped for it are closed; sessions
    /// that were opened under one go on with it, since what was sent over them is on its way.
    fn share_secret(
        &mut self,
        person: PersonId,
        secret: SharedSecret,
        scanned: Timestamp,
        code: Option<SharedSecret>,
    ) -> Result<()> {
        let mut pair = match pair_secrets(&self.txn, person)? {
            Some(pair) => pair,
            None => PairSecrets::new(person, secret.clone(), scanned, None),
        };
        for dropped in pair.add(secret.clone(), scanned) {
            self.close_door(dropped.locator());
        }
        if let Some(code) = code {
            self.open_door(&code, Party::Scanned(person));
            if let Some(old) = pair.scanned_code(code) {
                self.close_door(old);
            }
        }
        self.open_door(&secret, Party::Pair(person));
        self.txn.save(&pair);
        Ok(())
    }

    /// Sends the views of my card that changed to the contacts who may see them.
    pub(super) fn tell_card(&mut self, changed: &[Tier]) -> Result<()> {
        if changed.is_empty() {
            Ok(())
        } else {
            self.begin_round(Round { tiers: changed.to_vec(), ..Round::default() })
        }
    }

    pub(super) fn send_card(&mut self, own: &Own, person: &Person) -> Result<()> {
        self.send(person.id, &Body::Card(CardNews { card: own.view(person.tier) }), limits::LETTER_LIFE)?;
        Ok(())
    }

    /// A contact changed their card.
    pub(super) fn card_arrived(&mut self, mut person: Person, history: &History, news: &CardNews) -> Result<()> {
        let held = self.txn.load::<HeldCard>(&person.id.0)?.and_then(|held| super::people::read_card(&held));
        // The same card through another tier is news too: they chose to show me more, or less.
        let is_news = |card: &CardView| {
            held.as_ref().is_none_or(|held| card.seq > held.seq || card.seq == held.seq && card.tier != held.tier)
        };
        if let Some(card) = super::own::verify_card(news.card.as_slice(), history)
            && is_news(&card)
        {
            person.name = card.name.clone();
            self.txn.save(&HeldCard { person: person.id, record: news.card.clone() });
            self.txn.save(&person);
            self.notice(Notice::CardChanged { person: person.id });
        }
        Ok(())
    }

    /// A contact withdrew: what they gave me goes, what I wrote myself stays.
    pub(super) fn withdrawn(&mut self, mut person: Person) -> Result<()> {
        self.end_introductions_with(person.id)?;
        person.standing = Standing::Ended;
        self.txn.save(&person);
        self.txn.remove(Table::Cards, &person.id.0);
        self.txn.remove(Table::Reach, &person.id.0);
        self.remove_all_waiting(person.id)?;
        self.forget_sent(person.id)?;
        self.forget_kept(person.id)?;
        self.drop_items_about(person.id)?;
        self.notice(Notice::Withdrawn { person: person.id });
        Ok(())
    }

    /// Ends a contact and tells them, so that they forget what I gave them.
    pub(super) fn withdraw_from(&mut self, mut person: Person) -> Result<()> {
        self.end_introductions_with(person.id)?;
        self.remove_all_waiting(person.id)?;
        self.forget_sent(person.id)?;
        self.forget_kept(person.id)?;
        if person.is_contact() {
            self.send(person.id, &Body::Withdraw, limits::LETTER_LIFE)?;
        }
        person.standing = Standing::Ended;
        self.txn.save(&person);
        self.txn.remove(Table::Cards, &person.id.0);
        self.drop_items_about(person.id)
    }

    /// Writes first letters and answers that still wait again, since they carry a grant and a card that have
    /// just been replaced.
    pub(super) fn refresh_first_letters(&mut self, own: &Own) -> Result<()> {
        for person in super::session::people_with_letters(&self.txn)? {
            for letter in super::outbox::waiting_for(&self.txn, person)? {
                let Some(known) = self.txn.load::<Person>(&person.0)? else { continue };
                let mailboxes = self.passes_for(person)?;
                // Somebody whom I blocked meanwhile is not to recognise me from now on.
                let presence = self.presence_seed()?.filter(|_| !known.blocked);
                let Some(body) = refreshed(&letter.as_letter(), own, known.tier, mailboxes, presence) else { continue };
                let life = letter.expires.since(self.now);
                let id = self.send(person, &body, life)?;
                if let Some(mut person) = self.txn.load::<Person>(&person.0)?
                    && let Some(scan) = person.scan.as_mut()
                    && scan.claim == Some(letter.id)
                {
                    scan.claim = Some(id);
                    self.txn.save(&person);
                }
            }
        }
        Ok(())
    }

    /// Whether a presence letter with this count may go to a person now: a few at once, and one more with each hour.
    pub(super) fn presence_pace(&self, person: &Person, counter: u64) -> Option<Announced> {
        let (at, counter) = (self.now, Some(counter));
        // What a clock that was ahead wrote down says nothing.
        let Some(before) = person.announced.filter(|before| before.at <= self.now) else {
            return Some(Announced { burst: 1, at, counter });
        };
        let free = u32::try_from(self.now.since(before.at) / limits::PRESENCE_PACE).unwrap_or(u32::MAX);
        let burst = before.burst.saturating_sub(free);
        (burst < limits::PRESENCE_BURST).then_some(Announced { burst: burst + 1, at, counter })
    }
}

fn refreshed(
    letter: &Letter,
    own: &Own,
    tier: Tier,
    mailboxes: Vec<Pass>,
    presence: Option<PresenceSeed>,
) -> Option<Body> {
    match Body::of(letter).ok()? {
        Body::Claim(mut claim) => {
            claim.card = own.view(tier);
            claim.grant = own.grant.clone();
            claim.hints = own.hints.clone();
            claim.mailboxes = mailboxes;
            claim.presence = presence;
            Some(Body::Claim(claim))
        }
        Body::Welcome(mut welcome) => {
            welcome.card = own.view(tier);
            welcome.grant = own.grant.clone();
            welcome.hints = own.hints.clone();
            welcome.mailboxes = mailboxes;
            welcome.presence = presence;
            Some(Body::Welcome(welcome))
        }
        _ => None,
    }
}
