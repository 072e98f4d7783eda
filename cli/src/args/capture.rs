//! What goes along when somebody is met.

use clap::Args;

/// What I note of somebody at the moment we meet.
#[derive(Args)]
pub struct Along {
    /// The event at which we met; empty for none [default: the one that is on]
    #[arg(long)]
    pub event: Option<String>,
    /// What I want to remember
    #[arg(long)]
    pub note: Option<String>,
    /// What they need
    #[arg(long)]
    pub need: Option<String>,
    /// What I promised
    #[arg(long)]
    pub promise: Option<String>,
    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// What I do next; empty for nothing [default: write to them]
    #[arg(long)]
    pub next: Option<String>,
    /// When that is due, as 2026-12-01 or 2026-12-01T08:00:00Z [default: a day from now]
    #[arg(long, value_name = "WHEN")]
    pub due: Option<String>,
    /// When we met, if not now, as 2026-12-01T08:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
    /// Names this capture, 32 hexadecimal digits: the same one again is done once
    #[arg(long)]
    pub key: Option<String>,
}

impl Along {
    /// What the API takes, but for the tags.
    pub fn pairs(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("event", self.event.as_deref()),
            ("note", self.note.as_deref()),
            ("need", self.need.as_deref()),
            ("promise", self.promise.as_deref()),
            ("next", self.next.as_deref()),
            ("due", self.due.as_deref()),
            ("at", self.at.as_deref()),
            ("key", self.key.as_deref()),
        ]
    }
}
