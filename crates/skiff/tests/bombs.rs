//! Small files that ask for much: each is refused, or answered, within bounded memory. `cargo test -p skiff-ml --test
//! bombs -- --nocapture` prints what each of them takes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use skiff::{File, Limits};
use skiff_testing::memory::{Counting, peak_of};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What any of the files here may take. The content of a layer whose size its own does not forbid is 64 MiB, and grows
/// by doubling; the values of a model may be 256 MiB.
const MOST_MEMORY: usize = 640 << 20;

/// A pickle of protocol 2 as text: what stands in `<>` is written as bytes in hexadecimal.
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

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(6);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("options");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
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
    ]
}

#[test]
fn bombs_are_refused_within_bounded_memory() {
    let mut table = String::new();
    let mut failures = Vec::new();
    for (name, bytes) in bombs() {
        let size = bytes.len();
        let start = Instant::now();
        let (outcome, peak) = peak_of(8 << 30, || match File::read(bytes, &Limits::default()) {
            Err(error) => error.to_string(),
            Ok(file) => {
                let inspection = file.inspect();
                match file.model(None) {
                    Err(error) => error.to_string(),
                    Ok(model) => {
                        let names = model.feature_names_out(None);
                        let names =
                            names.map_or_else(|error| error.to_string(), |names| format!("{} names", names.len()));
                        format!(
                            "read: {} methods, {names}",
                            inspection.estimators.first().map_or(0, |one| { one.methods.as_ref().map_or(0, Vec::len) })
                        )
                    }
                }
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        let outcome: String = outcome.chars().take(120).collect();
        let _ = writeln!(table, "{name}: {size} bytes, {seconds:.2} s, {} MiB: {outcome}", peak >> 20);
        if peak > MOST_MEMORY {
            failures.push(format!("{name} took {} MiB", peak >> 20));
        }
        // Only to tell what would never end from slow machines.
        if seconds > 60.0 {
            failures.push(format!("{name} took {seconds} s"));
        }
    }
    println!("{table}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
