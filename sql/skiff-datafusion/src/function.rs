//! A method of estimators as a scalar function.

use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_empty_array};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use skiff::{EvaluateOptions, Method, Model, Plan};
use skiff_arrow::{answer, read};

use crate::Models;

/// DataFusion runs as many tasks as there are cores, so that each has one thread.
const ONE: Option<NonZeroUsize> = NonZeroUsize::new(1);

/// The functions: one for each method that takes the model's columns. They share `models`.
pub fn functions(models: &Arc<Models>) -> impl Iterator<Item = ScalarUDF> {
    // `inverse_transform` takes the columns of the result of `transform`.
    let methods = Method::ALL.iter().copied().filter(|&method| method != Method::InverseTransform);
    methods.map(|method| {
        ScalarUDF::new_from_impl(Function {
            name: format!("skiff_{}", method.name()),
            method,
            // A model's file may be replaced between two queries, and not within one.
            signature: Signature::variadic_any(Volatility::Stable),
            models: Arc::clone(models),
        })
    })
}

/// `skiff_predict('model.joblib', column, …)`.
#[derive(Clone, Debug)]
struct Function {
    name: String,
    method: Method,
    signature: Signature,
    models: Arc<Models>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.method == other.method && Arc::ptr_eq(&self.models, &other.models)
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.method.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of `{}` depends on the model", self.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let Some(model) = args.scalar_arguments.first().copied().flatten().and_then(text) else {
            return plan_err!(
                "{}: the first argument must be a constant text: a model file or a version in a registry",
                self.name
            );
        };
        let bound = self.bound(model)?;
        let columns = args.arg_fields.get(1..).unwrap_or_default();
        bound.check(columns).or_else(|what| plan_err!("{}('{model}'): {what}", self.name))?;
        let returns = bound.returns(self.method).or_else(|what| plan_err!("{}('{model}'): {what}", self.name))?;
        // Labels of no class, text that is missing.
        Ok(Arc::new(Field::new(&self.name, returns, true)))
    }

    /// Names the version by its digest and the file by its whole path, so that all processes that run the query open the
    /// same model.
    fn simplify(&self, mut args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let Some(Expr::Literal(value, _)) = args.first_mut() else { return Ok(ExprSimplifyResult::Original(args)) };
        let fixed = text(value).map(|model| self.models.fixed(model)).transpose().map_err(external)?.flatten();
        let Some(fixed) = fixed else { return Ok(ExprSimplifyResult::Original(args)) };
        *value = ScalarValue::Utf8(Some(fixed));
        let function = Arc::new(ScalarUDF::new_from_impl(self.clone()));
        Ok(ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction::new_udf(function, args))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ScalarFunctionArgs { args, number_rows, return_field, .. } = args;
        let (Some(ColumnarValue::Scalar(model)), columns) = (args.first(), args.get(1..).unwrap_or_default()) else {
            return exec_err!("{}: the first argument must be a constant text", self.name);
        };
        let Some(model) = text(model) else {
            return exec_err!("{}: the first argument must be a constant text", self.name);
        };
        if number_rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(return_field.data_type())));
        }
        let columns = columns.iter().map(|column| column.to_array(number_rows)).collect::<Result<Vec<_>>>()?;
        let found = self.bound(model)?.call(columns, number_rows);
        let found = found.or_else(|what| exec_err!("{}('{model}'): {what}", self.name))?;
        if found.data_type() == return_field.data_type() {
            return Ok(ColumnarValue::Array(found));
        }
        // Numbers that a transformer passes on are floats where some are missing.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let cast = cast_with_options(&found, return_field.data_type(), &options).or_else(|_| {
            let (expected, found) = (return_field.data_type(), found.data_type());
            exec_err!(
                "{}('{model}'): expected a result of the type {expected}, found {found}: columns that are passed through \
                 must have the type that the model was fitted on",
                self.name
            )
        })?;
        Ok(ColumnarValue::Array(cast))
    }
}

impl Function {
    /// The method of a model.
    fn bound(&self, name: &str) -> Result<Bound> {
        let model = self.models.get(name).map_err(external)?;
        Bound::new(model, self.method).or_else(|what| plan_err!("{}('{name}'): {what}", self.name))
    }
}

/// A method of one model.
struct Bound {
    model: Arc<Model>,
    plan: Arc<Plan>,
}

impl Bound {
    fn new(model: Arc<Model>, method: Method) -> Result<Self, String> {
        let known = model.methods();
        if !known.contains(&method) {
            let known: Vec<_> = known.iter().map(|method| method.name()).collect();
            return Err(format!("the model has no method `{}`; it has {}", method.name(), known.join(", ")));
        }
        let plan = model.plan(method).map_err(|error| error.to_string())?;
        if plan.needs_batch() {
            let method = method.name();
            return Err(format!("`{method}` of this model needs all rows at once, and SQL passes one batch at a time"));
        }
        Ok(Self { model, plan })
    }

    /// The type of the result, which the plan's signature says.
    fn returns(&self, method: Method) -> Result<DataType, String> {
        let signature = self.model.signature(method).map_err(|error| error.to_string())?;
        let empty = answer::empty(&signature.output).ok_or("the type of the result depends on the rows")?;
        Ok(answer::array(&empty).map_err(|error| error.to_string())?.data_type().clone())
    }

    /// The names of the columns, if the model knows them, or how many they are.
    fn names(&self) -> Result<Arc<[String]>, Option<usize>> {
        match read::fields(&self.model, &self.plan) {
            Some(fields) if self.model.feature_names_in().is_some() => {
                Ok(fields.into_iter().map(|field| field.name().clone()).collect())
            }
            Some(fields) => Err(Some(fields.len())),
            None => Err(None),
        }
    }

    /// Whether these can be the columns of the model.
    fn check(&self, columns: &[FieldRef]) -> Result<(), String> {
        let names = self.names();
        let (expected, listed) = match &names {
            Ok(names) => (Some(names.len()), format!(" ({})", names.join(", "))),
            Err(count) => (*count, String::new()),
        };
        if let Some(expected) = expected
            && expected != columns.len()
        {
            return Err(format!("expected {expected} columns{listed}, found {}", columns.len()));
        }
        let uses = self.plan.column_uses(columns.len(), names.as_deref().ok());
        let foreign = columns.iter().zip(&uses).find(|(column, used)| used.is_used() && is_foreign(column));
        if let Some((column, _)) = foreign {
            return Err(format!("column `{}`: the type {} is not supported", column.name(), column.data_type()));
        }
        let Ok(names) = names else { return Ok(()) };
        let mut sorted = [names.to_vec(), columns.iter().map(|column| column.name().clone()).collect()];
        let is_in_order = sorted[0] == sorted[1];
        sorted.iter_mut().for_each(|names| names.sort());
        match !is_in_order && sorted[0] == sorted[1] {
            true => Err(format!("the columns are the model's in another order: expected{listed}")),
            false => Ok(()),
        }
    }

    fn call(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef, String> {
        let names = self.names().ok();
        let field = |(index, column): (usize, &ArrayRef)| {
            let name = names.as_ref().and_then(|names| names.get(index).cloned());
            Field::new(name.unwrap_or_else(|| format!("x{index}")), column.data_type().clone(), true)
        };
        let schema = Arc::new(Schema::new(columns.iter().enumerate().map(field).collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options).map_err(|error| error.to_string())?;
        let table = read::table(&self.model, &self.plan, &batch).map_err(|error| error.to_string())?;
        let options = EvaluateOptions { threads: ONE, ..EvaluateOptions::default() };
        let answer = skiff::evaluate(&self.plan, &table, &options);
        let answer = answer.map_err(|error| match column_of(&error, &batch) {
            Some(column) => format!("column `{column}`: {error}"),
            None => error.to_string(),
        })?;
        answer::array(&answer).map_err(|error| error.to_string())
    }
}

/// Whether scikit-learn sees a column of this type as objects of classes that no estimator takes.
fn is_foreign(column: &Field) -> bool {
    use DataType::{Date32, Date64, Interval, Time32, Time64, Timestamp};

    let data_type = match column.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    data_type.is_nested()
        || matches!(data_type, Date32 | Date64 | Interval(_) | Time32(_) | Time64(_) | Timestamp(_, Some(_)))
}

/// The column with the text that is wrong.
fn column_of<'b>(error: &skiff::Error, batch: &'b RecordBatch) -> Option<&'b str> {
    let (row, value) = (error.row()?, error.value()?);
    let is_value = |column: &ArrayRef| {
        let cell = cast(&column.slice(row, 1), &DataType::Utf8);
        cell.is_ok_and(|cell| cell.as_string::<i32>().iter().flatten().any(|text| text == value))
    };
    let index = (0..batch.num_columns()).find(|&index| is_value(batch.column(index)))?;
    Some(batch.schema_ref().field(index).name())
}

/// A constant text.
fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
