use super::{chain::Forged, *};

/// Something that is done to the settings.
type Change = fn(&mut Config);

/// Round 1000 of quicknet, as its relays tell it.
fn thousandth() -> Value {
    Value {
        signature: "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39".into(),
        randomness: "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd".into(),
    }
}

/// LOT-04: the default chain is drand's quicknet: a round that it has published verifies, under its number alone and with each digit of it.
#[test]
fn a_round_of_quicknet_verifies() {
    let (chain, value) = (Chain::quicknet(), thousandth());
    chain.check().unwrap();
    assert_eq!(chain.verify(1_000, &value), Ok(()));
    assert_eq!(Value::of(&value.signature), value);
    assert_eq!(chain.verify(1_001, &value), Err(Forged::Signature));
    for at in [0, 1, 47, 95] {
        let mut forged = value.clone();
        let other = if &forged.signature[at..=at] == "0" {
            "1"
        } else {
            "0"
        };
        forged.signature.replace_range(at..=at, other);
        forged.randomness = Value::of(&forged.signature).randomness;
        assert_eq!(chain.verify(1_000, &forged), Err(Forged::Signature), "{at}");
    }
    let upper = Value {
        signature: value.signature.to_uppercase(),
        ..value.clone()
    };
    assert_eq!(
        chain.verify(1_000, &upper),
        Err(Forged::Signature),
        "it is written in one way only"
    );
    let other = Value {
        randomness: "00".repeat(32),
        ..value
    };
    assert_eq!(chain.verify(1_000, &other), Err(Forged::Randomness));
}

/// LOT-04: the name of quicknet's chain is made of its key and its times (and of two things that say nothing here): the default is no other chain.
#[test]
fn the_name_of_quicknet_is_made_of_what_it_is() {
    use sha2::{Digest as _, Sha256};
    let chain = Chain::quicknet();
    let group = "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e";
    let mut hash = Sha256::new();
    hash.update(u32::try_from(chain.period).unwrap().to_be_bytes());
    hash.update(chain.genesis.to_be_bytes());
    hash.update(hex::decode(&chain.public_key).unwrap());
    hash.update(hex::decode(group).unwrap());
    hash.update("quicknet");
    assert_eq!(hex::encode(hash.finalize()), chain.hash);
}

/// LOT-04: nobody can know the value of a round before it begins, so it begins a whole period after the list was closed, and not much later.
#[test]
fn a_round_begins_after_a_whole_period() {
    let chain = Chain {
        genesis: 1_000,
        period: 3,
        ..Chain::quicknet()
    };
    let at = |at: i64| chain.round_after(at);
    assert_eq!((chain.begins(1), chain.begins(2)), (1_000_000, 1_003_000));
    assert_eq!(
        [at(1_000_000), at(1_000_001), at(1_003_000), at(1_003_001)],
        [2, 3, 3, 4]
    );
    assert_eq!(
        [at(0), at(i64::MIN), at(997_000), at(997_001)],
        [1, 1, 1, 2]
    );
    for moment in (0..50_000).map(|moment| 1_000_000 + moment * 7) {
        let begins = chain.begins(chain.round_after(moment));
        assert!((3_000..6_000).contains(&(begins - moment)), "{moment}");
    }
    assert!(chain.begins(u64::MAX) > 0 && chain.round_after(i64::MAX) > 0);
}

/// LOT-04: a chain that only has the name of quicknet is found, and one that cannot sign anything.
#[test]
fn a_chain_that_is_none_is_refused() {
    let quicknet = Chain::quicknet;
    let wrongs = [
        Chain {
            period: 30,
            ..quicknet()
        },
        Chain {
            genesis: 0,
            ..quicknet()
        },
        Chain {
            scheme: "pedersen-bls-chained".into(),
            ..quicknet()
        },
        Chain {
            public_key: "00".repeat(96),
            hash: "00".repeat(32),
            ..quicknet()
        },
        Chain {
            public_key: format!("c0{}", "00".repeat(95)),
            hash: "00".repeat(32),
            ..quicknet()
        },
        Chain {
            public_key: String::new(),
            hash: "00".repeat(32),
            ..quicknet()
        },
        Chain {
            period: 0,
            hash: "00".repeat(32),
            ..quicknet()
        },
    ];
    for wrong in wrongs {
        assert!(wrong.check().is_err(), "{wrong:?}");
    }
    assert!(
        Chain {
            hash: "00".repeat(32),
            ..quicknet()
        }
        .check()
        .is_ok()
    );
}

/// LOT-04: without relays there is no beacon, and what cannot be called is refused at the start, by name.
#[test]
fn settings_are_refused_by_name() {
    let opened = |change: Change| {
        let mut config = Config::default();
        change(&mut config);
        Beacon::open(&config).map_err(|error| format!("{error:#}"))
    };
    assert!(opened(|_| ()).unwrap().chain().is_none());
    let set = opened(|config| config.beacon.relays = vec!["https://api.drand.sh/".into()]).unwrap();
    assert_eq!(set.chain(), Some(&Chain::quicknet()));
    let wrongs: [(Change, &str); 5] = [
        (
            |config| config.beacon.relays = vec!["http://api.drand.sh".into()],
            "beacon.relays",
        ),
        (
            |config| config.beacon.relays = vec!["https://127.0.0.1".into()],
            "beacon.relays",
        ),
        (
            |config| config.beacon.relays = vec!["https://api.drand.sh".into(); 9],
            "beacon.relays",
        ),
        (
            |config| config.beacon.public_key = "00".into(),
            "public_key",
        ),
        (|config| config.beacon.chain = "quicknet".into(), "chain"),
    ];
    for (change, named) in wrongs {
        let said = opened(change).err().unwrap();
        assert!(said.contains(named), "{said}");
    }
}

#[test]
fn relays_have_rounds_below_their_chain() {
    assert_eq!(
        address("https://a.test/", "ab", 7),
        "https://a.test/ab/public/7"
    );
    assert_eq!(
        address("https://a.test/drand", "ab", 7),
        "https://a.test/drand/ab/public/7"
    );
}
