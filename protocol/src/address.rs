//! Where a node may be reached, small enough for a QR code.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::id::PeerId;
use crate::text::Line;
use crate::wire::{Reader, Wire, WireError, Writer};

/// Ways in that listen on one address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transports {
    /// TCP with Noise and Yamux.
    Tcp,
    /// QUIC version 1 over UDP.
    Quic,
    /// Both, on the same port number.
    Both,
}

/// The host part of a [`Hint`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// An IPv4 address.
    Ip4(Ipv4Addr),
    /// An IPv6 address.
    Ip6(Ipv6Addr),
    /// A DNS name of at most 64 bytes.
    Dns(Line<64>),
}

/// What the address is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// From anywhere that routes to it.
    Direct,
    /// Only from the same local network.
    Lan,
    /// The plain address of a mailbox that holds the bundle of the person.
    FrontDoor,
    /// The address of another node, this one, which passes on what is for the person. It names a node, so it may stand in
    /// letters, whose readers are contacts, and not in codes.
    Relayed(PeerId),
}

/// One address of a node: at most [`limits::HINT`](crate::limits::HINT) bytes, 7 for IPv4.
///
/// Encoded as one byte string: a tag byte (host kind in bits 0–1, reach in bits 2–3, transports in bits 4–5),
/// two bytes of port, the relay if there is one, then the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hint {
    /// What the address is good for.
    pub reach: Reach,
    /// The host.
    pub host: Host,
    /// The port of every transport.
    pub port: u16,
    /// Which transports listen there.
    pub transports: Transports,
}

impl Hint {
    /// The bytes of this hint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, host): (u8, Vec<u8>) = match &self.host {
            Host::Ip4(ip) => (0, ip.octets().to_vec()),
            Host::Ip6(ip) => (1, ip.octets().to_vec()),
            Host::Dns(name) => (2, name.as_str().as_bytes().to_vec()),
        };
        let reach = match self.reach {
            Reach::Direct => 0,
            Reach::Lan => 1,
            Reach::FrontDoor => 2,
            Reach::Relayed(_) => 3,
        };
        let transports = match self.transports {
            Transports::Both => 0,
            Transports::Tcp => 1,
            Transports::Quic => 2,
        };
        let mut bytes = vec![kind | reach << 2 | transports << 4];
        bytes.extend_from_slice(&self.port.to_be_bytes());
        if let Reach::Relayed(relay) = &self.reach {
            bytes.extend_from_slice(&relay.0);
        }
        bytes.extend_from_slice(&host);
        bytes
    }

    /// Reads the bytes of a hint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let (&[tag, high, low], rest) = bytes.split_first_chunk::<3>().ok_or(WireError::Truncated)?;
        if tag >> 6 != 0 {
            return Err(WireError::OutOfRange("the flags of an address"));
        }
        let (reach, host) = match tag >> 2 & 3 {
            0 => (Reach::Direct, rest),
            1 => (Reach::Lan, rest),
            2 => (Reach::FrontDoor, rest),
            _ => {
                let (relay, host) = rest.split_first_chunk::<32>().ok_or(WireError::Truncated)?;
                (Reach::Relayed(PeerId(*relay)), host)
            }
        };
        let host = match tag & 3 {
            0 => Host::Ip4(<[u8; 4]>::try_from(host).map_err(|_| WireError::Truncated)?.into()),
            1 => Host::Ip6(<[u8; 16]>::try_from(host).map_err(|_| WireError::Truncated)?.into()),
            2 => Host::Dns(dns_name(host)?),
            _ => return Err(WireError::OutOfRange("the kind of an address")),
        };
        let transports = match tag >> 4 & 3 {
            0 => Transports::Both,
            1 => Transports::Tcp,
            2 => Transports::Quic,
            _ => return Err(WireError::OutOfRange("the transports of an address")),
        };
        Ok(Self { reach, host, port: u16::from_be_bytes([high, low]), transports })
    }
}

impl Hint {
    /// True if it may stand in a code, which must name no node.
    pub const fn fits_in_code(&self) -> bool {
        !matches!(self.reach, Reach::Relayed(_))
    }
}

/// Letters, digits, dots and hyphens: what a resolver takes.
fn dns_name(bytes: &[u8]) -> Result<Line<64>, WireError> {
    let text = std::str::from_utf8(bytes).map_err(|_| WireError::BadText)?;
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-') {
        return Err(WireError::BadText);
    }
    Line::new(text).map_err(|_| WireError::BadText)
}

impl Wire for Hint {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.to_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::from_bytes(reader.bytes()?)
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Ip4(ip) => write!(f, "{ip}:{}", self.port),
            Host::Ip6(ip) => write!(f, "[{ip}]:{}", self.port),
            Host::Dns(name) => write!(f, "{name}:{}", self.port),
        }
    }
}
