//! The ports that a router has opened for us.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::gateway::{CONFLICT, FOR_EVER_ONLY, Gateway, Kind, Refusal};

/// How long a port stays open when nobody asks again, in seconds: as long as it leads to a machine that went away
/// without a word.
const LEASE: u32 = 60 * 60;
/// Ports that are tried when others at home have the one that is wanted.
const TRIES: u16 = 4;

/// A port of ours.
pub(super) type Port = (Kind, u16);

/// What is opened, or is to be.
#[derive(Debug)]
pub(super) struct Opening {
    pub gateway: Gateway,
    pub inside: BTreeSet<Port>,
    /// The router's own address outside.
    pub address: Ipv4Addr,
    /// How far the ports outside are from those inside.
    shift: u16,
    lease: u32,
}

impl Opening {
    /// Asks a router, whose address outside this is, for all the ports, or the next ones if others have them.
    pub(super) async fn open(gateway: Gateway, address: Ipv4Addr, inside: BTreeSet<Port>) -> Result<Self, Refusal> {
        let mut opening = Self { gateway, inside, address, shift: 0, lease: LEASE };
        loop {
            match opening.ask().await {
                Ok(()) => return Ok(opening),
                Err(Refusal::Refused(FOR_EVER_ONLY)) if opening.lease > 0 => opening.lease = 0,
                Err(Refusal::Refused(CONFLICT)) if opening.shift + 1 < TRIES => opening.shift += 1,
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Asks again before the router forgets; it may have been restarted, too.
    pub(super) async fn renew(&mut self) -> Result<(), Refusal> {
        self.address = self.gateway.outside().await?;
        self.ask().await
    }

    /// Opens all of them, or none.
    async fn ask(&self) -> Result<(), Refusal> {
        let mut opened = Vec::new();
        for ((kind, inside), (_, outside)) in self.inside.iter().zip(self.outside()) {
            if let Err(refusal) = self.gateway.open(*kind, outside, *inside, self.lease).await {
                for (kind, outside) in opened {
                    // What stays open ends with its lease.
                    let _ = self.gateway.close(kind, outside).await;
                }
                return Err(refusal);
            }
            opened.push((*kind, outside));
        }
        Ok(())
    }

    /// Gives the ports back. A router that is gone needs no telling.
    pub(super) async fn close(self) {
        for (kind, outside) in self.outside() {
            if let Err(error) = self.gateway.close(kind, outside).await {
                tracing::debug!(router = %self.gateway.at, %error, "a port was not given back");
            }
        }
    }

    /// The ports outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = Port> {
        self.inside.iter().map(|(kind, port)| (*kind, port.checked_add(self.shift).unwrap_or(*port)))
    }
}
