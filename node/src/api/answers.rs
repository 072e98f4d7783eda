//! What every call may answer, beside what it says of itself.

use axum::http::StatusCode;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, Ref, Response};

use super::ProblemBody;

/// Answers to any request.
const ANY: [(StatusCode, &str); 5] = [
    (StatusCode::BAD_REQUEST, "The request is not what it should be."),
    (StatusCode::UNAUTHORIZED, "The token is missing or wrong."),
    (StatusCode::MISDIRECTED_REQUEST, "The node was called by a name that is not its own."),
    (StatusCode::INTERNAL_SERVER_ERROR, "The disk or the program failed."),
    (StatusCode::SERVICE_UNAVAILABLE, "The node is stopping."),
];

/// Answers to a request that brings something.
const WITH_BODY: [(StatusCode, &str); 3] = [
    (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not of the type that this call takes."),
    (StatusCode::UNPROCESSABLE_ENTITY, "The body does not have the form that this call takes."),
];

/// Answers to a request that changes something.
const CHANGING: [(StatusCode, &str); 1] =
    [(StatusCode::INSUFFICIENT_STORAGE, "It could not be stored, and nothing was changed.")];

/// Adds to each call the answers that come from around it.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components.schemas.entry("ProblemBody".to_owned()).or_insert_with(ProblemBody::schema);
    for path in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, patch, .. } = path;
        for operation in [&mut *get, &mut *put, &mut *post, &mut *delete, &mut *patch].into_iter().flatten() {
            add(operation, &ANY);
            if operation.request_body.is_some() {
                add(operation, &WITH_BODY);
            }
        }
        for operation in [put, post, delete, patch].into_iter().flatten() {
            add(operation, &CHANGING);
        }
    }
    document
}

fn add(operation: &mut Operation, answers: &[(StatusCode, &str)]) {
    for (status, why) in answers {
        let problem = Content::new(Some(Ref::from_schema_name("ProblemBody")));
        let answer = Response::builder().description(*why).content("application/json", problem).build();
        operation.responses.responses.entry(status.as_str().to_owned()).or_insert_with(|| answer.into());
    }
}
