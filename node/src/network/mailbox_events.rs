//! What happens on /kith/mailbox/1: answers go to who asked, requests to who holds.

use kith_protocol::mailbox::{Request, Response};
use libp2p::request_response::{self, Message, OutboundFailure};

use super::task::Task;

type MailboxEvent = request_response::Event<Request, Response>;

impl Task {
    pub(super) fn on_mailbox_event(&mut self, event: MailboxEvent) {
        match event {
            MailboxEvent::Message { message: Message::Response { request_id, response }, .. } => {
                let is_told = self.on_errand_answered(request_id, Some(&response))
                    || self.on_carried(request_id, Some(&response));
                if !is_told {
                    self.on_host_answered(request_id, Some(response));
                }
            }
            MailboxEvent::OutboundFailure { peer, request_id, error, .. } => {
                tracing::debug!(%error, "a host did not answer");
                let is_gone = matches!(error, OutboundFailure::ConnectionClosed | OutboundFailure::DialFailure);
                let is_told = is_gone && self.try_errand_again(request_id)
                    || self.on_errand_answered(request_id, None)
                    || self.on_carried(request_id, None)
                    || is_gone && self.stays(&peer) && self.ask_host_again(request_id);
                if !is_told {
                    self.on_host_answered(request_id, None);
                }
            }
            MailboxEvent::Message { peer, message: Message::Request { request_id, request, channel }, .. } => {
                self.on_asked_as_host(peer, request_id, request, channel);
            }
            MailboxEvent::InboundFailure { peer, request_id, .. } => self.on_asking_ended(peer, request_id),
            MailboxEvent::ResponseSent { .. } => {}
        }
    }
}
