//! The doctor: looks at everything that can go wrong, here or in the file of its subject beside this one.

use axum::Json;
use axum::extract::State;
use kith_protocol::engine::Own;
use kith_protocol::engine::disowned::exposed_since;
use kith_protocol::limits;
use kith_protocol::store::Table;
use kith_protocol::time::Timestamp;

use super::finding::{Finding, Health};
use super::model::when;
use super::{Api, Elsewhere, Problem};
use crate::access::Place;
use crate::access::certificate::Standing;
use crate::machine::now;
use crate::network::PORT;

/// Looks at everything that can go wrong and says what to do.
#[utoipa::path(get, path = "/doctor", tag = "node", responses((status = 200, body = Vec<Finding>)))]
pub(super) async fn doctor(State(api): State<Api>) -> Result<Json<Vec<Finding>>, Problem> {
    let mut findings = vec![
        recovery_words(&api),
        keys(&api),
        super::backups::finding(&api).await,
        super::clock::finding(&api)?,
        node(&api)?,
        super::mailboxes::finding(&api)?,
        grant(&api)?,
        letters(&api)?,
        super::disk::finding(&api),
        web(&api),
        sign_in(&api),
    ];
    findings.extend(stolen_key(&api)?);
    findings.extend(api.other_port.as_ref().map(elsewhere_for_others));
    findings.push(super::mail::finding(&api));
    findings.extend(super::reach::findings(&api));
    findings.push(super::found_again::finding(&api)?);
    findings.extend(super::port::finding(&api));
    findings.extend(super::held::findings(&api));
    findings.extend(super::event_mode::finding(&api)?);
    findings.extend(certificate(&api));
    Ok(Json(findings))
}

fn recovery_words(api: &Api) -> Finding {
    let subject = "recovery words";
    if api.home.words_file().exists() {
        let advice = "write the 24 words on paper, then run kith words --done, which deletes the file";
        let finding = format!("they still lie in {}", api.home.words_file().display());
        return Finding::new(subject, Health::Warning, finding, Some(advice));
    }
    // Nobody but their owner knows whether they were written down.
    let advice = "kith words --check tells whether those that you wrote down are yours";
    Finding::new(subject, Health::Good, "not kept in the home", Some(advice))
}

/// Nobody signs so but a thief, unless a copy of the home was made to say it.
fn stolen_key(api: &Api) -> Result<Option<Finding>, Problem> {
    let Some(since) = exposed_since(api.handle.view())? else { return Ok(None) };
    let finding = format!(
        "found {}: somebody else signed with it that it is given up, so people whom you meet refuse it",
        when(since)
    );
    let advice = "kith rotate --stolen changes it; your recovery words are needed";
    Ok(Some(Finding::new("signing key", Health::Bad, finding, Some(advice))))
}

fn keys(api: &Api) -> Finding {
    let (finding, advice) = match api.home.is_locked() {
        true => ("behind a passphrase", None),
        false => (
            "in the clear, readable for this user of the machine alone",
            Some("on a disk that others can get at, kith passphrase puts them behind one"),
        ),
    };
    Finding::new("keys", Health::Good, finding, advice)
}

fn node(api: &Api) -> Result<Finding, Problem> {
    if let Some(elsewhere) = Elsewhere::of(api.handle.view())? {
        return Ok(Finding::new("node", Health::Bad, elsewhere.finding(), Some(Elsewhere::ADVICE)));
    }
    if let Err(ended) = api.handle.goes_on() {
        let finding = format!("takes nothing in and sends nothing: {ended}");
        return Ok(Finding::new("node", Health::Bad, finding, Some(super::problem::ENDED)));
    }
    if api.has_network {
        return Ok(Finding::new("node", Health::Good, "running", None));
    }
    Ok(Finding::new("node", Health::Warning, "not running: letters wait", Some("run kith up")))
}

fn web(api: &Api) -> Finding {
    let (subject, ways) = ("web", api.access.ways());
    let Some(place) = ways.place else {
        return Finding::new(subject, Health::Good, "not looked at while no node runs", None);
    };
    if let Some(finding) = elsewhere(&place) {
        return finding;
    }
    if let Some(url) = &ways.web_url {
        let advice = "browsers give the camera and the home screen to https only";
        let (health, advice) = if url.is_https() { (Health::Good, None) } else { (Health::Warning, Some(advice)) };
        return Finding::new(subject, health, url.to_string(), advice);
    }
    let (address, fingerprint) = (place.web, api.access.fingerprint());
    match (address.ip().is_loopback(), fingerprint) {
        (true, _) => Finding::new(subject, Health::Good, format!("http://{address}, on this machine only"), None),
        (false, Some(fingerprint)) => Finding::new(
            subject,
            Health::Good,
            format!("https://{address}, own certificate authority {fingerprint}"),
            None,
        ),
        (false, None) => {
            let advice = "run kith up --tls own, or --tls acme with a domain, or put a proxy with TLS in front and name it with \
                          --web-url";
            let finding = format!("http://{address}: whoever is in the same network can read along");
            Finding::new(subject, Health::Warning, finding, Some(advice))
        }
    }
}

/// What leads to the usual address leads to another program now.
fn elsewhere(place: &Place) -> Option<Finding> {
    let usual = place.instead_of?;
    let finding = format!("http://{}, on this machine only, since another program has {usual}", place.local);
    let advice = "stop that program and start the node again, or choose an address with kith up --web";
    Some(Finding::new("web", Health::Warning, finding, Some(advice)))
}

/// Where a node listens since the usual port was taken once, though nobody asked it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPort {
    /// The port.
    pub port: u16,
    /// The addresses, as `kith up --listen` takes them.
    pub listen: Vec<String>,
}

/// What is forwarded to the usual port leads to whoever has it now.
fn elsewhere_for_others(other: &OtherPort) -> Finding {
    let finding = format!("on port {} since {PORT} was taken once", other.port);
    let stay: String = other.listen.iter().map(|address| format!(" --listen {address}")).collect();
    let advice = format!(
        "if a router or a firewall lets {PORT} in, stop what has it and start once with kith up --listen none; to stay \
         here: kith up{stay}"
    );
    Finding::new("listening", Health::Warning, finding, Some(&advice))
}

/// The certificate of a public authority, if one is asked.
fn certificate(api: &Api) -> Option<Finding> {
    Some(say_certificate(api.access.certificate()?, now()))
}

fn say_certificate(standing: Standing, now: Timestamp) -> Finding {
    let subject = "certificate";
    let Standing { until, trouble } = standing;
    let shown = match until {
        Some(until) if until > now => Some(format!("counts until {}", when(until))),
        Some(until) => Some(format!("ended {}", when(until))),
        None => None,
    };
    let counts = until.is_some_and(|until| until > now);
    match (shown, trouble) {
        (Some(shown), None) if counts => {
            Finding::new(subject, Health::Good, format!("{shown}; renewed by itself"), None)
        }
        (shown, None) => {
            let shown = shown.unwrap_or_else(|| "there is none so far".to_owned());
            let advice =
                "look again in a minute; the authority comes to port 443 of your domain, which must lead to this node";
            Finding::new(subject, Health::Warning, format!("{shown}; the authority is being asked"), Some(advice))
        }
        (shown, Some(trouble)) => {
            let shown = shown.unwrap_or_else(|| "there is none, and browsers get in on this machine only".to_owned());
            let health = if counts { Health::Warning } else { Health::Bad };
            let finding = format!("{shown}; {} (asked again {})", trouble.message, when(trouble.again));
            Finding::new(subject, health, finding, Some(trouble.hint))
        }
    }
}

fn sign_in(api: &Api) -> Finding {
    let sessions = api.access.sessions().len();
    let browsers = if sessions == 1 { "1 browser is".to_owned() } else { format!("{sessions} browsers are") };
    let (password, advice) = match api.access.has_password() {
        true => ("a password is set", None),
        false => ("no password is set", Some("kith open and kith phone let a browser in; kith password sets one")),
    };
    Finding::new("sign-in", Health::Good, format!("{browsers} signed in; {password}"), advice)
}

fn grant(api: &Api) -> Result<Finding, Problem> {
    let own = Own::load(api.handle.view())?;
    let left = own.grant_ends.since(now());
    Ok(match left {
        0 => {
            let advice = "run kith up: the grant is renewed as soon as the node runs; also check the clock";
            Finding::new("node grant", Health::Bad, "ended: contacts do not write to this machine", Some(advice))
        }
        left if left > limits::GRANT_LIFE + limits::CLOCK_SKEW => {
            let advice = "run kith up: the grant is made anew as soon as the node runs";
            let finding = "made while the clock was ahead: contacts do not believe it yet";
            Finding::new("node grant", Health::Bad, finding, Some(advice))
        }
        left => Finding::new("node grant", Health::Good, format!("counts for {} more days", left / limits::DAY), None),
    })
}

fn letters(api: &Api) -> Result<Finding, Problem> {
    let waiting = api.handle.view().count(Table::Outbox);
    Ok(match waiting {
        0 => Finding::new("letters", Health::Good, "none waits", None),
        waiting => {
            let advice = "kith person show WHO says what waits, and until when";
            Finding::new(
                "letters",
                Health::Good,
                format!("{waiting} wait until their people can be reached"),
                Some(advice),
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doctor_says_that_another_program_has_the_usual_address() {
        let (web, usual) = ("127.0.0.1:40123".parse().unwrap(), "127.0.0.1:7518".parse().unwrap());
        let place = Place { local: web, web, tls: false, instead_of: Some(usual) };
        let said = elsewhere(&place).unwrap();
        assert_eq!(said.health, Health::Warning);
        assert!(said.finding.contains("127.0.0.1:40123") && said.finding.contains("127.0.0.1:7518"), "{said:?}");
        assert!(elsewhere(&Place { instead_of: None, ..place }).is_none());
    }

    #[test]
    fn the_doctor_says_that_the_node_is_not_where_a_forwarded_port_leads() {
        let listen = vec!["/ip4/0.0.0.0/tcp/40123".to_owned(), "/ip4/0.0.0.0/udp/40123/quic-v1".to_owned()];
        let said = elsewhere_for_others(&OtherPort { port: 40_123, listen });
        assert_eq!(said.health, Health::Warning);
        assert!(said.finding.contains("40123") && said.finding.contains("7517"), "{said:?}");
        let advice = said.advice.unwrap();
        assert!(advice.contains("kith up --listen none"), "{advice}");
        let stay = "kith up --listen /ip4/0.0.0.0/tcp/40123 --listen /ip4/0.0.0.0/udp/40123/quic-v1";
        assert!(advice.ends_with(stay), "{advice}");
    }

    const NOW: Timestamp = Timestamp::from_secs(1_776_643_200);

    #[test]
    fn while_an_authority_is_asked_it_is_said_what_that_takes() {
        let standing = |until| Standing { until, trouble: None };
        let asked = say_certificate(standing(None), NOW);
        assert!(asked.health == Health::Warning && asked.advice.unwrap().contains("port 443"));
        let ended = say_certificate(standing(Some(NOW.minus(1))), NOW);
        assert!(ended.health == Health::Warning && ended.finding.starts_with("ended") && ended.advice.is_some());
        let good = say_certificate(standing(Some(NOW.plus(limits::DAY))), NOW);
        assert_eq!((good.health, good.advice), (Health::Good, None));
    }
}
