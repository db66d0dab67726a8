//! The bytes of the data: of a file or of standard input, decompressed if they are compressed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::data::remote::{self, is_remote};
use crate::input::{is_standard, shown};
use crate::progress;
use crate::report::Failure;

/// A stream of bytes that updates a progress bar.
pub type Stream = Box<dyn BufRead>;

/// The memory that the dictionary of an xz stream may take, in KiB; `xz -9` needs 64 MiB.
const XZ_MEMORY: u32 = 256 * 1024;

/// How many bytes are read at a time.
const BUFFER: usize = 256 * 1024;

/// Opens the data as a stream.
pub fn open(path: &Path, progress: &ProgressBar) -> Result<Stream, Failure> {
    let failed = |error: io::Error| Failure::unreadable(shown(path), format!("cannot read the data: {error}"));
    let reader: Stream = if is_standard(path) {
        progress::without_length(progress);
        Box::new(BufReader::with_capacity(BUFFER, progress.wrap_read(io::stdin())))
    } else if is_remote(path) {
        let (reader, length) = remote::text(path)?;
        progress.set_length(length);
        Box::new(BufReader::with_capacity(BUFFER, progress.wrap_read(reader)))
    } else {
        let file = File::open(path).map_err(failed)?;
        progress.set_length(file.metadata().map_err(failed)?.len());
        Box::new(BufReader::with_capacity(BUFFER, progress.wrap_read(file)))
    };
    let mut stream = decompressed(reader).map_err(failed)?;
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = stream.fill_buf().unwrap_or_default() {
        let failure = Failure::data(shown(path), "expected UTF-8 text, found UTF-16");
        return Err(failure.with_help("`iconv -f UTF-16 -t UTF-8` converts it"));
    }
    Ok(stream)
}

/// A line of text in another encoding, which cannot be known.
pub fn not_utf8(path: &Path, line: u64) -> Failure {
    let failure = Failure::data(shown(path), "expected UTF-8 text").at_line(line);
    failure.with_help("convert it first, if it is in Windows-1252 by `iconv -f WINDOWS-1252 -t UTF-8`")
}

/// The content of a stream that is compressed by gzip, zstd, bzip2 or xz; any other stream unchanged.
fn decompressed(mut stream: Stream) -> io::Result<Stream> {
    Ok(match stream.fill_buf()? {
        [0x1f, 0x8b, ..] => buffered(MultiGzDecoder::new(stream)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => buffered(zstd::stream::read::Decoder::with_buffer(stream)?),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => buffered(bzip2::bufread::MultiBzDecoder::new(stream)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => buffered(lzma_rust2::XzReader::new_mem_limit(stream, true, XZ_MEMORY)),
        _ => stream,
    })
}

fn buffered(stream: impl Read + 'static) -> Stream {
    Box::new(BufReader::with_capacity(BUFFER, stream))
}

/// A stream that can be read twice, through a copy in an unlinked temporary file.
#[derive(Debug)]
pub struct Copy {
    file: File,
}

impl Copy {
    /// The rest of `stream`.
    pub fn of(stream: &mut impl Read) -> io::Result<Self> {
        let (mut file, path) = temporary()?;
        // On systems that do not remove an open file it is left for the system to clean up.
        let _ = fs::remove_file(path);
        io::copy(stream, &mut file)?;
        Ok(Self { file })
    }

    /// The file.
    #[cfg(feature = "arrow")]
    pub fn into_file(self) -> File {
        self.file
    }

    /// From its beginning.
    pub fn open(&mut self) -> io::Result<Stream> {
        self.file.rewind()?;
        Ok(Box::new(BufReader::with_capacity(BUFFER, self.file.try_clone()?)))
    }
}

/// A new file that only its owner may read.
fn temporary() -> io::Result<(File, PathBuf)> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    for count in 0_u32.. {
        let path = std::env::temp_dir().join(format!("skiff-{}-{count}.rows", std::process::id()));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => return Ok((file?, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
