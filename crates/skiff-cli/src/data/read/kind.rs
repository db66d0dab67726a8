//! What each column of a text file is read as.
//!
//! The model decides, by what its plan does with the column ([`ColumnUse`]) and by the categories that its encoders were
//! fitted on. Nothing depends on where a block of rows begins or ends, so that a file and a pipe are read alike.

use std::sync::Arc;

use skiff::{Categories, CategoryTypes, ColumnUse, Scalar, TimeUnit};

use super::cells;

/// What a column is read as.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nobody looks at it.
    Unused,
    /// Text as it is, an empty cell included: documents, and what is kept.
    Verbatim,
    /// `float64`; a missing cell is NaN.
    Number,
    /// `int64`, without a missing cell.
    Integer,
    /// `bool`, without a missing cell.
    Bool,
    /// Text; a missing cell is NaN.
    Text,
    /// Dates and times in ISO 8601; a missing cell is not a time.
    Dates(TimeUnit),
    /// Values of the categories that an encoder was fitted on.
    Known(Known),
    /// What pandas makes of the whole column: known when all of it has been read.
    Whole,
}

/// Categories that a column is read as.
#[derive(Clone, Debug)]
pub struct Known {
    categories: Vec<Arc<Categories>>,
    types: CategoryTypes,
}

/// Which types of values categories ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text alone.
    Text,
    /// Numbers, or `True` and `False`.
    Number,
    /// Dates, in a unit of numpy's.
    Dates(TimeUnit),
    /// Text among others: each cell is what it is known as.
    Any,
}

impl Kind {
    /// What a plan that uses a column in such a way needs of it.
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
                // A number that is passed through as well shows its dtype.
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

    /// Which types of values they ask for.
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

    /// What stands for a missing value: `None` where that is a category and NaN is none.
    pub fn missing(&self) -> Scalar {
        if self.types.none && !self.types.nan { Scalar::None } else { Scalar::Float(f64::NAN) }
    }

    /// Whether a cell is missing: one that pandas takes for missing is not where the fit saw that very text and no NaN.
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

/// What pandas has seen of a column that it has to read to its end.
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

    /// What the column is read as.
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
