//! Choosing whose node holds letters, and being off while somebody writes.

use kith_tests::e2e::Someone;

#[test]
fn chi_holds_what_bo_writes_while_anas_node_is_off() {
    let (mut ana, bo, chi) = (Someone::up("Ana Sousa"), Someone::up("Bo Lindqvist"), Someone::up("Chi Nguyen"));
    bo.meets(&ana, "Hannover Messe");
    ana.meets(&chi, "Hannover Messe");
    let said = ana.kith(["mailbox"]).ok();
    assert!(said.err.contains("Nobody's node holds letters for you"), "{}", said.err);
    assert!(ana.kith(["doctor"]).ok().out.contains("kith mailbox use"));

    let said = ana.kith(["mailbox", "use", "Chi"]).ok().out;
    assert!(said.contains("The node of Chi Nguyen") && said.contains("(you chose it)"), "{said}");
    ana.api().until("Chi's node holds letters", |api| (api.get("/mailboxes")[0]["state"] == "open").then_some(()));
    assert!(ana.kith(["mailbox"]).ok().out.contains("The node of Chi Nguyen holds letters for you (you chose it)."));
    assert!(ana.kith(["doctor"]).ok().out.contains("the node of Chi Nguyen holds letters for you while yours is off"));
    ana.api().until("Bo was told", |api| api.get("/people/Bo")["waiting"].as_array()?.is_empty().then_some(()));

    ana.stop();
    bo.kith(["person", "write", "Ana", "Zinc is cheaper in spring."]).ok();
    bo.api()
        .until("it lies there", |api| (api.get("/people/Ana")["letters"][0]["state"] == "in_mailbox").then_some(()));
    let shown = bo.kith(["person", "show", "Ana"]).ok().out;
    assert!(shown.contains("(lies in their mailbox, until their node comes for it)"), "{shown}");
    assert!(shown.contains("what I wrote to them; in their mailbox since"), "{shown}");

    ana.start();
    ana.api().until("Ana reads it", |api| {
        (api.get("/people/Bo")["letters"][0]["text"] == "Zinc is cheaper in spring.").then_some(())
    });
    bo.api().until("Bo is told", |api| (api.get("/people/Ana")["letters"][0]["state"] == "delivered").then_some(()));

    ana.kith(["mailbox", "leave", "Chi"]).ok();
    assert!(ana.kith(["mailbox", "--json"]).ok().json().as_array().unwrap().is_empty());
}

#[test]
fn chi_wants_to_hold_nothing_for_anybody() {
    let (ana, mut chi) = (Someone::up("Ana Sousa"), Someone::new("Chi Nguyen"));
    chi.also = ["--hold-letters", "nobody"].map(str::to_owned).to_vec();
    chi.start();
    ana.meets(&chi, "Hannover Messe");
    ana.kith(["mailbox", "use", "Chi"]).ok();
    ana.api().until("Chi's node says no", |api| (api.get("/mailboxes")[0]["state"] == "refused").then_some(()));
    assert!(ana.kith(["mailbox"]).ok().out.contains("holds no letters for you; it is asked again in a day"));
    assert!(ana.kith(["doctor"]).ok().out.contains("nobody's node holds letters for you"));
    // It stays so without being said again, until something else is said.
    chi.stop();
    chi.also.clear();
    chi.start();
    let asks_again = || ana.kith(["mailbox", "use", "Chi"]).ok();
    asks_again();
    ana.api().until("Chi's node says no again", |api| (api.get("/mailboxes")[0]["state"] == "refused").then_some(()));
    chi.stop();
    chi.also = ["--hold-letters", "contacts"].map(str::to_owned).to_vec();
    chi.start();
    asks_again();
    ana.api().until("Chi's node holds letters", |api| (api.get("/mailboxes")[0]["state"] == "open").then_some(()));
}

#[test]
fn who_cannot_hold_letters_is_said_so() {
    let ana = Someone::at_home("Ana Sousa");
    ana.kith(["person", "add", "Dee Wong"]).ok();
    ana.kith(["mailbox", "use", "Zoe"]).fails(4, &["Zoe"]);
    ana.kith(["mailbox", "use", "Dee"]).fails(1, &["cannot hold letters", "hint: choose a contact whose node"]);
    ana.kith(["mailbox", "leave", "Zoe"]).fails(4, &["Zoe"]);
}
