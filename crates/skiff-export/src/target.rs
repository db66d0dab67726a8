//! What models are exported to.

use std::path::Path;

/// What a model is exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// ONNX, in float64.
    Onnx,
    /// C99 without dependencies.
    C,
    /// Python 3 without packages.
    Python,
    /// A module of JavaScript.
    JavaScript,
    /// A class of Java 11.
    Java,
    /// Go 1.21.
    Go,
    /// Rust without the standard library.
    Rust,
    /// A query for PostgreSQL and DuckDB.
    Sql,
    /// PMML 4.4.
    Pmml,
    /// A tree for Graphviz.
    Dot,
    /// A tree, or the parts of a composite estimator.
    Svg,
    /// A tree as text.
    Text,
}

/// What is said of a target.
struct About {
    target: Target,
    name: &'static str,
    extension: &'static str,
    about: &'static str,
    /// The estimators and their methods, as recorded cases show them: a line each.
    estimators: &'static str,
}

/// All targets, once.
const TARGETS: &[About] = &[
    About {
        target: Target::Onnx,
        name: "onnx",
        extension: "onnx",
        about: "ONNX, in float64: docs/export.md",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::C,
        name: "c",
        extension: "c",
        about: "C99 without dependencies: a function of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::Python,
        name: "python",
        extension: "py",
        about: "Python 3 without packages: a function of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::JavaScript,
        name: "javascript",
        extension: "mjs",
        about: "a module of JavaScript without dependencies (or .js): a function of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::Java,
        name: "java",
        extension: "java",
        about: "a class of Java 11 without dependencies: a method of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::Go,
        name: "go",
        extension: "go",
        about: "Go 1.21 without dependencies: a function of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::Rust,
        name: "rust",
        extension: "rs",
        about: "Rust without the standard library: a function of one row for each method",
        estimators: ESTIMATORS,
    },
    About {
        target: Target::Sql,
        name: "sql",
        extension: "sql",
        about: "a query for PostgreSQL and DuckDB: a column for each result",
        estimators: SQL,
    },
    About {
        target: Target::Pmml,
        name: "pmml",
        extension: "pmml",
        about: "PMML 4.4: a model of the Data Mining Group's standard: docs/pmml.md",
        estimators: PMML,
    },
    About {
        target: Target::Dot,
        name: "dot",
        extension: "dot",
        about: "a tree for Graphviz, like scikit-learn's export_graphviz",
        estimators: "",
    },
    About {
        target: Target::Svg,
        name: "svg",
        extension: "svg",
        about: "a tree or a composite estimator as a picture",
        estimators: "",
    },
    About {
        target: Target::Text,
        name: "text",
        extension: "txt",
        about: "a tree as text, like scikit-learn's export_text",
        estimators: "",
    },
];

/// What queries hold of it: `cargo xtask peers duckdb` writes it.
const SQL: &str = include_str!("../data/sql.txt");

/// What documents hold of it: `cargo xtask peers pmml` writes it.
const PMML: &str = include_str!("../data/pmml.txt");

/// All other targets write what expands into primitives.
const ESTIMATORS: &str = include_str!("../data/estimators.txt");

/// The extensions of modules of JavaScript where all modules are ES modules.
const JAVASCRIPT: &str = "js";

impl About {
    fn has_extension(&self, extension: &str) -> bool {
        self.extension == extension || (self.target == Target::JavaScript && extension == JAVASCRIPT)
    }
}

impl Target {
    /// All targets.
    pub fn all() -> impl Iterator<Item = Self> {
        TARGETS.iter().map(|about| about.target)
    }

    fn about_it(self) -> &'static About {
        TARGETS.iter().find(|about| about.target == self).unwrap_or(&TARGETS[0])
    }

    /// Its name, for options that select a target.
    pub fn name(self) -> &'static str {
        self.about_it().name
    }

    /// The extension of its files' names.
    pub fn extension(self) -> &'static str {
        self.about_it().extension
    }

    /// A short description.
    pub fn about(self) -> &'static str {
        self.about_it().about
    }

    /// The target of this name or extension.
    pub fn of_name(name: &str) -> Option<Self> {
        TARGETS.iter().find(|about| about.name == name || about.has_extension(name)).map(|about| about.target)
    }

    /// Whether it shows a model, and does not run it.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Dot | Self::Svg | Self::Text)
    }

    /// The target that a file's extension selects, ignoring case.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        TARGETS.iter().find(|about| about.has_extension(&extension)).map(|about| about.target)
    }

    /// The estimators that are exported, and their methods, as recorded cases of the newest scikit-learn show them; none
    /// for pictures, which have no methods.
    /// Composite estimators export what the estimators within them export.
    pub fn estimators(self) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        self.about_it().estimators.lines().filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some((words.next()?, words.collect()))
        })
    }
}
