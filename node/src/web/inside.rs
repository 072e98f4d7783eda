//! Asking the API from within the process.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use super::trouble::Trouble;
use crate::api::{Api, ProblemBody};

/// The API, to be asked without a socket.
#[derive(Clone)]
pub(super) struct Inside {
    router: Router,
    bearer: Option<HeaderValue>,
}

impl Inside {
    /// The router of an API, and what lets its pages through.
    pub(super) fn of(api: &Api, router: Router) -> Self {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", api.token())).ok();
        if let Some(bearer) = &mut bearer {
            bearer.set_sensitive(true);
        }
        Self { router, bearer }
    }

    /// Asks for something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.json(Method::GET, path, None).await
    }

    /// Asks to do something.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Trouble> {
        self.json(Method::POST, path, Some(body)).await
    }

    /// Asks to change something.
    pub(super) async fn patch<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Trouble> {
        self.json(Method::PATCH, path, Some(body)).await
    }

    /// Asks to do something whose answer does not matter.
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<(), Trouble> {
        let _: Value = self.json(method, path, Some(body)).await?;
        Ok(())
    }

    /// Sends bytes that are no JSON.
    pub(super) async fn send_bytes<T: DeserializeOwned>(&self, path: &str, bytes: Vec<u8>) -> Result<T, Trouble> {
        self.exchange(Method::POST, path, "application/octet-stream", bytes.into()).await
    }

    async fn json<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&Value>) -> Result<T, Trouble> {
        let body = body.map(|body| Body::from(body.to_string())).unwrap_or_default();
        self.exchange(method, path, "application/json", body).await
    }

    /// A short text that is no JSON.
    pub(super) async fn text(&self, path: &str) -> Result<String, Trouble> {
        let bytes = whole(self.file(path).await?).await?;
        String::from_utf8(bytes.into()).map_err(|error| Trouble::failed(error.to_string()))
    }

    /// A file as the API answers it, to be handed on piece by piece.
    pub(super) async fn file(&self, path: &str) -> Result<Response, Trouble> {
        let answer = self.ask(Method::GET, path, "application/json", Body::empty()).await?;
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer).await?) }
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content: &str,
        body: Body,
    ) -> Result<T, Trouble> {
        let answer = self.ask(method, path, content, body).await?;
        if !answer.status().is_success() {
            return Err(refused(answer).await?);
        }
        let bytes = whole(answer).await?;
        // An answer without a body stands for null.
        let bytes = if bytes.is_empty() { b"null" } else { &bytes[..] };
        serde_json::from_slice(bytes).map_err(|error| Trouble::failed(error.to_string()))
    }

    async fn ask(&self, method: Method, path: &str, content: &str, body: Body) -> Result<Response, Trouble> {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}")).header(CONTENT_TYPE, content);
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request.body(body).map_err(|error| Trouble::bad_request(error.to_string()))?;
        let Ok(answer) = self.router.clone().oneshot(request).await;
        Ok(answer)
    }
}

async fn whole(answer: Response) -> Result<Bytes, Trouble> {
    let body = answer.into_body().collect().await;
    Ok(body.map_err(|error| Trouble::failed(error.to_string()))?.to_bytes())
}

async fn refused(answer: Response) -> Result<Trouble, Trouble> {
    let status = answer.status();
    let problem = serde_json::from_slice::<ProblemBody>(&whole(answer).await?);
    Ok(match problem {
        Ok(problem) => Trouble { status, message: problem.message, hint: problem.hint },
        Err(_) => Trouble { status, message: reason(status), hint: None },
    })
}

fn reason(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or_default().to_owned()
}
