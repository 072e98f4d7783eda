//! Names for things: fixed-length ids with one text form.
//!
//! The text form is lower-case base32 without padding (RFC 4648 §6), so it can be read out, typed and
//! shortened: any unambiguous beginning of at least four characters stands for the whole.

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};

/// Declares a fixed-length id.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads the whole text form, in either case.
            pub fn from_text(text: &str) -> Option<Self> {
                BASE32_NOPAD_NOCASE.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
            }

            /// The first eight characters of the text form: enough for one person's people.
            pub fn short(&self) -> String {
                self.to_string().chars().take(8).collect()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl $crate::wire::Wire for $name {
            fn encode(&self, writer: &mut $crate::wire::Writer) {
                writer.bytes(&self.0);
            }

            fn decode(reader: &mut $crate::wire::Reader<'_>) -> Result<Self, $crate::wire::WireError> {
                <[u8; $len] as $crate::wire::Wire>::decode(reader).map(Self)
            }
        }
    };
}

id!(
    /// Who somebody is: SHA-256 of the inception of their key history. Stays for life.
    IdentityId, 32
);
id!(
    /// A signed record: SHA-256 of what was signed (the COSE `Sig_structure`), so that two signatures over the
    /// same statement are one record.
    RecordId, 32
);
id!(
    /// A letter, chosen at random by its sender and kept through every re-sealing.
    LetterId, 16
);
id!(
    /// A person in my own people: local to one home, given before an identity may be known.
    PersonId, 10
);
id!(
    /// An invite that I made.
    InviteId, 10
);
id!(
    /// An event that I go to.
    EventId, 10
);
id!(
    /// One capture, chosen at random by the machine that it was made on, so that it is taken in once.
    CaptureKey, 16
);
id!(
    /// Something that waits on me.
    ItemId, 10
);
id!(
    /// The libp2p peer id of an Ed25519 key, as its 32 key bytes. It names a machine's connection end, never a
    /// person: the two are tied by a node grant alone.
    PeerId, 32
);
id!(
    /// How an initiator says in a hello which shared secret it means, and a depositor under what a parcel lies in a
    /// mailbox.
    Locator, 16
);
id!(
    /// One of the mailboxes that a node holds.
    MailboxId, 16
);
id!(
    /// One introduction, chosen at random by who began it: the asker, or the introducer who had the idea. It means
    /// something only together with the person it came from.
    IntroId, 16
);
id!(
    /// Which of an issuer's vouches one is. A newer vouch in the same slot takes the place of the older one.
    VouchSlot, 4
);
id!(
    /// One hello between two nodes that succeeded.
    SessionId, 16
);
