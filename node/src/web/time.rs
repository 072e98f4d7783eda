//! Times of the API as people read them, in the time zone of whoever reads.

use axum::extract::Request;
use axum::http::header::COOKIE as COOKIE_HEADER;
use axum::middleware::Next;
use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use crate::here;

/// The cookie in which a browser says its time zone. A script of ours sets it; it gives nobody anything.
const COOKIE: &str = "kith_zone=";

/// Answers in the time zone of the reader.
pub(super) async fn as_the_reader_has_it(request: Request, next: Next) -> Response {
    let cookies = request.headers().get_all(COOKIE_HEADER).iter().filter_map(|cookies| cookies.to_str().ok());
    let name = cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| cookie.trim().strip_prefix(COOKIE));
    let zone = name.and_then(here::named);
    here::answer(zone, next.run(request)).await
}

fn local(time: &str) -> Option<Zoned> {
    Some(time.parse::<Timestamp>().ok()?.to_zoned(here::zone()))
}

fn today() -> Date {
    Timestamp::now().to_zoned(here::zone()).date()
}

/// A day: `Tue 24 Nov`, with its year if it is another one.
pub(super) fn day(time: &str) -> String {
    local(time).map(|at| day_of(at.date(), today())).unwrap_or_default()
}

fn day_of(day: Date, today: Date) -> String {
    let form = if day.year() == today.year() { "%a %-d %b" } else { "%-d %b %Y" };
    day.strftime(form).to_string()
}

/// The day of a moment, or a date as it is.
pub(super) fn day_or_date(text: &str) -> String {
    if text.len() == 10 { date(text) } else { day(text) }
}

/// A day with its year, for who reads it long before: `25 May 2027`.
pub(super) fn full_day(time: &str) -> String {
    local(time).map(|at| at.strftime("%-d %b %Y").to_string()).unwrap_or_default()
}

/// A moment: `Tue 24 Nov, 14:05`.
pub(super) fn moment(time: &str) -> String {
    local(time).map(|at| format!("{}, {}", day(time), at.strftime("%H:%M"))).unwrap_or_default()
}

/// A date as it is, without any time zone.
pub(super) fn date(date: &str) -> String {
    let date: Option<Date> = date.parse().ok();
    date.map(|date| day_of(date, today())).unwrap_or_default()
}

/// Whole minutes until then, at least none.
pub(super) fn minutes_left(time: &str) -> i64 {
    let left = time.parse::<Timestamp>().ok().map(|at| at.as_second() - Timestamp::now().as_second());
    left.unwrap_or_default().max(0) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_another_year_says_which() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(day_of(date("2026-11-24"), date("2026-12-01")), "Tue 24 Nov");
        assert_eq!(day_of(date("2025-11-24"), date("2026-12-01")), "24 Nov 2025");
        assert_eq!(day("no time"), "");
    }
}
