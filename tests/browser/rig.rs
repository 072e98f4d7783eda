//! The rig itself, on pages that are made for it: what the plays rest on must not be what fails them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Form, Router};
use kith_node::codes::read::read;
use kith_tests::browser::{Engine, Setup, film};
use tokio::runtime::Runtime;

const HEAD: &str = "<!doctype html><html lang=en><meta name=viewport content='width=device-width,initial-scale=1'>\
    <title>Rig</title><style>:root{color-scheme:light dark}body{font-family:sans-serif}</style><main>";

const FORM: &str = "<h1>A form</h1>\
    <form method=post action=/form><label for=n>Name</label><input id=n name=name value=Nobody>\
    <label>Kind <select name=kind><option value=1>One<option value=2>Two</select></label>\
    <label><input type=checkbox name=sure> Sure</label><label>Due <input type=date name=due></label>\
    <button>Send it</button></form>\
    <form method=post action=/upload enctype=multipart/form-data>\
    <label>Photo <input type=file name=photo></label><button>Send the photo</button></form>\
    <p id=scripts>Scripts are off</p>\
    <script>document.getElementById('scripts').textContent = 'Scripts are on'</script>";

const CAMERA: &str = "<h1>Camera</h1><video autoplay muted playsinline></video><p id=seen>Nothing yet</p><script>
    const video = document.querySelector('video');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    await video.play();
    const canvas = document.createElement('canvas');
    for (;;) {
        canvas.width = video.videoWidth; canvas.height = video.videoHeight;
        canvas.getContext('2d').drawImage(video, 0, 0);
        const picture = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.8));
        const read = await (await fetch('/read', { method: 'POST', body: picture })).text();
        document.getElementById('seen').textContent = read || 'Nothing yet';
        if (read) break;
    }</script>";

#[derive(serde::Deserialize)]
struct Filled {
    name: String,
    kind: String,
    sure: Option<String>,
    due: String,
}

fn page(body: &str) -> Html<String> {
    Html(format!("{HEAD}{body}</main></html>"))
}

fn pages() -> Router {
    Router::new()
        .route("/", get(async || page(FORM)))
        .route("/camera", get(async || page(&CAMERA.replace("<script>", "<script type=module>"))))
        .route("/away", get(async || page("<h1>Away</h1><img alt='' src='http://127.0.0.2:9/picture'>")))
        .route("/bad", get(async || page("<h1>Bad</h1><button></button><input>")))
        .route("/wide", get(async || page("<p style='width:500px'>Wide</p>")))
        .route(
            "/form",
            post(async |Form(Filled { name, kind, sure, due }): Form<Filled>| {
                page(&format!("<p>Hello {name}, {kind}, {}, {due}</p>", sure.is_some()))
            }),
        )
        .route(
            "/upload",
            post(async |body: Bytes| {
                let found = body.windows(9).any(|bytes| bytes == b"a picture");
                page(&format!("<p>It arrived: {found}</p>"))
            }),
        )
        .route("/read", post(async |picture: Bytes| read(&picture).unwrap_or_default().join(" ")))
}

/// A server of these pages, until it is dropped.
struct Served {
    address: SocketAddr,
    _runtime: Arc<Runtime>,
}

fn served() -> Served {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async { axum::serve(listener, pages()).await });
    Served { address, _runtime: Arc::new(runtime) }
}

impl Served {
    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

#[test]
fn a_form_is_filled_by_its_labels_in_both_browsers() {
    let served = served();
    for engine in Engine::ALL.into_iter().filter(|engine| engine.is_here()) {
        let window = Setup::new(engine).open();
        window.goes_to(&served.at("/"));
        window.sees("Scripts are on");
        assert_eq!(window.value_of("Name"), "Nobody");
        window.types("Name", "Ana Höß");
        window.chooses("Kind", "Two");
        window.ticks("Sure");
        window.types("Due", "2026-09-01");
        window.presses("Send it");
        window.sees("Hello Ana Höß, 2, true, 2026-09-01");
        window.goes_back();
        let picture = tempfile::NamedTempFile::with_suffix(".jpg").unwrap();
        std::fs::write(&picture, "a picture").unwrap();
        window.uploads("Photo", picture.path());
        window.presses("Send the photo");
        window.sees("It arrived: true");
        window.photographs("rig");
    }
}

#[test]
fn without_scripts_a_form_works_and_a_script_does_not() {
    if !Engine::Chromium.is_here() {
        return;
    }
    let served = served();
    let window = Setup::new(Engine::Chromium).without_scripts().open();
    window.goes_to(&served.at("/"));
    window.sees("Scripts are off");
    window.types("Name", "Bo");
    window.presses("Send it");
    window.sees("Hello Bo, 1, false,");
}

#[test]
fn the_camera_sees_the_code_that_is_held_before_it() {
    if !Engine::Chromium.is_here() {
        return;
    }
    let (served, folder) = (served(), tempfile::tempdir().unwrap());
    let code = folder.path().join("code.y4m");
    film("KITH:WHAT-BO-SHOWS", &code);
    let window = Setup::new(Engine::Chromium).camera(&code).open();
    window.goes_to(&served.at("/camera"));
    window.sees("KITH:WHAT-BO-SHOWS");
}

#[test]
fn what_leaves_the_node_is_noticed_and_bytes_are_counted() {
    if !Engine::Chromium.is_here() {
        return;
    }
    let served = served();
    let window = Setup::new(Engine::Chromium).open();
    window.goes_to(&served.at("/"));
    let visit = window.visit();
    visit.stays_at(&served.at(""));
    let page = (HEAD.len() + FORM.len()) as u64;
    assert!((page..page + 1_000).contains(&visit.bytes()), "{visit}");

    window.goes_to(&served.at("/away"));
    let visit = window.visit();
    let noticed = std::panic::catch_unwind(|| visit.stays_at(&served.at("")));
    assert!(noticed.is_err(), "{visit}");
}

#[test]
fn bad_pages_are_noticed() {
    if !Engine::Chromium.is_here() {
        return;
    }
    let served = served();
    let window = Setup::new(Engine::Chromium).open();
    window.goes_to(&served.at("/"));
    window.is_accessible();
    window.fits_the_width();
    window.goes_to(&served.at("/bad"));
    assert!(notices(|| window.is_accessible()), "axe finds nothing");
    window.goes_to(&served.at("/wide"));
    assert!(notices(|| window.fits_the_width()), "it fits");
}

#[test]
fn a_browser_remembers_what_its_profile_keeps_and_sees_that_a_server_is_gone() {
    if !Engine::Chromium.is_here() {
        return;
    }
    let (served, profile) = (served(), tempfile::tempdir().unwrap());
    let open = || Setup::new(Engine::Chromium).profile(profile.path()).open();
    let (window, home) = (open(), served.at("/"));
    window.goes_to(&home);
    window.script("localStorage.setItem('who', 'Ana')");
    drop(window);
    let window = open();
    window.goes_to(&home);
    assert_eq!(window.script("return localStorage.getItem('who')"), "Ana");
    drop(served);
    window.goes_in_vain_to(&home);
}

fn notices(look: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).is_err()
}
