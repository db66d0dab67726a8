//! The page at `/`: the models, what is known of each, and a form that asks it.
//!
//! HTML is written here; the style and the script are two files that are compiled in. The page needs nothing else, and its
//! Content-Security-Policy lets a browser run and fetch nothing else.

mod about;
mod form;

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use skiff::html::{self, Detail, escaped};

pub(crate) use about::About;

use crate::access::has_key;
use crate::error::ApiError;
use crate::repository::Loaded;
use crate::shared::{SharedArc, State};
use crate::v2::ModelPath;
use form::Form;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`: the models; if there is one, itself.
pub(crate) async fn overview(shared: State, headers: HeaderMap) -> Response {
    if !has_key(&shared, &headers) {
        return entrance();
    }
    let mut html = String::from("<h1>Models</h1>\n");
    write_models(&mut html, &shared);
    if let Some(only) = shared.repository.only()
        && shared.repository.index().len() == 1
    {
        write_model(&mut html, &shared, &only, None);
    }
    document(StatusCode::OK, "Models", &html)
}

/// `GET /models/NAME` and `GET /models/NAME/versions/VERSION`
pub(crate) async fn model(shared: State, Path(path): Path<ModelPath>, headers: HeaderMap) -> Response {
    if !has_key(&shared, &headers) {
        return entrance();
    }
    match path.find(&shared) {
        Ok(loaded) => {
            let mut html = String::from("<p><a href=\"/\">All models</a></p>\n");
            write_model(&mut html, &shared, &loaded, path.version.is_some().then_some(loaded.version));
            document(StatusCode::OK, &loaded.name, &html)
        }
        Err(error) => missing(&error),
    }
}

/// `GET /page.css`
pub(crate) async fn style() -> Response {
    compiled("text/css; charset=utf-8", [include_str!("page.css"), html::STYLE].concat())
}

/// `GET /page.js`
pub(crate) async fn script() -> Response {
    compiled("text/javascript; charset=utf-8", include_str!("page.js").to_owned())
}

fn compiled(content_type: &'static str, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}

/// A page whose `main` is `body`.
fn document(status: StatusCode, title: &str, body: &str) -> Response {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{} – skiff</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/page.css\">\n\
         <script src=\"/page.js\" defer></script>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    );
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        fixed(header::CONTENT_TYPE, "text/html; charset=utf-8"),
        fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(header::REFERRER_POLICY, "no-referrer"),
        fixed(header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text).into_response()
}

/// What is shown without the API key: a field for it. The script keeps it until the tab is closed.
fn entrance() -> Response {
    let body = "<h1>API key</h1>\n<form id=\"entrance\">\n\
        <p><label for=\"key\">The server answers requests that have its API key.</label>\n\
        <input id=\"key\" type=\"password\" autocomplete=\"off\" required></p>\n\
        <p><button>Open</button></p>\n<p role=\"alert\" id=\"refused\"></p>\n</form>\n\
        <noscript><p>This page needs JavaScript.</p></noscript>\n";
    document(StatusCode::UNAUTHORIZED, "API key", body)
}

fn missing(error: &ApiError) -> Response {
    let body = format!("<h1>{}</h1>\n<p><a href=\"/\">All models</a></p>\n", escaped(error.message()));
    document(error.status(), "No such model", &body)
}

/// A table of every version of every model.
fn write_models(html: &mut String, shared: &SharedArc) {
    html.push_str(
        "<div class=\"scrolls\" tabindex=\"0\" role=\"region\" aria-label=\"Models\">\n<table class=\"models\">\n<thead><tr>\
         <th scope=\"col\">Model</th><th scope=\"col\">Version</th><th scope=\"col\">Estimator</th>\
         <th scope=\"col\">Methods</th><th scope=\"col\">State</th></tr></thead>\n<tbody>\n",
    );
    for entry in shared.repository.index() {
        let (name, version) = (escaped(&entry.name), entry.version);
        let loaded = shared.repository.get(&entry.name, Some(version));
        let link = match loaded {
            Some(_) => format!("<a href=\"{}\">{name}</a>", escaped(&path(&entry.name, Some(version)))),
            None => name,
        };
        let class = loaded.as_ref().map_or("", |loaded| class_of(loaded));
        let methods = loaded
            .as_ref()
            .map(|loaded| loaded.methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(", "));
        let state = match (entry.is_ready, entry.reason.as_str()) {
            (true, "") => "ready".to_owned(),
            (true, reason) => format!("ready; the changed file is not loaded: {reason}"),
            (false, reason) => format!("not loaded: {reason}"),
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{link}</th><td>{version}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(class),
            escaped(&methods.unwrap_or_default()),
            escaped(&state)
        );
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    if shared.settings.api_key.is_none() {
        html.push_str("<p><a href=\"/openapi.json\">OpenAPI document</a> · <a href=\"/metrics\">Metrics</a></p>\n");
    }
}

fn class_of(loaded: &Loaded) -> &str {
    loaded.about.view.as_ref().map_or("", |view| skiff::class_name(&view.class))
}

/// All about one model; `version` is the one that was asked for by its number.
fn write_model(html: &mut String, shared: &SharedArc, loaded: &Arc<Loaded>, version: Option<u64>) {
    let _ = writeln!(html, "<h1>{}</h1>", escaped(&loaded.name));
    let _ = writeln!(html, "<p class=\"note\">version {}, {}</p>", loaded.version, escaped(class_of(loaded)));
    write_form(html, shared, loaded, version);
    if let Some(view) = &loaded.about.view {
        html.push_str(
            "<h2>Model</h2>\n<div class=\"scrolls\" tabindex=\"0\" role=\"region\" aria-label=\"Pipeline\">\n",
        );
        html::boxes(html, view, Detail::Attributes);
        html.push_str("\n</div>\n");
        html::facts(html, view);
    }
    html.push_str("<h2>File</h2>\n");
    html::table(html, &loaded.about.facts);
    if !loaded.about.passport.is_empty() {
        html.push_str("<h2>Passport</h2>\n");
        html::table(html, &loaded.about.passport);
    }
}

fn write_form(html: &mut String, shared: &SharedArc, loaded: &Loaded, version: Option<u64>) {
    let form = Form::new(loaded);
    // Of several outputs, each answer would need its own.
    let classes = match &loaded.model.classes()[..] {
        [one] => (0..one.len()).filter_map(|place| one.get(place)).map(|class| about::text(&class)).collect(),
        _ => Vec::new(),
    };
    let data = |value: serde_json::Value| escaped(&value.to_string());
    html.push_str("<h2>Predict</h2>\n");
    let _ = writeln!(
        html,
        "<form id=\"ask\" data-path=\"{}/invocations\" data-kind=\"{}\" data-key=\"{}\" data-classes=\"{}\" data-examples=\"{}\">",
        escaped(&path(&loaded.name, version)),
        form.kind(),
        shared.settings.api_key.is_some(),
        data(classes.into()),
        data(form.examples.iter().cloned().map(serde_json::Value::from).collect()),
    );
    html.push_str("<p><label for=\"method\">Method</label>\n<select id=\"method\">\n");
    for &method in &loaded.methods {
        let other = form::other_row(loaded, method).map(|row| format!(" data-row=\"{}\"", escaped(&row.to_string())));
        let _ = writeln!(html, "<option{}>{}</option>", other.unwrap_or_default(), method.name());
    }
    html.push_str("</select></p>\n<fieldset id=\"row\">\n<legend>One row</legend>\n");
    form.write(html);
    html.push_str(
        "<p id=\"other\" hidden><label for=\"other-row\">Row, as JSON</label>\n\
         <textarea id=\"other-row\" rows=\"5\" spellcheck=\"false\"></textarea></p>\n\
         <p><button>Predict</button>\n<button type=\"button\" id=\"next\" hidden>Next recorded row</button></p>\n\
         </fieldset>\n<fieldset id=\"drop\">\n<legend>Many rows</legend>\n\
         <p><label for=\"csv\">A CSV file with a header, chosen or dropped here</label>\n\
         <input id=\"csv\" type=\"file\" accept=\".csv,text/csv\"></p>\n</fieldset>\n</form>\n\
         <div id=\"result\" role=\"status\" aria-live=\"polite\" tabindex=\"-1\"></div>\n\
         <noscript><p>To predict on this page, turn JavaScript on.</p></noscript>\n\
         <details id=\"snippets\">\n<summary>This request by curl and Python</summary>\n\
         <div class=\"snippet\"><button type=\"button\" data-copies=\"curl\">Copy curl</button>\n\
         <pre id=\"curl\" tabindex=\"0\" aria-label=\"curl\"></pre></div>\n\
         <div class=\"snippet\"><button type=\"button\" data-copies=\"python\">Copy Python</button>\n\
         <pre id=\"python\" tabindex=\"0\" aria-label=\"Python\"></pre></div>\n</details>\n",
    );
}

/// The path of a model's page.
fn path(name: &str, version: Option<u64>) -> String {
    let mut path = String::from("/models/");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(char::from(byte)),
            other => {
                let _ = write!(path, "%{other:02X}");
            }
        }
    }
    if let Some(version) = version {
        let _ = write!(path, "/versions/{version}");
    }
    path
}
