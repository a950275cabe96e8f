//! The session of the page: a cookie that every tab sends, that nobody else can use, and that dies with its user's version.

use reqwest::Method;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

use crate::cluster::Cluster;

const PASSWORD: &str = "senha-muito-boa";
const OF_THE_PAGE: (&str, &str) = ("x-sessao", "cookie");

/// What a node says to a browser: status, body, and the cookie that it sets.
async fn said(
    cluster: &Cluster,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> (u16, Value, Option<String>) {
    let mut request = cluster.request(0, method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let set = |headers: &HeaderMap| {
        let cookie = headers.get(SET_COOKIE)?.to_str().unwrap();
        Some(cookie.to_owned())
    };
    let (status, cookie) = (response.status().as_u16(), set(response.headers()));
    let body = response.json().await.unwrap_or_default();
    (status, body, cookie)
}

/// Name and value, as a browser sends them back.
fn kept(cookie: &str) -> String {
    let (kept, attributes) = cookie.split_once("; ").unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(attributes.contains(attribute), "{cookie}");
    }
    kept.to_owned()
}

#[tokio::test]
async fn the_page_keeps_its_session_where_every_tab_and_no_script_has_it() {
    let cluster = Cluster::start("cookie").await;
    cluster.register(0, "ana", PASSWORD).await;
    let credentials = json!({"login": "ana", "password": PASSWORD});
    let log_in = || {
        said(
            &cluster,
            Method::POST,
            "/login",
            &[OF_THE_PAGE],
            Some(credentials.clone()),
        )
    };
    let (status, body, cookie) = log_in().await;
    assert_eq!(status, 200);
    assert_eq!(body.get("access_token"), None, "no script has the token");
    assert_eq!(body["expires_in"], 900);
    let session = kept(&cookie.unwrap());

    // a program has a token, and no cookie
    let (_, body, cookie) = said(
        &cluster,
        Method::POST,
        "/login",
        &[],
        Some(credentials.clone()),
    )
    .await;
    assert!(body["access_token"].is_string() && cookie.is_none());

    // a link that is opened in another tab, and a request of the page
    let sent = (COOKIE.as_str(), &*session);
    let site = |site| ("sec-fetch-site", site);
    let show = async |headers: &[(&str, &str)]| {
        said(&cluster, Method::GET, "/conta", headers, None).await.0
    };
    assert_eq!(show(&[sent]).await, 200);
    assert_eq!(show(&[sent, site("same-origin")]).await, 200);
    assert_eq!(show(&[sent, site("same-site")]).await, 401, "another port");
    let bearer = ("authorization", "Bearer none");
    assert_eq!(show(&[sent, bearer]).await, 401, "what is named wins");

    // what changes something needs the header that no other origin can send
    let renew = async |headers: &[(&str, &str)]| {
        said(&cluster, Method::POST, "/renovar", headers, None).await
    };
    assert_eq!(renew(&[sent]).await.0, 401);
    let from_elsewhere = [sent, OF_THE_PAGE, site("cross-site")];
    assert_eq!(renew(&from_elsewhere).await.0, 401);
    let (status, body, renewed) = renew(&[sent, OF_THE_PAGE]).await;
    assert_eq!((status, body.get("access_token")), (200, None));
    let renewed = kept(&renewed.unwrap());

    // who leaves has the cookie removed, and nobody else can have it removed
    let leave = async |headers: &[(&str, &str)]| {
        said(&cluster, Method::POST, "/sair", headers, None).await.2
    };
    assert_eq!(leave(&[sent]).await, None);
    let gone = leave(&[sent, OF_THE_PAGE]).await.unwrap();
    assert!(gone.contains("Max-Age=0") && kept(&gone).ends_with('='));

    // and signing out everywhere kills what any browser kept
    let everywhere = said(
        &cluster,
        Method::POST,
        "/conta/sair",
        &[OF_THE_PAGE],
        Some(credentials.clone()),
    );
    assert!(everywhere.await.2.unwrap().contains("Max-Age=0"));
    for dead in [&session, &renewed] {
        assert_eq!(show(&[(COOKIE.as_str(), dead)]).await, 401);
    }
    let (_, _, cookie) = log_in().await;
    let fresh = kept(&cookie.unwrap());
    assert_eq!(show(&[(COOKIE.as_str(), &fresh)]).await, 200);
    cluster.stop().await;
}
