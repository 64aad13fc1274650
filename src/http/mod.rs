//! People not on the line: REST under `/api/v1`, the pages, and what operators ask for.
//!
//! [`router`] is the table of routes, [`permit`] turns a request into an actor, [`body`] reads what comes along, [`reply`]
//! turns a result into a status and a body. What a route does is a verb of its noun. `pages` gives browsers what was built from `web/`.

pub mod account;
pub mod alert;
pub mod answer;
pub mod at;
pub mod audit;
pub mod body;
pub mod bot;
pub mod campaign;
pub mod case;
pub mod claim;
pub mod conversation;
pub mod coupon;
pub mod crm;
pub mod customer;
pub mod delivery;
pub mod dev;
pub mod embed_key;
pub mod file;
mod form;
pub mod group;
pub mod health;
pub mod lottery;
pub mod member;
pub mod message;
pub mod my_case;
pub mod my_coupon;
pub mod my_draw;
pub mod my_order;
pub mod once;
pub mod order;
pub mod order_deed;
pub mod order_paper;
pub mod order_rules;
pub mod order_template;
mod pages;
pub mod parcel;
pub mod payment;
pub mod permit;
pub mod product;
pub mod promotion;
pub mod push;
pub mod reply;
pub mod reward;
pub mod router;
pub mod segment;
pub mod session;
pub mod shop;
pub mod shop_front;
pub mod shortage;
pub mod staff;
pub mod stock;
mod turn;
pub mod webhook;
