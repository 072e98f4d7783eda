//! Series of measurements, and the tables made of them.

use std::time::Duration;

/// Durations of the same thing, measured again and again.
#[derive(Default)]
pub struct Series(Vec<Duration>);

impl Series {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// All of another one.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The value that this share of all values does not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let place = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(place.saturating_sub(1).min(last)).copied().unwrap_or_default()
    }

    /// The middle one.
    pub fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// One in twenty takes longer.
    pub fn p95(&self) -> Duration {
        self.quantile(0.95)
    }
}

/// Prints the head of a table of series.
pub fn head(what: &str) {
    println!("{what:<52} {:>9} {:>9} {:>9}", "median", "p95", "max");
}

/// Prints one series, in milliseconds.
pub fn row(what: &str, series: &Series) {
    let ms = |took: Duration| format!("{:.3} ms", took.as_secs_f64() * 1e3);
    println!("{what:<52} {:>9} {:>9} {:>9}", ms(series.median()), ms(series.p95()), ms(series.quantile(1.0)));
}

/// Prints how a figure compares with its target; true if it meets it.
pub fn judge(what: &str, figure: f64, most: f64, unit: &str) -> bool {
    let met = figure <= most;
    println!("{what:<52} {figure:>8.2} {unit}, target ≤ {most}{unit}: {}", if met { "met" } else { "MISSED" });
    met
}

/// How many times as long one took as the other.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
