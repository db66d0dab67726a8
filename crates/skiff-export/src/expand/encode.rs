//! Categories and their numbers.

use skiff_plan::kernels::categories::Categories;
use skiff_plan::operators::{Encode, EncodeTarget, OneHot, TakeNumbers};
use skiff_plan::types::ColumnType;
use skiff_plan::value::NumberType;

use super::{Block, Column, Expand, Numbers, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for Encode {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let columns = inputs[0].to_columns(builder)?;
        if columns.is_empty() {
            return Err(Reason::new("it takes a table without columns"));
        }
        let pairs = columns.iter().zip(&self.columns);
        let codes =
            pairs.map(|(column, categories)| codes(builder, *column, categories)).collect::<Result<Vec<_>, _>>()?;
        Ok(Block::ints(builder.concat(&codes, 1)))
    }
}

/// The number of the category of each value, -1 for others.
fn codes(builder: &mut Builder, column: Column, categories: &Categories) -> Result<TensorId, Reason> {
    if !matches!(column.kind, ColumnType::Numbers(_)) {
        let types = categories.types();
        if types.bools || types.ints || types.floats || types.others {
            return Err(Reason::new("its categories are of several types, which no column of a graph holds"));
        }
        let mut places: Vec<(String, i64)> =
            categories.texts().map(|(text, place)| (text.to_owned(), i64::from(place))).collect();
        places.sort_by_key(|(_, place)| *place);
        return Ok(builder.encode_strings(column.tensor, places));
    }
    let x = builder.cast(column.tensor, DType::F64);
    let numbers = categories.numbers().ok_or_else(|| Reason::new("its categories are integers beyond 2⁵³"))?;
    let unknown = builder.integer(-1);
    let codes = if numbers.is_empty() {
        let is_nan = builder.is_nan(x);
        builder.choose(is_nan, unknown, unknown)
    } else {
        let (values, places): (Vec<f64>, Vec<i64>) =
            numbers.into_iter().map(|(value, place)| (value, i64::from(place))).unzip();
        let (values, places) = (builder.row(&values), builder.integers(&places));
        let is_value = builder.equal(x, values);
        let is_value = builder.cast(is_value, DType::F64);
        let which = builder.arg_max(is_value, 1);
        let found = builder.max(is_value, 1);
        let place = builder.gather(places, which, 0);
        let is_found = builder.above(found, 0.5);
        builder.choose(is_found, place, unknown)
    };
    Ok(match categories.of_float(f64::NAN) {
        Some(place) => {
            let (is_nan, place) = (builder.is_nan(x), builder.integer(i64::from(place)));
            builder.choose(is_nan, place, codes)
        }
        None => codes,
    })
}

/// The elements of a table at the numbers of categories; the last one for what has no category.
fn looked_up(builder: &mut Builder, codes: TensorId, table: TensorId, len: usize) -> TensorId {
    let last = i64::try_from(len).unwrap_or(i64::MAX) - 1;
    let (zero, last) = (builder.integer(0), builder.integer(last));
    let is_unknown = builder.less(codes, zero);
    let places = builder.choose(is_unknown, last, codes);
    builder.gather(table, places, 0)
}

impl Expand for OneHot {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let codes = inputs[0].numbers()?.tensor;
        if self.width == 0 {
            return Err(Reason::new("it returns a table without columns"));
        }
        let none = -1;
        let mut groups = Vec::with_capacity(self.targets.len());
        let mut next = 0;
        for (column, targets) in self.targets.iter().enumerate() {
            let places: Vec<i64> =
                targets.iter().map(|&target| if target == Self::NONE { none } else { i64::from(target) }).collect();
            let mut own: Vec<i64> = places.iter().copied().filter(|&place| place != none).collect();
            own.sort_unstable();
            own.dedup();
            if own.is_empty() {
                continue;
            }
            // Each feature's columns lie next to each other, in the order of the features.
            let end = next + i64::try_from(own.len()).unwrap_or(i64::MAX);
            if !own.iter().copied().eq(next..end) {
                return Err(Reason::new("its columns are not in the order of the features"));
            }
            next = end;
            let code = builder.column(codes, column);
            let table = builder.integers(&places);
            let target = looked_up(builder, code, table, places.len());
            let own = builder.integers(&own);
            groups.push(builder.equal(target, own));
        }
        let ones = builder.concat(&groups, 1);
        let of = if matches!(self.dtype, NumberType::Int(_)) { DType::I64 } else { DType::F64 };
        Ok(Numbers { tensor: builder.cast(ones, of), dtype: self.dtype, sparse: self.sparse }.into())
    }
}

impl Expand for TakeNumbers {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let codes = inputs[0].numbers()?.tensor;
        let columns: Vec<TensorId> = self
            .tables
            .iter()
            .enumerate()
            .map(|(column, values)| {
                let code = builder.column(codes, column);
                let table = builder.row(values);
                looked_up(builder, code, table, values.len())
            })
            .collect();
        if columns.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        let numbers = builder.concat(&columns, 1);
        let tensor = match self.dtype {
            NumberType::Float(precision) => builder.rounded(numbers, precision),
            NumberType::Int(_) => builder.cast(numbers, DType::I64),
        };
        Ok(Numbers { tensor, dtype: self.dtype, sparse: false }.into())
    }
}

impl Expand for EncodeTarget {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let codes = inputs[0].numbers()?.tensor;
        let mut columns = Vec::with_capacity(self.encodings.len());
        for (feature, encodings) in self.encodings.chunks(self.means.len().max(1)).enumerate() {
            let code = builder.column(codes, feature);
            for (encoding, &mean) in encodings.iter().zip(&self.means) {
                let values: Vec<f64> = encoding.iter().copied().chain([mean]).collect();
                let table = builder.row(&values);
                columns.push(looked_up(builder, code, table, values.len()));
            }
        }
        Ok(Block::doubles(builder.concat(&columns, 1)))
    }
}
