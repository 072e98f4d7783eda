//! Getting in, and being kept out.

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{Someone, free_port};

use crate::phone::{Phone, has_chromium};

const PASSWORD: &str = "four looms and a boat";

/// Somebody with a password.
fn with_password(name: &'static str) -> Someone {
    let someone = Someone::up(name);
    let file = someone.beside("password");
    std::fs::write(&file, PASSWORD).unwrap();
    someone.kith(["password", "--password-file", file.to_str().unwrap()]).ok();
    someone
}

#[test]
fn a_wrong_password_is_said_to_be_wrong_and_many_are_stopped() {
    if !has_chromium() {
        return;
    }
    let ana = with_password("Ana");
    let window = Setup::new(Engine::Chromium).open();
    let node = format!("http://{}", ana.api().address());
    window.goes_to(&format!("{node}/people"));
    window.sees("Sign in");
    window.is_accessible();
    window.fits_the_width();
    window.photographs("sign-in");

    window.types("Password", "four looms and a goat");
    window.presses("Sign in");
    window.sees("That is not the password.");
    window.types("Password", PASSWORD);
    window.presses("Sign in");
    window.sees("Nobody yet.");
    window.is_at("/people");

    window.goes_to(&format!("{node}/access"));
    window.presses("Sign out");
    window.sees("Password");
    let mut tries = 0;
    while !window.text().contains("Too many tries.") {
        assert!(tries < 12, "Mallory guesses for ever");
        window.types("Password", &format!("guess {tries}"));
        window.presses("Sign in");
        window.until("an answer", |window| {
            let text = window.text();
            (text.contains("That is not the password.") || text.contains("Too many tries.")).then_some(())
        });
        tries += 1;
    }
    assert!(tries >= 3, "a person mistypes twice");
    window.photographs("too-many-tries");
    // The right one is not even looked at now; a link from the machine of the node lets its owner in.
    window.types("Password", PASSWORD);
    window.presses("Sign in");
    window.sees("Too many tries.");
    let owner = Phone::of(&ana);
    owner.opens("people");
    owner.sees("People");
}

#[test]
fn a_phone_comes_in_by_its_code_and_is_signed_out_from_the_other() {
    if !has_chromium() {
        return;
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    // So says whoever has a name for their node; here it is the address of this machine.
    ana.also = ["--web-url", &format!("http://127.0.0.1:{}/", ana.web)].map(str::to_owned).into();
    ana.start();
    let laptop = Phone::of(&ana);
    let code = ana.kith(["phone", "--json"]).ok().json()["code"].as_str().unwrap().to_owned();
    let phone = Setup::new(Engine::Chromium).open();
    phone.goes_to(&format!("{}/enter", laptop.node()));
    phone.types("Code", &code.to_lowercase());
    phone.presses("Come in");
    phone.sees("Your card");

    laptop.opens("access");
    laptop.sees("this browser");
    laptop.presses("Sign out: ");
    laptop.until("one browser", |window| (!window.can_press("Sign out: ")).then_some(()));
    phone.reloads();
    phone.sees("Sign in");
}

#[test]
fn ana_sets_a_password_and_signs_in_with_it() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let phone = Phone::of(&ana);
    phone.opens("more");
    phone.presses("Getting in");
    phone.types("New password", PASSWORD);
    phone.types("The same again", "something else here");
    phone.presses("Save");
    phone.sees("The two are not the same.");
    phone.types("New password", PASSWORD);
    phone.types("The same again", PASSWORD);
    phone.presses("Save");
    phone.sees("Change the password");
    phone.presses("Sign out");
    phone.sees("Sign in");
    phone.types("Password", PASSWORD);
    phone.presses("Sign in");
    phone.sees("Your card");
}

#[test]
fn without_scripts_ana_lets_a_phone_in_and_everybody_out_again() {
    if !has_chromium() {
        return;
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    ana.also = ["--web-url", &format!("http://127.0.0.1:{}/", ana.web)].map(str::to_owned).into();
    ana.start();
    let laptop = Phone::without_scripts(&ana);
    laptop.opens("?skip=1");
    laptop.presses("Write them down");
    laptop.presses("They are on paper: delete the file");
    laptop.sees("The file with the words is gone.");
    laptop.opens("?skip=1");
    laptop.does_not_see("recovery words");

    // A password for later, and a code for the phone.
    laptop.opens("access");
    laptop.types("New password", PASSWORD);
    laptop.types("The same again", "something else here");
    laptop.presses("Save");
    laptop.sees("The two are not the same.");
    laptop.types("New password", PASSWORD);
    laptop.types("The same again", PASSWORD);
    laptop.presses("Save");
    laptop.sees("Change the password");
    laptop.presses("Show a code for it");
    let link = laptop.shows_code();
    let phone = Phone::at(laptop.node().to_owned(), Setup::new(Engine::Chromium).without_scripts());
    phone.goes_to(&link);
    phone.presses("Come in");
    phone.sees("Your card");
    laptop.opens("access");
    laptop.presses("Sign out: ");
    // The code counts twice, and a thumb may have tapped twice.
    laptop.presses("Sign out all others");
    laptop.until("one browser", |window| (!window.can_press("Sign out: ")).then_some(()));
    phone.opens("people");
    phone.sees("Sign in");
    phone.types("Password", PASSWORD);
    phone.presses("Sign in");
    phone.sees("Nobody yet.");
    phone.is_at("/people");
    phone.opens("access");
    phone.presses("Sign out all others");
    phone.until("one browser", |window| (!window.can_press("Sign out: ")).then_some(()));
    laptop.opens("people");
    laptop.sees("Sign in");

    // Who signed in is forgotten with the process: a stolen phone does not become a new password.
    ana.stop();
    ana.start();
    phone.opens("access");
    phone.types("New password", "five looms and a boat");
    phone.types("The same again", "five looms and a boat");
    phone.presses("Save");
    phone.sees("Show that it is you");
    phone.types("Password", "four looms and a goat");
    phone.presses("Go on");
    phone.sees("That is not the password.");
    phone.types("Password", PASSWORD);
    phone.presses("Go on");
    phone.sees("Signed in");
    phone.is_at("/access");
    phone.types("New password", "five looms and a boat");
    phone.types("The same again", "five looms and a boat");
    phone.presses("Save");
    phone.sees("Change the password");
    phone.presses("Sign out");
    phone.types("Password", "five looms and a boat");
    phone.presses("Sign in");
    phone.sees("Your card");
}
