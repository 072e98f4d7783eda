//! `kith demo`: real nodes act out a trade show on this machine.
//!
//! Every node is a process of its own with a home of its own, on loopback. Codes are real PNG files, kills are
//! SIGKILL. If a step does not come out as told, the demo says which and ends with 1.

mod actor;
mod story;

use std::time::Instant;

use crate::args::Demo;
use crate::out;
use crate::trouble::Trouble;

use actor::Actor;

/// Tells the story.
pub async fn run(demo: &Demo) -> Result<(), Trouble> {
    let folder = tempfile::Builder::new().prefix("kith-demo-").tempdir();
    let folder = folder.map_err(|error| Trouble::failed(format!("no folder for the demo: {error}")))?;
    let mut show = Show { begun: Instant::now(), last: Instant::now(), step: 0 };
    let (mut ana, mut bo) = (Actor::new("Ana Sousa", folder.path())?, Actor::new("Bo Lindqvist", folder.path())?);
    story::act(&mut show, &mut ana, &mut bo, folder.path()).await?;
    if demo.keep {
        let folder = folder.keep();
        out::say("\nThe nodes go on running. Talk to them in another window:");
        for actor in [&mut ana, &mut bo] {
            let process = actor.leave();
            let home = actor.folder().display();
            out::say(format!("  kith --home {home} people      (stop it: kill {process})"));
        }
        out::say(format!("Everything lies in {}; delete it when you are done.", folder.display()));
    }
    Ok(())
}

/// Tells what happens and how long it took.
struct Show {
    begun: Instant,
    last: Instant,
    step: u32,
}

impl Show {
    fn scene(&self, title: &str) {
        out::say(format!("\n{title}"));
    }

    fn done(&mut self, what: &str) {
        self.step += 1;
        let took = self.last.elapsed();
        self.last = Instant::now();
        out::say(format!("{:>3}. {what:<72} {:>7.0} ms", self.step, took.as_secs_f64() * 1000.0));
    }

    fn total(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}
