//! Alipay's open platform: the payer scans a QR code with Alipay, or opens it on the same phone.

mod form;
mod notice;
mod wire;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Method, header};
use serde::Serialize;

pub(super) use self::notice::acknowledge;
use self::{
    form::Form,
    wire::{Answer, NewRefund, Precreate, Which, WhichRefund, fen, written},
};
use super::{
    Charge, Closing, Notice, Number, Payable, Refund, RefundStanding, Standing, beijing, cut,
    fault::{Doubt, Fault, Forged},
    in_yuan,
    key::{SigningKey, VerifyingKey},
};
use crate::{
    clock::Clock,
    config::Config,
    line::{self, Line},
};

/// The answer's `code` when it was done.
const DONE: &str = "10000";
/// The gateway could not reach who does it, or they did not say.
const GATEWAY_FAILED: &str = "20000";
/// Too many calls of this app.
const TOO_OFTEN: &str = "40005";

/// A merchant's app at Alipay.
pub struct Alipay {
    app_id: String,
    seller_id: String,
    key: SigningKey,
    theirs: VerifyingKey,
    line: Line,
    clock: Clock,
}

impl Alipay {
    /// As the settings say.
    pub(super) fn open(config: &Config, clock: &Clock) -> anyhow::Result<Self> {
        let settings = &config.alipay;
        let key = SigningKey::read(&settings.private_key).context("private_key")?;
        let theirs = VerifyingKey::read(&settings.public_key).context("public_key")?;
        ensure!(
            !theirs.belongs_to(&key),
            "public_key: it is the app's own key, and must be Alipay's"
        );
        let limit = Duration::from_millis(config.payment.call_ms);
        Ok(Self {
            app_id: settings.app_id.clone(),
            seller_id: settings.seller_id.clone(),
            key,
            theirs,
            line: Line::open(&settings.gateway_url, limit).context("gateway_url")?,
            clock: clock.clone(),
        })
    }

    pub(super) async fn charge(&self, charge: &Charge) -> Result<Payable, Fault> {
        in_yuan(charge.currency)?;
        let about = Precreate {
            out_trade_no: charge.number.as_str(),
            seller_id: &self.seller_id,
            total_amount: written(charge.amount),
            subject: subject(&charge.description),
            time_expire: beijing::plain(charge.expires_at),
        };
        let method = "alipay.trade.precreate";
        let answer = self.ask(method, &about, &charge.notify_url).await?;
        let answer = answer.done()?.about(&charge.number)?;
        let text = answer.qr_code.ok_or(Doubt::Strange)?;
        Ok(Payable::Code { text, opens: true })
    }

    pub(super) async fn query(&self, number: &Number) -> Result<Option<Standing>, Fault> {
        let about = Which {
            out_trade_no: number.as_str(),
        };
        let answer = self.ask("alipay.trade.query", &about, "").await?;
        if answer.is_absent() {
            return Ok(None);
        }
        let standing = answer.done()?.about(number)?.standing();
        standing.map(Some).ok_or(Doubt::Strange.into())
    }

    pub(super) async fn close(&self, number: &Number) -> Result<Closing, Fault> {
        let about = Which {
            out_trade_no: number.as_str(),
        };
        let answer = self.ask("alipay.trade.close", &about, "").await?;
        if answer.is_absent() {
            return Ok(Closing::NotThere);
        }
        match answer.done() {
            Ok(answer) => answer.about(number).map(|_| Closing::Closed),
            // Paid already, or closed already: the standing says which, whatever the code is called.
            Err(refused @ Fault::Refused { .. }) => match self.query(number).await? {
                Some(Standing::Paid(_)) => Ok(Closing::Paid),
                Some(Standing::Closed) => Ok(Closing::Closed),
                _ => Err(refused),
            },
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn refund(&self, refund: &Refund) -> Result<RefundStanding, Fault> {
        in_yuan(refund.currency)?;
        let about = NewRefund {
            out_trade_no: refund.number.as_str(),
            out_request_no: refund.refund_number.as_str(),
            refund_amount: written(refund.amount),
            refund_reason: cut(&refund.reason, 80),
        };
        let answer = self.ask("alipay.trade.refund", &about, "").await?;
        let answer = answer.done()?.about(&refund.number)?;
        if answer.fund_change.as_deref() == Some("Y") {
            return Ok(self.succeeded(&answer));
        }
        // Money did not move just now: it did before, or will in a moment.
        let (number, refund_number) = (&refund.number, &refund.refund_number);
        let known = self.query_refund(number, refund_number).await?;
        Ok(known.unwrap_or(RefundStanding::Processing))
    }

    pub(super) async fn query_refund(
        &self,
        number: &Number,
        refund_number: &Number,
    ) -> Result<Option<RefundStanding>, Fault> {
        let about = WhichRefund {
            out_trade_no: number.as_str(),
            out_request_no: refund_number.as_str(),
            query_options: ["gmt_refund_pay"],
        };
        let method = "alipay.trade.fastpay.refund.query";
        let answer = self.ask(method, &about, "").await?;
        if answer.is_absent() {
            return Ok(None);
        }
        let answer = answer.done()?;
        match answer.refund_status.as_deref() {
            // It says nothing else of refunds that it does not know, that failed, and that are just being made.
            None | Some("") => Ok(None),
            Some("REFUND_SUCCESS") => {
                let answer = answer.about(number)?;
                let amount = answer.refund_amount.as_deref().and_then(fen);
                if answer.out_request_no.as_deref() != Some(refund_number.as_str())
                    || amount.is_none()
                {
                    return Err(Doubt::Strange.into());
                }
                Ok(Some(self.succeeded(&answer)))
            }
            Some(_) => Ok(Some(RefundStanding::Processing)),
        }
    }

    pub(super) fn notice(&self, body: &[u8]) -> Result<Notice, Forged> {
        let form = Form::read(body)?;
        form.check(&self.theirs)?;
        notice::read(self, &form, self.clock.now())
    }

    fn succeeded(&self, answer: &Answer) -> RefundStanding {
        let at = answer.gmt_refund_pay.as_deref().and_then(beijing::read);
        RefundStanding::Succeeded {
            at: at.unwrap_or_else(|| self.clock.now()),
        }
    }

    /// Asks, and believes the answer only if it is signed.
    async fn ask(
        &self,
        method: &str,
        about: &impl Serialize,
        notify_url: &str,
    ) -> Result<Answer, Fault> {
        let about = serde_json::to_string(about).expect("what is asked is plain JSON");
        let now = beijing::plain(self.clock.now());
        let form = Form::of(&[
            ("app_id", &self.app_id),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("timestamp", &now),
            ("version", "1.0"),
            ("notify_url", notify_url),
            ("biz_content", &about),
        ]);
        let request = self
            .line
            .request(Method::POST, "")
            .header(
                header::CONTENT_TYPE,
                "application/x-www-form-urlencoded;charset=utf-8",
            )
            .body(form.signed(&self.key));
        let answer = line::send(request).await?;
        let status = answer.status.as_u16();
        let opened = wire::open(&answer.body, method, &self.theirs);
        Ok(opened.map_err(|why| Doubt::Forged { status, why })?)
    }
}

impl Answer {
    /// Done, refused, or nobody knows.
    fn done(self) -> Result<Self, Fault> {
        let code = cut(self.sub_code.as_deref().unwrap_or(&self.code), 64);
        match &self.code[..] {
            DONE => Ok(self),
            GATEWAY_FAILED => Err(Doubt::Failed(code).into()),
            _ if code.contains("SYSTEM_ERROR") => Err(Doubt::Failed(code).into()),
            "40004" | "40001" | "40002" | "40003" | "40006" | "20001" => {
                Err(Fault::Refused { code })
            }
            TOO_OFTEN => Err(Fault::NotNow),
            _ => Err(Doubt::Failed(code).into()),
        }
    }

    /// Whether Alipay knows no such payment.
    fn is_absent(&self) -> bool {
        let code = self.sub_code.as_deref().unwrap_or_default();
        self.code != DONE && code == "ACQ.TRADE_NOT_EXIST"
    }

    /// Only if it is about this payment.
    fn about(self, number: &Number) -> Result<Self, Fault> {
        if self.out_trade_no.as_deref() == Some(number.as_str()) {
            return Ok(self);
        }
        Err(Doubt::Strange.into())
    }
}

/// Alipay does not take some signs in what it calls a subject.
fn subject(text: &str) -> String {
    cut(text, 128).replace(['/', '=', '&'], " ")
}
