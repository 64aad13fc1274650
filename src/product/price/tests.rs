use proptest::prelude::*;

use super::*;
use crate::product::bundle::Part;

fn product(price: i64) -> Product {
    Product {
        id: ProductId::new(),
        title: "x".into(),
        category: vec![],
        description: String::new(),
        pictures: vec![],
        illustrations: vec![],
        list_price: Money::minor(price),
        price: Money::minor(price),
        labels: vec![],
        tiers: serde_json::from_str(r#"[{"from": 2, "off": 1000}]"#).unwrap(),
        options: vec![],
        listed: true,
    }
}

fn shelved(product: &Product) -> Shelved {
    Shelved {
        product: product.clone(),
        flash: None,
    }
}

fn shelf(products: &[Product]) -> (Shelf, Vec<VariantId>) {
    let variants: Vec<_> = products
        .iter()
        .map(|product| (VariantId::new(), (product.id, vec![])))
        .collect();
    let ids = variants.iter().map(|(id, _)| *id).collect();
    let shelf = Shelf {
        products: products
            .iter()
            .map(|product| (product.id, shelved(product)))
            .collect(),
        variants: variants.into_iter().collect(),
        bundles: HashMap::new(),
    };
    (shelf, ids)
}

/// PROD-08: one piece at its price, two with the tier; a member's discount goes on top of either.
#[test]
fn a_members_discount_goes_on_top_of_the_tier() {
    let (shelf, ids) = shelf(&[product(15_900)]);
    let total = |units, member: u32| {
        let line = Units {
            variant_id: ids[0],
            units,
        };
        let pieces = shelf.pieces(&[line]).unwrap();
        shelf
            .single(line, &pieces, member.try_into().unwrap())
            .unwrap()
            .total
            .in_minor()
    };
    assert_eq!((total(1, 0), total(2, 0)), (15_900, 28_620));
    assert_eq!((total(1, 500), total(2, 500)), (15_105, 27_189));
}

/// PROD-08: pieces of one product count together, whatever their variants.
#[test]
fn pieces_count_together() {
    let dress = product(100);
    let (mut shelf, mut ids) = shelf(std::slice::from_ref(&dress));
    ids.push(VariantId::new());
    shelf.variants.insert(ids[1], (dress.id, vec![]));
    let lines = [
        Units {
            variant_id: ids[0],
            units: 1,
        },
        Units {
            variant_id: ids[1],
            units: 1,
        },
    ];
    let pieces = shelf.pieces(&lines).unwrap();
    assert_eq!(
        shelf
            .single(lines[0], &pieces, BasisPoints::ZERO)
            .unwrap()
            .total,
        Money::minor(90)
    );
}

proptest! {
    /// PROD-09: whatever the parts cost, a bundle costs exactly its saving less than they do, and no part less than nothing.
    #[test]
    fn a_bundle_costs_its_saving_less(prices in prop::collection::vec(1..1_000_000i64, 2..6), saving in 1..2_000_000i64, units in 1..50u32) {
        let products: Vec<_> = prices.iter().map(|price| product(*price)).collect();
        let (mut shelf, variant_ids) = shelf(&products);
        let parts = products.iter().map(|product| Part { product_id: product.id, pieces: 2 }).collect();
        let bundle = Bundle { id: BundleId::new(), title: "set".into(), parts, saving: Money::minor(saving), listed: true };
        let line = BundleLine { bundle_id: bundle.id, units, variant_ids };
        shelf.bundles.insert(bundle.id, bundle);
        let singly = prices.iter().sum::<i64>() * 2;
        match shelf.together(&line, BasisPoints::ZERO) {
            Ok(lines) => {
                let total = Money::sum(lines.iter().map(|line| line.total)).unwrap();
                prop_assert_eq!(total.in_minor(), (singly - saving) * i64::from(units));
                prop_assert!(lines.iter().all(|line| line.total >= Money::ZERO && line.units == 2 * units));
            }
            Err(error) => {
                prop_assert!(saving >= singly);
                prop_assert_eq!(error.refusal(), Some(Refusal::NotOnSale));
            }
        }
    }
}
