//! Stories about people, in one binary, against real services.

#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "tests spawn people, read where PostgreSQL is, and share what they like"
)]

mod accept;
mod account;
mod aftersale;
mod alert;
mod audit;
mod bot;
mod busy;
mod campaign;
mod changing;
mod conversation;
mod coupon;
mod customer;
mod demo;
mod dismissal;
mod docs;
mod docs_played;
mod enquiry;
mod fact;
mod figures;
mod file;
mod garbage;
mod goods;
mod group;
mod history;
mod house;
mod limits;
mod lottery;
mod message;
mod missed;
mod open;
mod operators;
mod order;
mod pages;
mod parcel;
mod pay;
mod presence;
mod private_postgres;
mod promotion;
mod reading;
mod red_packet;
mod resume;
mod resume_at_random;
mod revocation;
mod reward;
mod search;
mod shop_front;
mod shortage;
mod staff;
mod support;
mod two_nodes;
mod upload;
mod visitors;
mod webhook;
