//! Visitors without a node, who leave their card on somebody's page.

use kith_protocol::card::{Field, FieldKind};
use kith_protocol::engine::Error;
use kith_protocol::engine::guests::{Leaving, LeftCard, LeftSecret, Message, left_card};
use kith_protocol::text::Line;

use super::home::Who;
use super::world::World;

/// A visitor, with the secret that their form came with.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// What takes back what they leave.
    pub secret: LeftSecret,
    /// What they call themselves.
    pub name: &'static str,
    /// Their address.
    pub email: &'static str,
    /// What they say.
    pub message: &'static str,
}

impl World {
    /// A visitor leaves their card.
    pub fn leaves(&mut self, at: Who, visitor: Visitor) -> LeftCard {
        self.tries_to_leave(at, visitor).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A visitor leaves a card that may be refused. After a crash the form is sent again.
    pub fn tries_to_leave(&mut self, at: Who, visitor: Visitor) -> Result<LeftCard, Error> {
        self.tries(at, |turn| {
            turn.leave_card(Leaving {
                secret: visitor.secret,
                name: Line::new(visitor.name)?,
                lines: vec![Field { kind: FieldKind::Email, value: Line::new(visitor.email)? }],
                message: Message::new(visitor.message)?,
            })
        })
    }

    /// What the visitor sees of what they left.
    pub fn left_by(&self, at: Who, visitor: Visitor) -> Option<LeftCard> {
        left_card(&self.home(at).store, &visitor.secret).unwrap()
    }

    /// The visitor takes it back.
    pub fn takes_back(&mut self, at: Who, visitor: Visitor) {
        self.does(at, |turn| turn.take_back_left(&visitor.secret).map(drop));
    }
}
