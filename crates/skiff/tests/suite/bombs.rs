//! Small files that ask for much: each is refused, or answered, within bounded memory. `cargo test --release -p skiff-ml
//! --test suite bombs_are -- --nocapture` prints what each of them takes, to open and to scan, as the table of
//! `docs/bombs.md`.

use std::fmt::Write as _;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use skiff::value::{Csr, NumberType, Precision};
use skiff::{ConvertOptions, File, Limits, Options, Rating, Table};
use skiff_testing::memory::peak_of;

use crate::packing::{bzip2, gzip, lz4, sevenz, xz, zip, zlib};

/// What any of the files here may take, the file itself left out.
const MOST_MEMORY: usize = 256 << 20;

/// A pickle of protocol 2 as text: hexadecimal digits in `<>` are written as bytes.
fn pickle(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x80, 2];
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('<') {
        bytes.extend(plain.bytes());
        let (hex, after) = after.split_once('>').expect("a closing >");
        bytes.extend(
            hex.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")),
        );
        rest = after;
    }
    bytes.extend(rest.bytes());
    bytes
}

/// A text as `BINUNICODE`.
fn text(text: &str) -> String {
    let length = u32::try_from(text.len()).expect("a short text").to_le_bytes();
    format!("X<{:02x}{:02x}{:02x}{:02x}>{text}", length[0], length[1], length[2], length[3])
}

/// `LONG_BINPUT` or `LONG_BINGET` (`6a`) of a place.
fn memo(code: &str, place: usize) -> String {
    let place = u32::try_from(place).expect("a small place").to_le_bytes();
    format!("<{code}{:02x}{:02x}{:02x}{:02x}>", place[0], place[1], place[2], place[3])
}

/// An object of a class with the attributes that are on the stack as pairs: `class`, then the state's content.
fn object(module: &str, class: &str, state: &str) -> String {
    format!("c{module}\n{class}\n)<81>}}({state}ub")
}

/// An array of `shape` of float64 zeros.
fn zeros(shape: &[u32]) -> String {
    let count = shape.iter().product::<u32>();
    let mut lengths = String::new();
    for length in shape {
        let bytes = length.to_le_bytes();
        let _ = write!(lengths, "J<{:02x}{:02x}{:02x}{:02x}>", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    let bytes = (count * 8).to_le_bytes();
    let size = format!("{:02x}{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]);
    let elements = format!("T<{size}>{}", "\0".repeat(usize::try_from(count * 8).expect("small")));
    format!(
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt{code}tR(I1\n({lengths}t\
         cnumpy\ndtype\n({f8}I0\nI1\ntR(I3\n{endian}NNNI-1\nI-1\nI0\ntbI00\n{elements}tb",
        code = text("b"),
        f8 = text("f8"),
        endian = "U<013c>",
    )
}

/// A zstd frame of blocks that repeat one byte: four bytes for each 128 KiB.
fn zstd(blocks: u32) -> Vec<u8> {
    // A window of 128 MiB would be refused; this one is of 1 MiB, and the content's size is not said.
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for block in 0..blocks {
        let last = u32::from(block + 1 == blocks);
        let header = (last | (1 << 1) | ((128 << 10) << 3)).to_le_bytes();
        bytes.extend(&header[..3]);
        bytes.push(0);
    }
    bytes
}

/// Lists of two that hold the list before twice, `depth` of them.
fn doubled(depth: usize, wrap: impl Fn(&str) -> String, first: &str) -> Vec<u8> {
    let mut all = format!("{first}{}", memo("72", 0));
    for level in 0..depth {
        let inner = memo("6a", level);
        let _ = write!(all, "0{}{}", wrap(&inner), memo("72", level + 1));
    }
    pickle(&format!("{all}."))
}

fn scaler(attributes: &str) -> String {
    let state = format!(
        "{}{}{}<89>{}<89>{attributes}",
        text("_sklearn_version"),
        text("1.5.2"),
        text("with_mean"),
        text("with_std"),
    );
    object("sklearn.preprocessing._data", "StandardScaler", &state)
}

fn union(inner: &str) -> String {
    let item = |name: &str| format!("({}{inner}t", text(name));
    let state = format!(
        "{}{}{}]({}{}e",
        text("_sklearn_version"),
        text("1.5.2"),
        text("transformer_list"),
        item("a"),
        item("b"),
    );
    object("sklearn.pipeline", "FeatureUnion", &state)
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let zeros_of = |megabytes: usize| vec![0_u8; megabytes << 20];
    let logistic = |count: usize| {
        // One array of a megabyte, and the coefficients of as many models.
        let coef = format!("{}{}0", zeros(&[1, 131_072]), memo("72", 0));
        let model = object(
            "sklearn.linear_model._base",
            "LinearRegression",
            &format!(
                "{}{}{}{}{}G\0\0\0\0\0\0\0\0",
                text("_sklearn_version"),
                text("1.5.2"),
                text("coef_"),
                memo("6a", 0),
                text("intercept_")
            ),
        );
        let steps = format!("({}{model}t", text("a")).repeat(count);
        let state = format!("{}{}{}]({steps}e", text("_sklearn_version"), text("1.5.2"), text("steps"));
        pickle(&format!("{coef}{}.", object("sklearn.pipeline", "Pipeline", &state)))
    };
    let attributes = |count: usize, objects: usize| {
        let names: String = (0..count).map(|name| format!("{}N", text(&format!("a{name}")))).collect();
        let each = format!("cm\nC\n)<81>{}b", memo("6a", 0));
        pickle(&format!("}}({names}u{}0]({}e.", memo("72", 0), each.repeat(objects)))
    };
    vec![
        ("zlib, 96 MiB of zeros", zlib(&zeros_of(96))),
        ("gzip, 96 MiB of zeros", gzip(&zeros_of(96))),
        ("bzip2, 96 MiB of zeros", bzip2(&zeros_of(96))),
        ("xz, 96 MiB of zeros", xz(&zeros_of(96))),
        ("lz4, 96 MiB of zeros", lz4(&zeros_of(96))),
        ("zstd, 4 GiB of zeros", zstd(32 << 10)),
        ("zlib, 1 GiB of zeros", zlib(&zeros_of(1_024))),
        ("zlib, 384 MiB of ones", zlib(&vec![1; 384 << 20])),
        ("bzip2, a megabyte of streams", bzip2(&zeros_of(96)).repeat(9_000)),
        ("xz, a megabyte of streams", xz(&zeros_of(96)).repeat(70)),
        ("bzip2, a megabyte of noise again and again", bzip2(&repeated_noise(32 << 20)).repeat(9)),
        ("gzip, 50,000 empty members", gzip(b"").repeat(50_000)),
        ("lz4, 50,000 empty frames", lz4(b"").repeat(50_000)),
        ("zstd, 50,000 empty frames", b"\x28\xb5\x2f\xfd\x00\x50\x01\x00\x00".repeat(50_000)),
        ("npz, an array of 1 GiB", zip(&[("a.npy", &long_npy(1_024))], true)),
        ("npz, 20,000 arrays", many_arrays(20_000)),
        ("skops, an array of 512 MiB", long_skops(512)),
        ("zlib in zlib, 96 MiB", zlib(&zlib(&zeros_of(96)))),
        ("zlib in zlib in zlib in zlib in zlib", zlib(&zlib(&zlib(&zlib(&zlib(&zeros_of(64))))))),
        ("pickle, memo place of 4 billion", pickle("]<72ffffffff>0<6affffffff>.")),
        ("pickle, 4 GiB of bytes announced", pickle("<8effffffff00000000>abc.")),
        (
            "pickle, lists in lists, a million",
            pickle(&format!("{}.", "]".repeat(1 << 20) + &"a".repeat((1 << 20) - 1))),
        ),
        ("pickle, 64 doublings of a list", doubled(64, |inner| format!("]({inner}{inner}e"), "]")),
        (
            "64 doublings of a dict of long keys",
            doubled(
                64,
                |inner| {
                    let key = "k".repeat(100_000);
                    format!("}}({}{inner}{}{inner}u", text(&key), text(&format!("{key}2")))
                },
                "]",
            ),
        ),
        ("40 doublings of a union", doubled(40, union, &scaler(""))),
        ("18 doublings of a union", doubled(18, union, &scaler(""))),
        ("a million names", pickle(&format!("{}.", scaler(&format!("{}I1000000\n", text("n_features_in_")))))),
        ("10^15 names", pickle(&format!("{}.", scaler(&format!("{}L1000000000000000L\n", text("n_features_in_")))))),
        ("one array in 5,000 models", logistic(5_000)),
        ("one state of 20,000 in 20,000 objects", attributes(20_000, 20_000)),
        ("zip, 96 MiB of zeros", zip(&[("model.pkl", &zeros_of(96))], true)),
        ("zip, 2,000 entries of 96 KiB", many_entries(2_000)),
        ("zip in zip in zip, 64 MiB", zip(&[("a", &zip(&[("b", &zip(&[("c", &zeros_of(64))], true))], true))], true)),
        ("7z of a zip of zeros", sevenz(&zip(&[("a", &zeros_of(96))], true))),
        ("LONG4 of 2 GiB", pickle("<8bffffff7f>abc.")),
        ("LONG4 of a negative size", pickle("<8bffffffff>abc.")),
        ("FRAME of 16 EiB", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.".to_vec()),
        (
            "a list of a million that holds itself",
            pickle(&format!("]{}({}e.", memo("72", 0), memo("6a", 0).repeat(1 << 20))),
        ),
        ("tuples in tuples, a million", pickle(&format!("N{}.", "<85>".repeat(1 << 20)))),
        ("objects in states, 100,000 deep", nested_states(100_000)),
        ("a number of a million digits", pickle(&format!("L{}L\n.", "7".repeat(1 << 20)))),
        (
            "a thousand numbers of 4,000 digits",
            pickle(&format!("({}l.", format!("L{}L\n", "7".repeat(4_000)).repeat(1_000))),
        ),
        ("text, half of it escapes, 8 MiB", pickle(&format!("V{}\n.", "\\u0041".repeat(4 << 18)))),
        ("200,000 keys of one hash", collisions(200_000)),
        ("a name of 4 MiB, called 100,000 times", long_name()),
        ("an attribute of 4 MiB in 100,000 objects", long_attribute()),
        ("100,000 labels that are one text of 4 MiB", long_label()),
        ("arrays whose shape overflows", overflowing()),
        ("npy, a shape of 2^62", npy("(4611686018427387904,)")),
        ("npy, brackets in brackets", npy(&"(".repeat(60_000))),
        ("skops, JSON in JSON, a million deep", zip(&[("schema.json", "[".repeat(1 << 20).as_bytes())], true)),
        ("skops, lists in lists, 20,000 deep", zip(&[("schema.json", nested_schema(20_000).as_bytes())], true)),
        (".skiff, 72 MiB of constants", constants()),
        (".skiff, three million empty words", empty_words(3 << 20)),
        ("zlib, 60 million lists", zlib(&[&b"\x80\x02"[..], &vec![b']'; 60 << 20], b"."].concat())),
        ("zlib, 30 million texts", zlib(&[&b"\x80\x04"[..], &b"\x8c\x00".repeat(30 << 20), b"."].concat())),
        ("xz, 30 million texts, each kept", xz(&[&b"\x80\x04"[..], &b"\x8c\x00\x94".repeat(20 << 20), b"."].concat())),
        ("two million pickles in a row", b"N.".repeat(2 << 20)),
        ("a million beginnings of pickles", b"\x80\x04".repeat(1 << 20)),
        ("300,000 names of strangers", strangers(300_000)),
        ("arrays of one state, 50,000 of 50,000", shared_arrays(50_000)),
        ("20,000 forests of one list of trees", shared_trees(20_000)),
        ("20,000 models of one state of 20,000", shared_attributes(20_000)),
        ("50,000 sets of one list of 50,000", shared_items(50_000)),
        ("a megabyte of dicts", pickle(&format!("{}.", "}".repeat(1 << 20)))),
        ("a megabyte of calls of calls", pickle(&format!("cm\nC\n{}.", "2R".repeat(1 << 19)))),
        ("a megabyte of objects of objects", pickle(&format!("cm\nC\n{}.", "2)<81>".repeat(1 << 18)))),
        ("a megabyte of pairs of pairs", pickle(&format!("N{}.", "2<86>".repeat(1 << 19)))),
        ("loads of loads of loads", loads(64)),
    ]
}

/// A zip of many entries that become much more than they are.
fn many_entries(count: usize) -> Vec<u8> {
    let content = vec![0; 96 << 10];
    let names: Vec<String> = (0..count).map(|number| format!("{number}.bin")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*content)).collect();
    zip(&entries, true)
}

/// An object whose state is an object, and so on.
fn nested_states(depth: usize) -> Vec<u8> {
    let open = "cm\nC\n)<81>".repeat(depth);
    pickle(&format!("{open}N{}.", "b".repeat(depth)))
}

/// Integers that Python hashes to the same number.
fn collisions(count: u64) -> Vec<u8> {
    let mut items = String::new();
    for number in 1..=count {
        let _ = write!(items, "L{}L\nN", u128::from(number) * ((1 << 61) - 1));
    }
    pickle(&format!("}}({items}u."))
}

/// A name as long as a file, on the stack again and again.
fn long_name() -> Vec<u8> {
    let name = "n".repeat(4 << 20);
    pickle(&format!("cstranger\n{name}\n{}0({}l.", memo("72", 0), format!("{})R", memo("6a", 0)).repeat(100_000)))
}

/// A key of an object's state, as long as a file.
fn long_attribute() -> Vec<u8> {
    let state = format!("}}{}Ns{}0", text(&"k".repeat(4 << 20)), memo("72", 0));
    pickle(&format!("{state}({}l.", format!("csklearn.svm._classes\nSVC\n)<81>{}b", memo("6a", 0)).repeat(100_000)))
}

/// Labels of an encoder.
fn long_label() -> Vec<u8> {
    let label = format!("{}{}0", text(&"k".repeat(4 << 20)), memo("72", 0));
    let array = format!(
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt{b}tR(I1\n(I100000\ntcnumpy\ndtype\n({o}I0\nI1\ntRI00\n]({n}etb",
        b = text("b"),
        o = text("O8"),
        n = memo("6a", 0).repeat(100_000),
    );
    let state = format!("{}{}{}{array}", text("_sklearn_version"), text("1.5.2"), text("classes_"));
    pickle(&format!("{label}{}.", object("sklearn.preprocessing._label", "LabelEncoder", &state)))
}

/// Shapes whose product is more than there are addresses, and dtypes of no bytes.
fn overflowing() -> Vec<u8> {
    let array = |shape: &str, dtype: &str| {
        format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt{b}tR(I1\n({shape}tcnumpy\ndtype\n({dtype}I0\nI1\ntR\
             I00\nU<00>tb",
            b = text("b"),
            dtype = text(dtype),
        )
    };
    let huge = "L4294967296L\n".repeat(3);
    pickle(&format!("({}{}{}l.", array(&huge, "f8"), array(&huge, "V0"), array("L9223372036854775807L\n", "S0")))
}

fn npy(shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).expect("a short header").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat()
}

/// An array of zeros, of so many megabytes.
fn long_npy(megabytes: usize) -> Vec<u8> {
    let mut array = npy(&format!("({},)", megabytes << 17));
    array.resize(array.len() + (megabytes << 20), 0);
    array
}

fn many_arrays(count: usize) -> Vec<u8> {
    let array = [npy("(1,)"), vec![0; 8]].concat();
    let names: Vec<String> = (0..count).map(|number| format!("{number}.npy")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*array)).collect();
    zip(&entries, false)
}

/// A linear model of skops' whose coefficients are zeros.
fn long_skops(megabytes: usize) -> Vec<u8> {
    let schema = r#"{"__class__": "LinearRegression", "__module__": "sklearn.linear_model._base", "__loader__": "ObjectNode",
        "content": {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "key_types": {
            "__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [
                {"__class__": "str", "__module__": "builtins", "__loader__": "TypeNode"}]},
            "content": {"coef_": {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode",
                "type": "numpy", "file": "1.npy"}}},
        "protocol": 2, "_skops_version": "0.16.0"}"#;
    zip(&[("schema.json", schema.as_bytes()), ("1.npy", &long_npy(megabytes))], true)
}

/// Lists in lists, as skops writes them.
fn nested_schema(depth: usize) -> String {
    let open = r#"{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": ["#;
    format!("{}{}, \"protocol\": 2, \"_skops_version\": \"0.16.0\"}}", open.repeat(depth), "]}".repeat(depth - 1) + "]")
}

/// A `.skiff` of arrays that are one number each.
fn constants() -> Vec<u8> {
    let arrays = zeros(&[1 << 20]).repeat(9);
    compressed(pickle(&format!("({arrays}l.")))
}

/// A vocabulary of so many words, all of them empty.
fn empty_words(count: usize) -> Vec<u8> {
    compressed([&b"\x80\x02}("[..], &b"U\x00K\x00".repeat(count), b"u."].concat())
}

/// What a pickle holds as a compressed `.skiff`.
fn compressed(pickle: Vec<u8>) -> Vec<u8> {
    let file = File::read(pickle, &Options::default()).expect("a pickle");
    let mut bytes = Vec::new();
    let options = ConvertOptions { compression: "zstd:19".parse().ok(), ..ConvertOptions::default() };
    file.convert_to(".skiff", &options, &mut bytes).expect("memory");
    bytes
}

/// Each is a finding.
fn strangers(count: usize) -> Vec<u8> {
    let names: String = (0..count).map(|number| format!("cstranger\nn{number}\n0")).collect();
    pickle(&format!("{names}N."))
}

/// Arrays of objects that share one list.
fn shared_arrays(count: usize) -> Vec<u8> {
    let state = format!(
        "(I1\n(J<{0:02x}{1:02x}{2:02x}{3:02x}>tcnumpy\ndtype\n({o}I0\nI1\ntRI00\n]({n}etq\x010",
        count & 0xff,
        count >> 8 & 0xff,
        count >> 16 & 0xff,
        count >> 24 & 0xff,
        o = text("O8"),
        n = "N".repeat(count),
    );
    let array = format!("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt{b}tRh\x01b", b = text("b"));
    pickle(&format!("{state}({}l.", array.repeat(count)))
}

/// Forests that name the same trees.
fn shared_trees(count: usize) -> Vec<u8> {
    let tree = object("sklearn.tree._classes", "DecisionTreeClassifier", &format!("{}I3\n", text("n_features_in_")));
    let state = format!("}}({}I3\n{}]({}euq\x010", text("n_features_in_"), text("estimators_"), tree.repeat(count));
    let forest = "csklearn.ensemble._forest\nRandomForestClassifier\n)<81>h\x01b".repeat(count);
    pickle(&format!("{state}({forest}l."))
}

/// Models that name one dict of attributes.
fn shared_attributes(count: usize) -> Vec<u8> {
    let names: String = (0..count).map(|name| format!("{}N", text(&format!("a{name}")))).collect();
    let model = format!("csklearn.svm._classes\nSVC\n)<81>{}b", memo("6a", 0));
    pickle(&format!("}}({names}u{}0({}l.", memo("72", 0), model.repeat(count)))
}

/// Sets that are made of one list.
fn shared_items(count: usize) -> Vec<u8> {
    let items: String = (0..count).map(|item| format!("I{item}\n")).collect();
    let set = format!("c__builtin__\nset\n{}<85>R", memo("6a", 0));
    pickle(&format!("({items}l{}0({}l.", memo("72", 0), set.repeat(count)))
}

/// Bytes in which bzip2 finds much to leave out, and that take it long to put together again.
fn repeated_noise(length: usize) -> Vec<u8> {
    let mut noise = skiff_testing::damage::Noise::new(1);
    let block: Vec<u8> = (0..1_000).map(|_| u8::try_from(noise.below(256)).expect("a byte")).collect();
    block.iter().copied().cycle().take(length).collect()
}

/// A pickle that loads a pickle from a byte string, and so on.
fn loads(depth: usize) -> Vec<u8> {
    let mut inner = b"\x80\x02N.".to_vec();
    for _ in 0..depth {
        let length = u32::try_from(inner.len()).expect("a small pickle").to_le_bytes();
        inner = [b"\x80\x02cpickle\nloads\nB", &length[..], &inner, b"\x85R."].concat();
    }
    inner
}

#[test]
fn bombs_are_refused_within_bounded_memory() {
    let mut table =
        "| bomb | bytes | open: s | MiB | scan: s | MiB | verdict | what ends it |\n|---|--:|--:|--:|--:|--:|---|---|\n"
            .to_owned();
    let mut failures = Vec::new();
    for (name, bytes) in bombs() {
        eprintln!("{name} …");
        let size = bytes.len();
        let copy = bytes.clone();
        let start = processor_time();
        let (outcome, peak) = peak_of(8 << 30, || opened(bytes));
        let seconds = (processor_time() - start).as_secs_f64();
        let start = processor_time();
        let (verdict, scan_peak) =
            peak_of(8 << 30, || skiff::scan_bytes(copy, &Options::default()).expect("it is not encrypted"));
        let scan_seconds = (processor_time() - start).as_secs_f64();
        let outcome = match outcome.char_indices().nth(90) {
            Some((end, _)) => format!("{}…", &outcome[..end]),
            None => outcome,
        };
        let _ = writeln!(
            table,
            "| {name} | {size} | {seconds:.2} | {} | {scan_seconds:.2} | {} | {} | {outcome} |",
            peak >> 20,
            scan_peak >> 20,
            verdict.rating.name()
        );
        for (what, peak) in [("open", peak), ("scan", scan_peak)] {
            if peak > MOST_MEMORY {
                failures.push(format!("{name}: to {what} it took {} MiB", peak >> 20));
            }
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Of all threads of this process: what others do on the machine does not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("below a billion"))
}

fn opened(bytes: Vec<u8>) -> String {
    let file = match File::read(bytes, &Options::default()) {
        Err(error) => return error.to_string(),
        Ok(file) => file,
    };
    let inspection = file.inspect();
    match file.model(None) {
        Err(error) => error.to_string(),
        Ok(model) => {
            let names = model.feature_names_out(None);
            let names = names.map_or_else(|error| error.to_string(), |names| format!("{} names", names.len()));
            let methods = inspection.estimators.first().map_or(0, |one| one.methods.as_ref().map_or(0, Vec::len));
            format!("read: {methods} methods, {names}")
        }
    }
}

/// The time limit is an error, wherever the time was spent.
#[test]
fn time_is_a_limit() {
    let no_time = || Options::from(Limits { time: Some(Duration::ZERO), ..Limits::default() });
    let list = pickle(&format!("({}l.", "N".repeat(1 << 16)));
    for bytes in [list.clone(), zlib(&list), xz(&list), zip(&[("a", &list)], true)] {
        let error = File::read(bytes.clone(), &no_time()).expect_err("there is no time");
        assert_eq!((error.kind(), error.code()), (skiff::ErrorKind::Limit, "limit"), "{error}");
        assert!(error.to_string().contains("`time`"), "{error}");
        let verdict = skiff::scan_bytes(bytes, &no_time()).expect("it is not encrypted");
        assert_eq!(verdict.rating, Rating::Unknown);
        assert!(verdict.findings.iter().any(|finding| finding.sentence.contains("`time`")), "{:?}", verdict.findings);
    }
    let model = std::fs::read(tree_example()).expect("the example is there");
    let limits = Limits { time: Some(Duration::from_secs(600)), ..Limits::default() };
    let file = File::read(model, &limits.into()).expect("there is time");
    file.model(None).expect("there is time");
}

fn tree_example() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/balance-scale-tree.pkl")
}

#[test]
fn memos_and_arrays_are_limited() {
    let memo = Options::from(Limits { memo: 10, ..Limits::default() });
    let values: String = (0..11).map(|place| format!("N{}", self::memo("72", place))).collect();
    let error = File::read(pickle(&format!("({values}l.")), &memo).expect_err("more than ten");
    assert!(error.to_string().contains("`memo` of 10"), "{error}");
    let array = Options::from(Limits { array: 64, ..Limits::default() });
    let error = File::read(pickle(&format!("{}.", zeros(&[9]))), &array).expect_err("72 bytes");
    assert!(error.to_string().contains("`array` of 64"), "{error}");
    File::read(pickle(&format!("{}.", zeros(&[8]))), &array).expect("64 bytes");
}

/// The rows are the caller's, but how wide an answer is the file decides.
#[test]
fn answers_are_limited_before_they_are_made() {
    let state = format!(
        "{}{}{}I4\n{}<89>{}<88>{}I60\n",
        text("_sklearn_version"),
        text("1.5.2"),
        text("degree"),
        text("interaction_only"),
        text("include_bias"),
        text("n_features_in_"),
    );
    let bytes = pickle(&format!("{}.", object("sklearn.preprocessing._polynomial", "PolynomialFeatures", &state)));
    let model =
        |limits: Limits| File::read(bytes.clone(), &limits.into()).expect("a pickle").model(None).expect("a model");
    let refused = |model: &skiff::Model, table: &Table<'_>| {
        let (answer, peak) = peak_of(1 << 30, || model.transform(table));
        assert!(peak < MOST_MEMORY, "{} MiB", peak >> 20);
        let error = answer.expect_err("more than the limit");
        assert_eq!((error.kind(), error.code()), (skiff::ErrorKind::Limit, "limit"));
        assert!(error.help().is_some_and(|help| help.contains("--limit-answer")));
        error.to_string()
    };
    let dense = |rows| Table::from_rows(rows, 60, vec![1.0; rows * 60]).expect("rows of 60");
    // 635,376 columns, of 8 bytes each.
    let many = refused(&model(Limits::default()), &dense(10_000));
    assert_eq!(
        many,
        "the limit `answer` of 17179869184 is exceeded: the result for 10000 rows takes 50830080000 bytes or more"
    );
    let small = model(Limits { answer: 16 << 20, ..Limits::default() });
    assert_eq!(small.transform(&dense(3)).expect("15 MiB").rows(), 3);
    refused(&small, &dense(4));
    // How much a sparse row makes depends on the row: this is counted as it comes.
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for row in 0..2_000 {
        indices.extend(0..if row < 10 { 0 } else { 60 });
        indptr.push(indices.len());
    }
    let data = vec![1.0; indices.len()];
    let dtype = NumberType::Float(Precision::Double);
    let sparse = Csr::new((2_000, 60), indptr, indices, data, dtype).expect("a sparse matrix");
    assert_eq!(small.transform(&Table::Sparse(sparse.slice_rows(0, 10))).expect("nothing").rows(), 10);
    let text = refused(&small, &Table::Sparse(sparse));
    assert!(text.starts_with("the limit `answer` of 16777216 is exceeded: the result for 2000 rows takes "), "{text}");
}
