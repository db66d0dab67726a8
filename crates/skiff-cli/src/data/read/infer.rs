//! What a CSV column holds, by the rules of pandas' `read_csv`: the models that skiff runs were fitted on such columns.

use skiff::Scalar;
use skiff::table::Column;
use skiff::value::{IntKind, Precision};

/// What pandas takes for a missing cell.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "null",
];

/// What the cells of one column have been so far.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    integers: bool,
    floats: bool,
    bools: bool,
    missing: bool,
    any: bool,
}

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `int64`: integers without a missing cell.
    Integers,
    /// `float64`: numbers, some cells missing perhaps.
    Floats,
    /// `bool`: `True` and `False` without a missing cell.
    Bools,
    /// Strings; missing cells are NaN.
    Text,
    /// Strings, whatever they look like: what the user wants kept, and documents.
    Verbatim,
}

impl Seen {
    /// Nothing yet.
    pub const NOTHING: Self = Self { integers: true, floats: true, bools: true, missing: false, any: false };

    /// One cell more.
    pub fn add(&mut self, cell: &str) {
        if is_missing(cell) {
            self.missing = true;
            return;
        }
        self.any = true;
        self.integers = self.integers && integer(cell).is_some();
        self.floats = self.floats && float(cell).is_some();
        self.bools = self.bools && boolean(cell).is_some();
    }

    /// What the column is.
    pub fn kind(self) -> Kind {
        match self {
            Self { any: false, .. } => Kind::Floats,
            Self { integers: true, missing: false, .. } => Kind::Integers,
            Self { floats: true, .. } => Kind::Floats,
            Self { bools: true, missing: false, .. } => Kind::Bools,
            _ => Kind::Text,
        }
    }
}

/// The cells of one column; the number of the first that is not of the kind where there is one.
pub fn column(cells: &[&str], kind: Kind) -> Result<Column<'static>, usize> {
    /// All cells by `read`, or the place of the first that it does not read.
    fn all<T>(cells: &[&str], read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, usize> {
        cells.iter().enumerate().map(|(row, cell)| read(cell).ok_or(row)).collect()
    }
    Ok(match kind {
        Kind::Integers => Column::Ints(all(cells, integer)?.into(), IntKind::I64),
        Kind::Floats => {
            let number = |cell: &str| if is_missing(cell) { Some(f64::NAN) } else { float(cell) };
            Column::Floats(all(cells, number)?.into(), Precision::Double)
        }
        Kind::Bools => {
            let number = |cell: &str| boolean(cell).map(i64::from);
            Column::Ints(all(cells, number)?.into(), IntKind::Bool)
        }
        Kind::Text if cells.iter().any(|cell| is_missing(cell)) => {
            let scalar = |cell: &&str| match is_missing(cell) {
                true => Scalar::Float(f64::NAN),
                false => Scalar::Str((*cell).to_owned()),
            };
            Column::Objects(cells.iter().map(scalar).collect())
        }
        Kind::Text | Kind::Verbatim => Column::Texts(cells.iter().collect()),
    })
}

fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell) || cell == "nan"
}

fn integer(cell: &str) -> Option<i64> {
    cell.trim().parse().ok()
}

fn float(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}

fn boolean(cell: &str) -> Option<bool> {
    match cell {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cells: &[&str]) -> Kind {
        let mut seen = Seen::NOTHING;
        for cell in cells {
            seen.add(cell);
        }
        seen.kind()
    }

    #[test]
    fn columns_are_what_pandas_makes_of_them() {
        assert_eq!(kind(&["1", "-2"]), Kind::Integers);
        assert_eq!(kind(&["1", ""]), Kind::Floats);
        assert_eq!(kind(&["1", "2.5", "NaN", "inf"]), Kind::Floats);
        assert_eq!(kind(&["True", "False"]), Kind::Bools);
        assert_eq!(kind(&["True", ""]), Kind::Text);
        assert_eq!(kind(&["1", "x"]), Kind::Text);
        assert_eq!(kind(&["", "NA"]), Kind::Floats);
        assert_eq!(kind(&["99999999999999999999"]), Kind::Floats);
    }

    #[test]
    fn a_cell_of_another_kind_is_named() {
        assert_eq!(column(&["1", "2", "x"], Kind::Integers), Err(2));
        let Ok(Column::Objects(cells)) = column(&["a", "NA"], Kind::Text) else { panic!("an object column") };
        assert!(matches!(cells[1], Scalar::Float(value) if value.is_nan()));
    }
}
