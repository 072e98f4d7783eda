//! Ways in that end soon: the owner's link and the phone's code. They are in memory only, and end with the node.

use kith_protocol::crypto::{same, sha256};
use kith_protocol::limits::MINUTE;
use kith_protocol::time::Timestamp;

/// How long they count.
pub const LIFE: u64 = 10 * MINUTE;
/// Links at a time; one more ends the first.
const LINKS: usize = 8;
/// How often a phone's code counts: once in the browser, once in the app on the home screen, which does not share
/// what the browser knows.
pub const PHONE_USES: u8 = 2;
/// Wrong codes after which the right one does not count any more: a guess is right once in 65 thousand million times.
const WRONG: u8 = 10;
/// Nothing that looks like something else, 30 of them.
const ALPHABET: &[u8; 30] = b"ABCDEFGHJKMNPQRSTVWXYZ23456789";
/// Characters of a phone's code.
pub const CODE: usize = 8;

/// The ways in that are open.
#[derive(Debug, Default)]
pub struct Tickets {
    links: Vec<Ticket>,
    phone: Option<Ticket>,
    wrong: u8,
}

#[derive(Debug)]
struct Ticket {
    digest: [u8; 32],
    until: Timestamp,
    uses: u8,
}

impl Ticket {
    fn new(text: &str, uses: u8, now: Timestamp) -> Self {
        Self { digest: digest(text), until: now.plus(LIFE), uses }
    }

    /// Uses it once if this is it.
    fn redeem(&mut self, wanted: &[u8; 32], now: Timestamp) -> bool {
        let is_it = same(&self.digest, wanted) && self.counts(now);
        if is_it {
            self.uses -= 1;
        }
        is_it
    }

    fn counts(&self, now: Timestamp) -> bool {
        self.uses > 0 && self.until > now
    }
}

impl Tickets {
    /// A link for the owner, for one use. `random` is to be of the operating system.
    pub fn link(&mut self, random: [u8; 32], now: Timestamp) -> String {
        let text = data_encoding::BASE32_NOPAD.encode(&random);
        self.links.retain(|link| link.counts(now));
        if self.links.len() >= LINKS {
            self.links.remove(0);
        }
        self.links.push(Ticket::new(&text, 1, now));
        text
    }

    /// A code for a phone. The one before it does not count any more.
    pub fn phone(&mut self, random: impl FnMut() -> [u8; 32], now: Timestamp) -> String {
        let code = code(random);
        self.phone = Some(Ticket::new(&code, PHONE_USES, now));
        self.wrong = 0;
        code
    }

    /// True if this is a link; it has then been used.
    pub fn redeem_link(&mut self, text: &str, now: Timestamp) -> bool {
        let wanted = digest(&plain(text));
        // Every one is looked at, so that the time tells nothing.
        self.links.iter_mut().filter_map(|link| link.redeem(&wanted, now).then_some(())).count() > 0
    }

    /// True if this is a way in; it has then been used once.
    pub fn redeem(&mut self, text: &str, now: Timestamp) -> bool {
        let wanted = digest(&plain(text));
        let by_link = self.redeem_link(text, now);
        let by_code = self.phone.as_mut().is_some_and(|phone| phone.redeem(&wanted, now));
        if by_link || by_code {
            return true;
        }
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong >= WRONG {
            self.phone = None;
        }
        false
    }
}

/// As people read it out: in two halves.
pub fn in_halves(code: &str) -> String {
    match code.split_at_checked(CODE / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

/// What was typed, without what people add.
fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>().to_ascii_uppercase()
}

fn digest(text: &str) -> [u8; 32] {
    sha256(&[b"kith/web/ticket", text.as_bytes()])
}

/// Each character is as likely as any other: bytes beyond a multiple of 30 are left out.
fn code(mut random: impl FnMut() -> [u8; 32]) -> String {
    let most = u8::MAX - u8::MAX % 30;
    let mut code = String::new();
    while code.len() < CODE {
        let fair = random().into_iter().filter(|byte| *byte < most);
        let chosen = fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 30)));
        code.extend(chosen.map(|byte| char::from(*byte)).take(CODE - code.len()));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn the_owners_link_opens_once_and_for_ten_minutes() {
        let mut tickets = Tickets::default();
        let link = tickets.link([1; 32], at(0));
        assert!(tickets.redeem(&link.to_ascii_lowercase(), at(599)));
        assert!(!tickets.redeem(&link, at(599)), "used");
        let link = tickets.link([2; 32], at(0));
        assert!(!tickets.redeem(&link, at(600)), "too late");
    }

    #[test]
    fn a_phones_code_opens_twice_however_it_is_typed_and_never_a_third_time() {
        let mut tickets = Tickets::default();
        let code = tickets.phone(crate::machine::random, at(0));
        assert_eq!(code.len(), CODE);
        let shown = in_halves(&code);
        assert!(shown.as_bytes()[4] == b'-', "{shown}");
        assert!(tickets.redeem(&shown, at(1)));
        assert!(tickets.redeem(&format!(" {} ", shown.to_lowercase().replace('-', " ")), at(2)));
        assert!(!tickets.redeem(&shown, at(3)));
    }

    #[test]
    fn ten_wrong_guesses_burn_the_code_but_not_the_owners_link() {
        let mut tickets = Tickets::default();
        let (code, link) = (tickets.phone(crate::machine::random, at(0)), tickets.link([1; 32], at(0)));
        for _ in 0..10 {
            assert!(!tickets.redeem("AAAA-AAAA", at(1)));
        }
        assert!(!tickets.redeem(&code, at(2)), "burnt");
        assert!(tickets.redeem(&link, at(3)));
        let fresh = tickets.phone(crate::machine::random, at(4));
        assert!(tickets.redeem(&fresh, at(5)));
    }

    #[test]
    fn a_fresh_code_ends_the_one_before_it_and_links_are_bounded() {
        let mut tickets = Tickets::default();
        let first = tickets.phone(crate::machine::random, at(0));
        tickets.phone(crate::machine::random, at(1));
        assert!(!tickets.redeem(&first, at(2)));
        let links: Vec<String> = (0..20).map(|n| tickets.link([n; 32], at(3))).collect();
        assert_eq!(tickets.links.len(), LINKS);
        assert!(!tickets.redeem(&links[0], at(4)) && tickets.redeem(&links[19], at(4)));
    }
}
