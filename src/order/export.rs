//! Orders as a table for spreadsheet programs (ORD-24).

use proto::json::Word as _;
use serde_json::json;

use super::{
    Line,
    list::{self, Wanted},
    queries,
    show::Shown,
};
use crate::{
    actor::{ManageOrders, Staff},
    app::App,
    audit::{self, Deed},
    error::Result,
    id::OrderId,
    money::{Currency, Money},
    rights,
};

/// Pages of the list that one table holds, and orders of one page.
const PAGES: usize = 10;
const PAGE: u32 = 100;

/// The heading. A row is a line of an order.
const COLUMNS: [&str; 18] = [
    "number",
    "placed_at",
    "state",
    "payment_status",
    "customer",
    "recipient",
    "phone",
    "address",
    "delivery_method",
    "product",
    "choice",
    "units",
    "price",
    "line_total",
    "order_total",
    "paid",
    "refunded",
    "currency",
];

/// A table.
#[derive(Debug)]
pub struct Table {
    /// CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheet programs know it.
    pub csv: Vec<u8>,
    /// Where the next table begins; empty: this was the last.
    pub next_cursor: String,
}

/// The shop's orders in the order of its list, up to 1,000 in one table; the recipients are masked for staff without `see_customers`.
/// Recorded. Refuses as the list does.
pub async fn export(
    app: &App,
    by: &Staff<ManageOrders>,
    wanted: &Wanted,
    cursor: &str,
) -> Result<Table> {
    let (mut shown, mut next_cursor) = (vec![], cursor.to_owned());
    for _ in 0..PAGES {
        let page = list::of_shop(app, by, wanted, &next_cursor, PAGE).await?;
        shown.extend(page.orders);
        next_cursor = page.next_cursor;
        if next_cursor.is_empty() {
            break;
        }
    }
    let ids: Vec<OrderId> = shown.iter().map(|shown| shown.order.id).collect();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let placed = queries::placed_there(&mut tx, &ids).await?;
    let deed = Deed::new(by.actor.user, "orders.exported", by.shop)
        .after(json!({ "orders": ids.len(), "status": wanted.status }));
    audit::record(&mut tx, deed, app.clock.now()).await?;
    tx.commit().await?;
    let place = |shown: &Shown| placed.get(&shown.order.id).cloned().unwrap_or_default();
    let rows = shown.iter().map(|shown| (place(shown), shown));
    Ok(Table {
        csv: written(rows)?,
        next_cursor,
    })
}

fn written<'a>(orders: impl Iterator<Item = (String, &'a Shown)>) -> Result<Vec<u8>> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    table.write_record(COLUMNS).map_err(anyhow::Error::from)?;
    for (placed, shown) in orders {
        for line in &shown.order.lines {
            let row = row(&placed, shown, line)?;
            let safe = row.iter().map(|cell| inert(cell));
            table.write_record(safe).map_err(anyhow::Error::from)?;
        }
    }
    let csv = table
        .into_inner()
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(csv)
}

fn row(placed: &str, shown: &Shown, line: &Line) -> Result<[String; 18]> {
    let (order, to) = (&shown.order, &shown.recipient);
    let currency = Currency::parse(&order.currency)?;
    let amount = |amount: Money| currency.write(amount);
    Ok([
        order.number.clone().unwrap_or_default(),
        placed.to_owned(),
        order.state.word(),
        order.payment_status.word(),
        order.customer_name.clone(),
        to.name.clone(),
        to.phone.clone(),
        to.address.clone(),
        order.delivery_method.word(),
        line.title.clone(),
        line.choice.join(" / "),
        line.units.to_string(),
        amount(line.price),
        amount(line.total),
        amount(order.total),
        amount(order.paid),
        amount(order.refunded),
        order.currency.clone(),
    ])
}

/// A cell that no spreadsheet program takes for a formula: what could begin one gets an apostrophe before it.
fn inert(cell: &str) -> String {
    let begins_formula = |sign: char| "=+-@＝＋－＠\t\r\n|%".contains(sign);
    if cell.trim_start().starts_with(begins_formula) || cell.starts_with(begins_formula) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ORD-24: what customers write is no formula in the shop's spreadsheet.
    #[test]
    fn no_cell_is_a_formula() {
        for formula in [
            "=HYPERLINK(\"x\")",
            "+86",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            " =1",
            "＝1",
            "\r=1",
        ] {
            assert_eq!(inert(formula), format!("'{formula}"));
        }
        for plain in ["", "159.00", "WS20250101001", "王小明", "a=b"] {
            assert_eq!(inert(plain), plain);
        }
    }
}
