//! A campaign: one message to many, each in their own conversation with a shop; some of them are on the line, and others chat meanwhile.
//!
//! First the chat alone, then with the campaign. Everybody must be told once. With a command that restarts the server there is a second campaign, in the
//! middle of which it is run: whoever dies and comes back skips nobody and tells nobody twice.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{process::Command, time::Instant};
use uuid::Uuid;

use super::{
    Stage, chat,
    chat::{Flow, Pairs},
    tally,
};
use crate::{
    check::{Faults, Promised},
    figures::Figures,
    front_door::{FrontDoor, text},
    onlooker::{Onlooker, Watch},
    people::{Source, consult},
    talk::Run,
};

/// A campaign that takes longer is given up.
const LONGEST: Duration = Duration::from_mins(15);
/// So often is looked how far it is.
const GLIMPSE: Duration = Duration::from_secs(1);
/// Recipients who are put into the database at once.
const SEEDED_AT_ONCE: usize = 5_000;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Audience {
    /// Who is told.
    pub recipients: usize,
    /// How many of them are on the line.
    pub online: usize,
    /// Who chat meanwhile.
    pub talkers: usize,
    /// What those say in a second, in all.
    pub rate: f64,
    /// Bytes of what they say, and of what is told.
    pub size: usize,
    /// How long they chat alone.
    pub calm: Duration,
}

/// Plays it; `restart` kills the server and starts it again.
pub async fn run(
    stage: &Stage,
    url: &str,
    audience: Audience,
    restart: Option<&str>,
) -> anyhow::Result<Figures> {
    let Source::Database(pool) = &stage.source else {
        bail!("campaign needs --seed-database-url: so many people do not come in over REST");
    };
    let hall = Hall::fill(stage, FrontDoor::of(url)?, pool, audience).await?;
    let pairs = Pairs::gather(stage, audience.talkers).await?;
    let flow = Flow::Rate(audience.rate);

    stage.bar.set_message("chat alone");
    let calm = Arc::new(Run::new(audience.size, audience.calm));
    let talkers = pairs.talk(&calm, flow);
    stage.watch(&calm).await;
    let (pairs, before) = talkers.end().await?;
    let mut alone = Figures::of("chat", audience.talkers);
    tally(&mut alone, &calm, audience.calm.as_secs_f64(), &before);
    chat::check(&mut alone, &before);

    stage.bar.set_message("the campaign");
    let busy = Arc::new(Run::new(audience.size, LONGEST));
    let start = Instant::now();
    let talkers = pairs.talk(&busy, flow);
    let campaign = hall.launch(audience.size).await?;
    let report = hall.done(&campaign).await?;
    busy.stop();
    let (_, notes) = talkers.end().await?;
    let mut figures = Figures::of("campaign", audience.online + audience.talkers);
    tally(&mut figures, &busy, start.elapsed().as_secs_f64(), &notes);
    chat::check(&mut figures, &notes);
    figures.blame(Faults {
        lost: alone.lost,
        doubled: alone.doubled,
        misordered: alone.misordered,
    });
    compare(&mut figures, &alone);
    note_rate(&mut figures, &report)?;
    figures.blame(
        hall.told_twice_or_never(&campaign, audience.recipients)
            .await?,
    );
    let hall = hall.shown(&mut figures).await?;
    if let Some(restart) = restart {
        stage.bar.set_message("killed in the middle");
        hall.cut_off(&mut figures, audience, restart).await?;
    }
    Ok(figures)
}

/// How much the chat felt of it.
fn compare(figures: &mut Figures, alone: &Figures) {
    if let (Some(calm), Some(busy)) = (alone.ack_ms, figures.ack_ms) {
        figures.note("chat_alone_p50_ms", calm.p50);
        figures.note("chat_alone_p99_ms", calm.p99);
        figures.note("chat_p99_ms", busy.p99);
        figures.note("chat_p99_times", busy.p99 / calm.p99);
    }
}

/// From the moment its recipients were fixed until the last of them was told, by the server's clock.
#[expect(clippy::cast_precision_loss, reason = "counts of people")]
fn note_rate(figures: &mut Figures, report: &Value) -> anyhow::Result<()> {
    let at = |field: &str| -> anyhow::Result<jiff::Timestamp> {
        Ok(text(&report["campaign"], field)?.parse()?)
    };
    let took = at("ended_at")?.duration_since(at("started_at")?);
    let told = report["progress"]["sent"].as_u64().unwrap_or_default() as f64;
    figures.note("told", told);
    figures.note("told_per_s", told / took.as_secs_f64().max(1e-3));
    Ok(())
}

/// The shop, whom it knows, and who of them looks on.
struct Hall<'a> {
    door: FrontDoor,
    pool: &'a PgPool,
    shop: String,
    owner: String,
    segment: String,
    watches: Vec<Watch>,
}

impl<'a> Hall<'a> {
    /// Everybody has a conversation with the shop; some are on the line.
    async fn fill(
        stage: &Stage,
        door: FrontDoor,
        pool: &'a PgPool,
        audience: Audience,
    ) -> anyhow::Result<Self> {
        stage.bar.set_message("customers come in");
        let shop = door.shop().await?;
        let (id, owner) = (shop.id.clone(), shop.owner.clone());
        let (mut people, mut conversations) = (vec![], vec![]);
        while people.len() < audience.recipients {
            let some = (audience.recipients - people.len()).min(SEEDED_AT_ONCE);
            let some = stage.source.people(some).await?;
            conversations.extend(consult(pool, id.parse()?, &some).await?);
            people.extend(some);
        }
        sqlx::query("analyze").execute(pool).await?;
        let online = stage.connect(&people[..audience.online]).await?;
        let watches = online.into_iter().zip(&conversations);
        let watches = watches.map(|(socket, (_, conversation))| {
            Onlooker::new(socket, conversation.to_string(), String::new()).watch()
        });
        let rules = json!({ "quiet_from": "00:00:00", "quiet_until": "00:00:00", "per_day": 100 });
        let path = format!("/shops/{id}/campaign-rules");
        door.put(&path, &owner, &rules).await?;
        let everybody = json!({ "name": "everybody", "condition": { "is": "everybody" } });
        let path = format!("/shops/{id}/segments");
        let segment = text(&door.post(&path, &owner, &everybody).await?, "id")?;
        Ok(Self {
            watches: watches.collect(),
            door,
            pool,
            shop: id,
            owner,
            segment,
        })
    }

    /// Everybody is to be told so many bytes; gives the campaign's id.
    async fn launch(&self, size: usize) -> anyhow::Result<String> {
        let layer = json!({ "segment_id": self.segment, "text": "x".repeat(size) });
        let campaign = json!({ "name": "load", "layers": [layer] });
        let path = format!("/shops/{}/campaigns", self.shop);
        let launched = self.door.post(&path, &self.owner, &campaign).await?;
        text(&launched, "id")
    }

    /// Waits until a campaign is done; gives its report. While the server is away nobody answers.
    async fn done(&self, campaign: &str) -> anyhow::Result<Value> {
        let path = format!("/shops/{}/campaigns/{campaign}", self.shop);
        let end = Instant::now() + LONGEST;
        loop {
            if let Ok(report) = self.door.read(&path, &self.owner).await
                && report["campaign"]["state"] == "done"
            {
                return Ok(report);
            }
            ensure!(Instant::now() < end, "the campaign takes too long");
            tokio::time::sleep(GLIMPSE).await;
        }
    }

    /// By the log itself: everybody has one message of the campaign.
    async fn told_twice_or_never(&self, campaign: &str, all: usize) -> anyhow::Result<Faults> {
        let campaign: Uuid = campaign.parse()?;
        let (once, said): (i64, i64) = sqlx::query_as(
            "
            select
              (select count(*) from campaign_recipients r
               join messages m on m.conversation_id = r.conversation_id and m.number = r.number
               where r.campaign_id = $1 and r.state = 'sent'),
              (select count(*) from messages m
               join shop_voices v on v.bot_id = m.sender_id and v.shop_id = $2
               where m.client_message_id = $3)
            ",
        )
        .bind(campaign)
        .bind(self.shop.parse::<Uuid>()?)
        .bind(campaign.simple().to_string())
        .fetch_one(self.pool)
        .await?;
        let (once, said) = (u64::try_from(once)?, u64::try_from(said)?);
        Ok(Faults {
            lost: (all as u64).saturating_sub(once),
            doubled: said.saturating_sub(all as u64),
            misordered: 0,
        })
    }

    /// Whoever is on the line was shown it once.
    async fn shown(mut self, figures: &mut Figures) -> anyhow::Result<Self> {
        let mut promised = Promised::default();
        promised.accept(1, b"");
        for watch in &self.watches {
            watch.until(1, 0);
        }
        for watch in std::mem::take(&mut self.watches) {
            figures.blame(watch.shown().await?.cards.faults(&promised));
        }
        Ok(self)
    }

    /// A second campaign, in the middle of which the server dies and comes back.
    async fn cut_off(
        &self,
        figures: &mut Figures,
        audience: Audience,
        restart: &str,
    ) -> anyhow::Result<()> {
        let campaign = self.launch(audience.size).await?;
        let told = self.told(&campaign, audience.recipients / 3).await?;
        let killed = Command::new("sh").args(["-c", restart]).status().await?;
        ensure!(
            killed.success(),
            "the command that restarts the server failed"
        );
        self.done(&campaign).await?;
        figures.note("told_before_it_was_killed", told);
        figures.blame(
            self.told_twice_or_never(&campaign, audience.recipients)
                .await?,
        );
        Ok(())
    }

    /// Waits until so many were told, by the database; gives how many it were.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    async fn told(&self, campaign: &str, many: usize) -> anyhow::Result<f64> {
        let campaign: Uuid = campaign.parse()?;
        let end = Instant::now() + LONGEST;
        loop {
            let told: i64 = sqlx::query_scalar(
                "select count(*) from campaign_recipients where campaign_id = $1 and state = 'sent'",
            )
            .bind(campaign)
            .fetch_one(self.pool)
            .await
            .context("looking how far it is")?;
            if usize::try_from(told)? >= many {
                return Ok(told as f64);
            }
            ensure!(Instant::now() < end, "the campaign takes too long");
            tokio::time::sleep(GLIMPSE / 100).await;
        }
    }
}
