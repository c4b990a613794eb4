//! Reads the literal that a generated Python data module assigns, without running it: texts,
//! numbers, lists, dictionaries and constructor calls, which is all that genai-prices writes.

use std::iter::Peekable;
use std::str::CharIndices;

/// Deeper nesting is no price list; the limit keeps the stack safe.
const MAX_DEPTH: usize = 64;

/// A value of the literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `True`, `False`, `None`, or another bare name.
    Name(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// A dictionary.
    Dict(Vec<(Value, Value)>),
    /// A constructor with its arguments; positional ones have an empty name.
    Call(String, Vec<(String, Value)>),
}

impl Value {
    /// A named argument of a constructor.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Call(_, arguments) => arguments
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; none of anything else.
    pub fn list(&self) -> &[Value] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Whether this is a call of a constructor.
    pub fn is_call(&self, constructor: &str) -> bool {
        matches!(self, Self::Call(name, _) if name == constructor)
    }

    /// The decimal of `Decimal('0.30')`, or a plain number.
    pub fn decimal(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            Self::Call(name, arguments) if name == "Decimal" => {
                arguments.first().and_then(|(_, value)| value.text())
            }
            _ => None,
        }
    }
}

/// The value that a module assigns to a name.
///
/// # Errors
/// Where the text is not such a literal, by line.
pub fn assigned(text: &str, name: &str) -> Result<Value, String> {
    let is_start = |line: &str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with([':', ' ', '=']))
    };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if is_start(line)
            && let Some(equals) = line.find('=')
        {
            let mut parser = Parser {
                text,
                start: offset + equals + 1,
                chars: None,
            };
            return parser.value(0);
        }
        offset += line.len();
    }
    Err(format!("nothing is assigned to `{name}`"))
}

struct Parser<'t> {
    text: &'t str,
    start: usize,
    chars: Option<Peekable<CharIndices<'t>>>,
}

impl<'t> Parser<'t> {
    fn chars(&mut self) -> &mut Peekable<CharIndices<'t>> {
        let (text, start) = (self.text, self.start);
        self.chars.get_or_insert_with(|| {
            text.get(start..)
                .unwrap_or_default()
                .char_indices()
                .peekable()
        })
    }

    fn wrong<T>(&mut self, wanted: &str) -> Result<T, String> {
        let whole = self.text.len();
        let here = self.chars().peek().map_or(whole, |(offset, _)| *offset) + self.start;
        let before = self
            .text
            .as_bytes()
            .get(..here)
            .unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Err(format!("line {line}: expected {wanted}"))
    }

    fn peek(&mut self) -> Option<char> {
        self.chars().peek().map(|(_, c)| *c)
    }

    fn skip_space(&mut self) {
        while let Some(c) = self.peek() {
            if c == '#' {
                while self.chars().next_if(|(_, c)| *c != '\n').is_some() {}
            } else if !c.is_whitespace() {
                break;
            } else {
                self.chars().next();
            }
        }
    }

    /// Takes a character after any space, if it is the next.
    fn taken(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.chars().next_if(|(_, c)| *c == wanted).is_some()
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some((_, c)) = self
            .chars()
            .next_if(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '.'))
        {
            word.push(c);
        }
        word
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return self.wrong("less nesting");
        }
        self.skip_space();
        match self.peek() {
            Some('\'' | '"') => self.texts().map(Value::Text),
            Some('[') => self.elements('[', ']', depth).map(Value::List),
            Some('(') => self.elements('(', ')', depth).map(Value::List),
            Some('{') => self.dict(depth),
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let sign = if self.taken('-') { "-" } else { "" };
                Ok(Value::Number(format!(
                    "{sign}{}",
                    self.word().replace('_', "")
                )))
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                let name = self.word();
                if self.peek() == Some('(') {
                    self.call(name, depth)
                } else {
                    Ok(Value::Name(name))
                }
            }
            _ => self.wrong("a value"),
        }
    }

    fn elements(&mut self, open: char, close: char, depth: usize) -> Result<Vec<Value>, String> {
        self.taken(open);
        let mut elements = Vec::new();
        while !self.taken(close) {
            elements.push(self.value(depth + 1)?);
            if !self.taken(',') && !matches!(self.peek(), Some(c) if c == close) {
                return self.wrong("a comma");
            }
        }
        Ok(elements)
    }

    fn dict(&mut self, depth: usize) -> Result<Value, String> {
        self.taken('{');
        let mut entries = Vec::new();
        while !self.taken('}') {
            let key = self.value(depth + 1)?;
            if !self.taken(':') {
                return self.wrong("a colon");
            }
            entries.push((key, self.value(depth + 1)?));
            if !self.taken(',') && self.peek() != Some('}') {
                return self.wrong("a comma");
            }
        }
        Ok(Value::Dict(entries))
    }

    fn call(&mut self, name: String, depth: usize) -> Result<Value, String> {
        self.taken('(');
        let mut arguments = Vec::new();
        while !self.taken(')') {
            self.skip_space();
            let value = self.value(depth + 1)?;
            let argument = match value {
                Value::Name(key) if self.taken('=') => (key, self.value(depth + 1)?),
                value => (String::new(), value),
            };
            arguments.push(argument);
            if !self.taken(',') && self.peek() != Some(')') {
                return self.wrong("a comma");
            }
        }
        Ok(Value::Call(name, arguments))
    }

    /// One or more texts beside each other, which Python joins.
    fn texts(&mut self) -> Result<String, String> {
        let mut text = String::new();
        while let Some(quote @ ('\'' | '"')) = self.peek() {
            self.chars().next();
            loop {
                match self.chars().next().map(|(_, c)| c) {
                    Some(c) if c == quote => break,
                    Some('\\') => match self.chars().next().map(|(_, c)| c) {
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some(c @ ('\\' | '\'' | '"')) => text.push(c),
                        Some(other) => text.extend(['\\', other]),
                        None => return self.wrong("the end of a text"),
                    },
                    Some(c) => text.push(c),
                    None => return self.wrong("the end of a text"),
                }
            }
            self.skip_space();
        }
        Ok(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_generated_module_is_read_without_running_it() {
        let module = "import os\n\nprices: list[Price] = [\n    Price(id='a', when={'x': 'y'}, at=datetime.date(2027, 1, 1), \
                      amount=Decimal('0.30'), names=['it\\'s', \"b\" 'c'],),  # why\n]\n";
        let value = assigned(module, "prices").unwrap();
        let price = &value.list()[0];
        assert!(price.is_call("Price"));
        assert_eq!(price.get("amount").and_then(Value::decimal), Some("0.30"));
        assert_eq!(price.get("names").unwrap().list()[0].text(), Some("it's"));
        assert_eq!(price.get("names").unwrap().list()[1].text(), Some("bc"));
        assert!(price.get("at").unwrap().is_call("datetime.date"));
    }

    #[test]
    fn what_is_not_a_literal_is_refused_by_line() {
        assert_eq!(
            assigned("a = [\n  1 2]", "a"),
            Err("line 2: expected a comma".to_owned())
        );
        assert_eq!(
            assigned("a = 'x", "a"),
            Err("line 1: expected the end of a text".to_owned())
        );
        assert_eq!(
            assigned(&format!("a = {}", "[".repeat(100)), "a").unwrap_err(),
            "line 1: expected less nesting"
        );
        assert_eq!(
            assigned("b = 1", "a"),
            Err("nothing is assigned to `a`".to_owned())
        );
    }
}
