//! Patterns as programs, and the machine that backtracks through them.

use super::class::{Category, Class, Kind};
use super::parse::{Assertion, Parsed, Part};
use super::{TooManySteps, Unsupported};

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    instructions: Vec<Instruction>,
    classes: Vec<Class>,
    has_group: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instruction {
    /// Takes a character of a class.
    One(usize),
    Assert(Assertion),
    /// Continues at the first index, and on failure at the second.
    Split(usize, usize),
    Jump(usize),
    GroupStart,
    GroupEnd,
    /// What follows, up to its own `Match` before `next`, must match here (or so many characters back), or must not.
    Look {
        back: Option<usize>,
        negated: bool,
        next: usize,
    },
    Match,
}

/// The longest program: counted repeats are written out.
const LENGTH: usize = 20_000;
/// How many steps one text may take. The patterns of regular vectorizers take a few for each character.
const STEPS: usize = 100_000_000;

/// One way through the program, to be tried.
#[derive(Clone, Copy)]
struct Thread {
    instruction: usize,
    at: usize,
    group: Group,
}

/// The capturing group: where it began last, and what it took last.
#[derive(Clone, Copy, Default)]
struct Group {
    start: usize,
    taken: Option<(usize, usize)>,
}

struct Machine<'p> {
    program: &'p Program,
    text: &'p str,
    steps: usize,
    /// One stack for the pattern, and one for each look-around within another.
    stacks: Vec<Vec<Thread>>,
}

impl Program {
    pub(super) fn new(parsed: &Parsed) -> Result<Self, Unsupported> {
        let mut program = Self { instructions: Vec::new(), classes: Vec::new(), has_group: parsed.groups > 0 };
        program.add(&parsed.root)?;
        program.push(Instruction::Match)?;
        Ok(program)
    }

    fn push(&mut self, instruction: Instruction) -> Result<usize, Unsupported> {
        if self.instructions.len() >= LENGTH {
            return Err(Unsupported("repeats of more than 20000 parts".to_owned()));
        }
        self.instructions.push(instruction);
        Ok(self.instructions.len() - 1)
    }

    fn add(&mut self, part: &Part) -> Result<(), Unsupported> {
        match part {
            Part::One(class) => {
                let known = self.classes.iter().position(|known| known == class);
                let class = known.unwrap_or_else(|| {
                    self.classes.push(class.clone());
                    self.classes.len() - 1
                });
                self.push(Instruction::One(class))?;
            }
            Part::Assert(assertion) => {
                self.push(Instruction::Assert(*assertion))?;
            }
            Part::All(parts) => {
                for part in parts {
                    self.add(part)?;
                }
            }
            Part::Either(branches) => {
                let mut ends = Vec::new();
                for (index, branch) in branches.iter().enumerate() {
                    if index + 1 == branches.len() {
                        self.add(branch)?;
                        break;
                    }
                    let split = self.push(Instruction::Match)?;
                    self.add(branch)?;
                    ends.push(self.push(Instruction::Match)?);
                    self.instructions[split] = Instruction::Split(split + 1, self.instructions.len());
                }
                let end = self.instructions.len();
                for jump in ends {
                    self.instructions[jump] = Instruction::Jump(end);
                }
            }
            Part::Repeat { part, least, most, greedy } => {
                for _ in 0..*least {
                    self.add(part)?;
                }
                let split = |inside, outside| {
                    if *greedy { Instruction::Split(inside, outside) } else { Instruction::Split(outside, inside) }
                };
                match most {
                    None => {
                        let start = self.push(Instruction::Match)?;
                        self.add(part)?;
                        self.push(Instruction::Jump(start))?;
                        self.instructions[start] = split(start + 1, self.instructions.len());
                    }
                    Some(most) => {
                        let mut starts = Vec::new();
                        for _ in *least..*most {
                            starts.push(self.push(Instruction::Match)?);
                            self.add(part)?;
                        }
                        let end = self.instructions.len();
                        for start in starts {
                            self.instructions[start] = split(start + 1, end);
                        }
                    }
                }
            }
            Part::Group(part) => {
                self.push(Instruction::GroupStart)?;
                self.add(part)?;
                self.push(Instruction::GroupEnd)?;
            }
            Part::Look { part, back, negated } => {
                let look = self.push(Instruction::Match)?;
                self.add(part)?;
                let end = self.push(Instruction::Match)?;
                self.instructions[look] = Instruction::Look { back: *back, negated: *negated, next: end + 1 };
            }
        }
        Ok(())
    }

    pub(super) fn find_all(&self, text: &str, token: &mut impl FnMut(&str)) -> Result<(), TooManySteps> {
        let mut machine = Machine { program: self, text, steps: 0, stacks: vec![Vec::new()] };
        // After an empty match the next one may begin at the same position, but must not be empty (Python 3.7).
        let (mut start, mut must_advance) = (0, false);
        loop {
            match machine.run(0, start, Group::default(), must_advance.then_some(start), 0)? {
                Some(Thread { at: end, group, .. }) => {
                    let (from, to) = if self.has_group { group.taken.unwrap_or((0, 0)) } else { (start, end) };
                    token(&text[from..to]);
                    must_advance = end == start;
                    start = end;
                }
                None => match text[start..].chars().next() {
                    Some(c) => {
                        start += c.len_utf8();
                        must_advance = false;
                    }
                    None => return Ok(()),
                },
            }
        }
    }
}

impl Machine<'_> {
    /// The first way from `instruction` and `at` to a `Match` that does not end at `not_at`.
    fn run(
        &mut self,
        instruction: usize,
        at: usize,
        group: Group,
        not_at: Option<usize>,
        depth: usize,
    ) -> Result<Option<Thread>, TooManySteps> {
        let mut stack = std::mem::take(&mut self.stacks[depth]);
        stack.clear();
        stack.push(Thread { instruction, at, group });
        let mut found = None;
        while let Some(thread) = stack.pop() {
            if let Some(end) = self.follow(thread, not_at, depth, &mut stack)? {
                found = Some(end);
                break;
            }
        }
        self.stacks[depth] = stack;
        Ok(found)
    }

    /// Follows one way until it ends or fails, leaving the others on the stack.
    fn follow(
        &mut self,
        mut thread: Thread,
        not_at: Option<usize>,
        depth: usize,
        stack: &mut Vec<Thread>,
    ) -> Result<Option<Thread>, TooManySteps> {
        loop {
            self.steps += 1;
            if self.steps > STEPS {
                return Err(TooManySteps);
            }
            match self.program.instructions[thread.instruction] {
                Instruction::One(class) => match self.text[thread.at..].chars().next() {
                    Some(c) if self.program.classes[class].contains(c) => thread.at += c.len_utf8(),
                    _ => return Ok(None),
                },
                Instruction::Assert(assertion) => {
                    if !holds(assertion, self.text, thread.at) {
                        return Ok(None);
                    }
                }
                Instruction::Split(first, second) => {
                    stack.push(Thread { instruction: second, ..thread });
                    thread.instruction = first;
                    continue;
                }
                Instruction::Jump(next) => {
                    thread.instruction = next;
                    continue;
                }
                Instruction::GroupStart => thread.group.start = thread.at,
                Instruction::GroupEnd => thread.group.taken = Some((thread.group.start, thread.at)),
                Instruction::Look { back, negated, next } => {
                    let from = back.map_or(Some(thread.at), |chars| step_back(self.text, thread.at, chars));
                    if self.stacks.len() <= depth + 1 {
                        self.stacks.push(Vec::new());
                    }
                    let found = match from {
                        Some(from) => self.run(thread.instruction + 1, from, thread.group, None, depth + 1)?,
                        None => None,
                    };
                    match found {
                        Some(end) if !negated => thread.group = end.group,
                        None if negated => {}
                        _ => return Ok(None),
                    }
                    thread.instruction = next;
                    continue;
                }
                Instruction::Match if not_at == Some(thread.at) => return Ok(None),
                Instruction::Match => return Ok(Some(thread)),
            }
            thread.instruction += 1;
        }
    }
}

fn step_back(text: &str, at: usize, chars: usize) -> Option<usize> {
    (0..chars).try_fold(at, |at, _| Some(at - text[..at].chars().next_back()?.len_utf8()))
}

fn holds(assertion: Assertion, text: &str, at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at..]);
    match assertion {
        Assertion::Start => before.is_empty(),
        Assertion::LineStart => before.is_empty() || before.ends_with('\n'),
        Assertion::End => after.is_empty(),
        Assertion::LastLineEnd => matches!(after, "" | "\n"),
        Assertion::LineEnd => after.is_empty() || after.starts_with('\n'),
        Assertion::Boundary { negated, alphabet } => {
            let word = Category { kind: Kind::Word, negated: false, alphabet };
            let is_word = |c: Option<char>| c.is_some_and(|c| word.contains(c));
            // `\B` did not match in an empty text before Python 3.14.
            if text.is_empty() {
                return false;
            }
            (is_word(before.chars().next_back()) != is_word(after.chars().next())) != negated
        }
    }
}
