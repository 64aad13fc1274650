//! Delivery notes of several orders, as one page to be printed (ORD-24). The page is made here, whole: no script, no picture, nothing from
//! elsewhere, and every word from a customer or a shop is escaped.

use std::fmt::Write as _;

use proto::{OrderState, json::Word as _};
use serde_json::json;

use super::{
    Line,
    batch::{MOST, Outcome},
    queries,
    show::{Shown, Viewer, one},
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::{Refusal, Result, refused_argument, refused_because},
    id::OrderId,
    rights,
    store::Tx,
};

/// How the page looks; whoever serves it allows this style and no other.
pub const STYLE: &str = "body{font:14px sans-serif;margin:0}section{padding:1cm;break-after:page}h1{font-size:18px}\
    table{border-collapse:collapse;width:100%}td,th{border:1px solid;padding:4px;text-align:left}\
    footer{padding:1cm}@media print{footer{display:none}}";

/// A page to be printed.
#[derive(Debug)]
pub struct Notes {
    /// HTML, a sheet for each order that has one; after them, on the screen only, the others with what is against them.
    pub html: String,
    /// How each order went.
    pub outcomes: Vec<Outcome>,
}

/// Writes the delivery notes of these orders, of those that the shop has taken. The recipient is masked for staff without `see_customers`.
/// Recorded. Refuses with `invalid_argument` more than 100 or none.
pub async fn print(app: &App, by: &Staff<ManageOrders>, orders: &[OrderId]) -> Result<Notes> {
    if !(1..=MOST).contains(&orders.len()) {
        return Err(refused_argument("order_ids", "has 1 to 100 orders"));
    }
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let shop = queries::shop_name(&mut tx).await?;
    let placed = queries::placed_there(&mut tx, orders).await?;
    let viewer = Viewer::of(&by.actor, by.shop);
    let (mut sheets, mut outcomes) = (String::new(), Vec::with_capacity(orders.len()));
    for id in orders {
        let at = placed.get(id).map_or("", String::as_str);
        let shown = to_send(app, &mut tx, *id, viewer).await;
        let printed = shown.map(|shown| sheets.push_str(&sheet(&shop, at, &shown)));
        outcomes.push(Outcome::of(*id, printed.err())?);
    }
    let deed = Deed::new(by.actor.user, "orders.printed", by.shop)
        .after(json!({ "order_ids": orders, "masked": viewer == Viewer::Staff }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Notes {
        html: page(&sheets, &outcomes),
        outcomes,
    })
}

/// Refuses with `not_found`, and with `order_state` what the shop has not taken, or what is cancelled.
async fn to_send(app: &App, tx: &mut Tx, order: OrderId, viewer: Viewer) -> Result<Shown> {
    let order = one(tx, order).await?;
    let taken = order.accepted_at.is_some() && order.state != OrderState::Cancelled;
    if !taken {
        let sentence = format!(
            "An order that is {} has no delivery note.",
            order.state.word()
        );
        let state = order.state.word();
        return Err(refused_because(Refusal::OrderState, &state, sentence));
    }
    Shown::load(app, tx, order, viewer).await
}

fn page(sheets: &str, outcomes: &[Outcome]) -> String {
    let refused = outcomes.iter().filter(|outcome| !outcome.done);
    let rows = refused.fold(String::new(), |mut rows, outcome| {
        let sentence = escaped(&outcome.sentence);
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{sentence}</td></tr>",
            outcome.order_id
        );
        rows
    });
    let rest = match &rows[..] {
        "" => String::new(),
        rows => format!("<footer><h1>未打印</h1><table>{rows}</table></footer>"),
    };
    format!(
        "<!doctype html><html lang=\"zh\"><head><meta charset=\"utf-8\"><title>送货单</title><style>{STYLE}</style></head>\
         <body>{sheets}{rest}</body></html>"
    )
}

fn sheet(shop: &str, placed: &str, shown: &Shown) -> String {
    let order = &shown.order;
    let (to, method) = (&shown.recipient, order.delivery_method.word());
    let number = escaped(order.number.as_deref().unwrap_or_default());
    let facts = [
        ("下单时间", placed),
        ("配送方式", &method),
        ("收货人", &to.name),
        ("电话", &to.phone),
        ("地址", &to.address),
        ("备注", &order.requests),
    ];
    let facts = facts.iter().fold(String::new(), |mut rows, (label, text)| {
        let _ = write!(rows, "<tr><th>{label}</th><td>{}</td></tr>", escaped(text));
        rows
    });
    let lines: String = order.lines.iter().map(row).collect();
    format!(
        "<section><h1>{} 送货单 {number}</h1><table>{facts}</table>\
         <table><tr><th>#</th><th>商品</th><th>规格</th><th>数量</th><th>已发</th><th>待发</th></tr>{lines}</table></section>",
        escaped(shop)
    )
}

fn row(line: &Line) -> String {
    format!(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        line.line,
        escaped(&line.title),
        escaped(&line.choice.join(" / ")),
        line.units - line.dropped,
        line.shipped,
        line.ready(),
    )
}

/// As text between tags or in a quoted attribute: it can be nothing else.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            sign => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ORD-24: no word on a sheet is markup.
    #[test]
    fn words_stay_words() {
        assert_eq!(
            escaped("<img src=x onerror='a()'>&\"茶\""),
            "&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;茶&quot;"
        );
    }
}
