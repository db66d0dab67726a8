//! A model card: Markdown for people, with front matter as model hubs read it.
//!
//! Names and texts come from the file and may be anything: front matter quotes them, Markdown escapes them.

use std::fmt::Write;

use super::facts::{Facts, Measure};

/// The card.
pub fn card(facts: &Facts) -> String {
    let mut card = front_matter(facts);
    let file = &facts.name;
    let _ = writeln!(card, "\n# {}\n", text(file));
    model(&mut card, facts);
    let parameters: Vec<_> =
        facts.parameters().into_iter().map(|(name, value)| vec![code(&name), code(&value)]).collect();
    table(&mut card, "Hyperparameters", &["name", "value"], &parameters);
    training(&mut card, facts);
    let measures = facts.measures();
    let rows: Vec<_> =
        measures.iter().map(|measure| vec![text(&measure.name), number(measure), folds(measure)]).collect();
    table(&mut card, "Evaluation", &["metric", "value", ""], &rows);
    let _ = write!(
        card,
        "\n## How to use\n\n```python\nimport skiff\n\nmodel = skiff.open({})  # no code in the file is run\nmodel.predict(rows)\n```\n",
        quoted(file)
    );
    if let Some(notes) = facts.passport().and_then(|passport| passport.notes()) {
        let _ = write!(card, "\n## Notes\n\n{}\n", notes.lines().map(text).collect::<Vec<_>>().join("  \n"));
    }
    card
}

/// The block at the beginning, in YAML.
fn front_matter(facts: &Facts) -> String {
    let mut front = String::from("---\nlibrary_name: sklearn\ntags:\n- sklearn\n- skiff\n");
    if let Some(task) = facts.task.name() {
        let _ = writeln!(front, "- {task}\npipeline_tag: {task}");
    }
    let format = facts.inspection.format.join(", ");
    let _ = writeln!(front, "model_format: {}\nmodel_file: {}", quoted(&format), quoted(&facts.name));
    let measures = facts.measures();
    // A result needs a task.
    if let (Some(task), false) = (facts.task.name(), measures.is_empty()) {
        let _ = write!(front, "model-index:\n- name: {}\n  results:\n", quoted(&facts.name));
        let kind = task.split('-').next().unwrap_or_default();
        let data = facts.datasets().into_iter().next().map_or_else(|| "not recorded".to_owned(), |(name, _)| name);
        let _ = write!(front, "  - task:\n      type: {task}\n");
        let _ = write!(front, "    dataset:\n      type: {kind}\n      name: {}\n    metrics:\n", quoted(&data));
        for measure in &measures {
            let name = match measure.folds {
                Some(folds) => format!("{}, mean of {folds} folds", measure.name),
                None => measure.name.clone(),
            };
            let (kind, value) = (quoted(&measure.name), measure.value);
            let _ = writeln!(front, "    - type: {kind}\n      name: {}\n      value: {value:?}", quoted(&name));
        }
    }
    front.push_str("---\n");
    front
}

fn model(card: &mut String, facts: &Facts) {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    if let Some(estimator) = facts.estimator() {
        row("estimator", code(&estimator.class));
        if let Some(features) = &facts.features {
            row("features", text(features));
        }
        if let Some(classes) = &estimator.classes {
            row("classes", classes.iter().map(|class| text(class)).collect::<Vec<_>>().join(", "));
        }
        if let Ok(methods) = &estimator.methods {
            row("methods", methods.iter().map(|method| code(method.name())).collect::<Vec<_>>().join(", "));
        }
    }
    row("format", text(&facts.inspection.format.join(", ")));
    row("size", format!("{} bytes", facts.inspection.size));
    row("SHA-256", code(&facts.digest));
    for what in &facts.inspection.unusual {
        row("unusual", text(what));
    }
    table(card, "Model", &["", ""], &rows);
}

fn training(card: &mut String, facts: &Facts) {
    let told = ["created", "author", "platform", "source"];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (name, value) in facts.passport().map(skiff::Passport::summary).unwrap_or_default() {
        if told.contains(&&*name) || name.starts_with("data") {
            rows.push(vec![text(&name), text(&value)]);
        }
    }
    for (name, version) in facts.versions() {
        rows.push(vec![text(&name), text(&version)]);
    }
    table(card, "Training", &["", ""], &rows);
}

/// A section with a table, if it has rows.
fn table(card: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(card, "\n## {title}\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(card, "| {} |", row.join(" | "));
    }
}

fn number(measure: &Measure) -> String {
    match measure.std {
        Some(std) => format!("{} ± {std}", measure.value),
        None => measure.value.to_string(),
    }
}

fn folds(measure: &Measure) -> String {
    measure.folds.map_or_else(String::new, |folds| format!("mean and standard deviation of {folds} folds"))
}

/// Text that Markdown shows as it is, on one line.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => escaped.push(' '),
            control if !is_shown(control) => escaped.push('\u{fffd}'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text in a fixed width; a backtick would end it.
fn code(shown: &str) -> String {
    match shown.is_empty() || shown.contains(['`', '|', '\n', '\r']) || !shown.chars().all(is_shown) {
        true => text(shown),
        false => format!("`{shown}`"),
    }
}

/// A string of YAML and of Python.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if !is_shown(control) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand as it is: no control, no bidirectional control, no separator of lines.
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_place() {
        assert_eq!(text("a|b\n# <script>`x`"), "a\\|b \\# &lt;script>\\`x\\`");
        assert_eq!(code("a`b|c"), "a\\`b\\|c");
        assert_eq!(quoted("a\"\\\n---\u{7f}\u{2028}é"), "\"a\\\"\\\\\\U0000000a---\\U0000007f\\U00002028é\"");
    }
}
