use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use kith_protocol::text::Name;
use tower::ServiceExt;

use crate::access::{Access, Entrance, Peer, Ways};
use crate::home::Home;
use crate::node::Desk;
use crate::serve;

const PASSWORD: &str = "valves and more valves";

/// Ana's node, with two pages and one call of the API.
struct Ana {
    access: Access,
    app: Router,
    _folder: tempfile::TempDir,
}

impl Ana {
    fn new() -> Self {
        Self::reached(b"ana", None, &[])
    }

    fn reached(identity: &[u8], web_url: Option<&str>, proxies: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let web_url = web_url.map(|url| url.parse().unwrap());
        let proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let ways = Ways { web_url, proxies, ..Ways::default() };
        let access = Access::new(&Home::at(folder.path()), identity, ways).unwrap();
        let pages = Router::new()
            .route("/", get(|| async { "today" }))
            .route("/people", get(|| async { "people" }).post(|| async { "changed" }))
            .route("/assets/{name}", get(|| async { "asset" }));
        let api = Router::new()
            .route("/api/v1/status", get(|| async { "status" }))
            .route("/api/v1/people", post(|| async { "added" }));
        let api = api.route("/api/v1/people/{who}", get(|Path(who): Path<String>| async { who }));
        let app = serve::app(&access, pages, api, None, || true);
        Self { access, app, _folder: folder }
    }

    async fn with_password(self) -> Self {
        self.access.set_password(PASSWORD.to_owned(), None).await.unwrap();
        self
    }
}

/// A browser: it keeps cookies and says where it comes from.
#[derive(Clone)]
struct Browser {
    host: &'static str,
    from: &'static str,
    entrance: Entrance,
    site: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    jar: BTreeMap<String, String>,
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl Browser {
    fn new() -> Self {
        Self {
            host: "127.0.0.1:7518",
            from: "127.0.0.1:40000",
            entrance: Entrance::Plain,
            site: Some("same-origin"),
            headers: Vec::new(),
            jar: BTreeMap::new(),
        }
    }

    fn from(from: &'static str) -> Self {
        Self { from, ..Self::new() }
    }

    async fn get(&mut self, ana: &Ana, path: &str) -> Seen {
        self.ask(ana, "GET", path, "").await
    }

    async fn post(&mut self, ana: &Ana, path: &str, form: &str) -> Seen {
        self.ask(ana, "POST", path, form).await
    }

    async fn ask(&mut self, ana: &Ana, method: &str, path: &str, form: &str) -> Seen {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header("host", self.host);
        request =
            request.header("content-type", "application/x-www-form-urlencoded").header("cookie", cookies.join("; "));
        for (name, value) in
            self.headers.iter().chain(self.site.iter().map(|site| ("sec-fetch-site", *site)).collect::<Vec<_>>().iter())
        {
            request = request.header(*name, *value);
        }
        let peer = Peer { address: self.from.parse().unwrap(), entrance: self.entrance };
        let request = request.extension(ConnectInfo(peer)).body(Body::from(form.to_owned())).unwrap();
        let answer = ana.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split_once(';').unwrap().0.split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        Seen { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    async fn sign_in(&mut self, ana: &Ana, password: &str) -> Seen {
        self.post(ana, "/login", &format!("password={}&next=/people", password.replace(' ', "+"))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sees_the_door_and_is_led_back_to_the_page_after_signing_in() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    let seen = browser.get(&ana, "/people?page=2").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/login?next=/people%3Fpage%3D2"));
    assert_eq!(browser.get(&ana, "/api/v1/status").await.status, StatusCode::UNAUTHORIZED);
    let seen = browser.get(&ana, "/login?next=/people%3Fpage%3D2").await;
    assert!(seen.text.contains(r#"name="next" value="/people?page=2""#), "{}", seen.text);
    for open in ["/assets/style.css", "/healthz", "/enter"] {
        assert_eq!(browser.get(&ana, open).await.status, StatusCode::OK, "{open}");
    }
    let seen = browser.sign_in(&ana, PASSWORD).await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/people"));
    assert_eq!(browser.get(&ana, "/people").await.text, "people");
    assert_eq!(browser.get(&ana, "/api/v1/status").await.text, "status", "scripts of the pages ask with the cookie");
    assert_eq!(browser.get(&ana, "/api/v1/people/bo").await.text, "bo");
    assert_eq!(browser.get(&ana, "/login?next=/people").await.header("location"), "/people");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_foreign_code_frames_and_caches() {
    let ana = Ana::new();
    for path in ["/login", "/people", "/enter/ABCD", "/nowhere"] {
        let seen = Browser::new().get(&ana, path).await;
        let policy = seen.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        assert_eq!(seen.header("cache-control"), "no-store");
        assert_eq!(seen.header("permissions-policy"), "camera=(self)");
        assert_eq!(seen.header("cross-origin-opener-policy"), "same-origin");
        let without_files = seen.text.replace("<script type=\"module\" src=", "");
        assert!(!without_files.contains("<script") && !seen.text.contains("style="), "{path}: {}", seen.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_under_a_rebound_name_gets_nothing() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    browser.sign_in(&ana, PASSWORD).await;
    browser.host = "mallory.example:7518";
    for path in ["/people", "/login", "/healthz", "/api/v1/status", "/assets/style.css"] {
        let seen = browser.get(&ana, path).await;
        assert_eq!(seen.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(!seen.text.contains("people") || path != "/people", "{}", seen.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_mallorys_changes_nothing() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    browser.sign_in(&ana, PASSWORD).await;
    assert_eq!(browser.post(&ana, "/people", "name=Bo").await.text, "changed");
    let no_site = |origin| Browser { site: None, headers: vec![("origin", origin)], ..browser.clone() };
    let mallorys = [
        Browser { site: Some("cross-site"), ..browser.clone() },
        Browser { site: Some("same-site"), ..browser.clone() },
        no_site("null"),
        no_site("https://mallory.example"),
        no_site("http://127.0.0.1:3000"),
        Browser { site: None, ..browser.clone() },
    ];
    for mut mallory in mallorys {
        for path in ["/people", "/api/v1/people", "/sign-out"] {
            assert_eq!(
                mallory.post(&ana, path, "name=Bo").await.status,
                StatusCode::FORBIDDEN,
                "{path} {:?}",
                mallory.headers
            );
        }
    }
    assert_eq!(no_site("http://127.0.0.1:7518").post(&ana, "/people", "name=Bo").await.text, "changed");
    // A program needs the token, and nothing else.
    let token: &'static str = format!("Bearer {}", Home::at(ana._folder.path()).api_token().unwrap()).leak();
    let mut program = Browser { site: None, headers: vec![("authorization", token)], ..Browser::new() };
    assert_eq!(program.post(&ana, "/api/v1/people", "").await.text, "added");
    program.headers = vec![("authorization", "Bearer wrong")];
    assert_eq!(program.post(&ana, "/api/v1/people", "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_link_from_elsewhere_is_not_asked_to_sign_in_again() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    browser.sign_in(&ana, PASSWORD).await;
    // A Strict cookie stays behind on the way from another site, so the node sees a stranger first.
    let mut arriving = Browser { site: Some("cross-site"), jar: BTreeMap::new(), ..browser.clone() };
    let seen = arriving.get(&ana, "/people").await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(seen.text.contains(r#"http-equiv="refresh" content="0;url=/login?next=/people""#), "{}", seen.text);
    let seen = browser.get(&ana, "/login?next=/people").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/people"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_passwords_mallory_waits_wherever_she_says_she_comes_from() {
    let ana = Ana::new().with_password().await;
    let mut mallory = Browser { host: "192.168.1.7:7518", ..Browser::from("203.0.113.9:40000") };
    for _ in 0..5 {
        let seen = mallory.sign_in(&ana, "guess").await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN);
        assert!(seen.text.contains("That is not the password."), "{}", seen.text);
        assert!(!seen.text.contains("guess"), "what was typed is not shown again");
    }
    mallory.headers = vec![("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
    let seen = mallory.sign_in(&ana, PASSWORD).await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(seen.header("retry-after").parse::<u64>().unwrap() > 100);
    assert!(seen.text.contains("Too many tries"), "{}", seen.text);
    assert_eq!(
        Browser::new().sign_in(&ana, PASSWORD).await.status,
        StatusCode::SEE_OTHER,
        "the owner at home is let in"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_one_client_does_not_use_up_the_tries_of_another() {
    let url = Some("https://kith.ana.example/");
    let ana = Ana::reached(b"ana", url, &["10.0.0.0/8"]).with_password().await;
    let through = |from| Browser {
        host: "kith.ana.example",
        headers: vec![("x-forwarded-for", from), ("x-forwarded-proto", "https")],
        ..Browser::from("10.0.0.2:40000")
    };
    let mut mallory = through("203.0.113.9");
    while mallory.sign_in(&ana, "guess").await.status != StatusCode::TOO_MANY_REQUESTS {}
    let mut browser = through("198.51.100.7");
    let seen = browser.sign_in(&ana, PASSWORD).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(seen.header("set-cookie").starts_with("__Host-kith_") && seen.header("set-cookie").ends_with("; Secure"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_path_works_whether_the_proxy_passes_it_on_or_not() {
    let ana = Ana::reached(b"ana", Some("https://ana.example/kith/"), &[]).with_password().await;
    let mut browser = Browser { host: "ana.example", ..Browser::new() };
    for path in ["/people", "/kith/people"] {
        assert_eq!(browser.get(&ana, path).await.header("location"), "/kith/login?next=/people", "{path}");
    }
    let seen = browser.post(&ana, "/kith/login", "password=valves+and+more+valves&next=/people").await;
    assert_eq!(seen.header("location"), "/kith/people");
    assert!(
        seen.header("set-cookie").starts_with("__Secure-kith_") && seen.header("set-cookie").contains("; Path=/kith/;")
    );
    for path in ["/people", "/kith/people", "/kith/api/v1/status", "/api/v1/status"] {
        assert_eq!(browser.get(&ana, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(browser.get(&ana, "/kith").await.text, "today");
    assert_eq!(browser.get(&ana, "/kith/").await.text, "today");
    assert_eq!(browser.get(&ana, "/kithpeople").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_cookie_is_of_no_use_after_signing_out() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    let seen = browser.sign_in(&ana, PASSWORD).await;
    assert!(seen.header("set-cookie").ends_with("; HttpOnly; SameSite=Strict"), "{}", seen.header("set-cookie"));
    let mut thief = browser.clone();
    assert_eq!(thief.get(&ana, "/people").await.status, StatusCode::OK);
    let seen = browser.post(&ana, "/sign-out", "").await;
    assert_eq!(seen.header("location"), "/login");
    assert!(seen.header("set-cookie").contains("Max-Age=0") && seen.header("clear-site-data").contains("storage"));
    assert_eq!(thief.get(&ana, "/people").await.status, StatusCode::SEE_OTHER);
    assert_eq!(thief.get(&ana, "/api/v1/status").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_holds_no_token_and_sessions_outlive_the_node() {
    let ana = Ana::new().with_password().await;
    let mut browser = Browser::new();
    browser.sign_in(&ana, PASSWORD).await;
    let file = std::fs::read_to_string(ana._folder.path().join("access.json")).unwrap();
    let (_, token) = browser.jar.first_key_value().unwrap();
    assert!(file.contains("$argon2id$") && !file.contains(token) && !file.contains(PASSWORD), "{file}");
    let again = Access::new(&Home::at(ana._folder.path()), b"ana", Ways::default()).unwrap();
    let app =
        serve::app(&again, Router::new().route("/people", get(|| async { "people" })), Router::new(), None, || true);
    let again = Ana { access: again, app, _folder: tempfile::tempdir().unwrap() };
    assert_eq!(browser.get(&again, "/people").await.text, "people");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_homes_on_one_host_share_a_jar_and_nothing_else() {
    let (ana, bo) = (Ana::new().with_password().await, Ana::reached(b"bo", None, &[]).with_password().await);
    let mut browser = Browser::new();
    browser.sign_in(&ana, PASSWORD).await;
    assert_eq!(browser.get(&bo, "/people").await.status, StatusCode::SEE_OTHER);
    browser.sign_in(&bo, PASSWORD).await;
    assert_eq!(browser.jar.len(), 2);
    browser.post(&bo, "/sign-out", "").await;
    assert_eq!(browser.get(&ana, "/people").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_link_is_used_up_by_its_button_and_not_by_looking_at_it() {
    let ana = Ana::new();
    let link = format!("/{}", ana.access.owner_link());
    let ticket = link.rsplit('/').next().unwrap().to_owned();
    // A chat program that looks at links before its people do.
    for _ in 0..3 {
        let seen = Browser::from("203.0.113.9:1").get(&ana, &link).await;
        assert!(seen.status == StatusCode::OK && seen.headers.get("set-cookie").is_none());
    }
    let mut browser = Browser::new();
    let seen = browser.get(&ana, &link).await;
    assert!(seen.text.contains(&format!(r#"name="code" value="{ticket}""#)), "{}", seen.text);
    assert_eq!(browser.post(&ana, "/enter", &format!("code={ticket}")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(&ana, "/people").await.text, "people");
    let seen = Browser::new().post(&ana, "/enter", &format!("code={ticket}")).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(seen.text.contains("has been used"), "{}", seen.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phones_code_lets_in_the_browser_and_the_app_and_then_nobody() {
    let ana = Ana::new();
    let (code, _) = ana.access.phone_code();
    let phone = || Browser { host: "192.168.1.7:7518", ..Browser::from("192.168.1.20:40000") };
    for expected in [StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, StatusCode::FORBIDDEN] {
        assert_eq!(phone().post(&ana, "/enter", &format!("code={}", code.to_lowercase())).await.status, expected);
    }
    assert_eq!(ana.access.sessions().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_burns_the_code_and_is_slowed_down() {
    let ana = Ana::new();
    let (code, _) = ana.access.phone_code();
    let mallories = ["203.0.113.1:1", "203.0.113.2:1", "203.0.113.3:1"];
    let mut wrong = 0;
    for from in mallories {
        for _ in 0..20 {
            let seen = Browser { host: "192.168.1.7:7518", ..Browser::from(from) }
                .post(&ana, "/enter", "code=AAAA-AAAA")
                .await;
            wrong += usize::from(seen.status == StatusCode::FORBIDDEN);
        }
    }
    assert_eq!(wrong, 15, "five of each");
    let seen = Browser::new().post(&ana, "/enter", &format!("code={code}")).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "burnt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_signs_others_out_and_a_fresh_sign_in_counts_for_five_minutes() {
    let ana = Ana::new().with_password().await;
    let mut thief = Browser::new();
    thief.sign_in(&ana, PASSWORD).await;
    let session = ana.access.sessions().remove(0).id();
    assert!(ana.access.recently_proved(&session));
    ana.access.lets_proof_age(&session);
    assert!(!ana.access.recently_proved(&session));
    ana.access.set_password("something else entirely".to_owned(), None).await.unwrap();
    assert_eq!(thief.get(&ana, "/people").await.status, StatusCode::SEE_OTHER);
    assert_eq!(thief.sign_in(&ana, PASSWORD).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn dots_in_a_path_open_nothing() {
    let ana = Ana::new();
    for path in [
        "/assets/../people",
        "/assets/%2e%2e/people",
        "/c/../people",
        "/enter/..%2fpeople",
        "//people",
        "/assets/..%5cpeople",
    ] {
        let seen = Browser::new().get(&ana, path).await;
        assert!(seen.text != "people" && seen.text != "today", "{path}: {} {}", seen.status, seen.text);
    }
    let seen = Browser::new().get(&ana, "//mallory.example/").await;
    assert!(seen.header("location").starts_with("/login?"), "{}", seen.header("location"));
    let seen = Browser::new().with_next(&ana, "//mallory.example/").await;
    assert_eq!(seen.header("location"), "/");
}

impl Browser {
    async fn with_next(mut self, ana: &Ana, next: &str) -> Seen {
        let ticket = ana.access.owner_link().replace("enter/", "");
        self.post(ana, "/enter", &format!("code={ticket}&next={next}")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_a_form_is_not_read() {
    let ana = Ana::new();
    let seen = Browser::new().post(&ana, "/login", &format!("password={}", "x".repeat(100_000))).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_over_a_node_that_takes_nothing_in_any_more_is_told_so() {
    let ana = Ana::new();
    let up = Browser::new().get(&ana, "/healthz").await;
    assert_eq!((up.status, up.text.as_str()), (StatusCode::OK, r#"{"status":"up"}"#));
    let app = serve::app(&ana.access, Router::new(), Router::new(), None, || false);
    let down = Browser::new().get(&Ana { app, ..ana }, "/healthz").await;
    assert_eq!((down.status, down.text.as_str()), (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"down"}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_told_on_this_machine_alone_also_behind_a_proxy_on_it() {
    let ana = Ana::reached(b"ana", Some("https://kith.ana.example/"), &["127.0.0.1", "192.168.1.20"]);
    let home = Home::at(ana._folder.path());
    let (open, _) = home.create(Name::new("Ana Sousa").unwrap()).unwrap();
    let desk = Desk::open(open).unwrap();
    let app = serve::app(&ana.access, Router::new(), desk.router(), None, || true);
    let ana = Ana { app, ..ana };
    let token: &'static str = format!("Bearer {}", home.api_token().unwrap()).leak();
    let from = |from, forwarded: Option<&'static str>| Browser {
        site: None,
        headers: [("authorization", token)].into_iter().chain(forwarded.map(|by| ("x-forwarded-for", by))).collect(),
        ..Browser::from(from)
    };
    for (mut program, status) in [
        (from("127.0.0.1:40000", None), StatusCode::OK),
        (from("[::1]:40000", None), StatusCode::OK),
        (from("127.0.0.1:40000", Some("127.0.0.1")), StatusCode::OK),
        (from("127.0.0.1:40000", Some("203.0.113.9")), StatusCode::NOT_FOUND),
        (from("127.0.0.1:40000", Some("127.0.0.1, 203.0.113.9")), StatusCode::NOT_FOUND),
        (from("192.168.1.20:40000", None), StatusCode::NOT_FOUND),
        (from("192.168.1.20:40000", Some("127.0.0.1")), StatusCode::NOT_FOUND),
    ] {
        let seen = program.get(&ana, "/metrics").await;
        assert_eq!(seen.status, status, "{} {:?}: {}", program.from, program.headers, seen.text);
        assert_eq!(seen.text.contains("kith_contacts"), status == StatusCode::OK);
    }
}
