//! Whoever on a network says that they are a router, one after the other, with what they say of themselves.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use futures::{Stream, stream};
use if_watch::Ipv4Net;

use super::gateway::{Gateway, Refusal};
use super::search::{Location, Search};

/// Machines on one network that say they are routers and are asked.
const ROUTERS: usize = 4;

/// Somebody who says that they are a router, and their address outside.
type Found = (Gateway, Result<Ipv4Addr, Refusal>);

/// Those on one network who say that they are routers, one service after the other.
pub(super) fn routers(network: Ipv4Net) -> impl Stream<Item = Found> + Send {
    stream::unfold(Hunt { network, search: None, services: VecDeque::new(), asked: 0 }, |mut hunt| async move {
        let found = hunt.next().await?;
        Some((found, hunt))
    })
}

/// The search on one network.
struct Hunt {
    network: Ipv4Net,
    search: Option<Search>,
    services: VecDeque<Gateway>,
    asked: usize,
}

impl Hunt {
    async fn next(&mut self) -> Option<Found> {
        while self.services.is_empty() {
            let location = self.location().await?;
            let described = Gateway::describes(self.network.addr(), &location).await;
            self.services.extend(described.unwrap_or_default());
        }
        let gateway = self.services.pop_front()?;
        let outside = gateway.outside().await;
        Some((gateway, outside))
    }

    async fn location(&mut self) -> Option<Location> {
        if self.asked == ROUTERS {
            return None;
        }
        if self.search.is_none() {
            let begun = Search::begin(self.network).await;
            self.search = begun
                .inspect_err(|error| {
                    tracing::debug!(own = %self.network.addr(), %error, "no router can be looked for on a network");
                })
                .ok();
        }
        let location = self.search.as_mut()?.next().await?;
        self.asked += 1;
        Some(location)
    }
}
