//! Letters from person to person, and people who are handed over, at the command line.

use kith_tests::e2e::Someone;

#[test]
fn bo_writes_to_ana_and_hands_over_whom_he_met() {
    let (ana, bo) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"));
    bo.meets(&ana, "Hannover Messe");
    bo.kith(["person", "write", "Ana", "Thank you for the quote."]).ok();
    let waits = |kind: &'static str| {
        ana.api().until("Ana is asked", |api| {
            api.get("/inbox").as_array()?.iter().find(|item| item["kind"] == kind).cloned()
        })
    };
    let item = waits("wrote");
    assert_eq!(item["letter"]["text"], "Thank you for the quote.", "{item}");
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(inbox.contains("Bo Lindqvist wrote to you.") && inbox.contains("Thank you for the quote."), "{inbox}");
    ana.kith(["inbox", "accept", item["id"].as_str().unwrap()]).ok();
    assert!(ana.kith(["person", "show", "Bo"]).ok().out.contains("they wrote, "));
    ana.kith(["person", "write", "Bo", "You are welcome.\n<b>Ana</b>"]).ok();
    bo.api().until("Bo has it", |api| {
        (api.get("/people/Ana/letters")["letters"][0]["text"] == "You are welcome.\n<b>Ana</b>").then_some(())
    });
    ana.api().until("Ana is told", |api| (api.get("/people/Bo")["letters"][1]["state"] == "delivered").then_some(()));

    bo.kith(["scan", "MECARD:N:Wong,Dee;TEL:+491701234567;;", "--event", "Hannover Messe", "--note", "valves"]).ok();
    bo.kith(["person", "hand-over", "Dee", "--to", "Ana"]).ok();
    let item = waits("handed_over");
    assert_eq!(item["handover"]["note"], "valves", "{item}");
    let inbox = ana.kith(["inbox"]).ok().out;
    assert!(inbox.contains("hands Dee Wong over to you, whom they met at Hannover Messe"), "{inbox}");
    let said = ana.kith(["inbox", "accept", item["id"].as_str().unwrap()]).ok().out;
    assert!(said.contains("handed over by Bo Lindqvist, met at Hannover Messe"), "{said}");
    let cards = ana.kith(["people", "export", "--vcard", "--event", "hannover messe"]).ok().out;
    assert!(cards.contains("FN:Dee Wong") && cards.contains("TEL;TYPE=WORK:+491701234567"), "{cards}");
}

#[test]
fn a_letter_or_a_handover_to_nobody_says_so() {
    let bo = Someone::at_home("Bo Lindqvist");
    bo.kith(["person", "add", "Chi Tran"]).ok();
    bo.kith(["person", "add", "Dee Wong"]).ok();
    bo.kith(["person", "write", "Zoe", "Hello"]).fails(4, &["Zoe"]);
    bo.kith(["person", "write", "Chi", "Hello"]).fails(1, &["contacts only", "hint: "]);
    bo.kith(["person", "write", "Chi", ""]).fails(2, &["empty", "hint: "]);
    bo.kith(["person", "write", "Chi", &"x".repeat(2001)]).fails(2, &["2001 characters", "hint: "]);
    bo.kith(["person", "hand-over", "Chi", "--to", "Dee"]).fails(1, &["contacts only", "hint: "]);
    bo.kith(["person", "hand-over", "Chi", "--to", "Chi"]).fails(1, &["somebody else", "hint: "]);
}
