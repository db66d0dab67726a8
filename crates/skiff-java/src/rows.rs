//! Rows as Java has them: an array of numbers, or arrays as columns.

use std::sync::Arc;

use jni::Env;
use jni::errors::Error;
use jni::objects::{JBooleanArray, JDoubleArray, JFloatArray, JIntArray, JLongArray, JObject, JObjectArray, JString};
use jni::sys::jint;
use skiff::table::{Column, Elements};
use skiff::value::{IntKind, Precision};
use skiff::{Method, Table};
use skiff_embed::{EmbeddedModel, Failure, dense, texts};

use crate::error::Thrown;

fn length(length: jint) -> Result<usize, Failure> {
    usize::try_from(length).map_err(|_| Failure::argument(format!("expected a number of rows, found {length}")))
}

/// A `double[]` or `float[]`, row after row.
pub(crate) fn numbers<'local>(
    env: &mut Env<'local>,
    n_rows: jint,
    n_columns: jint,
    numbers: JObject<'local>,
) -> Result<Table<'static>, Thrown> {
    let (n_rows, n_columns) = (length(n_rows)?, length(n_columns)?);
    let elements = match column(env, numbers)? {
        Column::Floats(all, Precision::Double) => Elements::F64(all),
        #[expect(clippy::cast_possible_truncation, reason = "they came as floats of Java, which are float32")]
        Column::Floats(all, Precision::Single) => Elements::F32(all.iter().map(|&one| one as f32).collect()),
        _ => return Err(Failure::argument("expected an array of doubles or floats").into()),
    };
    Ok(dense(n_rows, n_columns, elements)?)
}

/// Sparse rows in CSR form; the data are a `double[]` or `float[]`.
pub(crate) fn sparse<'local>(
    env: &mut Env<'local>,
    n_rows: jint,
    n_columns: jint,
    indptr: &JIntArray<'local>,
    indices: &JIntArray<'local>,
    data: JObject<'local>,
) -> Result<Table<'static>, Thrown> {
    let shape = (length(n_rows)?, length(n_columns)?);
    let indptr: Vec<usize> = indexes(env, indptr, "indptr")?;
    let indices: Vec<u32> = indexes(env, indices, "indices")?;
    match column(env, data)? {
        Column::Floats(all, precision) => Ok(skiff_embed::sparse(shape, indptr, indices, all, precision)?),
        _ => Err(Failure::argument("expected an array of doubles or floats").into()),
    }
}

/// The elements of an `int[]`, none of which may be negative.
fn indexes<T: TryFrom<jint>>(env: &Env<'_>, array: &JIntArray<'_>, name: &str) -> Result<Vec<T>, Thrown> {
    if array.is_null() {
        return Err(Failure::argument(format!("expected an array as `{name}`, found null")).into());
    }
    let mut elements = vec![0; array.len(env)?];
    array.get_region(env, 0, &mut elements)?;
    let index = |index: jint| {
        T::try_from(index).map_err(|_| Failure::argument(format!("expected indices in `{name}`, found {index}")).into())
    };
    elements.into_iter().map(index).collect()
}

/// Arrays of one length; `names` may be null.
pub(crate) fn columns<'local>(
    env: &mut Env<'local>,
    model: &EmbeddedModel,
    method: Method,
    n_rows: jint,
    names: &JObjectArray<'local, JString<'local>>,
    columns: &JObjectArray<'local, JObject<'local>>,
) -> Result<Table<'static>, Thrown> {
    let names: Option<Arc<[String]>> = if names.is_null() {
        None
    } else {
        let names = strings(env, names)?.into_iter().collect::<Option<Vec<_>>>();
        Some(names.ok_or_else(|| Failure::argument("the name of a column is null"))?.into())
    };
    let mut all = Vec::new();
    for index in 0..columns.len(env)? {
        let array = columns.get_element(env, index)?;
        all.push(column(env, array)?);
    }
    Ok(skiff_embed::columns(model, method, length(n_rows)?, names, all)?)
}

/// An array as a column of its type.
fn column<'local>(env: &mut Env<'local>, array: JObject<'local>) -> Result<Column<'static>, Thrown> {
    /// The elements, if the array is one of this type.
    macro_rules! elements {
        ($array:ty, $zero:expr) => {
            match env.as_cast::<$array>(&array) {
                Ok(array) => {
                    let mut elements = vec![$zero; array.len(env)?];
                    array.get_region(env, 0, &mut elements)?;
                    Some(elements)
                }
                Err(Error::WrongObjectType) => None,
                Err(other) => return Err(other.into()),
            }
        };
    }
    if array.is_null() {
        return Err(Failure::argument("expected an array, found null").into());
    }
    if let Some(all) = elements!(JDoubleArray, 0.0) {
        return Ok(Column::Floats(all.into(), Precision::Double));
    }
    if let Some(all) = elements!(JFloatArray, 0.0) {
        return Ok(Column::Floats(all.into_iter().map(f64::from).collect(), Precision::Single));
    }
    if let Some(all) = elements!(JLongArray, 0) {
        return Ok(Column::Ints(all.into(), IntKind::I64));
    }
    if let Some(all) = elements!(JIntArray, 0) {
        return Ok(Column::Ints(all.into_iter().map(i64::from).collect(), IntKind::Int { bytes: 4, signed: true }));
    }
    if let Some(all) = elements!(JBooleanArray, false) {
        return Ok(Column::Ints(all.into_iter().map(i64::from).collect(), IntKind::Bool));
    }
    let array = env.cast_local::<JObjectArray<JString>>(array)?;
    let cells = strings(env, &array)?;
    Ok(texts(cells.iter().map(Option::as_deref)))
}

/// The strings of an array; `None` for null among them.
fn strings<'local>(
    env: &mut Env<'local>,
    array: &JObjectArray<'local, JString<'local>>,
) -> Result<Vec<Option<String>>, Thrown> {
    let mut all = Vec::new();
    for index in 0..array.len(env)? {
        let string = array.get_element(env, index)?;
        all.push(crate::text(env, &string)?);
        // There may be millions, and references last until the method returns.
        env.delete_local_ref(string);
    }
    Ok(all)
}
