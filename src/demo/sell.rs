//! What the two shops sell, with pictures that are painted here, and the first orders.

use std::io::Cursor;

use bytes::Bytes;
use futures_util::stream;
use image::{ImageFormat, Rgb, RgbImage};
use proto::DeliveryMethod;

use super::{fill::Team, people::HERE};
use crate::{
    actor::Actor,
    app::App,
    delivery::carriers::{self, Carrier},
    error::{Refusal, Result},
    id::{FileId, VariantId},
    media::upload,
    money::Money,
    order::{Seen, accept, pay, place, recipient::Recipient},
    product::{
        Goods,
        create::{self, NewProduct},
        price::Basket,
        variant::NewVariant,
    },
    stock::Units,
};

/// Something to sell.
pub(super) struct Ware {
    title: &'static str,
    category: [&'static str; 2],
    /// Before and after, in minor units.
    prices: [i64; 2],
    option: &'static str,
    choices: &'static [&'static str],
    stock: i64,
    /// What its pictures are painted in.
    colour: [u8; 3],
}

const SIZES: &[&str] = &["S", "M", "L"];

/// What the cake shop sells: 80, now 64, and 44 with the coupon.
pub(super) const CAKES: [Ware; 2] = [
    ware(
        "草莓奶油蛋糕 Strawberry cake",
        ["蛋糕", "奶油"],
        [8_000, 8_000],
        "尺寸",
        &["6 寸", "8 寸"],
        12,
        [224, 90, 110],
    ),
    ware(
        "巧克力慕斯 Chocolate mousse",
        ["蛋糕", "慕斯"],
        [6_800, 6_800],
        "",
        &[],
        8,
        [110, 70, 50],
    ),
];

/// What the clothes shop sells.
pub(super) const CLOTHES: [Ware; 3] = [
    ware(
        "碎花连衣裙 Floral dress",
        ["服饰", "女装"],
        [19_900, 15_900],
        "尺码",
        SIZES,
        20,
        [90, 150, 200],
    ),
    ware(
        "亚麻衬衫 Linen shirt",
        ["服饰", "男装"],
        [12_900, 12_900],
        "尺码",
        SIZES,
        6,
        [190, 175, 140],
    ),
    ware(
        "羊毛围巾 Wool scarf",
        ["服饰", "配饰"],
        [8_900, 7_900],
        "",
        &[],
        0,
        [150, 60, 90],
    ),
];

const fn ware(
    title: &'static str,
    category: [&'static str; 2],
    prices: [i64; 2],
    option: &'static str,
    choices: &'static [&'static str],
    stock: i64,
    colour: [u8; 3],
) -> Ware {
    Ware {
        title,
        category,
        prices,
        option,
        choices,
        stock,
        colour,
    }
}

/// Puts the wares on sale, and names who brings them; gives them in their order.
pub(super) async fn stock_up(app: &App, team: &Team, wares: &[Ware]) -> Result<Vec<Goods>> {
    let carrier = Carrier {
        code: "shunfeng".to_owned(),
        name: "顺丰速运".to_owned(),
    };
    carriers::put(app, &team.owner.staff(team.shop)?, carrier).await?;
    let mut goods = vec![];
    for ware in wares {
        let new = ware.product(app, &team.owner).await?;
        goods.push(create::create(app, &team.owner.staff(team.shop)?, new).await?);
    }
    Ok(goods)
}

impl Ware {
    async fn product(&self, app: &App, owner: &Actor) -> Result<NewProduct> {
        let mut pictures = vec![];
        for shade in 0..3 {
            pictures.push(hang(app, owner, &paint(self.colour, shade)).await?);
        }
        let variant = |choice: Vec<String>| NewVariant {
            choice,
            sku: None,
            stock: self.stock,
            alert_below: Some(3),
        };
        let choices = self
            .choices
            .iter()
            .map(|choice| variant(vec![(*choice).to_owned()]));
        let variants = if self.choices.is_empty() {
            vec![variant(vec![])]
        } else {
            choices.collect()
        };
        let options = if self.choices.is_empty() {
            vec![]
        } else {
            vec![self.option.to_owned()]
        };
        Ok(NewProduct {
            title: self.title.to_owned(),
            category: self.category.map(str::to_owned).to_vec(),
            description: self.title.to_owned(),
            pictures,
            illustrations: vec![],
            list_price: Money::minor(self.prices[0]),
            price: Money::minor(self.prices[1]),
            labels: vec![],
            tiers: vec![],
            options,
            variants,
            listed: true,
        })
    }
}

/// A disc on a field that fades, some kilobytes.
fn paint([red, green, blue]: [u8; 3], shade: u8) -> Bytes {
    let picture = RgbImage::from_fn(240, 240, |x, y| {
        let (across, down) = (x.abs_diff(120), y.abs_diff(120 + 10 * u32::from(shade)));
        let inside = across * across + down * down < 70 * 70;
        let light = if inside {
            0
        } else {
            60 + u8::try_from(y / 4).unwrap_or(60)
        };
        Rgb([red, green, blue].map(|one| one.saturating_add(light)))
    });
    let mut bytes = Cursor::new(vec![]);
    let painted = picture.write_to(&mut bytes, ImageFormat::Png);
    painted.expect("memory takes every picture");
    bytes.into_inner().into()
}

async fn hang(app: &App, owner: &Actor, picture: &Bytes) -> Result<FileId> {
    let place = upload::begin(app, owner, HERE, None).await?;
    let body = stream::iter([Ok(picture.clone())]);
    Ok(place.take(app, owner, "picture.png", body).await?.id)
}

/// One order that waits to be accepted, and one that waits to be shipped.
pub(super) async fn first_orders(
    app: &App,
    team: &Team,
    customers: &[Actor],
    goods: &[Goods],
) -> Result<()> {
    for (customer, of) in customers.iter().skip(1).zip(goods) {
        let variant = of.variants.first().ok_or(Refusal::NotFound)?.id;
        buy(app, team, customer, variant).await?;
    }
    let last = customers.last().ok_or(Refusal::NotFound)?;
    let variant = goods.first().and_then(|of| of.variants.last());
    let order = buy(app, team, last, variant.ok_or(Refusal::NotFound)?.id).await?;
    let seen = Seen {
        revision: order.order.revision,
        hash: order.order.hash.clone(),
    };
    accept::accept(app, &team.owner.staff(team.shop)?, order.order.id, &seen).await?;
    Ok(())
}

async fn buy(
    app: &App,
    team: &Team,
    customer: &Actor,
    variant: VariantId,
) -> Result<crate::order::show::Shown> {
    let customer = customer.customer()?;
    let checkout = place::Checkout {
        basket: Basket {
            lines: vec![Units {
                variant_id: variant,
                units: 1,
            }],
            bundles: vec![],
        },
        delivery_method: DeliveryMethod::Express,
        recipient: Recipient {
            name: customer.0.name.to_string(),
            phone: "+8613800000012".to_owned(),
            address: "杭州市西湖区文三路 1 号".to_owned(),
        },
        requests: String::new(),
        coupon_id: None,
        expected_total: None,
    };
    let placed = place::place(app, &customer, team.shop, checkout).await?;
    pay::in_sandbox(app, &customer, placed.order.id).await
}
