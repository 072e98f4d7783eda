//! `kith status`, `kith doctor`.

use kith_node::api::{Finding, Health, StatusForm};
use kith_node::home::Home;

use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;

/// What the running node is and does.
pub async fn status(home: &Home, json: bool) -> Result<(), Trouble> {
    let client = Client::of_running_node(home)?;
    let status: StatusForm = client.get("/status").await?;
    if json {
        return out::json(&status);
    }
    out::say(format!("{}'s node, version {}", status.name, status.version));
    out::say(format!("  identity   {}", status.identity));
    out::say(format!("  home       {}", status.home));
    out::say(format!("  node       {}", status.node));
    for address in &status.listening {
        out::say(format!("  listening  {address}"));
    }
    for address in &status.addresses {
        out::say(format!("  address    {address}"));
    }
    for relay in &status.reached_through {
        out::say(format!("  reached    through the node of {relay}"));
    }
    out::say(format!(
        "  people     {} contacts of {} people, {} connected now",
        status.contacts, status.people, status.connected
    ));
    status.event_mode.iter().for_each(out::event_mode);
    out::say(format!("  waiting    {} in the inbox, {} letters in the outbox", status.inbox, status.outbox));
    Ok(())
}

/// Everything that can go wrong.
pub async fn doctor(client: &Client, json: bool) -> Result<(), Trouble> {
    let findings: Vec<Finding> = client.get("/doctor").await?;
    if json {
        out::json(&findings)?;
    } else {
        findings.iter().for_each(out::finding);
    }
    match findings.iter().find(|finding| finding.health == Health::Bad) {
        Some(bad) => Err(Trouble::failed(format!("{}: {}", bad.subject, bad.finding))),
        None => Ok(()),
    }
}
