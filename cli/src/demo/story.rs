//! The story: who meets whom, in which order.

use super::stage::{Stage, expect};
use super::{fair, favour, table};
use crate::out;
use crate::trouble::Trouble;

/// Acts it out.
pub async fn act(stage: &mut Stage) -> Result<(), Trouble> {
    out::say("Three people, each with a node of their own; no server is in the middle. Never more than two of the");
    out::say("three nodes run at once: each scene begins by killing all of them (SIGKILL).");
    fair::ana_shows_a_code(stage).await?;
    fair::bo_scans_it_offline(stage).await?;
    fair::both_hold_each_other(stage).await?;
    fair::they_sign_that_they_met(stage).await?;
    fair::both_are_killed(stage).await?;
    favour::bo_vouches_for_ana(stage).await?;
    fair::bo_scans_chis_badge(stage).await?;
    favour::bo_vouches_for_chi(stage).await?;
    let id = favour::ana_asks(stage).await?;
    favour::bo_proposes_and_chi_consents(stage, &id).await?;
    favour::bo_offers(stage, &id).await?;
    favour::ana_and_chi_connect(stage, &id).await?;
    favour::ana_says_thanks(stage, &id).await?;
    table::who_holds_what(stage).await?;
    expect(stage.most_at_once() == 2, "two nodes ran at once, and never three")?;
    out::say(format!("\nAll of it in {:.1} s; at most {} nodes at once.", stage.total(), stage.most_at_once()));
    Ok(())
}
