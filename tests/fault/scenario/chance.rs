//! What happens once, happens once.

use super::{CONVERGE, Plan, staged};
use crate::{
    draws::verdict,
    till::Till,
    wait::until,
    world::{Node, World},
};

/// Who take part in the draws.
const MEMBERS: usize = 12;
/// Who press for the shares, two on each device.
const CROWD: usize = 300;

/// When nodes die.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Two of the three while all of them wait for the group.
    Waiting,
    /// All of them in the moment in which they may go on.
    LetGo,
    /// All of them as soon as it is seen to be drawn: winners are being told.
    Drawn,
}

/// F31, LOT-02, I-15: three draws, each of which all three nodes come upon at once, held back by a lock until all of them wait for it; nodes are killed while they wait, as
/// they go on, and when it is drawn. Each draw happens once, is announced once, every winner is told once, `souk verify-draw` and `souk audit` find nothing.
#[tokio::test(flavor = "multi_thread")]
async fn f31_three_nodes_draw_once() {
    let set = async |world: &mut World| Till::open(world, 1).await;
    staged(Plan::of("f31-draw", 3), set, async |world, run, till| {
        let members = till.pairs(MEMBERS).await;
        let group = till.club(&members).await;
        let mut wrong = vec![];
        for death in [Death::Waiting, Death::LetGo, Death::Drawn] {
            let title = format!("茶会 {death:?}");
            till.pretends(group, false).await;
            let draw = till.raffle(group, &title).await;
            let lock = till.all_want_to_draw(group).await;
            run.history.deed(format!("kill nodes: {death:?}"));
            match death {
                Death::Waiting => {
                    world.nodes[..2].iter_mut().for_each(Node::kill);
                    lock.rollback().await.expect("let go");
                    let drawn = until(CONVERGE, async || till.is_drawn(draw).await).await;
                    assert!(drawn, "the third node does not draw");
                }
                Death::LetGo => {
                    lock.rollback().await.expect("let go");
                    world.nodes.iter_mut().for_each(Node::kill);
                }
                Death::Drawn => {
                    lock.rollback().await.expect("let go");
                    while !till.is_drawn(draw).await {}
                    world.nodes.iter_mut().for_each(Node::kill);
                }
            }
            println!(
                "f31-draw: {death:?}, drawn by then: {}",
                till.is_drawn(draw).await
            );
            for node in &mut world.nodes {
                node.kill();
                node.start();
            }
            for node in &world.nodes {
                node.ready().await;
            }
            wrong.extend(till.wrong_with(draw, &title, &members[0]).await);
        }
        till.pretends(group, false).await;
        wrong.extend(till.audit());
        assert!(wrong.is_empty(), "{wrong:#?}");
    })
    .await;
}

/// Red packets under F31: 300 customers on 150 devices press for 100 shares at once, three times each, over two nodes, and a node is killed midway. Exactly 100 are taken
/// and the total is given to the fen, nobody and no device has two, nobody is told what is not so, the file verifies, and the books balance.
#[tokio::test(flavor = "multi_thread")]
async fn f31_many_press_for_a_red_packet() {
    let set = async |world: &mut World| Till::open(world, 1).await;
    staged(Plan::of("f31-packet", 2), set, async |world, run, till| {
        let crowd = till.pairs(CROWD).await;
        let group = till.club(&crowd).await;
        let red_packet = till.treat(group, 88_888, 100).await;
        run.history.deed("kill node 0 in the rush");
        let break_it = async {
            let begun = async || till.taken(red_packet).await.0 >= 20;
            assert!(until(CONVERGE, begun).await, "nobody gets any");
            world.nodes[0].kill();
            let midway = till.taken(red_packet).await.0;
            world.nodes[0].start();
            world.nodes[0].ready().await;
            midway
        };
        let (shares, midway) = tokio::join!(till.take_rush(&crowd, red_packet), break_it);
        println!("f31-packet: the node died when {midway} were taken");
        assert!(shares.wrong.is_empty(), "{:#?}", shares.wrong);
        assert_eq!((shares.taken, shares.refused), (100, CROWD - 100));
        assert_eq!(till.taken(red_packet).await, (100, 88_888, 1));
        let file = till
            .fetches(&crowd[0], &format!("/red-packets/{red_packet}/file"))
            .await;
        assert_eq!(verdict("verify-packet", &file), None);
        assert_eq!(till.audit(), None);
    })
    .await;
}
