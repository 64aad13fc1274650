//! WeChat Pay, API v3, with native codes: the payer scans a QR code with WeChat.

mod notice;
mod seal;
mod stamp;
mod wire;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use http::{HeaderMap, StatusCode};
use reqwest::{Method, header};
use serde::{Serialize, de::DeserializeOwned};

pub(super) use self::notice::acknowledge;
use self::{
    seal::Seal,
    stamp::{Keys, Request, Signer},
    wire::{Close, NativeCharge, NativeCode, NewRefund, No, Part, RefundState, Total, Transaction},
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

/// A merchant's account at WeChat Pay.
pub struct WechatPay {
    app_id: String,
    signer: Signer,
    keys: Keys,
    seal: Seal,
    line: Line,
    clock: Clock,
}

/// A signed answer that is neither a failure of theirs nor "too often".
struct Said {
    status: StatusCode,
    body: bytes::Bytes,
}

impl WechatPay {
    /// As the settings say.
    pub(super) fn open(config: &Config, clock: &Clock) -> anyhow::Result<Self> {
        let settings = &config.wechat_pay;
        let signer = Signer {
            merchant_id: settings.merchant_id.clone(),
            serial: settings.merchant_serial.clone(),
            key: SigningKey::read(&settings.private_key).context("private_key")?,
        };
        let keys = platform_keys(&settings.platform_keys, &signer.key).context("platform_keys")?;
        let seal = Seal::new(settings.api_v3_key.as_bytes());
        let limit = Duration::from_millis(config.payment.call_ms);
        Ok(Self {
            app_id: settings.app_id.clone(),
            signer,
            keys,
            seal: seal.context("api_v3_key: it has 32 characters")?,
            line: Line::open(&settings.gateway_url, limit).context("gateway_url")?,
            clock: clock.clone(),
        })
    }

    pub(super) async fn charge(&self, charge: &Charge) -> Result<Payable, Fault> {
        in_yuan(charge.currency)?;
        let body = NativeCharge {
            appid: &self.app_id,
            mchid: &self.signer.merchant_id,
            description: cut(&charge.description, 127),
            out_trade_no: charge.number.as_str(),
            time_expire: beijing::with_offset(charge.expires_at),
            notify_url: &charge.notify_url,
            amount: Total {
                total: charge.amount.in_minor(),
                currency: "CNY",
            },
        };
        let said = self.post("/v3/pay/transactions/native", &body).await?;
        let code: NativeCode = said.read()?;
        Ok(Payable::Code {
            text: code.code_url,
            opens: false,
        })
    }

    pub(super) async fn query(&self, number: &Number) -> Result<Option<Standing>, Fault> {
        let mine = &self.signer.merchant_id;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mine}");
        let said = self.ask(Method::GET, &path, String::new()).await?;
        if said.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let transaction: Transaction = said.read()?;
        let asked = self.is_ours(&transaction) && transaction.out_trade_no == number.as_str();
        let standing = transaction.standing().filter(|_| asked);
        standing.map(Some).ok_or(Doubt::Strange.into())
    }

    pub(super) async fn close(&self, number: &Number) -> Result<Closing, Fault> {
        let path = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        let body = Close {
            mchid: &self.signer.merchant_id,
        };
        let said = self.post(&path, &body).await?;
        match said.status {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(Closing::Closed),
            StatusCode::NOT_FOUND => Ok(Closing::NotThere),
            // Paid already, closed already or just being paid: the standing says which, whatever the code is called.
            _ => match self.query(number).await? {
                Some(Standing::Paid(_)) => Ok(Closing::Paid),
                Some(Standing::Closed) => Ok(Closing::Closed),
                _ => Err(said.refusal()),
            },
        }
    }

    pub(super) async fn refund(&self, refund: &Refund) -> Result<RefundStanding, Fault> {
        in_yuan(refund.currency)?;
        let body = NewRefund {
            out_trade_no: refund.number.as_str(),
            out_refund_no: refund.refund_number.as_str(),
            reason: cut(&refund.reason, 80),
            notify_url: &refund.notify_url,
            amount: Part {
                refund: refund.amount.in_minor(),
                total: refund.total.in_minor(),
                currency: "CNY",
            },
        };
        let said = self.post("/v3/refund/domestic/refunds", &body).await?;
        let state: RefundState = said.read()?;
        let asked = state.is(&refund.number, &refund.refund_number)
            && state.amount.refund == refund.amount.in_minor();
        let standing = state.standing().filter(|_| asked);
        standing.ok_or(Doubt::Strange.into())
    }

    pub(super) async fn query_refund(
        &self,
        number: &Number,
        refund_number: &Number,
    ) -> Result<Option<RefundStanding>, Fault> {
        let path = format!("/v3/refund/domestic/refunds/{refund_number}");
        let said = self.ask(Method::GET, &path, String::new()).await?;
        if said.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let state: RefundState = said.read()?;
        let asked = state.is(number, refund_number);
        let standing = state.standing().filter(|_| asked);
        standing.map(Some).ok_or(Doubt::Strange.into())
    }

    pub(super) fn notice(&self, headers: &HeaderMap, body: &[u8]) -> Result<Notice, Forged> {
        self.keys.check(headers, body, self.clock.now())?;
        notice::read(self, body)
    }

    fn is_ours(&self, transaction: &Transaction) -> bool {
        transaction.mchid == self.signer.merchant_id && transaction.appid == self.app_id
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Said, Fault> {
        let body = serde_json::to_string(body).expect("what is asked is plain JSON");
        self.ask(Method::POST, path, body).await
    }

    /// Asks, and believes the answer only if it is signed: a "no" that anybody could have said is no "no".
    async fn ask(&self, method: Method, path: &str, body: String) -> Result<Said, Fault> {
        let full_path = self.line.full_path(path);
        let request = Request {
            method: method.as_str(),
            path: &full_path,
            body: &body,
        };
        let nonce = format!("{:032x}", rand::random::<u128>());
        let authorization = self
            .signer
            .authorization(&request, self.clock.now(), &nonce);
        let request = self
            .line
            .request(method, path)
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header("wechatpay-serial", self.keys.wanted())
            .body(body);
        let answer = line::send(request).await?;
        let checked = self
            .keys
            .check(&answer.headers, &answer.body, self.clock.now());
        checked.map_err(|why| Doubt::Forged {
            status: answer.status.as_u16(),
            why,
        })?;
        let said = Said {
            status: answer.status,
            body: answer.body,
        };
        match said.status {
            StatusCode::TOO_MANY_REQUESTS => Err(Fault::NotNow),
            status if status.is_server_error() || status.is_redirection() => {
                Err(Doubt::Failed(said.code()).into())
            }
            _ => Ok(said),
        }
    }
}

impl Said {
    /// What was asked for, or the refusal.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if self.status != StatusCode::OK {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|_| Doubt::Strange.into())
    }

    fn refusal(&self) -> Fault {
        Fault::Refused { code: self.code() }
    }

    fn code(&self) -> String {
        let no: Option<No> = serde_json::from_slice(&self.body).ok();
        let code = no.map(|no| cut(&no.code, 64));
        code.unwrap_or_else(|| self.status.as_u16().to_string())
    }
}

impl RefundState {
    fn is(&self, number: &Number, refund_number: &Number) -> bool {
        self.out_trade_no == number.as_str() && self.out_refund_no == refund_number.as_str()
    }
}

/// `NAME=FILE` or `NAME=PEM` each, where the name is the id of the public key or the serial number of the certificate.
fn platform_keys(settings: &[String], own: &SigningKey) -> anyhow::Result<Keys> {
    let keys = settings.iter().map(|setting| {
        let (name, file) = setting
            .split_once('=')
            .context("each is `NAME=FILE`: the id of WeChat Pay's public key, or the serial number of its certificate")?;
        let key = VerifyingKey::read(file).with_context(|| name.to_owned())?;
        ensure!(!key.belongs_to(own), "{name} is the merchant's own key, and must be WeChat Pay's");
        Ok((name.to_owned(), key))
    });
    Ok(Keys(keys.collect::<anyhow::Result<_>>()?))
}
