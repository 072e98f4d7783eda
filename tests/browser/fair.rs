//! A fair in a hall without network.

use kith_node::codes::draw::Drawing;
use kith_tests::browser::{Engine, Setup};
use kith_tests::e2e::{Someone, free_port};
use serde_json::Value;

use crate::phone::{Phone, has_chromium};

/// What Ana's phone does at the fair.
fn takes_down(phone: &Phone, name: &str, code: Option<&str>) {
    if let Some(code) = code {
        phone.types("Code, link or vCard", code);
    }
    phone.types("Name", name);
    phone.types("They need", &format!("what {name} needs"));
    phone.presses("Keep");
    phone.sees(name);
}

/// When each of these people was met, as the node has it.
fn met_at(ana: &Someone, name: &str) -> String {
    let person = ana.api().get(&format!("/people/{}", name.replace(' ', "%20")));
    let encounters = person["encounters"].as_array().unwrap();
    assert_eq!(encounters.len(), 1, "{name} was met once: {person:#}");
    encounters[0]["at"].as_str().unwrap().to_owned()
}

#[test]
fn five_people_met_without_network_come_home_once_each_with_their_times() {
    if !has_chromium() {
        return;
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    ana.start();
    let bo = Someone::up("Bo");
    let bos_code = bo.shows("Hannover Messe");
    let profile = tempfile::tempdir().unwrap();
    let setup = || Setup::new(Engine::Chromium).profile(profile.path());

    let phone = Phone::with(&ana, setup());
    phone.opens("more");
    phone.presses("Ready for a fair");
    phone.types("Event", "Hannover Messe");
    phone.presses("Prepare this device");
    phone.sees("This device is prepared for 14 days.");
    phone.sees("100 codes are on this device.");
    phone.sees("The app opens without network.");
    phone.is_accessible();
    phone.fits_the_width();
    phone.photographs("fair");

    // In the hall.
    ana.stop();
    phone.opens("");
    phone.sees("No network: what you keep waits here, and goes home by itself.");
    let first = phone.shows_code();
    phone.presses("Next person");
    phone.until("another code", |_| (phone.shows_code() != first).then_some(()));
    phone.sees("99 codes left");
    takes_down(&phone, "Bo", Some(&bos_code));
    takes_down(&phone, "Chi Nakamura", Some("mailto:chi@nakamura.example"));
    takes_down(&phone, "Dee", None);
    phone.sees("3 wait on this device");
    phone.is_accessible();
    phone.fits_the_width();
    phone.photographs("offline");
    let noted: Vec<Value> = queue(&phone);
    drop(phone);

    // The battery was empty; the phone begins again, still without network.
    let phone = Phone::at(format!("http://127.0.0.1:{}", ana.web), setup());
    phone.opens("");
    phone.sees("3 wait on this device");
    phone.sees("99 codes left");
    takes_down(&phone, "Eva", None);
    takes_down(&phone, "Fay", None);
    phone.sees("5 wait on this device");
    let noted = [noted, queue(&phone).split_off(3)].concat();

    // Home again.
    ana.start();
    phone.opens("");
    phone.until("nothing waits", |window| {
        window.goes_to(&format!("{}/people", phone.node()));
        let text = window.text();
        (!text.contains("wait on this device") && text.contains("5 people")).then_some(())
    });
    for name in ["Bo", "Chi Nakamura", "Dee", "Eva", "Fay"] {
        assert!(phone.can_press(name), "{name} is not there: {}", phone.text());
    }
    phone.opens("people");
    phone.sees("5 people");
    for entry in &noted {
        let name = entry["name"].as_str().unwrap();
        let (noted, kept) = (entry["at"].as_str().unwrap(), met_at(&ana, name));
        assert_eq!(noted[..16], kept[..16], "{name}");
    }
    ana.api().until_contact("Bo");
}

/// What waits on the device, the oldest first.
fn queue(phone: &Phone) -> Vec<Value> {
    let waiting = phone.waits_for_script(
        "const request = indexedDB.open('kith ' + new URL(document.baseURI).pathname, 1);
         request.onsuccess = () => {
           const all = request.result.transaction('queue').objectStore('queue').getAll();
           all.onsuccess = () => { request.result.close(); done(all.result.sort((a, b) => a.at.localeCompare(b.at))); };
         };",
    );
    waiting.as_array().unwrap().clone()
}

#[test]
fn a_photo_taken_without_network_is_read_at_home_and_is_one_person() {
    if !has_chromium() {
        return;
    }
    let mut ana = Someone::new("Ana");
    ana.web = free_port();
    ana.start();
    let bo = Someone::up("Bo");
    let (code, blurred) = (ana.beside("code.png"), ana.beside("blurred.png"));
    std::fs::write(&code, Drawing::new(&bo.shows("Hannover Messe")).unwrap().png(8)).unwrap();
    image::GrayImage::from_pixel(400, 400, image::Luma([90])).save(&blurred).unwrap();
    let profile = tempfile::tempdir().unwrap();
    let setup = || Setup::new(Engine::Chromium).profile(profile.path());
    let phone = Phone::with(&ana, setup());
    phone.opens("fair");
    phone.presses("Prepare this device");
    phone.sees("The app opens without network.");

    // This browser reads no codes by itself: photos are kept as they are.
    ana.stop();
    phone.opens("");
    phone.sees("No network");
    assert_eq!(phone.script("return 'BarcodeDetector' in window"), false);
    phone.uploads("Photo of their code", &code);
    phone.sees("This browser cannot read it; your node will. Type the name too, to be safe.");
    takes_down(&phone, "Bo", None);
    phone.sees("by photo");
    phone.uploads("Photo of their code", &blurred);
    phone.sees("your node will");
    phone.types("They need", "a welder");
    phone.presses("Keep");
    phone.sees("2 wait on this device");
    phone.sees("somebody");
    drop(phone);

    // The battery was empty, and there is network again.
    ana.start();
    let phone = Phone::at(format!("http://127.0.0.1:{}", ana.web), setup());
    phone.opens("offline");
    phone.sees("1 wait on this device");
    phone.sees("No code could be read off the photo. Type a name.");
    phone.presses("Mend it");
    assert_eq!(phone.value_of("They need"), "a welder");
    phone.types("Name", "Chi");
    phone.presses("Keep");
    phone.sees("0 wait on this device");
    phone.opens("people");
    phone.sees("2 people");
    phone.presses("Bo");
    phone.sees("what Bo needs");
    phone.opens("people");
    phone.presses("Chi");
    phone.sees("a welder");
    // The answer to the code that was on the photo comes to the same person.
    ana.api().until_contact("Bo");
    met_at(&ana, "Bo");
    phone.opens("people");
    phone.sees("2 people");
}

#[test]
fn signing_out_leaves_nothing_on_the_device() {
    if !has_chromium() {
        return;
    }
    let ana = Someone::up("Ana");
    let phone = Phone::of(&ana);
    phone.opens("fair");
    phone.presses("Prepare this device");
    phone.sees("This device is prepared for 14 days.");
    phone.opens("access");
    phone.presses("Sign out");
    phone.sees("Password");
    let left = phone.waits_for_script(
        "Promise.all([indexedDB.databases(), caches.keys(), navigator.serviceWorker.getRegistrations()])
            .then(([bases, kept, workers]) => done([bases.length, kept.length, workers.length, localStorage.length]));",
    );
    assert_eq!(left, serde_json::json!([0, 0, 0, 0]), "databases, caches, workers, entries");
}
