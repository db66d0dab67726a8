//! Estimators as HTML: nested boxes in plain HTML and CSS, without scripts and without anything that is fetched.

use std::fmt::Write;

use crate::EstimatorView;
use crate::inspect::class_name;

pub use skiff_export::picture::escaped;

/// The style of the boxes, in the colors of the surrounding page: the content of a `style` element.
pub const STYLE: &str = "\
.skiff-box{border:1px solid #8a9bb0;border-radius:6px;margin:4px 6px;padding:2px 8px 4px;display:inline-block;\
vertical-align:top;font:13px/1.5 system-ui,sans-serif;background:rgba(120,150,190,.08)}
.skiff-box>details>summary{cursor:pointer;white-space:nowrap}
.skiff-box .skiff-label{opacity:.7;margin-right:.5em}
.skiff-box table{font-size:12px;border-collapse:collapse}
.skiff-box th,.skiff-box td{text-align:left;padding:0 .8em 0 0}
.skiff-box th{font-weight:normal}
.skiff-row{display:flex;flex-flow:row wrap}
.skiff-column{display:flex;flex-direction:column;align-items:flex-start}
.skiff-tree{overflow-x:auto;margin:4px 6px}
.skiff-tree svg{background:#fff}
";

/// What a box shows of its estimator when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The hyperparameters.
    Parameters,
    /// The hyperparameters and the fitted attributes.
    Attributes,
}

/// An estimator as a box, with nested estimators inside. Views are at most 16 deep.
pub fn boxes(html: &mut String, view: &EstimatorView, detail: Detail) {
    html.push_str("<div class=\"skiff-box\"><details><summary>");
    if !view.label.is_empty() {
        let _ = write!(html, "<span class=\"skiff-label\">{}</span>", escaped(&view.label));
    }
    let _ = write!(html, "<b>{}</b></summary>", escaped(class_name(&view.class)));
    table(html, &view.parameters);
    if detail == Detail::Attributes && !view.attributes.is_empty() {
        table(html, &view.attributes);
    }
    html.push_str("</details>");
    // Steps are below each other; the parts of a union are side by side.
    let direction = if class_name(&view.class) == "Pipeline" { "column" } else { "row" };
    if !view.inner.is_empty() || !view.members.is_empty() {
        let _ = write!(html, "<div class=\"skiff-{direction}\">");
        for inner in &view.inner {
            boxes(html, inner, detail);
        }
        for (attribute, class, count) in &view.members {
            let (attribute, class) = (escaped(attribute), escaped(class_name(class)));
            let _ = write!(
                html,
                "<div class=\"skiff-box\"><span class=\"skiff-label\">{attribute}</span>{count} × <b>{class}</b></div>"
            );
        }
        html.push_str("</div>");
    }
    html.push_str("</div>");
}

/// A picture of a tree, which scrolls where it is too wide.
pub fn tree(html: &mut String, svg: &str) {
    let _ = writeln!(html, "<div class=\"skiff-tree\">\n{svg}</div>");
}

/// The class, classes, features and methods of an estimator, as a table.
pub fn facts(html: &mut String, view: &EstimatorView) {
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
            fact("methods", methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(", "));
        }
        Err(error) => fact("not supported", error.clone()),
    }
    table(html, &facts);
}

/// Names and their values, one row each.
pub fn table(html: &mut String, pairs: &[(String, String)]) {
    html.push_str("<table>\n");
    for (name, value) in pairs {
        let _ = writeln!(html, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value));
    }
    html.push_str("</table>\n");
}
