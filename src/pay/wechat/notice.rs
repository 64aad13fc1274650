//! What WeChat Pay tells by itself: sealed, inside an envelope that is signed.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{
    super::{Acknowledgement, Heard, Notice, Number, fault::Forged},
    WechatPay,
    wire::{Envelope, RefundState, Sealed, Transaction},
};

/// The merchant may have other systems, and refund by hand, with numbers that we would not give.
const ELSEWHERE: Notice = Notice::Other;

/// Reads a notice whose signature is good.
pub(super) fn read(wechat: &WechatPay, body: &[u8]) -> Result<Notice, Forged> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| Forged::Unreadable)?;
    match &envelope.event_type[..] {
        "TRANSACTION.SUCCESS" => paid(wechat, &open(wechat, &envelope.resource)?),
        "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => {
            refunded(wechat, &open(wechat, &envelope.resource)?)
        }
        _ => Ok(Notice::Other),
    }
}

fn paid(wechat: &WechatPay, transaction: &Transaction) -> Result<Notice, Forged> {
    if !wechat.is_ours(transaction) {
        return Err(Forged::NotOurs);
    }
    if transaction.trade_state != "SUCCESS" {
        return Err(Forged::Unreadable);
    }
    if Number::parse(&transaction.out_trade_no).is_none() {
        return Ok(ELSEWHERE);
    }
    let paid = transaction.paid().ok_or(Forged::Unreadable)?;
    Ok(Notice::Paid(paid))
}

fn refunded(wechat: &WechatPay, state: &RefundState) -> Result<Notice, Forged> {
    if state.mchid.as_ref() != Some(&wechat.signer.merchant_id) {
        return Err(Forged::NotOurs);
    }
    let numbers = [&state.out_trade_no, &state.out_refund_no];
    if numbers.iter().any(|number| Number::parse(number).is_none()) {
        return Ok(ELSEWHERE);
    }
    let refunded = state.refunded().ok_or(Forged::Unreadable)?;
    Ok(Notice::Refunded(refunded))
}

fn open<T: DeserializeOwned>(wechat: &WechatPay, sealed: &Sealed) -> Result<T, Forged> {
    if sealed.algorithm != "AEAD_AES_256_GCM" {
        return Err(Forged::Sealed);
    }
    let (nonce, about) = (sealed.nonce.as_bytes(), sealed.associated_data.as_bytes());
    let opened = wechat.seal.open(nonce, about, &sealed.ciphertext);
    serde_json::from_slice(&opened.ok_or(Forged::Sealed)?).map_err(|_| Forged::Unreadable)
}

/// Whatever is not 200 or 204 is told again, up to a day long.
pub(in super::super) fn acknowledge(heard: Heard) -> Acknowledgement {
    let (status, body) = match heard {
        Heard::Settled => (StatusCode::NO_CONTENT, ""),
        Heard::Forged => (
            StatusCode::UNAUTHORIZED,
            r#"{"code":"FAIL","message":"signature"}"#,
        ),
        Heard::Failed => (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"code":"FAIL","message":"later"}"#,
        ),
    };
    Acknowledgement {
        status,
        content_type: "application/json",
        body,
    }
}
