//! How fast things went, out of the history: the pace of a fault is compared with that of the calm before it, in the same
//! run on the same machine.

use std::{collections::HashMap, ops::Range, time::Duration};

use crate::history::{Line, Moment, What};

/// How long answers to sends took that were begun by devices below `devices` in this time. A send without an answer
/// counts with the time that it has waited.
pub fn answers(lines: &[Line], devices: usize, during: &Range<Moment>) -> Vec<Duration> {
    let mut open: HashMap<&String, Moment> = HashMap::new();
    let mut took = Vec::new();
    for line in lines.iter().filter(|line| line.device < devices) {
        match &line.what {
            What::Invoke { client_id, .. } if during.contains(&line.at) => {
                open.entry(client_id).or_insert(line.at);
            }
            What::Ok { client_id, .. } => {
                let began = open.remove(client_id);
                took.extend(began.map(|began| Duration::from_nanos(line.at - began)));
            }
            _ => {}
        }
    }
    let now = lines.last().map_or(during.end, |line| line.at);
    took.extend(
        open.into_values()
            .map(|began| Duration::from_nanos(now - began)),
    );
    took
}

/// How long it took from the begin of a send in this time until each of the other devices below `devices` had it.
pub fn deliveries(lines: &[Line], devices: usize, during: &Range<Moment>) -> Vec<Duration> {
    let mut begun: HashMap<&String, (usize, Moment)> = HashMap::new();
    let mut took = Vec::new();
    for line in lines.iter().filter(|line| line.device < devices) {
        match &line.what {
            What::Invoke { client_id, .. } if during.contains(&line.at) => {
                begun.entry(client_id).or_insert((line.device, line.at));
            }
            What::Pushed { client_id, .. } | What::Resumed { client_id, .. } => {
                let said = begun.get(client_id);
                let heard = said.filter(|(speaker, _)| *speaker != line.device);
                took.extend(heard.map(|(_, at)| Duration::from_nanos(line.at - at)));
            }
            _ => {}
        }
    }
    took
}

/// How long it lasted.
pub fn span(during: Range<Moment>) -> Duration {
    Duration::from_nanos(during.end - during.start)
}

/// 99 of 100 took no longer than this.
pub fn p99(mut took: Vec<Duration>) -> Duration {
    assert!(took.len() >= 100, "{} are too few to judge", took.len());
    took.sort();
    took[(took.len() * 99).div_ceil(100) - 1]
}

/// A bar on the pace: so many times that of the calm, and never less than `floor`, below which a busy machine says nothing.
pub struct Bar {
    pub times: f64,
    pub floor: Duration,
}

impl Bar {
    pub fn allows(&self, calm: Duration, fault: Duration) -> bool {
        fault <= calm.mul_f64(self.times).max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: Moment, device: usize, what: What) -> Line {
        Line {
            at,
            device,
            connection: 1,
            what,
        }
    }

    fn said(client_id: &str) -> What {
        What::Invoke {
            conversation: "c".into(),
            client_id: client_id.into(),
            body: String::new(),
        }
    }

    fn acknowledged(client_id: &str) -> What {
        What::Ok {
            conversation: "c".into(),
            client_id: client_id.into(),
            number: 1,
        }
    }

    fn pushed(client_id: &str) -> What {
        What::Pushed {
            conversation: "c".into(),
            number: 1,
            client_id: client_id.into(),
        }
    }

    #[test]
    fn a_send_without_an_answer_counts_with_its_wait() {
        let lines = [
            line(5, 0, said("before")),
            line(10, 0, said("a")),
            line(12, 1, said("b")),
            line(13, 0, said("a")),
            line(20, 0, acknowledged("a")),
            line(50, 0, acknowledged("before")),
        ];
        let mut took = answers(&lines, 2, &(10..20));
        took.sort();
        assert_eq!(took, [10, 38].map(Duration::from_nanos));
        assert!(answers(&lines, 0, &(10..20)).is_empty());
    }

    #[test]
    fn a_message_is_delivered_to_each_of_the_others() {
        let lines = [
            line(10, 0, said("a")),
            line(14, 0, pushed("a")),
            line(15, 1, pushed("a")),
            line(19, 2, pushed("a")),
            line(19, 9, pushed("a")),
        ];
        let took = deliveries(&lines, 3, &(10..20));
        assert_eq!(took, [5, 9].map(Duration::from_nanos));
    }

    #[test]
    fn a_bar_can_be_missed() {
        let bar = Bar {
            times: 1.2,
            floor: Duration::from_millis(500),
        };
        let seconds = Duration::from_secs_f64;
        assert!(bar.allows(seconds(1.0), seconds(1.1)) && bar.allows(seconds(0.01), seconds(0.4)));
        assert!(
            !bar.allows(seconds(1.0), seconds(1.3)) && !bar.allows(seconds(0.01), seconds(0.6))
        );
    }

    #[test]
    fn the_slowest_of_a_hundred_is_left_out() {
        assert_eq!(
            p99((1..=100).map(Duration::from_secs).collect()),
            Duration::from_secs(99)
        );
    }
}
