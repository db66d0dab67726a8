//! Primitives as ONNX's operators.

use std::collections::{HashMap, HashSet};

use prost::Message;
use prost::encoding::message;

use super::attributes::{int, ints, strings};
use super::form::Form;
use super::proto::{
    AttributeProto, DimensionProto, GraphProto, INITIALIZER, NODE, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use super::{INT64, ML_DOMAIN, tree_ensemble, tree_ensemble_regressor};
use crate::graph::{Constant, DType, Dim, Elements, Forest, Graph, Node, Primitive, TensorId, TensorType};

/// The name of the dimension of rows.
const ROWS: &str = "n_samples";

/// A graph as ONNX writes it, in pieces. Each primitive is dropped when it is encoded, so that no two forms of a large model
/// are in memory at once.
pub(super) fn graph(mut graph: Graph, name: &str, form: Form) -> Vec<Vec<u8>> {
    let nodes = std::mem::take(&mut graph.nodes);
    let mut translation = Translation::new(&graph, form);
    for node in nodes {
        translation.node(&node);
    }
    translation.outputs();
    let Translation { proto, mut nodes, initializers, .. } = translation;
    let named = GraphProto { name: name.to_owned(), ..GraphProto::default() };
    nodes.push(named.encode_to_vec());
    nodes.extend(initializers);
    nodes.push(proto.encode_to_vec());
    nodes
}

/// A field of a message.
fn encoded(field: u32, message: &impl Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message::encoded_len(field, message));
    message::encode(field, message, &mut bytes);
    bytes
}

struct Translation<'g> {
    graph: &'g Graph,
    form: Form,
    /// Inputs and outputs.
    proto: GraphProto,
    nodes: Vec<Vec<u8>>,
    initializers: Vec<Vec<u8>>,
    /// What tensors are called that are neither input nor output.
    prefix: String,
    names: HashMap<TensorId, String>,
    /// Lists of integers that operators take as inputs, by their elements and whether they are one number.
    lists: HashMap<(Vec<i64>, bool), String>,
}

impl<'g> Translation<'g> {
    fn new(graph: &'g Graph, form: Form) -> Self {
        // Columns may have any names.
        let taken: HashSet<&str> = graph.inputs.iter().map(|(name, _)| name.as_str()).collect();
        let mut prefix = "t".to_owned();
        while taken.iter().any(|name| name.starts_with(&prefix)) {
            prefix.push('_');
        }
        let mut names: HashMap<TensorId, String> = HashMap::new();
        for (name, tensor) in &graph.inputs {
            names.insert(*tensor, name.clone());
        }
        let input = graph.inputs.iter().map(|(name, tensor)| value(name, graph.type_of(*tensor), form)).collect();
        let proto = GraphProto { input, ..GraphProto::default() };
        let (nodes, initializers) = (Vec::new(), Vec::new());
        Self { graph, form, proto, nodes, initializers, prefix, names, lists: HashMap::new() }
    }

    fn name(&mut self, tensor: TensorId) -> String {
        let name = || format!("{}{}", self.prefix, tensor.index());
        self.names.entry(tensor).or_insert_with(name).clone()
    }

    fn push(
        &mut self,
        op_type: &str,
        domain: &str,
        input: Vec<String>,
        output: Vec<String>,
        attribute: Vec<AttributeProto>,
    ) {
        let (op_type, domain) = (op_type.to_owned(), domain.to_owned());
        // onnxruntime before 1.22 names nodes that it makes after those that it replaces, and refuses two of one name.
        let name = output.first().cloned().unwrap_or_default();
        self.push_node(&NodeProto { input, output, name, op_type, attribute, domain });
    }

    fn push_node(&mut self, node: &NodeProto) {
        self.nodes.push(encoded(NODE, node));
    }

    /// Outputs get their own names by `Identity`: one tensor may be several, or an input.
    fn outputs(&mut self) {
        let inputs: HashSet<&str> = self.graph.inputs.iter().map(|(name, _)| name.as_str()).collect();
        for (name, tensor) in &self.graph.outputs {
            let mut name = name.clone();
            while inputs.contains(name.as_str()) {
                name.push('_');
            }
            self.proto.output.push(value(&name, self.graph.type_of(*tensor), self.form));
            let from = self.name(*tensor);
            self.push("Identity", "", vec![from], vec![name], Vec::new());
        }
    }

    /// Integers as an input.
    fn list(&mut self, values: &[i64], is_one: bool) -> String {
        if let Some(name) = self.lists.get(&(values.to_vec(), is_one)) {
            return name.clone();
        }
        let name = format!("{}list{}", self.prefix, self.lists.len());
        let shape = if is_one { Vec::new() } else { vec![values.len()] };
        let constant = Constant { shape, elements: Elements::I64(values.to_vec()) };
        self.initializers.push(encoded(INITIALIZER, &initializer(&name, &constant, self.form)));
        self.lists.insert((values.to_vec(), is_one), name.clone());
        name
    }

    fn node(&mut self, node: &Node) {
        let mut inputs: Vec<String> = node.inputs.iter().map(|&input| self.name(input)).collect();
        let outputs: Vec<String> = node.outputs.iter().map(|&output| self.name(output)).collect();
        let mut domain = "";
        let (op_type, attributes) = match &node.primitive {
            Primitive::Constant(constant) => {
                let tensor = initializer(&outputs[0], constant, self.form);
                self.initializers.push(encoded(INITIALIZER, &tensor));
                return;
            }
            Primitive::Abs => ("Abs", vec![]),
            Primitive::Add => ("Add", vec![]),
            Primitive::And => ("And", vec![]),
            Primitive::ArgMax { axis, last } => (
                "ArgMax",
                vec![int("axis", number(*axis)), int("keepdims", 1), int("select_last_index", i64::from(*last))],
            ),
            Primitive::ArgMin { axis } => ("ArgMin", vec![int("axis", number(*axis)), int("keepdims", 1)]),
            Primitive::Cast(dtype) => ("Cast", vec![int("to", i64::from(self.form.element_type(*dtype)))]),
            Primitive::Ceil => ("Ceil", vec![]),
            Primitive::Concat { axis } => ("Concat", vec![int("axis", number(*axis))]),
            Primitive::Cos => ("Cos", vec![]),
            Primitive::CumSum { axis } => {
                inputs.push(self.list(&[number(*axis)], true));
                ("CumSum", vec![])
            }
            Primitive::Div => ("Div", vec![]),
            Primitive::Equal => ("Equal", vec![]),
            Primitive::Exp => ("Exp", vec![]),
            Primitive::Expand => {
                let shape = self.shape_of_rows(node, &inputs[1], &outputs[0]);
                inputs[1] = shape;
                ("Expand", vec![])
            }
            Primitive::Floor => ("Floor", vec![]),
            Primitive::Gather { axis } => ("Gather", vec![int("axis", number(*axis))]),
            Primitive::GatherElements { axis } => ("GatherElements", vec![int("axis", number(*axis))]),
            Primitive::Greater => ("Greater", vec![]),
            Primitive::GreaterOrEqual => ("GreaterOrEqual", vec![]),
            Primitive::IsInf => ("IsInf", vec![]),
            Primitive::IsNaN => ("IsNaN", vec![]),
            Primitive::LabelEncoder(places) => {
                domain = ML_DOMAIN;
                let keys = strings("keys_strings", places.iter().map(|(text, _)| text.as_str()));
                let values = ints("values_int64s", places.iter().map(|(_, place)| *place).collect());
                ("LabelEncoder", vec![int("default_int64", -1), keys, values])
            }
            Primitive::Less => ("Less", vec![]),
            Primitive::LessOrEqual => ("LessOrEqual", vec![]),
            Primitive::Log => ("Log", vec![]),
            Primitive::MatMul => ("MatMul", vec![]),
            Primitive::Mul => ("Mul", vec![]),
            Primitive::Neg => ("Neg", vec![]),
            Primitive::Not => ("Not", vec![]),
            Primitive::Or => ("Or", vec![]),
            Primitive::Pow => ("Pow", vec![]),
            Primitive::ReduceMax { axis } => ("ReduceMax", self.reduced(*axis, &mut inputs)),
            Primitive::ReduceMin { axis } => ("ReduceMin", self.reduced(*axis, &mut inputs)),
            Primitive::ReduceSum { axis } => {
                inputs.push(self.list(&[number(*axis)], false));
                ("ReduceSum", vec![int("keepdims", 1)])
            }
            Primitive::RefuseWhere(reason) => {
                self.refuse_where(reason, node, &inputs, &outputs[0]);
                return;
            }
            Primitive::Reshape(shape) => {
                let length = |dim: &Dim| match dim {
                    Dim::Batch => -1,
                    Dim::Fixed(length) => number(*length),
                };
                let shape: Vec<i64> = shape.iter().map(length).collect();
                inputs.push(self.list(&shape, false));
                ("Reshape", vec![])
            }
            Primitive::Round => ("Round", vec![]),
            Primitive::Sign => ("Sign", vec![]),
            Primitive::Sin => ("Sin", vec![]),
            Primitive::Slice { axis, start, end } => {
                for value in [*start, *end, *axis] {
                    inputs.push(self.list(&[number(value)], false));
                }
                ("Slice", vec![])
            }
            Primitive::Sqrt => ("Sqrt", vec![]),
            Primitive::Sub => ("Sub", vec![]),
            Primitive::Tanh => ("Tanh", vec![]),
            Primitive::TopK { k } => {
                inputs.push(self.list(&[number(*k)], false));
                ("TopK", vec![int("axis", -1), int("largest", 0), int("sorted", 1)])
            }
            Primitive::TreeEnsemble(forest) => {
                if !self.form.has_tree_ensemble() {
                    self.regressor(forest, inputs, &outputs[0]);
                    return;
                }
                domain = ML_DOMAIN;
                ("TreeEnsemble", tree_ensemble::attributes(forest, self.form))
            }
            Primitive::Where => ("Where", vec![]),
        };
        self.push(op_type, domain, inputs, outputs, attributes);
    }

    /// The settings of a reduction, whose axis is an input since opset 18.
    fn reduced(&mut self, axis: usize, inputs: &mut Vec<String>) -> Vec<AttributeProto> {
        if self.form.opset < 18 {
            return vec![ints("axes", vec![number(axis)]), int("keepdims", 1)];
        }
        inputs.push(self.list(&[number(axis)], false));
        vec![int("keepdims", 1)]
    }

    /// Trees for runtimes without `TreeEnsemble`: what they return is float32.
    fn regressor(&mut self, forest: &Forest, inputs: Vec<String>, output: &str) {
        let single = format!("{output}_single");
        let attributes = tree_ensemble_regressor::attributes(forest, self.form);
        self.push("TreeEnsembleRegressor", ML_DOMAIN, inputs, vec![single.clone()], attributes);
        let to = vec![int("to", i64::from(self.form.element_type(DType::F64)))];
        self.push("Cast", "", vec![single], vec![output.to_owned()], to);
    }

    /// Zero for each row, added to `inputs[0]`: it is taken from a list of one element, which has no second one for rows
    /// where the condition `inputs[1]` holds. A runtime then names the node, whose name is the reason.
    fn refuse_where(&mut self, reason: &str, node: &Node, inputs: &[String], output: &str) {
        let (place, zero) = (format!("{output}_place"), format!("{output}_zero"));
        let to = vec![int("to", i64::from(INT64))];
        self.push("Cast", "", vec![inputs[1].clone()], vec![place.clone()], to);
        let only = self.list(&[0], false);
        // No two nodes have the same name, this one's output included.
        let name = format!("refused: {reason} ({output})");
        self.push_node(&NodeProto {
            input: vec![only, place],
            output: vec![zero.clone()],
            name,
            op_type: "Gather".to_owned(),
            attribute: vec![int("axis", 0)],
            domain: String::new(),
        });
        let dtype = self.graph.type_of(node.inputs[0]).dtype;
        let typed = format!("{output}_typed");
        self.push(
            "Cast",
            "",
            vec![zero],
            vec![typed.clone()],
            vec![int("to", i64::from(self.form.element_type(dtype)))],
        );
        let add = if dtype == DType::Bool { "Or" } else { "Add" };
        self.push(add, "", vec![inputs[0].clone(), typed], vec![output.to_owned()], Vec::new());
    }

    /// The shape of a row that is repeated as often as `like` has rows.
    fn shape_of_rows(&mut self, node: &Node, like: &str, output: &str) -> String {
        let (rows, shape) = (format!("{output}_rows"), format!("{output}_shape"));
        // `Shape` of a part is new in opset 15.
        let all = format!("{output}_lengths");
        self.push("Shape", "", vec![like.to_owned()], vec![all.clone()], Vec::new());
        let [start, end, axis] = [0, 1, 0].map(|value| self.list(&[value], false));
        self.push("Slice", "", vec![all, start, end, axis], vec![rows.clone()], Vec::new());
        let lengths = self.graph.type_of(node.outputs[0]).shape[1..].iter().map(|dim| match dim {
            Dim::Batch => -1,
            Dim::Fixed(length) => number(*length),
        });
        let rest = self.list(&lengths.collect::<Vec<_>>(), false);
        self.push("Concat", "", vec![rows, rest], vec![shape.clone()], vec![int("axis", 0)]);
        shape
    }
}

fn value(name: &str, of: &TensorType, form: Form) -> ValueInfoProto {
    let dim = of.shape.iter().map(|dim| match dim {
        Dim::Batch => DimensionProto { dim_value: None, dim_param: Some(ROWS.to_owned()) },
        Dim::Fixed(length) => DimensionProto { dim_value: Some(number(*length)), dim_param: None },
    });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: form.element_type(of.dtype), shape });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }) }
}

fn initializer(name: &str, constant: &Constant, form: Form) -> TensorProto {
    let mut tensor = match &constant.elements {
        Elements::F64(values) => form.numbers(values.iter().map(|bits| bits.value())),
        elements => TensorProto {
            data_type: form.element_type(constant.tensor_type().dtype),
            raw_data: match elements {
                Elements::I64(values) => Some(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
                Elements::Bool(values) => Some(values.iter().map(|&value| u8::from(value)).collect()),
                Elements::F64(_) | Elements::Str(_) => None,
            },
            string_data: match elements {
                Elements::Str(values) => values.iter().map(|value| value.as_bytes().to_vec()).collect(),
                _ => Vec::new(),
            },
            ..TensorProto::default()
        },
    };
    name.clone_into(&mut tensor.name);
    tensor.dims = constant.shape.iter().map(|&length| number(length)).collect();
    tensor
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
