//! One row of the table.

use csv::{ReaderBuilder, StringRecord};

use super::{NewProduct, NewVariant, ROWS, RowError};
use crate::{
    error::{Result, refused_argument},
    id::FileId,
    money::Currency,
};

/// The columns, in any order; those of a product may be left out where they may be empty.
const COLUMNS: &[&str] = &[
    "product",
    "title",
    "category",
    "list_price",
    "price",
    "description",
    "labels",
    "pictures",
    "options",
    "sku",
    "stock",
    "alert_below",
];
/// The columns that belong to a product and not to a variant.
const OF_PRODUCT: &[&str] = &[
    "title",
    "category",
    "list_price",
    "price",
    "description",
    "labels",
    "pictures",
];

/// A variant, and the product that begins with it.
pub(super) struct Row {
    pub(super) line: u64,
    /// What rows of one product have in common; empty: the row is a product of its own.
    pub(super) key: String,
    pub(super) product: Option<NewProduct>,
    /// The options that it names.
    pub(super) options: Vec<String>,
    pub(super) variant: NewVariant,
}

/// The rows that can be read, and what is wrong with the others.
pub(super) fn rows(file: &[u8], currency: Currency) -> Result<(Vec<Row>, Vec<RowError>)> {
    let text = std::str::from_utf8(file)
        .map_err(|_| refused_argument("file", "is not UTF-8: save it as “CSV UTF-8”"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let heading = reader
        .headers()
        .map_err(|_| refused_argument("file", "has no heading"))?
        .clone();
    let known = |column: &str| COLUMNS.contains(&column);
    if let Some(odd) = heading.iter().find(|column| !known(column)) {
        return Err(refused_argument(
            "file",
            &format!("has an unknown column `{odd}`"),
        ));
    }
    let (mut rows, mut errors) = (vec![], vec![]);
    for (place, record) in reader.records().enumerate() {
        if place >= ROWS {
            return Err(refused_argument(
                "file",
                &format!("has more than {ROWS} rows: send it in parts"),
            ));
        }
        let record = record.map_err(|_| refused_argument("file", "is not CSV"))?;
        let line = record.position().map_or(0, csv::Position::line);
        match (Cells {
            heading: &heading,
            record: &record,
            line,
        })
        .read(currency)
        {
            Ok(row) => rows.push(row),
            Err(error) => errors.push(error),
        }
    }
    if rows.is_empty() && errors.is_empty() {
        return Err(refused_argument("file", "has no rows"));
    }
    Ok((rows, errors))
}

/// A row with its heading.
struct Cells<'a> {
    heading: &'a StringRecord,
    record: &'a StringRecord,
    line: u64,
}

impl Cells<'_> {
    fn read(&self, currency: Currency) -> Result<Row, RowError> {
        if self.record.len() != self.heading.len() {
            let wrong = format!(
                "The row has {} columns, the heading has {}.",
                self.record.len(),
                self.heading.len()
            );
            return Err(RowError {
                line: self.line,
                column: String::new(),
                sentence: wrong,
            });
        }
        let (options, choice) = self.options()?;
        let begins = OF_PRODUCT
            .iter()
            .any(|column| !self.cell(column).is_empty());
        let product = begins
            .then(|| self.product(currency, options.clone()))
            .transpose()?;
        let sku = self.cell("sku");
        let variant = NewVariant {
            choice,
            sku: (!sku.is_empty()).then(|| sku.to_owned()),
            stock: self
                .number("stock")?
                .ok_or_else(|| self.wrong("stock", "is empty"))?,
            alert_below: self.number("alert_below")?,
        };
        Ok(Row {
            line: self.line,
            key: self.cell("product").to_owned(),
            product,
            options,
            variant,
        })
    }

    fn product(&self, currency: Currency, options: Vec<String>) -> Result<NewProduct, RowError> {
        let amount = |column| {
            let read = currency.read(self.cell(column));
            read.ok_or_else(|| {
                self.wrong(
                    column,
                    &format!(
                        "is not an amount in {}, such as 159 or 159.00",
                        currency.code()
                    ),
                )
            })
        };
        Ok(NewProduct {
            title: self.cell("title").to_owned(),
            category: self.words("category", '>'),
            description: self.cell("description").to_owned(),
            pictures: self.pictures()?,
            illustrations: vec![],
            list_price: amount("list_price")?,
            price: amount("price")?,
            labels: self.words("labels", '|'),
            tiers: vec![],
            options,
            variants: vec![],
            listed: false,
        })
    }

    fn cell(&self, column: &str) -> &str {
        let place = self.heading.iter().position(|heading| heading == column);
        place
            .and_then(|place| self.record.get(place))
            .unwrap_or_default()
    }

    /// `服饰 > 女装 > 连衣裙`
    fn words(&self, column: &str, between: char) -> Vec<String> {
        let words = self.cell(column).split(between).map(str::trim);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// `尺码=S | 颜色=粉`: the options' names, and what this variant says.
    fn options(&self) -> Result<(Vec<String>, Vec<String>), RowError> {
        let pairs = self.words("options", '|').into_iter().map(|pair| {
            let (name, choice) = pair
                .split_once('=')
                .ok_or_else(|| self.wrong("options", "is written like 尺码=S | 颜色=粉"))?;
            Ok((name.trim().to_owned(), choice.trim().to_owned()))
        });
        pairs.collect()
    }

    fn pictures(&self) -> Result<Vec<FileId>, RowError> {
        let ids = self.words("pictures", '|').into_iter().map(|id| id.parse());
        ids.collect::<Result<_, _>>()
            .map_err(|_| self.wrong("pictures", "has something in it that is not a file's id"))
    }

    fn number(&self, column: &str) -> Result<Option<i64>, RowError> {
        match self.cell(column) {
            "" => Ok(None),
            digits => digits
                .parse()
                .map(Some)
                .map_err(|_| self.wrong(column, "is not a whole number")),
        }
    }

    fn wrong(&self, column: &str, wrong: &str) -> RowError {
        RowError::new(self.line, column, wrong)
    }
}
