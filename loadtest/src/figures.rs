//! What a run found out: the object that `--json` prints and `--report` keeps.

use std::{collections::BTreeMap, fmt, time::Duration};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{check::Faults, usage::Cpu};

/// One scenario's outcome. Absent where it does not apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Which one.
    pub scenario: String,
    /// Sockets.
    pub connections: u64,
    /// How long it was measured.
    pub seconds: f64,
    /// Sends.
    pub sent: u64,
    /// Sends that were acknowledged: committed.
    pub acked: u64,
    /// The same in a second.
    pub acked_per_s: Option<f64>,
    /// Messages shown to people, their senders included.
    pub delivered: u64,
    /// The same in a second.
    pub delivered_per_s: Option<f64>,
    /// Acknowledged and not shown.
    pub lost: u64,
    /// Shown or acknowledged twice.
    pub doubled: u64,
    /// Shown out of order, or something else than promised.
    pub misordered: u64,
    /// From send (or when it was due) to acknowledgement.
    pub ack_ms: Option<Percentiles>,
    /// From send (or when it was due) to being shown.
    pub deliver_ms: Option<Percentiles>,
    /// The server's resident memory for each socket beyond what it has without them.
    pub server_rss_kib_per_connection: Option<f64>,
    /// What this machine can do without Souk, from `limits`, in the scenario's own unit.
    pub floor: Option<f64>,
    /// The scenario's main figure divided by `floor`.
    pub ratio: Option<f64>,
    /// CPU time for each acknowledged message (`chat`) or thousand deliveries (`group`), if server and load share a machine.
    pub cpu: Option<Cpu>,
    /// Figures that only this scenario has.
    pub details: BTreeMap<String, f64>,
}

impl Figures {
    /// Figures of nothing yet.
    pub fn of(scenario: &str, connections: usize) -> Self {
        Self {
            scenario: scenario.to_owned(),
            connections: connections as u64,
            ..Self::default()
        }
    }

    /// Takes over what the checker found.
    pub fn blame(&mut self, faults: Faults) {
        self.lost += faults.lost;
        self.doubled += faults.doubled;
        self.misordered += faults.misordered;
    }

    /// Was every promise kept?
    pub fn clean(&self) -> bool {
        self.lost + self.doubled + self.misordered == 0
    }

    /// Compares the main figure with what the machine can do.
    pub fn compare(&mut self, figure: Option<f64>, floor: Option<f64>) {
        self.floor = floor;
        self.ratio = figure.zip(floor).map(|(figure, floor)| figure / floor);
    }

    /// Notes a figure that only this scenario has.
    pub fn note(&mut self, name: &str, figure: f64) {
        self.details.insert(name.to_owned(), figure);
    }
}

/// One line for people.
impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(
            out,
            "{}: {} sockets, {:.1} s",
            self.scenario, self.connections, self.seconds
        )?;
        for (name, figure) in [
            ("acked/s", self.acked_per_s),
            ("delivered/s", self.delivered_per_s),
            ("KiB/connection", self.server_rss_kib_per_connection),
            ("floor", self.floor),
            ("ratio", self.ratio),
        ] {
            if let Some(figure) = figure {
                write!(out, ", {figure:.2} {name}")?;
            }
        }
        for (name, times) in [("ack", self.ack_ms), ("deliver", self.deliver_ms)] {
            if let Some(Percentiles { p50, p99, p999 }) = times {
                write!(out, ", {name} {p50:.1}/{p99:.1}/{p999:.1} ms")?;
            }
        }
        if let Some(Cpu {
            server,
            database,
            load,
        }) = self.cpu
        {
            write!(
                out,
                ", CPU {server:.1} server {database:.1} database {load:.1} load us each"
            )?;
        }
        for (name, figure) in &self.details {
            write!(out, ", {name} {figure:.1}")?;
        }
        write!(
            out,
            "; {} lost, {} doubled, {} misordered",
            self.lost, self.doubled, self.misordered
        )
    }
}

/// Milliseconds that half, 99 % and 99.9 % stayed within.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 99 %.
    pub p99: f64,
    /// 99.9 %.
    pub p999: f64,
}

/// Durations, within 1 %, from a microsecond to a minute; a longer one counts as a minute.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u32>);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000, 2).expect("the bounds are sound"))
    }
}

impl Times {
    /// One more.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros);
    }

    /// All of another.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the bounds are the same");
    }

    /// In milliseconds; nothing of nothing.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile| self.at(quantile);
        Some(Percentiles {
            p50: at(0.5)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
        })
    }

    /// The milliseconds that this share stayed within.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
    pub fn at(&self, quantile: f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile) as f64 / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_milliseconds() {
        let mut times = Times::default();
        assert!(times.percentiles().is_none());
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        let mut all = Times::default();
        all.merge(&times);
        let found = all.percentiles().unwrap();
        assert!((49.0..51.0).contains(&found.p50), "{found:?}");
        assert!((98.0..100.5).contains(&found.p99), "{found:?}");
    }

    /// The names of the fields are a contract with those who read `--json`.
    #[test]
    fn absent_figures_are_null() {
        let json = serde_json::to_value(Figures::of("idle", 3)).unwrap();
        assert!(json["acked_per_s"].is_null() && json["ack_ms"].is_null());
        assert_eq!(
            (&json["scenario"], &json["connections"]),
            (&"idle".into(), &3.into())
        );
        for field in [
            "seconds",
            "sent",
            "acked",
            "delivered",
            "lost",
            "doubled",
            "misordered",
            "floor",
            "ratio",
            "delivered_per_s",
            "deliver_ms",
            "server_rss_kib_per_connection",
        ] {
            assert!(json.get(field).is_some(), "{field}");
        }
    }
}
