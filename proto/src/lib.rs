//! The contract of Souk: every frame, request, answer, event and refusal, and nothing else.
//!
//! The messages are generated from the `.proto` files beside this crate; [`json`] reads and writes the text form.
//! `docs/protocol.md` explains how they are used.

pub mod json;

#[expect(
    clippy::pedantic,
    clippy::large_enum_variant,
    missing_docs,
    reason = "generated from frame.proto"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/souk.rs"));
    include!(concat!(env!("OUT_DIR"), "/names.rs"));
}
pub use generated::*;

/// What nodes tell one another over the bus; clients never see it.
#[expect(missing_docs, reason = "generated from bus.proto")]
pub mod node {
    include!(concat!(env!("OUT_DIR"), "/souk.node.rs"));
}

pub use prost::Message as Encode;
