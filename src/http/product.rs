//! What a shop sells, over REST.

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};

use super::{
    at::{OfBundle, OfProduct, OfShop, OfVariant},
    body::{Asked, Body, Named},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{Actor, ManageProducts, Staff},
    app::App,
    id::{BundleId, ProductId, ShopId, VariantId},
    product::{
        self, Goods, Product,
        bundle::{self, Bundle, BundleChange, NewBundle},
        change::Change,
        create::NewProduct,
        import::{self, Imported},
        list::{self, ProductPage, Wanted},
        price::{self, Basket, Quote},
        variant::{self, NewVariant, VariantChange},
    },
};

/// Which part of the catalogue.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogueOf {
    /// `next_cursor` of the page before; empty: the first page.
    cursor: String,
    /// 1 to 100; 0: 30.
    limit: u32,
    /// Only products with this label; empty: all.
    label: String,
    /// Only products below this path, e.g. `服饰>女装`; empty: all.
    category: String,
    /// Those that are not listed, too; takes `manage_products`.
    unlisted: bool,
}

/// Put a product on the list, and with `listed` into the catalogue at once.
#[utoipa::path(post, path = "/shops/{shop_id}/products", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewProduct,
    responses((status = 201, body = Goods), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Body(new): Body<NewProduct>,
) -> Created<Goods> {
    Ok(created(product::create::create(&app, &by, new).await?))
}

/// The catalogue, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/products", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), CatalogueOf),
    responses((status = 200, body = ProductPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn catalogue(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
    Asked(of): Asked<CatalogueOf>,
) -> Answer<ProductPage> {
    let path = of.category.split('>').map(str::trim);
    let wanted = Wanted {
        label: of.label,
        category: path
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        unlisted: of.unlisted,
    };
    Ok(Json(
        list::catalogue(&app, &actor, at.shop_id, &wanted, &of.cursor, of.limit).await?,
    ))
}

/// A product with its variants and what can be sold of each.
#[utoipa::path(get, path = "/shops/{shop_id}/products/{product_id}", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("product_id" = ProductId, Path)),
    responses((status = 200, body = Goods), (status = 404, body = ProblemBody)))]
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfProduct>,
) -> Answer<Goods> {
    Ok(Json(
        list::show(&app, &actor, at.shop_id, at.product_id).await?,
    ))
}

/// Change a product, list it, take it off the shelf.
#[utoipa::path(patch, path = "/shops/{shop_id}/products/{product_id}", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("product_id" = ProductId, Path)), request_body = Change,
    responses((status = 200, body = Product), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn change(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfProduct>,
    Body(change): Body<Change>,
) -> Answer<Product> {
    Ok(Json(
        product::change::change(&app, &by, at.product_id, change).await?,
    ))
}

/// Add a variant to a product.
#[utoipa::path(post, path = "/shops/{shop_id}/products/{product_id}/variants", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("product_id" = ProductId, Path)), request_body = NewVariant,
    responses((status = 201, body = Goods), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn add_variant(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfProduct>,
    Body(new): Body<NewVariant>,
) -> Created<Goods> {
    Ok(created(variant::add(&app, &by, at.product_id, new).await?))
}

/// Change what a variant says.
#[utoipa::path(patch, path = "/shops/{shop_id}/variants/{variant_id}", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("variant_id" = VariantId, Path)), request_body = VariantChange,
    responses((status = 200, body = Goods), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn change_variant(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfVariant>,
    Body(change): Body<VariantChange>,
) -> Answer<Goods> {
    Ok(Json(
        variant::change(&app, &by, at.variant_id, change).await?,
    ))
}

/// Import a catalogue from a CSV file: all of it (201), or nothing and what is wrong with each row (200).
#[utoipa::path(post, path = "/shops/{shop_id}/products/import", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = Imported), (status = 200, body = Imported), (status = 403, body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn import(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    file: Bytes,
) -> Created<Imported> {
    let imported = import::import(&app, &by, &file).await?;
    if imported.errors.is_empty() {
        Ok(created(imported))
    } else {
        Ok((StatusCode::OK, Json(imported)))
    }
}

/// What a basket costs now.
#[utoipa::path(post, path = "/shops/{shop_id}/quotes", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = Basket,
    responses((status = 200, body = Quote), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn quote(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
    Body(basket): Body<Basket>,
) -> Answer<Quote> {
    Ok(Json(price::quote(&app, &actor, at.shop_id, &basket).await?))
}

/// Bundles.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Bundles {
    bundles: Vec<Bundle>,
}

/// The shop's bundles, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/bundles", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), responses((status = 200, body = Bundles)))]
pub async fn bundles(
    State(app): State<App>,
    actor: Actor,
    Named(at): Named<OfShop>,
) -> Answer<Bundles> {
    let bundles = bundle::list(&app, &actor, at.shop_id).await?;
    Ok(Json(Bundles { bundles }))
}

/// Make a bundle of products that costs less than they do.
#[utoipa::path(post, path = "/shops/{shop_id}/bundles", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewBundle,
    responses((status = 201, body = Bundle), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn create_bundle(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Body(new): Body<NewBundle>,
) -> Created<Bundle> {
    Ok(created(bundle::create(&app, &by, new).await?))
}

/// Change a bundle, offer it, take it off the shelf.
#[utoipa::path(patch, path = "/shops/{shop_id}/bundles/{bundle_id}", tag = "products", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("bundle_id" = BundleId, Path)), request_body = BundleChange,
    responses((status = 200, body = Bundle), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn change_bundle(
    State(app): State<App>,
    by: Staff<ManageProducts>,
    Named(at): Named<OfBundle>,
    Body(change): Body<BundleChange>,
) -> Answer<Bundle> {
    Ok(Json(bundle::change(&app, &by, at.bundle_id, change).await?))
}
