//! The stage: three people, of whom never more than two have their node running.

use std::path::{Path, PathBuf};
use std::time::Instant;

use axum::http::Method;
use kith_node::codes::draw::Drawing;
use serde_json::{Value, json};

use super::actor::Actor;
use crate::out;
use crate::trouble::Trouble;

/// Nodes that may run at once.
const MOST: usize = 2;

/// The people of the demo, and the clock on the wall.
pub struct Stage {
    pub ana: Actor,
    pub bo: Actor,
    pub chi: Actor,
    folder: PathBuf,
    begun: Instant,
    last: Instant,
    step: u32,
    most_at_once: usize,
}

/// Names one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Ana,
    Bo,
    Chi,
}

impl Stage {
    /// Nobody has a home yet.
    pub fn new(folder: &Path) -> Result<Self, Trouble> {
        Ok(Self {
            ana: Actor::new("Ana Sousa", folder)?,
            bo: Actor::new("Bo Lindqvist", folder)?,
            chi: Actor::new("Chi Okafor", folder)?,
            folder: folder.to_owned(),
            begun: Instant::now(),
            last: Instant::now(),
            step: 0,
            most_at_once: 0,
        })
    }

    /// Begins a scene: kills every node, and starts those of the people who are in it.
    pub fn scene(&mut self, title: &str, up: &[Who]) -> Result<(), Trouble> {
        out::say(format!("\n{title}"));
        for actor in self.actors() {
            actor.kill()?;
        }
        for &who in up {
            self.starts(who)?;
        }
        self.say_who_is_up();
        Ok(())
    }

    /// Starts one more node.
    pub fn starts(&mut self, who: Who) -> Result<(), Trouble> {
        self.actor(who).start()?;
        let running = self.actors().into_iter().map(|actor| usize::from(actor.is_running())).sum();
        self.most_at_once = self.most_at_once.max(running);
        if running > MOST {
            return Err(Trouble::failed(format!("{running} nodes run at once; the demo promises {MOST} at most")));
        }
        Ok(())
    }

    /// Says whose nodes run now, as the operating system sees it.
    pub fn say_who_is_up(&mut self) {
        let up: Vec<&str> =
            self.actors().into_iter().filter_map(|actor| actor.is_running().then(|| actor.first_name())).collect();
        let up = if up.is_empty() { "nobody's node".to_owned() } else { format!("{} only", up.join(" and ")) };
        out::say(format!("     (running: {up})"));
    }

    /// Tells what happened and how long it took.
    pub fn done(&mut self, what: &str) {
        self.step += 1;
        let took = self.last.elapsed();
        self.last = Instant::now();
        out::say(format!("{:>3}. {what:<76} {:>6.0} ms", self.step, took.as_secs_f64() * 1000.0));
    }

    /// How long all of it took.
    pub fn total(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// The most nodes that ever ran at once.
    pub const fn most_at_once(&self) -> usize {
        self.most_at_once
    }

    /// Draws a code into a picture file.
    pub fn draw(&self, name: &str, link: &str) -> Result<Drawing, Trouble> {
        let drawing = Drawing::new(link).map_err(|error| Trouble::failed(error.to_string()))?;
        let file = self.folder.join(name);
        let written = std::fs::write(&file, drawing.png(10));
        written.map_err(|error| Trouble::failed(format!("{}: {error}", file.display())))?;
        Ok(drawing)
    }

    /// Reads a picture file.
    pub fn picture(&self, name: &str) -> Result<Vec<u8>, Trouble> {
        std::fs::read(self.folder.join(name)).map_err(|error| Trouble::failed(error.to_string()))
    }

    fn actors(&mut self) -> [&mut Actor; 3] {
        [&mut self.ana, &mut self.bo, &mut self.chi]
    }

    fn actor(&mut self, who: Who) -> &mut Actor {
        match who {
            Who::Ana => &mut self.ana,
            Who::Bo => &mut self.bo,
            Who::Chi => &mut self.chi,
        }
    }

    /// Leaves two of the nodes running, with where they are and how to stop them.
    pub fn leave(&mut self) -> Vec<(String, u32)> {
        let mut left = Vec::new();
        for actor in self.actors() {
            if actor.is_running() {
                left.push((actor.folder().display().to_string(), actor.leave()));
            }
        }
        left
    }
}

/// Fills in some lines of somebody's card.
pub async fn fill_in_card(actor: &Actor, fields: &[(&str, &str)]) -> Result<(), Trouble> {
    let changes: Vec<Value> = fields.iter().map(|(field, value)| json!({ "field": field, "value": value })).collect();
    let _: Value = actor.asks(Method::PATCH, "/card", Some(json!({ "changes": changes }))).await?;
    Ok(())
}

/// The demo goes on only if this is so.
pub fn expect(is_so: bool, what: &str) -> Result<(), Trouble> {
    if is_so { Ok(()) } else { Err(Trouble::failed(format!("the demo expected that {what}"))) }
}
