//! Bring a whole catalogue along, as a table that a spreadsheet program has saved (CSV).
//!
//! A row is a variant. Rows with the same `product` are variants of one product, whose own columns its first row fills. Nothing is written unless
//! every row is right: whoever corrects the file sends it again and has nothing twice. What comes in is not listed yet.

mod row;

use serde::Serialize;

use self::row::{Row, rows};
use super::{
    create::{self, NewProduct},
    queries,
    variant::NewVariant,
};
use crate::{
    actor::{ManageProducts, Staff},
    app::App,
    error::{Error, Result},
    money::Currency,
    rights,
};

/// Rows of one file at most.
pub const ROWS: usize = 1_000;

/// What became of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Imported {
    /// Products that are new; 0 if anything is wrong.
    pub products: usize,
    /// Variants that are new; 0 if anything is wrong.
    pub variants: usize,
    /// What is wrong, at most one entry a row; empty: nothing.
    pub errors: Vec<RowError>,
}

/// What is wrong with a row.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RowError {
    /// Its line in the file; the heading is line 1.
    pub line: u64,
    /// The column; empty: the row as a whole.
    pub column: String,
    /// What is wrong, for people.
    pub sentence: String,
}

/// Imports a catalogue. Wrong rows are not a refusal but the answer. Refuses with `invalid_argument` a file that is not UTF-8 or has
/// more than 1,000 rows, with `quota_exceeded` a catalogue that grows beyond 20,000.
pub async fn import(app: &App, by: &Staff<ManageProducts>, file: &[u8]) -> Result<Imported> {
    let now = app.clock.now();
    let mut tx = app.store.begin(by.shop).await?;
    rights::rely(&mut tx, by).await?;
    let currency = Currency::parse(&queries::currency(&mut tx).await?)?;
    let (rows, mut errors) = rows(file, currency)?;
    let (products, variants) = (gathered(rows, &mut errors), &mut 0);
    for (line, new) in products.iter().filter(|_| errors.is_empty()) {
        let (product, new) = new;
        *variants += new.len();
        let added = create::add(&mut tx, product, new, by.actor.user, now).await;
        match added {
            Err(Error::Refused(reason)) if !reason.field.is_empty() => {
                errors.push(RowError::of(*line, &Error::Refused(reason)));
                break;
            }
            added => added?,
        }
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| error.line);
        return Ok(Imported {
            products: 0,
            variants: 0,
            errors,
        });
    }
    tx.commit().await?;
    Ok(Imported {
        products: products.len(),
        variants: *variants,
        errors,
    })
}

type Checked = (u64, (super::Product, Vec<NewVariant>));

/// Products with their variants, and the lines that they begin on.
fn gathered(rows: Vec<Row>, errors: &mut Vec<RowError>) -> Vec<Checked> {
    let mut found: Vec<(u64, String, NewProduct)> = vec![];
    for row in rows {
        let same = found
            .iter_mut()
            .find(|(_, key, _)| *key == row.key && !key.is_empty());
        match (same, row.product) {
            (Some((_, _, product)), None) if product.options == row.options => {
                product.variants.push(row.variant);
            }
            (Some(_), None) => errors.push(RowError::new(
                row.line,
                "options",
                "names other options than the product's first row",
            )),
            (Some(_), Some(_)) => errors.push(RowError::new(
                row.line,
                "title",
                "only the first row of a product fills its columns",
            )),
            (None, None) => errors.push(RowError::new(
                row.line,
                "title",
                "is empty in the first row of a product",
            )),
            (None, Some(mut product)) => {
                product.variants.push(row.variant);
                found.push((row.line, row.key, product));
            }
        }
    }
    let checked = found
        .into_iter()
        .filter_map(|(line, _, product)| match product.check() {
            Ok(checked) => Some((line, checked)),
            Err(error) => {
                errors.push(RowError::of(line, &error));
                None
            }
        });
    checked.collect()
}

impl RowError {
    pub(super) fn new(line: u64, column: &str, wrong: &str) -> Self {
        Self {
            line,
            column: column.to_owned(),
            sentence: format!("`{column}` {wrong}."),
        }
    }

    fn of(line: u64, error: &Error) -> Self {
        let refused = error.to_refused();
        Self {
            line,
            column: refused.field,
            sentence: refused.sentence,
        }
    }
}
