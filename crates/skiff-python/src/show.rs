//! An estimator to look at: a line of text, and boxes in boxes for notebooks, in the colours of whatever is around them.

use std::fmt::Write;

use skiff::EstimatorView;

/// As `repr` shows it, in one line: `<skiff.Model Pipeline(scaler=StandardScaler, svc=SVC), 4 features, 3 classes>`.
pub fn text(view: &EstimatorView) -> String {
    let mut text = String::from("<skiff.Model ");
    nested(&mut text, view);
    if let Some(count) = view.n_features_in {
        let _ = write!(text, ", {count} features");
    }
    if let Some(classes) = &view.classes {
        let _ = write!(text, ", {} classes", classes.len());
    }
    text.push('>');
    text
}

/// The class, and the estimators within in brackets. Views are at most 16 deep.
fn nested(text: &mut String, view: &EstimatorView) {
    text.push_str(name(&view.class));
    if view.inner.is_empty() && view.members.is_empty() {
        return;
    }
    let mut separator = "(";
    for inner in &view.inner {
        let _ = write!(text, "{separator}{}=", inner.label);
        nested(text, inner);
        separator = ", ";
    }
    for (attribute, class, count) in &view.members {
        let _ = write!(text, "{separator}{attribute}={count} × {}", name(class));
        separator = ", ";
    }
    text.push(')');
}

/// An object with its parameters, as scikit-learn's `repr` has it: `<skiff.Part KFold(n_splits=5, shuffle=True)>`.
pub fn one_line(view: &EstimatorView) -> String {
    let all: Vec<_> = view.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("<skiff.Part {}({})>", name(&view.class), all.join(", "))
}

const STYLE: &str = "<style>
.skiff-box{border:1px solid #8a9bb0;border-radius:6px;margin:4px 6px;padding:2px 8px 4px;display:inline-block;\
vertical-align:top;font:13px/1.5 system-ui,sans-serif;background:rgba(120,150,190,.08)}
.skiff-box>details>summary{cursor:pointer;white-space:nowrap}
.skiff-box .skiff-label{opacity:.7;margin-right:.5em}
.skiff-box table{font-size:12px;border-collapse:collapse}
.skiff-box td{text-align:left;padding:0 .8em 0 0}
.skiff-row{display:flex;flex-direction:row;flex-wrap:wrap}
.skiff-column{display:flex;flex-direction:column}
</style>";

/// As notebooks show it: each estimator a box, those within inside. Plain HTML and CSS, nothing that runs.
pub fn html(view: &EstimatorView) -> String {
    let mut html = String::from(STYLE);
    boxed(&mut html, view);
    html
}

fn boxed(html: &mut String, view: &EstimatorView) {
    html.push_str("<div class=\"skiff-box\"><details><summary>");
    if !view.label.is_empty() {
        let _ = write!(html, "<span class=\"skiff-label\">{}</span>", escaped(&view.label));
    }
    let _ = write!(html, "<b>{}</b></summary><table>", escaped(name(&view.class)));
    for (parameter, value) in &view.parameters {
        let _ = write!(html, "<tr><td>{}</td><td>{}</td></tr>", escaped(parameter), escaped(value));
    }
    html.push_str("</table></details>");
    // Steps follow each other; the parts of a union stand side by side.
    let direction = if name(&view.class) == "Pipeline" { "skiff-column" } else { "skiff-row" };
    if !view.inner.is_empty() || !view.members.is_empty() {
        let _ = write!(html, "<div class=\"{direction}\">");
        for inner in &view.inner {
            boxed(html, inner);
        }
        for (attribute, class, count) in &view.members {
            let _ = write!(
                html,
                "<div class=\"skiff-box\"><span class=\"skiff-label\">{}</span>{count} × <b>{}</b></div>",
                escaped(attribute),
                escaped(name(class))
            );
        }
        html.push_str("</div>");
    }
    html.push_str("</div>");
}

/// The class without its module.
fn name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// Text of the file, which may hold anything, as HTML shows it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
