//! One of the two can be reached by anybody.

use kith_tests::lab::{Lab, Nat};

#[test]
fn ana_behind_a_router_meets_bo_whom_anybody_can_reach() {
    let Some(lab) = Lab::new() else { return };
    let bo = lab.public("Bo Lindqvist");
    let ana = lab.home("Ana Sousa", Nat::PortPreserving);
    println!("met after {:?}", ana.meets(&bo));
    println!("a letter out took {:?}", ana.sends(&bo, "Good to have met you."));
    println!("a letter in took {:?}", bo.sends(&ana, "Likewise."));
    ana.cut_off();
    ana.writes(&bo, "Are you there?");
    bo.until_sees(&ana, "Bo notices", |ana| ana["connected"] == false);
    ana.back_online();
    println!("after the cut it took {:?}", bo.until_reads(&ana, "Are you there?"));
}
