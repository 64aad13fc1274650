//! Groups of the shop's: draws that several nodes come upon at once, and red packets.

use std::{fs, process::Command, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction, types::Uuid};
use tokio::time::timeout;

use crate::{people::Person, till::Till, wait::until};

/// So long a draw may wait for its nodes, and somebody asks on with one key when a node dies.
const PATIENCE: Duration = Duration::from_mins(1);
/// Two workers and the schedule of two nodes wait for five locks at most: when there are six, all three nodes wait.
const ALL_NODES: i64 = 6;
/// People who have a prize in each draw.
pub const WINNERS: i64 = 3;
/// The group is as large as this when its draws are due.
const TARGET: i32 = 1_000;

/// What somebody was told: their share of a red packet, or a refusal's code; empty: nothing that they could rely on.
type Told = Result<Value, String>;

/// What became of a red packet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Who took one, and were told which.
    pub taken: usize,
    /// Who have none, and were told why.
    pub refused: usize,
    /// Whatever somebody was told that is not so.
    pub wrong: Vec<String>,
}

impl Till {
    /// A group of the shop's operator with these customers.
    pub async fn club(&self, customers: &[Person]) -> Uuid {
        let path = format!("/shops/{}/groups", self.shop);
        let group = self.commands(&path, json!({ "name": "茶友" })).await;
        let group = id(&group);
        let users: Vec<Uuid> = customers.iter().map(|one| one.user.0).collect();
        sqlx::query(
            "with seated as (
               insert into memberships (conversation_id, user_id, joined_number, joined_at) select $1, id, 1, now() from unnest($2) id returning 1
             )
             update groups set members = members + (select count(*) from seated) where conversation_id = $1",
        )
        .bind(group)
        .bind(users)
        .execute(&self.pool)
        .await
        .expect("members");
        group
    }

    /// Publishes a draw of three prizes that is due when the group is large.
    pub async fn raffle(&self, group: Uuid, title: &str) -> Uuid {
        let form = json!({
            "conversation_id": group, "title": title, "organiser": "茶舍", "contact": "400-800-1234", "conditions": "群内顾客均可参加",
            "prizes": [{ "name": "头奖", "value": 3_000, "quantity": 1 }, { "name": "茶", "value": 100, "quantity": 2 }],
            "ends_at": jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1), "target": TARGET,
            "claim": { "how": "回复客服", "days": 7, "delivery": "快递", "forfeiture": "由候补获得" },
        });
        let path = format!("/shops/{}/draws", self.shop);
        id(&self.commands(&path, form).await)
    }

    /// The group is as large as its draws want, or as it is: `souk audit` knows no members who are not there.
    pub async fn pretends(&self, group: Uuid, large: bool) {
        let size = "update groups g set members = case when $2 then $3 else
            (select count(*) from memberships m where m.conversation_id = g.conversation_id and m.left_number is null) end
            where conversation_id = $1";
        let size = sqlx::query(size).bind(group).bind(large).bind(TARGET);
        size.execute(&self.pool).await.expect("a size");
    }

    /// Three nodes want to hold the draws of a group that is large now, and wait for the lock on it that is given.
    pub async fn all_want_to_draw(&self, group: Uuid) -> Transaction<'static, Postgres> {
        self.pretends(group, true).await;
        let mut lock = self.pool.begin().await.expect("a lock");
        sqlx::query("select from conversations where id = $1 for update")
            .bind(group)
            .execute(&mut *lock)
            .await
            .expect("held");
        let all = until(PATIENCE, async || {
            self.somebody_joined(group).await;
            self.waiting().await >= ALL_NODES
        });
        assert!(all.await, "{} wait for the group", self.waiting().await);
        lock
    }

    /// A node has more to do.
    async fn somebody_joined(&self, group: Uuid) {
        sqlx::query(
            "insert into facts (shop_id, kind, payload, at)
             values ($1, 'members_joined', jsonb_build_object('conversation_id', $2::uuid, 'user_ids', '[]'::jsonb, 'inviter_id', null), now())",
        )
        .bind(self.shop)
        .bind(group)
        .execute(&self.pool)
        .await
        .expect("a fact");
    }

    async fn waiting(&self) -> i64 {
        sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where wait_event_type = 'Lock' and state = 'active' and datname = current_database()",
        )
        .fetch_one(&self.pool)
        .await
        .expect("a number")
    }

    /// Whether a draw is not open any more.
    pub async fn is_drawn(&self, draw: Uuid) -> bool {
        let drawn = sqlx::query_scalar("select state <> 'open' from draws where id = $1");
        drawn
            .bind(draw)
            .fetch_one(&self.pool)
            .await
            .expect("a draw")
    }

    /// Whatever is wrong with a draw: it happens once, is announced once, each winner is told once, and its file verifies.
    pub async fn wrong_with(&self, draw: Uuid, title: &str, member: &Person) -> Vec<String> {
        let told = async || self.told(draw, title).await.0 == WINNERS;
        let in_time = until(PATIENCE, told).await;
        let (told, people, won, results, facts) = self.told(draw, title).await;
        let mut wrong = vec![];
        if !in_time || (told, people, won, results, facts) != (WINNERS, WINNERS, WINNERS, 1, 1) {
            wrong.push(format!(
                "I-15 {title}: {won} won, {told} notices in {people} conversations, announced {results} times, remembered {facts} times"
            ));
        }
        let file = self.fetches(member, &format!("/draws/{draw}/file")).await;
        wrong.extend(verdict("verify-draw", &file));
        wrong
    }

    /// Notices to winners, in how many conversations, winners, announcements, facts.
    async fn told(&self, draw: Uuid, title: &str) -> (i64, i64, i64, i64, i64) {
        sqlx::query_as(
            "select (select count(*) from messages where text like '恭喜您在「' || $2 || '」%'),
               (select count(distinct conversation_id) from messages where text like '恭喜您在「' || $2 || '」%'),
               (select count(*) from draw_places where draw_id = $1 and state = 'won' and told_at is not null),
               (select count(*) from messages where text like '抽奖「' || $2 || '」已开奖%'),
               (select count(*) from facts where kind = 'draw_moved' and payload ->> 'deed' = 'draw' and payload ->> 'draw_id' = $1::text)",
        )
        .bind(draw)
        .bind(title)
        .fetch_one(&self.pool)
        .await
        .expect("numbers")
    }

    /// Sends a red packet of a balance that is put there.
    pub async fn treat(&self, group: Uuid, total: i64, shares: i32) -> Uuid {
        sqlx::query("insert into ledger (shop_id, debit, credit, amount, cause, at) values ($1, 'provider', 'balance', $2, 'paid', now())")
            .bind(self.shop)
            .bind(total)
            .execute(&self.pool)
            .await
            .expect("money");
        let form =
            json!({ "conversation_id": group, "kind": "lucky", "total": total, "shares": shares });
        let path = format!("/shops/{}/red-packets", self.shop);
        id(&self.commands(&path, form).await)
    }

    /// All of them press three times at once, twice with one key.
    pub async fn take_rush(&self, crowd: &[Person], red_packet: Uuid) -> Shares {
        let told = join_all(crowd.iter().map(|one| self.takes(one, red_packet))).await;
        let mut shares = Shares::default();
        for (one, told) in crowd.iter().zip(told) {
            shares.count(self.place_of(one, red_packet).await, &told);
        }
        shares
    }

    async fn takes(&self, customer: &Person, red_packet: Uuid) -> Vec<Told> {
        let path = format!("/red-packets/{red_packet}/take");
        let [key, other] = [(); 2].map(|()| Uuid::new_v4().to_string());
        let press = async |key: &str| {
            let asked = timeout(PATIENCE, self.asks(customer, &path, &json!({}), key)).await;
            asked.unwrap_or_else(|_| Err(String::new()))
        };
        let (one, again, another) = tokio::join!(press(&key), press(&key), press(&other));
        vec![one, again, another]
    }

    async fn place_of(&self, one: &Person, red_packet: Uuid) -> Option<i32> {
        sqlx::query_scalar(
            "select place from red_packet_takes where customer_id = $1 and red_packet_id = $2",
        )
        .bind(one.user)
        .bind(red_packet)
        .fetch_optional(&self.pool)
        .await
        .expect("a place")
    }

    /// Shares that were taken, what was in them, and the most that one device has.
    pub async fn taken(&self, red_packet: Uuid) -> (i64, i64, i64) {
        let taken = "select count(*), coalesce(sum(s.amount), 0)::bigint,
          coalesce((select max(n) from (select count(*) n from red_packet_takes where red_packet_id = $1 group by device_id) d), 0)
          from red_packet_takes t join red_packet_shares s using (red_packet_id, place) where t.red_packet_id = $1";
        let taken = sqlx::query_as(taken).bind(red_packet);
        taken.fetch_one(&self.pool).await.expect("numbers")
    }
}

impl Shares {
    /// Who has a share was told of this one, who has none was told why. Nothing at all is heard of a node that died, and never two different things.
    fn count(&mut self, has: Option<i32>, told: &[Told]) {
        let nothing = |said: &String| matches!(&**said, "" | "unknown");
        let why = |said: &String| {
            nothing(said) || matches!(&**said, "red_packet_empty" | "red_packet_taken")
        };
        let mine = |place: i32, told: &Told| match told {
            Ok(share) => share["place"] == place,
            Err(said) => nothing(said),
        };
        match has {
            Some(place) if told.iter().all(|told| mine(place, told)) => self.taken += 1,
            None if told.iter().all(|told| told.as_ref().is_err_and(why)) => self.refused += 1,
            _ => self.wrong.push(format!("{told:?}, and there is {has:?}")),
        }
    }
}

/// What the command says against a file.
pub fn verdict(command: &str, file: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.json");
    fs::write(&path, file).expect("written");
    let mut souk = Command::new(env!("CARGO_BIN_EXE_souk"));
    let said = souk.arg(command).arg(&path).output().expect("it runs");
    let why = String::from_utf8_lossy(&said.stderr);
    (!said.status.success()).then(|| format!("{command}: {why}"))
}

fn id(made: &Value) -> Uuid {
    made["id"].as_str().expect("an id").parse().expect("an id")
}
