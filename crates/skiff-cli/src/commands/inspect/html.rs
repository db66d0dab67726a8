//! The HTML page of a model file: one file, without scripts or anything that is fetched.

use std::fmt::Write;

use skiff::Inspection;
use skiff::html::{self, Detail, escaped, table};

use super::bytes;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
";

/// Of the page around the boxes.
const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #8a9bb0}
table{border-collapse:collapse}
th{text-align:left;vertical-align:top;font-weight:600;padding:.1rem 1.2rem .1rem 0;white-space:nowrap}
td{vertical-align:top;padding:.1rem 0;overflow-wrap:anywhere;white-space:pre-wrap}
.unusual{color:#b3261e}
";

/// The page. `name` is the file's.
pub fn page(name: &str, inspection: &Inspection) -> String {
    let mut html = String::from(HEAD);
    let (title, boxes) = (escaped(name), html::STYLE);
    let _ =
        write!(html, "<title>{title}</title>\n<style>\n{STYLE}{boxes}</style>\n</head>\n<body>\n<h1>{title}</h1>\n");
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
    if let Some(mlflow) = &inspection.mlflow {
        html.push_str("<h2>MLflow</h2>\n");
        table(&mut html, &mlflow.summary());
    }
    if let Some(passport) = &inspection.passport {
        html.push_str("<h2>Passport</h2>\n");
        table(&mut html, &passport.summary());
    }
    for estimator in &inspection.estimators {
        let place = if estimator.address.is_empty() { "Model" } else { &estimator.address };
        let _ = writeln!(html, "<h2>{}</h2>", escaped(place));
        html::boxes(&mut html, estimator, Detail::Attributes);
        html.push('\n');
        html::facts(&mut html, estimator);
    }
    if inspection.estimators.is_empty() {
        html.push_str("<p>There is no estimator in the file.</p>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}
