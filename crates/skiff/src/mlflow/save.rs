//! Writing a folder that `mlflow.pyfunc.load_model` loads through skiff, without scikit-learn.

use std::fs;
use std::path::Path;

use skiff_plan::Method;

use super::{LOADER, MLMODEL};
use crate::{ConvertOptions, Converted, Error, File};

/// What a folder for MLflow says besides the model.
#[derive(Clone, Debug)]
pub struct MlflowOptions {
    /// What `predict` of the loaded `PyFuncModel` asks.
    pub method: Method,
    /// The JSON of a signature's `inputs`, `outputs` and `params`, as `ModelSignature.to_dict` of MLflow has them.
    pub signature: Vec<(String, String)>,
}

impl Default for MlflowOptions {
    fn default() -> Self {
        Self { method: Method::Predict, signature: Vec::new() }
    }
}

/// The model, next to `MLmodel`.
const MODEL: &str = "model.skiff";
/// A Python for those who have MLflow make an environment: skiff takes any since 3.9.
const PYTHON: &str = "3.12";

impl File {
    /// Writes the file's content to `folder` as a model of MLflow's: `MLmodel`, the model as a `.skiff`, and the
    /// requirements. `options` are those of the `.skiff`. The folder is created; `MLmodel` is written last.
    ///
    /// # Errors
    /// As [`File::convert`], and when the model does not have the method.
    pub fn save_mlflow(
        &self,
        folder: impl AsRef<Path>,
        mlflow: &MlflowOptions,
        options: &ConvertOptions,
    ) -> Result<Converted, Error> {
        let folder = folder.as_ref();
        // MLflow could load none that skiff cannot open, nor ask for what it has not.
        let model = self.model(None)?;
        model.plan(mlflow.method)?;
        let failed = |error: std::io::Error| Error::unwritable(error).in_file(folder);
        fs::create_dir_all(folder).map_err(failed)?;
        let converted = self.convert(folder.join(MODEL), options)?;
        let requirements = format!("mlflow\nskiff-ml=={}\n", env!("CARGO_PKG_VERSION"));
        let python = format!("python: '{PYTHON}'\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n");
        let conda = format!(
            "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n  - mlflow\n  - skiff-ml=={}\n",
            env!("CARGO_PKG_VERSION")
        );
        for (name, text) in [
            ("requirements.txt", &requirements),
            ("python_env.yaml", &python),
            ("conda.yaml", &conda),
            (MLMODEL, &mlmodel(mlflow)),
        ] {
            fs::write(folder.join(name), text).map_err(failed)?;
        }
        Ok(converted)
    }
}

fn mlmodel(options: &MlflowOptions) -> String {
    let mut text = format!(
        "flavors:\n  python_function:\n    data: {MODEL}\n    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n    \
         loader_module: {LOADER}\n    predict_fn: {}\n",
        options.method.name()
    );
    if !options.signature.is_empty() {
        text.push_str("signature:\n");
        for (part, json) in &options.signature {
            text.push_str(&format!("  {part}: '{}'\n", json.replace('\'', "''")));
        }
    }
    text
}
