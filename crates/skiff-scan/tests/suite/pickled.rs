//! Values as protocol 4 writes them, and the same with one part replaced.

/// What a pickle builds.
#[derive(Clone, Debug)]
pub enum Value {
    /// `None`
    Nothing,
    /// A value that may be any: it is written as `None`, and never replaced.
    Any,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Raw(&'static [u8]),
    Name(&'static str, &'static str),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// A call, and a state.
    Call(Box<Value>, Vec<Value>, Option<Box<Value>>),
    /// An empty instance of a class, and a state.
    New(Box<Value>, Option<Box<Value>>),
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn name(module: &'static str, name: &'static str) -> Value {
    Value::Name(module, name)
}

pub fn tuple(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Tuple(items.into_iter().collect())
}

pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

pub fn dict(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Dict(pairs.into_iter().collect())
}

/// A dict with text for keys.
pub fn attributes<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    dict(pairs.map(|(key, value)| (text(key), value)))
}

pub fn call<const N: usize>(module: &'static str, function: &'static str, arguments: [Value; N]) -> Value {
    Value::Call(Box::new(name(module, function)), arguments.into(), None)
}

pub fn new(module: &'static str, class: &'static str) -> Value {
    Value::New(Box::new(name(module, class)), None)
}

impl Value {
    /// The same object with a state.
    pub fn given(self, state: Value) -> Value {
        match self {
            Self::Call(function, arguments, _) => Self::Call(function, arguments, Some(Box::new(state))),
            Self::New(class, _) => Self::New(class, Some(Box::new(state))),
            other => other,
        }
    }

    pub fn pickle(&self) -> Vec<u8> {
        let mut out = vec![0x80, 4];
        self.write(&mut out);
        out.push(b'.');
        out
    }

    /// How many values lie within, itself not counted.
    pub fn positions(&self) -> usize {
        self.parts().iter().map(|part| 1 + part.positions()).sum()
    }

    /// The same with the value at a position replaced; `None` where any value may be, and for names, which are judged by
    /// what they name.
    pub fn with(&self, position: usize, other: &Value) -> Option<Value> {
        let mut changed = self.clone();
        let mut left = position;
        changed.replace(&mut left, other).then_some(changed)
    }

    fn parts(&self) -> Vec<&Value> {
        match self {
            Self::Tuple(items) | Self::List(items) => items.iter().collect(),
            Self::Dict(pairs) => pairs.iter().map(|(_, value)| value).collect(),
            Self::Call(_, arguments, state) => arguments.iter().chain(state.as_deref()).collect(),
            Self::New(_, state) => state.as_deref().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Value> {
        match self {
            Self::Tuple(items) | Self::List(items) => items.iter_mut().collect(),
            Self::Dict(pairs) => pairs.iter_mut().map(|(_, value)| value).collect(),
            Self::Call(_, arguments, state) => arguments.iter_mut().chain(state.as_deref_mut()).collect(),
            Self::New(_, state) => state.as_deref_mut().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn replace(&mut self, left: &mut usize, other: &Value) -> bool {
        for part in self.parts_mut() {
            if *left == 0 {
                if matches!(part, Self::Any | Self::Name(..)) {
                    return false;
                }
                *part = other.clone();
                return true;
            }
            *left -= 1;
            let within = part.positions();
            if *left < within {
                return part.replace(left, other);
            }
            *left -= within;
        }
        false
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing | Self::Any => out.push(b'N'),
            Self::Bool(value) => out.push(if *value { 0x88 } else { 0x89 }),
            Self::Int(value) => {
                out.extend([0x8a, 8]);
                out.extend(value.to_le_bytes());
            }
            Self::Float(value) => {
                out.push(b'G');
                out.extend(value.to_be_bytes());
            }
            Self::Text(text) => sized(out, b'X', text.as_bytes()),
            Self::Raw(bytes) => sized(out, b'B', bytes),
            Self::Name(module, name) => {
                sized(out, b'X', module.as_bytes());
                sized(out, b'X', name.as_bytes());
                out.push(0x93);
            }
            Self::Tuple(items) => {
                out.push(b'(');
                items.iter().for_each(|item| item.write(out));
                out.push(b't');
            }
            Self::List(items) => {
                out.extend(*b"](");
                items.iter().for_each(|item| item.write(out));
                out.push(b'e');
            }
            Self::Dict(pairs) => {
                out.extend(*b"}(");
                for (key, value) in pairs {
                    key.write(out);
                    value.write(out);
                }
                out.push(b'u');
            }
            Self::Call(function, arguments, state) => {
                function.write(out);
                Self::Tuple(arguments.clone()).write(out);
                out.push(b'R');
                given(state.as_deref(), out);
            }
            Self::New(class, state) => {
                class.write(out);
                out.extend([b')', 0x81]);
                given(state.as_deref(), out);
            }
        }
    }
}

fn given(state: Option<&Value>, out: &mut Vec<u8>) {
    if let Some(state) = state {
        state.write(out);
        out.push(b'b');
    }
}

fn sized(out: &mut Vec<u8>, opcode: u8, bytes: &[u8]) {
    out.push(opcode);
    out.extend(u32::try_from(bytes.len()).expect("a short text").to_le_bytes());
    out.extend(bytes);
}
