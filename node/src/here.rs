//! Where the clock stands for whoever asks: a browser says its time zone, all others have that of the node.
//!
//! A node may live on a server far from its owner. What is due today, which event is on and when somebody wrote are
//! told by the clock of the phone in the owner's hand.

use std::future::Future;

use jiff::tz::TimeZone;

/// Longest name of a time zone.
const NAME: usize = 64;

tokio::task_local! {
    static ZONE: TimeZone;
}

/// The time zone of whoever asks, else that of the node.
pub(crate) fn zone() -> TimeZone {
    ZONE.try_with(TimeZone::clone).unwrap_or_else(|_| TimeZone::system())
}

/// Answers somebody whose clock stands in a time zone, if it is known.
pub(crate) async fn answer<F: Future>(zone: Option<TimeZone>, answer: F) -> F::Output {
    match zone {
        Some(zone) => ZONE.scope(zone, answer).await,
        None => answer.await,
    }
}

/// The time zone with a name of the IANA database, such as `Europe/Lisbon`, if this machine knows it.
pub(crate) fn named(name: &str) -> Option<TimeZone> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    let is_fit = !name.is_empty() && name.len() <= NAME && name.bytes().all(is_name);
    is_fit.then(|| TimeZone::get(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_says_a_zone_is_answered_in_it_and_nobody_else() {
        let lisbon = named("Europe/Lisbon").unwrap();
        let inside = answer(Some(lisbon), async { zone().iana_name().map(str::to_owned) }).await;
        assert_eq!(inside.as_deref(), Some("Europe/Lisbon"));
        assert_eq!(zone(), TimeZone::system());
        assert_eq!(answer(None, async { zone() }).await, TimeZone::system());
        for name in ["", "Nowhere/At_All", "../../etc/passwd", "/etc/localtime", "Europe/Lisbon\n", &"x".repeat(65)] {
            assert!(named(name).is_none(), "{name:?}");
        }
    }
}
