//! From scikit-learn 0.24 to 1.0.

use skiff_files::{Node, NodeId, Scalar};

use crate::classes::{NMFS, STOCHASTIC};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (&["GaussianNB"], "sigma_", "var_"),
        (&["KernelPCA"], "lambdas_", "eigenvalues_"),
        (&["KernelPCA"], "alphas_", "eigenvectors_"),
    ],
    values: &[
        (REGRESSION, "criterion", "mse", "squared_error"),
        (REGRESSION, "criterion", "mae", "absolute_error"),
        (&["GradientBoostingRegressor"], "loss", "ls", "squared_error"),
        (&["GradientBoostingRegressor"], "loss", "lad", "absolute_error"),
        (&["HistGradientBoostingRegressor"], "loss", "least_squares", "squared_error"),
        (&["HistGradientBoostingRegressor"], "loss", "least_absolute_deviation", "absolute_error"),
        (&["RANSACRegressor"], "loss", "absolute_loss", "absolute_error"),
        (&["RANSACRegressor"], "loss", "squared_loss", "squared_error"),
        (STOCHASTIC, "loss", "squared_loss", "squared_error"),
    ],
    rules: &[
        Rule { classes: &["PolynomialFeatures"], up: degrees, down: one_degree },
        Rule { classes: &["OrdinalEncoder"], up: nothing_missing, down: nothing },
        Rule { classes: &["ColumnTransformer"], up: input_indices, down: names_of_columns },
        Rule { classes: &["RidgeClassifier", "RidgeClassifierCV"], up: one_label, down: one_label },
        Rule { classes: &[], up: nothing, down: n_features },
        Rule { classes: &["TfidfVectorizer"], up: terms, down: nothing },
        Rule { classes: &["TfidfTransformer"], up: without_idf, down: fitted_without_idf },
        Rule { classes: NMFS, up: n_components, down: one_penalty },
    ],
};

/// Those whose trees are grown by the criteria of regression.
const REGRESSION: &[&str] = &[
    "DecisionTreeRegressor",
    "ExtraTreeRegressor",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
];

/// `degree` may be a pair; what it comes to is kept.
fn degrees(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(outputs) = step.int("n_output_features_") else { return Ok(()) };
    let Some(degree) = step.int("degree") else { return Err(step.refused("`degree` is no number")) };
    step.rename("n_input_features_", "n_features_in_");
    step.set_int("_min_degree", 0);
    step.set_int("_max_degree", degree);
    step.set_int("_n_out_full", outputs);
    Ok(())
}

/// `predict` of several labels gave one.
fn one_label(step: &mut Step<'_>) -> Result<(), Refused> {
    let binarizer = step.get("_label_binarizer");
    let kind = binarizer.and_then(|binarizer| step.other(binarizer)?.text("y_type_"));
    if kind.is_some_and(|kind| kind.starts_with("multilabel")) {
        return Err(step.would_answer_otherwise("`predict` of several labels gives all of them"));
    }
    Ok(())
}

/// The inner transformer has seen a column for each term.
fn terms(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some((inner, vocabulary)) = step.get("_tfidf").zip(step.get("vocabulary_")) else { return Ok(()) };
    if let Node::Dict(pairs) = step.graph().node(vocabulary) {
        let count = i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        if let Some(mut inner) = step.other(inner)
            && !inner.holds("n_features_in_")
        {
            inner.set_int("n_features_in_", count);
        }
    }
    Ok(())
}

/// Categories were never missing.
fn nothing_missing(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("categories_") {
        let none = values::dict(step.graph(), &[]);
        step.add("_missing_indices", none);
    }
    Ok(())
}

fn n_components(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(&rows) = step.shape("components_").as_deref().and_then(<[usize]>::first) {
        step.set_int("_n_components", i64::try_from(rows).unwrap_or(i64::MAX));
        if let Some(loss) = step.text("beta_loss") {
            let number = match loss.as_str() {
                "frobenius" => 2,
                "kullback-leibler" => 1,
                _ => 0,
            };
            step.set_int("_beta_loss", number);
        } else if let Some(loss) = step.get("beta_loss") {
            step.set("_beta_loss", loss);
        }
    }
    Ok(())
}

/// Which columns of the input a transformer has is kept as their places, and names as those of all estimators are.
fn input_indices(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(transformers) = step.items("transformers_") else { return Ok(()) };
    let names = column_names(step);
    let count = step.int("n_features_in_").or_else(|| step.int("_n_features"));
    let count = count.and_then(|count| usize::try_from(count).ok());
    let Some(count) = count.or(names.as_ref().map(Vec::len)) else {
        return Err(step.refused("how many columns it was fitted on is not told"));
    };
    let texts: Option<Vec<String>> = names.as_ref().map(|names| {
        names.iter().map(|&name| step.migration.graph.str_of(name).unwrap_or_default().to_owned()).collect()
    });
    let mut pairs = Vec::new();
    for transformer in transformers {
        let parts = step.migration.graph.items(transformer).map(<[NodeId]>::to_vec).unwrap_or_default();
        let &[name, _, columns] = &*parts else {
            return Err(step.refused("`transformers_` are not of a name, a transformer and columns"));
        };
        let places = places(step, columns, count, texts.as_deref())
            .ok_or_else(|| step.refused("the columns of a transformer are not known"))?;
        let places = places.into_iter().map(|place| i64::try_from(place).unwrap_or(i64::MAX));
        let places: Vec<NodeId> = places.map(|place| values::int(step.graph(), place)).collect();
        pairs.push((name, values::list(step.graph(), places)));
    }
    let has_remainder = pairs.iter().any(|&(name, _)| step.migration.graph.str_of(name) == Some("remainder"));
    if !has_remainder {
        let (name, none) = (values::text(step.graph(), "remainder"), values::list(step.graph(), Vec::new()));
        pairs.push((name, none));
    }
    let indices = step.graph().push(Node::Dict(pairs));
    step.set("_transformer_to_input_indices", indices);
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    step.set_int("n_features_in_", count);
    step.set_int("_n_features", count);
    if let Some(names) = names.filter(|_| texts.is_some_and(|texts| texts.iter().all(|text| !text.is_empty()))) {
        let names = values::object_array(step.graph(), names);
        step.set("feature_names_in_", names);
    }
    no_remainder(step);
    Ok(())
}

/// No remaining columns are an empty list, where they were `None`.
fn no_remainder(step: &mut Step<'_>) {
    let Some(parts) = step.items("_remainder") else { return };
    if let &[name, transformer, columns] = &*parts
        && matches!(step.graph().node(columns), Node::None)
    {
        let empty = values::list(step.graph(), Vec::new());
        let remainder = values::tuple(step.graph(), vec![name, transformer, empty]);
        step.set("_remainder", remainder);
    }
}

/// The names of the columns: an array since 0.22, pandas' index before.
fn column_names(step: &Step<'_>) -> Option<Vec<NodeId>> {
    if step.has("_feature_names_in") {
        return step.items("_feature_names_in");
    }
    let index = step.get("_df_columns").filter(|_| step.has("_df_columns"))?;
    let graph = &step.migration.graph;
    let &[_, parts] = graph.items(graph.object(index)?.arguments)? else { return None };
    let Node::Dict(parts) = graph.node(parts) else { return None };
    let (_, data) = parts.iter().find(|(name, _)| graph.str_of(*name) == Some("data"))?;
    step.array_at(*data)?.objects().map(<[NodeId]>::to_vec)
}

/// The places of columns that are given as places, names, a slice of either, or a mask.
fn places(step: &Step<'_>, columns: NodeId, count: usize, names: Option<&[String]>) -> Option<Vec<usize>> {
    let graph = &step.migration.graph;
    let place = |scalar: &Scalar| match scalar {
        Scalar::Str(name) => names?.iter().position(|known| known == name),
        Scalar::Int(place) if *place < 0 => count.checked_sub(usize::try_from(place.unsigned_abs()).ok()?),
        scalar => usize::try_from(scalar.as_i64()?).ok(),
    };
    if matches!(graph.node(columns), Node::None) {
        return Some(Vec::new());
    }
    if let Ok(Some(scalar)) = Scalar::read(graph, columns) {
        return Some(vec![place(&scalar)?]);
    }
    let scalars: Vec<Scalar> = if let Some(items) = graph.items(columns) {
        items.iter().map(|&item| Scalar::read(graph, item).ok().flatten()).collect::<Option<_>>()?
    } else if let Some(array) = step.array_at(columns) {
        array.to_scalars(graph).ok()?
    } else {
        // A slice, whose end belongs to it where it is a name.
        let object = graph.object(columns)?;
        if graph.global(object.callable).is_none_or(|(_, name)| name != "slice") {
            return None;
        }
        let &[start, stop, by] = graph.items(object.arguments)? else { return None };
        let scalar = |id| Scalar::read(graph, id).ok().flatten();
        let (start, stop) = (scalar(start)?, scalar(stop)?);
        let by = match scalar(by)? {
            Scalar::None => 1,
            by => usize::try_from(by.as_i64()?).ok().filter(|by| *by > 0)?,
        };
        let first = if start == Scalar::None { 0 } else { place(&start)? };
        let last = match &stop {
            Scalar::None => count,
            Scalar::Str(_) => place(&stop)?.saturating_add(1),
            _ => place(&stop)?,
        };
        return Some((first..last.min(count)).step_by(by).collect());
    };
    if !scalars.is_empty() && scalars.iter().all(|scalar| matches!(scalar, Scalar::Bool(_))) {
        let set = scalars.iter().enumerate().filter(|(_, flag)| **flag == Scalar::Bool(true));
        return Some(set.map(|(place, _)| place).collect());
    }
    scalars.iter().map(place).collect()
}

/// Without inverse document frequencies nothing was fitted, and nothing had to be. An attribute of any name says that it is.
fn without_idf(step: &mut Step<'_>) -> Result<(), Refused> {
    let uses_none = step.scalar("use_idf") == Some(Scalar::Bool(false));
    if uses_none && !step.subject().names().iter().any(|name| name.ends_with('_')) {
        step.set_bool("fitted_", true);
    }
    Ok(())
}

fn fitted_without_idf(step: &mut Step<'_>) -> Result<(), Refused> {
    step.take("fitted_");
    Ok(())
}

fn one_degree(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.int("degree").is_none() {
        return Err(step.refused("`degree` cannot be a pair there"));
    }
    if let Some(count) = step.get("n_features_in_") {
        step.set("n_input_features_", count);
    }
    Ok(())
}

/// How many features there are had a name of its own in some classes.
fn n_features(step: &mut Step<'_>) -> Result<(), Refused> {
    let to = step.to;
    let is_kept = step.subject().class.attribute("n_features_").is_some_and(|kept| kept.versions.contains(to));
    if is_kept && let Some(count) = step.get("n_features_in_") {
        step.add("n_features_", count);
    }
    Ok(())
}

fn names_of_columns(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("transformers_") {
        return Ok(());
    }
    match step.get("feature_names_in_") {
        Some(names) => step.set("_feature_names_in", names),
        None => step.set_none("_feature_names_in"),
    }
    if let Some(count) = step.get("n_features_in_") {
        step.set("_n_features", count);
    }
    Ok(())
}

fn one_penalty(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.float("alpha_W").unwrap_or(0.0) != 0.0 {
        return Err(step.would_answer_otherwise("the penalty `alpha_W` is not known"));
    }
    step.set_float("alpha", 0.0);
    Ok(())
}
