//! The cells of an array, through its dictionary where it has one.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};

/// An array, or the values of a dictionary with the place of each row's value.
pub struct Cells<'a> {
    array: &'a dyn Array,
    /// The values: the array itself without a dictionary.
    pub values: &'a dyn Array,
    places: Option<Vec<usize>>,
    /// Whether any row is null.
    pub has_nulls: bool,
}

impl<'a> Cells<'a> {
    pub fn of(array: &'a ArrayRef) -> Self {
        let has_nulls = array.logical_null_count() > 0;
        match array.as_any_dictionary_opt() {
            None => Self { array, values: array, places: None, has_nulls },
            Some(dictionary) => {
                let values: &'a dyn Array = dictionary.values();
                // A dictionary without values has rows only if all of them are null.
                let places = if values.is_empty() { Vec::new() } else { dictionary.normalized_keys() };
                Self { array, values, places: Some(places), has_nulls }
            }
        }
    }

    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether the values are the rows, all of them there.
    pub fn is_plain(&self) -> bool {
        self.places.is_none() && !self.has_nulls
    }

    /// The place in `values` of a row; `None` if it is null.
    pub fn place(&self, row: usize) -> Option<usize> {
        if self.has_nulls && self.array.is_null(row) {
            return None;
        }
        match &self.places {
            None => Some(row),
            Some(places) => places.get(row).copied().filter(|&place| !self.values.is_null(place)),
        }
    }

    /// Each row, or `None` where it is null.
    pub fn places(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        (0..self.len()).map(|row| self.place(row))
    }

    /// The numbers of each row, by `of`; `missing` where it is null.
    pub fn numbers<T: ArrowPrimitiveType, N>(&self, of: impl Fn(T::Native) -> N, missing: impl Fn() -> N) -> Vec<N> {
        let values = self.values.as_primitive::<T>().values();
        if self.is_plain() {
            return values.iter().map(|&value| of(value)).collect();
        }
        self.places().map(|place| place.map_or_else(&missing, |place| of(values[place]))).collect()
    }
}
