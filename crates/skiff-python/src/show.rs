//! The display of an estimator: a line of text, and nested boxes for notebooks.

use std::fmt::Write;

use skiff::html::{self, Detail};
use skiff::{EstimatorView, File, class_name};

/// Its `repr`, in one line: `<skiff.Model Pipeline(scaler=StandardScaler, svc=SVC), 4 features, 3 classes>`.
pub fn text(view: &EstimatorView) -> String {
    let mut text = String::from("<skiff.Model ");
    nested(&mut text, view);
    if let Some(count) = view.n_features_in {
        let _ = write!(text, ", {count} {}", if count == 1 { "feature" } else { "features" });
    }
    if let Some(classes) = &view.classes {
        let _ = write!(text, ", {} {}", classes.len(), if classes.len() == 1 { "class" } else { "classes" });
    }
    text.push('>');
    text
}

/// The class, and the nested estimators in brackets. Views are at most 16 deep.
fn nested(text: &mut String, view: &EstimatorView) {
    text.push_str(class_name(&view.class));
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
        let _ = write!(text, "{separator}{attribute}={count} × {}", class_name(class));
        separator = ", ";
    }
    text.push(')');
}

/// An object with its parameters, as in scikit-learn's `repr`: `<skiff.StoredObject KFold(n_splits=5, shuffle=True)>`.
pub fn one_line(view: &EstimatorView) -> String {
    let changed: Vec<_> = view.changed().map(|(name, value)| format!("{name}={value}")).collect();
    format!("<skiff.StoredObject {}({})>", class_name(&view.class), changed.join(", "))
}

/// Its display in notebooks: each estimator is a box, with nested ones inside.
pub fn html(file: &File, view: &EstimatorView) -> String {
    let mut html = format!("<style>\n{}</style>", html::STYLE);
    html::boxes(&mut html, view, Detail::Parameters);
    if let Some(svg) = file.sketch(view) {
        html::tree(&mut html, &svg);
    }
    html
}
