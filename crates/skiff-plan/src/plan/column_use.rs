//! What a plan does with each column of its input, so that a reader of text files can parse each column
//! before it has seen the rows.

use std::sync::Arc;

use skiff_files::Scalar;

use super::{CategoryTypes, Plan, ValueId};
use crate::kernels::categories::Categories;
use crate::operators::{AnyOperator, CatFeature, CatRows, Check, Dtype, Encode, Impute, SelectColumns};
use crate::types::ColumnType;
use crate::value::{NumberType, Precision};

/// What a plan does with one column of its input. An unused column is equal to the default.
#[derive(Clone, Debug, Default)]
pub struct ColumnUse {
    /// It is converted to numbers.
    pub as_number: bool,
    /// Its cells are documents.
    pub as_document: bool,
    /// Its dtype affects the result: it is passed through, or to a function that keeps integers.
    pub as_it_is: bool,
    /// Its missing values are determined.
    pub as_presence: bool,
    /// The categories in which its values are looked up: one entry for each encoder.
    pub categories: Vec<Arc<Categories>>,
    /// The values that imputers put where one is missing.
    pub fills: Vec<Scalar>,
}

impl ColumnUse {
    /// Whether the plan uses the column.
    pub fn is_used(&self) -> bool {
        let is_read = self.as_number || self.as_document || self.as_it_is || self.as_presence;
        is_read || !self.categories.is_empty() || !self.fills.is_empty()
    }

    /// What a missing text of the column is, where the data does not say: NaN, or `None` if an encoder was fitted on that
    /// and on no NaN.
    pub fn missing_text(&self) -> Scalar {
        let types = self.categories.iter().map(|categories| categories.types());
        let types = types.reduce(CategoryTypes::or).unwrap_or_default();
        if types.none && !types.nan { Scalar::None } else { Scalar::Float(f64::NAN) }
    }

    /// The type that the column was most likely fitted as: text if the plan looks it up among categories of text, or reads it as
    /// documents, objects if the categories are neither text nor numbers, else `float64`.
    pub fn column_type(&self) -> ColumnType {
        let types = self.categories.iter().map(|categories| categories.types());
        let types = types.reduce(CategoryTypes::or).unwrap_or_default();
        let texts_are_filled_in = self.fills.iter().any(|fill| matches!(fill, Scalar::Str(_)));
        if types.others || types.texts && (types.none || types.nan) || texts_are_filled_in && !self.as_number {
            ColumnType::Objects
        } else if types.texts || self.as_document {
            ColumnType::Texts
        } else {
            ColumnType::Numbers(NumberType::Float(Precision::Double))
        }
    }
}

/// The input columns that are unchanged in a value of the plan.
#[derive(Clone, Debug)]
struct Columns {
    /// The number in the input; `None` for a column that an operator has made.
    of_input: Vec<Option<usize>>,
    names: Option<Vec<String>>,
    /// Whether every column of the value is listed at its index. Otherwise there may be other columns.
    is_exact: bool,
}

impl Plan {
    /// What the plan does with each of the `count` columns of a table, which have `names` or are counted.
    pub fn column_uses(&self, count: usize, names: Option<&[String]>) -> Vec<ColumnUse> {
        let mut walk = Walk { uses: vec![ColumnUse::default(); count], values: vec![None; self.nodes.len() + 1] };
        let of_input = (0..count).map(Some).collect();
        let names = names.filter(|names| names.len() == count).map(<[String]>::to_vec);
        walk.values[ValueId::INPUT.index()] = Some(Columns { of_input, names, is_exact: true });
        for (index, node) in self.nodes.iter().enumerate() {
            walk.values[index + 1] = walk.node(&node.operator, &node.inputs);
        }
        self.output.each(&mut |value| {
            if let Some(columns) = walk.values[value.index()].clone() {
                walk.mark(&columns, |column| column.as_it_is = true);
            }
        });
        walk.uses
    }
}

/// A pass over the nodes of a plan.
struct Walk {
    uses: Vec<ColumnUse>,
    /// The input columns in each value.
    values: Vec<Option<Columns>>,
}

impl Walk {
    /// Records what one node does, and returns the input columns in its value.
    fn node(&mut self, operator: &AnyOperator, inputs: &[ValueId]) -> Option<Columns> {
        if let AnyOperator::Concatenate(_) = operator {
            return self.concatenated(inputs);
        }
        let columns = inputs.iter().find_map(|input| self.values[input.index()].clone())?;
        match operator {
            AnyOperator::CheckTable(_) | AnyOperator::RefuseSparse(_) => Some(columns),
            AnyOperator::Check(check) => self.checked(check, columns),
            AnyOperator::SelectColumns(select) => Some(selected(select, &columns)),
            AnyOperator::NameColumns(named) => Some(Columns { names: Some(named.names.to_vec()), ..columns }),
            AnyOperator::Impute(impute) => Some(self.imputed(impute, columns)),
            AnyOperator::Encode(encode) => self.encoded(encode, &columns),
            AnyOperator::BoostedRows(rows) if columns.is_exact => {
                self.mark(&columns, |column| column.as_number = true);
                for (place, categories) in &rows.categories {
                    if let Some(Some(column)) = columns.of_input.get(*place) {
                        self.uses[*column].as_number = false;
                        self.uses[*column].categories.push(Arc::clone(categories));
                    }
                }
                None
            }
            AnyOperator::CatRows(rows) => self.featured(rows, &columns),
            AnyOperator::CountTerms(_) | AnyOperator::HashTerms(_) | AnyOperator::PreprocessTexts(_) => {
                self.end(&columns, |column| column.as_document = true)
            }
            AnyOperator::CallCustom(_) => self.end(&columns, |column| column.as_it_is = true),
            // Integers stay integers.
            AnyOperator::Ufunc(_) | AnyOperator::Binarize(_) => self.end(&columns, |column| {
                column.as_number = true;
                column.as_it_is = true;
            }),
            AnyOperator::MissingMask(_) => self.end(&columns, |column| column.as_presence = true),
            _ => self.end(&columns, |column| column.as_number = true),
        }
    }

    fn mark(&mut self, columns: &Columns, note: impl Fn(&mut ColumnUse)) {
        for &column in columns.of_input.iter().flatten() {
            note(&mut self.uses[column]);
        }
    }

    /// Notes how an operator uses columns that it makes something else of.
    fn end(&mut self, columns: &Columns, note: impl Fn(&mut ColumnUse)) -> Option<Columns> {
        self.mark(columns, note);
        None
    }

    fn checked(&mut self, check: &Check, columns: Columns) -> Option<Columns> {
        match check.dtype() {
            Dtype::Any => {
                // Nothing is converted, but NaN in a column that is not used afterwards is an error as well.
                if check.looks_for_missing() {
                    self.mark(&columns, |column| column.as_presence = true);
                }
                Some(columns)
            }
            Dtype::Numeric => {
                self.mark(&columns, |column| column.as_number = true);
                Some(columns)
            }
            Dtype::Float | Dtype::Double | Dtype::Single => self.end(&columns, |column| column.as_number = true),
        }
    }

    fn imputed(&mut self, impute: &Impute, columns: Columns) -> Columns {
        if !columns.is_exact || columns.of_input.len() != impute.fills.len() {
            self.mark(&columns, |column| column.as_it_is = true);
            return Columns { names: None, is_exact: false, ..columns };
        }
        let mut kept = Vec::new();
        for (column, fill) in columns.of_input.iter().zip(&impute.fills) {
            let Some(fill) = fill else { continue };
            if let Some(column) = column {
                self.uses[*column].fills.push(fill.clone());
            }
            kept.push(*column);
        }
        Columns { of_input: kept, names: None, is_exact: true }
    }

    fn encoded(&mut self, encode: &Encode, columns: &Columns) -> Option<Columns> {
        if !columns.is_exact || columns.of_input.len() != encode.columns.len() {
            return self.end(columns, |column| column.as_it_is = true);
        }
        for (column, categories) in columns.of_input.iter().zip(&encode.columns) {
            if let Some(column) = column {
                self.uses[*column].categories.push(Arc::clone(categories));
            }
        }
        None
    }

    /// Categories are known by their text.
    fn featured(&mut self, rows: &CatRows, columns: &Columns) -> Option<Columns> {
        let places = rows.places(columns.of_input.len(), columns.names.as_deref());
        let Some(places) = places.ok().filter(|_| columns.is_exact) else {
            return self.end(columns, |column| column.as_it_is = true);
        };
        for (place, feature) in places.into_iter().zip(&rows.features) {
            let Some(column) = columns.of_input[place] else { continue };
            match feature {
                CatFeature::Float(_) | CatFeature::Unused { is_float: true } => self.uses[column].as_number = true,
                CatFeature::Category => self.uses[column].as_document = true,
                CatFeature::Unused { is_float: false } => {}
            }
        }
        None
    }

    fn concatenated(&self, inputs: &[ValueId]) -> Option<Columns> {
        let parts: Vec<_> = inputs.iter().map(|input| self.values[input.index()].as_ref()).collect();
        let is_exact = parts.iter().all(|part| part.is_some_and(|part| part.is_exact));
        let of_input: Vec<_> = parts.into_iter().flatten().flat_map(|part| part.of_input.iter().copied()).collect();
        (!of_input.is_empty()).then_some(Columns { of_input, names: None, is_exact })
    }
}

fn selected(select: &SelectColumns, columns: &Columns) -> Columns {
    if !columns.is_exact {
        return columns.clone();
    }
    let places = select.places_in(columns.of_input.len(), columns.names.as_deref());
    // A table without these columns is an error in evaluation.
    let places = places.unwrap_or_default();
    let of_input = places.iter().map(|&place| columns.of_input.get(place).copied().flatten()).collect();
    let names = columns.names.as_ref();
    let names = names.map(|names| places.iter().filter_map(|&place| names.get(place).cloned()).collect());
    Columns { of_input, names, is_exact: true }
}
