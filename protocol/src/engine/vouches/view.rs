//! A vouch as a person reads it. Whatever is shown of vouches takes its words from here.

use super::super::error::Result;
use super::super::meetings::{HeldMeeting, meetings_with};
use super::super::own::Own;
use super::super::people::by_identity;
use super::evidence::id_of;
use super::giving::not_found;
use super::{HeldVouch, VouchKey};
use crate::id::IdentityId;
use crate::meeting::Meeting;
use crate::store::Read;
use crate::text::Line;
use crate::time::Timestamp;
use crate::vouch::{Basis, Evidence, EvidenceKind, Interest, Strength, Vouch, VouchContent, VouchReach, Vouched};

/// What becomes of a vouch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VouchState {
    /// The issuer means it for the two alone.
    UsTwo,
    /// The subject has not said whether it may be shown.
    Waits,
    /// The subject does not let it be shown.
    Withheld,
    /// It may be shown to contacts of either.
    Contacts,
    /// It may be shown to anybody.
    Public,
    /// The two are contacts no more, so it is not shown.
    Apart,
    /// It is said no more.
    Revoked,
    /// Its date has come.
    Ended,
}

/// A vouch in words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct VouchShown {
    /// What names it.
    pub key: VouchKey,
    /// By whom, by the name they go by here; "you" for me.
    pub by: String,
    /// Of whom.
    pub about: String,
    /// On what it rests.
    pub basis: Option<Basis>,
    /// The same in words: "as their client".
    pub basis_in_words: String,
    /// "since 2021", "2019 to 2024"; empty if nothing is said.
    pub years: String,
    /// What is said.
    pub words: String,
    /// What they are good at.
    pub skills: Vec<String>,
    /// How strongly, from 1 to 3.
    pub strength: Option<Strength>,
    /// The same in words.
    pub strength_in_words: String,
    /// What the issuer has to gain.
    pub interest: Option<Interest>,
    /// The same in words; also said when it is nothing.
    pub interest_in_words: String,
    /// How far the issuer lets it be shown.
    pub reach: VouchReach,
    /// How far the subject does, if it has said so.
    pub accepted: Option<VouchReach>,
    /// What becomes of it.
    pub state: VouchState,
    /// The same in words.
    pub state_in_words: String,
    /// When it was signed.
    pub issued: Timestamp,
    /// When it ends; none if it is revoked.
    pub ends: Option<Timestamp>,
    /// What supports it, in words.
    pub evidence: Vec<String>,
}

impl VouchShown {
    /// A vouch that is held here.
    pub fn of(read: &dyn Read, held: &HeldVouch, now: Timestamp) -> Result<Self> {
        let vouch = held.read().ok_or_else(|| not_found(held.key.slot))?;
        let me = Own::load(read)?.id();
        let content = held.content();
        let said = content.as_ref();
        let theirs = if held.key.issuer == me { "your" } else { "their" };
        let concerns_me = held.key.issuer == me || held.key.subject == me;
        let about = name(read, me, held.key.subject)?;
        let state = state(read, me, held, &vouch, now)?;
        Ok(Self {
            key: held.key,
            by: name(read, me, held.key.issuer)?,
            basis: said.map(|said| said.basis),
            basis_in_words: said.map(|said| basis(said.basis, theirs)).unwrap_or_default(),
            years: said.map(years).unwrap_or_default(),
            words: said.map(|said| said.words.to_string()).unwrap_or_default(),
            skills: said.iter().flat_map(|said| &said.skills).map(ToString::to_string).collect(),
            strength: said.map(|said| said.strength),
            strength_in_words: said.map(|said| strength(said.strength).to_owned()).unwrap_or_default(),
            interest: said.map(|said| said.interest),
            interest_in_words: said.map(|said| interest(said, theirs, concerns_me)).unwrap_or_default(),
            reach: vouch.reach(),
            accepted: held.accepted().map(|acceptance| acceptance.reach),
            state,
            state_in_words: state_in_words(state, &about),
            issued: vouch.issued,
            ends: vouch.expires,
            evidence: evidence(read, me, held.key, &vouch.evidence)?,
            about,
        })
    }

    /// A vouch that came with an introduction and was checked when it came.
    pub fn of_shown(read: &dyn Read, by: IdentityId, vouched: &Vouched, now: Timestamp) -> Result<Option<Self>> {
        let (record, acceptance) = (vouched.vouch.clone(), Some(vouched.acceptance.clone()));
        let Ok(signed) = crate::record::Signed::<Vouch>::from_bytes(record.as_slice()) else { return Ok(None) };
        let vouch = signed.unverified();
        let key = VouchKey { subject: vouch.subject, issuer: by, slot: vouch.slot };
        let until = vouch.expires.unwrap_or(now);
        Self::of(read, &HeldVouch { key, record, acceptance, until }, now).map(Some)
    }

    /// All of it in a few sentences, but for the dates, which everybody writes in their own way.
    pub fn in_words(&self) -> String {
        let verb = if self.by == YOU { "You vouch".to_owned() } else { format!("{} vouches", self.by) };
        if matches!(self.state, VouchState::Revoked) {
            return format!("{verb} for {} no more.", self.about);
        }
        let skills = match self.skills.is_empty() {
            true => String::new(),
            false => format!(" Good at {}.", self.skills.join(", ")),
        };
        let years = if self.years.is_empty() { String::new() } else { format!(", {}", self.years) };
        let evidence = match self.evidence.is_empty() {
            true => String::new(),
            false => format!(" Supported by {}.", self.evidence.join(" and ")),
        };
        format!(
            "{verb} for {} {}{years}, {}: “{}”{skills} Interest: {}.{evidence}",
            self.about, self.basis_in_words, self.strength_in_words, self.words, self.interest_in_words
        )
    }
}

const YOU: &str = "you";

fn name(read: &dyn Read, me: IdentityId, identity: IdentityId) -> Result<String> {
    if identity == me {
        return Ok(YOU.to_owned());
    }
    let known = by_identity(read, identity)?;
    Ok(known.map_or_else(|| identity.short(), |person| person.display_name().to_owned()))
}

fn state(read: &dyn Read, me: IdentityId, held: &HeldVouch, vouch: &Vouch, now: Timestamp) -> Result<VouchState> {
    if vouch.content.is_none() {
        return Ok(VouchState::Revoked);
    }
    if !vouch.is_live(now) {
        return Ok(VouchState::Ended);
    }
    // Of what passed between two others only they know whether they still hold each other.
    let VouchKey { issuer, subject, .. } = held.key;
    if issuer == me || subject == me {
        let other = if issuer == me { subject } else { issuer };
        if !by_identity(read, other)?.is_some_and(|person| person.is_contact()) {
            return Ok(VouchState::Apart);
        }
    }
    Ok(match (vouch.reach(), held.accepted().map(|acceptance| acceptance.reach)) {
        (VouchReach::UsTwo, _) => VouchState::UsTwo,
        (_, None) => VouchState::Waits,
        (_, Some(VouchReach::UsTwo)) => VouchState::Withheld,
        (VouchReach::Public, Some(VouchReach::Public)) => VouchState::Public,
        (_, Some(_)) => VouchState::Contacts,
    })
}

fn state_in_words(state: VouchState, about: &str) -> String {
    match state {
        VouchState::UsTwo => "for the two alone".to_owned(),
        VouchState::Waits if about == YOU => "waits for you to say whether it may be shown".to_owned(),
        VouchState::Waits => format!("waits for {about} to say whether it may be shown"),
        VouchState::Withheld if about == YOU => "not shown: you do not let it be".to_owned(),
        VouchState::Withheld => format!("not shown: {about} does not let it be"),
        VouchState::Contacts => "accepted, for contacts of either".to_owned(),
        VouchState::Public => "accepted, for everybody".to_owned(),
        VouchState::Apart => "not shown: you are contacts no more".to_owned(),
        VouchState::Revoked => "revoked".to_owned(),
        VouchState::Ended => "ended".to_owned(),
    }
}

fn basis(basis: Basis, theirs: &str) -> String {
    match basis {
        Basis::Client => format!("as {theirs} client"),
        Basis::Supplier => format!("as {theirs} supplier"),
        Basis::Colleague => format!("as {theirs} colleague"),
        Basis::Partner => format!("as {theirs} partner"),
        Basis::Mentor => format!("as {theirs} mentor"),
        Basis::Met => "from having met".to_owned(),
        Basis::Other => "in words alone".to_owned(),
    }
}

fn years(said: &VouchContent) -> String {
    match (said.since, said.until) {
        (Some(since), Some(until)) if since == until => format!("in {since}"),
        (Some(since), Some(until)) => format!("{since} to {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => String::new(),
    }
}

const fn strength(strength: Strength) -> &'static str {
    match strength.number() {
        1 => "with some reserve",
        2 => "firmly",
        _ => "without reserve",
    }
}

/// What somebody has to gain; `concerns_me` if I am one of the two.
fn interest(said: &VouchContent, theirs: &str, concerns_me: bool) -> String {
    let kind = match (said.interest, concerns_me) {
        (Interest::None, _) => return format!("no interest of {theirs}s in it"),
        (Interest::Family, true) => "you are relatives",
        (Interest::Family, false) => "they are relatives",
        (Interest::Financial, true) => "money flows between the two of you",
        (Interest::Financial, false) => "money flows between them",
        (Interest::Employer, true) => "one of you works for the other",
        (Interest::Employer, false) => "one works for the other",
        (Interest::Other, _) => "another one",
    };
    let words = said.interest_words.as_ref().map(Line::as_str);
    words.map_or_else(|| kind.to_owned(), |words| format!("{kind} ({words})"))
}

fn evidence(read: &dyn Read, me: IdentityId, key: VouchKey, evidence: &[Evidence]) -> Result<Vec<String>> {
    let other = if key.issuer == me { key.subject } else { key.issuer };
    let meetings = match by_identity(read, other)? {
        Some(person) if key.issuer == me || key.subject == me => meetings_with(read, person.id)?,
        _ => Vec::new(),
    };
    let is_mine = key.issuer == me;
    Ok(evidence.iter().map(|evidence| one_evidence(evidence, &meetings, is_mine)).collect())
}

/// A record that is not here may not be anywhere: that it is there is the issuer's word alone.
fn one_evidence(evidence: &Evidence, meetings: &[HeldMeeting], is_mine: bool) -> String {
    let is_it = |held: &&HeldMeeting| {
        let mut ids = [&held.mine, &held.theirs].into_iter().flatten().filter_map(id_of::<Meeting>);
        ids.any(|id| id == evidence.record)
    };
    let held = meetings.iter().find(is_it);
    match (evidence.kind, held, held.and_then(|held| held.meeting.event.as_ref())) {
        (EvidenceKind::Meeting, _, Some(event)) => format!("a meeting that both signed, at {event}"),
        (EvidenceKind::Meeting, Some(_), None) => "a meeting that both signed".to_owned(),
        (EvidenceKind::Meeting, None, None) if is_mine => "a meeting".to_owned(),
        (EvidenceKind::Meeting, None, None) => "a meeting, by their word".to_owned(),
        (EvidenceKind::Introduction, ..) if is_mine => "an introduction".to_owned(),
        (EvidenceKind::Introduction, ..) => "an introduction, by their word".to_owned(),
    }
}
