//! Events on their way to the driver, without ever waiting for it.
//!
//! Why nothing can lock up: effects go driver → network over one bounded channel and events network → driver
//! over another. If each side could wait on a full channel, both could wait for each other. So the swarm's task
//! never waits to deliver an event: what does not fit into the channel is parked here, and the task goes on
//! taking effects; the driver's wait for room in the effect channel is therefore short, whatever it does about
//! events. What is parked has a bound of its own: beyond half of it hellos are not answered; letters that have no
//! answer yet are limited by their number, the next ones are told `Later`; and what remains are outcomes of
//! the driver's own effects. Only a driver that hands in thousands of effects without reading one event loses
//! events here, and its engine has a deadline for each of them.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::event::Event;

pub(super) struct Outlet {
    channel: mpsc::Sender<Event>,
    parked: VecDeque<Event>,
    most: usize,
}

impl Outlet {
    pub(super) fn new(channel: mpsc::Sender<Event>, most: usize) -> Self {
        Self { channel, parked: VecDeque::new(), most }
    }

    /// Hands an event over, now or as soon as there is room.
    pub(super) fn emit(&mut self, event: Event) {
        let event = if self.parked.is_empty() {
            match self.channel.try_send(event) {
                Err(mpsc::error::TrySendError::Full(event)) => event,
                // A driver that is gone needs no events.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        } else {
            event
        };
        self.park(event);
    }

    fn park(&mut self, event: Event) {
        if matches!(event, Event::Listening { .. }) {
            // Only the last word on our addresses counts.
            self.parked.retain(|parked| !matches!(parked, Event::Listening { .. }));
        }
        if self.parked.len() >= self.most {
            tracing::error!(parked = self.parked.len(), "the driver does not read its events; one is lost");
            return;
        }
        self.parked.push_back(event);
    }

    /// True if the driver is so far behind that nothing should be begun.
    pub(super) fn is_crowded(&self) -> bool {
        self.parked.len() >= self.most / 2
    }

    /// True if something waits for [`Outlet::deliver`].
    pub(super) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Where room is waited for.
    pub(super) fn channel(&self) -> mpsc::Sender<Event> {
        self.channel.clone()
    }

    /// Moves what is parked into the channel, as far as it fits.
    pub(super) fn deliver(&mut self) {
        while let Some(event) = self.parked.pop_front() {
            match self.channel.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.parked.push_front(event);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => self.parked.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_protocol::id::SessionId;

    fn closed(n: u8) -> Event {
        Event::SessionClosed { session: SessionId([n; 16]) }
    }

    #[tokio::test]
    async fn events_keep_their_order_and_their_bound() {
        let (sender, mut driver) = mpsc::channel(2);
        let mut outlet = Outlet::new(sender, 3);
        for n in 0..9 {
            outlet.emit(closed(n));
        }
        assert!(outlet.is_crowded());
        let mut read = Vec::new();
        while let Ok(event) = driver.try_recv() {
            read.push(event);
            outlet.deliver();
        }
        assert_eq!(read, (0..5).map(closed).collect::<Vec<_>>());
        assert!(!outlet.has_parked());
    }
}
