//! pandas' tables, columns, indices, arrays and dtypes, of its versions 0.23 to 3.1.
//!
//! Its classes move: each is known by the modules of all versions, and by the one that pickles name since pandas 3.

use skiff_pickle::{Graph, Node, NodeId};

use super::call::{Call, Called};
use super::form::Values;
use super::frames;
use super::kind::Kind;
use super::kind::Sort;
use super::made::{Made, State, name_of};
use super::range::{LONGEST_RANGE, integer, is_short};

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    let state = match sort(module, name)? {
        Sort::Frame => FRAME,
        Sort::Manager if name == "SingleBlockManager" => MANAGER_STATE,
        // Since pandas 1.3 it is called with what it consists of.
        Sort::Manager => return is_class(module, name).then(|| Made::of(State::Table)),
        Sort::PandasArray => ARRAY_STATE,
        Sort::PandasDType => DTYPE_STATE,
        _ => return None,
    };
    is_class(module, name).then(|| Made::of(State::Form(state)))
}

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    is_missing(module, name)
        || is_class(module, name)
        // Blocks of pandas 1.3 bind it.
        || (module, name) == ("pandas.core.internals.blocks", "new_block")
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "pandas.core.indexes.base" | "pandas.indexes.base" => name == "_new_Index",
        "pandas.core.indexes.datetimes" | "pandas.tseries.index" => name == "_new_DatetimeIndex",
        "pandas.core.indexes.interval" => name == "_new_IntervalIndex",
        "pandas.core.indexes.period" => name == "_new_PeriodIndex",
        "pandas.core.indexes.timedeltas" => name == "_new_TimedeltaIndex",
        "pandas._libs.internals" => name == "_unpickle_block",
        "pandas._libs.arrays" => name == "__pyx_unpickle_NDArrayBacked",
        "pandas._libs.interval" => matches!(name, "__pyx_unpickle_IntervalMixin" | "Interval"),
        "pandas._libs.sparse" => matches!(name, "IntIndex" | "BlockIndex"),
        "pandas._libs.tslibs.nattype" => matches!(name, "_nat_unpickle" | "__nat_unpickle"),
        "pandas._libs.tslibs.timestamps" => matches!(name, "_unpickle_timestamp" | "Timestamp"),
        "pandas._libs.tslibs.timedeltas" => matches!(name, "_timedelta_unpickle" | "Timedelta"),
        "pandas._libs.tslibs.period" => name == "Period",
        "pandas._libs.tslibs.offsets" => OFFSETS.contains(&name),
        "pandas" => matches!(name, "Interval" | "Timestamp" | "Timedelta" | "Period"),
        "pandas.core.indexes.frozen" => name == "FrozenList",
        _ => false,
    }
}

/// What objects of this name are.
pub(super) fn sort(module: &str, name: &str) -> Option<Sort> {
    if !is_pandas(module) {
        return None;
    }
    Some(match name {
        "_new_Index" | "_new_DatetimeIndex" | "_new_IntervalIndex" | "_new_PeriodIndex" | "_new_TimedeltaIndex" => {
            Sort::Index
        }
        "_unpickle_block" => Sort::Block,
        "BlockManager" | "SingleBlockManager" => Sort::Manager,
        "DataFrame" | "Series" => Sort::Frame,
        "__pyx_unpickle_NDArrayBacked" | "__pyx_unpickle_IntervalMixin" => Sort::PandasArray,
        "IntIndex" | "BlockIndex" => Sort::SparseIndex,
        "Interval" => Sort::Interval,
        "_nat_unpickle"
        | "__nat_unpickle"
        | "_unpickle_timestamp"
        | "Timestamp"
        | "_timedelta_unpickle"
        | "Timedelta"
        | "Period" => Sort::Time,
        "FrozenList" => Sort::Container,
        _ if is_constructor(module, name) && OFFSETS.contains(&name) => Sort::Offset,
        _ if is_class(module, name) && (name.ends_with("Dtype") || name.ends_with("DType")) => Sort::PandasDType,
        _ if is_class(module, name) && (name.ends_with("Array") || name == "Categorical") => Sort::PandasArray,
        _ => return None,
    })
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    if !is_pandas(module) || !(is_constructor(module, name) || is_class(module, name)) {
        return None;
    }
    Some(match name {
        "_new_Index" | "_new_DatetimeIndex" | "_new_IntervalIndex" | "_new_PeriodIndex" | "_new_TimedeltaIndex" => {
            match call.makes(2, &[Kind::Name(is_index), INDEX_PARTS], State::Nothing) {
                Ok(made) if !is_long_range(call) => Ok(made),
                Ok(_) => Err("is a range of more labels than anybody waits for"),
                Err(why) => Err(why),
            }
        }
        "_unpickle_block" => call.makes(3, &[BLOCK_VALUES, PLACEMENT, Kind::Int], State::Nothing),
        "BlockManager" | "SingleBlockManager" => match call.count() {
            0 => Err(""),
            _ => {
                let parts = [Kind::Or(&[BLOCK, Kind::Each(&BLOCK)]), Kind::Or(&[INDEX, Kind::Each(&INDEX)])];
                match call.arguments {
                    // A column alone has one block, and pandas looks for no other.
                    &[blocks, axes]
                        if call.graph().items(blocks).is_some() && !frames::fit(call.graph(), blocks, axes) =>
                    {
                        Err("has blocks that do not fit its columns and rows")
                    }
                    _ => call.makes(2, &parts, State::Nothing),
                }
            }
        },
        "__pyx_unpickle_NDArrayBacked" => {
            call.makes(3, &[Kind::Name(is_array), Kind::Int, Kind::None], State::Form(BACKED_STATE))
        }
        "__pyx_unpickle_IntervalMixin" => {
            call.makes(3, &[Kind::Name(is_array), Kind::Int, Kind::None], State::Form(INTERVALS_STATE))
        }
        "Interval" => call.makes(3, &[ENDPOINT, ENDPOINT, Kind::Text], State::Nothing),
        "IntIndex" => call.makes(2, &[Kind::Int, ARRAY], State::Nothing),
        "BlockIndex" => call.makes(3, &[Kind::Int, ARRAY, ARRAY], State::Nothing),
        "_nat_unpickle" | "__nat_unpickle" => call.makes(1, &[Kind::None], State::Nothing),
        "_unpickle_timestamp" => call.makes(3, &[Kind::Int, FREQUENCY, ZONE, Kind::Int], State::Nothing),
        "Timestamp" => call.makes(1, &[Kind::Int, FREQUENCY, ZONE], State::Nothing),
        "_timedelta_unpickle" | "Timedelta" => call.makes(1, &[Kind::Int, Kind::Int], State::Nothing),
        "Period" => call.makes(3, &[Kind::None, FREQUENCY, Kind::Int], State::Nothing),
        "FrozenList" => call.makes(1, &[Kind::Each(&Kind::Data)], State::Nothing),
        "PeriodDtype" => call.makes(1, &[FREQUENCY], State::Nothing),
        "StringDtype" => {
            let missing = Kind::Or(&[Kind::Plain, Kind::Name(is_missing)]);
            let known = call.text(0).is_none_or(|storage| matches!(storage, "python" | "pyarrow" | "pyarrow_numpy"));
            if known { call.makes(0, &[Kind::Text, missing], State::Nothing) } else { Err("") }
        }
        _ if OFFSETS.contains(&name) => {
            let parts = [Kind::Int, Kind::Or(&[Kind::Bool, Kind::Int]), Kind::Or(&[Kind::Int, Kind::None])];
            call.makes(0, &parts, State::Nothing)
        }
        _ => Err(""),
    })
}

/// Whether a `RangeIndex` has far more labels than the file has bytes: comparing it with names makes all of them.
fn is_long_range(call: &Call<'_>) -> bool {
    let graph = call.graph();
    let Some(Node::Dict(parts)) = call.argument(1).map(|parts| graph.node(parts)) else { return false };
    let part = |name: &str| parts.iter().rev().find(|(key, _)| graph.name_of(*key) == Some(name)).map(|(_, id)| *id);
    let Some(stop) = part("stop") else { return false };
    let number = |id: Option<NodeId>, default| id.map_or(Some(default), |id| integer(graph, id));
    let most = graph.size().max(LONGEST_RANGE);
    match (number(part("start"), 0), integer(graph, stop), number(part("step"), 1)) {
        (Some(start), Some(stop), Some(step)) => !is_short(start, stop, step, most),
        _ => true,
    }
}

/// `functools.partial(new_block, ndim=2)(values, placement)`: how pandas 1.3 pickles a block.
pub(super) fn is_block_of_1_3(graph: &Graph, id: NodeId) -> bool {
    graph.object(id).is_some_and(|object| is_new_block(graph, object.callable))
}

/// The call of [`is_block_of_1_3`].
pub(super) fn block_of_1_3(call: &Call<'_>) -> Result<Made, &'static str> {
    call.makes(2, &[BLOCK_VALUES, PLACEMENT], State::Nothing)
}

/// `functools.partial(new_block, ndim=2)`
pub(super) fn is_new_block(graph: &Graph, id: NodeId) -> bool {
    let Some(partial) = graph.object(id) else { return false };
    let first = graph.items(partial.arguments).and_then(|arguments| arguments.first().copied());
    name_of(graph, partial.callable) == Some(("functools", "partial"))
        && first.and_then(|first| name_of(graph, first)) == Some(("pandas.core.internals.blocks", "new_block"))
        && partial.changes.len() == 1
        && partial.state().and_then(|state| graph.items(state)).is_some_and(|state| is_bound_depth(graph, state))
}

/// `(new_block, (), {'ndim': 2}, None)`
fn is_bound_depth(graph: &Graph, state: &[NodeId]) -> bool {
    let &[function, arguments, keywords, attributes] = state else { return false };
    let Node::Dict(keywords) = graph.node(keywords) else { return false };
    name_of(graph, function) == Some(("pandas.core.internals.blocks", "new_block"))
        && graph.items(arguments).is_some_and(<[NodeId]>::is_empty)
        && matches!(&**keywords, [(key, value)] if graph.name_of(*key) == Some("ndim") && matches!(graph.node(*value), Node::Int(_)))
        && *graph.node(attributes) == Node::None
}

fn is_missing(module: &str, name: &str) -> bool {
    matches!((module, name), ("pandas" | "pandas._libs.missing", "NA"))
}

pub(super) fn is_pandas(module: &str) -> bool {
    module == "pandas" || module.starts_with("pandas.")
}

fn is_index(module: &str, name: &str) -> bool {
    is_class(module, name) && name.ends_with("Index")
}

fn is_array(module: &str, name: &str) -> bool {
    sort(module, name) == Some(Sort::PandasArray) && is_class(module, name)
}

pub(super) fn is_class(module: &str, name: &str) -> bool {
    let list = CLASSES.iter().find(|(entry, _)| *entry == module).map(|(_, names)| *names);
    list.is_some_and(|names| names.contains(&name))
}

const ARRAY: Kind = Kind::Of(&[Sort::Array]);
const BLOCK: Kind = Kind::Of(&[Sort::Block]);
const INDEX: Kind = Kind::Of(&[Sort::Index]);
const DTYPE: Kind = Kind::Of(&[Sort::DType, Sort::PandasDType]);
const OFFSET: Kind = Kind::Of(&[Sort::Offset]);
const FREQUENCY: Kind = Kind::Or(&[Kind::None, Kind::Text, OFFSET]);
const ZONE: Kind = Kind::Or(&[Kind::None, Kind::Of(&[Sort::Zone])]);
const ENDPOINT: Kind = Kind::Or(&[Kind::Number, Kind::Of(&[Sort::Time])]);
const BLOCK_VALUES: Kind = Kind::Of(&[Sort::Array, Sort::PandasArray, Sort::Index]);
/// A slice, or an array of numbers: where the rows of a block lie.
const PLACEMENT: Kind = Kind::Of(&[Sort::Slice, Sort::Array]);
/// An array that a cached property or an attribute holds.
const VALUES: Kind = Kind::Or(&[ARRAY, Kind::Of(&[Sort::PandasArray, Sort::Index])]);

/// What an index is made of.
const INDEX_PARTS: Kind = Kind::Keys(&[
    ("data", VALUES),
    ("name", Kind::Data),
    ("dtype", DTYPE),
    ("freq", FREQUENCY),
    ("tz", ZONE),
    // `RangeIndex`
    ("start", Kind::Int),
    ("stop", Kind::Int),
    ("step", Kind::Int),
    // `MultiIndex`
    ("levels", Kind::Each(&INDEX)),
    ("codes", Kind::Each(&VALUES)),
    ("labels", Kind::Each(&VALUES)),
    ("sortorder", Kind::Or(&[Kind::None, Kind::Int])),
    ("names", Kind::Data),
    // `CategoricalIndex`
    ("categories", INDEX),
    ("ordered", Kind::Bool),
    // `IntervalIndex`
    ("left", VALUES),
    ("right", VALUES),
    ("closed", Kind::Text),
]);

/// `NDFrame.__getstate__`
const FRAME: Kind = Kind::Keys(&[
    ("_mgr", Kind::Of(&[Sort::Manager])),
    ("_data", Kind::Of(&[Sort::Manager])),
    ("_typ", Kind::Text),
    ("_metadata", Kind::Each(&Kind::Text)),
    ("attrs", Kind::Data),
    ("_attrs", Kind::Data),
    ("_flags", Kind::Keys(&[("allows_duplicate_labels", Kind::Bool)])),
    ("name", Kind::Data),
    ("_name", Kind::Data),
    ("_index", Kind::None),
    ("_default_fill_value", Kind::Number),
    ("_default_kind", Kind::Text),
]);

/// `BlockManager.__getstate__`: axes, values, items, and all of it once more.
const MANAGER_STATE: Kind = Kind::Tuple(&[
    Kind::Each(&INDEX),
    Kind::Each(&BLOCK_VALUES),
    Kind::Each(&INDEX),
    Kind::Keys(&[(
        "0.14.1",
        Kind::Keys(&[
            ("axes", Kind::Each(&INDEX)),
            ("blocks", Kind::Each(&Kind::Keys(&[("values", BLOCK_VALUES), ("mgr_locs", PLACEMENT)]))),
        ]),
    )]),
]);

/// Whether a table's blocks are given what pandas gives them, and as many columns and rows as they name.
pub(crate) fn table(values: &Values<'_>, state: NodeId) -> Result<(), &'static str> {
    match values.fits(state, MANAGER_STATE) {
        false => Err("is given a state that pandas never wrote"),
        true if !frames::state_fits(values.graph, state) => Err("has blocks that do not fit its columns and rows"),
        true => Ok(()),
    }
}

/// What arrays keep of their properties.
const CACHE: Kind = Kind::Keys(&[
    ("dtype", DTYPE),
    ("unit", Kind::Text),
    ("kind", Kind::Text),
    ("numpy_dtype", DTYPE),
    // Before pandas 1.3.
    ("ndim", Kind::Int),
]);

/// Arrays that are given a dict of attributes.
const ARRAY_STATE: Kind = Kind::Or(&[
    Kind::Keys(&[
        ("_data", Kind::Of(&[Sort::Array, Sort::PandasArray, Sort::Index, Sort::Arrow])),
        ("_pa_array", Kind::Of(&[Sort::Arrow])),
        ("_ndarray", ARRAY),
        ("_mask", ARRAY),
        ("_dtype", DTYPE),
        ("_freq", FREQUENCY),
        ("_cache", CACHE),
        ("_readonly", Kind::Bool),
        ("_codes", VALUES),
        ("_left", VALUES),
        ("_right", VALUES),
        ("_closed", Kind::Text),
        ("_sparse_index", Kind::Of(&[Sort::SparseIndex])),
        ("_sparse_values", VALUES),
        ("_fill_value", Kind::Plain),
    ]),
    BACKED_STATE,
]);

/// `NDArrayBacked.__setstate__`
const BACKED_STATE: Kind = Kind::Or(&[Kind::Tuple(&[DTYPE, ARRAY]), Kind::Tuple(&[DTYPE, ARRAY, BACKED_ATTRIBUTES])]);
const BACKED_ATTRIBUTES: Kind =
    Kind::Keys(&[("_freq", FREQUENCY), ("_cache", CACHE), ("_readonly", Kind::Bool), ("_dtype", DTYPE)]);

/// `IntervalMixin`'s state, as Cython makes it.
const INTERVALS_STATE: Kind = Kind::Tuple(&[Kind::Keys(&[
    ("_left", VALUES),
    ("_right", VALUES),
    ("_dtype", DTYPE),
    ("_closed", Kind::Text),
    ("_cache", CACHE),
    ("_readonly", Kind::Bool),
])]);

const DTYPE_STATE: Kind = Kind::Keys(&[
    // `CategoricalDtype`
    ("categories", Kind::Or(&[INDEX, Kind::None])),
    ("ordered", Kind::Or(&[Kind::Bool, Kind::None])),
    // `DatetimeTZDtype`
    ("unit", Kind::Text),
    ("tz", ZONE),
    // `IntervalDtype`
    ("subtype", Kind::Or(&[DTYPE, Kind::None])),
    ("closed", Kind::Or(&[Kind::Text, Kind::None])),
    // `SparseDtype`
    ("_dtype", DTYPE),
    ("_fill_value", Kind::Plain),
    // `StringDtype`
    ("storage", Kind::Text),
    ("_na_value", Kind::Or(&[Kind::Plain, Kind::Name(is_missing)])),
    ("_cache", CACHE),
    // `PeriodDtype`
    ("freq", FREQUENCY),
]);

/// Steps between moments, by names that a calendar has no part in.
const OFFSETS: [&str; 28] = [
    "BMonthBegin",
    "BMonthEnd",
    "BQuarterBegin",
    "BQuarterEnd",
    "BYearBegin",
    "BYearEnd",
    "BusinessDay",
    "BusinessMonthBegin",
    "BusinessMonthEnd",
    "Day",
    "Hour",
    "Micro",
    "Milli",
    "Minute",
    "MonthBegin",
    "MonthEnd",
    "Nano",
    "QuarterBegin",
    "QuarterEnd",
    "Second",
    "SemiMonthBegin",
    "SemiMonthEnd",
    "Tick",
    "Week",
    "YearBegin",
    "YearEnd",
    "HalfYearBegin",
    "HalfYearEnd",
];

/// Classes by module.
const CLASSES: &[(&str, &[&str])] = &[
    ("pandas", PUBLIC),
    ("pandas.arrays", ARRAYS),
    ("pandas.core.arrays.boolean", &["BooleanArray", "BooleanDtype"]),
    ("pandas.core.arrays.categorical", &["Categorical"]),
    ("pandas.core.arrays.datetimes", &["DatetimeArray"]),
    ("pandas.core.arrays.floating", &["Float32Dtype", "Float64Dtype", "FloatingArray"]),
    (
        "pandas.core.arrays.integer",
        &[
            "Int16Dtype",
            "Int32Dtype",
            "Int64Dtype",
            "Int8Dtype",
            "IntegerArray",
            "UInt16Dtype",
            "UInt32Dtype",
            "UInt64Dtype",
            "UInt8Dtype",
        ],
    ),
    ("pandas.core.arrays.interval", &["IntervalArray"]),
    ("pandas.core.arrays.period", &["PeriodArray"]),
    ("pandas.core.arrays.sparse.array", &["SparseArray"]),
    ("pandas.core.arrays.sparse.dtype", &["SparseDtype"]),
    ("pandas.core.arrays.sparse", &["SparseArray", "SparseDtype"]),
    ("pandas.core.arrays.string_", &["StringArray", "StringDtype"]),
    ("pandas.core.arrays.string_arrow", &["ArrowStringArray", "ArrowStringArrayNumpySemantics"]),
    ("pandas.core.arrays.timedeltas", &["TimedeltaArray"]),
    (
        "pandas.core.dtypes.dtypes",
        &["CategoricalDtype", "DatetimeTZDtype", "IntervalDtype", "PeriodDtype", "SparseDtype"],
    ),
    ("pandas.core.frame", &["DataFrame"]),
    ("pandas.core.indexes.base", &["Index"]),
    ("pandas.core.indexes.category", &["CategoricalIndex"]),
    ("pandas.core.indexes.datetimes", &["DatetimeIndex"]),
    ("pandas.core.indexes.interval", &["IntervalIndex"]),
    ("pandas.core.indexes.multi", &["MultiIndex"]),
    ("pandas.core.indexes.numeric", &["Float64Index", "Int64Index", "UInt64Index"]),
    ("pandas.core.indexes.period", &["PeriodIndex"]),
    ("pandas.core.indexes.range", &["RangeIndex"]),
    ("pandas.core.indexes.timedeltas", &["TimedeltaIndex"]),
    ("pandas.core.internals", &["BlockManager", "SingleBlockManager"]),
    ("pandas.core.internals.managers", &["BlockManager", "SingleBlockManager"]),
    ("pandas.core.series", &["Series"]),
    ("pandas.indexes.base", &["Index"]),
];

/// Names of `pandas` itself.
const PUBLIC: &[&str] = &[
    "BooleanDtype",
    "Categorical",
    "CategoricalDtype",
    "CategoricalIndex",
    "DataFrame",
    "DatetimeIndex",
    "DatetimeTZDtype",
    "Float32Dtype",
    "Float64Dtype",
    "Index",
    "Int16Dtype",
    "Int32Dtype",
    "Int64Dtype",
    "Int8Dtype",
    "IntervalDtype",
    "IntervalIndex",
    "MultiIndex",
    "PeriodDtype",
    "PeriodIndex",
    "RangeIndex",
    "Series",
    "SparseDtype",
    "StringDtype",
    "TimedeltaIndex",
    "UInt16Dtype",
    "UInt32Dtype",
    "UInt64Dtype",
    "UInt8Dtype",
];

/// Names of `pandas.arrays`.
const ARRAYS: &[&str] = &[
    "ArrowStringArray",
    "BooleanArray",
    "DatetimeArray",
    "FloatingArray",
    "IntegerArray",
    "IntervalArray",
    "PeriodArray",
    "SparseArray",
    "StringArray",
    "TimedeltaArray",
];
