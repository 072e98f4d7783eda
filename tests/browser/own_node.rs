//! Looking after a node with a phone: the daily mail, mailboxes, event mode and the key. No script is needed for any.

use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{MAIL_PASSWORD, PATIENCE, Someone, free_port, mail_server};

use crate::phone::{Phone, has_chromium};

#[test]
fn ana_sets_up_her_daily_mail_tries_it_changes_the_hour_and_ends_it() {
    if !has_chromium() {
        return;
    }
    let (url, mails) = mail_server();
    let ana = Someone::up("Ana");
    let phone = Phone::without_scripts(&ana);
    phone.opens("more");
    phone.presses("Daily mail");
    phone.sees("No mail is sent.");
    phone.types("Mail server", "mail.sousa.example");
    phone.types("From", "kith@sousa.example");
    phone.types("To", "ana@sousa.example");
    phone.ticks("Name the people concerned");
    phone.types("Login, if the server wants one", "ana");
    phone.types("Its password", "wrong-horse");
    phone.presses("Keep");
    phone.sees("is no mail server");
    phone.sees("smtps://mail.example.org:465");
    phone.photographs("mail-refused");
    assert_eq!(phone.value_of("To"), "ana@sousa.example");
    assert_eq!(phone.value_of("Its password"), "");
    phone.types("Mail server", &url);
    phone.types("Its password", "wrong-horse");
    phone.presses("Keep");
    phone.sees("Saved.");
    phone.sees("To ana@sousa.example each day at 07:30, if something waits; with names.");
    phone.presses("Send one now");
    phone.sees("does not take the login");
    phone.does_not_see("wrong-horse");

    phone.types("Its password", MAIL_PASSWORD);
    phone.presses("Keep");
    phone.presses("Send one now");
    phone.sees("Sent. The server says: 250 taken as 4711");
    phone.photographs("mail-sent");
    assert!(mails.recv_timeout(PATIENCE).unwrap().contains("To: ana@sousa.example"));
    // The password stays while the rest is changed.
    phone.types("Time of the day, where the node is", "08:15");
    phone.presses("Keep");
    phone.sees("each day at 08:15");
    phone.presses("Send one now");
    phone.sees("Sent. The server says:");
    mails.recv_timeout(PATIENCE).unwrap();

    phone.presses("Turn off");
    phone.sees("No mail is sent any more, and the password is forgotten.");
    phone.presses("Undo");
    phone.sees("It stays.");
    phone.sees("To ana@sousa.example");
}

#[test]
fn ana_chooses_whose_node_holds_her_letters_and_gives_it_up() {
    if !has_chromium() {
        return;
    }
    let (ana, chi) = (Someone::up("Ana"), Someone::up("Chi"));
    ana.kith(["person", "add", "Dee"]).ok();
    let phone = Phone::without_scripts(&ana);
    phone.opens("more");
    phone.presses("Mailboxes");
    phone.sees("You have no contacts yet.");
    ana.meets(&chi, "Hannover Messe");
    phone.opens("mailboxes");
    phone.chooses("The node of", "Chi");
    phone.presses("Ask their node");
    phone.sees("Asked.");
    phone.looks_again_for("holds letters for you · you chose it");
    phone.sees("The nodes of all your contacts were asked already.");
    phone.photographs("mailbox-chosen");
    Phone::without_scripts(&chi).looks_at("mailboxes", "The mailboxes of 1 contact hold");

    phone.presses("Give up");
    phone.sees("Given up.");
    phone.presses("Undo");
    phone.sees("you chose it");
    phone.presses("Give up");
    phone.looks_at("mailboxes", "While yours is off, letters wait at their senders.");
}

#[test]
fn ana_turns_event_mode_on_in_the_hall_and_off_when_she_leaves() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let phone = Phone::without_scripts(&ana);
    phone.opens("more");
    phone.presses("Event mode");
    phone.sees("Off.");
    phone.presses("Turn on");
    phone.sees("On since");
    phone.sees("No contact is heard here now.");
    phone.opens("node");
    phone.presses("event mode");
    phone.presses("Turn off");
    phone.sees("Turned off.");
}

#[test]
fn after_a_theft_ana_shows_that_it_is_her_and_signs_with_another_key() {
    if !has_chromium() {
        return;
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    ana.start();
    let (password, words) = (ana.beside("password"), ana.folder().join("recovery-words.txt"));
    std::fs::write(&password, "four looms and a boat").unwrap();
    ana.kith(["password", "--password-file", password.to_str().unwrap()]).ok();
    let paper = std::fs::read_to_string(&words).unwrap();
    ana.kith(["words", "--done"]).ok();
    ana.kith(["invite", "--printed", "--event", "Badge"]).ok();
    let phone = Phone::with(&ana, Setup::new(Engine::Chromium).without_scripts());
    // Who signed in is forgotten with the process.
    ana.stop();
    ana.start();
    phone.opens("more");
    phone.presses("My key");
    phone.sees("You sign with your first key");
    phone.chooses("Why", "The key may be in other hands");
    phone.ticks("Fresh words too");
    phone.presses("Go on");
    phone.sees("Show that it is you");
    phone.types("Password", "four looms and a boat");
    phone.presses("Go on");
    phone.sees("All your codes are withdrawn, printed ones too.");
    phone.types("Your 24 words", paper.split_once(' ').unwrap().1);
    phone.presses("Change the key");
    phone.sees("recovery words are 24");
    assert_eq!(phone.value_of("Your 24 words"), "");
    phone.photographs("key-refused");
    phone.types("Your 24 words", &paper);
    phone.presses("Change the key");
    phone.sees("You sign with a new key from now on. Your contacts are told.");
    phone.sees("You sign with key number 1; the first was 0.");
    phone.sees(words.to_str().unwrap());
    phone.photographs("key-changed-fresh");
    phone.opens("codes");
    phone.sees("No code of yours is out.");
    phone.opens("?skip=1");
    phone.presses("Write them down");
    phone.presses("They are on paper: delete the file");
    phone.sees("The file with the words is gone.");
}
