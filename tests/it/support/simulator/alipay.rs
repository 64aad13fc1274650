//! Alipay's open platform.

use std::collections::BTreeMap;

use axum::{body::Body, http::HeaderMap, response::Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk::config::Config;
use url::form_urlencoded;

use super::{
    Letter, Lie, Trick,
    book::{Answer, Back, Book, Outcome, Trade},
    keys::{Owner, keys},
};

pub const APP: &str = "2021000116669999";
const SELLER: &str = "2088621955702610";

pub(super) fn set(config: &mut Config, url: String) {
    let settings = &mut config.alipay;
    settings.app_id = APP.into();
    settings.seller_id = SELLER.into();
    settings.private_key = keys().private(Owner::App) + ".bare";
    settings.public_key = keys().public(Owner::Alipay) + ".bare";
    settings.gateway_url = url;
}

type Form = BTreeMap<String, String>;

/// What is signed: sorted, joined, without these names and without what is empty.
fn text(form: &Form, without: &[&str]) -> String {
    let filled = form
        .iter()
        .filter(|(name, value)| !value.is_empty() && !without.contains(&&name[..]));
    let pairs: Vec<String> = filled
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

pub(super) fn answer(book: &mut Book, body: &[u8], trick: Option<&Trick>) -> Response {
    let form: Form = form_urlencoded::parse(body).into_owned().collect();
    let method = form.get("method").cloned().unwrap_or_default();
    book.calls.push(method.clone());
    if let Err(complaint) = check(book, &form) {
        book.complaints.push(complaint);
        let no = r#"{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature"}}"#;
        return plain(no.to_owned());
    }
    let asked = serde_json::from_str(&form["biz_content"]).unwrap_or_default();
    let answer = match trick {
        Some(Trick::Fails) => Err((500, "ACQ.SYSTEM_ERROR")),
        Some(Trick::TooOften) => Err((429, "isv.app-call-limited")),
        Some(Trick::Refuses(code)) => Err((403, *code)),
        Some(Trick::FailsOnTheWay) => Err((502, "")),
        _ => act(book, &method, &form, &asked),
    };
    plain(signed(&method, answer, trick))
}

fn plain(text: String) -> Response {
    let answer = Response::builder().header("content-type", "text/html;charset=utf-8");
    answer.body(Body::from(text)).expect("a response")
}

/// The answer and its signature. Alipay says everything with 200, and at times with `\/` for `/`, which it signs without.
fn signed(method: &str, answer: Answer, trick: Option<&Trick>) -> String {
    let node = match answer {
        Ok(mut said) => {
            said["code"] = json!("10000");
            said["msg"] = json!("Success");
            said
        }
        Err((500, code)) => {
            json!({ "code": "20000", "msg": "Service Currently Unavailable", "sub_code": code })
        }
        Err((429, code)) => json!({ "code": "40005", "msg": "Call Limited", "sub_code": code }),
        Err((_, code)) => {
            json!({ "code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": "so" })
        }
    };
    let mut node = node.to_string();
    if trick == Some(&Trick::Strange) {
        node = node.replace("out_trade_no\":\"", "out_trade_no\":\"other_");
    }
    let name = format!("{}_response", method.replace('.', "_"));
    let owner = if trick == Some(&Trick::Forged) {
        Owner::Stranger
    } else {
        Owner::Alipay
    };
    let sign = keys().sign(owner, node.as_bytes());
    let mut said = node.replace('/', "\\/");
    match trick {
        Some(Trick::Unsigned) => format!(r#"{{"{name}":{said}}}"#),
        Some(Trick::Altered) => {
            said.insert(1, ' ');
            format!(r#"{{"{name}":{said},"sign":"{sign}"}}"#)
        }
        _ => format!(r#"{{"{name}":{said},"sign":"{sign}"}}"#),
    }
}

/// Is the call signed by the app, now?
fn check(book: &Book, form: &Form) -> Result<(), String> {
    let part = |name: &str| form.get(name).map_or("", |value| &value[..]);
    let text = text(form, &["sign"]);
    if !keys().signed(Owner::App, text.as_bytes(), part("sign")) {
        return Err(format!("a wrong signature of {text}"));
    }
    let fixed = [
        ("app_id", APP),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
        ("timestamp", &beijing(book.clock.now())[..]),
    ];
    // Of the time, a minute.
    let differs = |(name, value): &&(&str, &str)| {
        let length = value.len().min(16);
        part(name).get(..length) != value.get(..length)
    };
    match fixed[..4].iter().find(differs) {
        Some((name, _)) => Err(format!("another {name}")),
        None if part("timestamp").len() != 19 => Err("no time".to_owned()),
        None => Ok(()),
    }
}

fn act(book: &mut Book, method: &str, form: &Form, asked: &Value) -> Answer {
    let number = asked["out_trade_no"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    match method {
        "alipay.trade.precreate" => charge(book, form, asked),
        "alipay.trade.query" => {
            let trade = book.trades.get(&number).filter(|trade| trade.begun);
            let trade = trade.ok_or((404, "ACQ.TRADE_NOT_EXIST"))?;
            let gone = book.refunds.values().filter(|back| back.trade == number);
            let all = gone.map(|back| back.fen).sum::<i64>() == trade.fen;
            Ok(standing(trade, all))
        }
        "alipay.trade.close" if book.trades.get(&number).is_some_and(|trade| !trade.begun) => {
            // It says that it knows nothing, and refuses whoever scans the code later.
            book.close(&number)?;
            Err((404, "ACQ.TRADE_NOT_EXIST"))
        }
        "alipay.trade.close" => match book.close(&number) {
            Ok(()) => {
                Ok(json!({ "out_trade_no": number, "trade_no": book.trades[&number].transaction }))
            }
            Err((404, _)) => Err((404, "ACQ.TRADE_NOT_EXIST")),
            Err(_) => Err((400, "ACQ.TRADE_STATUS_ERROR")),
        },
        "alipay.trade.refund" => refund(book, form, asked),
        "alipay.trade.fastpay.refund.query" => Ok(refund_standing(book, asked)),
        _ => Err((400, "isv.invalid-method")),
    }
}

fn charge(book: &mut Book, form: &Form, asked: &Value) -> Answer {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let fits = asked["seller_id"] == SELLER
        && !text("subject").is_empty()
        && !text("subject").contains(['/', '=', '&']);
    let number = text("out_trade_no");
    let trade = Trade {
        transaction: format!("2026111122001{number}"),
        fen: fen(&text("total_amount"))
            .filter(|_| fits)
            .ok_or((400, "ACQ.INVALID_PARAMETER"))?,
        notify_url: form.get("notify_url").cloned().unwrap_or_default(),
        expires_at: text("time_expire"),
        begun: false,
        paid_at: None,
        closed: false,
        number: number.clone(),
    };
    book.charge(trade)
        .map_err(|_| (400, "ACQ.TRADE_HAS_SUCCESS"))?;
    Ok(json!({ "out_trade_no": number, "qr_code": format!("https://qr.alipay.com/{number}") }))
}

fn standing(trade: &Trade, given_back: bool) -> Value {
    let mut said = json!({
        "out_trade_no": trade.number, "trade_no": trade.transaction, "total_amount": yuan(trade.fen),
        "trade_status": match trade.paid_at {
            Some(_) if given_back => "TRADE_CLOSED",
            Some(_) => "TRADE_SUCCESS",
            None if trade.closed => "TRADE_CLOSED",
            None => "WAIT_BUYER_PAY",
        },
    });
    if let Some(at) = trade.paid_at {
        said["send_pay_date"] = json!(beijing(at));
    }
    said
}

fn refund(book: &mut Book, form: &Form, asked: &Value) -> Answer {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let back = Back {
        number: text("out_request_no"),
        trade: text("out_trade_no"),
        fen: fen(&text("refund_amount")).ok_or((400, "ACQ.INVALID_PARAMETER"))?,
        notify_url: form.get("notify_url").cloned().unwrap_or_default(),
        outcome: Outcome::Processing,
    };
    let new = book
        .refund(back, None)
        .map_err(|(status, code)| match code {
            "RESOURCE_NOT_EXISTS" => (status, "ACQ.TRADE_NOT_EXIST"),
            "NOT_ENOUGH" => (status, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"),
            _ => (status, "ACQ.TRADE_STATUS_ERROR"),
        })?;
    let now = book.clock.now();
    let done = book.refunds[&text("out_request_no")].outcome == Outcome::Succeeded;
    Ok(json!({
        "out_trade_no": text("out_trade_no"), "refund_fee": text("refund_amount"),
        "fund_change": if new && done { "Y" } else { "N" }, "gmt_refund_pay": beijing(now),
    }))
}

fn refund_standing(book: &Book, asked: &Value) -> Value {
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let known = book.refunds.get(text("out_request_no"));
    let done = known.filter(|back| back.trade == text("out_trade_no"));
    // Of the others it says nothing at all.
    let Some(back) = done.filter(|back| back.outcome == Outcome::Succeeded) else {
        return json!({});
    };
    json!({
        "out_trade_no": back.trade, "out_request_no": back.number, "refund_amount": yuan(back.fen),
        "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": beijing(book.clock.now()),
    })
}

pub(super) fn paid(trade: &Trade, lie: Lie, now: Timestamp) -> Letter {
    let fen = if let Lie::Amount(fen) = lie {
        fen
    } else {
        trade.fen
    };
    let form = told(
        trade,
        lie,
        now,
        &[
            ("trade_status", "TRADE_SUCCESS".to_owned()),
            ("total_amount", yuan(fen)),
            ("receipt_amount", yuan(fen)),
            ("refund_fee", "0.00".to_owned()),
        ],
    );
    letter(&trade.notify_url, form, lie)
}

/// A refund is told under the payment's status, and with the sum of all refunds.
pub(super) fn refunded(back: &Back, trade: &Trade, sum: i64, now: Timestamp) -> Letter {
    let status = if sum == trade.fen {
        "TRADE_CLOSED"
    } else {
        "TRADE_SUCCESS"
    };
    let form = told(
        trade,
        Lie::Honest,
        now,
        &[
            ("trade_status", status.to_owned()),
            ("total_amount", yuan(trade.fen)),
            ("refund_fee", yuan(sum)),
            ("gmt_refund", beijing(now) + ".320"),
            ("out_biz_no", back.number.clone()),
        ],
    );
    letter(&trade.notify_url, form, Lie::Honest)
}

fn told(trade: &Trade, lie: Lie, now: Timestamp, more: &[(&str, String)]) -> Form {
    let at = match lie {
        Lie::Stale => now - SignedDuration::from_hours(27),
        Lie::Early => now + SignedDuration::from_mins(6),
        _ => now,
    };
    let app = if lie == Lie::App {
        "2021000000000000"
    } else {
        APP
    };
    let seller = if lie == Lie::Merchant {
        "2088000000000000"
    } else {
        SELLER
    };
    let mut form: Form = [
        ("notify_id", "2026111100222200000000000000000000"),
        ("notify_type", "trade_status_sync"),
        ("notify_time", &beijing(at)),
        ("charset", "utf-8"),
        ("version", "1.0"),
        ("sign_type", "RSA2"),
        ("app_id", app),
        ("auth_app_id", app),
        ("seller_id", seller),
        ("subject", "茶 + 点心"),
        ("out_trade_no", &trade.number),
        ("trade_no", &trade.transaction),
        ("gmt_payment", &beijing(trade.paid_at.unwrap_or(now))),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    form.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    form
}

fn letter(url: &str, mut form: Form, lie: Lie) -> Letter {
    let owner = if lie == Lie::Signature {
        Owner::Stranger
    } else {
        Owner::Alipay
    };
    let sign = keys().sign(owner, text(&form, &["sign", "sign_type"]).as_bytes());
    if lie != Lie::Unsigned {
        form.insert("sign".to_owned(), sign);
    }
    if lie == Lie::Altered {
        form.insert("total_amount".to_owned(), "0.01".to_owned());
    }
    let mut headers = HeaderMap::new();
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    headers.insert("content-type", kind.parse().expect("a value"));
    let mut body = form_urlencoded::Serializer::new(String::new());
    Letter {
        url: url.to_owned(),
        headers,
        body: body.extend_pairs(&form).finish(),
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Two digits behind the point, always.
fn fen(text: &str) -> Option<i64> {
    let (yuan, part) = text.split_once('.')?;
    let (yuan, part): (i64, i64) = (
        yuan.parse().ok()?,
        part.parse().ok().filter(|_| part.len() == 2)?,
    );
    Some(yuan * 100 + part).filter(|fen| *fen > 0)
}

fn beijing(at: Timestamp) -> String {
    let at = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
