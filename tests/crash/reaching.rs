//! A node that comes back elsewhere finds its people, and they find it.

use kith_tests::e2e::{Someone, free_port};

#[track_caller]
fn change_arrives(from: &Someone, to: &Someone, title: &str) {
    from.kith(["card", "set", "title", title]).ok();
    let path = format!("/people/{}", from.name.replace(' ', "%20"));
    to.api().until(&format!("{} sees {title}", to.name), |api| {
        let card = api.get(&path)["card"].clone();
        card["fields"].as_array()?.iter().any(|field| field["value"] == title).then_some(())
    });
}

#[test]
fn card_changes_arrive_both_ways_after_either_node_moved_to_another_port() {
    let (mut ana, mut bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    change_arrives(&ana, &bo, "Director");
    change_arrives(&bo, &ana, "Buyer");
    bo.stop();
    bo.port = free_port();
    bo.start();
    change_arrives(&ana, &bo, "Managing director");
    change_arrives(&bo, &ana, "Head of purchasing");
    ana.kill();
    ana.port = free_port();
    ana.start();
    change_arrives(&ana, &bo, "Owner");
    change_arrives(&bo, &ana, "Chief buyer");
    // Bo moves while Ana is off: she comes back where he knows her, and he calls.
    ana.stop();
    ana.kith(["card", "set", "title", "Founder"]).ok();
    bo.kill();
    bo.port = free_port();
    bo.start();
    ana.start();
    change_arrives(&bo, &ana, "Retired");
    change_arrives(&ana, &bo, "Busy");
}
