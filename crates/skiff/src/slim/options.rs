//! What makes a model smaller and may change its answers.

/// What may change the answers of a model; nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lossy {
    /// Round learned numbers.
    pub precision: Option<Precision>,
    /// Prune ensembles, or trees.
    pub pruning: Option<Pruning>,
    /// Make leaves of all nodes of trees at this depth.
    pub max_depth: Option<usize>,
    /// Set the coefficients of linear models to zero but those of so many features.
    pub top_features: Option<usize>,
}

/// To what learned numbers are rounded. Their dtype stays: scikit-learn computes as before, and the zeros at the end of each
/// number are compressed away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `float32`.
    Float32,
    /// `float16`.
    Float16,
    /// 255 numbers for each row of an array: multiples of a power of two.
    Quantized,
}

/// How much is pruned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pruning {
    /// Ensembles keep so many trees or other members: the first ones.
    First(usize),
    /// Trees lose the branches whose cost-complexity is lower, as by `ccp_alpha` in scikit-learn.
    CostComplexity(f64),
}

/// Values that were changed: those of one name, of all objects of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The option: `--max-depth`.
    pub option: &'static str,
    /// The class's name, without its module.
    pub class: String,
    /// The attribute.
    pub attribute: &'static str,
    /// How many objects.
    pub objects: usize,
}

impl Lossy {
    /// Whether anything may change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Precision {
    /// The command's option.
    pub fn option(self) -> &'static str {
        match self {
            Self::Float32 => "--float32",
            Self::Float16 => "--float16",
            Self::Quantized => "--quantize",
        }
    }
}
