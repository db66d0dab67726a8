//! A request of Open Inference Protocol, however it came: which methods are asked about which table.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use skiff::types::ValueType;
use skiff::{Method, Params, Scalar, Table};

use crate::error::ApiError;
use crate::predict::{Question, ask};
use crate::repository::Loaded;
use crate::shared::SharedArc;
use crate::tensor::{self, Tensor};

/// The arrays of the outputs that are asked for, in the order of their methods; without any, those of the first method.
pub(crate) async fn infer(
    shared: &SharedArc,
    loaded: &Arc<Loaded>,
    outputs: &[&str],
    parameters: Option<&Map<String, Json>>,
    inputs: Vec<Tensor>,
) -> Result<Vec<Tensor>, ApiError> {
    let questions = questions(loaded, outputs, &method_params(parameters)?)?;
    let table = table(loaded, inputs)?;
    let mut tensors = Vec::new();
    for (method, answer) in ask(shared, loaded, questions, table).await? {
        tensors.extend(tensor::tensors(method.name(), answer)?);
    }
    if !outputs.is_empty() {
        // A method may have been asked for one of its several arrays.
        tensors.retain(|tensor| outputs.iter().any(|output| is_asked(output, &tensor.name)));
    }
    Ok(tensors)
}

/// Whether the array `tensor` is one of the output `asked`: the whole method, or itself.
fn is_asked(asked: &str, tensor: &str) -> bool {
    tensor == asked || tensor.strip_prefix(asked).is_some_and(|rest| rest.starts_with(['_', ':']))
}

/// Triton's parameter of tensors that lie in memory which client and server share.
pub(crate) const SHARED_MEMORY: &str = "shared_memory_region";
pub(crate) const NO_SHARED_MEMORY: &str = "shared memory is not supported; send the elements";

/// Refuses what Triton could do with an output and skiff cannot.
pub(crate) fn refuse_output_parameters<'a>(
    output: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ApiError> {
    for name in names {
        let what = match name.as_str() {
            "classification" => "the classification extension is not supported; ask for `predict_proba`",
            SHARED_MEMORY => NO_SHARED_MEMORY,
            _ => continue,
        };
        return Err(ApiError::bad_request(format!("output `{output}`: {what}")));
    }
    Ok(())
}

/// Parameters of the protocol's and of Triton's that are not of the method.
const PROTOCOL_PARAMETERS: [&str; 9] = [
    "binary_data_output",
    "sequence_id",
    "sequence_start",
    "sequence_end",
    "priority",
    "timeout",
    "content_type",
    "headers",
    "triton_enable_empty_final_response",
];

/// The other parameters, as keyword arguments of the method: `return_std`, `n_neighbors`, ….
fn method_params(parameters: Option<&Map<String, Json>>) -> Result<Params, ApiError> {
    let own = parameters.into_iter().flatten().filter(|(name, _)| !PROTOCOL_PARAMETERS.contains(&name.as_str()));
    params(own)
}

/// Keyword arguments of a method.
pub(crate) fn params<'a>(given: impl Iterator<Item = (&'a String, &'a Json)>) -> Result<Params, ApiError> {
    let each = given.map(|(name, value)| {
        let value = match value {
            Json::Null => Scalar::None,
            Json::Bool(value) => Scalar::Bool(*value),
            Json::String(text) => Scalar::Str(text.clone()),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Scalar::Int(value),
                (None, Some(value)) => Scalar::Float(value),
                (None, None) => return Err(ApiError::bad_request(format!("the parameter `{name}` is too large"))),
            },
            Json::Array(_) | Json::Object(_) => {
                return Err(ApiError::bad_request(format!("the parameter `{name}` is not a single value")));
            }
        };
        Ok((name.clone(), value))
    });
    Ok(Params::new(each.collect::<Result<Vec<_>, ApiError>>()?))
}

/// The methods whose outputs are asked for; without any, the first one.
fn questions(loaded: &Loaded, outputs: &[&str], params: &Params) -> Result<Vec<Question>, ApiError> {
    let mut methods: Vec<Method> = Vec::new();
    for &output in outputs {
        let own = |method: &&Method| is_asked(method.name(), output);
        // `predict_proba` begins with `predict_`: the longest name is meant.
        let found = loaded.methods.iter().filter(own).max_by_key(|method| method.name().len());
        let Some(&method) = found else {
            let known: Vec<&str> = loaded.methods.iter().map(|method| method.name()).collect();
            let what = format!("model `{}` has no output `{output}`; it has {}", loaded.name, known.join(", "));
            return Err(ApiError::bad_request(what));
        };
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    if methods.is_empty() {
        methods.extend(loaded.methods.first());
    }
    methods.into_iter().map(|method| Question::new(loaded, method, params)).collect()
}

/// The table that the inputs are for a model: one array, or a tensor for each column.
fn table(loaded: &Loaded, mut tensors: Vec<Tensor>) -> Result<Table<'static>, ApiError> {
    let takes_texts = matches!(loaded.input, ValueType::Texts);
    let names = loaded.model.feature_names_in();
    let is_column = |tensor: &Tensor| names.as_ref().is_some_and(|names| names.contains(&tensor.name));
    match tensors.len() {
        0 => Err(ApiError::bad_request("expected an input")),
        1 if !is_column(&tensors[0]) => tensors.remove(0).into_table(takes_texts),
        _ => tensor::columns(tensors),
    }
}
