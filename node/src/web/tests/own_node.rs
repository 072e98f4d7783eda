//! Ana looks after her node: the daily mail, event mode, mailboxes, and her key.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use kith_protocol::words::RecoveryWords;
use serde_json::json;
use tower::ServiceExt;

use super::{Ana, Seen};
use crate::access::Entered;

const PASSWORD: &str = "correct horse & battery";

/// A mail that Ana sets up, with something changed.
fn mail<'f>(changed: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut fields = vec![
        ("server", "smtps://mail.sousa.example:465"),
        ("from", "kith@sousa.example"),
        ("to", "ana@sousa.example"),
        ("at", "07:30"),
        ("login", "ana"),
        ("password", PASSWORD),
        ("names", "1"),
    ];
    fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
    fields.extend(changed);
    fields
}

/// Asserts that a page says this, in an element that is read out if something is wrong.
#[track_caller]
fn alerts(seen: &Seen, words: &str) {
    let (_, alert) = seen.text.split_once("role=\"alert\">").unwrap_or_else(|| panic!("no alert: {}", seen.text));
    let alert = alert.split("</p>").next().unwrap();
    assert!(alert.contains(words), "{alert}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_comes_back_as_it_was_typed_but_for_the_password() {
    let ana = Ana::new();
    let fresh = ana.get("/mail").await.text;
    assert!(fresh.contains("No mail is sent.") && fresh.contains("value=\"07:30\""), "{fresh}");
    let refused = ana.post("/mail", &mail(&[("server", "mail.sousa.example"), ("at", "08:15")])).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    alerts(&refused, "no mail server");
    for typed in ["mail.sousa.example", "kith@sousa.example", "ana@sousa.example", "08:15", "ana"] {
        assert!(refused.text.contains(&format!("value=\"{typed}\"")), "{typed} is lost: {}", refused.text);
    }
    assert!(refused.text.contains(" checked") && !refused.text.contains("horse"), "{}", refused.text);
    let refused = ana.post("/mail", &mail(&[("password", "")])).await;
    alerts(&refused, "the login has no password");
    assert!(ana.get("/mail").await.text.contains("No mail is sent."), "nothing was set");
}

#[tokio::test(flavor = "multi_thread")]
async fn ana_changes_the_hour_and_an_empty_password_stays_what_it_was() {
    let ana = Ana::new();
    let set = ana.post("/mail", &mail(&[])).await;
    assert_eq!((set.status, set.place.as_str()), (StatusCode::SEE_OTHER, "/mail?said=saved"), "{}", set.text);
    let shown = ana.get("/mail").await.text;
    assert!(shown.contains("To ana@sousa.example each day at 07:30, if something waits; with names."), "{shown}");
    assert!(shown.contains("A password is kept.") && !shown.contains("horse"), "{shown}");
    let kept = || std::fs::read_to_string(ana.folder.path().join("mail.json")).unwrap();
    let sealed = kept().split("sealed").nth(1).unwrap().to_owned();

    assert_eq!(ana.post("/mail", &mail(&[("password", ""), ("at", "08:15")])).await.status, StatusCode::SEE_OTHER);
    assert!(ana.get("/mail").await.text.contains("each day at 08:15"));
    assert_eq!(kept().split("sealed").nth(1).unwrap(), sealed, "it is the same one");
    let elsewhere = ana.post("/mail", &mail(&[("password", ""), ("server", "smtps://mallory.example")])).await;
    alerts(&elsewhere, "for another server or port");
    assert_eq!(kept().split("sealed").nth(1).unwrap(), sealed, "and nobody else gets it");
    ana.post("/mail", &mail(&[("password", ""), ("login", "")])).await;
    assert!(!kept().contains("sealed"), "without a login there is nothing to keep: {}", kept());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_is_ended_and_that_can_be_undone_and_a_new_one_is_not_ended_by_it() {
    let ana = Ana::new();
    ana.post("/mail", &mail(&[])).await;
    let off = ana.post("/mail/off", &[]).await;
    let shown = ana.get(&off.place).await.text;
    assert!(shown.contains("No mail is sent any more") && !shown.contains("ana@sousa.example"), "{shown}");
    let undo = format!("/undo/{}", off.place.rsplit('=').next().unwrap());
    assert_eq!(ana.post(&undo, &[]).await.place, "/mail?said=undone");
    assert!(ana.get("/mail").await.text.contains("To ana@sousa.example"));
    ana.post("/mail/off", &[]).await;
    ana.post("/mail", &mail(&[("to", "office@sousa.example")])).await;
    ana.undo.finish_all().await;
    assert!(ana.get("/mail").await.text.contains("To office@sousa.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_off_is_said_to_be_away() {
    let ana = Ana::new();
    alerts(&ana.post("/mail/test", &[]).await, "no mail is set up");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("smtp://{nobody}");
    ana.post("/mail", &mail(&[("server", &server)])).await;
    let tried = ana.post("/mail/test", &[]).await;
    assert_eq!(tried.status, StatusCode::FAILED_DEPENDENCY);
    alerts(&tried, "127.0.0.1 is not reached");
    assert!(tried.text.contains(&server) && !tried.text.contains("horse"), "{}", tried.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_that_is_refused_shows_a_secret_again() {
    let ana = Ana::new();
    let fields = [("name", " "), ("note", "a note"), ("password", PASSWORD), ("recovery_words", "abandon ability")];
    let refused = ana.post("/people", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("a note"), "{}", refused.text);
    assert!(!refused.text.contains("horse") && !refused.text.contains("abandon"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn event_mode_goes_on_and_off() {
    let ana = Ana::new();
    assert!(ana.get("/event-mode").await.text.contains("<p>Off.</p>"));
    let on = ana.post("/event-mode", &[("on", "yes")]).await.place;
    let shown = ana.get(&on).await.text;
    assert!(shown.contains("On since") && shown.contains("No contact is heard here now."), "{shown}");
    let off = ana.post("/event-mode", &[("on", "no")]).await.place;
    assert!(ana.get(&off).await.text.contains("<p>Off.</p>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_node_cannot_hold_letters_is_said_so() {
    let ana = Ana::new();
    let shown = ana.get("/mailboxes").await.text;
    assert!(shown.contains("node holds letters for you. While yours is off"), "{shown}");
    assert!(shown.contains("You have no contacts yet."), "{shown}");
    let dee = ana.meets("Dee Wong").await;
    let refused = ana.post("/mailboxes", &[("host", &dee)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    alerts(&refused, "cannot hold letters for others");
    assert_eq!(ana.post("/mailboxes", &[("host", "Zoe")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ana.post("/mailboxes/zoe/leave", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_leads_to_the_pages_of_what_it_names() {
    let ana = Ana::new();
    ana.post("/event-mode", &[("on", "yes")]).await;
    let node = ana.get("/node").await.text;
    for page in ["mail", "mailboxes", "event-mode", "access"] {
        assert!(node.contains(&format!("<a href=\"{page}\">")), "{page}: {node}");
    }
}

impl Ana {
    /// Her 24 words, which lie in her home.
    fn words(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("recovery-words.txt")).unwrap()
    }

    async fn asks_for_key(&self, by: Entered, query: &str) -> Seen {
        let request = Request::get(format!("/key/change{query}")).extension(by);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn changes_key(&self, by: Entered, fields: &[(&str, &str)]) -> Seen {
        let request = Request::post("/key/change").header("content-type", "application/x-www-form-urlencoded");
        let form = serde_urlencoded::to_string(fields).unwrap();
        self.send(request.extension(by).body(Body::from(form)).unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_another_key_is_said_before() {
    let ana = Ana::new();
    let routine = ana.asks_for_key(Entered::Program, "?why=routine").await.text;
    assert!(routine.contains("your codes stay good") && routine.contains("Your 24 words stay the same."), "{routine}");
    let stolen = ana.asks_for_key(Entered::Program, "?why=stolen&fresh=1").await.text;
    assert!(stolen.contains("All your codes are withdrawn") && stolen.contains("no way back any more"), "{stolen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_change_nothing_and_are_shown_to_nobody() {
    let ana = Ana::new();
    let words = ana.words();
    let few = words.split_whitespace().take(23).collect::<Vec<_>>().join(" ");
    let bos = RecoveryWords::from_entropy([7; 32]).words().join(" ");
    for (typed, why) in [(few.as_str(), "recovery words are 24"), (&bos, "words of another identity"), ("", "24")] {
        let fields = [("why", "stolen"), ("fresh", "1"), ("recovery_words", typed)];
        let refused = ana.changes_key(Entered::Program, &fields).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        alerts(&refused, why);
        assert!(
            refused.text.contains("value=\"stolen\"") && refused.text.contains("name=\"fresh\""),
            "what was chosen"
        );
        assert!(refused.text.contains("</textarea>") && refused.text.contains("aria-describedby=\"once\"></textarea>"));
        let first = typed.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        assert!(typed.is_empty() || !refused.text.contains(&first), "{}", refused.text);
    }
    assert!(ana.get("/key").await.text.contains("your first key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ana_signs_with_another_key_and_is_told_where_her_fresh_words_lie() {
    let ana = Ana::new();
    let words = ana.words();
    let shown = words.to_uppercase().replace(' ', "\r\n");
    let fields = [("why", "stolen"), ("fresh", "1"), ("recovery_words", shown.as_str())];
    let changed = ana.changes_key(Entered::Program, &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    let page = ana.get(&changed.place).await.text;
    for said in ["You sign with a new key", "key number 1;", "All your codes are withdrawn.", "take a backup"] {
        assert!(page.contains(said), "{said:?}: {page}");
    }
    assert!(page.contains("recovery-words.txt</p>") && page.contains("action=\"words/done\""), "{page}");
    assert_ne!(ana.words(), words);
    let refused = ana.changes_key(Entered::Program, &fields).await;
    alerts(&refused, "words of before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_cookie_does_not_become_another_key() {
    let ana = Ana::new();
    let link = ana.access.owner_link();
    let ticket = link.rsplit('/').next().unwrap();
    ana.access.enter_by_ticket([127, 0, 0, 1].into(), ticket, "Firefox".to_owned()).await.unwrap();
    let session = ana.access.sessions().remove(0).id();
    let by = || Entered::Browser(session.clone());
    assert_eq!(ana.asks_for_key(by(), "?why=stolen").await.status, StatusCode::OK);
    ana.access.lets_proof_age(&session);
    let asked = ana.asks_for_key(by(), "?why=stolen").await;
    assert_eq!(asked.place, "/prove?next=/key/change%3Fwhy%3Dstolen");
    let words = ana.words();
    let late = ana.changes_key(by(), &[("why", "routine"), ("recovery_words", &words)]).await;
    assert_eq!(late.place, "/prove?next=/key/change%3Fwhy%3Droutine%26late%3D1");
    assert!(ana.get("/key").await.text.contains("your first key"));
    let again = ana.asks_for_key(Entered::Program, "?why=routine&late=1").await;
    alerts(&again, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_it_by_the_api_change_the_key_or_show_another_server_the_password_that_is_handed_over() {
    let ana = Ana::new();
    let link = ana.access.owner_link();
    let ticket = link.rsplit('/').next().unwrap();
    ana.access.enter_by_ticket([127, 0, 0, 1].into(), ticket, "Firefox".to_owned()).await.unwrap();
    let session = ana.access.sessions().remove(0).id();
    let ask = async |method: &str, path: &str, body: serde_json::Value| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.extension(Entered::Browser(session.clone())).body(Body::from(body.to_string())).unwrap();
        ana.api.clone().oneshot(request).await.unwrap().status()
    };
    let mail = |login: Option<&str>| json!({"server": "smtps://mallory.example", "from": "a@b.example", "to": "a@b.example", "at": "07:30", "login": login});
    let change = json!({"words": ana.words(), "stolen": true});
    ana.access.lets_proof_age(&session);
    assert_eq!(ask("PUT", "/api/v1/mail", mail(Some("ana"))).await, StatusCode::FORBIDDEN);
    assert_eq!(ask("POST", "/api/v1/keys/rotate", change).await, StatusCode::FORBIDDEN);
    assert!(ana.get("/key").await.text.contains("your first key"));
    assert_eq!(ask("PUT", "/api/v1/mail", mail(None)).await, StatusCode::OK, "nothing secret goes there");
}
