//! WeChat Pay, API v3.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, request::Parts},
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use souk::config::Config;

use super::{
    Letter, Lie, Trick,
    book::{Answer, Back, Book, Outcome, Trade},
    keys::{Owner, keys, seal},
};

pub const MERCHANT: &str = "1900009191";
pub const APP: &str = "wxd678efh567hg6787";
const SERIAL: &str = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C";
const API_V3_KEY: &str = "0123456789abcdef0123456789ABCDEF";
const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_0119000091912026";
const CERTIFICATE: &str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";

pub(super) fn set(config: &mut Config, url: String) {
    let settings = &mut config.wechat_pay;
    settings.merchant_id = MERCHANT.into();
    settings.app_id = APP.into();
    settings.merchant_serial = SERIAL.into();
    settings.private_key = keys().private(Owner::Merchant);
    settings.api_v3_key = API_V3_KEY.into();
    settings.platform_keys = vec![
        format!("{PUBLIC_KEY_ID}={}", keys().public(Owner::Wechat)),
        format!("{CERTIFICATE}={}", keys().certificate()),
    ];
    settings.gateway_url = url;
}

pub(super) fn answer(
    book: &mut Book,
    head: &Parts,
    body: &[u8],
    trick: Option<&Trick>,
) -> Response {
    let path = head.uri.path_and_query().expect("a path").as_str();
    book.calls
        .push(format!("{} {}", head.method, head.uri.path()));
    if let Err(complaint) = check(book, head, path, body) {
        book.complaints.push(complaint);
        return plain(401, r#"{"code":"SIGN_ERROR"}"#.to_owned());
    }
    let answer = match trick {
        Some(Trick::Fails) => Err((500, "SYSTEM_ERROR")),
        Some(Trick::TooOften) => Err((429, "FREQUENCY_LIMITED")),
        Some(Trick::Refuses(code)) => Err((403, *code)),
        Some(Trick::FailsOnTheWay) => Err((502, "")),
        _ => act(book, head.method.as_str(), path, body),
    };
    let (status, mut text) = match answer {
        Ok(Value::Null) => (204, String::new()),
        Ok(value) => (200, value.to_string()),
        Err((status, code)) => (status, json!({ "code": code, "message": "so" }).to_string()),
    };
    if trick == Some(&Trick::Strange) {
        text = text.replace("out_trade_no\":\"", "out_trade_no\":\"other_");
        text = text.replace("out_refund_no\":\"", "out_refund_no\":\"other_");
        text = text.replace("code_url", "url");
    }
    let mut said = plain(status, text.clone());
    let wanted = head.headers.get("wechatpay-serial");
    let lie = match trick {
        Some(Trick::Unsigned) => Lie::Unsigned,
        Some(Trick::Forged) => Lie::Signature,
        Some(Trick::Altered) => Lie::Altered,
        Some(Trick::Stale) => Lie::Stale,
        Some(Trick::UnknownKey) => Lie::UnknownKey,
        _ => Lie::Honest,
    };
    let owner = if wanted.is_some_and(|name| name == PUBLIC_KEY_ID) {
        Owner::Wechat
    } else {
        Owner::WechatCertificate
    };
    said.headers_mut()
        .extend(stamp(owner, &text, lie, book.clock.now()));
    said
}

fn plain(status: u16, text: String) -> Response {
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/json");
    answer.body(Body::from(text)).expect("a response")
}

/// Is the call signed by the merchant, now, for the first time?
fn check(book: &mut Book, head: &Parts, path: &str, body: &[u8]) -> Result<(), String> {
    let header = head
        .headers
        .get("authorization")
        .ok_or("no authorization")?;
    let header = header.to_str().map_err(|_| "odd letters")?;
    let parts = header
        .strip_prefix("WECHATPAY2-SHA256-RSA2048 ")
        .ok_or("another scheme")?;
    let part = |name: &str| {
        let found = parts
            .split(',')
            .find_map(|part| part.strip_prefix(&format!("{name}=\"")));
        let value = found.and_then(|value| value.strip_suffix('"'));
        value.ok_or_else(|| format!("no {name}"))
    };
    let (at, nonce) = (part("timestamp")?, part("nonce_str")?);
    let body = std::str::from_utf8(body).map_err(|_| "odd bytes")?;
    let text = format!("{}\n{path}\n{at}\n{nonce}\n{body}\n", head.method);
    if part("mchid")? != MERCHANT || part("serial_no")? != SERIAL {
        return Err("another merchant".to_owned());
    }
    if !keys().signed(Owner::Merchant, text.as_bytes(), part("signature")?) {
        return Err(format!("a wrong signature of {text}"));
    }
    let second: i64 = at.parse().map_err(|_| "no time")?;
    if second.abs_diff(book.clock.now().as_second()) > 300 || !book.nonces.insert(nonce.to_owned())
    {
        return Err("said before".to_owned());
    }
    Ok(())
}

fn act(book: &mut Book, method: &str, path: &str, body: &[u8]) -> Answer {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let steps: Vec<&str> = path.split('/').skip(2).collect();
    match (method, &steps[..]) {
        ("POST", ["pay", "transactions", "native"]) => charge(book, &asked),
        ("GET", ["pay", "transactions", "out-trade-no", number]) => {
            if query != format!("mchid={MERCHANT}") {
                return Err((400, "PARAM_ERROR"));
            }
            let trade = book.trades.get(*number).ok_or((404, "ORDER_NOT_EXIST"))?;
            let refunded = book.refunds.values().any(|back| back.trade == *number);
            Ok(transaction(trade, refunded))
        }
        ("POST", ["pay", "transactions", "out-trade-no", number, "close"]) => {
            book.close(number).map(|()| Value::Null)
        }
        ("POST", ["refund", "domestic", "refunds"]) => refund(book, &asked),
        ("GET", ["refund", "domestic", "refunds", number]) => {
            let back = book
                .refunds
                .get(*number)
                .ok_or((404, "RESOURCE_NOT_EXISTS"))?;
            Ok(state(back, "status", book.clock.now()))
        }
        _ => Err((404, "NOT_FOUND")),
    }
}

fn charge(book: &mut Book, asked: &Value) -> Answer {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let right = text("mchid") == MERCHANT
        && text("appid") == APP
        && asked["amount"]["currency"] == "CNY"
        && !text("description").is_empty()
        && text("description").chars().count() <= 127
        && !text("notify_url").contains('?');
    let fen = asked["amount"]["total"]
        .as_i64()
        .filter(|fen| *fen > 0 && right);
    let number = text("out_trade_no");
    book.charge(Trade {
        transaction: format!("42000026{number}"),
        fen: fen.ok_or((400, "PARAM_ERROR"))?,
        notify_url: text("notify_url"),
        expires_at: text("time_expire"),
        begun: true,
        paid_at: None,
        closed: false,
        number: number.clone(),
    })?;
    Ok(json!({ "code_url": format!("weixin://wxpay/bizpayurl?pr={number}") }))
}

fn refund(book: &mut Book, asked: &Value) -> Answer {
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let fen = asked["amount"]["refund"].as_i64().filter(|fen| *fen > 0);
    let number = text("out_refund_no");
    let back = Back {
        number: number.clone(),
        trade: text("out_trade_no"),
        fen: fen.ok_or((400, "PARAM_ERROR"))?,
        notify_url: text("notify_url"),
        outcome: Outcome::Processing,
    };
    book.refund(
        back,
        Some(asked["amount"]["total"].as_i64().unwrap_or_default()),
    )?;
    Ok(state(&book.refunds[&number], "status", book.clock.now()))
}

fn transaction(trade: &Trade, refunded: bool) -> Value {
    let mut said = json!({
        "mchid": MERCHANT, "appid": APP, "out_trade_no": trade.number, "trade_state_desc": "so",
        "amount": { "total": trade.fen, "payer_total": trade.fen, "currency": "CNY", "payer_currency": "CNY" },
        "trade_state": match trade.paid_at {
            Some(_) if refunded => "REFUND",
            Some(_) => "SUCCESS",
            None if trade.closed => "CLOSED",
            None => "NOTPAY",
        },
    });
    if let Some(at) = trade.paid_at {
        said["transaction_id"] = json!(trade.transaction);
        said["trade_type"] = json!("NATIVE");
        said["success_time"] = json!(beijing(at));
    }
    said
}

fn state(back: &Back, status: &str, now: Timestamp) -> Value {
    let word = match back.outcome {
        Outcome::Processing => "PROCESSING",
        Outcome::Succeeded => "SUCCESS",
        Outcome::Failed => "CLOSED",
        Outcome::Stuck => "ABNORMAL",
    };
    let mut said = json!({
        "refund_id": format!("5030{}", back.number), "out_refund_no": back.number, "out_trade_no": back.trade,
        "amount": { "refund": back.fen, "currency": "CNY" }, status: word,
    });
    if back.outcome == Outcome::Succeeded {
        said["success_time"] = json!(beijing(now));
    }
    said
}

pub(super) fn paid(trade: &Trade, lie: Lie, now: Timestamp) -> Letter {
    let mut trade = trade.clone();
    trade.paid_at = trade.paid_at.or(Some(now));
    if let Lie::Amount(fen) = lie {
        trade.fen = fen;
    }
    let mut inside = transaction(&trade, false);
    match lie {
        Lie::App => inside["appid"] = json!("wx0000000000000000"),
        Lie::Merchant => inside["mchid"] = json!("1900000000"),
        _ => {}
    }
    letter(&trade.notify_url, "TRANSACTION.SUCCESS", &inside, lie, now)
}

pub(super) fn refunded(back: &Back, trade: &Trade, now: Timestamp) -> Letter {
    let mut inside = state(back, "refund_status", now);
    inside["mchid"] = json!(MERCHANT);
    inside["transaction_id"] = json!(trade.transaction);
    inside["amount"]["total"] = json!(trade.fen);
    let event = match back.outcome {
        Outcome::Succeeded => "REFUND.SUCCESS",
        Outcome::Stuck => "REFUND.ABNORMAL",
        Outcome::Failed | Outcome::Processing => "REFUND.CLOSED",
    };
    letter(&back.notify_url, event, &inside, Lie::Honest, now)
}

fn letter(url: &str, event: &str, inside: &Value, lie: Lie, now: Timestamp) -> Letter {
    let (nonce, about) = ("fdasflkja484", "transaction");
    let key = if lie == Lie::Sealed {
        "another key of thirty-two bytes!"
    } else {
        API_V3_KEY
    };
    let body = json!({
        "id": "EV-2026111112000000", "create_time": beijing(now), "event_type": event, "resource_type": "encrypt-resource",
        "summary": "so", "resource": {
            "algorithm": "AEAD_AES_256_GCM", "original_type": about, "associated_data": about, "nonce": nonce,
            "ciphertext": seal(key, nonce, about, &inside.to_string()),
        },
    });
    let body = body.to_string();
    let mut headers = stamp(Owner::Wechat, &body, lie, now);
    headers.insert("content-type", "application/json".parse().expect("a value"));
    Letter {
        url: url.to_owned(),
        headers,
        body,
    }
}

/// The headers that prove it, or do not.
fn stamp(owner: Owner, body: &str, lie: Lie, now: Timestamp) -> HeaderMap {
    let at = match lie {
        Lie::Stale => now - SignedDuration::from_secs(301),
        Lie::Early => now + SignedDuration::from_secs(302),
        _ => now,
    };
    let (at, nonce) = (
        at.as_second().to_string(),
        "593BEC0C930BF1AFEB40B4A08C8FB242",
    );
    let (owner, name) = match (lie, owner) {
        (Lie::Signature, _) => (Owner::Stranger, PUBLIC_KEY_ID),
        (Lie::UnknownKey, _) => (Owner::Stranger, "PUB_KEY_ID_0000000000"),
        (_, Owner::WechatCertificate) => (owner, CERTIFICATE),
        _ => (owner, PUBLIC_KEY_ID),
    };
    let signed = if lie == Lie::Altered { "{}" } else { body };
    let signature = match lie {
        Lie::Probe => "WECHATPAY/SIGNTEST/c2lnbmF0dXJl".to_owned(),
        _ => keys().sign(owner, format!("{at}\n{nonce}\n{signed}\n").as_bytes()),
    };
    let parts = [
        ("wechatpay-serial", name),
        ("wechatpay-timestamp", &at),
        ("wechatpay-nonce", nonce),
        ("wechatpay-signature", &signature),
    ];
    let parts = parts.into_iter().filter(|_| lie != Lie::Unsigned);
    parts
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                value.parse().expect("a value"),
            )
        })
        .collect()
}

fn beijing(at: Timestamp) -> String {
    let at = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
