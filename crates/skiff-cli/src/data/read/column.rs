//! Parses cells into columns, with errors for those that the model does not accept.

use skiff::table::Column;
use skiff::value::{IntKind, Precision};
use skiff::{Scalar, TimeUnit};

use super::Chosen;
use super::cells;
use super::dates;
use super::kind::{Form, Kind, Known};

/// Reads the cells of one column, block after block.
#[derive(Debug)]
pub struct ColumnReader {
    /// Its number in the file.
    pub place: usize,
    /// Its name.
    pub name: String,
    pub(super) kind: Kind,
    /// The decimal point.
    decimal: u8,
    /// If numbers and bools are equal, the type of the cells so far: pandas reads a mixture as text.
    so_far: Option<Basis>,
}

/// Two types of cells that cannot be mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basis {
    Numbers,
    Bools,
}

/// A cell of the wrong type.
#[derive(Debug, PartialEq)]
pub struct WrongCell {
    /// Its row in the block.
    pub row: usize,
    /// What is wrong.
    pub what: String,
    /// What the user can do about it.
    pub help: Option<String>,
}

/// A cell that could not be read: what was expected.
pub(super) type Expected = &'static str;

/// Why the model needs numbers.
pub(super) const CONVERTS: &str = "a number, since the model converts this column to numbers";
pub(super) const FITTED_ON_NUMBERS: &str = "a number, since the encoder of this column was fitted on numbers";
const FITTED_ON_BOOLS: &str = "True or False, since the encoder of this column was fitted on them";
pub(super) const FITTED_ON_DATES: &str =
    "a date such as 2024-05-31, since the encoder of this column was fitted on dates";
const NUMBERS_SO_FAR: &str = "a number, as in the rows before";
const BOOLS_SO_FAR: &str = "True or False, as in the rows before";

impl ColumnReader {
    /// A reader of a column.
    pub fn new(Chosen { place, name, kind }: Chosen, decimal: u8) -> Self {
        Self { place, name, kind, decimal, so_far: None }
    }

    /// The cells of a block as a column.
    pub fn read<'c>(&mut self, cells: impl ExactSizeIterator<Item = &'c str>) -> Result<Column<'static>, WrongCell> {
        let decimal = self.decimal;
        Ok(match self.kind.clone() {
            Kind::Unused => Column::Floats(vec![f64::NAN; cells.len()].into(), Precision::Double),
            Kind::Verbatim => Column::Texts(cells.collect()),
            Kind::Number | Kind::Whole => {
                Column::Floats(self.all(cells, |this, cell| this.number(cell, CONVERTS))?.into(), Precision::Double)
            }
            Kind::Integer => {
                let read = |_: &mut Self, cell: &str| cells::integer(cell).ok_or("an integer, and none missing");
                Column::Ints(self.all(cells, read)?.into(), IntKind::I64)
            }
            Kind::Bool => {
                let read = |_: &mut Self, cell: &str| {
                    cells::boolean(cell).map(i64::from).ok_or("True or False, and none missing")
                };
                Column::Ints(self.all(cells, read)?.into(), IntKind::Bool)
            }
            Kind::Text => {
                let cells: Vec<&str> = cells.collect();
                texts(&cells, cells::is_missing, &Scalar::Float(f64::NAN))
            }
            Kind::Dates(unit) => self.dates(cells, unit, "a date such as 2024-05-31")?,
            Kind::Known(known) => match known.form() {
                Form::Dates(unit) => self.dates(cells, unit, FITTED_ON_DATES)?,
                Form::Text => {
                    let cells: Vec<&str> = cells.collect();
                    // `read_csv` reads a missing cell as NaN, whatever the categories.
                    texts(&cells, |cell| known.is_missing(cell), &Scalar::Float(f64::NAN))
                }
                Form::Number if !known.has_bools() => {
                    numbers(self.all(cells, |this, cell| this.exact_number(cell, FITTED_ON_NUMBERS))?)
                }
                Form::Number => Column::Objects(self.all(cells, |this, cell| this.bool_or_number(cell))?.into()),
                Form::Any => Column::Objects(cells.map(|cell| as_known(cell, &known, decimal)).collect()),
            },
        })
    }

    fn dates<'c>(
        &mut self,
        cells: impl Iterator<Item = &'c str>,
        unit: TimeUnit,
        expected: Expected,
    ) -> Result<Column<'static>, WrongCell> {
        let read = |_: &mut Self, cell: &str| match cells::is_missing(cell) {
            true => Ok(dates::not_a_time(unit)),
            false => dates::date_time(cell, unit).ok_or(expected),
        };
        Ok(Column::Objects(self.all(cells, read)?.into()))
    }

    /// All cells, parsed with `read`.
    fn all<'c, T>(
        &mut self,
        cells: impl Iterator<Item = &'c str>,
        mut read: impl FnMut(&mut Self, &str) -> Result<T, Expected>,
    ) -> Result<Vec<T>, WrongCell> {
        let cell = |(row, cell): (usize, &str)| {
            read(self, cell).map_err(|expected| {
                let what = match cell {
                    "" => format!("column `{}`: a cell is missing; expected {expected}", self.name),
                    cell => format!("column `{}`: expected {expected}, found `{}`", self.name, shortened(cell)),
                };
                WrongCell { row, what, help: None }
            })
        };
        cells.enumerate().map(cell).collect()
    }

    /// Records the type of a cell; an error if earlier cells had another.
    fn note(&mut self, basis: Basis) -> Result<(), Expected> {
        match *self.so_far.get_or_insert(basis) {
            before if before == basis => Ok(()),
            Basis::Numbers => Err(NUMBERS_SO_FAR),
            Basis::Bools => Err(BOOLS_SO_FAR),
        }
    }

    fn number(&mut self, cell: &str, expected: Expected) -> Result<f64, Expected> {
        if let Some(number) = cells::number(cell, self.decimal) {
            self.note(Basis::Numbers)?;
            return Ok(number);
        }
        if cells::is_missing(cell) {
            return Ok(f64::NAN);
        }
        let bool = cells::boolean(cell).ok_or(expected)?;
        self.note(Basis::Bools)?;
        Ok(f64::from(bool))
    }

    /// A number with every digit of a large integer.
    fn exact_number(&mut self, cell: &str, expected: Expected) -> Result<Scalar, Expected> {
        let number = self.number(cell, expected)?;
        match cells::integer(cell) {
            Some(integer) if number.abs() >= EXACT => Ok(Scalar::Int(integer)),
            _ => Ok(Scalar::Float(number)),
        }
    }

    fn bool_or_number(&mut self, cell: &str) -> Result<Scalar, Expected> {
        if let Some(bool) = cells::boolean(cell) {
            self.note(Basis::Bools)?;
            return Ok(Scalar::Bool(bool));
        }
        self.exact_number(cell, FITTED_ON_BOOLS)
    }
}

/// The beginning of a long cell, for a message.
pub(super) fn shortened(cell: &str) -> String {
    const MOST: usize = 60;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", cell.get(..end).unwrap_or_default()),
        None => cell.to_owned(),
    }
}

/// From here on not every integer is a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn texts(cells: &[&str], is_missing: impl Fn(&str) -> bool, missing: &Scalar) -> Column<'static> {
    if !cells.iter().any(|cell| is_missing(cell)) {
        return Column::Texts(cells.iter().collect());
    }
    let scalar = |cell: &&str| match is_missing(cell) {
        true => missing.clone(),
        false => Scalar::Str((*cell).to_owned()),
    };
    Column::Objects(cells.iter().map(scalar).collect())
}

/// Numbers as a column of floats, unless one cannot be represented as a float.
pub(super) fn numbers(cells: Vec<Scalar>) -> Column<'static> {
    let floats: Option<Vec<f64>> = cells
        .iter()
        .map(|cell| match cell {
            Scalar::Float(value) => Some(*value),
            _ => None,
        })
        .collect();
    match floats {
        Some(floats) => Column::Floats(floats.into(), Precision::Double),
        None => Column::Objects(cells.into()),
    }
}

/// A cell of a column whose categories are of several types: the type of the equal category, else text.
fn as_known(cell: &str, known: &Known, decimal: u8) -> Scalar {
    if known.is_missing(cell) {
        return Scalar::Float(f64::NAN);
    }
    let text = Scalar::Str(cell.to_owned());
    if known.has_text(cell) {
        return text;
    }
    let readings = [
        cells::boolean(cell).map(Scalar::Bool),
        cells::integer(cell).map(Scalar::Int),
        cells::number(cell, decimal).map(Scalar::Float),
    ];
    readings.into_iter().flatten().find(|value| known.has(value)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(kind: Kind) -> ColumnReader {
        ColumnReader::new(Chosen { place: 0, name: "n".to_owned(), kind }, b'.')
    }

    fn read(reader: &mut ColumnReader, cells: &[&str]) -> Result<Column<'static>, WrongCell> {
        reader.read(cells.iter().copied())
    }

    #[test]
    fn a_cell_that_is_no_number_is_told() {
        let wrong = read(&mut reader(Kind::Number), &["1", "", "abc"]).expect_err("no number");
        assert_eq!(wrong.row, 2);
        assert_eq!(
            wrong.what,
            "column `n`: expected a number, since the model converts this column to numbers, found `abc`"
        );
    }

    #[test]
    fn bools_are_numbers_unless_there_are_others() {
        let mut column = reader(Kind::Number);
        let expected = Column::Floats(vec![1.0, 0.0].into(), Precision::Double);
        assert_eq!(read(&mut column, &["True", "FALSE"]), Ok(expected));
        assert_eq!(read(&mut column, &["", "2"]).expect_err("a mixture, blocks later").row, 1);
    }

    #[test]
    fn missing_text_is_nan() {
        let Ok(Column::Objects(cells)) = read(&mut reader(Kind::Text), &["a", "NA"]) else {
            panic!("an object column")
        };
        assert!(matches!(cells[1], Scalar::Float(value) if value.is_nan()));
    }
}
