//! Hive partitions: columns whose value is in the name of the folder, `year=2024/part-0.parquet`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, StringArray, new_null_array};
use arrow_schema::DataType;

/// What Hive calls the folder of a null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A column that has one value in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The column's name.
    pub name: String,
    /// Its value; `None` if it is null.
    pub value: Option<String>,
}

impl Partition {
    /// The partition that a folder of this name is.
    pub fn of_folder(name: &str) -> Option<Self> {
        let (name, value) = name.split_once('=').filter(|(name, _)| !name.is_empty())?;
        let value = (value != NULL).then(|| decoded(value));
        Some(Self { name: decoded(name), value })
    }

    /// Whether it may be a column of integers.
    pub fn is_integer(&self) -> bool {
        self.value.as_ref().is_none_or(|value| value.parse::<i32>().is_ok())
    }

    /// The column for so many rows.
    pub fn array(&self, data_type: &DataType, rows: usize) -> ArrayRef {
        match &self.value {
            None => new_null_array(data_type, rows),
            Some(value) if *data_type == DataType::Int32 => {
                Arc::new(Int32Array::from_value(value.parse().unwrap_or_default(), rows))
            }
            Some(value) => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows))),
        }
    }
}

/// The type of a partition column in pandas: integers if all values are, else text.
pub fn data_type<'p>(mut values: impl Iterator<Item = &'p Partition>) -> DataType {
    if values.all(Partition::is_integer) { DataType::Int32 } else { DataType::Utf8 }
}

/// Percent-decoded text.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_a_column_and_its_value() {
        let partition = |folder: &str| Partition::of_folder(folder).map(|partition| (partition.name, partition.value));
        assert_eq!(partition("year=2024"), Some(("year".to_owned(), Some("2024".to_owned()))));
        assert_eq!(partition("a%20b=x%3Dy%"), Some(("a b".to_owned(), Some("x=y%".to_owned()))));
        assert_eq!(partition("k=__HIVE_DEFAULT_PARTITION__"), Some(("k".to_owned(), None)));
        assert_eq!(partition("data"), None);
        assert_eq!(partition("=3"), None);
    }
}
