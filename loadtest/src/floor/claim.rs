//! A claim without a server: the coupon's row, and the conditional update of the gift that everybody wants, in one transaction.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::people::Source;

/// Gifts that lie there before it begins.
const GIFTS: usize = 400;

/// A shop with gifts, and who press.
#[derive(Clone)]
pub(super) struct Stall {
    shop: Uuid,
    template: Uuid,
    gifts: Arc<[Uuid]>,
    people: Arc<[Uuid]>,
    next: Arc<AtomicUsize>,
}

impl Stall {
    /// Sets it up.
    pub(super) async fn open(pool: &PgPool, customers: usize) -> anyhow::Result<Self> {
        let people = Source::Database(pool.clone()).people(customers).await?;
        let (shop, template, group) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let gifts: Vec<Uuid> = (0..GIFTS).map(|_| Uuid::now_v7()).collect();
        for statement in [
            "insert into shops (id, name, created_at) select $1, 'Load test', now() where $2 <> $3",
            "insert into conversations (id, kind, shop_id, active_at, created_at) select $3, 'group', $1, now(), now() where $1 <> $2",
            "insert into coupon_templates (id, shop_id, state, terms, validity, eligibility, aim, worth, per_person, created_at)
             select $2, $1, 'published', '{}', '{}', '{}', 'other', 1000, 100, now() where $1 <> $3",
        ] {
            let made = sqlx::query(statement).bind(shop).bind(template).bind(group);
            made.execute(pool).await?;
        }
        sqlx::query(
            "insert into coupon_gifts (id, shop_id, template_id, conversation_id, card_number, pieces, ends_at, given_by, created_at)
             select id, $1, $2, $3, 1, $5, now() + interval '1 day', $6, now() from unnest($4::uuid[]) id",
        )
        .bind(shop)
        .bind(template)
        .bind(group)
        .bind(&gifts)
        .bind(i64::try_from(customers)?)
        .bind(people[0].user)
        .execute(pool)
        .await?;
        sqlx::query("analyze").execute(pool).await?;
        Ok(Self {
            shop,
            template,
            gifts: gifts.into(),
            people: people.iter().map(|person| person.user).collect(),
            next: Arc::default(),
        })
    }

    /// The next press. False: all gifts are gone.
    pub(super) async fn press(&self, sql: &mut PgConnection) -> anyhow::Result<bool> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let (gift, person) = (place / self.people.len(), place % self.people.len());
        let Some(id) = self.gifts.get(gift) else {
            return Ok(false);
        };
        sqlx::query("begin").execute(&mut *sql).await?;
        sqlx::query(
            "insert into coupons (id, shop_id, template_id, customer_id, nth, source, gift_id, state, valid_from, valid_until, claimed_at)
             values ($1, $2, $3, $4, $5, 'gift', $6, 'usable', now(), now() + interval '7 days', now())",
        )
        .bind(Uuid::now_v7())
        .bind(self.shop)
        .bind(self.template)
        .bind(self.people[person])
        .bind(i32::try_from(gift + 1)?)
        .bind(id)
        .execute(&mut *sql)
        .await?;
        let taken = sqlx::query(
            "update coupon_gifts set claimed = claimed + 1
             where shop_id = $1 and id = $2 and claimed < pieces and closed_at is null and ends_at > now()",
        )
        .bind(self.shop)
        .bind(id)
        .execute(&mut *sql)
        .await?;
        anyhow::ensure!(taken.rows_affected() == 1, "a gift is gone too soon");
        sqlx::query("commit").execute(sql).await?;
        Ok(true)
    }
}
