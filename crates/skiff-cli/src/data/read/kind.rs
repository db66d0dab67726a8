//! The type of each column of a text file.
//!
//! The model determines it, by the use of the column in its plan ([`ColumnUse`]) and by the categories that its encoders were
//! fitted on. Nothing depends on the boundaries of blocks of rows, so that a file and a pipe are read the same.

use std::sync::Arc;

use skiff::{Categories, CategoryTypes, ColumnUse, Scalar, TimeUnit};

use super::cells;

/// The type of a column.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Not used.
    Unused,
    /// Unparsed text, including empty cells: documents, and kept columns.
    Verbatim,
    /// `float64`; a missing value is NaN.
    Number,
    /// `int64`, without missing values.
    Integer,
    /// `bool`, without missing values.
    Bool,
    /// Text; a missing value is NaN.
    Text,
    /// Dates and times in ISO 8601; a missing value is NaT.
    Dates(TimeUnit),
    /// Values of the categories that an encoder was fitted on.
    Known(Known),
    /// The type that pandas infers, known when the whole column has been read.
    Whole,
}

/// The categories of a column.
#[derive(Clone, Debug)]
pub struct Known {
    categories: Vec<Arc<Categories>>,
    types: CategoryTypes,
}

/// The types of categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text only.
    Text,
    /// Numbers, or `True` and `False`.
    Number,
    /// Dates, in a unit of numpy's.
    Dates(TimeUnit),
    /// Mixed types: each cell has the type of the equal category.
    Any,
}

impl Kind {
    /// The type that a plan needs for its use of a column.
    pub fn of(column: &ColumnUse) -> Self {
        let is_text = |scalar: &Scalar| matches!(scalar, Scalar::Str(_));
        if !column.is_used() {
            return Self::Unused;
        }
        if column.as_document {
            return Self::Verbatim;
        }
        if !column.categories.is_empty() {
            return match Known::of(&column.categories) {
                // The dtype matters if a number is passed through as well.
                known if column.as_it_is && known.form() == Form::Number => Self::Whole,
                known => Self::Known(known),
            };
        }
        match column {
            ColumnUse { as_it_is: true, .. } => Self::Whole,
            ColumnUse { as_number: true, .. } => Self::Number,
            ColumnUse { fills, .. } if fills.iter().any(is_text) => Self::Text,
            _ => Self::Whole,
        }
    }
}

impl Known {
    fn of(categories: &[Arc<Categories>]) -> Self {
        let types = categories.iter().fold(CategoryTypes::default(), |types, one| types.or(one.types()));
        Self { categories: categories.to_vec(), types }
    }

    /// The types of the categories.
    pub fn form(&self) -> Form {
        if let Some(unit) = self.categories.iter().find_map(|categories| categories.time_unit()) {
            return Form::Dates(unit);
        }
        match self.types {
            CategoryTypes { others: true, .. } => Form::Any,
            CategoryTypes { texts: true, bools: false, ints: false, floats: false, .. } => Form::Text,
            CategoryTypes { texts: false, bools, ints, floats, .. } if bools || ints || floats => Form::Number,
            _ => Form::Any,
        }
    }

    /// Whether `True` and `False` are among them.
    pub fn has_bools(&self) -> bool {
        self.types.bools
    }

    /// The missing value: `None` if that is a category and NaN is not.
    pub fn missing(&self) -> Scalar {
        if self.types.none && !self.types.nan { Scalar::None } else { Scalar::Float(f64::NAN) }
    }

    /// Whether a cell is missing: a cell that pandas reads as missing is not, if its exact text is a category and NaN is not.
    pub fn is_missing(&self, cell: &str) -> bool {
        cells::is_missing(cell) && (self.types.nan || !self.has_text(cell))
    }

    /// Whether a text is one of the categories.
    pub fn has_text(&self, text: &str) -> bool {
        self.categories.iter().any(|categories| categories.of_text(text).is_some())
    }

    /// Whether a value is one of the categories.
    pub fn has(&self, value: &Scalar) -> bool {
        self.categories.iter().any(|categories| categories.of_scalar(value).is_some())
    }
}

/// The types seen in a column whose type is inferred.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    integers: bool,
    numbers: bool,
    bools: bool,
    missing: bool,
    any: bool,
}

impl Seen {
    /// Nothing yet.
    pub const NOTHING: Self = Self { integers: true, numbers: true, bools: true, missing: false, any: false };

    /// One cell more.
    pub fn add(&mut self, cell: &str, decimal: u8) {
        if cells::is_missing(cell) {
            self.missing = true;
            return;
        }
        self.any = true;
        self.integers = self.integers && cells::integer(cell).is_some();
        self.numbers = self.numbers && cells::number(cell, decimal).is_some();
        self.bools = self.bools && cells::boolean(cell).is_some();
    }

    /// The inferred type.
    pub fn kind(self) -> Kind {
        match self {
            Self { any: false, .. } => Kind::Number,
            Self { integers: true, missing: false, .. } => Kind::Integer,
            Self { numbers: true, .. } => Kind::Number,
            Self { bools: true, missing: false, .. } => Kind::Bool,
            // An object column of bools and NaN.
            Self { bools: true, .. } => Kind::Known(Known::bools()),
            _ => Kind::Text,
        }
    }
}

impl Known {
    /// `True`, `False` and nothing else.
    fn bools() -> Self {
        let types = CategoryTypes { bools: true, nan: true, ..CategoryTypes::default() };
        Self { categories: Vec::new(), types }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> Kind {
        let mut seen = Seen::NOTHING;
        for cell in cells {
            seen.add(cell, b'.');
        }
        seen.kind()
    }

    #[test]
    fn whole_columns_are_what_pandas_makes_of_them() {
        assert!(matches!(kind(&["1", "-2"]), Kind::Integer));
        assert!(matches!(kind(&["1", ""]), Kind::Number));
        assert!(matches!(kind(&["1", "2.5", "NaN", "inf"]), Kind::Number));
        assert!(matches!(kind(&["True", "false"]), Kind::Bool));
        assert!(matches!(kind(&["True", ""]), Kind::Known(_)));
        assert!(matches!(kind(&["1", "x"]), Kind::Text));
        assert!(matches!(kind(&["1", "True"]), Kind::Text));
        assert!(matches!(kind(&["", "NA"]), Kind::Number));
    }
}
