//! The HTML page of a model file.

use std::fmt::Write;

use skiff::html::{self, Detail, escaped, table};
use skiff::{File, Inspection};

use super::bytes;

/// The page. `name` is the file's.
pub fn page(name: &str, file: &File, inspection: &Inspection) -> String {
    let mut html = String::new();
    let mut facts =
        vec![("format".to_owned(), inspection.format.join(", ")), ("size".to_owned(), bytes(inspection.size))];
    if !inspection.written_by.is_empty() {
        facts.push(("written by".to_owned(), inspection.written_by.join(", ")));
    }
    if let Some(loading) = &inspection.plain_loading {
        let mut text = loading.outcome.sentence().to_owned();
        for reason in &loading.reasons {
            let _ = write!(text, "\n{reason}");
        }
        facts.push((format!("in scikit-learn {}", loading.version), text));
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
    if !inspection.history.is_empty() {
        html.push_str("<h2>History</h2>\n<ol>\n");
        for conversion in &inspection.history {
            let _ = writeln!(html, "<li>{}</li>", escaped(&conversion.sentence()));
        }
        html.push_str("</ol>\n");
    }
    let summary = inspection.passport.as_ref().map(skiff::Passport::summary).unwrap_or_default();
    if !summary.is_empty() {
        html.push_str("<h2>Passport</h2>\n");
        table(&mut html, &summary);
    }
    for estimator in &inspection.estimators {
        let place = if estimator.address.is_empty() { "Model" } else { &estimator.address };
        let _ = writeln!(html, "<h2>{}</h2>", escaped(place));
        html::boxes(&mut html, estimator, Detail::Attributes);
        html.push('\n');
        html::facts(&mut html, estimator);
        if let Some(svg) = file.sketch(estimator) {
            html::tree(&mut html, &svg);
        }
    }
    if inspection.estimators.is_empty() {
        html.push_str("<p>There is no estimator in the file.</p>\n");
    }
    super::super::page::page(name, &html)
}
