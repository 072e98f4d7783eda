//! Browsers that are signed in.

use kith_protocol::crypto::{same, sha256};
use kith_protocol::limits::DAY;
use kith_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How long a browser stays signed in after it was last used: a fair and the way home.
pub const LIFE: u64 = 14 * DAY;
/// Browsers at a time; one more ends the one that was used longest ago.
const MOST: usize = 20;
/// The last use is kept to the hour, so that looking at pages writes nothing.
const ROUND: u64 = 3600;

/// What a browser holds to show that it is signed in. Only its hash is kept.
pub struct Token(pub [u8; 32]);

impl Token {
    fn digest(&self) -> String {
        data_encoding::HEXLOWER.encode(&sha256(&[b"kith/web/session", &self.0]))
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The hash of its token, in hex.
    digest: String,
    /// What it is called, such as "Firefox on Android".
    pub label: String,
    /// When it signed in.
    #[serde(with = "seconds")]
    pub created: Timestamp,
    /// When it was last used, to the hour.
    #[serde(with = "seconds")]
    pub seen: Timestamp,
}

/// A moment as a file holds it: seconds since 1970.
mod seconds {
    use kith_protocol::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        moment.secs().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        u64::deserialize(from).map(Timestamp::from_secs)
    }
}

/// Names a session; of no use for signing in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// As it stands in paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Session {
    /// Its name.
    pub fn id(&self) -> SessionId {
        SessionId(self.digest.chars().take(16).collect())
    }

    /// When it ends if it is not used any more.
    pub const fn ends(&self) -> Timestamp {
        self.seen.plus(LIFE)
    }
}

/// All of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sessions(Vec<Session>);

impl Sessions {
    /// Signs a browser in.
    pub fn begin(&mut self, token: &Token, label: String, now: Timestamp) -> SessionId {
        self.prune(now);
        while self.0.len() >= MOST {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, session)| session.seen).map(|(at, _)| at);
            self.0.remove(oldest.unwrap_or_default());
        }
        let session = Session { digest: token.digest(), label, created: now, seen: now };
        let id = session.id();
        self.0.push(session);
        id
    }

    /// Whose token it is, and whether that is to be written down because an hour has passed.
    pub fn use_one(&mut self, token: &Token, now: Timestamp) -> Option<(SessionId, bool)> {
        let digest = token.digest();
        let session = self.0.iter_mut().find(|session| same(session.digest.as_bytes(), digest.as_bytes()))?;
        if session.ends() <= now {
            return None;
        }
        let is_new = now.since(session.seen) >= ROUND;
        if is_new {
            session.seen = now.minus(now.secs() % ROUND);
        }
        Some((session.id(), is_new))
    }

    /// Those that still count, the one that was used last first.
    pub fn all(&self, now: Timestamp) -> Vec<Session> {
        let mut all: Vec<Session> = self.0.iter().filter(|session| session.ends() > now).cloned().collect();
        all.sort_by_key(|session| std::cmp::Reverse(session.seen));
        all
    }

    /// Ends one. True if there was one.
    pub fn end(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|session| session.id().as_str() != id);
        self.0.len() < before
    }

    /// Ends all but one, or all. Says how many.
    pub fn end_others(&mut self, kept: Option<&SessionId>) -> usize {
        let before = self.0.len();
        self.0.retain(|session| Some(&session.id()) == kept);
        before - self.0.len()
    }

    fn prune(&mut self, now: Timestamp) {
        self.0.retain(|session| session.ends() > now);
    }
}

/// What to call a browser that sends this User-Agent: one of few words, whatever it sends.
pub fn label(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent else { return "a program".to_owned() };
    let known =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    // Most browsers also claim to be others; the one that claims least comes last.
    let browsers = [
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("CriOS", "Chrome"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS", "Mac"),
        ("Windows", "Windows"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ];
    match (known(&browsers), known(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("a browser on {system}"),
        (None, None) => "a browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn a_phone_that_lies_in_a_drawer_for_two_weeks_has_to_sign_in_again() {
        let mut sessions = Sessions::default();
        let (phone, laptop) = (Token([1; 32]), Token([2; 32]));
        sessions.begin(&phone, "phone".into(), at(0));
        sessions.begin(&laptop, "laptop".into(), at(0));
        for day in 1..=14 {
            assert!(sessions.use_one(&phone, at(day * DAY)).is_some_and(|(_, is_new)| is_new));
        }
        assert!(sessions.use_one(&laptop, at(14 * DAY)).is_none());
        assert_eq!(sessions.all(at(14 * DAY)).len(), 1);
        assert_eq!(sessions.use_one(&phone, at(14 * DAY + 60)).map(|(_, is_new)| is_new), Some(false));
    }

    #[test]
    fn one_browser_too_many_ends_the_one_that_was_used_longest_ago() {
        let mut sessions = Sessions::default();
        for n in 0..25u8 {
            sessions.begin(&Token([n; 32]), format!("browser {n}"), at(u64::from(n)));
        }
        assert_eq!(sessions.all(at(60)).len(), MOST);
        assert!(sessions.use_one(&Token([4; 32]), at(60)).is_none());
        assert!(sessions.use_one(&Token([5; 32]), at(60)).is_some());
    }

    #[test]
    fn ending_others_leaves_this_one() {
        let mut sessions = Sessions::default();
        let here = sessions.begin(&Token([1; 32]), "here".into(), at(0));
        let there = sessions.begin(&Token([2; 32]), "there".into(), at(0));
        sessions.begin(&Token([3; 32]), "elsewhere".into(), at(0));
        assert!(sessions.end(there.as_str()) && !sessions.end(there.as_str()));
        assert_eq!(sessions.end_others(Some(&here)), 1);
        assert!(sessions.use_one(&Token([1; 32]), at(1)).is_some());
    }

    #[test]
    fn a_browser_is_called_by_few_words_whatever_it_sends() {
        let agent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";
        assert_eq!(label(Some(agent)), "Chrome on Android");
        let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";
        assert_eq!(label(Some(agent)), "Safari on iPhone");
        assert_eq!(label(Some("<script>alert(1)</script>")), "a browser");
        assert_eq!(label(None), "a program");
    }
}
