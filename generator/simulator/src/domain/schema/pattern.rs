//! A text that matches a regular expression, for the expressions that schemas use: literals,
//! classes, groups, alternatives and repetitions.

use crate::domain::seed::Rng;

/// A matching text, or `None` for an expression with anything beyond that (look-arounds, back
/// references, Unicode classes).
pub(super) fn matching(pattern: &str, rng: &mut Rng) -> Option<String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut parser = Parser {
        letters: &letters,
        at: 0,
        depth: 0,
    };
    let node = parser.alternatives()?;
    if parser.at != letters.len() {
        return None;
    }
    let mut text = String::new();
    node.write(rng, &mut text);
    Some(text)
}

/// Repetitions without an end are written at most this often beyond their minimum.
const EXTRA_MAX: usize = 5;

/// Bounds of counted repetitions and of nesting: an expression beyond them is not followed.
const REPEAT_MAX: usize = 1_000;
const DEPTH_MAX: usize = 50;

enum Node {
    Class(Vec<(char, char)>),
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    Repeat(Box<Node>, usize, usize),
}

impl Node {
    fn write(&self, rng: &mut Rng, text: &mut String) {
        match self {
            Self::Class(ranges) => {
                let total: usize = ranges
                    .iter()
                    .map(|(low, high)| *high as usize - *low as usize + 1)
                    .sum();
                let mut nth = rng.below(total);
                for (low, high) in ranges {
                    let size = *high as usize - *low as usize + 1;
                    if nth < size {
                        text.extend(
                            u32::try_from(*low as usize + nth)
                                .ok()
                                .and_then(char::from_u32),
                        );
                        return;
                    }
                    nth -= size;
                }
            }
            Self::Sequence(nodes) => nodes.iter().for_each(|node| node.write(rng, text)),
            Self::Alternatives(nodes) => {
                let at = rng.below(nodes.len());
                if let Some(node) = nodes.get(at) {
                    node.write(rng, text);
                }
            }
            Self::Repeat(node, low, high) => {
                for _ in 0..low + rng.below(high - low + 1) {
                    node.write(rng, text);
                }
            }
        }
    }
}

struct Parser<'a> {
    letters: &'a [char],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek();
        self.at += usize::from(letter.is_some());
        letter
    }

    fn eat(&mut self, letter: char) -> bool {
        let hit = self.peek() == Some(letter);
        self.at += usize::from(hit);
        hit
    }

    fn alternatives(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut nodes = vec![self.sequence()?];
        while self.eat('|') {
            nodes.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(if nodes.len() == 1 {
            nodes.remove(0)
        } else {
            Node::Alternatives(nodes)
        })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while let Some(letter) = self.peek() {
            if matches!(letter, '|' | ')') {
                break;
            }
            if matches!(letter, '^' | '$') {
                // The whole text is written to the expression: its ends are where they are.
                self.at += 1;
                continue;
            }
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn repeated(&mut self, atom: Node) -> Option<Node> {
        let (low, high) = match self.peek() {
            Some('*') => (0, EXTRA_MAX),
            Some('+') => (1, 1 + EXTRA_MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(atom),
            _ => return Some(atom),
        };
        self.at += 1;
        self.eat('?');
        Some(Node::Repeat(Box::new(atom), low, high))
    }

    fn counted(&mut self, atom: Node) -> Option<Node> {
        self.at += 1;
        let low = self.whole()?;
        let high = if self.eat(',') {
            if self.peek() == Some('}') {
                low + EXTRA_MAX
            } else {
                self.whole()?
            }
        } else {
            low
        };
        if !self.eat('}') || high < low || high > REPEAT_MAX {
            return None;
        }
        self.eat('?');
        Some(Node::Repeat(Box::new(atom), low, high))
    }

    fn whole(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.letters[start..self.at]
            .iter()
            .collect::<String>()
            .parse()
            .ok()
    }

    fn atom(&mut self) -> Option<Node> {
        match self.next()? {
            '(' => {
                if self.eat('?') && !self.eat(':') {
                    return None;
                }
                let node = self.alternatives()?;
                self.eat(')').then_some(node)
            }
            '[' => self.class(),
            '.' => Some(Node::Class(vec![('a', 'z')])),
            '\\' => self.escape().map(Node::Class),
            '*' | '+' | '?' | '{' => None,
            letter => Some(Node::Class(vec![(letter, letter)])),
        }
    }

    fn escape(&mut self) -> Option<Vec<(char, char)>> {
        Some(match self.next()? {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' ')],
            'D' => vec![('a', 'z')],
            'W' => vec![('-', '-')],
            'S' => vec![('a', 'z')],
            'n' => vec![('\n', '\n')],
            't' => vec![('\t', '\t')],
            'r' => vec![('\r', '\r')],
            // A word boundary, a back reference, a Unicode class: not followed.
            letter if letter.is_ascii_alphanumeric() => return None,
            letter => vec![(letter, letter)],
        })
    }

    fn class(&mut self) -> Option<Node> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let letter = self.next()?;
            match letter {
                ']' if !first => break,
                '\\' => ranges.extend(self.escape()?),
                low => {
                    if self.peek() == Some('-')
                        && self
                            .letters
                            .get(self.at + 1)
                            .is_some_and(|next| *next != ']')
                    {
                        self.at += 1;
                        let high = self.next()?;
                        if high == '\\' || high < low {
                            return None;
                        }
                        ranges.push((low, high));
                    } else {
                        ranges.push((low, low));
                    }
                }
            }
            first = false;
        }
        if negated {
            let free: Vec<(char, char)> = (' '..='~')
                .filter(|c| !ranges.iter().any(|(low, high)| (low..=high).contains(&c)))
                .map(|c| (c, c))
                .collect();
            ranges = free;
        }
        (!ranges.is_empty()).then_some(Node::Class(ranges))
    }
}
