//! A relay of a beacon, in the test's process. It signs the rounds of a chain of its own, whose secret key is the number 42, and tells them; or it is
//! late, silent, down, forges, mistakes one round for another, or sends people elsewhere, when it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use bls12_381::{
    G1Affine, G1Projective, G2Affine, Scalar,
    hash_to_curve::{ExpandMsgXmd, HashToCurve},
};
use serde_json::json;
use sha2_of_bls::{Digest, Sha256};
use souk::config::Config;
use tokio::net::TcpListener;

/// What is hashed to the curve is hashed under this name.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const SECRET: u64 = 42;
/// Seconds from one round to the next: long enough for slow machines to do something before one begins.
pub const PERIOD: i64 = 30;

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// With the round that was asked for.
    Honest,
    /// It does not know the round (yet).
    NotThere,
    /// With the next round.
    AnotherRound,
    /// With the next round's signature, under the number that was asked for.
    AnotherSignature,
    /// With the right signature, and a randomness of its own.
    AnotherRandomness,
    /// With the right signature of a chain with another key.
    AnotherChain,
    /// With something that is no round.
    Garbage,
    /// With the round, and more behind it than anybody reads.
    Endless,
    /// Later than anybody waits.
    Late,
    /// It is broken.
    Down,
    /// Ask there.
    Elsewhere(String),
}

struct Desk {
    mood: Mood,
    asked: Vec<(String, u64)>,
}

/// A relay, until the test ends.
#[derive(Clone)]
pub struct Relay {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

impl Relay {
    /// It is honest.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let desk = Arc::new(Mutex::new(Desk {
            mood: Mood::Honest,
            asked: vec![],
        }));
        let route = get(tell);
        let router = Router::new().route("/{chain}/public/{round}", route);
        let router = router.with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, desk }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How it answers from now on.
    pub fn is(&self, mood: Mood) {
        let mut desk = self.desk.lock().expect("nobody panics");
        desk.mood = mood;
        desk.asked.clear();
    }

    /// The rounds that it was asked for since its mood changed.
    pub fn asked(&self) -> Vec<u64> {
        let desk = self.desk.lock().expect("nobody panics");
        assert!(desk.asked.iter().all(|(chain, _)| *chain == chain_hash()));
        desk.asked.iter().map(|(_, round)| *round).collect()
    }
}

/// A server with a beacon, which asks these relays.
pub fn with_beacon(config: &mut Config, relays: &[&Relay]) {
    let set = &mut config.beacon;
    set.relays = relays.iter().map(|relay| relay.url()).collect();
    set.chain = chain_hash();
    let key = G2Affine::from(G2Affine::generator() * Scalar::from(SECRET));
    set.public_key = hex::encode(key.to_compressed());
    set.genesis = 1_700_000_000;
    set.period = PERIOD;
    set.call_ms = 500;
}

fn chain_hash() -> String {
    "42".repeat(32)
}

/// The signature of a round.
pub fn sign(round: u64) -> String {
    signed(round, SECRET)
}

fn signed(round: u64, secret: u64) -> String {
    let message = Sha256::digest(&round.to_be_bytes());
    let point = <G1Projective as HashToCurve<ExpandMsgXmd<Sha256>>>::hash_to_curve(message, DOMAIN);
    hex::encode(G1Affine::from(point * Scalar::from(secret)).to_compressed())
}

async fn tell(
    State(desk): State<Arc<Mutex<Desk>>>,
    Path((chain, round)): Path<(String, u64)>,
) -> Response {
    let mood = {
        let mut desk = desk.lock().expect("nobody panics");
        desk.asked.push((chain, round));
        desk.mood.clone()
    };
    let said = |number: u64, signature: String| {
        let bytes = hex::decode(&signature).expect("hexadecimal");
        let randomness = hex::encode(Sha256::digest(&bytes));
        json!({ "round": number, "randomness": randomness, "signature": signature })
    };
    let body = match mood.clone() {
        Mood::Honest | Mood::Endless => said(round, sign(round)),
        Mood::AnotherRound => said(round + 1, sign(round + 1)),
        Mood::AnotherSignature => said(round, sign(round + 1)),
        Mood::AnotherChain => said(round, signed(round, 43)),
        Mood::AnotherRandomness => {
            let mut said = said(round, sign(round));
            said["randomness"] = json!("00".repeat(32));
            said
        }
        Mood::Garbage => return "the round is over there".into_response(),
        Mood::NotThere => return StatusCode::NOT_FOUND.into_response(),
        Mood::Down => return StatusCode::BAD_GATEWAY.into_response(),
        Mood::Elsewhere(to) => {
            return (StatusCode::FOUND, [("location", to)]).into_response();
        }
        Mood::Late => return std::future::pending().await,
    };
    let much = if mood == Mood::Endless { 1 << 20 } else { 0 };
    (body.to_string() + &" ".repeat(much)).into_response()
}
