//! Refuses settings with which the server would be unsafe, would serve nobody, or which contradict each other, each by name.

use std::net::SocketAddr;

use anyhow::bail;

use super::{Config, PushProvider};

/// What a page of `resume` weighs at most: its messages, and 256 bytes for each of 500 cursors.
const RESUME_BYTES: i128 = 256 * 1024 + 500 * 256;

/// A setting, its value, and what is wrong with it if it is outside of these bounds.
type Bound = (&'static str, i128, (i128, i128), &'static str);

macro_rules! bounds {
    ($config:ident: $( $section:ident.$key:ident $least:literal..$most:literal $why:literal; )*) => {
        [$( (
            concat!(stringify!($section), ".", stringify!($key)),
            i128::try_from($config.$section.$key).unwrap_or(i128::MAX),
            ($least, $most),
            $why,
        ) ),*]
    };
}

/// Bounds of single settings, the least and the most; 0 as the most: there is none.
fn bounds(config: &Config) -> impl Iterator<Item = Bound> {
    let bounds = bounds! { config:
        database.connections 2..0 "requests need more than one connection";
        database.own_connections 4..0 "two workers read facts, and each settles what follows from one on a connection of its own";
        database.lock_ms 10..60_000 "a request must be able to wait for another, and may not do so for ever";
        database.send_lock_ms 10..5_000 "a message must be able to wait for a change, and may not hold up the others";
        database.statement_ms 100..600_000 "a statement takes its time, and may not take for ever";
        database.idle_in_transaction_ms 1_000..600_000 "a request's work has pauses, and may not rest for ever";
        database.lanes 1..64 "messages are written by at least one lane, and many contend for the disk";
        database.batch 1..10_000 "a commit takes at least one message";
        database.backlog 1..0 "a message must be able to wait for its commit";
        bus.sweep_ms 50..5_000 "what the bus loses must be found within five seconds, and not by asking all the time";
        limits.frame_bytes 40_960..0 "a message of 8,000 characters must fit into a frame";
        limits.first_frame_bytes 512..0 "an `authenticate` request must fit into it";
        limits.header_ms 100..0 "nobody sends a head that fast";
        limits.stall_seconds 1..600 "a phone loses its network for a moment, and nobody waits for ever";
        limits.bytes_per_second 1..1_048_576 "whoever sends a byte now and then would be waited for, or nobody is fast enough";
        limits.idle_seconds 1..3_600 "connections are used again, and not kept for nothing";
        limits.first_frame_ms 100..0 "nobody authenticates that fast";
        limits.logins_at_once 1..0 "nobody would be let in";
        limits.connections 1..0 "nobody would be let in";
        limits.sockets_per_user 1..0 "nobody would stay on the line";
        limits.requests_at_once 1..0 "no request would be answered";
        limits.orders_at_once 1..0 "nobody could order anything";
        limits.orders_in_line 1..65_536 "of two who order at once one has to wait, and nobody waits in a line without end";
        limits.requests_under_way 1..0 "no request would be answered";
        limits.ping_seconds 1..0 "peers cannot be asked all the time";
        limits.write_seconds 1..0 "every write would count as stalled";
        limits.file_bytes 1..0 "every file would be too large";
        limits.uploads_at_once 1..0 "nobody could upload anything";
        limits.upload_seconds 1..0 "no upload comes that fast";
        limits.group_members 2..0 "a group is for several people";
        limits.groups_per_shop 1..0 "nobody could make a group";
        limits.groups_per_customer 1..0 "nobody could come into a group";
        limits.groups_per_colleague 1..2_000 "nobody could come into a group, or whoever is dismissed would hold up too many";
        limits.staff_invites_per_day 1..0 "nobody could be invited";
        limits.staff_invites_per_number 1..0 "nobody could be invited";
        login.access_minutes 1..0 "access tokens would never be good";
        login.session_days 1..0 "sessions would end at once";
        login.sessions_per_user 1..0 "nobody would stay logged in";
        login.code_minutes 1..0 "codes would never be good";
        login.codes_per_day 1..0 "nobody would get a code";
        login.codes_per_address 1..0 "nobody would get a code";
        login.wrong_codes_per_day 1..0 "nobody could mistype a code";
        login.failures_per_address 1..0 "nobody would be let in";
        login.hashes_at_once 1..0 "no password would ever be checked";
        login.hashes_waiting 1..0 "no log-in could wait for its turn";
        conversation.edit_minutes 0..0 "no time is less than none";
        conversation.recall_minutes 0..0 "no time is less than none";
        conversation.edits_per_message 0..0 "no number is less than none";
        webhook.at_once 1..0 "no webhook would be called";
        webhook.call_ms 100..0 "no endpoint answers that fast";
        webhook.give_up_hours 1..0 "every endpoint would be switched off at its first failure";
        push.at_once 1..0 "nobody would be reached";
        push.call_ms 100..0 "no push service answers that fast";
        kuaidi100.call_ms 100..30_000 "nobody answers that fast, or parcels would wait for one another";
        beacon.genesis 0..4_102_444_800 "no chain began then";
        beacon.period 1..3_600 "rounds follow one another, and a draw must not wait for ever";
        beacon.call_ms 100..10_000 "no relay answers that fast, or the others would be asked too late";
        payment.call_ms 100..30_000 "no provider answers that fast, or whoever pays would wait for ever";
    };
    bounds.into_iter()
}

impl Config {
    /// Refuses, by name and with the reason: plain HTTP on a public address in production, numbers with which nobody
    /// would be served, settings that contradict each other.
    pub fn check(&self) -> anyhow::Result<()> {
        self.check_safety()?;
        for bound in bounds(self) {
            check_bound(bound)?;
        }
        self.check_queue()?;
        self.check_pairs()?;
        self.check_providers()
    }

    fn check_safety(&self) -> anyhow::Result<()> {
        let public = match self.server.listen.parse::<SocketAddr>() {
            Ok(address) => !address.ip().is_loopback(),
            Err(_) => !self.server.listen.starts_with("localhost:"),
        };
        let plain = !self.development() && self.tls.certificate.is_empty();
        if plain && public && !self.tls.behind_proxy {
            bail!(
                "{} is a public address without TLS: set `tls.certificate` and `tls.key`, or `tls.behind_proxy` if a \
                 proxy speaks TLS with the clients, or listen on 127.0.0.1, or use `--profile development`",
                self.server.listen
            );
        }
        // A proxy that is not named makes all its clients one address, on the same machine even an operator's.
        if plain && self.tls.behind_proxy && self.limits.trusted_proxies.is_empty() {
            bail!(
                "`limits.trusted_proxies` is missing: with `tls.behind_proxy` list the proxy's network (on this machine: \
                 127.0.0.1/32) and let it set `X-Forwarded-For`, or all its clients have one address"
            );
        }
        if self.server.demo && !self.development() {
            bail!(
                "`server.demo` makes accounts whose password everybody knows: it needs `--profile development`"
            );
        }
        if self.push.provider == PushProvider::Sink && !self.development() {
            bail!(
                "`push.provider` is `sink`, which reaches nobody: it needs `--profile development`"
            );
        }
        let own_database = !self.database.url.is_empty();
        if !self.development() && own_database && self.security.secrets_key.is_empty() {
            bail!(
                "`security.secrets_key` is missing: the secrets in the database are sealed with a key that every node has. \
                 Make one with `openssl rand -base64 32` and keep it apart from the database"
            );
        }
        Ok(())
    }

    /// A page of `resume` must fit into the queue of a socket, or who is far behind could never catch up.
    fn check_queue(&self) -> anyhow::Result<()> {
        let queue = i128::try_from(self.limits.queue_bytes).unwrap_or(i128::MAX);
        check_bound((
            "limits.queue_bytes",
            queue,
            (RESUME_BYTES, 0),
            "a page of `resume` must fit into a socket's queue, or whoever is far behind could never catch up",
        ))
    }

    /// Settings that make no sense together.
    fn check_pairs(&self) -> anyhow::Result<()> {
        let (limits, login) = (&self.limits, &self.login);
        let connections = usize::try_from(self.database.connections).unwrap_or(usize::MAX);
        let contradictions = [
            (
                limits.first_frame_bytes > limits.frame_bytes,
                "`limits.first_frame_bytes` is more than `limits.frame_bytes`: the first frame is a frame, too",
            ),
            (
                limits.logins_at_once >= connections,
                "`limits.logins_at_once` must be less than `database.connections`, so that those who are in are served \
                 while everybody comes back",
            ),
            (
                limits.requests_at_once >= connections,
                "`limits.requests_at_once` must be less than `database.connections`, or one user could have them all",
            ),
            (
                limits.orders_at_once >= connections,
                "`limits.orders_at_once` must be less than `database.connections`, or one shop's rush could have them all",
            ),
            (
                self.database.lock_ms > self.database.statement_ms,
                "`database.lock_ms` is more than `database.statement_ms`: waiting for a lock is part of a statement",
            ),
            (
                limits.silence_seconds <= limits.ping_seconds,
                "`limits.silence_seconds` must be more than `limits.ping_seconds`, or the living are taken for dead \
                 between two pings",
            ),
            (
                limits.file_bytes > limits.file_bytes_per_user,
                "`limits.file_bytes` is more than `limits.file_bytes_per_user`: nobody could upload a file of that size",
            ),
            (
                login.session_days > login.session_max_days,
                "`login.session_days` is more than `login.session_max_days`",
            ),
            (
                !["mailto:", "https://"]
                    .iter()
                    .any(|kind| self.push.contact.starts_with(kind))
                    && !self.push.contact.is_empty(),
                "`push.contact` is `mailto:…` or `https://…`",
            ),
            (
                self.tls.certificate.is_empty() != self.tls.key.is_empty(),
                "`tls.certificate` and `tls.key` go together",
            ),
        ];
        match contradictions.into_iter().find(|(wrong, _)| *wrong) {
            Some((_, sentence)) => bail!("{sentence}"),
            None => Ok(()),
        }
    }
}

fn check_bound((name, value, (least, most), why): Bound) -> anyhow::Result<()> {
    if value < least {
        bail!("`{name}` is {value}, and must be at least {least}: {why}");
    }
    if most > 0 && value > most {
        bail!("`{name}` is {value}, and must be at most {most}: {why}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Networks, Profile};

    fn proxies() -> Networks {
        Networks::loopback()
    }

    /// What is said of the defaults, behind a proxy, with these settings instead.
    fn refused(settings: &[(&str, &str)]) -> Option<String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let flags: Vec<_> = settings.iter().map(owned).collect();
        let mut config = match Config::gather(None, &[], &flags) {
            Ok(config) => config,
            Err(error) => return Some(format!("{error:#}")),
        };
        if config.limits.trusted_proxies.is_empty() {
            config.limits.trusted_proxies = proxies();
        }
        config.check().err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn the_defaults_are_good_in_both_profiles() {
        assert_eq!(refused(&[]), None);
        assert_eq!(refused(&[("server.profile", "development")]), None);
    }

    /// SEC-01: in production nobody is served without TLS but on the machine itself or behind a proxy that speaks it.
    #[test]
    fn production_refuses_plain_http_on_a_public_address() {
        let config = |listen: &str, profile| {
            let mut config = Config::default();
            config.server.listen = listen.into();
            config.server.profile = profile;
            config.limits.trusted_proxies = proxies();
            config
        };
        assert!(config("0.0.0.0:80", Profile::Production).check().is_err());
        assert!(
            config("chat.example.com:80", Profile::Production)
                .check()
                .is_err()
        );
        assert!(config("127.0.0.1:80", Profile::Production).check().is_ok());
        assert!(config("0.0.0.0:80", Profile::Development).check().is_ok());
        let mut proxied = config("0.0.0.0:80", Profile::Production);
        proxied.tls.behind_proxy = true;
        assert!(proxied.check().is_ok());
    }

    /// SEC-01: behind a proxy that is not named everybody would have the proxy's address.
    #[test]
    fn production_behind_a_proxy_wants_to_know_it() {
        let mut config = Config::default();
        assert!(
            config.check().is_ok(),
            "a server tried out on its own machine"
        );
        config.tls.behind_proxy = true;
        let said = config.check().unwrap_err().to_string();
        assert!(
            said.starts_with("`limits.trusted_proxies` is missing"),
            "{said}"
        );
        config.server.listen = "0.0.0.0:80".into();
        config.tls.behind_proxy = true;
        assert!(config.check().is_err());
        config.limits.trusted_proxies = proxies();
        assert!(config.check().is_ok());
        let mut secure = Config::default();
        (secure.tls.certificate, secure.tls.key) = ("a.pem".into(), "b.pem".into());
        assert!(secure.check().is_ok());
        let mut tried_out = Config::default();
        tried_out.server.profile = Profile::Development;
        assert!(tried_out.check().is_ok());
    }

    #[test]
    fn a_queue_that_a_page_of_resume_does_not_fit_into_is_refused() {
        for bytes in ["0", "65536", "262144", "390143"] {
            let said = refused(&[("limits.queue_bytes", bytes)]).expect(bytes);
            assert!(said.starts_with("`limits.queue_bytes` is "), "{said}");
            assert!(said.contains("a page of `resume`"), "{said}");
        }
        assert_eq!(refused(&[("limits.queue_bytes", "390144")]), None);
    }

    #[test]
    fn each_number_that_would_serve_nobody_is_refused_by_name() {
        for (name, _, (least, most), _) in bounds(&Config::default()) {
            for outside in [Some(least - 1), (most > 0).then_some(most + 1)]
                .into_iter()
                .flatten()
            {
                let text = outside.to_string();
                let said = refused(&[(name, &text)]).unwrap_or_else(|| panic!("{name} {text}"));
                assert!(said.starts_with(&format!("`{name}` is {text}, ")), "{said}");
            }
        }
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        for (settings, named) in [
            (
                &[("limits.first_frame_bytes", "70000")][..],
                "limits.frame_bytes",
            ),
            (&[("limits.logins_at_once", "16")], "database.connections"),
            (&[("database.connections", "8")], "limits.logins_at_once"),
            (&[("limits.requests_at_once", "16")], "database.connections"),
            (&[("limits.orders_at_once", "16")], "database.connections"),
            (&[("database.lock_ms", "20000")], "database.statement_ms"),
            (&[("limits.silence_seconds", "20")], "limits.ping_seconds"),
            (&[("limits.file_bytes_per_user", "1")], "limits.file_bytes"),
            (&[("login.session_max_days", "1")], "login.session_days"),
            (&[("tls.certificate", "a.pem")], "tls.key"),
            (&[("tls.key", "a.pem")], "tls.certificate"),
            (&[("server.operators", "home")], "server.operators"),
            (
                &[("limits.trusted_proxies", "10.0.0.1")],
                "limits.trusted_proxies",
            ),
        ] {
            let said = refused(settings).unwrap_or_else(|| panic!("{settings:?}"));
            assert!(
                said.contains(named) && said.contains(settings[0].0),
                "{said}"
            );
        }
    }

    /// SEC-01: a database of one's own needs a key that is not in it.
    #[test]
    fn production_on_a_database_of_ones_own_needs_a_key_for_secrets() {
        let mut config = Config::default();
        config.limits.trusted_proxies = proxies();
        assert!(
            config.check().is_ok(),
            "a private database has its key beside it"
        );
        config.database.url = "postgresql:///souk".into();
        let said = config.check().unwrap_err().to_string();
        assert!(said.contains("security.secrets_key"), "{said}");
        config.security.secrets_key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".into();
        assert!(config.check().is_ok());
        config.security.secrets_key.clear();
        config.server.profile = Profile::Development;
        assert!(config.check().is_ok());
    }
}
