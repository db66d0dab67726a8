//! Opcodes to a [`Graph`]: the pickle machine, exact in what it does to stack, marks and memo, and inert in what it
//! makes of it. Nothing is imported, called, opened or fetched.
//!
//! Time grows with the bytes read and no faster; memory stays within 256 bytes for each byte read, and within
//! [`crate::Limits`]. A declared length is never allocated, a value is never copied out of the memo, and nothing
//! recurses, however deep the values nest. (Content that a [`Host`] finds to be a pickle of its own runs a machine
//! within the machine, 64 deep at most.)

use crate::decode::{Argument, Decoder, Instruction, Part};
use crate::error::{Error, ErrorKind};
use crate::graph::{Change, Global, Graph, Make, Node, NodeId, Object, Payload, Span};
use crate::limits::{Budget, MOST_NESTED_PICKLES, exceeded};
use crate::memo::Memo;
use crate::opcode::Opcode;
use crate::text;
use crate::{Bytes, Limits};

/// Reads the pickle at the beginning of `bytes`, as `pickle.loads` would: what stands after its `STOP` is not looked
/// at. Buffer 1 of the graph is `bytes`.
///
/// # Errors
/// Bytes that are no pickle, a pickle that CPython would refuse while it reads it, or one that exceeds `limits`.
pub fn read(bytes: &Bytes, limits: &Limits) -> Result<Graph, Error> {
    read_first(bytes, limits).map(|(graph, _)| graph)
}

/// Reads the first pickle, and says where it ends: a scanner goes on from there with [`read_into`].
///
/// # Errors
/// As [`read`].
pub fn read_first(bytes: &Bytes, limits: &Limits) -> Result<(Graph, End), Error> {
    let mut graph = Graph::new();
    let buffer = graph.add_buffer(bytes.clone());
    let end = read_into(&mut graph, buffer, 0, &mut Budget::new(limits), &mut ())?;
    graph.set_root(end.root);
    Ok((graph, end))
}

/// Reads the pickle at `offset` of one of the graph's buffers into the graph, which keeps its root. The memo begins
/// empty.
///
/// # Errors
/// As [`read`], and what `host` says.
pub fn read_into(
    graph: &mut Graph,
    buffer: u32,
    offset: usize,
    budget: &mut Budget,
    host: &mut dyn Host,
) -> Result<End, Error> {
    if budget.nested >= MOST_NESTED_PICKLES {
        return Err(exceeded(offset, "nested pickles", MOST_NESTED_PICKLES.into()));
    }
    let bytes = graph.shared_buffer(buffer).unwrap_or_default();
    budget.nested += 1;
    let machine = Machine {
        graph,
        budget,
        buffer,
        decoder: Decoder::new(&bytes, offset),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Memo::default(),
        buffers: 0,
        singles: Singles::default(),
        offset,
        opcode: Opcode::Stop,
    };
    let end = machine.run(host);
    // After an error too: the caller may go on with the same budget.
    budget.nested -= 1;
    end
}

/// How a pickle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What `STOP` left.
    pub root: NodeId,
    /// Where `STOP` ended.
    pub offset: usize,
    /// How many bytes of the last frame stand behind `STOP`. Python's unpicklers disagree on whether whoever goes on
    /// reading sees them, and honest writers leave none.
    pub frame_left: usize,
}

/// Knows of content that stands between the opcodes. `()` knows of none.
pub trait Host {
    /// Called after each `BUILD`, with the object that it changed. When `Some` comes back, a [`Node::Payload`] takes
    /// the object's place on the stack, while the memo keeps the object itself, as joblib does; opcodes go on where
    /// `rest` was left.
    ///
    /// # Errors
    /// Whatever is wrong with the content; [`Rest::error`] makes an error with the right offset.
    fn built(&mut self, rest: &mut Rest<'_>, object: NodeId) -> Result<Option<Payload>, Error>;
}

impl Host for () {
    fn built(&mut self, _: &mut Rest<'_>, _: NodeId) -> Result<Option<Payload>, Error> {
        Ok(None)
    }
}

/// The bytes after a `BUILD`, with the graph so far.
#[derive(Debug)]
pub struct Rest<'a> {
    /// The graph so far: to look at the object, and to add buffers that come from elsewhere.
    pub graph: &'a mut Graph,
    /// What is left to spend.
    pub budget: &'a mut Budget,
    buffer: u32,
    len: usize,
    offset: usize,
    frame_end: Option<usize>,
}

impl Rest<'_> {
    /// Where the bytes begin, in the buffer being read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Which of the graph's buffers is being read.
    pub fn buffer(&self) -> u32 {
        self.buffer
    }

    /// How many bytes are left in the buffer.
    pub fn left(&self) -> usize {
        self.len.saturating_sub(self.offset)
    }

    /// Takes `length` bytes, without copying them.
    ///
    /// # Errors
    /// Fewer bytes are left, or the frame has not ended: content stands between frames.
    pub fn take(&mut self, length: u64) -> Result<Span, Error> {
        self.outside_frames()?;
        let span = usize::try_from(length).ok().and_then(|len| self.graph.span(self.buffer, self.offset, len));
        let Some(span) = span else {
            let found = u64::try_from(self.left()).unwrap_or(u64::MAX);
            return Err(self.error_kind(ErrorKind::Truncated { expected: length, found }));
        };
        self.offset = self.offset.saturating_add(span.len);
        Ok(span)
    }

    /// Reads a pickle with a memo of its own, which may have content of its own.
    ///
    /// # Errors
    /// As [`read_into`].
    pub fn pickle(&mut self, host: &mut dyn Host) -> Result<NodeId, Error> {
        self.outside_frames()?;
        let end = read_into(self.graph, self.buffer, self.offset, self.budget, host)?;
        self.offset = end.offset.saturating_add(end.frame_left);
        Ok(end.root)
    }

    /// An error at this place.
    pub fn error(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.error_kind(ErrorKind::Host(error.into()))
    }

    fn error_kind(&self, kind: ErrorKind) -> Error {
        Error::new(self.offset, kind)
    }

    fn outside_frames(&self) -> Result<(), Error> {
        match self.frame_end {
            Some(end) if self.offset < end => Err(self.error_kind(ErrorKind::FrameNotEnded { end })),
            _ => Ok(()),
        }
    }
}

struct Machine<'a> {
    graph: &'a mut Graph,
    budget: &'a mut Budget,
    buffer: u32,
    decoder: Decoder<'a>,
    stack: Vec<NodeId>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: Memo,
    /// How many `NEXT_BUFFER` there were.
    buffers: u32,
    singles: Singles,
    /// The opcode being done and its place, for errors.
    offset: usize,
    opcode: Opcode,
}

/// Values of which Python has one each.
#[derive(Default)]
struct Singles {
    none: Option<NodeId>,
    no: Option<NodeId>,
    yes: Option<NodeId>,
    empty: Option<NodeId>,
}

impl Machine<'_> {
    fn run(mut self, host: &mut dyn Host) -> Result<End, Error> {
        loop {
            let instruction = self.decoder.instruction()?;
            self.offset = instruction.offset;
            self.opcode = instruction.opcode;
            match instruction.opcode {
                Opcode::Stop => {
                    let root = self.pop()?;
                    let offset = self.decoder.offset();
                    let frame_left = self.decoder.frame_end().map_or(0, |end| end.saturating_sub(offset));
                    return Ok(End { root, offset, frame_left });
                }
                Opcode::Build => self.build(host)?,
                _ => self.step(instruction)?,
            }
        }
    }

    fn step(&mut self, instruction: Instruction<'_>) -> Result<(), Error> {
        use Opcode as Op;
        match (instruction.opcode, instruction.argument) {
            // The stack.
            (Op::Mark, _) => self.marks.push(self.stack.len()),
            (Op::Pop, _) => {
                // On an empty stack `POP` takes the mark away, as CPython's does.
                if self.stack.len() > self.fence() {
                    self.stack.pop();
                } else if self.marks.pop().is_none() {
                    return Err(self.underflow());
                }
            }
            (Op::PopMark, _) => {
                let mark = self.pop_mark()?;
                self.stack.truncate(mark);
            }
            (Op::Dup, _) => {
                let top = self.top()?;
                self.stack.push(top);
            }

            // The memo.
            (Op::Get | Op::Put, Argument::Bytes(line)) => {
                let key = match text::integer(line.bytes, text::Base::Ten) {
                    Some(text::Integer::Small(key)) => u64::try_from(key).ok(),
                    _ => None,
                };
                let key = key.ok_or_else(|| self.bad_text("the number of a place in the memo"))?;
                if self.opcode == Op::Get { self.get(key)? } else { self.put(key)? }
            }
            (Op::BinGet | Op::LongBinGet, Argument::Int(key)) => self.get(key.unsigned_abs())?,
            (Op::BinPut | Op::LongBinPut, Argument::Int(key)) => self.put(key.unsigned_abs())?,
            (Op::Memoize, _) => self.put(self.memo.len())?,

            // Values.
            (Op::None, _) => self.single(|singles| &mut singles.none, Node::None)?,
            (Op::NewTrue, _) => self.single(|singles| &mut singles.yes, Node::Bool(true))?,
            (Op::NewFalse, _) => self.single(|singles| &mut singles.no, Node::Bool(false))?,
            (Op::BinInt | Op::BinInt1 | Op::BinInt2, Argument::Int(value)) => self.push(Node::Int(value))?,
            (Op::Int, Argument::Bytes(Part { bytes: b"00", .. })) => {
                self.single(|singles| &mut singles.no, Node::Bool(false))?;
            }
            (Op::Int, Argument::Bytes(Part { bytes: b"01", .. })) => {
                self.single(|singles| &mut singles.yes, Node::Bool(true))?;
            }
            (Op::Int, Argument::Bytes(line)) => self.integer(line.bytes)?,
            (Op::Long, Argument::Bytes(line)) => self.integer(line.bytes.strip_suffix(b"L").unwrap_or(line.bytes))?,
            (Op::Long1 | Op::Long4, Argument::Bytes(part)) => self.long(part)?,
            (Op::Float, Argument::Bytes(line)) => {
                let value = text::float(line.bytes).ok_or_else(|| self.bad_text("a float"))?;
                self.push(Node::Float(value))?;
            }
            (Op::BinFloat, Argument::Float(value)) => self.push(Node::Float(value))?,
            (Op::String, Argument::Bytes(line)) => self.string(line)?,
            (Op::BinString | Op::ShortBinString, Argument::Bytes(part)) => {
                self.push(Node::ByteStr(self.span(part)))?;
            }
            (Op::Unicode, Argument::Bytes(line)) => self.unicode(line)?,
            (Op::BinUnicode | Op::ShortBinUnicode | Op::BinUnicode8, Argument::Bytes(part)) => {
                if !text::is_utf8_with_surrogates(part.bytes) {
                    return Err(self.bad_text("UTF-8"));
                }
                self.push(Node::Str(self.span(part)))?;
            }
            (Op::BinBytes | Op::ShortBinBytes | Op::BinBytes8, Argument::Bytes(part)) => {
                self.push(Node::Bytes(self.span(part)))?;
            }
            (Op::ByteArray8, Argument::Bytes(part)) => self.push(Node::ByteArray(self.span(part)))?,
            (Op::NextBuffer, _) => {
                let index = self.buffers;
                self.buffers = index.checked_add(1).ok_or_else(|| self.exceeded("buffers", u32::MAX.into()))?;
                self.push(Node::Buffer { index, readonly: false })?;
            }
            (Op::ReadonlyBuffer, _) => self.readonly_buffer()?,

            // Containers.
            (Op::EmptyTuple, _) => self.empty_tuple()?,
            (Op::Tuple1, _) => self.tuple(1)?,
            (Op::Tuple2, _) => self.tuple(2)?,
            (Op::Tuple3, _) => self.tuple(3)?,
            (Op::Tuple, _) => {
                let mark = self.pop_mark()?;
                if self.stack.len() == mark {
                    return self.empty_tuple();
                }
                let items = self.stack.drain(mark..).collect();
                self.push(Node::Tuple(items))?;
            }
            (Op::EmptyList, _) => self.push(Node::List(Vec::new()))?,
            (Op::List, _) => {
                let items = self.slice()?;
                self.push(Node::List(items))?;
            }
            (Op::Append, _) => {
                self.expect_values(2)?;
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            (Op::Appends, _) => {
                let items = self.slice()?;
                self.extend(items)?;
            }
            (Op::EmptyDict, _) => self.push(Node::Dict(Vec::new()))?,
            (Op::Dict, _) => {
                let items = self.pairs()?;
                self.push(Node::Dict(items))?;
            }
            (Op::SetItem, _) => {
                self.expect_values(3)?;
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![(key, value)])?;
            }
            (Op::SetItems, _) => {
                let items = self.pairs()?;
                self.set_items(items)?;
            }
            (Op::EmptySet, _) => self.push(Node::Set(Vec::new()))?,
            (Op::AddItems, _) => {
                let items = self.slice()?;
                self.add(items)?;
            }
            (Op::FrozenSet, _) => {
                let items = self.slice()?;
                self.push(Node::FrozenSet(items.into()))?;
            }

            // Names, and calls that are not made.
            (Op::Global, Argument::Pair(module, name)) => {
                let global = self.named(module, name)?;
                self.push(global)?;
            }
            (Op::StackGlobal, _) => {
                self.expect_values(2)?;
                let name = self.pop_text()?;
                let module = self.pop_text()?;
                self.push(Node::Global(Global { module, name }))?;
            }
            (Op::Ext1 | Op::Ext2 | Op::Ext4, Argument::Int(code)) => {
                let code = u32::try_from(code).ok().filter(|&code| code > 0);
                let code = code.ok_or_else(|| self.bad_text("a code of one or more"))?;
                self.push(Node::Extension(code))?;
            }
            (Op::PersId, Argument::Bytes(line)) => {
                if !line.bytes.is_ascii() {
                    return Err(self.bad_text("ASCII"));
                }
                let id = self.node(Node::Str(self.span(line)))?;
                self.push(Node::Persistent(id))?;
            }
            (Op::BinPersId, _) => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))?;
            }
            (Op::Reduce, _) => self.call(Make::Reduce)?,
            (Op::NewObj, _) => self.call(Make::NewObj)?,
            (Op::NewObjEx, _) => {
                self.expect_values(3)?;
                let keywords = self.pop()?;
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.object(Make::NewObjEx, callable, arguments, Some(keywords))?;
            }
            (Op::Inst, Argument::Pair(module, name)) => {
                let global = self.named(module, name)?;
                let arguments = self.slice()?;
                let callable = self.node(global)?;
                let arguments = self.node(Node::Tuple(arguments.into()))?;
                self.object(Make::Inst, callable, arguments, None)?;
            }
            (Op::Obj, _) => {
                let mut arguments = self.slice()?.into_iter();
                let callable = arguments.next().ok_or_else(|| self.underflow())?;
                let arguments = self.node(Node::Tuple(arguments.collect()))?;
                self.object(Make::Obj, callable, arguments, None)?;
            }

            // What says something about the pickle itself.
            (Op::Proto, Argument::Int(protocol)) => {
                let protocol = u8::try_from(protocol).unwrap_or(u8::MAX);
                if protocol > 5 {
                    return Err(Error::new(self.offset, ErrorKind::UnknownProtocol(protocol)));
                }
            }
            (Op::Frame, _) => {}

            // `decode` gives each opcode the argument of its kind; `run` does `STOP` and `BUILD`.
            (Op::Stop | Op::Build, _)
            | (Op::Get | Op::Put | Op::BinGet | Op::LongBinGet | Op::BinPut | Op::LongBinPut, _)
            | (Op::BinInt | Op::BinInt1 | Op::BinInt2 | Op::Int | Op::Long | Op::Long1 | Op::Long4, _)
            | (Op::Float | Op::BinFloat | Op::String | Op::BinString | Op::ShortBinString | Op::Unicode, _)
            | (Op::BinUnicode | Op::ShortBinUnicode | Op::BinUnicode8 | Op::ByteArray8, _)
            | (Op::BinBytes | Op::ShortBinBytes | Op::BinBytes8 | Op::Global | Op::Inst | Op::PersId, _)
            | (Op::Ext1 | Op::Ext2 | Op::Ext4 | Op::Proto, _) => {
                return Err(self.bad_text("an argument of its own kind"));
            }
        }
        Ok(())
    }

    // Values from texts.

    fn integer(&mut self, digits: &[u8]) -> Result<(), Error> {
        if digits.len() > text::MOST_DIGITS.saturating_add(3) {
            return Err(self.exceeded("digits", 4_300));
        }
        match text::integer(digits, text::Base::AsInSource) {
            Some(text::Integer::Small(value)) => self.push(Node::Int(value)),
            Some(text::Integer::Big(bytes)) => {
                let span = self.keep(&bytes)?;
                self.push(Node::BigInt(span))
            }
            None => Err(self.bad_text("an integer")),
        }
    }

    fn long(&mut self, part: Part<'_>) -> Result<(), Error> {
        let length = text::shortest(part.bytes);
        let bytes = part.bytes.get(..length).unwrap_or_default();
        match text::small(bytes) {
            Some(value) => self.push(Node::Int(value)),
            None => self.push(Node::BigInt(self.span(Part { start: part.start, bytes }))),
        }
    }

    fn string(&mut self, line: Part<'_>) -> Result<(), Error> {
        let inside = text::unquoted(line.bytes).ok_or_else(|| self.bad_text("a text in quotes"))?;
        let span = if inside.contains(&b'\\') {
            self.budget.decoded(inside.len(), self.offset)?;
            let decoded = text::unescape(inside).ok_or_else(|| self.bad_text("the escapes of a Python string"))?;
            self.graph.keep(&decoded)
        } else {
            self.span(Part { start: line.start.saturating_add(1), bytes: inside })
        };
        self.push(Node::ByteStr(span))
    }

    fn unicode(&mut self, line: Part<'_>) -> Result<(), Error> {
        let span = if line.bytes.is_ascii() && !line.bytes.contains(&b'\\') {
            self.span(line)
        } else {
            self.budget.decoded(line.bytes.len().saturating_mul(2), self.offset)?;
            let decoded = text::raw_unicode_escape(line.bytes).ok_or_else(|| self.bad_text("raw unicode escapes"))?;
            self.graph.keep(&decoded)
        };
        self.push(Node::Str(span))
    }

    fn named(&self, module: Part<'_>, name: Part<'_>) -> Result<Node, Error> {
        if std::str::from_utf8(module.bytes).is_err() || std::str::from_utf8(name.bytes).is_err() {
            return Err(self.bad_text("a module and a name in UTF-8"));
        }
        Ok(Node::Global(Global { module: self.span(module), name: self.span(name) }))
    }

    // Changes of what lies on the stack.

    /// `BUILD`, and the content that may follow it.
    fn build(&mut self, host: &mut dyn Host) -> Result<(), Error> {
        self.expect_values(2)?;
        let state = self.pop()?;
        let object = self.top()?;
        self.graph.change(object, Change::Build(state));
        let mut rest = Rest {
            graph: self.graph,
            budget: self.budget,
            buffer: self.buffer,
            len: self.decoder.len(),
            offset: self.decoder.offset(),
            frame_end: self.decoder.frame_end(),
        };
        if let Some(content) = host.built(&mut rest, object)? {
            let offset = rest.offset;
            self.decoder.go_on_at(offset);
            self.pop()?;
            self.push(Node::Payload { object, content })?;
        }
        Ok(())
    }

    fn readonly_buffer(&mut self) -> Result<(), Error> {
        let top = self.top()?;
        match self.graph.node(top) {
            // Another view of the same buffer: the memo keeps the one that can be written to.
            &Node::Buffer { index, readonly: false } => {
                self.pop()?;
                self.push(Node::Buffer { index, readonly: true })
            }
            Node::Buffer { .. } | Node::Bytes(_) => Ok(()),
            node => Err(self.bad_operand("a buffer", node)),
        }
    }

    /// `APPENDS` to what is on top. Python asks a list to `extend` itself, and anything else that can.
    fn extend(&mut self, mut items: Vec<NodeId>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::List(list) if !changed => list.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::Append(list)) => list.append(&mut items),
                _ => object.changes.push(Change::Append(items)),
            },
            Node::List(_) | Node::ByteArray(_) => self.graph.change(target, Change::Append(items)),
            node if unknown_type(node) => self.graph.change(target, Change::Append(items)),
            _ => return Err(self.bad_operand("a list", self.graph.node(target))),
        }
        Ok(())
    }

    /// `SETITEMS` to what is on top: `target[key] = value`.
    fn set_items(&mut self, mut items: Vec<(NodeId, NodeId)>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::Dict(dict) if !changed => dict.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::SetItems(dict)) => dict.append(&mut items),
                _ => object.changes.push(Change::SetItems(items)),
            },
            // A list takes `list[0] = value` too, if its keys are right.
            Node::Dict(_) | Node::List(_) | Node::ByteArray(_) | Node::Buffer { .. } => {
                self.graph.change(target, Change::SetItems(items));
            }
            node if unknown_type(node) => self.graph.change(target, Change::SetItems(items)),
            _ => return Err(self.bad_operand("a dict", self.graph.node(target))),
        }
        Ok(())
    }

    /// `ADDITEMS` to what is on top.
    fn add(&mut self, mut items: Vec<NodeId>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::Set(set) if !changed => set.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::Add(set)) => set.append(&mut items),
                _ => object.changes.push(Change::Add(items)),
            },
            Node::Set(_) => self.graph.change(target, Change::Add(items)),
            node if unknown_type(node) => self.graph.change(target, Change::Add(items)),
            _ => return Err(self.bad_operand("a set", self.graph.node(target))),
        }
        Ok(())
    }

    // Calls that are not made.

    fn call(&mut self, make: Make) -> Result<(), Error> {
        self.expect_values(2)?;
        let arguments = self.pop()?;
        let callable = self.pop()?;
        self.object(make, callable, arguments, None)
    }

    fn object(
        &mut self,
        make: Make,
        callable: NodeId,
        arguments: NodeId,
        keywords: Option<NodeId>,
    ) -> Result<(), Error> {
        self.push(Node::Object(Box::new(Object { make, callable, arguments, keywords, changes: Vec::new() })))
    }

    // Memo and stack.

    fn get(&mut self, key: u64) -> Result<(), Error> {
        let id = self.memo.get(key).ok_or_else(|| Error::new(self.offset, ErrorKind::NotInMemo(key)))?;
        self.stack.push(id);
        Ok(())
    }

    fn put(&mut self, key: u64) -> Result<(), Error> {
        let top = self.top()?;
        self.memo.put(key, top);
        Ok(())
    }

    /// A value of which Python has one: `None`, the bools, the empty tuple.
    fn single(&mut self, place: impl Fn(&mut Singles) -> &mut Option<NodeId>, node: Node) -> Result<(), Error> {
        let id = match *place(&mut self.singles) {
            Some(id) => id,
            None => {
                let id = self.node(node)?;
                *place(&mut self.singles) = Some(id);
                id
            }
        };
        self.stack.push(id);
        Ok(())
    }

    fn empty_tuple(&mut self) -> Result<(), Error> {
        self.single(|singles| &mut singles.empty, Node::Tuple(Box::default()))
    }

    fn tuple(&mut self, length: usize) -> Result<(), Error> {
        self.expect_values(length)?;
        let start = self.stack.len().saturating_sub(length);
        let items = self.stack.drain(start..).collect();
        self.push(Node::Tuple(items))
    }

    /// Everything after the last mark, which goes too.
    fn slice(&mut self) -> Result<Vec<NodeId>, Error> {
        let mark = self.pop_mark()?;
        Ok(self.stack.drain(mark..).collect())
    }

    /// Keys and values after the last mark, which goes too.
    fn pairs(&mut self) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let mark = self.pop_mark()?;
        let (pairs, odd) = self.stack.get(mark..).unwrap_or_default().as_chunks::<2>();
        if !odd.is_empty() {
            return Err(Error::new(self.offset, ErrorKind::OddItems(self.opcode)));
        }
        let pairs = pairs.iter().map(|&[key, value]| (key, value)).collect();
        self.stack.truncate(mark);
        Ok(pairs)
    }

    fn pop_mark(&mut self) -> Result<usize, Error> {
        self.marks.pop().ok_or_else(|| Error::new(self.offset, ErrorKind::NoMark(self.opcode)))
    }

    /// No opcode reaches below the last mark but those that take it.
    fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn expect_values(&self, count: usize) -> Result<(), Error> {
        match self.stack.len().checked_sub(self.fence()) {
            Some(found) if found >= count => Ok(()),
            _ => Err(self.underflow()),
        }
    }

    fn top(&self) -> Result<NodeId, Error> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.fence() => Ok(top),
            _ => Err(self.underflow()),
        }
    }

    fn pop(&mut self) -> Result<NodeId, Error> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// A module or a name. Python 3 makes a `str` of a Python 2 `str` that is ASCII.
    fn pop_text(&mut self) -> Result<Span, Error> {
        let id = self.pop()?;
        match *self.graph.node(id) {
            Node::Str(span) | Node::ByteStr(span) if self.graph.str_of(id).is_some() => Ok(span),
            ref node => Err(self.bad_operand("a text", node)),
        }
    }

    fn push(&mut self, node: Node) -> Result<(), Error> {
        let id = self.node(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn node(&mut self, node: Node) -> Result<NodeId, Error> {
        self.budget.nodes(1, self.offset)?;
        Ok(self.graph.push(node))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<Span, Error> {
        self.budget.decoded(bytes.len(), self.offset)?;
        Ok(self.graph.keep(bytes))
    }

    fn span(&self, part: Part<'_>) -> Span {
        Span { buffer: self.buffer, start: part.start, len: part.bytes.len() }
    }

    // Errors.

    fn underflow(&self) -> Error {
        Error::new(self.offset, ErrorKind::StackUnderflow(self.opcode))
    }

    fn bad_text(&self, expected: &'static str) -> Error {
        Error::new(self.offset, ErrorKind::BadText { opcode: self.opcode, expected })
    }

    fn bad_operand(&self, expected: &'static str, found: &Node) -> Error {
        Error::new(self.offset, ErrorKind::BadOperand { opcode: self.opcode, expected, found: found.kind() })
    }

    fn exceeded(&self, name: &'static str, most: u64) -> Error {
        exceeded(self.offset, name, most)
    }
}

/// What Python would have on the stack here only Python knows: it may well have the method that is asked for.
fn unknown_type(node: &Node) -> bool {
    matches!(node, Node::Global(_) | Node::Extension(_) | Node::Persistent(_) | Node::Object(_) | Node::Payload { .. })
}
