//! Two homes on one machine in one browser: cookies know no ports.

use kith_tests::e2e::Someone;

use crate::phone::{Phone, has_chromium};

#[test]
fn signing_out_of_anas_home_leaves_bos_open_and_neither_opens_the_other() {
    if !has_chromium() {
        return;
    }
    let (ana, bo) = (Someone::up("Ana"), Someone::up("Bo"));
    let phone = Phone::of(&ana);
    let bos = format!("http://{}", bo.api().address());
    phone.goes_to(&format!("{bos}/people"));
    phone.sees("Sign in");
    phone.does_not_see("People");

    phone.goes_to(bo.kith(["open"]).ok().out.trim());
    phone.presses("Come in");
    phone.sees("Your card");
    for (node, name) in [(phone.node(), "Ana"), (&bos, "Bo")] {
        phone.goes_to(&format!("{node}/card"));
        phone.sees("My card");
        assert_eq!(phone.value_of("Name"), name);
        phone.goes_to(&format!("{node}/fair"));
        phone.presses("Prepare this device");
        phone.sees("This device is prepared for 14 days.");
    }

    phone.opens("access");
    phone.presses("Sign out");
    phone.sees("Password");
    phone.opens("card");
    phone.sees("Sign in");
    phone.goes_to(&format!("{bos}/fair"));
    phone.sees("100 codes are on this device.");
    phone.sees("The app opens without network.");
    phone.goes_to(&format!("{bos}/access"));
    phone.sees("this browser");
    phone.presses("Sign out");
    phone.sees("Password");
}
