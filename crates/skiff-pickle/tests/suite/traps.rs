//! What toy readers of pickles get wrong, one test each.

use skiff_pickle::{
    Budget, Bytes, Change, Decoder, Error, ErrorKind, Global, Graph, Host, Limits, Make, Node, NodeId, Opcode, Out,
    Payload, Payloads, Rest, Span, WriteError, isomorphic, python3_name, read, read_first, read_into, to_bytes, write,
};

fn try_graph(bytes: &[u8]) -> Result<Graph, Error> {
    read(&Bytes::from(bytes.to_vec()), &Limits::default())
}

fn graph(bytes: &[u8]) -> Graph {
    try_graph(bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn root(graph: &Graph) -> &Node {
    graph.node(graph.root())
}

fn items(graph: &Graph) -> Vec<&Node> {
    graph.items(graph.root()).expect("a list or a tuple").iter().map(|&id| graph.node(id)).collect()
}

/// What `bytes` are refused for, and where.
#[track_caller]
fn refused(bytes: &[u8], offset: usize, message: &str) {
    let error = try_graph(bytes).expect_err("a pickle that is refused");
    assert_eq!((error.offset, error.kind.to_string().as_str()), (offset, message));
}

fn with(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn names_come_from_the_memo_and_through_dup_and_pop() {
    // 'os' is memoized and dropped, 'system' is on the stack twice for a while, marks are pushed and popped.
    let graph = graph(b"\x80\x04\x8c\x02os\x94\x8c\x06system22000((1(0h\x00\x8c\x06system20\x93.");
    assert_eq!(graph.global(graph.root()), Some(("os", "system")));
}

#[test]
fn memoize_takes_the_number_of_taken_places() {
    // `PUT 7` takes one place; `MEMOIZE` takes number 1, then 2; number 7 stays what it was.
    let graph = graph(b"(K\x0ap7\nK\x0b\x94K\x0c\x94h\x07h\x01h\x02t.");
    let found: Vec<_> = items(&graph).into_iter().cloned().collect();
    assert_eq!(found, [10, 11, 12, 10, 11, 12].map(Node::Int));
    // Putting twice under one number takes one place.
    let graph = self::graph(b"K\x0ap0\np0\nK\x0b\x94h\x01\x85.");
    assert_eq!(items(&graph), [&Node::Int(11)]);
    refused(b"K\x0ap7\nh\x00.", 5, "the memo has no value with the key `0`");
}

#[test]
fn the_memo_takes_numbers_in_any_order_but_none_beyond_its_bytes() {
    let graph = graph(b"(K\x01r\xff\xff\x00\x00K\x02p65536\ng65536\nj\xff\xff\x00\x00t.");
    assert_eq!(items(&graph)[2..], [&Node::Int(2), &Node::Int(1)]);
    refused(b"K\x01p-1\n.", 2, "`PUT` expected a key of the memo, found other text");
    let far = "expected a place in the memo that so few bytes can come to, found `4294967295`";
    refused(b"K\x01r\xff\xff\xff\xff.", 2, far);
    refused(b"K\x01p4294967295\n.", 2, far);
}

#[test]
fn nothing_reaches_below_a_mark() {
    refused(b"K\x01(2.", 3, "`DUP` found too few values on the stack");
    refused(b"K\x01K\x02(\x86.", 5, "`TUPLE2` found too few values on the stack");
    refused(b"](a.", 2, "`APPEND` found too few values on the stack");
    refused(b"K\x01(.", 3, "`STOP` found too few values on the stack");
    refused(b"t.", 0, "`TUPLE` found no mark on the stack");
    refused(b"0.", 0, "`POP` found too few values on the stack");
    // `POP` removes a mark without values above it.
    assert_eq!(root(&graph(b"K\x01(0.")), &Node::Int(1));
}

#[test]
fn frames_are_optional_but_nothing_straddles_their_end() {
    assert_eq!(root(&graph(b"\x80\x04K\x01.")), &Node::Int(1));
    // A frame of the opcode alone: the operand is after it.
    let frame = |length: u8| [0x95, length, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(root(&graph(&with(&[&frame(1), b"K\x01."]))), &Node::Int(1));
    refused(
        &with(&[&frame(2), b"M\x01\x00."]),
        10,
        "expected an operand to end with its frame at byte 11, found a longer one",
    );
    refused(
        &with(&[&frame(3), b"C\x03abc."]),
        11,
        "expected an operand to end with its frame at byte 12, found a longer one",
    );
    refused(
        &with(&[&frame(2), b"I1\n."]),
        10,
        "expected an operand to end with its frame at byte 11, found a longer one",
    );
    refused(
        &with(&[&frame(12), &frame(1), b"N.."]),
        9,
        "expected the previous frame to end first, found its end at byte 21",
    );
    refused(&with(&[&frame(200), b"N."]), 9, "expected 200 more bytes, found 2");
    refused(&with(&[&[0x95], &[0xff; 8], b"N."]), 9, "expected 18446744073709551615 more bytes, found 2");
}

#[test]
fn python_2_names_stay_as_written() {
    let graph = graph(b"c__builtin__\nxrange\n.");
    assert_eq!(graph.global(graph.root()), Some(("__builtin__", "xrange")));
    assert_eq!(python3_name("__builtin__", "xrange"), ("builtins", "range"));
    let again = read(&Bytes::from(to_bytes(&graph, 4).unwrap()), &Limits::default()).unwrap();
    assert_eq!(again.global(again.root()), Some(("builtins", "range")));
}

#[test]
fn bytes_of_protocol_2_are_a_call() {
    let mut graph = Graph::new();
    let span = graph.keep(b"\xff");
    let bytes = graph.push(Node::Bytes(span));
    graph.set_root(bytes);
    assert_eq!(
        to_bytes(&graph, 2).unwrap(),
        b"\x80\x02c_codecs\nencode\nX\x02\x00\x00\x00\xc3\xbfX\x06\x00\x00\x00latin1\x86R."
    );
}

#[test]
fn dotted_names_are_kept_whole() {
    let graph = graph(b"\x80\x04\x8c\x08builtins\x8c\x0deval.__call__\x93.");
    assert_eq!(graph.global(graph.root()), Some(("builtins", "eval.__call__")));
    // Below protocol 4 only `getattr` walks dots.
    assert_eq!(
        to_bytes(&graph, 3).unwrap(),
        b"\x80\x03cbuiltins\ngetattr\ncbuiltins\neval\nX\x08\x00\x00\x00__call__\x86R."
    );
}

#[test]
fn rare_opcodes_are_read() {
    // INST, OBJ: a class and arguments, and what `BUILD` gave.
    let inst = graph(b"(K\x01i__main__\nOld\n}b.");
    let object = inst.object(inst.root()).unwrap();
    assert_eq!((object.make, object.changes.len()), (Make::Inst, 1));
    assert_eq!(inst.items(object.arguments).map(<[_]>::len), Some(1));
    let obj = graph(b"(c__main__\nOld\nK\x01o}b.");
    assert_eq!(obj.object(obj.root()).unwrap().make, Make::Obj);
    assert!(isomorphic(&inst, &obj));
    refused(b"(o.", 1, "`OBJ` found too few values on the stack");
    // NEWOBJ_EX.
    let graph_ex = graph(b"ca\nb\n)}\x92.");
    assert!(graph_ex.object(graph_ex.root()).unwrap().keywords.is_some());
    assert_eq!(to_bytes(&graph_ex, 2).unwrap(), b"\x80\x02ccopy_reg\n__newobj_ex__\nca\nb\n)}\x87R.");
    // The extension registry.
    assert_eq!(
        items(&graph(b"\x82\x01\x83\x02\x01\x84\x03\x00\x00\x01\x87.")),
        [&Node::Extension(1), &Node::Extension(0x102), &Node::Extension(0x0100_0003)]
    );
    refused(b"\x82\x00.", 0, "`EXT1` expected a code of one or more, found other text");
    refused(b"\x84\xff\xff\xff\xff.", 0, "`EXT4` expected a code of one or more, found other text");
    // Persistent ids.
    for bytes in [b"Pid\n.".as_slice(), b"X\x02\x00\x00\x00idQ."] {
        let graph = graph(bytes);
        let &Node::Persistent(id) = root(&graph) else { panic!("no persistent id") };
        assert_eq!(graph.str_of(id), Some("id"));
    }
    // Buffers.
    let graph = graph(b"\x80\x05\x97\x97\x98\x86.");
    assert_eq!(
        items(&graph),
        [&Node::Buffer { index: 0, readonly: false }, &Node::Buffer { index: 1, readonly: true }]
    );
    refused(b"K\x01\x98.", 2, "`READONLY_BUFFER` expected a buffer, found an integer");
}

#[test]
fn old_containers_are_read() {
    let graph = graph(b"(lp0\nI1\naI2\na.");
    assert_eq!(items(&graph), [&Node::Int(1), &Node::Int(2)]);
    assert!(matches!(root(&self::graph(b"(NI1\nd.")), Node::Dict(items) if items.len() == 1));
    refused(b"(Nd.", 2, "`DICT` found a key without a value");
    refused(b"}(Nu.", 3, "`SETITEMS` found a key without a value");
}

#[test]
fn numbers_have_their_own_order_and_sign() {
    let graph = graph(
        b"(G?\xf0\x00\x00\x00\x00\x00\x00J\xff\xff\xff\xffK\xffM\x00\xff\x8a\x00\x8a\x01\xff\x8a\x02\xff\x00\x8b\x01\x00\x00\x00\x80\x8a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfft.",
    );
    assert_eq!(
        items(&graph),
        [
            &Node::Float(1.0),
            &Node::Int(-1),
            &Node::Int(255),
            &Node::Int(0xff00),
            &Node::Int(0),
            &Node::Int(-1),
            &Node::Int(255),
            &Node::Int(-128),
            &Node::Int(-1),
        ]
    );
    refused(b"\x8b\xff\xff\xff\xff.", 0, "expected a length of zero or more, found `-1`");
    refused(b"T\xff\xff\xff\xff.", 0, "expected a length of zero or more, found `-1`");
}

#[test]
fn numbers_in_text_are_pythons() {
    let graph = graph(b"(I00\nI01\nI000\nI0x1F\nI-7\nL12L\nL-9223372036854775808L\nI1_000\nFnan\nF-inf\nF1e5\nF.5\nt.");
    let found = items(&graph);
    assert_eq!(
        found[..8],
        [
            &Node::Bool(false),
            &Node::Bool(true),
            &Node::Int(0),
            &Node::Int(31),
            &Node::Int(-7),
            &Node::Int(12),
            &Node::Int(i64::MIN),
            &Node::Int(1000),
        ]
    );
    assert!(matches!(found[8], Node::Float(nan) if nan.is_nan()));
    assert_eq!(found[9..], [&Node::Float(f64::NEG_INFINITY), &Node::Float(1e5), &Node::Float(0.5)]);
    for text in ["", "-", "010", "1__0", "_1", "1_", "0x", "1L2", "1 1", "- 1", "1.5"] {
        refused(format!("I{text}\n.").as_bytes(), 0, "`INT` expected an integer, found other text");
    }
    for text in ["", "1_0", "one", "0x1p3", "1e"] {
        refused(format!("F{text}\n.").as_bytes(), 0, "`FLOAT` expected a float, found other text");
    }
    refused(format!("L{}L\n.", "9".repeat(5_000)).as_bytes(), 0, "the limit `digits` of 4300 is exceeded");
    // 2**64 and -(2**63) - 1, in two's complement.
    for (text, bytes) in [
        ("18446744073709551616", b"\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
        ("-9223372036854775809", b"\xff\xff\xff\xff\xff\xff\xff\x7f\xff"),
    ] {
        let graph = self::graph(format!("L{text}L\n.").as_bytes());
        let &Node::BigInt(span) = root(&graph) else { panic!("no long integer") };
        assert_eq!(graph.bytes(span), bytes);
    }
}

#[test]
fn strings_are_unescaped_as_python_does() {
    let graph = graph(b"S'a\\x41\\101\\n\\\\\\'\\q\\777'\n.");
    let &Node::ByteStr(span) = root(&graph) else { panic!("no byte string") };
    assert_eq!(graph.bytes(span), b"aAA\n\\'\\q\xff");
    for text in ["'a", "a'", "'", "a", "'a\""] {
        refused(format!("S{text}\n.").as_bytes(), 0, "`STRING` expected a text in quotes, found other text");
    }
    for text in ["'\\'", "'\\x1'"] {
        refused(
            format!("S{text}\n.").as_bytes(),
            0,
            "`STRING` expected the escapes of a Python string, found other text",
        );
    }
}

#[test]
fn texts_are_raw_unicode_escapes() {
    for (written, text) in [
        (b"Va\\u20ac\\U0001f600\n.".as_slice(), "a\u{20ac}\u{1f600}".as_bytes()),
        (b"V\xe9\n.", "\u{e9}".as_bytes()),
        // The first backslash takes the second along.
        (b"V\\\\u0041\\\n.", b"\\\\u0041\\"),
        (b"V\\ud800\n.", b"\xed\xa0\x80"),
    ] {
        let graph = graph(written);
        let &Node::Str(span) = root(&graph) else { panic!("no text") };
        assert_eq!(graph.bytes(span), text);
    }
    refused(b"V\\u12\n.", 0, "`UNICODE` expected raw unicode escapes, found other text");
    refused(b"V\\U00110000\n.", 0, "`UNICODE` expected raw unicode escapes, found other text");
}

#[test]
fn utf_8_may_hold_lone_surrogates() {
    let graph = graph(b"X\x04\x00\x00\x00a\xed\xb2\x80.");
    let &Node::Str(span) = root(&graph) else { panic!("no text") };
    assert_eq!((graph.bytes(span), graph.text(span)), (b"a\xed\xb2\x80".as_slice(), None));
    refused(b"X\x01\x00\x00\x00\xff.", 0, "`BINUNICODE` expected UTF-8, found other text");
    refused(b"X\x02\x00\x00\x00\xed\xa0.", 0, "`BINUNICODE` expected UTF-8, found other text");
}

#[test]
fn build_is_recorded_on_whatever_it_changes() {
    // On a name: `collections.OrderedDict.__reduce__ = …` is an attack.
    let graph = graph(b"ccollections\nOrderedDict\n}S'__reduce__'\nNsb.");
    assert!(matches!(graph.changes(graph.root()), [Change::Build(_)]));
    assert_eq!(graph.changed().collect::<Vec<_>>(), [graph.root()]);
    // On an object, several times, in order.
    let graph = self::graph(b"ca\nb\n)R}bK\x01a(K\x02K\x03eK\x04K\x05s(K\x06\x90)b.");
    let object = graph.object(graph.root()).unwrap();
    assert!(matches!(
        object.changes.as_slice(),
        [Change::Build(_), Change::Append(appended), Change::SetItems(_), Change::Add(_), Change::Build(_)]
            if appended.len() == 3
    ));
    assert!(matches!(object.state().map(|state| graph.node(state)), Some(Node::Tuple(_))));
    // A name may be a list of the program's: `sys.path` grows.
    let graph = self::graph(b"csys\npath\nS'/tmp'\na.");
    assert!(matches!(graph.changes(graph.root()), [Change::Append(_)]));
    // What Python knows to be no list is refused.
    refused(b"K\x01K\x02a.", 4, "`APPEND` expected a list, found an integer");
    refused(b")K\x01K\x02s.", 5, "`SETITEM` expected a dict, found a tuple");
    refused(b"](K\x01\x90.", 4, "`ADDITEMS` expected a set, found a list");
}

#[test]
fn python_2_strings_stay_bytes() {
    let graph = graph(b"(U\x01\xffU\x01aT\x01\x00\x00\x00bt.");
    let &[raw, a, b] = graph.items(graph.root()).unwrap() else { panic!("not three items") };
    assert_eq!((graph.str_of(raw), graph.str_of(a), graph.str_of(b)), (None, Some("a"), Some("b")));
    assert_eq!(to_bytes(&graph, 4).unwrap()[11..], *b"U\x01\xffU\x01aU\x01b\x87.");
}

#[test]
fn declared_lengths_are_not_believed() {
    for opcode in [b'\x8d', b'\x8e', b'\x96'] {
        let mut bytes = vec![opcode];
        bytes.extend((u64::MAX - 4).to_le_bytes());
        bytes.push(b'.');
        refused(&bytes, 9, "expected 18446744073709551611 more bytes, found 1");
    }
    refused(b"\x8b\xff\xff\xff\x7f.", 5, "expected 2147483647 more bytes, found 1");
}

#[test]
fn the_first_stop_ends_a_pickle_and_a_scanner_goes_on() {
    let bytes = Bytes::from(b"\x80\x02K\x01.cos\nsystem\n.".to_vec());
    let (graph, end) = read_first(&bytes, &Limits::default()).unwrap();
    assert_eq!((graph.node(end.root), end.offset), (&Node::Int(1), 5));
    let mut graph = Graph::new();
    let buffer = graph.add_buffer(bytes.clone());
    let mut budget = Budget::new(&Limits::default());
    let first = read_into(&mut graph, buffer, 0, &mut budget, &mut ()).unwrap();
    let second = read_into(&mut graph, buffer, first.offset, &mut budget, &mut ()).unwrap();
    assert_eq!((graph.global(second.root), second.offset), (Some(("os", "system")), bytes.len()));
    // The decoder's own end is the first `STOP` too.
    assert_eq!(Decoder::new(&bytes, 0).last().unwrap().unwrap().opcode, Opcode::Stop);
    // Bytes of a frame after `STOP` are reported.
    let bytes = Bytes::from(b"\x95\x05\x00\x00\x00\x00\x00\x00\x00N.XXXN.".to_vec());
    assert_eq!(read_first(&bytes, &Limits::default()).unwrap().1.frame_left, 3);
}

#[test]
fn cycles_and_sharing_survive() {
    // l = []; l.append(l); (l, l)
    let graph = graph(b"]q\x00h\x00ah\x00\x86.");
    let &[first, second] = graph.items(graph.root()).unwrap() else { panic!("not two items") };
    assert_eq!(first, second);
    assert_eq!(graph.items(first), Some([first].as_slice()));
    // t = ([t],) the way CPython writes it: the outer tuple is given up for the one in the memo.
    let ring = self::graph(b"]q\x00h\x00\x85q\x01a0h\x01.");
    for protocol in 2..=5 {
        for graph in [&graph, &ring] {
            let again = self::graph(&to_bytes(graph, protocol).unwrap());
            assert!(isomorphic(graph, &again));
        }
    }
    assert!(!isomorphic(&graph, &self::graph(b"]q\x00h\x00a]q\x01h\x01a\x86.")));
}

#[test]
fn what_python_could_not_build_is_not_written() {
    let mut graph = Graph::new();
    let tuple = graph.push(Node::Tuple(Box::default()));
    *graph.node_mut(tuple) = Node::Tuple(Box::new([tuple]));
    graph.set_root(tuple);
    assert!(matches!(to_bytes(&graph, 4), Err(WriteError::Entangled)));
}

/// Content as joblib has it: after each `BUILD` of `m.Wrapper`, a length byte of padding, the padding, five bytes.
struct Wrappers;

impl Wrappers {
    fn is_wrapper(graph: &Graph, object: NodeId) -> bool {
        graph.object(object).and_then(|made| graph.global(made.callable)) == Some(("m", "Wrapper"))
    }
}

impl Host for Wrappers {
    fn built(&mut self, rest: &mut Rest<'_>, object: NodeId) -> Result<Option<Payload>, Error> {
        if !Self::is_wrapper(rest.graph, object) {
            return Ok(None);
        }
        let length = rest.take(1)?;
        let &[padding] = rest.graph.bytes(length) else { return Err(rest.error("no padding")) };
        if padding == 0 {
            return Ok(Some(Payload::Pickle(rest.pickle(self)?)));
        }
        rest.take(padding.into())?;
        Ok(Some(Payload::Raw(rest.take(5)?)))
    }
}

impl Payloads for Wrappers {
    fn payload(&mut self, out: &mut Out<'_>, graph: &Graph, _: NodeId, content: Payload) -> Result<(), WriteError> {
        match content {
            Payload::Raw(span) => {
                let padding = 16 - (out.position() + 1) % 16;
                out.write(&[u8::try_from(padding).expect("at most 16")])?;
                out.write(&vec![0xff; usize::try_from(padding).expect("at most 16")])?;
                assert_eq!(out.position() % 16, 0);
                out.write(graph.bytes(span))
            }
            Payload::Pickle(root) => {
                out.write(&[0])?;
                write(graph, root, 4, out, self).map(drop)
            }
        }
    }
}

fn read_wrapped(bytes: Vec<u8>) -> Result<Graph, Error> {
    let mut graph = Graph::new();
    let buffer = graph.add_buffer(Bytes::from(bytes));
    let end = read_into(&mut graph, buffer, 0, &mut Budget::new(&Limits::default()), &mut Wrappers)?;
    graph.set_root(end.root);
    Ok(graph)
}

#[test]
fn content_stands_between_the_opcodes() {
    let nested = b"\x80\x04cm\nWrapper\n)\x81\x94Nb\x02\xff\xffinner.".to_vec();
    let bytes =
        with(&[b"\x80\x04]\x94(cm\nWrapper\n)\x81\x94Nb\x01\xffarrayh\x01cm\nWrapper\n)\x81Nb\x00", &nested, b"e."]);
    let graph = read_wrapped(bytes).unwrap();
    let &[array, wrapper, outer] = graph.items(graph.root()).unwrap() else { panic!("not three items") };
    let &Node::Payload { object, content: Payload::Raw(Span { buffer: 1, len: 5, start }) } = graph.node(array) else {
        panic!("no content")
    };
    // The memo keeps the wrapper, not the array.
    assert_eq!((wrapper, start), (object, 23));
    let &Node::Payload { content: Payload::Pickle(inner), .. } = graph.node(outer) else { panic!("no content") };
    let &Node::Payload { content: Payload::Raw(span), .. } = graph.node(inner) else { panic!("no content") };
    assert_eq!(graph.bytes(span), b"inner");
}

#[test]
fn content_is_written_where_its_reader_looks() {
    let bytes = b"\x80\x04]\x94(cm\nWrapper\n)\x81\x94Nb\x01\xffarray2cm\nWrapper\n)\x81Nb\x00N.K\x07e.".to_vec();
    let graph = read_wrapped(bytes).unwrap();
    assert!(matches!(to_bytes(&graph, 4), Err(WriteError::Payload(_))));
    for protocol in 2..=5 {
        let mut bytes = Vec::new();
        write(&graph, graph.root(), protocol, &mut Out::new(&mut bytes), &mut Wrappers).unwrap();
        // The array is in the list twice, and is written once.
        assert_eq!(bytes.windows(5).filter(|window| window == b"array").count(), 1);
        assert!(isomorphic(&graph, &read_wrapped(bytes).unwrap()));
    }
    // A frame that goes on is no place for content.
    let framed = b"\x95\x15\x00\x00\x00\x00\x00\x00\x00cm\nWrapper\n)\x81Nb\x01\xffarray.".to_vec();
    assert!(matches!(read_wrapped(framed).unwrap_err().kind, ErrorKind::FrameNotEnded { .. }));
}

#[test]
fn content_nests_only_so_deep() {
    let level = b"cm\nWrapper\n)\x81Nb\x00";
    let mut bytes = level.repeat(10_000);
    bytes.extend(b"N.");
    assert!(matches!(read_wrapped(bytes).unwrap_err().kind, ErrorKind::Limit { name: "nested pickles", most: 64 }));
}

#[test]
fn names_must_be_names() {
    refused(b"K\x01\x8c\x01a\x93.", 5, "`STACK_GLOBAL` expected a text, found an integer");
    refused(b"c\xff\na\n.", 0, "`GLOBAL` expected a module and a name in UTF-8, found other text");
    let mut graph = Graph::new();
    let (module, name) = (graph.keep(b"a\nb"), graph.keep(b"c"));
    let global = graph.push(Node::Global(Global { module, name }));
    graph.set_root(global);
    assert!(matches!(to_bytes(&graph, 2), Err(WriteError::BadName(_))));
    assert!(to_bytes(&graph, 4).is_ok());
}

#[test]
fn unknown_words_are_refused() {
    refused(b"\xff.", 0, "expected an opcode, found byte `0xff`");
    refused(b"\x80\x06N.", 0, "expected a protocol from `0` to `5`, found `6`");
    refused(b"", 0, "expected 1 more bytes, found 0");
    refused(b"I1", 1, "expected a newline at the end of a text, found the end of the bytes");
}
