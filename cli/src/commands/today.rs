//! `kith today`.

use kith_node::api::model::TodayForm;

use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;

/// Says what the day has for me.
pub async fn run(client: &Client, json: bool) -> Result<(), Trouble> {
    let today: TodayForm = client.get("/today").await?;
    if json {
        return out::json(&today);
    }
    out::today(&today);
    Ok(())
}
