//! A graph as steps over arrays of one row.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_models::Model;
use skiff_plan::Method;

use crate::graph::{Constant, DType, Dim, Elements, Forest, Graph, Node, Primitive, TensorId};

/// How many bytes the arrays of one function may take: they are on the stack.
const MOST_BYTES: usize = 2 << 20;

/// The functions of a model, and the tables that they share.
#[derive(Debug)]
pub(super) struct Program {
    /// The class of the estimator.
    pub estimator: String,
    /// The version of scikit-learn that wrote the model.
    pub version: Option<String>,
    /// The names of the features, where they are known.
    pub features: Vec<String>,
    pub functions: Vec<Function>,
    /// Arrays of constants, each once.
    pub constants: Vec<Arc<Constant>>,
    pub forests: Vec<Arc<Forest>>,
    /// Strings and their numbers.
    pub encoders: Vec<Strings>,
}

/// Strings and their numbers.
pub(super) type Strings = Arc<Vec<(String, i64)>>;

/// A method.
#[derive(Debug)]
pub(super) struct Function {
    pub method: Method,
    pub inputs: Vec<Input>,
    /// What is returned.
    pub outputs: Vec<Output>,
    pub steps: Vec<Step>,
}

/// What a function takes.
#[derive(Debug)]
pub(super) struct Input {
    pub name: String,
    pub dtype: DType,
    pub length: usize,
}

/// What a function returns.
#[derive(Debug)]
pub(super) struct Output {
    pub name: String,
    pub array: Array,
    pub dtype: DType,
    pub length: usize,
    /// Whether it is one element, and no list of them.
    pub is_one: bool,
}

/// An array by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Array {
    Input(usize),
    Constant(usize),
    Local(usize),
}

/// Something to do.
#[derive(Debug)]
pub(super) enum Step {
    /// An array for each of which `value` says what it holds at `i`.
    Elements { to: usize, dtype: DType, length: usize, value: Value },
    /// What a helper function computes.
    Call { helper: Helper, to: Vec<(usize, DType, usize)>, from: Vec<Array>, numbers: Vec<usize> },
    /// What the trees of a forest have for an array.
    Trees { to: usize, from: Array, forest: usize },
    /// The numbers of strings.
    Encode { to: usize, from: Array, length: usize, encoder: usize },
    /// The row is refused where the array holds true.
    Refuse { condition: Array, reason: &'static str },
}

/// A function that several languages have under this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Helper {
    ArgMax,
    ArgMin,
    /// As `Trees`, where some splits are by categories; in languages that have a faster way for all others.
    CategoryTrees,
    Copy,
    CumSum,
    Gather,
    GatherElements,
    LastArgMax,
    MatMul,
    Max,
    Min,
    Sum,
    TopK,
    Trees,
}

impl Helper {
    /// Its name, which begins its part of the helper functions of each language.
    pub fn name(self) -> &'static str {
        match self {
            Self::ArgMax => "arg_max",
            Self::ArgMin => "arg_min",
            Self::CategoryTrees => "category_trees",
            Self::Copy => "copy",
            Self::CumSum => "cum_sum",
            Self::Gather => "gather",
            Self::GatherElements => "gather_elements",
            Self::LastArgMax => "last_arg_max",
            Self::MatMul => "matmul",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
            Self::TopK => "top_k",
            Self::Trees => "trees",
        }
    }

    /// How many arrays it fills.
    pub fn results(self) -> usize {
        if self == Self::TopK { 2 } else { 1 }
    }

    /// How many arrays it reads.
    pub fn inputs(self) -> usize {
        if matches!(self, Self::Gather | Self::GatherElements | Self::MatMul) { 2 } else { 1 }
    }
}

impl Function {
    /// The length of the row, where it is one array of numbers.
    pub fn table(&self) -> Option<usize> {
        match &self.inputs[..] {
            [only] if only.name == "X" => Some(only.length),
            _ => None,
        }
    }

    /// The columns of the row and their numbers, where it is not an array.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &Input)> {
        let columns = if self.table().is_some() { &[][..] } else { &self.inputs[..] };
        columns.iter().enumerate()
    }

    /// The functions of elements that it needs.
    pub fn applies(&self) -> impl Iterator<Item = Apply> {
        self.steps.iter().filter_map(|step| match step {
            Step::Elements { value: Value::Apply(apply, _), .. } => Some(*apply),
            _ => None,
        })
    }
}

/// An expression over the place `i`.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Integer(i64),
    Truth(bool),
    Text(String),
    Element(Array, Place),
    Apply(Apply, Vec<Value>),
}

/// A function of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apply {
    Abs,
    Add,
    And,
    /// From a type to another one.
    Cast(DType, DType),
    Ceil,
    Cos,
    /// Of numbers; of floats it may be infinite.
    Div,
    Equal,
    EqualText,
    Exp,
    Floor,
    Greater,
    GreaterOrEqual,
    IsInf,
    IsNaN,
    Less,
    LessOrEqual,
    Log,
    Mul,
    Neg,
    Not,
    Or,
    Pow,
    Round,
    Sign,
    Sin,
    Sqrt,
    Sub,
    Tanh,
    Where,
}

/// Where an element is: the sum of its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(pub Vec<Term>);

/// `(i / divided % wrapped) * times`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub divided: usize,
    pub wrapped: Option<usize>,
    pub times: usize,
}

impl Program {
    pub(super) fn new(model: &Model) -> Self {
        let features = model.feature_names_in().map(|names| names.to_vec()).unwrap_or_default();
        Self {
            estimator: model.header().class.clone(),
            version: model.header().version.as_ref().map(ToString::to_string),
            features,
            functions: Vec::new(),
            constants: Vec::new(),
            forests: Vec::new(),
            encoders: Vec::new(),
        }
    }

    /// Adds a method, or nothing where it cannot be written: `check` sees it with the program that it belongs to.
    pub(super) fn add(
        &mut self,
        method: Method,
        graph: &Graph,
        check: &dyn Fn(&Self, &Function) -> Result<(), String>,
    ) -> Result<(), String> {
        let before = (self.constants.len(), self.forests.len(), self.encoders.len());
        let function = self.function(method, graph).and_then(|function| {
            check(self, &function)?;
            Ok(function)
        });
        let function = function.inspect_err(|_| {
            self.constants.truncate(before.0);
            self.forests.truncate(before.1);
            self.encoders.truncate(before.2);
        })?;
        self.functions.push(function);
        Ok(())
    }

    fn function(&mut self, method: Method, graph: &Graph) -> Result<Function, String> {
        let mut writing =
            Writing { graph, program: self, arrays: HashMap::new(), steps: Vec::new(), next: 0, bytes: 0 };
        let mut inputs = Vec::new();
        for (at, (name, tensor)) in graph.inputs.iter().enumerate() {
            writing.arrays.insert(*tensor, Array::Input(at));
            let (dtype, length) = (graph.type_of(*tensor).dtype, writing.length(*tensor));
            inputs.push(Input { name: name.clone(), dtype, length });
        }
        for node in &graph.nodes {
            writing.node(node)?;
        }
        if writing.bytes > MOST_BYTES {
            return Err(format!("its arrays for one row take {} bytes, too many for the stack", writing.bytes));
        }
        let mut outputs = Vec::new();
        for (name, tensor) in &graph.outputs {
            let of = graph.type_of(*tensor);
            let is_one = of.shape.len() == 1;
            let (array, length) = (writing.array(*tensor)?, writing.length(*tensor));
            outputs.push(Output { name: name.clone(), array, dtype: of.dtype, length, is_one });
        }
        Ok(Function { method, inputs, outputs, steps: writing.steps })
    }
}

/// The place of an item that a list already has, or gets.
fn place_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

struct Writing<'a> {
    graph: &'a Graph,
    program: &'a mut Program,
    arrays: HashMap<TensorId, Array>,
    steps: Vec<Step>,
    next: usize,
    bytes: usize,
}

impl Writing<'_> {
    /// The shape of a tensor for one row.
    fn shape(&self, tensor: TensorId) -> Vec<usize> {
        let length = |dim: &Dim| match dim {
            Dim::Batch => 1,
            Dim::Fixed(length) => *length,
        };
        self.graph.type_of(tensor).shape.iter().map(length).collect()
    }

    fn length(&self, tensor: TensorId) -> usize {
        self.shape(tensor).iter().product()
    }

    fn dtype(&self, tensor: TensorId) -> DType {
        self.graph.type_of(tensor).dtype
    }

    fn array(&self, tensor: TensorId) -> Result<Array, String> {
        self.arrays.get(&tensor).copied().ok_or_else(|| "a tensor that is not there".to_owned())
    }

    /// A new array for a tensor.
    fn local(&mut self, tensor: TensorId) -> usize {
        let at = self.next;
        self.next += 1;
        self.bytes += 8 * self.length(tensor);
        self.arrays.insert(tensor, Array::Local(at));
        at
    }

    /// How many lanes there are before an axis, how long it is, and how many elements follow each of its places. The axis of
    /// rows has one place only.
    fn sizes(&self, tensor: TensorId, axis: usize) -> Result<[usize; 3], String> {
        if self.graph.type_of(tensor).shape.get(axis) == Some(&Dim::Batch) {
            return Err("it looks at all rows of a table at once".to_owned());
        }
        let shape = self.shape(tensor);
        Ok([shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product()])
    }

    fn node(&mut self, node: &Node) -> Result<(), String> {
        let output = node.outputs[0];
        match &node.primitive {
            Primitive::Constant(constant) => {
                let at = place_of(&mut self.program.constants, Arc::clone(constant));
                self.arrays.insert(output, Array::Constant(at));
            }
            // The elements stay as they are, in the same order.
            Primitive::Reshape(_) | Primitive::Expand => {
                let array = self.array(node.inputs[0])?;
                self.arrays.insert(output, array);
            }
            Primitive::RefuseWhere(reason) => {
                let (array, condition) = (self.array(node.inputs[0])?, self.array(node.inputs[1])?);
                self.steps.push(Step::Refuse { condition, reason });
                self.arrays.insert(output, array);
            }
            Primitive::TreeEnsemble(forest) => {
                let forest = place_of(&mut self.program.forests, Arc::clone(forest));
                let (from, to) = (self.array(node.inputs[0])?, self.local(output));
                // C copies the features that are compared, some of them twice.
                let own = &self.program.forests[forest];
                self.bytes += 8 * (2 * own.n_features).min(own.splits.len());
                self.steps.push(Step::Trees { to, from, forest });
            }
            Primitive::LabelEncoder(places) => {
                let encoder = place_of(&mut self.program.encoders, Arc::clone(places));
                let (from, length) = (self.array(node.inputs[0])?, self.length(output));
                let to = self.local(output);
                self.steps.push(Step::Encode { to, from, length, encoder });
            }
            Primitive::Concat { axis } => return self.concat(node, *axis),
            Primitive::ArgMax { axis, last } => {
                let helper = if *last { Helper::LastArgMax } else { Helper::ArgMax };
                let numbers = self.sizes(node.inputs[0], *axis)?.to_vec();
                self.call(helper, node, numbers)?;
            }
            Primitive::ArgMin { axis } => self.reduce(Helper::ArgMin, node, *axis)?,
            Primitive::ReduceMax { axis } => self.reduce(Helper::Max, node, *axis)?,
            Primitive::ReduceMin { axis } => self.reduce(Helper::Min, node, *axis)?,
            Primitive::ReduceSum { axis } => self.reduce(Helper::Sum, node, *axis)?,
            Primitive::CumSum { axis } => self.reduce(Helper::CumSum, node, *axis)?,
            Primitive::Gather { axis } => {
                let mut numbers = self.sizes(node.inputs[0], *axis)?.to_vec();
                numbers.push(self.length(node.inputs[1]));
                self.call(Helper::Gather, node, numbers)?;
            }
            Primitive::GatherElements { axis } => {
                let mut numbers = self.sizes(node.inputs[0], *axis)?.to_vec();
                numbers.push(self.sizes(node.inputs[1], *axis)?[1]);
                self.call(Helper::GatherElements, node, numbers)?;
            }
            Primitive::MatMul => {
                let (x, y) = (self.shape(node.inputs[0]), self.shape(node.inputs[1]));
                self.call(Helper::MatMul, node, vec![x[0], x[1], y[1]])?;
            }
            Primitive::Slice { axis, start, end } => {
                let [outer, length, inner] = self.sizes(node.inputs[0], *axis)?;
                let count = (end - start) * inner;
                if outer == 1 {
                    return self.part(node, start * inner);
                }
                self.call(Helper::Copy, node, vec![0, count, start * inner, length * inner, count, outer])?;
            }
            Primitive::TopK { k } => {
                let shape = self.shape(node.inputs[0]);
                let width = shape.last().copied().unwrap_or(1);
                self.call(Helper::TopK, node, vec![self.length(node.inputs[0]) / width.max(1), width, *k])?;
            }
            other => return self.elements(node, other),
        }
        Ok(())
    }

    fn reduce(&mut self, helper: Helper, node: &Node, axis: usize) -> Result<(), String> {
        let numbers = self.sizes(node.inputs[0], axis)?.to_vec();
        self.call(helper, node, numbers)
    }

    fn call(&mut self, helper: Helper, node: &Node, numbers: Vec<usize>) -> Result<(), String> {
        let from = node.inputs.iter().map(|&input| self.array(input)).collect::<Result<_, _>>()?;
        let to = node.outputs.iter().map(|&output| (self.local(output), self.dtype(output), self.length(output)));
        let to = to.collect();
        self.steps.push(Step::Call { helper, to, from, numbers });
        Ok(())
    }

    /// A run of elements of an array.
    fn part(&mut self, node: &Node, start: usize) -> Result<(), String> {
        let output = node.outputs[0];
        let (from, dtype, length) = (self.array(node.inputs[0])?, self.dtype(output), self.length(output));
        let to = self.local(output);
        self.steps.push(Step::Call {
            helper: Helper::Copy,
            to: vec![(to, dtype, length)],
            from: vec![from],
            numbers: vec![0, length, start, length, length, 1],
        });
        Ok(())
    }

    fn concat(&mut self, node: &Node, axis: usize) -> Result<(), String> {
        let output = node.outputs[0];
        let [outer, width, inner] = self.sizes(output, axis)?;
        let length = self.length(output);
        let dtype = self.dtype(output);
        let parts: Vec<(Array, usize)> = node
            .inputs
            .iter()
            .map(|&input| Ok((self.array(input)?, self.sizes(input, axis)?[1] * inner)))
            .collect::<Result<_, String>>()?;
        let (to, mut start) = (self.local(output), 0);
        for (at, (from, count)) in parts.into_iter().enumerate() {
            // The array is declared with the first part.
            let declared = if at == 0 { length } else { 0 };
            self.steps.push(Step::Call {
                helper: Helper::Copy,
                to: vec![(to, dtype, declared)],
                from: vec![from],
                numbers: vec![start, width * inner, 0, count, count, outer],
            });
            start += count;
        }
        Ok(())
    }

    /// A loop over the elements of the output.
    fn elements(&mut self, node: &Node, primitive: &Primitive) -> Result<(), String> {
        let output = node.outputs[0];
        let (shape, dtype) = (self.shape(output), self.dtype(output));
        let function = match primitive {
            Primitive::Abs => Apply::Abs,
            Primitive::Add => Apply::Add,
            Primitive::And => Apply::And,
            Primitive::Cast(to) => Apply::Cast(self.dtype(node.inputs[0]), *to),
            Primitive::Ceil => Apply::Ceil,
            Primitive::Cos => Apply::Cos,
            Primitive::Div => Apply::Div,
            Primitive::Equal if self.dtype(node.inputs[0]) == DType::Str => Apply::EqualText,
            Primitive::Equal => Apply::Equal,
            Primitive::Exp => Apply::Exp,
            Primitive::Floor => Apply::Floor,
            Primitive::Greater => Apply::Greater,
            Primitive::GreaterOrEqual => Apply::GreaterOrEqual,
            Primitive::IsInf => Apply::IsInf,
            Primitive::IsNaN => Apply::IsNaN,
            Primitive::Less => Apply::Less,
            Primitive::LessOrEqual => Apply::LessOrEqual,
            Primitive::Log => Apply::Log,
            Primitive::Mul => Apply::Mul,
            Primitive::Neg => Apply::Neg,
            Primitive::Not => Apply::Not,
            Primitive::Or => Apply::Or,
            Primitive::Pow => Apply::Pow,
            Primitive::Round => Apply::Round,
            Primitive::Sign => Apply::Sign,
            Primitive::Sin => Apply::Sin,
            Primitive::Sqrt => Apply::Sqrt,
            Primitive::Sub => Apply::Sub,
            Primitive::Tanh => Apply::Tanh,
            Primitive::Where => Apply::Where,
            other => return Err(format!("source code has no `{other:?}`")),
        };
        let arguments = node.inputs.iter().map(|&input| self.element(input, &shape)).collect::<Result<_, _>>()?;
        let to = self.local(output);
        let length = shape.iter().product();
        self.steps.push(Step::Elements { to, dtype, length, value: Value::Apply(function, arguments) });
        Ok(())
    }

    /// What an input has for place `i` of an output of this shape.
    fn element(&self, input: TensorId, shape: &[usize]) -> Result<Value, String> {
        let array = self.array(input)?;
        let own = self.shape(input);
        let length: usize = own.iter().product();
        if let (Array::Constant(at), 1) = (array, length) {
            return Ok(match &self.program.constants[at].elements {
                Elements::F64(values) => Value::Number(values[0].value()),
                Elements::I64(values) => Value::Integer(values[0]),
                Elements::Bool(values) => Value::Truth(values[0]),
                Elements::Str(values) => Value::Text(values[0].clone()),
            });
        }
        let mut terms = Vec::new();
        if length == shape.iter().product::<usize>() {
            terms.push(Term { divided: 1, wrapped: None, times: 1 });
        } else if length != 1 {
            let own = [vec![1; shape.len() - own.len()], own].concat();
            let (mut divided, mut times) = (1, 1);
            for axis in (0..shape.len()).rev() {
                if own[axis] != 1 {
                    let is_outermost = shape[..axis].iter().all(|&length| length == 1);
                    terms.push(Term { divided, wrapped: (!is_outermost).then_some(shape[axis]), times });
                }
                divided *= shape[axis];
                times *= own[axis];
            }
        }
        Ok(Value::Element(array, Place(terms)))
    }
}
