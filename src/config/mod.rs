//! Every setting, its default and its help text, in one table. The only file that reads the environment.
//!
//! A setting comes from, weakest first: its default, the file given by `--config`, the environment
//! (`SOUK_SECTION_KEY`, and the customary `DATABASE_URL` and `REDIS_URL`), a flag. Unknown keys are refused by name.
//! `souk settings` prints [`sample`], the commented file with all defaults.

mod check;
mod networks;
mod payment;

use std::{fmt::Write as _, net::IpAddr, path::Path};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub use networks::Networks;

/// Hash and public key of drand's chain quicknet, as its relays publish them.
const QUICKNET: (&str, &str) = (
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
);

/// Declares the sections: a struct each, with defaults, and the table that the sample file is made from.
macro_rules! settings {
    ($(
        [$section:ident: $Section:ident] $section_doc:literal
        $( $(#[doc = $doc:literal])* $key:ident: $type:ty = $default:expr; )*
    )*) => {
        /// All settings.
        #[derive(Clone, Debug, Default, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $( #[doc = $section_doc] pub $section: $Section, )*
        }

        $(
            #[doc = $section_doc]
            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(default, deny_unknown_fields)]
            pub struct $Section {
                $( $(#[doc = $doc])* pub $key: $type, )*
            }
            impl Default for $Section {
                fn default() -> Self {
                    Self { $( $key: $default.into(), )* }
                }
            }
        )*

        /// Section, key and help of every setting, in order.
        const HELP: &[(&str, &str, &str, &[&str])] = &[
            $( $( (stringify!($section), stringify!($key), $section_doc, &[$($doc),*]), )* )*
        ];
    };
}

settings! {
    [server: Server] "Where the server listens and keeps its things."
    /// `development` shows codes on a page and is lenient on loopback; `production` refuses what is unsafe.
    profile: Profile = Profile::Production;
    /// Address and port.
    listen: String = "127.0.0.1:8080";
    /// Folder for the private database and uploaded files.
    data: String = "./data";
    /// How others reach this server, e.g. `https://chat.example.com`; empty: `http://` and `listen`.
    public_url: String = "";
    /// Seconds that a stopping server takes to send its clients elsewhere.
    drain_seconds: u64 = 10u64;
    /// Networks that may read `/metrics`, directly: never by a proxy that is not in `limits.trusted_proxies`.
    operators: Networks = Networks::loopback();
    /// Fill an empty database with demo shops and people at start.
    demo: bool = false;

    [database: Database] "The database."
    /// `postgresql://…` of PostgreSQL 15 or newer; empty: a private one in the data folder.
    url: String = "";
    /// Folder of `initdb` and `postgres` for the private one; empty: the newest that is installed.
    bin: String = "";
    /// Connections for requests.
    connections: u32 = 16u32;
    /// Connections for what the server does by itself: rechecks of sessions and rights, webhooks, the schedule.
    /// Requests do not take them.
    own_connections: u32 = 6u32;
    /// Milliseconds that a request's statement waits for a lock at the most; then the request is refused as `unavailable`.
    lock_ms: u32 = 5_000u32;
    /// Milliseconds that a lane waits for a conversation that somebody else holds; then what is said there is refused as
    /// `unavailable`, and the others go on.
    send_lock_ms: u32 = 1_000u32;
    /// Milliseconds that a request's statement may take; then the request is refused as `unavailable`.
    statement_ms: u32 = 10_000u32;
    /// Milliseconds that a request may leave its transaction idle; then the database ends it.
    idle_in_transaction_ms: u32 = 30_000u32;
    /// Commit lanes, each with a connection of its own. More contend for the disk.
    lanes: usize = 2usize;
    /// Messages that one commit takes at most.
    batch: usize = 500usize;
    /// Messages that may be on their way to the log; beyond, sends are refused as `overloaded`.
    backlog: usize = 20_000usize;

    [bus: BusSettings] "The bus between nodes."
    /// `redis://…` of Redis 7 or newer, commas between the nodes of a cluster; empty: this is the only node.
    redis_url: String = "";
    /// Milliseconds between looks at Postgres for what the bus may have lost.
    sweep_ms: u64 = 1_000u64;

    [tls: Tls] "Transport security."
    /// PEM file with the certificate chain; empty: plain HTTP.
    certificate: String = "";
    /// PEM file with the private key.
    key: String = "";
    /// A proxy before this server speaks TLS with the clients; list it in `limits.trusted_proxies`.
    behind_proxy: bool = false;

    [limits: Limits] "What is too much. Over a limit there is a refusal that says when to come again."
    /// Bytes of one WebSocket message or frame.
    frame_bytes: usize = 65_536usize;
    /// Bytes of one frame before it is known who speaks.
    first_frame_bytes: usize = 4_096usize;
    /// Milliseconds for the request's head, from the first byte or from accepting.
    header_ms: u64 = 5_000u64;
    /// Seconds that a request's body may stop coming, or that the reading of an answer may stand still.
    stall_seconds: u64 = 30u64;
    /// Bytes a second at which a body comes and an answer is read at the least, in the long run.
    bytes_per_second: u32 = 4_096u32;
    /// Seconds that a connection may stay silent between two requests.
    idle_seconds: u64 = 60u64;
    /// Milliseconds from the upgrade to the `authenticate` request.
    first_frame_ms: u64 = 5_000u64;
    /// Sockets that are let in at the same time; the others wait their turn, first come, first served. Fewer than
    /// `database.connections`, so that those who are in are served while everybody comes back.
    logins_at_once: usize = 8usize;
    /// Sockets and connections in all.
    connections: usize = 18_000usize;
    /// The same for one address; 0: no limit.
    connections_per_address: u32 = 50u32;
    /// New connections in a second from one address; 0: no limit.
    handshakes_per_address: u32 = 20u32;
    /// Sockets of one user; the oldest gives way.
    sockets_per_user: usize = 10usize;
    /// Networks to which the limits for one address do not apply.
    exempt_networks: Networks = Networks::default();
    /// Networks of proxies whose `X-Forwarded-For` is believed; they must set it. Production needs this where it speaks
    /// plain HTTP: a proxy on the same machine is `127.0.0.1/32`.
    trusted_proxies: Networks = Networks::default();
    /// Origins of pages that may open a socket, besides `server.public_url`.
    origins: Vec<String> = Vec::<String>::new();
    /// Messages and changes a second (edits, recalls, reactions, pins, cards, affairs of groups) that a user may make on this
    /// node, and ten times as many at once; 0: no limit.
    sends_per_second: u32 = 20u32;
    /// Other requests a second of one socket, and three times as many at once; 0: no limit.
    requests_per_second: u32 = 50u32;
    /// Requests a second of one user over REST, and three times as many at once; 0: no limit.
    rest_requests_per_second: u32 = 50u32;
    /// The same for one bot; 0: no limit.
    bot_requests_per_second: u32 = 20u32;
    /// Requests a second over REST without a good token from one address, and five times as many at once; 0: no limit.
    stranger_requests_per_second: u32 = 50u32;
    /// Log-ins a second that one shop may sign for its site's users, and ten times as many at once; 0: no limit.
    visits_per_second: u32 = 100u32;
    /// The same for one of those users; 0: no limit.
    visits_per_visitor: u32 = 2u32;
    /// Requests of one user, over REST and on all sockets, that are worked on at once, and as many uploads; more wait, up
    /// to five seconds. Fewer than `database.connections`, so that no one user has them all.
    requests_at_once: usize = 4usize;
    /// Orders of one shop that are placed at the same time: they wait for one another, for the day's number and the goods. Fewer than
    /// `database.connections`, so that one shop's rush does not have them all.
    orders_at_once: usize = 4usize;
    /// Orders of one shop that wait for that, without a connection, up to nine seconds; more are refused as `overloaded`.
    orders_in_line: usize = 1_024usize;
    /// Requests of one socket that may be under way; reading waits beyond.
    requests_under_way: usize = 256usize;
    /// Bytes that may wait for a slow reader before it is closed with "slow, resume"; at least a page of `resume`.
    queue_bytes: usize = 1_048_576usize;
    /// Seconds between pings.
    ping_seconds: u64 = 20u64;
    /// Seconds without a sign of life after which a peer is dead.
    silence_seconds: u64 = 32u64;
    /// Seconds that a write to a socket may take.
    write_seconds: u64 = 10u64;
    /// Bytes of an uploaded file.
    file_bytes: u64 = 52_428_800u64;
    /// Bytes of all files of one user.
    file_bytes_per_user: u64 = 2_147_483_648u64;
    /// Uploads under way on this node, each with up to 8 MiB in memory; a quarter of them for one shop's customers and bots,
    /// and of everybody else for one address. Who finds no place within some seconds is refused as `overloaded`.
    uploads_at_once: usize = 32usize;
    /// Seconds in which an upload must have come.
    upload_seconds: u64 = 600u64;
    /// Members of a group.
    group_members: i64 = 20_000i64;
    /// Groups of a shop, dissolved ones apart.
    groups_per_shop: i64 = 5_000i64;
    /// Groups of one shop that a customer may be in, dissolved ones too until they leave them.
    groups_per_customer: i64 = 1_000i64;
    /// The same for one of the shop's staff, or a bot. When their post ends they go out of all of them at once, and nobody
    /// says anything there meanwhile.
    groups_per_colleague: i64 = 500i64;
    /// Invitations to its staff that a shop makes in a day.
    staff_invites_per_day: i32 = 50i32;
    /// Those of them that are to one phone number.
    staff_invites_per_number: i32 = 5i32;

    [login: Login] "Log-ins."
    /// Minutes that an access token is good for.
    access_minutes: i64 = 60i64;
    /// Days that a session may be refreshed, from its last use.
    session_days: i64 = 30i64;
    /// Days after which a session ends, however used.
    session_max_days: i64 = 90i64;
    /// Sessions of one user; the oldest gives way.
    sessions_per_user: i32 = 50i32;
    /// Minutes that a code is good for.
    code_minutes: i64 = 10i64;
    /// Codes that one phone number or e-mail gets in a day.
    codes_per_day: i32 = 20i32;
    /// Codes that one network address (IPv6: its /64) asks for in an hour.
    codes_per_address: i32 = 60i32;
    /// Wrong codes that strangers may give for one phone number or e-mail in a day; beyond, its owner still gets in where
    /// they were before: on a known device, or with a session.
    wrong_codes_per_day: i32 = 20i32;
    /// Log-ins that fail from one network address (IPv6: its /64) in an hour.
    failures_per_address: i32 = 200i32;
    /// Password hashes under way at once, each with 19 MiB.
    hashes_at_once: usize = 2usize;
    /// Log-ins that may wait for that; beyond, they are refused as `overloaded`.
    hashes_waiting: usize = 64usize;

    [security: Security] "What is kept secret at rest."
    /// Key for the secrets in the database (webhooks', embedding keys'): 32 bytes in base64, `openssl rand -base64 32`
    /// makes one. All nodes of a database share it. Empty: `secrets.key` in the data folder, made at the first start; in
    /// production only together with the private database. Whoever loses it has to make all those secrets anew.
    secrets_key: String = "";
    /// Keys that still open what they sealed. At its start a server seals all of that anew with `secrets_key`.
    former_secrets_keys: Vec<String> = Vec::<String>::new();

    [sms: SmsGateway] "Codes to phones."
    /// Where each text is posted to, signed (docs/webhooks.md, "Codes"); empty: in development a page shows the texts, in
    /// production whoever asks for one is refused as `unavailable`.
    gateway_url: String = "";
    /// What those calls are signed with: `whsec_` and base64 of 24 to 64 bytes.
    gateway_secret: String = "";
    /// Milliseconds that one call may take; there are three tries.
    call_ms: u64 = 2_500u64;

    [email: EmailGateway] "Codes to mailboxes, in the same way."
    /// Where each text is posted to.
    gateway_url: String = "";
    /// What those calls are signed with.
    gateway_secret: String = "";
    /// Milliseconds that one call may take; there are three tries.
    call_ms: u64 = 2_500u64;

    [conversation: ConversationSettings] "Conversations."
    /// Minutes in which a sender may edit a message.
    edit_minutes: i64 = 15i64;
    /// Minutes in which a sender may recall a message.
    recall_minutes: i64 = 2i64;
    /// Times that the words of one message may be changed; each leaves a version in the record for ever.
    edits_per_message: i32 = 100i32;

    [files: Files] "Uploaded files."
    /// `s3://bucket` for S3-compatible storage; empty: the data folder, which several nodes must then share.
    store: String = "";
    /// Endpoint of the S3-compatible storage.
    s3_endpoint: String = "";
    /// Region of the S3-compatible storage.
    s3_region: String = "us-east-1";
    /// `bucket.endpoint/key` instead of `endpoint/bucket/key`.
    s3_virtual_hosted: bool = false;
    /// Access key.
    s3_access_key: String = "";
    /// Secret key.
    s3_secret_key: String = "";

    [webhook: WebhookSettings] "Webhooks."
    /// Calls under way at once.
    at_once: usize = 16usize;
    /// Milliseconds that one call may take.
    call_ms: u64 = 10_000u64;
    /// Hours of nothing but failures after which an endpoint is switched off.
    give_up_hours: i64 = 120i64;

    [push: PushSettings] "Web Push: people who are not on the line hear in their browsers of what waits for them."
    /// `web_push`, or in development `sink`: nothing leaves the house, and a page shows what would have.
    provider: PushProvider = PushProvider::WebPush;
    /// How push services reach whoever runs this server: `mailto:…` or `https://…`. Some services refuse what has none.
    contact: String = "";
    /// Calls under way at once.
    at_once: usize = 16usize;
    /// Milliseconds that one call may take.
    call_ms: u64 = 10_000u64;

    [payment: PaymentSettings] "Payments (docs/payments.md)."
    /// Milliseconds that one call to a provider may take; beyond, its outcome is unknown and is asked for.
    call_ms: u64 = 5_000u64;
    /// Minor units that a shop's balance must have before any of it is paid out (PAY-05).
    withdraw_from: i64 = 10_000i64;

    [wechat_pay: WechatPaySettings] "WeChat Pay, API v3, with native codes. All of it or nothing."
    /// The merchant's number (`mchid`); empty: nobody pays by WeChat Pay.
    merchant_id: String = "";
    /// The app (`appid`) that the merchant has bound.
    app_id: String = "";
    /// Serial number of the merchant's API certificate, in capitals.
    merchant_serial: String = "";
    /// The merchant's private key (`apiclient_key.pem`): a file, or the PEM itself.
    private_key: String = "";
    /// The APIv3 key: 32 characters.
    api_v3_key: String = "";
    /// WeChat Pay's keys, each `NAME=FILE`: the id of a public key (`PUB_KEY_ID_…`) or the serial number of a platform
    /// certificate, and its PEM file. Answers are asked to be signed with the first.
    platform_keys: Vec<String> = Vec::<String>::new();
    /// Where WeChat Pay is called.
    gateway_url: String = "https://api.mch.weixin.qq.com";

    [alipay: AlipaySettings] "Alipay, open platform, with codes of `alipay.trade.precreate`. All of it or nothing."
    /// The app's number; empty: nobody pays by Alipay.
    app_id: String = "";
    /// The merchant's number (`2088…`), to whom the money goes.
    seller_id: String = "";
    /// The app's private key (RSA2): a file with PEM or only its base64, or the PEM itself.
    private_key: String = "";
    /// Alipay's public key, which is not the app's: a file with PEM or only its base64, or the PEM itself.
    public_key: String = "";
    /// Where Alipay is called.
    gateway_url: String = "https://openapi.alipay.com/gateway.do";

    [kuaidi100: Kuaidi100Settings] "Kuaidi100 (快递100) follows parcels and tells where they are (docs/tracking.md)."
    /// The key of the enterprise account; empty: nobody is asked to follow parcels.
    key: String = "";
    /// Where a subscription is posted to.
    gateway_url: String = "https://poll.kuaidi100.com/poll";
    /// Milliseconds that one call may take.
    call_ms: u64 = 5_000u64;

    [beacon: BeaconSettings] "A public source of chance that is mixed into draws: drand (docs/lottery.md)."
    /// HTTP relays of the chain, e.g. `https://api.drand.sh`, 8 at most: asked one after the other. Empty: draws have no beacon.
    relays: Vec<String> = Vec::<String>::new();
    /// The chain's hash, in hexadecimal. The default is drand's quicknet.
    chain: String = QUICKNET.0;
    /// Its public key, in hexadecimal: 96 bytes, for its scheme must be `bls-unchained-g1-rfc9380`.
    public_key: String = QUICKNET.1;
    /// When its first round began, in seconds since 1970.
    genesis: i64 = 1_692_803_367i64;
    /// Seconds from one round to the next.
    period: i64 = 3i64;
    /// Milliseconds that one call to a relay may take.
    call_ms: u64 = 3_000u64;

    [log: Log] "Logs."
    /// `json` or `pretty`.
    format: LogFormat = LogFormat::Pretty;
    /// What to log, e.g. `info` or `souk=debug,warn`.
    filter: String = "info,sqlx::postgres::notice=error";
}

/// How careful the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// For trying out: codes are shown on a page, loopback is exempt from the limits for one address.
    Development,
    /// Refuses to start where something is unsafe.
    Production,
}

/// How browsers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushProvider {
    /// By the push service of each browser.
    WebPush,
    /// Not at all: for development and tests.
    Sink,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

impl Config {
    /// Reads the file, the environment and the flags (`("server.listen", "…")`), the later the stronger.
    pub fn load(file: Option<&Path>, flags: &[(String, String)]) -> anyhow::Result<Self> {
        let text = file.map(|file| {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        });
        Self::gather(text.transpose()?.as_deref(), &environment()?, flags)
    }

    fn gather(
        file: Option<&str>,
        env: &[(String, String)],
        flags: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let mut table: Table = file
            .unwrap_or_default()
            .parse()
            .context("the settings file is not TOML")?;
        for (key, text) in env.iter().chain(flags) {
            set(&mut table, key, text)?;
        }
        let mut config: Self = Value::Table(table).try_into().context("in the settings")?;
        config.soften();
        Ok(config)
    }

    /// In development a load test on the same machine is one address and may send as fast as it can.
    fn soften(&mut self) {
        if self.server.profile == Profile::Development {
            self.limits.exempt_networks.extend(Networks::loopback());
            self.limits.sends_per_second = 0;
            self.limits.rest_requests_per_second = 0;
            self.limits.visits_per_second = 0;
        }
    }

    /// How others reach this server, without a slash at the end.
    pub fn public_url(&self) -> String {
        let scheme = if self.tls.certificate.is_empty() {
            "http"
        } else {
            "https"
        };
        let url = if self.server.public_url.is_empty() {
            format!("{scheme}://{}", self.server.listen)
        } else {
            self.server.public_url.clone()
        };
        url.trim_end_matches('/').to_owned()
    }

    /// Do the limits for one address not apply to this one?
    pub fn exempts(&self, address: IpAddr) -> bool {
        self.limits.exempt_networks.contain(address)
    }

    /// Is this the development profile?
    pub fn development(&self) -> bool {
        self.server.profile == Profile::Development
    }
}

/// The settings in the environment, by dotted key. An unknown `SOUK_…` is refused by name.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (key, help) in [
        ("database.url", "DATABASE_URL"),
        ("bus.redis_url", "REDIS_URL"),
    ] {
        found.extend(std::env::var(help).ok().map(|text| (key.to_owned(), text)));
    }
    for (name, text) in std::env::vars()
        .filter(|(name, _)| name.starts_with("SOUK_") && !name.starts_with("SOUK_TEST_"))
    {
        let known = HELP
            .iter()
            .find(|(section, key, ..)| name == format!("SOUK_{section}_{key}").to_uppercase());
        let Some((section, key, ..)) = known else {
            bail!("there is no setting for {name} in the environment")
        };
        found.push((format!("{section}.{key}"), text));
    }
    Ok(found)
}

/// Puts a value given as text; its type is that of the default.
fn set(table: &mut Table, dotted: &str, text: &str) -> anyhow::Result<()> {
    let (section, key) = dotted
        .split_once('.')
        .with_context(|| format!("`{dotted}` is not `section.key`"))?;
    let defaults = Table::try_from(Config::default()).context("the defaults are TOML")?;
    let default = defaults.get(section).and_then(|section| section.get(key));
    let value = match default.with_context(|| format!("there is no setting `{dotted}`"))? {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(_) => Value::Array(
            text.split(',')
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect(),
        ),
        Value::Boolean(_) => Value::Boolean(
            text.parse()
                .with_context(|| format!("`{dotted}` is true or false"))?,
        ),
        _ => Value::Integer(
            text.parse()
                .with_context(|| format!("`{dotted}` is a whole number"))?,
        ),
    };
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    section
        .as_table_mut()
        .with_context(|| format!("`{dotted}` is in a section"))?
        .insert(key.to_owned(), value);
    Ok(())
}

/// The commented settings file with every default.
pub fn sample() -> String {
    let defaults = Table::try_from(Config::default()).unwrap_or_default();
    let mut text = String::from(
        "# Souk's settings. Every line shows the default; uncomment what you change.\n",
    );
    let mut last = "";
    for (section, key, section_help, help) in HELP {
        if *section != last {
            let _ = write!(text, "\n# {section_help}\n[{section}]\n");
            last = section;
        }
        let value = defaults
            .get(*section)
            .and_then(|section| section.get(*key))
            .map(ToString::to_string);
        let _ = write!(
            text,
            "#{}\n#{key} = {}\n",
            help.join("\n#"),
            value.unwrap_or_default()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_source_wins() {
        let env = vec![
            ("limits.frame_bytes".to_owned(), "5".to_owned()),
            ("server.listen".to_owned(), "env".to_owned()),
        ];
        let flags = [("server.listen".to_owned(), "flag".to_owned())];
        let config = Config::gather(
            Some("[limits]\nframe_bytes = 4\nqueue_bytes = 9"),
            &env,
            &flags,
        )
        .unwrap();
        assert_eq!(
            (config.limits.frame_bytes, config.limits.queue_bytes),
            (5, 9)
        );
        assert_eq!(config.server.listen, "flag");
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        for text in ["[limits]\nframe_bites = 4", "[planets]\nmars = 4"] {
            let error = format!("{:#}", Config::gather(Some(text), &[], &[]).unwrap_err());
            assert!(
                error.contains("frame_bites") || error.contains("planets"),
                "{error}"
            );
        }
        assert!(Config::gather(None, &[], &[("server.listn".to_owned(), "x".to_owned())]).is_err());
    }

    #[test]
    fn the_sample_is_a_settings_file() {
        let uncommented: String = sample()
            .lines()
            .map(|line| {
                line.strip_prefix('#')
                    .filter(|rest| !rest.starts_with(' '))
                    .unwrap_or(line)
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        Config::gather(Some(&uncommented), &[], &[]).unwrap();
    }
}
