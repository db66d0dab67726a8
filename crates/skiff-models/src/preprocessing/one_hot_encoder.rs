//! `sklearn.preprocessing.OneHotEncoder`.

use skiff_files::{NdArray, Scalar};
use skiff_pickle::Node;
use skiff_plan::operators::{ArrayRule, Encode, Group, OneHot, OneHotInverse, SparseRule, Zero};
use skiff_plan::value::{Classes, NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::encoders::{
    self, Decode, Infrequent, KnownCategories, Others, infrequent_categories, python_str, read_dtype,
};
use super::one_hot_legacy::Legacy;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, NamesError, class};
use crate::names;

pub(crate) const ONE_HOT_ENCODER: Class = class! {
    /// A column of ones and zeros for each category of each feature.
    ///
    /// # Reads
    /// `categories_`; `drop_idx_` or, since 1.2, `_drop_idx_after_grouping`; `handle_unknown`; the grouping of infrequent
    /// categories; `dtype`, `sparse_output`.
    /// # Transforms
    /// A one in the column of the value's category. Values are equal as in Python: `1`, `1.0` and `True` are one category,
    /// NaN equals NaN. Unknown values are an error, all zeros, or the infrequent category. `inverse_transform` returns the
    /// category of the greatest column of each group.
    /// # Not supported
    /// `dtype` other than numbers and bool.
    /// # Older versions
    /// 0.17 to 0.19, and the legacy mode of 0.20 and 0.21, supported integers only. `drop` is new in 0.21, infrequent
    /// categories with 1.1. In 1.6 and 1.7 `handle_unknown='warn'` encodes unknown values as zeros, since 1.8 as infrequent
    /// where there are infrequent categories.
    paths: ["sklearn.preprocessing._encoders.OneHotEncoder", "sklearn.preprocessing.data.OneHotEncoder"],
    read: OneHotEncoder::read,
};

/// A fitted `OneHotEncoder`.
#[derive(Debug)]
pub struct OneHotEncoder {
    form: Form,
    /// `dtype`.
    dtype: NumberType,
    /// `sparse_output`.
    sparse: bool,
}

/// The two kinds of encoders that had this name.
#[derive(Debug)]
enum Form {
    Legacy(Legacy),
    Categories(Categorical),
}

/// Since 0.20.
#[derive(Debug)]
struct Categorical {
    known: KnownCategories,
    infrequent: Infrequent,
    /// The dropped category of each column, after the grouping.
    drop: Vec<Option<usize>>,
    unknown: Unknown,
    /// The result of `inverse_transform` for groups of zeros.
    zero: UnknownInverse,
    /// Whether names are made by `feature_name_combiner='concat'`.
    concat: bool,
}

/// `handle_unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    Error,
    Zeros,
    Infrequent,
}

/// `handle_unknown` on the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnknownInverse {
    /// The first category: before 0.24, if nothing else was requested.
    First,
    /// The dropped category, or an error.
    Dropped,
    /// `None` where no category was dropped.
    Nothing,
    /// As `Nothing`, for columns without infrequent categories; as `Dropped` for those with.
    NothingUnlessInfrequent,
}

impl OneHotEncoder {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let dtype = read_dtype(fields, "dtype")?;
        // `sparse` became `sparse_output` in 1.2; until 1.3 the old name had the value `'deprecated'`.
        let sparse = match fields.has("sparse_output") {
            true => fields.bool("sparse_output")?,
            false => fields.bool_or("sparse", true)?,
        };
        let legacy = fields.before(0, 20) || fields.bool_or("_legacy_mode", false)?;
        let form = match legacy {
            true => Form::Legacy(Legacy::read(fields)?),
            false => Form::Categories(Categorical::read(fields)?),
        };
        fields.training_only(&[
            "_active_features_",
            "_categorical_features",
            "_categories",
            "_feature_indices_",
            "_n_values",
            "_n_values_",
            "categorical_features",
            "categories",
            "categories_",
            "drop",
            "drop_idx_",
            "max_categories",
            "min_frequency",
            "n_values",
            "sparse",
        ]);
        Ok(Self { form, dtype, sparse })
    }
}

impl Categorical {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let known = KnownCategories::read(fields, "categories_")?;
        fields.expect_n_features("categories_", known.len())?;
        let infrequent = Infrequent::read(fields, &known, &[])?;
        let drop = read_drop(fields, &known, &infrequent)?;
        let (unknown, zero) = match fields.string("handle_unknown")?.as_str() {
            "error" if fields.before(0, 24) && drop.iter().all(Option::is_none) => {
                (Unknown::Error, UnknownInverse::First)
            }
            "error" => (Unknown::Error, UnknownInverse::Dropped),
            "ignore" => (Unknown::Zeros, UnknownInverse::Nothing),
            "warn" if fields.before(1, 8) => (Unknown::Zeros, UnknownInverse::Dropped),
            "infrequent_if_exist" | "warn" => (Unknown::Infrequent, UnknownInverse::NothingUnlessInfrequent),
            other => return Err(fields.unsupported("handle_unknown", format!("`{other}`"))),
        };
        let combiner = fields.optional("feature_name_combiner");
        let concat = combiner.is_none_or(|node| fields.graph().str_of(node) == Some("concat"));
        let model = Self { known, infrequent, drop, unknown, zero, concat };
        if fields.has("_n_features_outs") {
            let widths = fields.list("_n_features_outs")?;
            fields.expect_len("_n_features_outs", widths.len(), model.known.len())?;
            for (column, node) in widths.into_iter().enumerate() {
                let width = fields.scalar_at(node, "_n_features_outs")?.as_i64();
                if width.and_then(|width| usize::try_from(width).ok()) != Some(model.width(column)) {
                    return Err(fields.damaged("_n_features_outs", format!("column {column} has another width")));
                }
            }
        }
        Ok(model)
    }

    /// The category of a column that has no output column.
    fn dropped(&self, column: usize) -> Option<usize> {
        self.drop.get(column).copied().flatten()
    }

    /// How many output columns a column has.
    fn width(&self, column: usize) -> usize {
        let count = self.infrequent.count(column, self.known.of(column).len());
        count - usize::from(self.dropped(column).is_some())
    }

    fn total(&self) -> usize {
        (0..self.known.len()).map(|column| self.width(column)).sum()
    }

    fn targets(&self) -> Vec<Vec<u32>> {
        let mut first = 0;
        let mut all = Vec::with_capacity(self.known.len());
        for column in 0..self.known.len() {
            let target = |code: usize| {
                let place = self.infrequent.place(column, code);
                match self.dropped(column) {
                    Some(drop) if drop == place => OneHot::NONE,
                    Some(drop) if drop < place => output(first + place - 1),
                    _ => output(first + place),
                }
            };
            let mut targets: Vec<u32> = (0..self.known.of(column).len()).map(target).collect();
            targets.push(match (self.unknown, self.infrequent.indices_of(column)) {
                (Unknown::Infrequent, Some(&[first, ..])) => target(first),
                _ => OneHot::NONE,
            });
            all.push(targets);
            first += self.width(column);
        }
        all
    }

    /// The groups of columns, and the values of their codes.
    fn inverse(&self) -> (Vec<Group>, Decode) {
        let mut groups = Vec::new();
        let mut values = Vec::new();
        for (column, classes) in self.known.classes.iter().enumerate() {
            let mut grouped = self.infrequent.grouped(column, classes);
            let count = grouped.len();
            let mut add = |value: Scalar| {
                grouped.push(value);
                Zero::Code(output(grouped.len() - 1))
            };
            let infrequent = self.infrequent.indices_of(column).is_some();
            let zero = match (self.zero, self.dropped(column)) {
                (UnknownInverse::First, _) => Zero::First,
                (UnknownInverse::NothingUnlessInfrequent, drop) if infrequent => dropped(drop),
                (UnknownInverse::Nothing | UnknownInverse::NothingUnlessInfrequent, None) => add(Scalar::None),
                // scikit-learn drops the category at the index after the grouping from the categories before it.
                (UnknownInverse::Nothing | UnknownInverse::NothingUnlessInfrequent, Some(drop)) if infrequent => {
                    add(classes.get(drop).unwrap_or(Scalar::None))
                }
                (_, drop) => dropped(drop),
            };
            let codes: Vec<u32> = (0..count).filter(|&place| self.dropped(column) != Some(place)).map(output).collect();
            groups.push(Group { codes, zero });
            values.push(grouped);
        }
        (groups, Decode::new(&self.known.classes, values, Others::ObjectIfAny))
    }
}

fn dropped(drop: Option<usize>) -> Zero {
    drop.map_or(Zero::Error, |drop| Zero::Code(output(drop)))
}

/// The number of an output column. Categories are fewer than 2³², and each takes bytes of the file.
fn output(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(OneHot::NONE)
}

/// The dropped category of each column: an array of indices, with `None` among them since 0.23.
fn read_drop(
    fields: &Fields<'_, '_>,
    known: &KnownCategories,
    infrequent: &Infrequent,
) -> Result<Vec<Option<usize>>, ReadError> {
    let name = if fields.has("_drop_idx_after_grouping") { "_drop_idx_after_grouping" } else { "drop_idx_" };
    fields.training_only(&["_drop_idx_after_grouping"]);
    let Some(node) = fields.optional(name) else { return Ok(vec![None; known.len()]) };
    let error = |error| ReadError::new(fields.path_of(name), ReadErrorKind::Value(error));
    let array = NdArray::read(fields.graph(), node).map_err(error)?;
    let array = array.ok_or_else(|| fields.unexpected(name, "an array of indices"))?;
    let places = array.to_scalars(fields.graph()).map_err(error)?;
    fields.expect_len(name, places.len(), known.len())?;
    let place = |(column, place): (usize, &Scalar)| match place {
        Scalar::None => Ok(None),
        place => {
            let count = infrequent.count(column, known.of(column).len());
            let place = place.as_i64().and_then(|place| usize::try_from(place).ok()).filter(|&place| place < count);
            place.map(Some).ok_or_else(|| fields.damaged(name, format!("no category of column {column}")))
        }
    };
    places.iter().enumerate().map(place).collect()
}

impl Estimator for OneHotEncoder {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let form = match &self.form {
            Form::Legacy(legacy) => return legacy.lower(method, input, plan, self.dtype, self.sparse),
            Form::Categories(form) => form,
        };
        match method {
            Method::Transform => {
                if self.sparse && plan.header().set_output.is_some() {
                    return plan.unsupported(method, "sparse output with `set_output` for DataFrames");
                }
                let rule = encoders::rule(plan.header(), (0, 24));
                let x = plan.check(input, rule, form.known.len());
                let codes = plan.push(
                    Encode {
                        estimator: plan.header().class.clone(),
                        columns: form.known.lookup.clone(),
                        mixed_is_object: encoders::mixed_is_object(plan.header()),
                        refuse_unknown: form.unknown == Unknown::Error,
                    },
                    &[x],
                );
                let (targets, width) = (form.targets(), form.total());
                let step = OneHot { targets, width, dtype: self.dtype, sparse: self.sparse };
                Ok(Output::matrix(plan.push(step, &[codes])))
            }
            Method::InverseTransform => {
                let rule = ArrayRule::FLOATS.sparse(SparseRule::Accept).any_names();
                let x = plan.check(input, rule, form.total());
                let (groups, decode) = form.inverse();
                let codes = plan.push(OneHotInverse { groups }, &[x]);
                Ok(Output::matrix(decode.push(codes, plan)))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let Form::Categories(form) = &self.form else { return Err(NamesError::no_method(header)) };
        names::check(header, input)?;
        if input.len() != form.known.len() {
            let (expected, found) = (form.known.len(), input.len());
            return Err(NamesError::Input(format!(
                "input_features should have length equal to number of features ({expected}), got {found}"
            )));
        }
        if !form.concat {
            return Err(NamesError::Input(
                "`feature_name_combiner` is a function, which skiff does not call".to_owned(),
            ));
        }
        let mut all = Vec::new();
        for (column, (feature, classes)) in input.iter().zip(&form.known.classes).enumerate() {
            let precision = match &**classes {
                Classes::Floats(_, precision) => *precision,
                _ => Precision::Double,
            };
            let grouped = form.infrequent.grouped(column, classes).into_iter().enumerate();
            let kept = grouped.filter(|(place, _)| form.dropped(column) != Some(*place));
            all.extend(kept.map(|(_, value)| format!("{feature}_{}", python_str(&value, precision))));
        }
        Ok(all)
    }

    fn n_features_in(&self) -> Option<usize> {
        match &self.form {
            Form::Legacy(legacy) => legacy.n_features_in(),
            Form::Categories(form) => Some(form.known.len()),
        }
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![("infrequent_categories_", Box::new(infrequent_categories))]
    }
}

impl Legacy {
    /// `categorical_features`: `None` for all of them.
    pub(super) fn read_selected(fields: &Fields<'_, '_>) -> Result<Option<Vec<Scalar>>, ReadError> {
        let name = if fields.has("_categorical_features") { "_categorical_features" } else { "categorical_features" };
        let Some(node) = fields.optional(name) else { return Ok(None) };
        if fields.graph().str_of(node) == Some("all") {
            return Ok(None);
        }
        match fields.graph().node(node) {
            Node::List(items) => {
                let path = fields.path_of(name);
                items.iter().map(|&item| fields.scalar_at(item, &path)).collect::<Result<_, _>>().map(Some)
            }
            _ => {
                let array = fields.array(name)?;
                let error = |error| ReadError::new(fields.path_of(name), ReadErrorKind::Value(error));
                array.to_scalars(fields.graph()).map(Some).map_err(error)
            }
        }
    }
}
