//! What CatBoost makes of a table before it looks at numbers.

use std::borrow::Cow;
use std::sync::Arc;

use skiff_files::Scalar;

use crate::kernels::city_hash::city_hash64;
use crate::operators::Operator;
use crate::table::Column;
use crate::value::{Columns, IntKind, Matrix, Precision, Value};
use crate::{InputError, InputErrorKind};

/// The features of a model as columns of numbers: `float32` values, and of each category the lower half of the hash of its
/// text.
#[derive(Debug)]
pub struct CatRows {
    /// The features that the model was fitted on, in the order of its columns.
    pub features: Vec<CatFeature>,
    /// The columns' names, where it was fitted on a DataFrame.
    pub names: Option<Arc<[String]>>,
}

/// A feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatFeature {
    /// A number.
    Float(CatMissing),
    /// A category: an integer, or text.
    Category,
    /// One that no tree asks for: numbers if `is_float`.
    Unused {
        /// Whether numbers are expected all the same.
        is_float: bool,
    },
}

/// What NaN is, beside the borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatMissing {
    /// Not above any.
    AsIs,
    /// Minus infinity.
    Least,
    /// Infinity.
    Greatest,
}

impl CatMissing {
    fn number(self, value: f64) -> f64 {
        match self {
            Self::Least if value.is_nan() => f64::NEG_INFINITY,
            Self::Greatest if value.is_nan() => f64::INFINITY,
            _ => value,
        }
    }
}

impl CatRows {
    /// How many columns come out: one for each feature that is used.
    pub fn width(&self) -> usize {
        self.features.iter().filter(|feature| !matches!(feature, CatFeature::Unused { .. })).count()
    }

    /// The features that come out, each with its place among all.
    fn used(&self) -> impl Iterator<Item = (usize, CatFeature)> + '_ {
        let all = self.features.iter().copied().enumerate();
        all.filter(|(_, feature)| !matches!(feature, CatFeature::Unused { .. }))
    }

    fn name(&self, place: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(place)) {
            Some(name) => format!("`{name}`"),
            None => format!("number {place}"),
        }
    }

    /// Which column of a table of `count` columns each feature is: by its name where both have names, else by its place.
    ///
    /// # Errors
    /// When the table lacks one of them.
    pub(crate) fn places(&self, count: usize, found: Option<&[String]>) -> Result<Vec<usize>, InputError> {
        let expected = self.features.len();
        let (Some(names), Some(found)) = (&self.names, found) else {
            return match count >= expected {
                true => Ok((0..expected).collect()),
                false => Err(InputError::new(InputErrorKind::FeatureCount { expected, found: count })),
            };
        };
        // One column of another name, and CatBoost goes by the places, where it then misses a name.
        let place = |name: &String| found.iter().position(|found| found == name);
        let places: Vec<_> = names.iter().map(place).collect();
        let missing = places.iter().zip(names.iter()).filter(|(place, _)| place.is_none());
        let missing: Vec<_> = missing.map(|(_, name)| name.clone()).collect();
        match places.into_iter().collect::<Option<Vec<usize>>>() {
            Some(places) => {
                match places.iter().enumerate().find(|&(feature, &place)| self.is_misplaced(feature, place)) {
                    None => Ok(places),
                    Some((feature, _)) => {
                        let what =
                            "CatBoost takes categories and numbers by their places, which other columns have here";
                        Err(InputError::refused(format!("column {}: {what}", self.name(feature))))
                    }
                }
            }
            None => Err(InputError::new(InputErrorKind::FeatureNames { unexpected: Vec::new(), missing })),
        }
    }

    /// Whether a table has numbers where it should have the categories of a feature, or the other way round.
    fn is_misplaced(&self, feature: usize, place: usize) -> bool {
        let is_category = |place: usize| {
            matches!(self.features.get(place), Some(CatFeature::Category | CatFeature::Unused { is_float: false }))
        };
        is_category(feature) != is_category(place)
    }

    fn dense(&self, rows: usize, cols: usize, at: impl Fn(usize, usize) -> f64) -> Result<Value<'static>, InputError> {
        let places = self.places(cols, None)?;
        let width = self.width();
        let mut data = Vec::with_capacity(rows * width);
        for row in 0..rows {
            for (feature, kind) in self.used() {
                let value = Precision::Single.round(at(row, places[feature]));
                data.push(match kind {
                    CatFeature::Float(missing) => missing.number(value),
                    CatFeature::Category | CatFeature::Unused { .. } => value,
                });
            }
        }
        Ok(Value::Floats(Matrix::new(rows, width, data), Precision::Double))
    }

    fn table(&self, columns: &Columns<'_>) -> Result<Value<'static>, InputError> {
        let places = self.places(columns.columns.len(), columns.names.as_deref())?;
        let (rows, width) = (columns.rows, self.width());
        let mut data = vec![0.0; rows * width];
        for (&place, feature) in places.iter().zip(&self.features) {
            if let CatFeature::Unused { is_float: true } = feature {
                // CatBoost converts what no tree asks for as well.
                self.numbers(place, &columns.columns[place], CatMissing::AsIs, |_, _| {})?;
            }
        }
        for (target, (feature, kind)) in self.used().enumerate() {
            let column = &columns.columns[places[feature]];
            let put = |row: usize, value: f64| data[row * width + target] = value;
            match kind {
                CatFeature::Float(missing) => self.numbers(feature, column, missing, put)?,
                CatFeature::Category => self.hashes(feature, column, put)?,
                CatFeature::Unused { .. } => {}
            }
        }
        Ok(Value::Floats(Matrix::new(rows, width, data), Precision::Double))
    }

    fn numbers(
        &self,
        feature: usize,
        column: &Column<'_>,
        missing: CatMissing,
        mut put: impl FnMut(usize, f64),
    ) -> Result<(), InputError> {
        let number = |value: f64| missing.number(Precision::Single.round(value));
        let bad = |row: usize, value: &str| {
            let what = format!("column {}: cannot convert {value:?} to float", self.name(feature));
            InputError::refused(what).in_row(row)
        };
        match column {
            Column::Floats(values, _) => values.iter().enumerate().for_each(|(row, &value)| put(row, number(value))),
            Column::Ints(values, _) => {
                values.iter().enumerate().for_each(|(row, &value)| put(row, number(to_f64(value))));
            }
            Column::Texts(texts) => {
                for (row, text) in texts.iter().enumerate() {
                    put(row, number(parse(text).ok_or_else(|| bad(row, text))?));
                }
            }
            Column::Objects(values) => {
                for (row, value) in values.iter().enumerate() {
                    let value = match value {
                        Scalar::None => Some(f64::NAN),
                        Scalar::Str(text) => parse(text),
                        other => other.as_f64(),
                    };
                    put(row, number(value.ok_or_else(|| bad(row, &values[row].to_string()))?));
                }
            }
        }
        Ok(())
    }

    fn hashes(&self, feature: usize, column: &Column<'_>, mut put: impl FnMut(usize, f64)) -> Result<(), InputError> {
        let bad = |row: usize, value: &dyn std::fmt::Display| {
            let what = "categories must be integers or text; write numbers with a fraction and missing values as text";
            InputError::refused(format!("column {}: {value} is no category: {what}", self.name(feature))).in_row(row)
        };
        let mut put_text = |row: usize, text: &[u8]| put(row, f64::from(category_hash(text)));
        match column {
            Column::Floats(values, _) => match values.first() {
                Some(value) => Err(bad(0, value)),
                None => Ok(()),
            },
            Column::Ints(values, kind) => {
                for (row, &value) in values.iter().enumerate() {
                    put_text(row, integer(value, *kind).as_bytes());
                }
                Ok(())
            }
            Column::Texts(texts) => {
                texts.iter().enumerate().for_each(|(row, text)| put_text(row, text.as_bytes()));
                Ok(())
            }
            Column::Objects(values) => {
                for (row, value) in values.iter().enumerate() {
                    match value {
                        Scalar::Str(text) => put_text(row, text.as_bytes()),
                        Scalar::Bytes(bytes) => put_text(row, bytes),
                        Scalar::Int(value) => put_text(row, value.to_string().as_bytes()),
                        Scalar::BigInt(digits) => put_text(row, digits.as_bytes()),
                        Scalar::Bool(value) => put_text(row, if *value { b"1" } else { b"0" }),
                        other => return Err(bad(row, other)),
                    }
                }
                Ok(())
            }
        }
    }
}

/// CatBoost's number of a category.
pub fn category_hash(text: &[u8]) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what CatBoost takes")]
    let hash = city_hash64(text) as u32;
    hash
}

fn integer(value: i64, kind: IntKind) -> String {
    match kind {
        IntKind::Int { bytes: 8, signed: false } => value.cast_unsigned().to_string(),
        _ => value.to_string(),
    }
}

/// A number in text, as CatBoost reads it: a text that says that a value is missing is NaN.
fn parse(text: &str) -> Option<f64> {
    const MISSING: &[&str] = &[
        "", "nan", "NaN", "NAN", "NA", "Na", "na", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan",
        "1.#IND", "1.#QNAN", "N/A", "NULL", "null", "Null", "-", "none", "None", "NONE",
    ];
    if MISSING.contains(&text) {
        return Some(f64::NAN);
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|_| is_plain)
}

#[expect(clippy::cast_precision_loss, reason = "numpy's astype(float32) rounds as well")]
fn to_f64(value: i64) -> f64 {
    value as f64
}

impl Operator for CatRows {
    const NAME: &'static str = "cat_rows";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let has_categories = self.features.contains(&CatFeature::Category);
        match inputs[0] {
            Value::Floats(..) | Value::Sparse(_) if has_categories => Err(InputError::refused(
                "the model has categorical features, which an array of floats cannot hold: use an array of integers or of \
                 objects, or a DataFrame",
            )),
            Value::Floats(x, _) => self.dense(x.rows, x.cols, |row, col| x.row(row)[col]),
            Value::Ints(x, kind) if has_categories => {
                let column = |col: usize| {
                    let values: Vec<i64> = x.iter_rows().map(|row| row[col]).collect();
                    Column::Ints(Cow::Owned(values), *kind)
                };
                let columns = (0..x.cols).map(column).collect();
                self.table(&Columns { rows: x.rows, names: None, origins: None, columns })
            }
            Value::Ints(x, _) => self.dense(x.rows, x.cols, |row, col| to_f64(x.row(row)[col])),
            Value::Sparse(csr) => {
                let x = csr.to_dense();
                self.dense(x.rows, x.cols, |row, col| x.row(row)[col])
            }
            Value::Columns(columns) => self.table(columns),
            other => Err(InputError::wrong_kind("numbers and categories", other)),
        }
    }

    fn describe(&self) -> String {
        let categories = self.features.iter().filter(|feature| **feature == CatFeature::Category).count();
        format!("{} features, {} used, {categories} of categories", self.features.len(), self.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_have_catboosts_numbers() {
        // Values of one-hot features of fitted models.
        for (text, expected) in [
            ("1", 1_121_341_681),
            ("déjà", 1_141_825_234),
            ("a colour", 1_613_159_463),
            ("twelve bytes", 1_154_196_004),
            ("twenty bytes of text", 3_347_480_482),
            ("some text of forty bytes, not one more..", 3_614_651_015),
            (&"k".repeat(100), 3_318_239_580),
        ] {
            assert_eq!(category_hash(text.as_bytes()), expected, "{text}");
        }
    }
}
