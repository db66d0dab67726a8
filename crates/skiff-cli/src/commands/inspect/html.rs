//! A model file as a page: one file, nothing that runs, nothing that is fetched.

use std::fmt::Write;

use skiff::{EstimatorView, Inspection};

use super::bytes;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
";

const STYLE: &str = "<style>
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #8a9bb0}
table{border-collapse:collapse}
th{text-align:left;vertical-align:top;font-weight:600;padding:.1rem 1.2rem .1rem 0;white-space:nowrap}
td{vertical-align:top;padding:.1rem 0;overflow-wrap:anywhere;white-space:pre-wrap}
details{margin:.15rem 0}summary{cursor:pointer}
.box{border:1px solid #8a9bb0;border-radius:6px;margin:.3rem .4rem;padding:.2rem .7rem .4rem;display:inline-block;\
vertical-align:top;background:rgba(120,150,190,.08)}
.box table{font-size:.85rem}
.label{color:#5b6f87;margin-right:.5em}
.row{display:flex;flex-flow:row wrap}.column{display:flex;flex-direction:column;align-items:flex-start}
.unusual{color:#b3261e}
</style>
";

/// The page. `name` is the file's.
pub fn page(name: &str, inspection: &Inspection) -> String {
    let mut html = String::from(HEAD);
    let title = escaped(name);
    let _ = write!(html, "<title>{title}</title>\n{STYLE}</head>\n<body>\n<h1>{title}</h1>\n");
    let mut facts =
        vec![("format".to_owned(), inspection.format.join(", ")), ("size".to_owned(), bytes(inspection.size))];
    if !inspection.written_by.is_empty() {
        facts.push(("written by".to_owned(), inspection.written_by.join(", ")));
    }
    table(&mut html, &facts);
    if !inspection.unusual.is_empty() {
        html.push_str("<h2>Unusual</h2>\n<ul class=\"unusual\">\n");
        for what in &inspection.unusual {
            let _ = writeln!(html, "<li>{}</li>", escaped(what));
        }
        html.push_str("</ul>\n");
    }
    if let Some(passport) = &inspection.passport {
        html.push_str("<h2>Passport</h2>\n");
        table(&mut html, &passport.summary());
    }
    for estimator in &inspection.estimators {
        let place = if estimator.address.is_empty() { "Model" } else { &estimator.address };
        let _ = writeln!(html, "<h2>{}</h2>", escaped(place));
        boxed(&mut html, estimator);
        html.push('\n');
        estimator_facts(&mut html, estimator);
    }
    if inspection.estimators.is_empty() {
        html.push_str("<p>There is no estimator in it.</p>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}

/// What is known of a whole estimator.
fn estimator_facts(html: &mut String, view: &EstimatorView) {
    let mut facts = vec![("class".to_owned(), view.class.clone())];
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    if let Some(classes) = &view.classes {
        fact("classes", classes.join(", "));
    }
    match (&view.feature_names_in, view.n_features_in) {
        (Some(names), _) => fact("features", names.join(", ")),
        (None, Some(count)) => fact("features", count.to_string()),
        (None, None) => {}
    }
    match &view.methods {
        Ok(methods) => {
            fact("answers", methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(", "));
        }
        Err(error) => fact("answers nothing", error.clone()),
    }
    table(html, &facts);
}

/// An estimator as a box, those within inside. Views are at most 16 deep.
fn boxed(html: &mut String, view: &EstimatorView) {
    html.push_str("<div class=\"box\"><details><summary>");
    if !view.label.is_empty() {
        let _ = write!(html, "<span class=\"label\">{}</span>", escaped(&view.label));
    }
    let _ = write!(html, "<b>{}</b></summary>", escaped(name(&view.class)));
    table(html, &view.parameters);
    if !view.attributes.is_empty() {
        table(html, &view.attributes);
    }
    html.push_str("</details>");
    // Steps follow each other; the parts of a union stand side by side.
    let direction = if name(&view.class) == "Pipeline" { "column" } else { "row" };
    if !view.inner.is_empty() || !view.members.is_empty() {
        let _ = write!(html, "<div class=\"{direction}\">");
        for inner in &view.inner {
            boxed(html, inner);
        }
        for (attribute, class, count) in &view.members {
            let (attribute, class) = (escaped(attribute), escaped(name(class)));
            let _ = write!(
                html,
                "<div class=\"box\"><span class=\"label\">{attribute}</span>{count} × <b>{class}</b></div>"
            );
        }
        html.push_str("</div>");
    }
    html.push_str("</div>");
}

fn table(html: &mut String, pairs: &[(String, String)]) {
    html.push_str("<table>\n");
    for (name, value) in pairs {
        let _ = writeln!(html, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value));
    }
    html.push_str("</table>\n");
}

/// The class without its module.
fn name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// Text of the file, which may hold anything, as HTML shows it. Control characters are no HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(character),
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
