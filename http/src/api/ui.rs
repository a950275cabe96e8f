//! The web page and the description of this port. Both are parts of the program: what is committed under `http/ui/dist`, and
//! `http/openapi.json`.
//!
//! Files under `/assets` are named after their content, so that a browser keeps them for ever. The others are asked for
//! again each time and answered 304 while they are the same. All of it is compressed once.
//!
//! The page may load and ask nothing but this node, and runs no script and no style that is not a file of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use include_dir::{Dir, include_dir};
use warp::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
    VARY,
};
use warp::http::{HeaderName, HeaderValue};

use super::Client;
use crate::answer::{Answer, Answered, GZIP, tag_of};
use crate::call::Call;
use crate::error::Kind;
use crate::router::{Endpoint, get};

pub(super) const ENDPOINTS: &[Endpoint<Client>] = &[
    get("/", |_, call| Box::pin(async move { page(&call) })),
    get("/sw.js", |_, call| Box::pin(async move { worker(&call) })),
    get("/manifest.webmanifest", |_, call| {
        Box::pin(async move { manifest(&call) })
    }),
    get("/assets/{file}", |_, call| {
        Box::pin(async move { asset(&call) })
    }),
    get("/openapi.json", |_, call| {
        Box::pin(async move { description(&call) })
    }),
    get("/docs", |_, _| Box::pin(async { Ok(viewer()) })),
];

static DIST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/ui/dist");
static DESCRIPTION: &[u8] = include_bytes!("../../openapi.json");

const PAGE: &str = "index.html";
/// Keeps the page and its owner's tickets for when there is no connection. At the root, because it may serve only what is below it.
const WORKER: &str = "sw.js";
/// What the page is called and looks like where it is installed.
const MANIFEST: &str = "manifest.webmanifest";
const OPENAPI: &str = "openapi.json";
const ASSETS: &str = "assets/";

/// A file that may be kept is asked for again at once: it is small, and changes with the program.
const ASK_EACH_TIME: Duration = Duration::ZERO;
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// A file as it is, and as it is sent to whoever takes gzip; each with its tag.
struct File {
    content_type: &'static str,
    plain: &'static [u8],
    plain_tag: String,
    gzip: Vec<u8>,
    gzip_tag: String,
}

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    let mut files = BTreeMap::from([(OPENAPI.to_owned(), File::new(OPENAPI, DESCRIPTION))]);
    collect(&DIST, &mut files);
    files
});

/// Compresses the files, which takes a moment, before anybody asks for one.
pub(super) async fn prepare() {
    // a panic there is met again by whoever asks
    drop(tokio::task::spawn_blocking(|| LazyLock::force(&FILES)).await);
}

fn collect(folder: &'static Dir<'static>, files: &mut BTreeMap<String, File>) {
    for file in folder.files() {
        let path = file.path().to_string_lossy().into_owned();
        let content = File::new(&path, file.contents());
        files.insert(path, content);
    }
    for below in folder.dirs() {
        collect(below, files);
    }
}

impl File {
    fn new(path: &str, plain: &'static [u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let whole = encoder.write_all(plain).and_then(|()| encoder.finish());
        let gzip = whole.expect("a Vec takes everything");
        Self {
            content_type: content_type(path),
            plain,
            plain_tag: tag_of(plain),
            gzip_tag: tag_of(&gzip),
            gzip,
        }
    }

    /// To be asked for again each time.
    fn checked(&'static self, call: &Call) -> Answer {
        let tag = match call.takes_gzip() {
            true => &self.gzip_tag,
            false => &self.plain_tag,
        };
        let answer = self.answer(call);
        answer.cached_as(call, tag.clone(), ASK_EACH_TIME)
    }

    fn answer(&'static self, call: &Call) -> Answer {
        let answer = if call.takes_gzip() {
            Answer::file(self.content_type, &self.gzip).with(CONTENT_ENCODING, GZIP)
        } else {
            Answer::file(self.content_type, self.plain)
        };
        answer.with(VARY, HeaderValue::from(ACCEPT_ENCODING))
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

fn page(call: &Call) -> Answered {
    let page = FILES.get(PAGE).ok_or(Kind::UnknownPath)?;
    Ok(page
        .checked(call)
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(REFERRER_POLICY, NO_REFERRER)
        .with(OPENER_POLICY, SAME_ORIGIN))
}

/// Under the policy of the page: it asks nobody else either.
fn worker(call: &Call) -> Answered {
    let worker = FILES.get(WORKER).ok_or(Kind::UnknownPath)?;
    Ok(worker.checked(call).with(CONTENT_SECURITY_POLICY, POLICY))
}

fn manifest(call: &Call) -> Answered {
    let manifest = FILES.get(MANIFEST).ok_or(Kind::UnknownPath)?;
    Ok(manifest.checked(call))
}

fn asset(call: &Call) -> Answered {
    let name = call.arguments.first().ok_or(Kind::UnknownPath)?;
    let file = FILES.get(&format!("{ASSETS}{name}"));
    let file = file.ok_or(Kind::UnknownPath)?;
    Ok(file.answer(call).with(CACHE_CONTROL, FOR_EVER))
}

fn description(call: &Call) -> Answered {
    let description = FILES.get(OPENAPI).ok_or(Kind::UnknownPath)?;
    Ok(description.checked(call))
}

fn viewer() -> Answer {
    Answer::elsewhere("/#/docs")
}

#[cfg(test)]
mod tests;
