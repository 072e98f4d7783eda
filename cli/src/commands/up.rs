//! `kith up`: running my node.

use std::io::IsTerminal;
use std::path::Path;
use std::str::FromStr;

use kith_node::access::{Proxy, Reach, WebUrl};
use kith_node::backup::Plan;
use kith_node::driver::{Ended, Handle};
use kith_node::home::{Home, HomeError, OpenHome, Tls};
use kith_node::network::Multiaddr;
use kith_node::node::{Node, NodeOptions};
use kith_node::serve::acme::BadAcme;
use kith_protocol::engine::{Notice, Own, people, replaced_since};
use kith_protocol::id::PersonId;
use kith_protocol::store::Read;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use tracing_subscriber::EnvFilter;

use super::init;
use crate::args::{self, LogFormat, Up};
use crate::out;
use crate::trouble::Trouble;

/// Runs the node until it is told to stop.
pub async fn run(home: &Home, up: Up) -> Result<(), Trouble> {
    start_log(up.log);
    let options = options(&up)?;
    let open = open_or_create(home, up.name.as_deref())?;
    // Before anybody hears of this machine.
    stay_if_replaced(&open.store)?;
    let mut signals = Signals::new()?;
    let node = Node::start(open, options).await?;
    introduce(home, &node)?;
    let handle = node.handle();
    let ended = watch(&handle, &mut signals).await;
    out::aside("Stopping.");
    let mut stopping = std::pin::pin!(node.stop());
    let stopped = tokio::select! {
        stopped = &mut stopping => stopped,
        () = signals.next() => at_once(ended.as_ref().err()),
    };
    // Why it ended comes before what followed from that.
    ended?;
    Ok(stopped?)
}

/// What is logged if nothing else was asked for. These parts of the library warn of what strangers do, such as each
/// stream that a peer opens beyond what it may have: whoever likes to would fill the disk with that.
const USUAL_LOG: &str = "warn,kith=info,kith_node=info,libp2p_request_response=error,libp2p_relay=error,\
     libp2p_autonat=error,libp2p_kad=error,libp2p_identify=error";

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("KITH_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL_LOG));
    // A log that nobody reads any more is no reason to stop.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn parse(address: &str) -> Result<Multiaddr, Trouble> {
    let hint = "an address looks like /ip4/0.0.0.0/tcp/7517 or /ip4/0.0.0.0/udp/7517/quic-v1";
    address.parse().map_err(|_| Trouble::usage(format!("{address:?} is no address to listen on")).hint(hint))
}

fn options(up: &Up) -> Result<NodeOptions, Trouble> {
    let listen = up.listen.iter().filter(|address| *address != "none").map(|address| parse(address));
    let listen = listen.collect::<Result<Vec<_>, _>>()?;
    let listens_as_usual = !up.listen.is_empty() && listen.is_empty();
    let web_url = match up.web_url.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some(url) => Some(Some(url.parse::<WebUrl>().map_err(|error| Trouble::usage(error.to_string()))?)),
    };
    let proxies: Vec<String> = up.trust_proxy.iter().filter(|proxy| *proxy != "none").cloned().collect();
    for proxy in &proxies {
        proxy.parse::<Proxy>().map_err(|error| Trouble::usage(format!("{proxy:?}: {error}")))?;
    }
    let trust_proxy = (!up.trust_proxy.is_empty()).then_some(proxies);
    let tls = up.tls.map(|tls| match tls {
        args::Tls::Off => Tls::Off,
        args::Tls::Own => Tls::Own,
        args::Tls::Acme => Tls::Acme,
    });
    let acme_email = or_none(up.acme_email.as_deref())?;
    let acme_directory = or_none(up.acme_directory.as_deref())?;
    let backup = up.backup_to.as_deref().map(|to| plan(to, up.every)).transpose()?;
    Ok(NodeOptions {
        listen,
        listens_as_usual,
        web: up.web,
        web_url,
        trust_proxy,
        tls,
        acme_email,
        acme_directory,
        backup,
        relay_at_most: up.relay_at_most,
        mailboxes_at_most: up.mailboxes_at_most,
        event_mode: up.event_mode,
        holds_mailboxes: up.hold_letters.map(|whom| whom == args::HoldLetters::Contacts),
        opens_ports: up.port_mapping.map(|mapping| mapping == args::PortMapping::On),
        ..NodeOptions::default()
    })
}

/// Backups that are made by themselves. A node may be started from another folder next time.
fn plan(to: &Path, every: u64) -> Result<Option<Plan>, Trouble> {
    if to == Path::new("none") {
        return Ok(None);
    }
    let to = std::path::absolute(to).map_err(|error| Trouble::usage(format!("{}: {error}", to.display())))?;
    Ok(Some(Plan { to, every }))
}

/// What was given for the public authority, where the word none takes back what was given before.
fn or_none<T: FromStr<Err = BadAcme>>(given: Option<&str>) -> Result<Option<Option<T>>, Trouble> {
    match given {
        None => Ok(None),
        Some("none") => Ok(Some(None)),
        Some(given) => {
            let read = given.parse().map_err(|error: BadAcme| Trouble::usage(error.to_string()).hint(error.hint()))?;
            Ok(Some(Some(read)))
        }
    }
}

fn open_or_create(home: &Home, name: Option<&str>) -> Result<OpenHome, Trouble> {
    match home.open() {
        Ok(open) => Ok(open),
        Err(HomeError::Missing(_)) => {
            let name = match name {
                Some(name) => name.to_owned(),
                None => init::ask("What is your name?")?,
            };
            init::create(home, &name)
        }
        Err(error) => Err(error.into()),
    }
}

fn stay_if_replaced(read: &dyn Read) -> Result<(), Trouble> {
    match replaced_since(read) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(replaced()),
        Err(error) => Err(Trouble::failed(error.to_string())),
    }
}

fn introduce(home: &Home, node: &Node) -> Result<(), Trouble> {
    let own = Own::load(node.handle().view()).map_err(|error| Trouble::failed(error.to_string()))?;
    out::say(format!("{}'s node is running.", own.card.name));
    out::say(format!("  home  {}", home.folder().display()));
    web(node);
    if home.words_file().exists() {
        out::say(format!("  Your recovery words lie in {}.", home.words_file().display()));
        out::say("  Write them on paper, then run kith words --done.");
    }
    out::say("Stop it with Ctrl-C. In another window: kith invite, kith scan, kith inbox, kith people.");
    Ok(())
}

/// Says where the web app is, and lets the first browser in. A link in the output of a service would lie in its log,
/// so it is printed where somebody looks only.
fn web(node: &Node) {
    let Some(place) = node.access().ways().place else { return };
    out::say(format!("  API   http://{}/api/v1", place.local));
    let is_new = !node.access().has_password() && node.access().sessions().is_empty();
    let local = format!("http://{}{}/", place.local, node.access().base());
    match is_new && out::is_watched() {
        true => out::say(format!("  web   {local}{}  (lets you in once, for ten minutes)", node.access().owner_link())),
        false => out::say(format!("  web   {local}  (kith open and kith phone let a browser in)")),
    }
    let reach = Reach::of(node.access(), &node.handle().status().listening);
    if let Some(Reach { url, trust }) = reach {
        out::say(format!("        {url}"));
        if node.access().certificate().is_some_and(|certificate| certificate.until.is_none()) {
            out::say("        (as soon as its certificate has come; kith doctor says how it stands)");
        }
        if let Some(trust) = trust {
            out::say(format!("        {trust}  (the certificate for phones)"));
        }
    }
}

/// What ends a node well, from the first moment: whoever saw that it runs may stop it at once.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Trouble> {
        let failed = |error: std::io::Error| Trouble::failed(format!("signals cannot be received: {error}"));
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(Self { interrupt, terminate })
    }

    /// Waits for one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ends the process where it stands, as somebody asked for a second time. The right to work in the home goes with it, and
/// not before: what still writes there goes at the same moment.
fn at_once(why: Option<&Trouble>) -> ! {
    out::aside("Stopped at once. Nothing that was acknowledged is lost.");
    if let Some(trouble) = why {
        trouble.print(false);
    }
    std::process::exit(i32::from(why.map_or(0, Trouble::code)))
}

/// Tells what happens until a signal comes, or the node does nothing any more.
async fn watch(handle: &Handle, signals: &mut Signals) -> Result<(), Trouble> {
    let mut notices = handle.notices();
    // It may have heard of it before there was anybody to be told.
    stay_if_replaced(handle.view())?;
    loop {
        tokio::select! {
            () = signals.next() => return Ok(()),
            why = handle.ended() => return Err(ended(&why)),
            notice = notices.recv() => match notice {
                Ok(Notice::Replaced) => return Err(replaced()),
                Ok(notice) => tell(handle, &notice),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(ended(&handle.ended().await)),
            },
        }
    }
}

/// A node that takes nothing in any more is no node. Whoever looks after it starts it again.
fn ended(why: &Ended) -> Trouble {
    let hint = match why {
        Ended::Storage(_) => {
            "nothing that was acknowledged is lost. See the log above and kith doctor, then start it again"
        }
        Ended::Told | Ended::Network | Ended::Broken => "see the log above, then start it again",
    };
    Trouble::failed(why.to_string()).hint(hint)
}

/// Two machines that speak for one person would tear the home apart, so the earlier one stops.
fn replaced() -> Trouble {
    Trouble::for_good("this home goes on at another machine, or its key was changed there; this one speaks for you no more").hint(
        "what came here since then is still in this home: look with kith people and kith inbox. If this machine is to go on \
         and no other, as after an old backup, run kith recover, which asks for your words",
    )
}

fn tell(handle: &Handle, notice: &Notice) {
    let name = |id: &PersonId| match people::person(handle.view(), *id) {
        Ok(person) => format!("{} ({})", person.display_name(), person.provenance()),
        Err(_) => id.short(),
    };
    let line = match notice {
        Notice::ContactMade { person } => format!("You and {} hold each other now.", name(person)),
        Notice::MetAgain { person } => format!("You met {} again.", name(person)),
        Notice::MeetingSigned { person } => format!("You and {} both signed that you met.", name(person)),
        Notice::Waiting { item, person } => format!("Waiting on you: {} [kith inbox, {}]", name(person), item.short()),
        Notice::CardChanged { person } => format!("{} changed their card.", name(person)),
        Notice::Withdrawn { person } => format!("{} withdrew.", name(person)),
        Notice::Refused { person, .. } => format!("{} did not take a letter of yours.", name(person)),
        Notice::GaveUp { person, .. } => format!("A letter to {} was given up.", name(person)),
        Notice::KeyGivenUp { person } => {
            format!("The key you know {} by was given up: somebody else may have it [kith inbox].", name(person))
        }
        Notice::ForkSeen { person } => format!("{} shows two key histories [kith inbox].", name(person)),
        Notice::Wrote { person } => format!("{} wrote to you [kith inbox].", name(person)),
        Notice::HandedOver { person } => format!("{} hands somebody over to you [kith inbox].", name(person)),
        Notice::Introduction { introduction } => {
            format!("An introduction went on [kith intro show {}].", introduction.id.short())
        }
        Notice::Vouched { person } => format!("What {} says of you has changed [kith vouch list].", name(person)),
        Notice::VouchEnded { person } => {
            format!("A vouch between you and {} has ended [kith vouch list].", name(person))
        }
        Notice::VouchAccepted { person } => format!("{} said how far your vouch may be shown.", name(person)),
        Notice::LeftInMailbox { person } => format!("A letter to {} lies in a mailbox of theirs.", name(person)),
        Notice::Replaced => "This home goes on at another machine.".to_owned(),
        Notice::InviteUsed { .. } | Notice::Delivered { .. } => return,
    };
    out::say(line);
}
