use std::collections::BTreeSet;

use serde_json::Value;
use warp::http::HeaderMap;

use super::*;
use crate::api::router;
use crate::call::tests::call;

fn headers(answer: &Answer, name: &str) -> Option<String> {
    let values: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value.to_str().unwrap())
        .collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn html() -> &'static str {
    std::str::from_utf8(FILES[PAGE].plain).unwrap()
}

/// Paths that the page asks this node for.
fn named() -> BTreeSet<&'static str> {
    let attributes = html().split(['"', '\'']);
    attributes
        .filter(|text| text.starts_with("/assets/"))
        .collect()
}

fn asked(path: &str, accept_encoding: &str) -> Call {
    let mut call = call(path, &[("accept-encoding", accept_encoding)], b"");
    call.arguments = path
        .strip_prefix("/assets/")
        .map(str::to_owned)
        .into_iter()
        .collect();
    call
}

#[test]
fn every_file_that_the_page_names_is_there_and_kept_for_ever() {
    assert!(named().len() >= 3, "script, style and icon");
    for path in named() {
        let answer = asset(&asked(path, "gzip"))
            .ok()
            .unwrap_or_else(|| panic!("no {path}"));
        let kept = headers(&answer, "cache-control").unwrap();
        assert!(kept.contains("immutable"), "{path}: {kept}");
        assert_eq!(
            headers(&answer, "content-encoding").as_deref(),
            Some("gzip")
        );
        assert_eq!(headers(&answer, "vary").as_deref(), Some("accept-encoding"));
    }
    for path in [
        "/assets/",
        "/assets/no.js",
        "/assets/../index.html",
        "/assets/..%2findex.html",
    ] {
        assert!(asset(&asked(path, "gzip")).is_err(), "{path}");
    }
}

#[test]
fn the_page_holds_no_script_and_no_style_that_its_policy_forbids() {
    let scripts = html().matches("<script").count();
    assert_eq!(
        scripts,
        html()
            .matches("<script type=\"module\" crossorigin src=\"/assets/")
            .count()
    );
    for inline in ["<style", "style=", "onload=", "http://", "https://"] {
        assert!(!html().contains(inline), "{inline}");
    }
    let policy = headers(
        &page(&asked("/", "")).ok().unwrap(),
        "content-security-policy",
    )
    .unwrap();
    assert!(policy.starts_with("default-src 'none'"));
    assert!(!policy.contains("unsafe"));
}

#[test]
fn the_page_is_asked_for_again_and_may_be_the_same() {
    let first = page(&asked("/", "gzip")).ok().unwrap();
    assert_eq!(
        headers(&first, "cache-control").as_deref(),
        Some("public, max-age=0")
    );
    let tag = headers(&first, "etag").unwrap();
    let mut again = asked("/", "gzip");
    again.headers.insert("if-none-match", tag.parse().unwrap());
    assert_eq!(page(&again).ok().unwrap().status(), 304);
    // another encoding is another answer
    let plain = page(&asked("/", "")).ok().unwrap();
    assert_ne!(headers(&plain, "etag").unwrap(), tag);
    assert_eq!(headers(&plain, "content-encoding"), None);
}

#[test]
fn the_page_can_be_installed() {
    assert!(manifest(&asked("/manifest.webmanifest", "")).is_ok());
    assert_eq!(content_type(MANIFEST), "application/manifest+json");
    let told: Value = serde_json::from_slice(FILES[MANIFEST].plain).unwrap();
    assert_eq!(
        (&told["start_url"], &told["display"]),
        (&"/".into(), &"standalone".into())
    );
    let icons = told["icons"].as_array().unwrap();
    assert!(icons.iter().any(|icon| icon["purpose"] == "maskable"));
    for icon in icons {
        let path = icon["src"].as_str().unwrap();
        assert!(asset(&asked(path, "")).is_ok(), "{path}");
        assert_eq!(Some(content_type(path)), icon["type"].as_str());
    }
    assert!(html().contains(r#"rel="manifest""#));
}

#[test]
fn the_worker_keeps_every_file_of_this_page_and_asks_nobody_else() {
    let answer = worker(&asked("/sw.js", "")).ok().unwrap();
    let kept = headers(&answer, "cache-control").unwrap();
    assert_eq!(kept, "public, max-age=0", "a new one is found at once");
    let policy = headers(&answer, "content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'self'"));
    let script = std::str::from_utf8(FILES[WORKER].plain).unwrap();
    assert!(!script.contains("import ") && !script.contains("http"));
    for path in FILES.keys().filter(|path| path.starts_with(ASSETS)) {
        assert!(script.contains(&format!("/{path}")), "{path}");
    }
}

#[test]
fn gzip_goes_to_whoever_takes_it() {
    for (accepted, taken) in [
        ("gzip", true),
        ("br, gzip;q=0.5", true),
        ("GZIP", true),
        ("", false),
        ("br", false),
        ("gzip;q=0", false),
        ("gzip; q=0.0, br", false),
        ("xgzip", false),
    ] {
        assert_eq!(asked("/", accepted).takes_gzip(), taken, "{accepted}");
    }
    let mut several = asked("/", "br");
    several.headers.append(ACCEPT_ENCODING, GZIP);
    assert!(several.takes_gzip());
    several.headers = HeaderMap::new();
    assert!(!several.takes_gzip());
}

#[test]
fn what_is_described_is_what_is_served() {
    let description: Value = serde_json::from_slice(DESCRIPTION).unwrap();
    let described: BTreeSet<_> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let served = router().list().into_iter();
    let served: BTreeSet<_> = served
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let missing: Vec<_> = served.difference(&described).collect();
    let surplus: Vec<_> = described.difference(&served).collect();
    assert!(missing.is_empty(), "openapi.json lacks {missing:?}");
    assert!(
        surplus.is_empty(),
        "openapi.json describes {surplus:?}, which is not there"
    );
}
