//! Kuaidi100 (快递100): a parcel is subscribed to once, and from then on its whole trace is posted whenever it grows.
//!
//! News are signed with MD5 over the text and a salt, which is weak: therefore every parcel has a salt and an unguessable address of its
//! own, and a notice has to fit both.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::header;
use jiff::{Timestamp, civil::DateTime, tz};
use md5::{Digest as _, Md5};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

use super::{Event, Fault, Following, Forged, News, State, Subscription};
use crate::{
    config::Kuaidi100Settings,
    line::{self, Line, LineFault},
};

/// Characters of a number at most.
const NUMBER: usize = 32;
/// Events of a trace that are read; the newest come first.
const EVENTS: usize = 300;
/// Characters of an event's words, and of its place.
const WORDS: usize = 500;

/// An account there.
pub struct Kuaidi100 {
    key: String,
    line: Line,
}

/// What is said to a subscription.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    return_code: String,
    #[serde(default)]
    message: String,
}

/// What is posted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Push {
    status: String,
    #[serde(default)]
    com_new: String,
    last_result: Option<LastResult>,
}

/// The trace so far.
#[derive(Deserialize)]
struct LastResult {
    #[serde(default)]
    state: String,
    #[serde(default)]
    com: String,
    nu: String,
    #[serde(default)]
    data: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    context: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    ftime: String,
    area_name: Option<String>,
}

impl Kuaidi100 {
    /// As the settings say.
    pub(super) fn open(settings: &Kuaidi100Settings) -> anyhow::Result<Self> {
        ensure!(
            !settings.key.contains(char::is_whitespace),
            "`key` has a blank in it"
        );
        let limit = Duration::from_millis(settings.call_ms);
        Ok(Self {
            key: settings.key.clone(),
            line: Line::open(&settings.gateway_url, limit).context("gateway_url")?,
        })
    }

    pub(super) async fn follow(&self, wanted: &Subscription) -> Result<(), Fault> {
        if wanted.number.chars().count() > NUMBER {
            return Err(Fault::Unfit("the number is too long".into()));
        }
        let request = self
            .line
            .request(Method::POST, "")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(wanted));
        let answer = line::send(request).await.map_err(not_now)?;
        if !answer.status.is_success() {
            return Err(Fault::NotNow(format!("status {}", answer.status.as_u16())));
        }
        let said: Said = serde_json::from_slice(&answer.body)
            .map_err(|_| Fault::NotNow("the answer cannot be read".into()))?;
        judge(&said)
    }

    fn form(&self, wanted: &Subscription) -> String {
        let param = json!({
            "company": wanted.carrier.to_lowercase(),
            "number": wanted.number,
            "key": self.key,
            "parameters": {
                "callbackurl": wanted.callback_url,
                "salt": wanted.salt,
                "resultv2": "1",
                "autoCom": "1",
                "interCom": "0",
                "phone": wanted.phone,
            },
        });
        form_urlencoded::Serializer::new(String::new())
            .append_pair("schema", "json")
            .append_pair("param", &param.to_string())
            .finish()
    }
}

fn not_now(fault: LineFault) -> Fault {
    Fault::NotNow(fault.to_string())
}

/// 501: it is subscribed to already, and goes on.
fn judge(said: &Said) -> Result<(), Fault> {
    let why = || format!("{} {}", said.return_code, cut(&said.message, 100));
    match &said.return_code[..] {
        "200" | "501" => Ok(()),
        "600" | "601" => Err(Fault::Account(why())),
        "700" | "701" | "702" => Err(Fault::Unfit(why())),
        _ => Err(Fault::NotNow(why())),
    }
}

/// What is posted to a parcel's address, if it is signed with its salt.
pub(super) fn read(salt: &str, body: &[u8]) -> Result<News, Forged> {
    let part = |wanted: &str| {
        let mut parts = form_urlencoded::parse(body).filter(|(name, _)| name == wanted);
        let first = parts.next().map(|(_, value)| value.into_owned());
        first.filter(|_| parts.next().is_none())
    };
    let (Some(sign), Some(param)) = (part("sign"), part("param")) else {
        return Err(Forged::Unsigned);
    };
    let own = hex::encode(Md5::digest(format!("{param}{salt}")));
    if !bool::from(own.as_bytes().ct_eq(sign.to_lowercase().as_bytes())) {
        return Err(Forged::WrongSignature);
    }
    let push: Push = serde_json::from_str(&param).map_err(|_| Forged::Unreadable)?;
    push.news().ok_or(Forged::Unreadable)
}

impl Push {
    fn news(self) -> Option<News> {
        let following = match &self.status[..] {
            "polling" | "updateall" => Following::GoesOn,
            "shutdown" => Following::Over,
            "abort" => Following::GivenUp,
            _ => return None,
        };
        let last = self.last_result?;
        let entries = last.data.iter().take(EVENTS);
        let mut events: Vec<Event> = entries.filter_map(Entry::event).collect();
        events.sort_unstable();
        events.dedup();
        Some(News {
            state: state(&last.state, events.is_empty()),
            number: last.nu,
            carrier: carrier(self.com_new, last.com),
            events,
            following,
        })
    }
}

impl Entry {
    /// What cannot be read is left out: the rest of the trace is as good as before.
    fn event(&self) -> Option<Event> {
        let text = if self.ftime.is_empty() {
            &self.time
        } else {
            &self.ftime
        };
        let words = cut(self.context.trim(), WORDS);
        let place = cut(self.area_name.as_deref().unwrap_or_default().trim(), WORDS);
        (!words.is_empty()).then_some(Event {
            at: in_beijing(text)?,
            words,
            place,
        })
    }
}

/// The published states. One that is not known yet says no more than that the parcel moves.
fn state(code: &str, nothing_heard: bool) -> State {
    match code {
        _ if nothing_heard => State::Sent,
        "1" => State::Collected,
        "2" => State::Problem,
        "3" => State::Signed,
        "4" => State::Returned,
        "5" => State::OutForDelivery,
        "6" => State::Returning,
        "8" | "10" | "11" | "12" | "13" => State::Customs,
        "14" => State::Refused,
        _ => State::InTransit,
    }
}

/// The carrier's code, if it is one; empty: as it was.
fn carrier(new: String, old: String) -> String {
    let sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '_';
    let good = |code: &String| (1..=40).contains(&code.len()) && code.chars().all(sign);
    [new, old].into_iter().find(good).unwrap_or_default()
}

/// A time without a zone is one of Beijing.
fn in_beijing(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.trim().parse().ok()?;
    tz::offset(8).to_timestamp(time).ok()
}

/// At most so many characters, and no NUL, which the database does not take.
fn cut(text: &str, most: usize) -> String {
    text.chars()
        .filter(|sign| *sign != '\0')
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the provider's documents, shortened: the newest first.
    const PARAM: &str = r#"{"status":"shutdown","billstatus":"check","message":"","autoCheck":"1","comOld":"yuantong","comNew":"ems",
      "lastResult":{"message":"ok","state":"3","status":"200","condition":"F00","ischeck":"1","com":"yuantong","nu":"V030344422","data":[
      {"context":"北京市 已签收","time":"2026-08-29 09:10:11","ftime":"2026-08-29 09:10:11","status":"签收","areaName":"北京"},
      {"context":"上海分拨中心/装件入车扫描 ","time":"2026-08-28 16:33:19","ftime":"2026-08-28 16:33:19","status":"在途"}]}}"#;

    fn form(sign: &str, param: &str) -> Vec<u8> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("sign", sign)
            .append_pair("param", param)
            .finish();
        form.into_bytes()
    }

    fn signed(param: &str) -> Vec<u8> {
        form(
            &hex::encode_upper(Md5::digest(format!("{param}salt"))),
            param,
        )
    }

    /// LOG-08: the trace is read oldest first, in the time of Beijing, with the carrier put right.
    #[test]
    fn news_are_read() {
        let news = read("salt", &signed(PARAM)).unwrap();
        assert_eq!(news.number, "V030344422");
        assert_eq!(news.carrier, "ems");
        assert_eq!(news.state, State::Signed);
        assert_eq!(news.following, Following::Over);
        let words: Vec<&str> = news.events.iter().map(|event| &event.words[..]).collect();
        assert_eq!(words, ["上海分拨中心/装件入车扫描", "北京市 已签收"]);
        let at: Timestamp = "2026-08-28T08:33:19Z".parse().unwrap();
        assert_eq!(news.events[0].at, at);
        assert_eq!(news.events[1].place, "北京");
    }

    /// LOG-08: nothing is believed that is not signed with this parcel's salt.
    #[test]
    fn what_is_not_signed_is_not_believed() {
        let good = signed(PARAM);
        assert_eq!(read("other", &good), Err(Forged::WrongSignature));
        let sign = hex::encode(Md5::digest(format!("{PARAM}salt")));
        let other = PARAM.replace("\"state\":\"3\"", "\"state\":\"4\"");
        assert_eq!(
            read("salt", &form(&sign, &other)),
            Err(Forged::WrongSignature)
        );
        assert_eq!(read("salt", &form("", PARAM)), Err(Forged::WrongSignature));
        assert_eq!(read("salt", b"param=1"), Err(Forged::Unsigned));
        assert_eq!(read("salt", b""), Err(Forged::Unsigned));
        let twice = [good, form(&sign, PARAM)].join(&b'&');
        assert_eq!(read("salt", &twice), Err(Forged::Unsigned));
        for odd in [
            "{}",
            "[]",
            "null",
            r#"{"status":"asleep"}"#,
            r#"{"status":"polling"}"#,
        ] {
            assert_eq!(read("salt", &signed(odd)), Err(Forged::Unreadable), "{odd}");
        }
    }

    /// LOG-08: the published answers mean what the documents say.
    #[test]
    fn answers_are_judged() {
        let judged = |code: &str| {
            judge(&Said {
                return_code: code.into(),
                message: "so".into(),
            })
        };
        assert_eq!(judged("200"), Ok(()));
        assert_eq!(judged("501"), Ok(()));
        for code in ["700", "701", "702"] {
            assert!(matches!(judged(code), Err(Fault::Unfit(_))), "{code}");
        }
        for code in ["600", "601"] {
            assert!(matches!(judged(code), Err(Fault::Account(_))), "{code}");
        }
        for code in ["500", "502", "", "999"] {
            assert!(matches!(judged(code), Err(Fault::NotNow(_))), "{code}");
        }
    }
}
