//! Two people scan.
use kith_protocol::card::{FieldKind, Tier};
use kith_protocol::engine::inbox::ItemKind;
use kith_tests::sim::World;

#[test]
fn bo_scans_anas_live_code_and_both_confirm() {
    let mut world = World::new(1);
    let (ana, bo) = (world.person("Ana"), world.person("Bo"));
    let code = world.shows_live(ana, "Hannover Messe");
    world.scans(bo, &code);
    world.run_for(60);
    assert!(world.are_contacts(ana, bo));
    assert_eq!(world.reads(bo, ana, FieldKind::Email).as_deref(), Some("ana@work.example"));
    assert_eq!(world.asked_about(ana, bo), [ItemKind::ConfirmScan]);
    assert_eq!(world.card(ana, bo).unwrap().tier, Tier::Contacts);
    world.accepts(ana, bo);
    world.run_for(60);
    assert!(world.met(ana, bo));
    world.check();
    assert!(world.has_delivered_all());
}
