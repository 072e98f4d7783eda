//! The network on real sockets of the loopback interface. Ana listens; Bo and Chi are hers; Mallory is not.

mod carrying;
mod closing;
mod host;
mod hostile;
mod letters;
mod mailbox;
mod mailboxes;
mod meeting;
mod passing_on;
mod raw;
mod relayed;
mod support;
mod tried;
