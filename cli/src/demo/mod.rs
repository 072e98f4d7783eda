//! `kith demo`: real nodes act out a trade show on this machine.
//!
//! Every node is a process of its own with a home of its own, on loopback. Codes are real PNG files, kills are
//! SIGKILL. If a step does not come out as told, the demo says which and ends with 1.

mod actor;
mod fair;
mod favour;
mod stage;
mod story;
mod table;

use crate::args::Demo;
use crate::out;
use crate::trouble::Trouble;

use stage::Stage;

/// Tells the story.
pub async fn run(demo: &Demo) -> Result<(), Trouble> {
    let folder = tempfile::Builder::new().prefix("kith-demo-").tempdir();
    let folder = folder.map_err(|error| Trouble::failed(format!("no folder for the demo: {error}")))?;
    let mut stage = Stage::new(folder.path())?;
    story::act(&mut stage).await?;
    if demo.keep {
        let folder = folder.keep();
        out::say("\nThese nodes go on running. Talk to them in another window:");
        for (home, process) in stage.leave() {
            out::say(format!("  kith --home {home} people      (stop it: kill {process})"));
        }
        out::say(format!("Everything lies in {}; delete it when you are done.", folder.display()));
    }
    Ok(())
}
