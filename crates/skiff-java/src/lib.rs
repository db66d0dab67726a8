//! The native methods of `io.github.skiffml.Native`, which the classes in `java/` call and users do not: they take what
//! those have checked, and return arrays or throw a `SkiffException`.
#![expect(missing_docs, reason = "methods of Java, which Native.java documents")]

mod answer;
mod error;
mod models;
mod rows;

use std::path::Path;

use jni::objects::{JByteArray, JClass, JIntArray, JObject, JObjectArray, JString};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned, jni_mangle};
use skiff::Method;
use skiff_embed::{EmbeddedModel, Opening, guarded};

use error::{Thrown, ThrownAsSkiffException};

/// The string, or `None` for `null`.
fn text(env: &Env<'_>, text: &JString<'_>) -> Result<Option<String>, Thrown> {
    if text.is_null() { Ok(None) } else { Ok(Some(text.try_to_string(env)?)) }
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn open<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    path: JString<'local>,
    content: JByteArray<'local>,
    at: JString<'local>,
    passphrase: JString<'local>,
    identity: JString<'local>,
) -> jlong {
    let open = |env: &mut Env<'local>| -> Result<jlong, Thrown> {
        let (at, passphrase, identity) = (text(env, &at)?, text(env, &passphrase)?, text(env, &identity)?);
        let path = text(env, &path)?;
        let content = if path.is_none() { env.convert_byte_array(&content)? } else { Vec::new() };
        let model = guarded(|| {
            let opening =
                Opening { at: at.as_deref(), passphrase: passphrase.as_deref(), identity: identity.as_deref() };
            match path {
                Some(path) => EmbeddedModel::open(Path::new(&path), &opening),
                None => EmbeddedModel::read(content, &opening),
            }
        })?;
        Ok(models::add(model))
    };
    env.with_env(open).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn close<'local>(_: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) {
    models::remove(handle);
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn inspect<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) -> JString<'local> {
    let inspect = |env: &mut Env<'local>| -> Result<_, Thrown> {
        let model = models::get(handle)?;
        Ok(env.new_string(guarded(|| Ok(model.inspect().to_string()))?)?)
    };
    env.with_env(inspect).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn signature<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) -> JString<'local> {
    let signature = |env: &mut Env<'local>| -> Result<_, Thrown> {
        let model = models::get(handle)?;
        Ok(env.new_string(guarded(|| Ok(model.signature().to_string()))?)?)
    };
    env.with_env(signature).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn methods<'local>(mut env: EnvUnowned<'local>, _: JClass<'local>, handle: jlong) -> JObject<'local> {
    let methods = |env: &mut Env<'local>| -> Result<JObject<'local>, Thrown> {
        let names = models::get(handle)?.model.methods().into_iter().map(Method::name);
        Ok(answer::strings(env, names)?.into())
    };
    env.with_env(methods).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn call_numbers<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    method: JString<'local>,
    arguments: JString<'local>,
    n_rows: jint,
    n_columns: jint,
    numbers: JObject<'local>,
) -> JObject<'local> {
    let call = |env: &mut Env<'local>| -> Result<JObject<'local>, Thrown> {
        let model = models::get(handle)?;
        let method = model.method(&text(env, &method)?.unwrap_or_default())?;
        let arguments = skiff_embed::arguments(text(env, &arguments)?.as_deref())?;
        let table = rows::numbers(env, n_rows, n_columns, numbers)?;
        answer::arrays(env, guarded(|| model.call(method, &arguments, &table))?)
    };
    env.with_env(call).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn call_columns<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    method: JString<'local>,
    arguments: JString<'local>,
    n_rows: jint,
    names: JObjectArray<'local, JString<'local>>,
    columns: JObjectArray<'local, JObject<'local>>,
) -> JObject<'local> {
    let call = |env: &mut Env<'local>| -> Result<JObject<'local>, Thrown> {
        let model = models::get(handle)?;
        let method = model.method(&text(env, &method)?.unwrap_or_default())?;
        let arguments = skiff_embed::arguments(text(env, &arguments)?.as_deref())?;
        let table = rows::columns(env, &model, method, n_rows, &names, &columns)?;
        answer::arrays(env, guarded(|| model.call(method, &arguments, &table))?)
    };
    env.with_env(call).resolve::<ThrownAsSkiffException>()
}

#[jni_mangle("io.github.skiffml.Native")]
pub fn call_sparse<'local>(
    mut env: EnvUnowned<'local>,
    _: JClass<'local>,
    handle: jlong,
    method: JString<'local>,
    arguments: JString<'local>,
    n_rows: jint,
    n_columns: jint,
    indptr: JIntArray<'local>,
    indices: JIntArray<'local>,
    data: JObject<'local>,
) -> JObject<'local> {
    let call = |env: &mut Env<'local>| -> Result<JObject<'local>, Thrown> {
        let model = models::get(handle)?;
        let method = model.method(&text(env, &method)?.unwrap_or_default())?;
        let arguments = skiff_embed::arguments(text(env, &arguments)?.as_deref())?;
        let table = rows::sparse(env, n_rows, n_columns, &indptr, &indices, data)?;
        answer::arrays(env, guarded(|| model.call(method, &arguments, &table))?)
    };
    env.with_env(call).resolve::<ThrownAsSkiffException>()
}
