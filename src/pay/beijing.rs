//! Times as the providers have them: on the clock of Beijing, which is eight hours ahead all year.

use jiff::{
    Timestamp, Zoned,
    civil::DateTime,
    tz::{self, TimeZone},
};

/// E.g. `2026-11-11 20:00:00`, for Alipay.
pub(super) fn plain(at: Timestamp) -> String {
    zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// E.g. `2026-11-11T20:00:00+08:00`, for WeChat Pay.
pub(super) fn with_offset(at: Timestamp) -> String {
    zoned(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Reads what [`plain`] writes, with parts of a second too.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    tz::offset(8).to_timestamp(time).ok()
}

fn zoned(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::fixed(tz::offset(8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAY-01: a payment's time is the same moment here and there.
    #[test]
    fn times_are_those_of_beijing() {
        let at: Timestamp = "2026-11-11T12:00:00Z".parse().unwrap();
        assert_eq!(plain(at), "2026-11-11 20:00:00");
        assert_eq!(with_offset(at), "2026-11-11T20:00:00+08:00");
        assert_eq!(with_offset(at).parse::<Timestamp>().unwrap(), at);
        assert_eq!(read("2026-11-11 20:00:00"), Some(at));
        let later = read("2026-11-11 20:00:00.320").unwrap();
        assert_eq!(later.as_millisecond() - at.as_millisecond(), 320);
        for odd in ["", "2026-11-31 20:00:00", "2026-11-11 25:00:00", "now"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
