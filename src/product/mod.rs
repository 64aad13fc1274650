//! What a shop sells: products with their pictures, prices and variants, and bundles of them.
//!
//! How many there are is `stock`'s business; what a variant costs is said by [`price`], for everybody alike: with the flash discount
//! (`promotion`) that counts at that moment. A product itself keeps the price that it has without one.

pub mod bundle;
pub mod change;
pub mod create;
pub mod import;
pub mod list;
pub mod price;
mod queries;
pub mod variant;

use std::{collections::HashSet, hash::Hash};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Refusal, Result, refused_argument},
    id::{FileId, ProductId, VariantId},
    money::{BasisPoints, Money},
    promotion::Flash,
    words,
};

/// The dearest that a product may be, in minor units.
const DEAREST: Money = Money::minor(100_000_000_000);
/// Pictures without which nothing is listed (PROD-02).
const PICTURES: usize = 3;
/// Variants of one product at most.
const VARIANTS: usize = 200;

/// Something that a shop sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// 1 to 120 characters.
    pub title: String,
    /// The path from the widest, 1 to 5 words, e.g. 服饰, 女装, 连衣裙.
    pub category: Vec<String>,
    /// 1 to 10,000 characters.
    pub description: String,
    /// The first is the main picture; at most 15.
    pub pictures: Vec<FileId>,
    /// Pictures that belong to the description, in order; at most 50.
    pub illustrations: Vec<FileId>,
    /// Before any reduction, in minor units of the shop's currency.
    pub list_price: Money,
    /// What one piece is sold for while no flash discount runs, in minor units; not above `list_price`.
    pub price: Money,
    /// Such as 新品; at most 10.
    pub labels: Vec<String>,
    /// Reductions by quantity, rising.
    pub tiers: Vec<Tier>,
    /// What its variants say, such as size and colour; at most 3.
    pub options: Vec<String>,
    /// Customers see it in the catalogue.
    pub listed: bool,
}

/// From so many pieces of a product (of whatever variants) so much is taken off (PROD-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Pieces, 2 and up.
    pub from: u32,
    /// Basis points off: 1000 are 10%.
    pub off: BasisPoints,
}

/// One combination of a product's options: what is put into an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// One word for each of the product's options, in their order.
    pub choice: Vec<String>,
    /// The shop's own number for it.
    pub sku: Option<String>,
    /// Units that can be sold now.
    pub available: i64,
}

/// A product as it is sold at a moment.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// The product.
    pub product: Product,
    /// The flash discount that counts for it.
    pub flash: Option<Flash>,
}

impl Shelved {
    /// What one piece is sold for at that moment.
    pub fn price(&self) -> Money {
        let flash = self.flash.as_ref();
        flash.map_or(self.product.price, |flash| flash.price)
    }
}

/// A product with its variants.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Goods {
    /// The product.
    pub product: Product,
    /// What one piece is sold for now, in minor units.
    pub price: Money,
    /// The flash discount that is in that (PRO-02); null: none is running.
    pub flash: Option<Flash>,
    /// At least one.
    pub variants: Vec<Variant>,
}

impl Goods {
    /// As it is sold at a moment.
    fn of(shelved: Shelved, variants: Vec<Variant>) -> Self {
        Self {
            price: shelved.price(),
            flash: shelved.flash,
            product: shelved.product,
            variants,
        }
    }
}

impl Product {
    /// Refuses with `invalid_argument` what is out of its bounds, and with `pictures_missing` what is listed with fewer than 3.
    pub fn check(&self) -> Result<()> {
        words::line("title", &self.title, 120)?;
        words::text("description", &self.description, 1..=10_000)?;
        list("category", &self.category, 1, 5, 30)?;
        list("labels", &self.labels, 0, 10, 20)?;
        list("options", &self.options, 0, 3, 20)?;
        distinct("labels", &self.labels)?;
        distinct("options", &self.options)?;
        distinct("pictures", &self.pictures)?;
        at_most("pictures", self.pictures.len(), 15)?;
        at_most("illustrations", self.illustrations.len(), 50)?;
        self.check_prices()?;
        if self.listed && self.pictures.len() < PICTURES {
            return Err(Refusal::PicturesMissing.into());
        }
        Ok(())
    }

    fn check_prices(&self) -> Result<()> {
        if !(Money::minor(1)..=DEAREST).contains(&self.list_price) {
            let most = DEAREST.in_minor();
            return Err(refused_argument(
                "list_price",
                &format!("is 1 to {most} minor units"),
            ));
        }
        if self.price <= Money::ZERO || self.price > self.list_price {
            return Err(refused_argument(
                "price",
                "is above 0 and not above the list price",
            ));
        }
        at_most("tiers", self.tiers.len(), 10)?;
        let starts = self
            .tiers
            .first()
            .is_none_or(|tier| tier.from >= 2 && tier.off > BasisPoints::ZERO);
        let rise = |pair: &[Tier]| pair[0].from < pair[1].from && pair[0].off < pair[1].off;
        let ends = self
            .tiers
            .last()
            .is_none_or(|tier| u32::from(tier.off) < 10_000);
        if starts && ends && self.tiers.windows(2).all(rise) {
            Ok(())
        } else {
            Err(refused_argument(
                "tiers",
                "rise in pieces, from 2 on, and in what is taken off, which is less than all",
            ))
        }
    }

    /// What is taken off when so many pieces are bought together.
    pub fn off_for(&self, pieces: u32) -> BasisPoints {
        let reached = self.tiers.iter().rfind(|tier| tier.from <= pieces);
        reached.map_or(BasisPoints::ZERO, |tier| tier.off)
    }

    /// Every file that it shows.
    fn shown(&self) -> Vec<FileId> {
        [&self.pictures[..], &self.illustrations].concat()
    }
}

/// Refuses lists that are too short or too long, or have such words in them.
fn list(field: &str, entries: &[String], least: usize, most: usize, length: usize) -> Result<()> {
    if !(least..=most).contains(&entries.len()) {
        return Err(refused_argument(
            field,
            &format!("has {least} to {most} entries"),
        ));
    }
    entries
        .iter()
        .try_for_each(|entry| words::line(field, entry, length).map(drop))
}

fn at_most(field: &str, number: usize, most: usize) -> Result<()> {
    if number > most {
        return Err(refused_argument(
            field,
            &format!("has at most {most} entries"),
        ));
    }
    Ok(())
}

fn distinct<T: Eq + Hash>(field: &str, entries: &[T]) -> Result<()> {
    if entries.iter().collect::<HashSet<_>>().len() < entries.len() {
        return Err(refused_argument(field, "has an entry twice"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dress() -> Product {
        Product {
            id: ProductId::new(),
            title: "连衣裙".into(),
            category: ["服饰", "女装", "连衣裙"].map(String::from).to_vec(),
            description: "夏季新款".into(),
            pictures: (0..3).map(|_| FileId::new()).collect(),
            illustrations: vec![],
            list_price: Money::minor(19_900),
            price: Money::minor(15_900),
            labels: vec!["新品".into()],
            tiers: vec![],
            options: vec![],
            listed: true,
        }
    }

    fn tier(from: u32, off: u32) -> Tier {
        Tier {
            from,
            off: off.try_into().unwrap(),
        }
    }

    /// The field that a changed dress is refused for.
    fn refused(change: impl FnOnce(&mut Product)) -> String {
        let mut dress = dress();
        change(&mut dress);
        let refused = dress.check().expect_err("refused").to_refused();
        if refused.field.is_empty() {
            refused.code().as_str_name().to_owned()
        } else {
            refused.field
        }
    }

    /// PROD-01, PROD-02: what a product must be.
    #[test]
    fn a_product_is_whole_and_its_prices_make_sense() {
        dress().check().unwrap();
        assert_eq!(refused(|dress| dress.title = " ".into()), "title");
        assert_eq!(refused(|dress| dress.title = "裙".repeat(121)), "title");
        assert_eq!(refused(|dress| dress.category.clear()), "category");
        assert_eq!(refused(|dress| dress.description.clear()), "description");
        assert_eq!(refused(|dress| dress.price = Money::minor(19_901)), "price");
        assert_eq!(refused(|dress| dress.price = Money::ZERO), "price");
        assert_eq!(
            refused(|dress| dress.list_price = Money::minor(i64::MAX)),
            "list_price"
        );
        assert_eq!(refused(|dress| dress.labels.push("新品".into())), "labels");
        assert_eq!(
            refused(|dress| dress.pictures.truncate(2)),
            "REFUSAL_PICTURES_MISSING"
        );
        assert_eq!(
            refused(|dress| dress.pictures = vec![dress.pictures[0]; 3]),
            "pictures"
        );
    }

    /// PROD-08: the highest tier that is reached counts; tiers that make no sense are refused.
    #[test]
    fn tiers_rise() {
        let off = |pieces| {
            let tiers = vec![tier(2, 1_000), tier(5, 2_000)];
            u32::from(Product { tiers, ..dress() }.off_for(pieces))
        };
        assert_eq!([1, 2, 4, 5, 900].map(off), [0, 1_000, 1_000, 2_000, 2_000]);
        for odd in [
            vec![tier(1, 1_000)],
            vec![tier(2, 0)],
            vec![tier(2, 10_000)],
            vec![tier(3, 1_000), tier(2, 2_000)],
            vec![tier(2, 1_000), tier(3, 1_000)],
        ] {
            assert_eq!(refused(|dress| dress.tiers = odd), "tiers");
        }
    }
}
