//! How long the other side may have us wait.
//!
//! quinn keeps a connection that is over for three of its timeouts (RFC 9000 §10.2), and to each it adds what the other side
//! says that its acknowledgements may take: up to sixteen seconds. Who says that and hangs up would have us keep it for
//! most of a minute. So a caller who wants more than a tenth of a second is turned away.

use std::any::Any;
use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::crypto::{
    self, ExportKeyingMaterialError, HeaderKey, KeyPair, Keys, PacketKey, Session, UnsupportedVersion,
};
use quinn::{ConnectionId, Side, TransportErrorCode};
use quinn_proto::TransportError;
use quinn_proto::transport_parameters::TransportParameters;

/// The most that acknowledgements may take, in milliseconds. By default it is 25 (RFC 9000 §18.2).
pub(super) const MOST_MS: u64 = 100;
/// The number of the parameter that says so.
const MAX_ACK_DELAY: u64 = 0x0b;

/// TLS as it is, for callers with patience.
pub(super) struct Impatient(pub(super) Arc<QuicServerConfig>);

impl crypto::ServerConfig for Impatient {
    fn initial_keys(&self, version: u32, dst_cid: &ConnectionId) -> Result<Keys, UnsupportedVersion> {
        self.0.initial_keys(version, dst_cid)
    }

    fn retry_tag(&self, version: u32, orig_dst_cid: &ConnectionId, packet: &[u8]) -> [u8; 16] {
        self.0.retry_tag(version, orig_dst_cid, packet)
    }

    fn start_session(self: Arc<Self>, version: u32, params: &TransportParameters) -> Box<dyn Session> {
        Box::new(Checked(self.0.clone().start_session(version, params)))
    }
}

struct Checked(Box<dyn Session>);

impl Session for Checked {
    fn transport_parameters(&self) -> Result<Option<TransportParameters>, TransportError> {
        let theirs = self.0.transport_parameters()?;
        if theirs.as_ref().and_then(max_ack_delay).is_some_and(|delay| delay > MOST_MS) {
            return Err(TransportErrorCode::TRANSPORT_PARAMETER_ERROR.into());
        }
        Ok(theirs)
    }

    fn initial_keys(&self, dst_cid: &ConnectionId, side: Side) -> Keys {
        self.0.initial_keys(dst_cid, side)
    }

    fn handshake_data(&self) -> Option<Box<dyn Any>> {
        self.0.handshake_data()
    }

    fn peer_identity(&self) -> Option<Box<dyn Any>> {
        self.0.peer_identity()
    }

    fn early_crypto(&self) -> Option<(Box<dyn HeaderKey>, Box<dyn PacketKey>)> {
        self.0.early_crypto()
    }

    fn early_data_accepted(&self) -> Option<bool> {
        self.0.early_data_accepted()
    }

    fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    fn read_handshake(&mut self, buf: &[u8]) -> Result<bool, TransportError> {
        self.0.read_handshake(buf)
    }

    fn write_handshake(&mut self, buf: &mut Vec<u8>) -> Option<Keys> {
        self.0.write_handshake(buf)
    }

    fn next_1rtt_keys(&mut self) -> Option<KeyPair<Box<dyn PacketKey>>> {
        self.0.next_1rtt_keys()
    }

    fn is_valid_retry(&self, orig_dst_cid: &ConnectionId, header: &[u8], payload: &[u8]) -> bool {
        self.0.is_valid_retry(orig_dst_cid, header, payload)
    }

    fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: &[u8],
    ) -> Result<(), ExportKeyingMaterialError> {
        self.0.export_keying_material(output, label, context)
    }
}

/// What they say that their acknowledgements may take, in milliseconds; `None` if they say nothing. quinn tells it to nobody
/// but itself, and writes it down for who sends it on.
fn max_ack_delay(parameters: &TransportParameters) -> Option<u64> {
    let mut written = Vec::new();
    parameters.write(&mut written);
    let mut rest = written.as_slice();
    while !rest.is_empty() {
        let (id, length) = (number(&mut rest)?, number(&mut rest)?);
        let (mut value, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        if id == MAX_ACK_DELAY {
            return number(&mut value);
        }
        rest = after;
    }
    None
}

/// A number of variable length (RFC 9000 §16).
fn number(rest: &mut &[u8]) -> Option<u64> {
    let length = 1 << (rest.first()? >> 6);
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    let written = bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    Some(written & (u64::MAX >> (66 - 8 * length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_they_say_of_their_patience_is_read() {
        for (written, delay) in [
            (&[0x0b, 0x02, 0x7f, 0xff][..], Some(16_383)),
            (&[0x01, 0x02, 0x67, 0x10, 0x0b, 0x01, 0x1e], Some(30)),
            (&[0x0b, 0x01, 0x19], None),
            (&[0x01, 0x02, 0x67, 0x10], None),
        ] {
            let parameters = TransportParameters::read(Side::Server, &mut &*written).unwrap();
            // What is as by default, 25, is not written.
            assert_eq!(max_ack_delay(&parameters), delay, "{written:x?}");
        }
    }

    #[test]
    fn numbers_have_four_lengths() {
        for (written, value) in [
            (&[0x25][..], 37),
            (&[0x7b, 0xbd], 15_293),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c], 151_288_809_941_952_652),
        ] {
            assert_eq!(number(&mut &*written), Some(value));
            assert_eq!(number(&mut &written[..written.len() - 1]), None);
        }
    }
}
