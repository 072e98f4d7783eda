//! Speaking the API: with the running node over loopback, or within this process if none runs.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use kith_node::api::{Elsewhere, ProblemBody};
use kith_node::home::{Home, HomeError};
use kith_node::node::Desk;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use crate::out;
use crate::trouble::Trouble;

/// The longest answer that is read: a page of a hundred people is a tenth of it.
const ANSWER: usize = 16 * 1024 * 1024;
/// How long the node may take to answer. A large picture takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes the pieces of a long answer.
type Sink<'s> = dyn FnMut(&[u8]) -> Result<(), Trouble> + 's;

/// Somebody to ask.
pub struct Client {
    token: String,
    line: Line,
}

enum Line {
    Running(std::net::SocketAddr),
    Desk(Box<Desk>),
}

impl Client {
    /// Asks the running node, or opens the home if none runs.
    ///
    /// # Errors
    /// If there is no home.
    pub async fn open(home: &Home) -> Result<Self, Trouble> {
        if let Some(running) = home.running() {
            return Self::running(home, running.api);
        }
        match home.open() {
            Ok(open) => {
                let desk = Box::new(Desk::open(open)?);
                Ok(Self { token: home.api_token()?, line: Line::Desk(desk) })
            }
            // A node may have taken the lock and not yet said where it listens.
            Err(HomeError::InUse(_)) if home.running().is_some() => Self::of_running_node(home),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the running node.
    ///
    /// # Errors
    /// If none runs.
    pub fn of_running_node(home: &Home) -> Result<Self, Trouble> {
        match home.running() {
            Some(running) => Self::running(home, running.api),
            None if home.exists() => Err(not_running(home)),
            None => Err(HomeError::Missing(home.folder().to_owned()).into()),
        }
    }

    fn running(home: &Home, api: std::net::SocketAddr) -> Result<Self, Trouble> {
        Ok(Self { token: home.api_token()?, line: Line::Running(api) })
    }

    /// True if a node runs.
    pub const fn is_running(&self) -> bool {
        matches!(self.line, Line::Running(_))
    }

    /// Whether this home goes on elsewhere. A node that hears of it stops, so none that runs is asked.
    pub fn elsewhere(&self) -> Option<Elsewhere> {
        match &self.line {
            // A home that cannot be read said so when it was asked for something else.
            Line::Desk(desk) => Elsewhere::of(desk.handle().view()).ok().flatten(),
            Line::Running(_) => None,
        }
    }

    /// Asks with a JSON body, or none.
    ///
    /// # Errors
    /// What the node says is wrong.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Trouble> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let bytes = self.exchange(method, path, "application/json", body.into()).await?;
        // An answer without a body stands for null.
        let bytes = if bytes.is_empty() { Bytes::from_static(b"null") } else { bytes };
        serde_json::from_slice(&bytes).map_err(|error| Trouble::failed(format!("the node's answer is odd: {error}")))
    }

    /// Asks for something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks to do something.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Trouble> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Sends bytes that are no JSON.
    pub async fn send_bytes<T: DeserializeOwned>(&self, path: &str, bytes: Vec<u8>) -> Result<T, Trouble> {
        let bytes = self.exchange(Method::POST, path, "application/octet-stream", bytes.into()).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::failed(format!("the node's answer is odd: {error}")))
    }

    async fn exchange(&self, method: Method, path: &str, content: &str, body: Body) -> Result<Bytes, Trouble> {
        let request = self.request(method, path, content, body)?;
        let answer = tokio::time::timeout(PATIENCE, self.carry(request)).await;
        let (status, bytes) = answer.map_err(|_| Trouble::failed("the node does not answer"))??;
        if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }

    fn request(&self, method: Method, path: &str, content: &str, body: Body) -> Result<Request<Body>, Trouble> {
        Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", content)
            .body(body)
            .map_err(|error| Trouble::usage(error.to_string()))
    }

    async fn carry(&self, request: Request<Body>) -> Result<(StatusCode, Bytes), Trouble> {
        match &self.line {
            Line::Desk(desk) => {
                let Ok(response) = desk.router().oneshot(request).await;
                collect(response).await
            }
            Line::Running(api) => collect(over_loopback(*api, request).await?).await,
        }
    }

    /// Copies an answer to standard output as it comes, however long it is.
    ///
    /// # Errors
    /// As [`Client::copy`].
    pub async fn copy_out(&self, path: &str) -> Result<(), Trouble> {
        self.copy(path, &mut out::raw).await
    }

    /// Gives an answer away piece by piece as it comes, however long it is.
    ///
    /// # Errors
    /// What the node says is wrong, that the answer broke off, or what `sink` says.
    pub async fn copy(&self, path: &str, sink: &mut Sink<'_>) -> Result<(), Trouble> {
        let request = self.request(Method::GET, path, "application/json", Body::empty())?;
        match &self.line {
            Line::Desk(desk) => {
                let Ok(response) = desk.router().oneshot(request).await;
                copy(response, sink).await
            }
            Line::Running(api) => copy(over_loopback(*api, request).await?, sink).await,
        }
    }

    /// What happens at the running node from now on.
    ///
    /// # Errors
    /// If no node runs.
    pub async fn notices(&self) -> Result<Notices, Trouble> {
        let Line::Running(api) = self.line else { return Err(Trouble::not_running("no node runs in this home")) };
        let request = Request::get("/api/v1/notices").header("authorization", format!("Bearer {}", self.token));
        let request = request.body(Body::empty()).map_err(|error| Trouble::usage(error.to_string()))?;
        let body = over_loopback(api, request).await?.into_body();
        let mut notices = Notices { body, text: String::new() };
        notices.next().await?;
        Ok(notices)
    }

    /// Closes the home, if it was opened for this.
    ///
    /// # Errors
    /// What the storage said at the end.
    pub async fn close(self) -> Result<(), Trouble> {
        match self.line {
            Line::Desk(desk) => Ok((*desk).close().await?),
            Line::Running(_) => Ok(()),
        }
    }
}

/// Why no node runs: one of a home that goes on elsewhere is not to be started.
fn not_running(home: &Home) -> Trouble {
    // Whoever works in it at this moment, or needs a passphrase for it, is told no more than that.
    let elsewhere = home.open().ok().and_then(|open| Elsewhere::of(&open.store).ok().flatten());
    match elsewhere {
        Some(elsewhere) => Trouble::not_running(elsewhere.message()).hint(Elsewhere::ADVICE),
        None => Trouble::not_running("no node runs in this home"),
    }
}

async fn over_loopback(
    api: std::net::SocketAddr,
    mut request: Request<Body>,
) -> Result<Response<hyper::body::Incoming>, Trouble> {
    let silent = |error: &dyn std::fmt::Display| {
        Trouble::failed(format!("the node at {api} does not answer: {error}")).hint("stop it and run kith up again")
    };
    let stream = tokio::net::TcpStream::connect(api).await.map_err(|error| silent(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| silent(&error))?;
    tokio::spawn(connection);
    let host = api.to_string().parse().map_err(|_| Trouble::failed("the address of the node is odd"))?;
    request.headers_mut().insert("host", host);
    sender.send_request(request).await.map_err(|error| silent(&error))
}

async fn collect<B>(response: Response<B>) -> Result<(StatusCode, Bytes), Trouble>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER).collect().await;
    let body = body.map_err(|error| Trouble::failed(format!("the node's answer broke off: {error}")))?;
    Ok((status, body.to_bytes()))
}

async fn copy<B>(response: Response<B>, sink: &mut Sink<'_>) -> Result<(), Trouble>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if !response.status().is_success() {
        let (status, bytes) = collect(response).await?;
        return Err(refusal(status, &bytes));
    }
    let mut body = response.into_body();
    let silent = |_| Trouble::failed("the node does not answer");
    while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame()).await.map_err(silent)? {
        let frame = frame.map_err(|error| Trouble::failed(format!("the node's answer broke off: {}", error.into())))?;
        if let Some(data) = frame.data_ref() {
            sink(data)?;
        }
    }
    Ok(())
}

fn refusal(status: StatusCode, answer: &[u8]) -> Trouble {
    match serde_json::from_slice::<ProblemBody>(answer) {
        Ok(problem) => problem.into(),
        Err(_) => Trouble::failed(format!("the node answered {status}")),
    }
}

/// Server-sent events of a node.
pub struct Notices {
    body: hyper::body::Incoming,
    text: String,
}

impl Notices {
    /// Waits for the next event, whatever it is; the state of things tells what came of it.
    ///
    /// # Errors
    /// If the node stops.
    pub async fn next(&mut self) -> Result<(), Trouble> {
        loop {
            if let Some((_, rest)) = self.text.split_once("\n\n") {
                self.text = rest.to_owned();
                return Ok(());
            }
            let frame = self.body.frame().await;
            let frame = frame.ok_or_else(|| Trouble::failed("the node has stopped"))?;
            let frame = frame.map_err(|error| Trouble::failed(format!("the node has stopped: {error}")))?;
            if let Some(data) = frame.data_ref() {
                self.text.push_str(&String::from_utf8_lossy(data));
            }
        }
    }
}
