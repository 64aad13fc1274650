//! Red packets, as the shop sends them, and what it owes its customers.

use axum::{Json, extract::State};
use serde::Deserialize;

use super::{
    at::{OfCustomerBalance, OfRedPacket},
    body::{Asked, Body, Named, PageOf},
    reply::{Answer, Created, ProblemBody, created},
};
use crate::{
    actor::{ManageCampaigns, ManageShop, SeeFinance, Staff},
    app::App,
    id::{RedPacketId, ShopId, UserId},
    money::Money,
    red_packet::{
        RedPacket,
        dossier::{self, Dossier},
        pay_out::{self, CustomerBalancePage, CustomerPayout},
        rules::NewRedPacket,
        send,
        show::{self, RedPacketPage},
    },
};

/// What was paid, and how.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidOut {
    /// Minor units, above 0.
    amount: Money,
    /// How, 1 to 100 characters: the customer reads it.
    note: String,
}

/// Send a red packet into a group, out of the shop's balance.
#[utoipa::path(post, path = "/shops/{shop_id}/red-packets", tag = "red packets", security(("token" = [])),
    params(("shop_id" = ShopId, Path)), request_body = NewRedPacket,
    responses((status = 201, body = RedPacket), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn send(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Body(new): Body<NewRedPacket>,
) -> Created<RedPacket> {
    Ok(created(send::send(&app, &by, new).await?))
}

/// The shop's red packets, the newest first.
#[utoipa::path(get, path = "/shops/{shop_id}/red-packets", tag = "red packets", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = RedPacketPage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn page(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Asked(of): Asked<PageOf>,
) -> Answer<RedPacketPage> {
    Ok(Json(show::page(&app, &by, &of.cursor, of.limit).await?))
}

/// All that is kept of one, in one file.
#[utoipa::path(get, path = "/shops/{shop_id}/red-packets/{red_packet_id}/dossier", tag = "red packets", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("red_packet_id" = RedPacketId, Path)),
    responses((status = 200, body = Dossier), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn dossier(
    State(app): State<App>,
    by: Staff<ManageCampaigns>,
    Named(at): Named<OfRedPacket>,
) -> Answer<Dossier> {
    Ok(Json(dossier::dossier(&app, &by, at.red_packet_id).await?))
}

/// Whom the shop owes something, and how much.
#[utoipa::path(get, path = "/shops/{shop_id}/customer-balances", tag = "red packets", security(("token" = [])),
    params(("shop_id" = ShopId, Path), PageOf),
    responses((status = 200, body = CustomerBalancePage), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub async fn owed(
    State(app): State<App>,
    by: Staff<SeeFinance>,
    Asked(of): Asked<PageOf>,
) -> Answer<CustomerBalancePage> {
    Ok(Json(pay_out::page(&app, &by, &of.cursor, of.limit).await?))
}

/// Say that a customer was paid what the shop owes them, or a part of it; they are told.
#[utoipa::path(post, path = "/shops/{shop_id}/customer-balances/{customer_id}/payouts", tag = "red packets", security(("token" = [])),
    params(("shop_id" = ShopId, Path), ("customer_id" = UserId, Path)), request_body = PaidOut,
    responses((status = 201, body = CustomerPayout), (status = 403, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub async fn pay_out(
    State(app): State<App>,
    by: Staff<ManageShop>,
    Named(at): Named<OfCustomerBalance>,
    Body(paid): Body<PaidOut>,
) -> Created<CustomerPayout> {
    let paid = (paid.amount, &paid.note[..]);
    Ok(created(
        pay_out::pay_out(&app, &by, at.customer_id, paid).await?,
    ))
}
