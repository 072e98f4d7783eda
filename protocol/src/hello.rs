//! /kith/hello/1: two nodes find out whether they share a secret, without telling anyone who they are.
//!
//! ```text
//! initiator → responder   Open  { locator 16, nonce 16, tag 16 }
//! responder → initiator   Reply { nonce 16, proof 32 }             or the stream closes without a word
//! initiator → responder   Prove { nonce of the initiator 16, proof 32 }
//! responder → initiator   Welcome
//! ```
//!
//! The initiator need not wait for the last message: it may send a letter right behind its proof, and the letter's
//! session id, which only who holds the secret can name, proves as much.
//!
//! The connection under it has already authenticated both peer ids. Every tag covers both of them, so a hello
//! recorded on one connection is worth nothing on another; the responder's fresh nonce makes a repeated one
//! worthless on the same. The responder proves first: who only guesses at an address learns nothing.

use crate::crypto::{cut, derive, same, sha256, tag};
use crate::id::{Locator, PeerId, SessionId};
use crate::wire::WireError;

/// The secret that both ends of a hello share: of an invite, of a pair of people, or of a recovery door.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// Takes 32 bytes that are already uniform.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storing under encryption.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// How the initiator names this secret.
    pub fn locator(&self) -> Locator {
        Locator(derive(&self.0, b"", "kith/1/hello locator"))
    }

    /// The pre-shared key for letters under this secret.
    pub fn letter_key(&self) -> [u8; 32] {
        derive(&self.0, b"", "kith/1/letter psk")
    }

    fn hello_key(&self) -> [u8; 32] {
        derive(&self.0, b"", "kith/1/hello key")
    }
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSecret(hidden)")
    }
}

impl crate::wire::Wire for SharedSecret {
    fn encode(&self, writer: &mut crate::wire::Writer) {
        writer.bytes(&self.0);
    }

    fn decode(reader: &mut crate::wire::Reader<'_>) -> Result<Self, WireError> {
        <[u8; 32]>::decode(reader).map(Self)
    }
}

/// A random number used once.
pub type Nonce = [u8; 16];

/// First message, 49 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Which secret is meant.
    pub locator: Locator,
    /// Chosen by the initiator.
    pub nonce: Nonce,
    /// Shows that the initiator holds the secret, so that the responder's proof is not to be had for a mere
    /// locator.
    pub tag: [u8; 16],
}

/// Second message, 49 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Chosen by the responder.
    pub nonce: Nonce,
    /// Over the binding.
    pub proof: [u8; 32],
}

/// Third message, 49 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prove {
    /// The initiator's nonce again, which tells the responder which hello is meant.
    pub nonce: Nonce,
    /// Over the binding.
    pub proof: [u8; 32],
}

/// What an initiator sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// First message.
    Open(Open),
    /// Third message.
    Prove(Prove),
}

/// What a responder sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Second message.
    Reply(Reply),
    /// Fourth message, 1 byte: letters may follow.
    Welcome,
}

/// The longest request or response.
pub const MESSAGE: usize = 49;

impl Request {
    /// The bytes on the wire: a kind and the fields in order.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Open(open) => [&[1][..], &open.locator.0, &open.nonce, &open.tag].concat(),
            Self::Prove(prove) => [&[3][..], &prove.nonce, &prove.proof].concat(),
        }
    }

    /// Reads exactly one request.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut fields = Fields(bytes);
        let request = match fields.take::<1>()? {
            [1] => Self::Open(Open { locator: Locator(fields.take()?), nonce: fields.take()?, tag: fields.take()? }),
            [3] => Self::Prove(Prove { nonce: fields.take()?, proof: fields.take()? }),
            _ => return Err(WireError::OutOfRange("the kind of a hello")),
        };
        fields.end().map(|()| request)
    }
}

impl Response {
    /// The bytes on the wire: a kind and the fields in order.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Reply(reply) => [&[2][..], &reply.nonce, &reply.proof].concat(),
            Self::Welcome => vec![4],
        }
    }

    /// Reads exactly one response.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut fields = Fields(bytes);
        let response = match fields.take::<1>()? {
            [2] => Self::Reply(Reply { nonce: fields.take()?, proof: fields.take()? }),
            [4] => Self::Welcome,
            _ => return Err(WireError::OutOfRange("the kind of a hello")),
        };
        fields.end().map(|()| response)
    }
}

struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(WireError::Truncated)?;
        self.0 = rest;
        Ok(*field)
    }

    fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() { Ok(()) } else { Err(WireError::Trailing) }
    }
}

/// The two ends of the connection, as its handshake authenticated them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who dialled the hello.
    pub initiator: PeerId,
    /// Who answers it.
    pub responder: PeerId,
}

impl Ends {
    fn opening_tag(&self, secret: &SharedSecret, nonce: &Nonce) -> [u8; 16] {
        cut(&tag(&secret.hello_key(), "kith/1/hello open", &[&self.initiator.0, &self.responder.0, nonce]))
    }

    /// Both peer ids and both nonces in one value that no other hello has.
    fn binding(&self, ours: &Nonce, theirs: &Nonce) -> [u8; 32] {
        sha256(&[b"kith/1/hello binding", &self.initiator.0, &self.responder.0, ours, theirs])
    }
}

fn proof(secret: &SharedSecret, role: &str, binding: &[u8; 32]) -> [u8; 32] {
    tag(&secret.hello_key(), role, &[binding])
}

fn session(secret: &SharedSecret, binding: &[u8; 32]) -> SessionId {
    SessionId(cut(&tag(&secret.hello_key(), "kith/1/hello session", &[binding])))
}

const RESPONDER: &str = "kith/1/hello responder";
const INITIATOR: &str = "kith/1/hello initiator";

/// The initiator's side between its two messages.
#[derive(Clone, Debug)]
pub struct Initiator {
    secret: SharedSecret,
    ends: Ends,
    nonce: Nonce,
}

impl Initiator {
    /// Begins a hello.
    pub fn begin(secret: SharedSecret, ends: Ends, nonce: Nonce) -> (Self, Open) {
        let open = Open { locator: secret.locator(), nonce, tag: ends.opening_tag(&secret, &nonce) };
        (Self { secret, ends, nonce }, open)
    }

    /// Checks the responder's proof and answers with ours; `None` if the responder does not hold the secret.
    pub fn prove(&self, reply: &Reply) -> Option<(Prove, SessionId)> {
        let binding = self.ends.binding(&self.nonce, &reply.nonce);
        if !same(&proof(&self.secret, RESPONDER, &binding), &reply.proof) {
            return None;
        }
        let prove = Prove { nonce: self.nonce, proof: proof(&self.secret, INITIATOR, &binding) };
        Some((prove, session(&self.secret, &binding)))
    }
}

/// The responder's side between its two messages.
#[derive(Clone, Debug)]
pub struct Responder {
    secret: SharedSecret,
    binding: [u8; 32],
    initiator_nonce: Nonce,
}

impl Responder {
    /// Answers an [`Open`] whose locator means `secret`; `None` if its sender does not hold the secret.
    pub fn reply(secret: SharedSecret, ends: Ends, open: &Open, nonce: Nonce) -> Option<(Self, Reply)> {
        if !same(&ends.opening_tag(&secret, &open.nonce), &open.tag) {
            return None;
        }
        let binding = ends.binding(&open.nonce, &nonce);
        let reply = Reply { nonce, proof: proof(&secret, RESPONDER, &binding) };
        Some((Self { secret, binding, initiator_nonce: open.nonce }, reply))
    }

    /// The nonce by which a later [`Prove`] names this hello.
    pub fn initiator_nonce(&self) -> &Nonce {
        &self.initiator_nonce
    }

    /// The session that this hello leads to. Only who holds the secret can name it, so naming it is a proof, too.
    pub fn session(&self) -> SessionId {
        session(&self.secret, &self.binding)
    }

    /// Checks the initiator's proof; `None` if it is not one.
    pub fn welcome(&self, prove: &Prove) -> Option<SessionId> {
        let proves =
            prove.nonce == self.initiator_nonce && same(&proof(&self.secret, INITIATOR, &self.binding), &prove.proof);
        proves.then(|| self.session())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: PeerId = PeerId([1; 32]);
    const BO: PeerId = PeerId([2; 32]);
    const MALLORY: PeerId = PeerId([3; 32]);

    fn secret() -> SharedSecret {
        SharedSecret::new([7; 32])
    }

    #[test]
    fn two_who_share_a_secret_agree_on_a_session() {
        let ends = Ends { initiator: BO, responder: ANA };
        let (bo, open) = Initiator::begin(secret(), ends, [1; 16]);
        let (ana, reply) = Responder::reply(secret(), ends, &open, [2; 16]).unwrap();
        let (prove, at_bo) = bo.prove(&reply).unwrap();
        assert_eq!(ana.welcome(&prove), Some(at_bo));
    }

    #[test]
    fn who_does_not_hold_the_secret_gets_no_answer() {
        let ends = Ends { initiator: MALLORY, responder: ANA };
        let (_, mut open) = Initiator::begin(SharedSecret::new([8; 32]), ends, [1; 16]);
        open.locator = secret().locator();
        assert!(Responder::reply(secret(), ends, &open, [2; 16]).is_none());
    }

    #[test]
    fn a_hello_recorded_by_mallory_opens_nothing_on_her_own_connection() {
        let ends = Ends { initiator: BO, responder: ANA };
        let (bo, open) = Initiator::begin(secret(), ends, [1; 16]);
        let hers = Ends { initiator: MALLORY, responder: ANA };
        assert!(Responder::reply(secret(), hers, &open, [2; 16]).is_none());

        // Nor on Bo's own peer id a second time: Ana's nonce is fresh.
        let (_, reply) = Responder::reply(secret(), ends, &open, [2; 16]).unwrap();
        let (prove, _) = bo.prove(&reply).unwrap();
        let (again, _) = Responder::reply(secret(), ends, &open, [3; 16]).unwrap();
        assert_eq!(again.welcome(&prove), None);
    }

    #[test]
    fn a_proof_cannot_be_reflected() {
        let ends = Ends { initiator: BO, responder: ANA };
        let (_, open) = Initiator::begin(secret(), ends, [1; 16]);
        let (ana, reply) = Responder::reply(secret(), ends, &open, [2; 16]).unwrap();
        assert_eq!(ana.welcome(&Prove { nonce: [1; 16], proof: reply.proof }), None);
    }

    #[test]
    fn messages_come_back_from_their_bytes_and_nothing_else_does() {
        let ends = Ends { initiator: BO, responder: ANA };
        let (bo, open) = Initiator::begin(secret(), ends, [1; 16]);
        let (_, reply) = Responder::reply(secret(), ends, &open, [2; 16]).unwrap();
        let (prove, _) = bo.prove(&reply).unwrap();
        for request in [Request::Open(open), Request::Prove(prove)] {
            let bytes = request.to_bytes();
            assert_eq!(bytes.len(), MESSAGE);
            assert_eq!(Request::from_bytes(&bytes), Ok(request));
            assert!(Request::from_bytes(&bytes[1..]).is_err());
            assert_eq!(Request::from_bytes(&[&bytes[..], &[0]].concat()), Err(WireError::Trailing));
        }
        for response in [Response::Reply(reply), Response::Welcome] {
            assert_eq!(Response::from_bytes(&response.to_bytes()), Ok(response));
        }
    }
}
