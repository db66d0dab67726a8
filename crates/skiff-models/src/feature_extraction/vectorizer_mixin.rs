//! `_VectorizerMixin`: the parameters that all text vectorisers share.

use std::sync::Arc;

use skiff_files::{DType, NdArray};
use skiff_pickle::{Change, Graph, Make, Node, NodeId};
use skiff_plan::ValueId;
use skiff_plan::custom::{Bound, Job};
use skiff_plan::operators::{CallCustom, PreprocessTexts};
use skiff_plan::text::{self, Accents, Analyzer, DecodeError, Decoding, ENGLISH, Pattern, TextFunction, Tokens};
use skiff_plan::value::{IntKind, NumberType, Precision};

use crate::custom;
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;

/// scikit-learn's default.
const TOKEN_PATTERN: &str = r"(?u)\b\w\w+\b";
/// Its function of that name, which may be given itself.
const STRIP_ACCENTS_ASCII: &str = "sklearn.feature_extraction.text.strip_accents_ascii";

/// What `build_analyzer()` would make.
#[derive(Debug)]
pub(super) struct Analysis {
    analyzer: Arc<Analyzer>,
    /// `preprocessor`, if it is user code; it also replaces `lowercase` and `strip_accents`.
    preprocessor: Option<Bound>,
    /// `tokenizer`, or a callable `analyzer`.
    splitter: Option<Bound>,
}

impl Analysis {
    /// The input of tokenizing: the documents, or what user code returns for them.
    pub(super) fn prepare(&self, input: ValueId, plan: &mut Lowering<'_>) -> (Arc<Analyzer>, ValueId) {
        let analyzer = &self.analyzer;
        let is_custom = self.preprocessor.is_some() || self.splitter.is_some();
        // User code gets text, also where the documents are bytes.
        let mut value = match is_custom {
            true => plan.push(PreprocessTexts { analyzer: Arc::clone(analyzer) }, &[input]),
            false => input,
        };
        let jobs = [(&self.preprocessor, Job::Preprocess), (&self.splitter, Job::Split)];
        for (code, job) in jobs {
            if let Some(code) = code {
                value = plan.push(CallCustom { code: code.clone(), job, params: Vec::new() }, &[value]);
            }
        }
        (Arc::clone(analyzer), value)
    }
}

/// What `build_analyzer()` would make.
pub(super) fn read_analyzer(fields: &Fields<'_, '_>) -> Result<Analysis, ReadError> {
    let (mut preprocessor, mut known) = match fields.optional("preprocessor") {
        Some(node) => match read_known(fields, "preprocessor", node, text_function)? {
            Known::Function(function) => (None, Some(function)),
            Known::Code(code) => (Some(code), None),
        },
        None => (None, None),
    };
    let tokenizer = read_tokenizer(fields)?;
    match fields.string_or_none("input")?.as_deref() {
        None | Some("content") => {}
        Some(other) => return Err(fields.unsupported("input", format!("`{other}`: skiff opens no files"))),
    }
    fields.training_only(&["_stop_words_id"]);
    let mut ngrams = None;
    let (tokens, splitter) = match read_tokens(fields)? {
        // A callable analyzer gets the document as it is.
        Terms::Code(code) => {
            (preprocessor, known) = (None, Some(TextFunction::Same));
            (Tokens::Terms, Some(code))
        }
        Terms::Known(function, pattern) => {
            (preprocessor, known) = (None, Some(function));
            ngrams = Some((1, 1));
            (Tokens::Words { pattern, stop_words: None }, None)
        }
        Terms::Of(Tokens::Words { pattern, stop_words }) => match tokenizer {
            None => (Tokens::Words { pattern, stop_words }, None),
            Some(Known::Function(pattern)) => (Tokens::Words { pattern, stop_words }, None),
            Some(Known::Code(code)) => (Tokens::Given { stop_words }, Some(code)),
        },
        Terms::Of(tokens) => (tokens, None),
    };
    // Each of them stands for what scikit-learn's own preprocessor would do.
    let is_plain = preprocessor.is_some() || known.is_some();
    let (lowercase, accents) = (fields.bool("lowercase")?, read_accents(fields)?);
    // The last version that ran on it.
    let is_of_letters = fields.before(0, 21) && fields.is_python_2();
    let lower = if is_of_letters { TextFunction::LowerLetters } else { TextFunction::Lower };
    let given = read_ngrams(fields, &tokens)?;
    let analyzer = Arc::new(Analyzer {
        decoding: read_decoding(fields)?,
        lowercase: (lowercase && !is_plain).then_some(lower),
        accents: accents.filter(|_| !is_plain),
        preprocessor: known.or_else(|| preprocessor.is_some().then_some(TextFunction::Same)),
        ngrams: ngrams.unwrap_or(given),
        tokens,
    });
    Ok(Analysis { analyzer, preprocessor, splitter })
}

/// Something that can be called.
enum Known<F> {
    /// A function that skiff knows.
    Function(F),
    /// User code.
    Code(Bound),
}

/// What `analyzer` makes of a document.
enum Terms {
    /// Terms by one of scikit-learn's analyzers.
    Of(Tokens),
    /// What a known function makes, each word or character a term.
    Known(TextFunction, Pattern),
    /// User code.
    Code(Bound),
}

/// What is registered for the callable at `node`, or what `find` knows of it.
fn read_known<F>(
    fields: &Fields<'_, '_>,
    name: &str,
    node: NodeId,
    find: impl Fn(&Graph, NodeId) -> Option<F>,
) -> Result<Known<F>, ReadError> {
    if let Some(code) = fields.custom(node, &fields.path_of(name), None)? {
        return Ok(Known::Code(code));
    }
    match find(fields.graph(), node) {
        Some(function) => Ok(Known::Function(function)),
        // Refused, with the words that say how it is registered.
        None => fields.custom_code(name, node, None).map(Known::Code),
    }
}

/// Functions from text to text.
fn text_function(graph: &Graph, node: NodeId) -> Option<TextFunction> {
    let (name, None) = custom::name_of(graph, node)? else { return None };
    Some(match name.as_str() {
        "builtins.str" | "__builtin__.unicode" => TextFunction::Same,
        "builtins.str.lower" => TextFunction::Lower,
        "__builtin__.unicode.lower" => TextFunction::LowerLetters,
        "builtins.str.lstrip" | "__builtin__.unicode.lstrip" => TextFunction::Strip { left: true, right: false },
        "builtins.str.rstrip" | "__builtin__.unicode.rstrip" => TextFunction::Strip { left: false, right: true },
        "builtins.str.strip" | "__builtin__.unicode.strip" => TextFunction::Strip { left: true, right: true },
        STRIP_ACCENTS_ASCII => TextFunction::StripAccents(Accents::Ascii),
        "sklearn.feature_extraction.text.strip_tags" => TextFunction::StripTags,
        _ => return None,
    })
}

/// Functions from text to a list of words, as the pattern of the words: `str.split`, `list`.
fn splitter(graph: &Graph, node: NodeId) -> Option<Pattern> {
    let (name, None) = custom::name_of(graph, node)? else { return None };
    match name.as_str() {
        "builtins.str.split" | "__builtin__.unicode.split" => Some(Pattern::of_split()),
        "builtins.list" | "builtins.tuple" | "__builtin__.list" | "__builtin__.tuple" => Some(Pattern::of_characters()),
        _ => None,
    }
}

fn read_tokenizer(fields: &Fields<'_, '_>) -> Result<Option<Known<Pattern>>, ReadError> {
    let Some(node) = fields.optional("tokenizer") else { return Ok(None) };
    read_known(fields, "tokenizer", node, splitter).map(Some)
}

/// A callable `analyzer`. A text that it returns is a list of characters.
fn read_callable_analyzer(fields: &Fields<'_, '_>, node: NodeId) -> Result<Terms, ReadError> {
    let find = |graph: &Graph, node| {
        let words = splitter(graph, node).map(|pattern| (TextFunction::Same, pattern));
        words.or_else(|| text_function(graph, node).map(|function| (function, Pattern::of_characters())))
    };
    Ok(match read_known(fields, "analyzer", node, find)? {
        Known::Function((function, pattern)) => Terms::Known(function, pattern),
        Known::Code(code) => Terms::Code(code),
    })
}

fn read_decoding(fields: &Fields<'_, '_>) -> Result<Decoding, ReadError> {
    let error = match fields.string_or_none("decode_error")?.as_deref() {
        None | Some("strict") => DecodeError::Strict,
        Some("ignore") => DecodeError::Ignore,
        Some("replace") => DecodeError::Replace,
        Some(other) => return Err(fields.unsupported("decode_error", format!("`{other}`"))),
    };
    Ok(Decoding { encoding: fields.string_or_none("encoding")?.unwrap_or_else(|| "utf-8".to_owned()), error })
}

fn read_accents(fields: &Fields<'_, '_>) -> Result<Option<Accents>, ReadError> {
    let Some(node) = fields.optional("strip_accents") else { return Ok(None) };
    match (fields.graph().str_of(node), fields.graph().node(node)) {
        (Some("ascii"), _) => Ok(Some(Accents::Ascii)),
        (Some("unicode"), _) if fields.before(0, 22) => Ok(Some(Accents::UnicodeUnlessDecomposed)),
        (Some("unicode"), _) => Ok(Some(Accents::Unicode)),
        // What is false to Python strips nothing.
        (Some(""), _) | (None, Node::Bool(false)) => Ok(None),
        _ if custom::name_of(fields.graph(), node).is_some_and(|(name, _)| name == STRIP_ACCENTS_ASCII) => {
            Ok(Some(Accents::Ascii))
        }
        _ => Err(fields.unsupported("strip_accents", format!("code: {}", skiff_files::describe(fields.graph(), node)))),
    }
}

/// `analyzer`, with the parameters that it takes.
fn read_tokens(fields: &Fields<'_, '_>) -> Result<Terms, ReadError> {
    let node = fields.required("analyzer")?;
    let name = fields.graph().str_of(node);
    if name != Some("word") {
        fields.training_only(&["token_pattern", "stop_words"]);
    }
    match name {
        Some("word") => {
            let pattern = fields.string_or_none("token_pattern")?.unwrap_or_else(|| TOKEN_PATTERN.to_owned());
            let pattern = Pattern::new(&pattern)
                .map_err(|what| fields.unsupported("token_pattern", format!("`{pattern}`, which contains {what}")))?;
            Ok(Terms::Of(Tokens::Words { pattern, stop_words: read_stop_words(fields)? }))
        }
        Some("char") => Ok(Terms::Of(Tokens::Chars)),
        Some("char_wb") => Ok(Terms::Of(Tokens::CharsWithinWords)),
        Some(other) => Err(fields.unsupported("analyzer", format!("`{other}`"))),
        None => read_callable_analyzer(fields, node),
    }
}

fn read_stop_words(fields: &Fields<'_, '_>) -> Result<Option<text::Terms>, ReadError> {
    let Some(node) = fields.optional("stop_words") else { return Ok(None) };
    let mut words: Vec<&str> = match fields.graph().str_of(node) {
        // 0.17, which records no version, misspells one of them.
        Some("english") if fields.version().is_none() => {
            ENGLISH.split(' ').map(|word| if word == "fifty" { "fify" } else { word }).collect()
        }
        Some("english") => ENGLISH.split(' ').collect(),
        Some(other) => return Err(fields.unsupported("stop_words", format!("`{other}`"))),
        None => {
            let strings = strings_at(fields.graph(), node);
            strings.ok_or_else(|| fields.unexpected("stop_words", "a collection of strings"))?
        }
    };
    words.sort_unstable();
    words.dedup();
    text::Terms::new(words.into_iter()).map(Some).map_err(|_| fields.damaged("stop_words", "too many words"))
}

fn read_ngrams(fields: &Fields<'_, '_>, tokens: &Tokens) -> Result<(usize, usize), ReadError> {
    let items = fields.list("ngram_range")?;
    let path = fields.path_of("ngram_range");
    let sizes: Result<Vec<i64>, ReadError> = items
        .iter()
        .map(|&item| {
            let size = fields.scalar_at(item, &path)?.as_i64();
            size.ok_or_else(|| fields.unexpected_at(item, &path, "an integer"))
        })
        .collect();
    let [least, most] = sizes?[..] else { return Err(fields.unexpected("ngram_range", "two integers")) };
    if least > most {
        return Err(fields.damaged("ngram_range", format!("({least}, {most}) has its upper bound first")));
    }
    // Words are not joined if the longest n-grams have one word.
    let plain_words = most == 1 && matches!(tokens, Tokens::Words { .. } | Tokens::Given { .. });
    match (usize::try_from(least), usize::try_from(most)) {
        // User code makes its own.
        _ if plain_words || matches!(tokens, Tokens::Terms) => Ok((1, 1)),
        (Ok(least @ 1..), Ok(most)) => Ok((least, most)),
        _ => Err(fields.unsupported("ngram_range", format!("({least}, {most}), empty n-grams"))),
    }
}

/// `dtype` of counts; `default` where the attribute is absent.
pub(super) fn read_dtype(fields: &Fields<'_, '_>, default: NumberType) -> Result<NumberType, ReadError> {
    let Some(node) = fields.optional("dtype") else { return Ok(default) };
    let dtype = DType::like(fields.graph(), node).ok().flatten();
    match dtype {
        Some(DType::Float { size: 8, .. }) => Ok(NumberType::Float(Precision::Double)),
        Some(DType::Float { size: 4, .. }) => Ok(NumberType::Float(Precision::Single)),
        Some(DType::Bool) => Ok(NumberType::Int(IntKind::Bool)),
        Some(DType::Int { size, .. }) => Ok(int(size, true)),
        Some(DType::UInt { size, .. }) => Ok(int(size, false)),
        Some(other) => Err(fields.unsupported("dtype", other.to_string())),
        None => Err(fields.unsupported("dtype", skiff_files::describe(fields.graph(), node))),
    }
}

fn int(size: usize, signed: bool) -> NumberType {
    NumberType::Int(IntKind::Int { bytes: u8::try_from(size).unwrap_or(8), signed })
}

/// `vocabulary_`, or the fixed `vocabulary` of a vectoriser that was never fitted.
pub(super) fn read_vocabulary(fields: &Fields<'_, '_>) -> Result<Arc<text::Terms>, ReadError> {
    fields.training_only(&["vocabulary", "fixed_vocabulary_"]);
    let name = fields.first_of(&["vocabulary_", "vocabulary"]).unwrap_or("vocabulary_");
    let node = fields.required(name)?;
    let graph = fields.graph();
    let terms = match pairs_of(graph, node) {
        Some(pairs) => numbered(fields, name, &pairs)?,
        None => {
            let strings = strings_at(graph, node);
            let mut strings = strings.ok_or_else(|| fields.unexpected(name, "a dict or a collection of strings"))?;
            if is_set(graph, node) {
                strings.sort_unstable();
            }
            strings
        }
    };
    if terms.is_empty() {
        return Err(fields.damaged(name, "the vocabulary is empty"));
    }
    let twice = |index| fields.damaged(name, format!("`{}` occurs twice", terms.get(index).unwrap_or(&"")));
    text::Terms::new(terms.iter().copied()).map(Arc::new).map_err(twice)
}

/// The keys of a dict from strings to numbers, in the order of the numbers, which must be 0, 1, 2, ….
pub(super) fn numbered<'g>(
    fields: &Fields<'_, 'g>,
    name: &str,
    pairs: &[(NodeId, NodeId)],
) -> Result<Vec<&'g str>, ReadError> {
    let graph = fields.graph();
    let mut terms: Vec<Option<&str>> = vec![None; pairs.len()];
    let mut known: Option<NumpyInt> = None;
    for &(key, value) in pairs {
        let path = || format!("{}[{}]", fields.path_of(name), skiff_files::describe(graph, key));
        let term = graph.text_of(key).ok_or_else(|| match graph.node(key) {
            Node::Str(_) | Node::ByteStr(_) => fields.unsupported(name, "a term that is not valid text"),
            _ => fields.unsupported(name, format!("a term that is {}", skiff_files::describe(graph, key))),
        })?;
        let number = match graph.node(value) {
            Node::Int(number) => *number,
            _ => match known.as_ref().and_then(|known| known.number(graph, value)) {
                Some(number) => number,
                None => {
                    known = NumpyInt::like(graph, value);
                    let number = fields.scalar_at(value, &path())?.as_i64();
                    number.ok_or_else(|| fields.unexpected_at(value, &path(), "an integer"))?
                }
            },
        };
        let place = usize::try_from(number).ok().and_then(|number| terms.get_mut(number));
        match place {
            Some(place @ None) => *place = Some(term),
            Some(Some(other)) => {
                return Err(fields.damaged(name, format!("`{other}` and `{term}` have the same index {number}")));
            }
            None => {
                let count = pairs.len();
                return Err(fields.damaged(name, format!("`{term}` has the index {number}, of {count} terms")));
            }
        }
    }
    // As many different numbers as terms, all below their count: none is left out.
    Ok(terms.into_iter().flatten().collect())
}

/// The pickling of numpy's `int64` scalars in one file, of which old vocabularies have hundreds of thousands: the function and
/// the dtype are the same two nodes in all of them.
struct NumpyInt {
    callable: NodeId,
    dtype: NodeId,
}

impl NumpyInt {
    /// The pickling of the scalar at `node`, if it is such a scalar.
    fn like(graph: &Graph, node: NodeId) -> Option<Self> {
        let object = graph.object(node)?;
        let (module, name) = graph.global(object.callable)?;
        let &[dtype, _] = graph.items(object.arguments)? else { return None };
        let is_int64 =
            matches!(DType::read(graph, dtype), Ok(Some(DType::Int { size: 8, endian: skiff_files::Endian::Little })));
        let is_scalar = matches!(module, "numpy._core.multiarray" | "numpy.core.multiarray") && name == "scalar";
        (is_scalar && is_int64).then_some(Self { callable: object.callable, dtype })
    }

    /// The number at `node`; `None` where it is spelt in any other way.
    fn number(&self, graph: &Graph, node: NodeId) -> Option<i64> {
        let object = graph.object(node)?;
        let &[dtype, bytes] = graph.items(object.arguments)? else { return None };
        let is_same = object.callable == self.callable && dtype == self.dtype && object.make == Make::Reduce;
        match graph.node(bytes) {
            Node::Bytes(span) if is_same && object.changes.is_empty() => {
                Some(i64::from_le_bytes(graph.bytes(*span).try_into().ok()?))
            }
            _ => None,
        }
    }
}

/// The pairs of a dict, or of an object of a class that is filled as a dict is (`OrderedDict`, `defaultdict`, …).
pub(super) fn pairs_of(graph: &Graph, node: NodeId) -> Option<Vec<(NodeId, NodeId)>> {
    match graph.node(node) {
        Node::Dict(pairs) => Some(pairs.clone()),
        Node::Object(object) => {
            let (_, name) = graph.global(object.callable)?;
            if !matches!(name, "OrderedDict" | "defaultdict" | "Counter" | "dict") {
                return None;
            }
            let pairs = object.changes.iter().flat_map(|change| match change {
                Change::SetItems(pairs) => pairs.as_slice(),
                _ => &[],
            });
            Some(pairs.copied().collect())
        }
        _ => None,
    }
}

fn is_set(graph: &Graph, node: NodeId) -> bool {
    match graph.node(node) {
        Node::Set(_) | Node::FrozenSet(_) => true,
        Node::Object(object) => {
            matches!(graph.global(object.callable), Some(("builtins" | "__builtin__", "set" | "frozenset")))
        }
        _ => false,
    }
}

/// The strings of a list, tuple, set, frozenset, dict or array.
fn strings_at(graph: &Graph, node: NodeId) -> Option<Vec<&str>> {
    let all = |items: &[NodeId]| items.iter().map(|&item| graph.str_of(item)).collect();
    match graph.node(node) {
        Node::List(items) | Node::Set(items) => all(items),
        Node::Tuple(items) | Node::FrozenSet(items) => all(items),
        Node::Dict(pairs) => pairs.iter().map(|&(key, _)| graph.str_of(key)).collect(),
        Node::Object(object) if is_set(graph, node) => {
            // `set([…])`, as protocols before 4 have it, and what was added later.
            let mut items: Vec<NodeId> = Vec::new();
            match graph.items(object.arguments)? {
                [] => {}
                [list] => items.extend_from_slice(graph.items(*list)?),
                _ => return None,
            }
            for change in &object.changes {
                let Change::Add(more) = change else { return None };
                items.extend_from_slice(more);
            }
            all(&items)
        }
        _ => {
            let array = NdArray::read(graph, node).ok().flatten()?;
            all(array.objects()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use skiff_pickle::{Global, Graph, Make, Node, NodeId, Object};

    use crate::model::Model;

    /// A `CountVectorizer` with this vocabulary, and the message of its reading.
    fn refusal(change: impl FnOnce(&mut Maker) -> Vec<(&'static str, NodeId)>) -> String {
        let mut maker = Maker(Graph::new());
        let none = maker.0.push(Node::None);
        let (one, yes) = (maker.0.push(Node::Int(1)), maker.0.push(Node::Bool(true)));
        let range = maker.0.push(Node::Tuple([one, one].into()));
        let (analyzer, pattern) = (maker.text("word"), maker.text(super::TOKEN_PATTERN));
        let mut attributes = vec![
            ("analyzer", analyzer),
            ("binary", yes),
            ("lowercase", yes),
            ("ngram_range", range),
            ("stop_words", none),
            ("token_pattern", pattern),
        ];
        attributes.extend(change(&mut maker));
        let pairs = attributes.into_iter().map(|(name, value)| (maker.text(name), value)).collect();
        let state = maker.0.push(Node::Dict(pairs));
        let (module, name) = (b"sklearn.feature_extraction.text", b"CountVectorizer");
        let global = Global { module: maker.0.keep(module), name: maker.0.keep(name) };
        let callable = maker.0.push(Node::Global(global));
        let arguments = maker.0.push(Node::Tuple([].into()));
        let changes = vec![skiff_pickle::Change::Build(state)];
        let object = Object { make: Make::NewObj, callable, arguments, keywords: None, changes };
        let root = maker.0.push(Node::Object(Box::new(object)));
        match Model::read(&maker.0, root, "") {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    struct Maker(Graph);

    impl Maker {
        fn text(&mut self, text: &str) -> NodeId {
            let span = self.0.keep(text.as_bytes());
            self.0.push(Node::Str(span))
        }

        fn vocabulary(&mut self, terms: &[(&str, i64)]) -> NodeId {
            let pairs = terms.iter().map(|(term, number)| (self.text(term), self.0.push(Node::Int(*number)))).collect();
            self.0.push(Node::Dict(pairs))
        }
    }

    #[test]
    fn vocabularies_that_contradict_themselves_are_refused() {
        let of = |terms: &'static [(&str, i64)]| refusal(|maker| vec![("vocabulary_", maker.vocabulary(terms))]);
        assert_eq!(of(&[("a", 1), ("b", 0)]), "");
        for (terms, what) in [
            (&[("a", 0), ("b", 2)][..], "`b` has the index 2, of 2 terms"),
            (&[("a", 0), ("b", -1)], "`b` has the index -1"),
            (&[("a", 0), ("b", 0)], "`a` and `b` have the same index 0"),
            (&[("a", 0), ("a", 1)], "`a` occurs twice"),
            (&[("a", i64::MAX)], "has the index 9223372036854775807"),
            (&[], "the vocabulary is empty"),
        ] {
            let found = of(terms);
            assert!(found.contains(what), "{terms:?}: {found}");
        }
    }

    #[test]
    fn parameters_that_scikit_learn_would_not_take_are_refused() {
        let with = |name: &'static str, make: fn(&mut Maker) -> NodeId| {
            refusal(|maker| {
                let vocabulary = maker.vocabulary(&[("a", 0)]);
                vec![("vocabulary_", vocabulary), (name, make(maker))]
            })
        };
        let code = |maker: &mut Maker| {
            let global = Global { module: maker.0.keep(b"os"), name: maker.0.keep(b"system") };
            maker.0.push(Node::Global(global))
        };
        let range = |maker: &mut Maker| {
            let (least, most) = (maker.0.push(Node::Int(0)), maker.0.push(Node::Int(3)));
            maker.0.push(Node::Tuple([least, most].into()))
        };
        for (name, found) in [
            ("tokenizer", with("tokenizer", code)),
            ("preprocessor", with("preprocessor", code)),
            ("analyzer", with("analyzer", code)),
            ("strip_accents", with("strip_accents", code)),
            ("input", with("input", |maker| maker.text("filename"))),
            ("stop_words", with("stop_words", |maker| maker.text("klingon"))),
            ("token_pattern", with("token_pattern", |maker| maker.text(r"(\w)\1"))),
            ("ngram_range", with("ngram_range", range)),
            ("dtype", with("dtype", |maker| maker.text("complex128"))),
        ] {
            assert!(found.contains(name), "{name}: {found}");
        }
    }
}
