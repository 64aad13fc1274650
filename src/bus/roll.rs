//! The roll in Redis of who is on the line at which node.
//!
//! Each user has a set of the names of nodes, and each name a key that expires soon after its node stops renewing it:
//! what a dead node left in the sets is not believed. A node takes a new name whenever it may have failed to strike
//! somebody out, so that nobody stays on the roll by mistake.

use std::{collections::HashSet, time::Duration};

use ::redis::{Cmd, RedisResult, cmd};

use super::wire::Wire;
use crate::id::{NodeId, UserId};

/// A user's set is forgotten this long after the last node wrote to it; nodes write again in a third of it.
pub(super) const SET_LIFE: Duration = Duration::from_hours(1);

/// The roll, as the node of this name sees it.
pub(super) struct Roll {
    pub wire: Wire,
    pub name: NodeId,
}

impl Roll {
    /// What this node says is believed for so long.
    pub(super) async fn renew(&self, life: Duration) -> RedisResult<()> {
        let mut alive = cmd("SET");
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        alive.arg(node_key(&self.name.to_string())).arg(1);
        self.wire.ask(alive.arg("PX").arg(life)).await
    }

    /// These have come here (true) or gone.
    pub(super) async fn write(&self, moved: &[(UserId, bool)]) -> RedisResult<()> {
        let lines = moved
            .iter()
            .flat_map(|(user, here)| self.line(*user, *here));
        let lines: Vec<Cmd> = lines.collect();
        self.wire.ask_all::<i64>(&lines).await.map(drop)
    }

    fn line(&self, user: UserId, here: bool) -> Vec<Cmd> {
        let set = user_key(user);
        let name = self.name.to_string();
        if !here {
            let mut strike = cmd("SREM");
            strike.arg(&set).arg(name);
            return vec![strike];
        }
        let (mut add, mut keep) = (cmd("SADD"), cmd("EXPIRE"));
        add.arg(&set).arg(name);
        keep.arg(&set).arg(SET_LIFE.as_secs());
        vec![add, keep]
    }

    /// Who of `users` is on another node that is alive.
    pub(super) async fn elsewhere(&self, users: &[UserId]) -> RedisResult<HashSet<UserId>> {
        let sets: Vec<Cmd> = users
            .iter()
            .map(|user| one("SMEMBERS", &user_key(*user)))
            .collect();
        let names: Vec<Vec<String>> = self.wire.ask_all(&sets).await?;
        let alive = self.alive(names.iter().flatten().collect()).await?;
        let online = users
            .iter()
            .zip(&names)
            .filter(|(_, names)| names.iter().any(|name| alive.contains(name)));
        Ok(online.map(|(user, _)| *user).collect())
    }

    async fn alive<'n>(&self, mut names: HashSet<&'n String>) -> RedisResult<HashSet<&'n String>> {
        names.remove(&self.name.to_string());
        let names: Vec<&String> = names.into_iter().collect();
        let keys: Vec<Cmd> = names
            .iter()
            .map(|name| one("EXISTS", &node_key(name)))
            .collect();
        let alive: Vec<bool> = self.wire.ask_all(&keys).await?;
        let known = names.into_iter().zip(alive);
        Ok(known
            .filter_map(|(name, alive)| alive.then_some(name))
            .collect())
    }

    /// A node that stops is not believed any more, at once.
    pub(super) async fn resign(&self) -> RedisResult<()> {
        self.wire
            .ask(&one("DEL", &node_key(&self.name.to_string())))
            .await
    }
}

fn one(verb: &str, key: &str) -> Cmd {
    let mut command = cmd(verb);
    command.arg(key);
    command
}

fn node_key(name: &str) -> String {
    format!("souk:node:{name}")
}

fn user_key(user: UserId) -> String {
    format!("souk:online:{user}")
}
