//! The page as a browser gets it; `python/tests/test_page.py` uses it in a browser.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use skiff::Options;
use skiff_server::{ApiKey, ModelSource, Repository, Settings, router};
use skiff_testing::workspace;
use tower::ServiceExt;

fn server(paths: &[PathBuf], settings: Settings) -> Router {
    let sources = paths.iter().flat_map(|path| ModelSource::from_argument(path.to_str().unwrap()).unwrap());
    let repository = Repository::load(sources.collect(), Options::default(), None).expect("the models load");
    router(Arc::new(repository), settings)
}

fn examples() -> Vec<PathBuf> {
    let names = ["iris-svc.joblib", "passengers.skiff", "digits-forest.joblib", "spam-filter.joblib"];
    names.iter().map(|name| workspace("examples").join(name)).collect()
}

/// A page's status, headers and text.
async fn page(server: &Router, path: &str, key: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).header("x-api-key", key).body(Body::empty()).unwrap();
    let (parts, body) = server.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The values of an attribute in a page.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect()
}

fn named(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    fs::copy(workspace("examples").join("iris-svc.joblib"), &path).unwrap();
    path
}

#[tokio::test]
async fn pages_run_and_fetch_nothing_of_others() {
    let server = server(&examples(), Settings::default());
    for path in ["/", "/models/iris-svc", "/models/passengers/versions/1", "/models/nobody"] {
        let (status, headers, html) = page(&server, path, "").await;
        let expected = if path.ends_with("nobody") { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(status, expected, "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(html.matches("<script").count(), 1, "{path}");
        assert!(html.contains("<script src=\"/page.js\" defer></script>"), "{path}");
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="), "{path}");
        for address in values(&html, "href").into_iter().chain(values(&html, "src")) {
            assert!(address.starts_with('/') || address == "data:,", "{path}: {address}");
        }
    }
    for path in ["/page.js", "/page.css"] {
        let (status, _, text) = page(&server, path, "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("innerHTML"), "{path}");
    }
}

/// Every control has a label, by its id.
#[tokio::test]
async fn every_control_has_a_label() {
    let server = server(&examples(), Settings::default());
    for (name, controls) in [("iris-svc", 7), ("passengers", 9), ("digits-forest", 67), ("spam-filter", 4)] {
        let (_, _, html) = page(&server, &format!("/models/{name}"), "").await;
        let labels = values(&html, "for");
        let found: Vec<&str> = ["<input", "<select", "<textarea"]
            .iter()
            .flat_map(|tag| html.split(tag).skip(1))
            .map(|rest| values(&rest[..rest.find('>').unwrap()], "id")[0])
            .collect();
        assert_eq!(found.len(), controls, "{name}: {found:?}");
        for id in found {
            assert!(labels.contains(&id), "{name}: {id}");
        }
    }
}

#[tokio::test]
async fn forms_begin_with_recorded_rows_or_with_what_the_plan_knows() {
    let server = server(&examples(), Settings::default());
    let (_, _, html) = page(&server, "/models/passengers", "").await;
    assert!(html.contains("data-kind=\"named\""));
    assert_eq!(values(&html, "data-name"), ["rank", "sex", "age", "fare", "port", "alone"]);
    // The categories of an encoder, in their order, and a missing value.
    assert!(html.contains(
        "<option value=\"&quot;Cherbourg&quot;\" selected>Cherbourg</option>\n\
         <option value=\"&quot;Queenstown&quot;\">Queenstown</option>\n\
         <option value=\"&quot;Southampton&quot;\">Southampton</option>\n<option value=\"null\">(missing)</option>"
    ));
    let rows = values(&html, "data-examples")[0].replace("&quot;", "\"");
    let rows: serde_json::Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 10);
    assert!(rows.as_array().unwrap().iter().all(|row| row.as_array().unwrap().len() == 6));
    assert!(html.contains("<h2>Passport</h2>") && html.contains("class=\"skiff-box\""));
    let (_, _, html) = page(&server, "/models/digits-forest", "").await;
    assert!(html.contains("data-kind=\"array\""));
    assert_eq!(values(&html, "data-name").len(), 64);
    let (_, _, html) = page(&server, "/models/spam-filter", "").await;
    assert!(html.contains("data-kind=\"text\"") && html.contains("<textarea id=\"f0\""));
}

#[tokio::test]
async fn without_the_key_nothing_is_said_of_the_models() {
    let settings = Settings { api_key: ApiKey::new("secret"), ..Settings::default() };
    let server = server(&examples(), settings);
    for path in ["/", "/models/iris-svc", "/models/nobody"] {
        for key in ["", "secre"] {
            let (status, _, html) = page(&server, path, key).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(html.contains("id=\"entrance\"") && !html.contains("iris"), "{path}");
        }
    }
    let (status, _, html) = page(&server, "/models/iris-svc", "secret").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("<h1>iris-svc</h1>") && html.contains("data-key=\"true\""));
}

#[tokio::test]
async fn names_are_text_whatever_they_are() {
    let folder = std::env::temp_dir().join(format!("skiff-page-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let name = "<img src=x onerror=alert(1)>\"'&";
    let server =
        server(&[named(&folder, &format!("{name}.joblib")), named(&folder, "plain.joblib")], Settings::default());
    let path = "/models/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%22%27%26";
    for path in ["/", path] {
        let (status, _, html) = page(&server, path, "").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            !html.contains("<img") && html.contains("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"),
            "{html}"
        );
    }
    let (_, _, html) = page(&server, "/", "").await;
    assert!(values(&html, "href").contains(&format!("{path}/versions/1").as_str()));
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn versions_have_their_own_pages_and_predictions() {
    let folder = std::env::temp_dir().join(format!("skiff-page-versions-{}", std::process::id()));
    fs::create_dir_all(folder.join("flowers")).unwrap();
    named(&folder.join("flowers"), "1.joblib");
    named(&folder.join("flowers"), "2.joblib");
    let server = server(std::slice::from_ref(&folder), Settings::default());
    let (_, _, html) = page(&server, "/models/flowers", "").await;
    assert_eq!(values(&html, "data-path"), ["/models/flowers/invocations"]);
    let (_, _, html) = page(&server, "/models/flowers/versions/1", "").await;
    assert_eq!(values(&html, "data-path"), ["/models/flowers/versions/1/invocations"]);
    for (version, expected) in [("1", StatusCode::OK), ("3", StatusCode::NOT_FOUND)] {
        let request = Request::post(format!("/models/flowers/versions/{version}/invocations"));
        let body = Body::from("{\"inputs\": [[5.1, 3.5, 1.4, 0.2]]}");
        let reply = server.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(reply.status(), expected);
    }
    fs::remove_dir_all(&folder).unwrap();
}
