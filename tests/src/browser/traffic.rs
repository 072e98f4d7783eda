//! What a page asks for, and how many bytes come over the wire. Chromium only.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Window;

/// Something that a page asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// The status of the answer; 0 if none came.
    pub status: u64,
    /// Bytes that came over the wire, headers included.
    pub bytes: u64,
    /// True if the browser, or a page's own worker, had it already.
    pub is_kept: bool,
}

/// Everything that was asked for since somebody last looked.
#[derive(Debug)]
pub struct Visit {
    /// In the order in which it was asked for.
    pub requests: Vec<Request>,
}

impl Visit {
    /// What went over the wire.
    pub fn over_the_wire(&self) -> impl Iterator<Item = &Request> {
        // An answer over the wire has a head at least; one without a byte came out of the browser's memory.
        self.requests.iter().filter(|request| !request.is_kept && request.bytes > 0)
    }

    /// How often the wire was used.
    pub fn count(&self) -> usize {
        self.over_the_wire().count()
    }

    /// Bytes that came over the wire.
    pub fn bytes(&self) -> u64 {
        self.over_the_wire().map(|request| request.bytes).sum()
    }

    /// Nothing was asked of anybody but this node.
    #[track_caller]
    pub fn stays_at(&self, origin: &str) {
        let inside = ["data:", "blob:", "about:", "chrome:", "chrome-error:"];
        let leaves = |request: &&Request| {
            let path = request.url.strip_prefix(origin);
            let is_here = path.is_some_and(|path| path.is_empty() || path.starts_with('/'));
            !is_here && !inside.iter().any(|scheme| request.url.starts_with(scheme))
        };
        let left: Vec<_> = self.requests.iter().filter(leaves).collect();
        assert!(left.is_empty(), "requests leave the node: {left:#?}");
    }
}

impl std::fmt::Display for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for Request { url, status, bytes, is_kept } in &self.requests {
            writeln!(f, "{bytes:>8} {status} {}{url}", if *is_kept { "(kept) " } else { "" })?;
        }
        write!(f, "{:>8} bytes in {} requests", self.bytes(), self.count())
    }
}

impl Window {
    /// What was asked for since this was called last.
    #[track_caller]
    pub fn visit(&self) -> Visit {
        let log = self.session.post("/se/log", &json!({ "type": "performance" }));
        let log = log.unwrap_or_else(|refusal| panic!("no log of requests: {refusal}"));
        let mut visit = Reading::default();
        for entry in log.as_array().into_iter().flatten() {
            let Some(event) = entry["message"].as_str().and_then(|message| serde_json::from_str::<Value>(message).ok())
            else {
                continue;
            };
            visit.takes(&event["message"]);
        }
        Visit { requests: visit.order.into_iter().filter_map(|id| visit.requests.remove(&id)).collect() }
    }

    /// Deletes what the browser keeps of pages, as if it had never been there. Cookies stay.
    pub fn forgets_what_is_kept(&self) {
        self.session.devtools("Network.clearBrowserCache", &json!({}));
    }

    /// Waits until the page and everything that it asked for at first has come.
    #[track_caller]
    pub fn settles(&self) {
        // Scripts and icons are asked for after the page; a stream of news never ends, and is not waited for.
        self.until("the page to be complete", |window| {
            (window.script("return document.readyState") == "complete").then_some(())
        });
        self.waits_for_script("requestIdleCallback(() => setTimeout(done, 300));");
    }

    /// What the page wrote to the console as an error, since this was called last.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.session.post("/se/log", &json!({ "type": "browser" })).unwrap_or_default();
        let entries = log.as_array().into_iter().flatten();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The log as far as it is read.
#[derive(Default)]
struct Reading {
    order: Vec<String>,
    requests: BTreeMap<String, Request>,
}

impl Reading {
    /// Takes one event of the domain Network of the developer tools' protocol.
    fn takes(&mut self, event: &Value) {
        let (Some(method), parameters) = (event["method"].as_str(), &event["params"]) else { return };
        let Some(id) = parameters["requestId"].as_str() else { return };
        if method == "Network.requestWillBeSent" && !self.requests.contains_key(id) {
            self.order.push(id.to_owned());
            self.requests.insert(id.to_owned(), Request::default());
        }
        let Some(request) = self.requests.get_mut(id) else { return };
        let bytes = parameters["encodedDataLength"].as_u64().unwrap_or_default();
        match method {
            "Network.requestWillBeSent" => {
                // A redirect goes on under the same id.
                request.bytes += parameters["redirectResponse"]["encodedDataLength"].as_u64().unwrap_or_default();
                request.url = parameters["request"]["url"].as_str().unwrap_or_default().to_owned();
            }
            "Network.responseReceived" => {
                let answer = &parameters["response"];
                request.status = answer["status"].as_u64().unwrap_or_default();
                request.is_kept |= answer["fromDiskCache"] == true || answer["fromServiceWorker"] == true;
                request.bytes += answer["encodedDataLength"].as_u64().unwrap_or_default();
            }
            "Network.requestServedFromCache" => request.is_kept = true,
            // The sum of everything, once it has come to its end.
            "Network.loadingFinished" => request.bytes = request.bytes.max(bytes),
            _ => {}
        }
    }
}
