//! x
mod meeting;
