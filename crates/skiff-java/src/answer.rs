//! Answers as Java's arrays.

use jni::Env;
use jni::objects::{JDoubleArray, JFloatArray, JLongArray, JObject, JObjectArray, JString};
use skiff::arrays::{Elements, NamedArray};
use skiff_embed::{Failure, dtype};

use crate::error::Thrown;

/// For each array four elements of an `Object[]`: name, dtype, shape (`long[]`) and elements: `double[]`, `float[]`,
/// `String[]`, or `long[]` for integers and bools.
pub(crate) fn arrays<'local>(env: &mut Env<'local>, arrays: Vec<NamedArray>) -> Result<JObject<'local>, Thrown> {
    let all = JObjectArray::<JObject>::new(env, arrays.len() * 4, JObject::null())?;
    for (index, NamedArray { name, shape, elements }) in arrays.into_iter().enumerate() {
        let shape: Vec<i64> = shape.into_iter().map(|length| i64::try_from(length).unwrap_or(i64::MAX)).collect();
        let parts: [JObject<'local>; 4] = [
            env.new_string(&name)?.into(),
            env.new_string(dtype(&elements))?.into(),
            longs(env, &shape)?,
            of_elements(env, elements)?,
        ];
        for (part, object) in parts.into_iter().enumerate() {
            all.set_element(env, index * 4 + part, &object)?;
            env.delete_local_ref(object);
        }
    }
    Ok(all.into())
}

fn of_elements<'local>(env: &mut Env<'local>, elements: Elements) -> Result<JObject<'local>, Thrown> {
    Ok(match elements {
        Elements::F64(all) => {
            let array = JDoubleArray::new(env, fits(all.len())?)?;
            array.set_region(env, 0, &all)?;
            array.into()
        }
        Elements::F32(all) => {
            let array = JFloatArray::new(env, fits(all.len())?)?;
            array.set_region(env, 0, &all)?;
            array.into()
        }
        Elements::Ints(all, _) => longs(env, &all)?,
        Elements::Texts(all) => strings(env, all.iter().map(String::as_str))?.into(),
    })
}

fn longs<'local>(env: &mut Env<'local>, all: &[i64]) -> Result<JObject<'local>, Thrown> {
    let array = JLongArray::new(env, fits(all.len())?)?;
    array.set_region(env, 0, all)?;
    Ok(array.into())
}

/// A `String[]`.
pub(crate) fn strings<'local, 't>(
    env: &mut Env<'local>,
    all: impl ExactSizeIterator<Item = &'t str>,
) -> Result<JObjectArray<'local, JString<'local>>, Thrown> {
    let array = JObjectArray::<JString>::new(env, fits(all.len())?, JString::null())?;
    for (index, text) in all.enumerate() {
        let string = env.new_string(text)?;
        array.set_element(env, index, &string)?;
        // There may be millions, and references last until the method returns.
        env.delete_local_ref(string);
    }
    Ok(array)
}

/// The length of an array of Java.
fn fits(length: usize) -> Result<usize, Failure> {
    if i32::try_from(length).is_ok() {
        return Ok(length);
    }
    let message = format!("the answer has {length} elements, more than an array of Java: ask for fewer rows");
    Err(Failure { code: "limit", message })
}
