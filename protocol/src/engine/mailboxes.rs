//! Mailboxes of mine at contacts' nodes.

use super::effect::{Errand, Left};
use super::error::Result;
use super::turn::Turn;
use crate::id::{Locator, PeerId};

impl Turn<'_> {
    /// A mailbox of mine is open at this node.
    pub fn mailbox_opened(&mut self, _host: PeerId) -> Result<()> {
        Ok(())
    }

    /// This node holds no mailbox for me.
    pub fn mailbox_refused(&mut self, _host: PeerId) -> Result<()> {
        Ok(())
    }

    /// A node with a mailbox of mine cannot be reached now.
    pub fn mailbox_lost(&mut self, _host: PeerId) -> Result<()> {
        Ok(())
    }

    /// Something lay in a mailbox of mine.
    pub fn parcel_arrived(&mut self, _host: PeerId, _number: u64, _label: Locator, _parcel: &[u8]) -> Result<()> {
        Ok(())
    }

    /// What I wanted to leave in a mailbox of somebody lies there, or does not.
    pub fn parcel_left(&mut self, _errand: Errand, _outcome: Left) -> Result<()> {
        Ok(())
    }
}
