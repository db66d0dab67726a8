//! Expressions of one row: what becomes the derived fields of a document.
//!
//! Expressions are in an arena and refer by number, each to lower ones only; equal expressions are one. Those that a model
//! refers to, and those that occur several times, become derived fields; all others are written where they are used.

use std::collections::HashMap;
use std::rc::Rc;

use crate::graph::{Bits, DType};

/// The number of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ExprId(usize);

/// One element of a value, for one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scalar {
    F64(Bits),
    I64(i64),
    Bool(bool),
    Str(Rc<str>),
    Expr(ExprId),
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Expr {
    /// A field of the document: an input, or what a segment before returns.
    Field { name: Rc<str>, dtype: DType, level: usize },
    /// A constant that needs a field of its own.
    Constant(Scalar),
    /// A function of PMML.
    Apply(&'static str, Vec<Scalar>),
    /// A field of another type.
    Cast(DType, Scalar),
    /// The number of a text in a table, or another number.
    Map { input: Scalar, table: Rc<Vec<(String, Bits)>>, default: Bits, missing: Bits },
}

/// What is known of an expression.
#[derive(Clone, Debug)]
struct Facts {
    dtype: DType,
    depth: u32,
    /// 0 where it depends on inputs alone, else the number of segments that must have run.
    level: usize,
    source: Source,
    /// Whether it may have no value.
    may_be_missing: bool,
    /// The class of the estimator that computes it.
    estimator: Rc<str>,
}

/// The inputs of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    None,
    One(Rc<str>),
    Several,
}

/// Nested deeper than this, expressions become fields: readers of documents recurse.
const DEPTH: u32 = 12;
/// More expressions than this are no document that anybody can use.
const MOST: usize = 400_000;

/// The expressions of a document.
#[derive(Debug, Default)]
pub(super) struct Expressions {
    nodes: Vec<Expr>,
    facts: Vec<Facts>,
    index: HashMap<Expr, ExprId>,
    /// The class of the estimator whose operators are translated.
    estimator: Option<Rc<str>>,
}

impl Scalar {
    pub(super) fn number(value: f64) -> Self {
        Self::F64(Bits::of(value))
    }

    /// Its value as a number, where it is constant.
    #[expect(clippy::cast_precision_loss, reason = "codes and numbers of classes")]
    pub(super) fn constant(&self) -> Option<f64> {
        match self {
            Self::F64(bits) => Some(bits.value()),
            Self::I64(value) => Some(*value as f64),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Str(_) | Self::Expr(_) => None,
        }
    }

    pub(super) fn is(&self, value: f64) -> bool {
        self.constant() == Some(value)
    }
}

impl Expr {
    pub(super) fn arguments(&self) -> &[Scalar] {
        match self {
            Self::Field { .. } | Self::Constant(_) => &[],
            Self::Apply(_, arguments) => arguments,
            Self::Cast(_, input) | Self::Map { input, .. } => std::slice::from_ref(input),
        }
    }
}

impl Expressions {
    /// Names the estimator whose expressions follow.
    pub(super) fn set_estimator(&mut self, path: &str) {
        let class = path.rsplit('›').next().unwrap_or(path).trim();
        let mut letters = class.chars();
        let name = letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>());
        self.estimator = name.map(Into::into);
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.nodes.len() > MOST
    }

    pub(super) fn get(&self, id: ExprId) -> &Expr {
        &self.nodes[id.0]
    }

    pub(super) fn dtype(&self, scalar: &Scalar) -> DType {
        match scalar {
            Scalar::F64(_) => DType::F64,
            Scalar::I64(_) => DType::I64,
            Scalar::Bool(_) => DType::Bool,
            Scalar::Str(_) => DType::Str,
            Scalar::Expr(id) => self.facts[id.0].dtype,
        }
    }

    pub(super) fn dtype_of(&self, id: ExprId) -> DType {
        self.facts[id.0].dtype
    }

    pub(super) fn level(&self, id: ExprId) -> usize {
        self.facts[id.0].level
    }

    pub(super) fn estimator_of(&self, id: ExprId) -> &str {
        &self.facts[id.0].estimator
    }

    pub(super) fn source(&self, id: ExprId) -> &Source {
        &self.facts[id.0].source
    }

    /// Whether it is deep enough to become a field.
    pub(super) fn is_deep(&self, id: ExprId) -> bool {
        self.facts[id.0].depth.is_multiple_of(DEPTH)
    }

    /// A field of the document.
    pub(super) fn field(&mut self, name: &str, dtype: DType, level: usize) -> Scalar {
        self.add(Expr::Field { name: name.into(), dtype, level }, dtype)
    }

    /// The expression of a scalar that a model refers to.
    pub(super) fn id(&mut self, scalar: &Scalar) -> ExprId {
        match scalar {
            Scalar::Expr(id) => *id,
            constant => {
                let dtype = self.dtype(constant);
                self.insert(Expr::Constant(constant.clone()), dtype)
            }
        }
    }

    pub(super) fn add(&mut self, expr: Expr, dtype: DType) -> Scalar {
        Scalar::Expr(self.insert(expr, dtype))
    }

    fn insert(&mut self, expr: Expr, dtype: DType) -> ExprId {
        if let Some(&id) = self.index.get(&expr) {
            return id;
        }
        let (mut depth, mut level, mut source) = (0, 0, Source::None);
        for argument in expr.arguments() {
            let Scalar::Expr(id) = argument else { continue };
            let facts = &self.facts[id.0];
            depth = depth.max(facts.depth);
            level = level.max(facts.level);
            source = source.with(&facts.source);
        }
        if let Expr::Field { name, level: own, .. } = &expr {
            (level, source) = (*own, Source::One(Rc::clone(name)));
        }
        let may_be_missing = self.result_may_be_missing(&expr);
        let estimator = self.estimator.clone().unwrap_or_else(|| "skiff".into());
        let id = ExprId(self.nodes.len());
        self.nodes.push(expr.clone());
        self.facts.push(Facts { dtype, depth: depth + 1, level, source, may_be_missing, estimator });
        self.index.insert(expr, id);
        id
    }

    /// Whether a scalar may have no value for some rows.
    pub(super) fn may_be_missing(&self, scalar: &Scalar) -> bool {
        match scalar {
            Scalar::Expr(id) => self.facts[id.0].may_be_missing,
            constant => constant.constant().is_some_and(f64::is_nan),
        }
    }

    fn result_may_be_missing(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Field { level, .. } => *level == 0,
            Expr::Constant(constant) => self.may_be_missing(constant),
            Expr::Cast(_, input) => self.may_be_missing(input),
            Expr::Map { default, missing, .. } => default.value().is_nan() || missing.value().is_nan(),
            Expr::Apply(function, _) if is_logical(function) => false,
            Expr::Apply("if", arguments) => {
                let [condition, yes, no] = &arguments[..] else { return true };
                let asked = match condition {
                    Scalar::Expr(id) => match &self.nodes[id.0] {
                        Expr::Apply("isMissing", asked) => asked.first(),
                        _ => None,
                    },
                    _ => None,
                };
                self.may_be_missing(yes) || (asked != Some(no) && self.may_be_missing(no))
            }
            Expr::Apply(_, arguments) => arguments.iter().any(|argument| self.may_be_missing(argument)),
        }
    }

    /// A function of PMML.
    pub(super) fn apply(&mut self, function: &'static str, dtype: DType, arguments: Vec<Scalar>) -> Scalar {
        self.add(Expr::Apply(function, arguments), dtype)
    }
}

/// Whether a function of PMML has a truth value for all arguments, as transformations are written.
pub(super) fn is_logical(function: &str) -> bool {
    is_comparison(function) || matches!(function, "isMissing" | "and" | "or" | "not")
}

/// Whether a function compares, and is written with what it is for a missing value.
pub(super) fn is_comparison(function: &str) -> bool {
    matches!(function, "equal" | "notEqual" | "lessThan" | "lessOrEqual" | "greaterThan" | "greaterOrEqual")
}

impl Source {
    fn with(self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, other) => other.clone(),
            (own, Self::None) => own,
            (Self::One(a), Self::One(b)) if a == *b => Self::One(a),
            _ => Self::Several,
        }
    }
}
