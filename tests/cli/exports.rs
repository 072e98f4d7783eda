//! What goes into files for other programs.

use kith_tests::e2e::Someone;

#[test]
fn bo_takes_the_people_of_a_fair_to_his_phone_and_to_a_spreadsheet() {
    let bo = Someone::at_home("Bo Lindqvist");
    for (name, event) in [("Chi Tran", "Hannover Messe"), ("Dee Wong", "Web Summit")] {
        bo.kith(["person", "add", name, "--event", event, "--note", "=1+1"]).ok();
    }
    let csv = bo.kith(["people", "export", "--csv", "--event", "Hannover Messe"]).ok().out;
    assert!(csv.contains("first_name,last_name,") && csv.contains("Chi,Tran,") && !csv.contains("Dee"), "{csv}");
    assert!(csv.contains("'=1+1"), "a spreadsheet takes it for text: {csv}");
    let cards = bo.kith(["people", "export", "--vcard"]).ok().out;
    assert_eq!(cards.matches("BEGIN:VCARD").count(), 2);
    bo.kith(["people", "export"]).fails(2, &["--csv"]);
    bo.kith(["people", "export", "--csv", "--vcard"]).fails(2, &["--vcard"]);
    assert!(bo.kith(["people", "Chi"]).ok().out.contains("Chi Tran"));
}

#[test]
fn bo_writes_his_card_for_others() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["card", "set", "mobile", "+46 70 1"]).ok();
    let public = bo.kith(["card", "export"]).ok().out;
    assert!(public.contains("FN:Bo Lindqvist") && !public.contains("TEL"), "{public}");
    let small = bo.kith(["card", "export", "--as", "contacts", "--format", "vcard3", "--small"]).ok().out;
    assert!(small.contains("TEL;TYPE=CELL:+46 70 1") && small.len() <= 300, "{small}");
    bo.kith(["card", "export", "--as", "Zoe"]).fails(4, &["Zoe"]);
}
