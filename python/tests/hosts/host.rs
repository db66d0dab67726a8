// Asks exported modules that are written without the standard library: a line for each request and each answer, in the
// words of `hosts.py`.

MODULES
trait Show {
    fn letter(&self) -> char;
    fn text(&self) -> String;
    fn shown(&self) -> String {
        format!("1{}{}", self.letter(), self.text())
    }
}

macro_rules! show {
    ($($kind:ty = $letter:literal),*) => {
        $(impl Show for $kind {
            fn letter(&self) -> char {
                $letter
            }
            fn text(&self) -> String {
                format!("{self:?}")
            }
        })*
    };
}

show!(f64 = 'd', f32 = 'f', i64 = 'l', bool = 'b');

impl Show for &str {
    fn letter(&self) -> char {
        'H'
    }
    fn text(&self) -> String {
        self.bytes().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn letter(&self) -> char {
        self.first().map_or('d', Show::letter)
    }
    fn text(&self) -> String {
        self.iter().map(Show::text).collect::<Vec<_>>().join(",")
    }
    fn shown(&self) -> String {
        format!("[{}{}", self.letter(), self.text())
    }
}

fn text_of(word: &str) -> String {
    let bytes = (1..word.len()).step_by(2).map(|at| u8::from_str_radix(&word[at..at + 2], 16).expect("a byte"));
    String::from_utf8(bytes.collect()).expect("text")
}

FUNCTIONS
fn main() {
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split('\t').collect();
        let (key, words) = (words[1], &words[2..]);
        let answer = match key {ARMS
            _ => panic!("no method {key}"),
        };
        match answer {
            Ok(answer) => println!("{answer}"),
            Err(why) => println!("refused\t{why}"),
        }
    }
}
