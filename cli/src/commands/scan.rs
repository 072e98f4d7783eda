//! `kith scan`.

use std::io::{IsTerminal, Read};
use std::path::Path;

use kith_node::api::{CaptureResult, OutcomeName};
use kith_node::codes::foreign;
use kith_node::codes::read::MOST_BYTES;

use crate::args::Scan;
use crate::client::Client;
use crate::out;
use crate::trouble::Trouble;
use kith_node::api::query;

const WANTED: &str = "give a picture, a code beginning with KITH:, a link, or - for standard input";

/// What is to be taken in.
pub(super) enum Code {
    Text(String),
    Picture(Vec<u8>),
}

/// Takes in a code.
pub async fn run(client: &Client, scan: &Scan, json: bool) -> Result<(), Trouble> {
    let own = [("tier", scan.tier.map(|tier| tier.name())), ("name", scan.name.as_deref())];
    let result: CaptureResult = match code(&scan.code)? {
        Code::Text(text) => {
            client.post("/scans", &super::captured(&scan.along, &[&own[..], &[("text", Some(&text))]].concat())).await?
        }
        Code::Picture(picture) => {
            if std::io::stderr().is_terminal() && picture.len() > 1024 * 1024 {
                out::aside("Looking for a code in the picture …");
            }
            let tags = scan.along.tags.join(",");
            let tags = ("tag", Some(tags.as_str()).filter(|tags| !tags.is_empty()));
            let along = query(&[&scan.along.pairs()[..], &own[..], &[tags]].concat());
            client.send_bytes(&format!("/scans/picture{along}"), picture).await?
        }
    };
    if json {
        return out::json(&result);
    }
    tell(client, &result);
    Ok(())
}

fn tell(client: &Client, result: &CaptureResult) {
    let (name, id) = (&result.person.name, out::short(&result.person.id));
    match result.outcome {
        OutcomeName::Pending => {
            out::say(format!("Scanned {name} ({id}). Your card goes to them, and theirs comes back."));
            super::mention_waiting(client);
        }
        OutcomeName::ScannedBefore => out::say(format!("You have scanned this code before: {name} ({id}).")),
        OutcomeName::WrittenDown => {
            out::say(format!("Written down {name} ({id}), unconfirmed: the code is of another kind."))
        }
    }
}

/// A file, a text, or whatever comes on standard input.
pub(super) fn code(given: &str) -> Result<Code, Trouble> {
    if given == "-" {
        return Ok(text_or_picture(read_at_most(std::io::stdin().lock())?));
    }
    if is_code_text(given) {
        return Ok(Code::Text(given.to_owned()));
    }
    let file = Path::new(given);
    match std::fs::File::open(file) {
        Ok(open) => Ok(text_or_picture(read_at_most(open)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Trouble::not_found(format!("{given:?} is no file and no code")).hint(WANTED))
        }
        Err(error) => Err(Trouble::failed(format!("{given}: {error}")).hint(WANTED)),
    }
}

/// True if it is a code, or looks as if it were to be one.
pub(super) fn is_code_text(given: &str) -> bool {
    // The node says what it is, and that it is of no person.
    if matches!(foreign::understand(given), foreign::Code::Nobody(nobody) if nobody.is_named()) {
        return true;
    }
    let start = given.trim_start().to_ascii_lowercase();
    ["kith:", "http://", "https://", "mailto:", "tel:", "mecard:", "begin:vcard"]
        .iter()
        .any(|scheme| start.starts_with(scheme))
}

fn text_or_picture(bytes: Vec<u8>) -> Code {
    match String::from_utf8(bytes) {
        Ok(text) => Code::Text(text),
        Err(not_text) => Code::Picture(not_text.into_bytes()),
    }
}

fn read_at_most(from: impl Read) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let most = MOST_BYTES as u64;
    let read = from.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Trouble::failed(format!("the picture cannot be read: {error}")).hint(WANTED))?;
    if bytes.len() as u64 > most {
        let message = format!("the picture is larger than {} MiB", most / 1024 / 1024);
        return Err(Trouble::failed(message).hint("cut it to the code, or take a smaller one"));
    }
    Ok(bytes)
}
