//! Failures as Java's exceptions.

use std::any::Any;

use jni::errors::{Error, ErrorPolicy};
use jni::objects::{JThrowable, JValue};
use jni::{Env, jni_sig, jni_str};
use skiff_embed::Failure;

/// Why a native method does not return.
#[derive(Debug)]
pub(crate) enum Thrown {
    Skiff(Failure),
    /// Java's own: it has thrown already, or something is wrong with an argument.
    Jni(Error),
}

impl From<Failure> for Thrown {
    fn from(failure: Failure) -> Self {
        Self::Skiff(failure)
    }
}

impl From<Error> for Thrown {
    fn from(error: Error) -> Self {
        Self::Jni(error)
    }
}

/// Throws a `SkiffException` with the code and the message, unless an exception waits already.
pub(crate) struct ThrownAsSkiffException;

impl<T: Default> ErrorPolicy<T, Thrown> for ThrownAsSkiffException {
    type Captures<'unowned_env_local: 'native_method, 'native_method> = ();

    fn on_error<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        (): &mut Self::Captures<'unowned_env_local, 'native_method>,
        thrown: Thrown,
    ) -> Result<T, Error> {
        if !env.exception_check() {
            let failure = match thrown {
                Thrown::Skiff(failure) => failure,
                Thrown::Jni(error) => Failure { code: "internal", message: format!("JNI: {error}") },
            };
            throw(env, &failure)?;
        }
        Ok(T::default())
    }

    fn on_panic<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        (): &mut Self::Captures<'unowned_env_local, 'native_method>,
        _: Box<dyn Any + Send + 'static>,
    ) -> Result<T, Error> {
        let message = "this is a fault of skiff; standard error has the details";
        throw(env, &Failure { code: "internal", message: message.to_owned() })?;
        Ok(T::default())
    }
}

fn throw(env: &mut Env<'_>, failure: &Failure) -> Result<(), Error> {
    let (code, message) = (env.new_string(failure.code)?, env.new_string(&failure.message)?);
    let class = env.find_class(jni_str!("io/github/skiffml/SkiffException"))?;
    let arguments = [JValue::Object(&code), JValue::Object(&message)];
    let exception = env.new_object(class, jni_sig!((JString, JString) -> void), &arguments)?;
    let exception = env.cast_local::<JThrowable>(exception)?;
    match env.throw(exception) {
        // That is how it says that it has thrown.
        Err(Error::JavaException) => Ok(()),
        other => other,
    }
}
