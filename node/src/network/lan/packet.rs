//! What is said on the network: DNS messages (RFC 1035, RFC 6762) as the mDNS of libp2p writes them, so that a node looks
//! like any other program that is built on it.
//!
//! Reading follows no pointers, so no message can send it in circles: of names only the end is looked for.

use kith_protocol::address::Hint;
use kith_protocol::id::PeerId;
use kith_protocol::limits;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::network::{addresses, peer};

/// Longest message that is read: four times what a node of ours says.
pub(super) const LONGEST: usize = 2_048;
/// Addresses that are looked at in one message, whoever they are of.
const MOST_ADDRESSES: usize = 2 * limits::NEARBY_ADDRESSES;
/// For how long an answer may be believed, in seconds; ours forget it by themselves after the same time.
const LIFE: u32 = 60;

/// `_p2p._udp.local`.
const SERVICE: &[u8] = b"\x04_p2p\x04_udp\x05local\0";
const PTR: u16 = 12;
const TXT: u16 = 16;
const IN: u16 = 1;
/// The class of a record that nobody else has.
const IN_UNIQUE: u16 = 0x8001;
const ANSWER: u16 = 0x8400;
const IS_ANSWER: u16 = 0x8000;
const BEFORE_ADDRESS: &[u8] = b"dnsaddr=";

/// What somebody said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Who is there?
    Question,
    /// These are.
    Names(Vec<(PeerId, Hint)>),
}

/// The question who is there.
pub(super) fn question() -> Vec<u8> {
    let mut bytes = head(0, [1, 0, 0, 0]);
    bytes.extend_from_slice(SERVICE);
    push(&mut bytes, &[PTR, IN]);
    bytes
}

/// The answer of who goes by this name at these addresses.
pub(super) fn answer(name: &PeerId, at: &[Multiaddr]) -> Option<Vec<u8>> {
    let last = Protocol::P2p(peer::to_libp2p(name)?);
    let at: Vec<Multiaddr> = at.iter().take(MOST_ADDRESSES).map(|one| one.clone().with(last.clone())).collect();
    let mut bytes = head(ANSWER, [0, 1, 0, u16::try_from(at.len()).ok()?]);
    let label = name.to_string();
    let owner = [&[u8::try_from(label.len()).ok()?], label.as_bytes(), SERVICE].concat();
    record(&mut bytes, SERVICE, [PTR, IN], &owner)?;
    for address in at {
        let text = [BEFORE_ADDRESS, address.to_string().as_bytes()].concat();
        record(&mut bytes, &owner, [TXT, IN_UNIQUE], &[&[u8::try_from(text.len()).ok()?], &text[..]].concat())?;
    }
    Some(bytes)
}

fn head(flags: u16, counts: [u16; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, &[0, flags]);
    push(&mut bytes, &counts);
    bytes
}

fn record(bytes: &mut Vec<u8>, owner: &[u8], kind: [u16; 2], data: &[u8]) -> Option<()> {
    bytes.extend_from_slice(owner);
    push(bytes, &kind);
    bytes.extend_from_slice(&LIFE.to_be_bytes());
    push(bytes, &[u16::try_from(data.len()).ok()?]);
    bytes.extend_from_slice(data);
    Some(())
}

fn push(bytes: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
}

/// Reads a message; `None` if it is none, or about something else.
pub(super) fn read(bytes: &[u8]) -> Option<Said> {
    let mut reader = Reader(bytes);
    let [_, flags, questions, answers, authorities, additional] = reader.numbers()?;
    if flags & IS_ANSWER == 0 {
        let name = reader.0.get(..SERVICE.len())?;
        return (questions > 0 && name.eq_ignore_ascii_case(SERVICE)).then_some(Said::Question);
    }
    for _ in 0..questions {
        reader.name()?;
        let [_, _] = reader.numbers()?;
    }
    let mut names = Vec::new();
    for _ in 0..u32::from(answers) + u32::from(authorities) + u32::from(additional) {
        reader.name()?;
        let [kind, _, _, _, length] = reader.numbers()?;
        let data = reader.take(usize::from(length))?;
        if kind == TXT {
            names.extend(Texts(data).filter_map(name_and_place).take(MOST_ADDRESSES - names.len()));
        }
    }
    Some(Said::Names(names))
}

/// The name and the address of one text, if both are of a kind that nodes of ours use.
fn name_and_place(text: &[u8]) -> Option<(PeerId, Hint)> {
    let address = std::str::from_utf8(text.strip_prefix(BEFORE_ADDRESS)?).ok()?;
    let mut address: Multiaddr = address.parse().ok()?;
    let Protocol::P2p(name) = address.pop()? else { return None };
    Some((peer::from_libp2p(&name)?, addresses::hint(&address)?))
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn numbers<const N: usize>(&mut self) -> Option<[u16; N]> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        }
        Some(numbers)
    }

    /// Passes over a name: labels up to an empty one, or up to a pointer to where it goes on.
    fn name(&mut self) -> Option<()> {
        loop {
            match self.take(1)?.first()? {
                0 => return Some(()),
                length @ 1..=63 => drop(self.take(usize::from(*length))?),
                192.. => return self.take(1).map(drop),
                _ => return None,
            }
        }
    }
}

/// The texts of a record, each behind its length.
struct Texts<'b>(&'b [u8]);

impl<'b> Iterator for Texts<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first()?;
        let (text, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use kith_protocol::nearby::{Day, PresenceSeed};

    fn bo() -> PeerId {
        PresenceSeed::new([2; 32]).name_of(Day(20_563))
    }

    fn at(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_said_is_heard() {
        assert_eq!(read(&question()), Some(Said::Question));
        let places = [at("/ip4/192.168.1.4/tcp/7517"), at("/ip4/192.168.1.4/udp/7517/quic-v1")];
        let said = answer(&bo(), &places).unwrap();
        assert!(said.len() < LONGEST / 4, "{} bytes", said.len());
        let hints = places.map(|place| (bo(), addresses::hint(&place).unwrap()));
        assert_eq!(read(&said), Some(Said::Names(hints.to_vec())));
    }

    #[test]
    fn an_answer_holds_nothing_but_the_name_of_the_day_and_the_addresses() {
        let said = answer(&bo(), &[at("/ip4/192.168.1.4/tcp/7517")]).unwrap();
        let peer = peer::to_libp2p(&bo()).unwrap();
        let text = String::from_utf8_lossy(&said).into_owned();
        let rest = text.replace(&format!("dnsaddr=/ip4/192.168.1.4/tcp/7517/p2p/{peer}"), "");
        let rest = rest.replace(&bo().to_string(), "").replace("_p2p", "").replace("_udp", "").replace("local", "");
        assert!(rest.split(|c: char| !c.is_ascii_alphanumeric()).all(|run| run.len() < 3), "{rest:?}");
    }

    #[test]
    fn a_message_names_few_at_most() {
        let many: Vec<_> = (1..=60).map(|port| at(&format!("/ip4/192.168.1.4/tcp/{port}"))).collect();
        let said = answer(&bo(), &many).unwrap();
        let Some(Said::Names(names)) = read(&said) else { panic!("names") };
        assert_eq!(names.len(), MOST_ADDRESSES);
    }

    #[test]
    fn other_talk_is_passed_over() {
        let printer = [&head(0, [1, 0, 0, 0])[..], b"\x04_ipp\x04_tcp\x05local\0\x00\x0c\x00\x01"].concat();
        assert_eq!(read(&printer), None);
        let pointer = [&head(ANSWER, [0, 0xffff, 0, 0])[..], &[0xc0, 12].repeat(40)].concat();
        assert_eq!(read(&pointer), None, "a name that points to itself");
        for text in ["dnsaddr=/ip4/1.2.3.4/tcp/1", "dnsaddr=", "hello", "dnsaddr=/dns/x/tcp/1/p2p/QmcZf59b"] {
            assert_eq!(name_and_place(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4)) {
            read(&bytes);
            let mut said = answer(&bo(), &[at("/ip4/192.168.1.4/tcp/7517")]).unwrap();
            for (place, byte) in flips {
                let place = place.index(said.len());
                said[place] = byte;
            }
            read(&said);
        }
    }
}
