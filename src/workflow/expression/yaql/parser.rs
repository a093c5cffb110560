//! Words to a tree, by precedence.

use serde_json::Value;

use super::SyntaxError;
use super::lexer::{Placed, Token, cut};
use super::tree::{Arg, Node, Reach};

/// How deep a tree may be. Evaluation recurses as deep, and no further.
const DEEPEST: usize = 100;

/// The longest expression, in bytes.
const LONGEST: usize = 16 * 1024;

/// How tight `not` binds; the other levels are in [`binding`].
const NOT: u8 = 7;

/// How tight a sign before a number binds.
const SIGNED: u8 = 17;

/// How tight an operator binds on its left and on its right.
fn binding(sign: &str) -> Option<(u8, u8)> {
    Some(match sign {
        "->" => (2, 1),
        "or" => (3, 4),
        "and" => (5, 6),
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" => (9, 10),
        "+" | "-" => (11, 12),
        "*" | "/" | "mod" => (13, 14),
        "=~" | "!~" => (15, 16),
        _ => return None,
    })
}

/// Parses one expression.
pub(super) fn parse(source: &str) -> Result<Node, SyntaxError> {
    if source.len() > LONGEST {
        let message = format!("the expression has {} bytes, at most {LONGEST} are accepted", source.len());
        return Err(SyntaxError { at: 0, message });
    }
    let mut parser = Parser { tokens: cut(source)?, at: 0, end: source.len(), nested: 0 };
    let parsed = parser.expression(0)?;
    match parser.peek() {
        None => Ok(parsed.node),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    end: usize,
    /// How many expressions are open around the current word.
    nested: usize,
}

/// A tree and how deep it is.
struct Parsed {
    node: Node,
    depth: usize,
}

/// Arguments, and how deep the deepest is.
struct Args {
    args: Vec<Arg>,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn sign(&self) -> Option<&'static str> {
        match self.peek() {
            Some(Token::Sign(sign)) => Some(sign),
            _ => None,
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.sign() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), SyntaxError> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |placed| placed.at)
    }

    fn unexpected(&self) -> SyntaxError {
        let message = match self.peek() {
            None => "the expression ends too early".to_owned(),
            Some(Token::Sign(sign)) => format!("`{sign}` is unexpected"),
            Some(Token::Word(word)) => format!("`{word}` is unexpected"),
            Some(Token::Function(name)) => format!("`{name}(` is unexpected"),
            Some(Token::Variable(name)) => format!("`${name}` is unexpected"),
            Some(Token::Constant(value)) => format!("`{value}` is unexpected"),
        };
        SyntaxError { at: self.place(), message }
    }

    fn grown(&self, node: Node, below: usize) -> Result<Parsed, SyntaxError> {
        let depth = below + 1;
        self.bounded(depth)?;
        Ok(Parsed { node, depth })
    }

    fn bounded(&self, depth: usize) -> Result<(), SyntaxError> {
        if depth + self.nested <= DEEPEST {
            return Ok(());
        }
        let message = format!("the expression is nested deeper than {DEEPEST} levels");
        Err(SyntaxError { at: self.place(), message })
    }

    /// An expression whose operators bind tighter than `least`.
    fn expression(&mut self, least: u8) -> Result<Parsed, SyntaxError> {
        self.nested += 1;
        self.bounded(0)?;
        let mut left = self.prefix()?;
        while let Some(sign) = self.sign() {
            let Some((_, right)) = binding(sign).filter(|(tight, _)| *tight > least) else { break };
            self.at += 1;
            let right = self.expression(right)?;
            let depth = left.depth.max(right.depth);
            let node = Node::Infix { sign, left: Box::new(left.node), right: Box::new(right.node) };
            left = self.grown(node, depth)?;
        }
        self.nested -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Parsed, SyntaxError> {
        let (sign, tight) = match self.sign() {
            Some("not") => ("not", NOT),
            Some(sign @ ("-" | "+")) => (sign, SIGNED),
            _ => return self.postfix(),
        };
        self.at += 1;
        let of = self.expression(tight)?;
        self.grown(Node::Prefix { sign, of: Box::new(of.node) }, of.depth)
    }

    /// An operand with its points and indexes.
    fn postfix(&mut self) -> Result<Parsed, SyntaxError> {
        let mut left = self.operand()?;
        loop {
            let of = Box::new(left.node);
            let (node, depth) = if self.take(".") {
                self.member(of, Reach::Plain)?
            } else if self.take("?.") {
                self.member(of, Reach::Safe)?
            } else if self.take("[") {
                let Args { args, depth } = self.args("]")?;
                (Node::Index { of, args }, depth)
            } else {
                return Ok(Parsed { node: *of, depth: left.depth });
            };
            left = self.grown(node, left.depth.max(depth))?;
        }
    }

    fn member(&mut self, of: Box<Node>, reach: Reach) -> Result<(Node, usize), SyntaxError> {
        match self.peek().cloned() {
            Some(Token::Word(name)) => {
                self.at += 1;
                Ok((Node::Attribute { of, reach, name }, 0))
            }
            Some(Token::Function(name)) => {
                self.at += 1;
                let Args { args, depth } = self.args(")")?;
                Ok((Node::Method { of, reach, name, args }, depth))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn operand(&mut self) -> Result<Parsed, SyntaxError> {
        let token = self.peek().cloned().ok_or_else(|| self.unexpected())?;
        if let Token::Sign(sign) = token {
            return self.bracket(sign);
        }
        self.at += 1;
        let (node, depth) = match token {
            Token::Word(word) => (Node::Word(Value::String(word)), 0),
            Token::Constant(value) => (Node::Constant(value), 0),
            Token::Variable(name) => (Node::Variable(name), 0),
            Token::Function(name) => {
                let Args { args, depth } = self.args(")")?;
                (Node::Call { name, args }, depth)
            }
            Token::Sign(_) => return Err(self.unexpected()),
        };
        self.grown(node, depth)
    }

    fn bracket(&mut self, sign: &'static str) -> Result<Parsed, SyntaxError> {
        match sign {
            "(" => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            "[" => {
                let start = self.at;
                self.at += 1;
                let Args { args, depth } = self.args("]")?;
                let items = args.into_iter().map(|arg| match arg {
                    Arg::Plain(node) => Ok(node),
                    Arg::Pair(..) => Err(self.misplaced(start, "a list has no pairs: write `{k => v}`")),
                });
                let items = items.collect::<Result<_, _>>()?;
                self.grown(Node::List(items), depth)
            }
            "{" => {
                let start = self.at;
                self.at += 1;
                let Args { args, depth } = self.args("}")?;
                let pairs = args.into_iter().map(|arg| match arg {
                    Arg::Pair(key, value) => Ok((key, value)),
                    Arg::Plain(_) => Err(self.misplaced(start, "a mapping is made of pairs: `{k => v}`")),
                });
                let pairs = pairs.collect::<Result<_, _>>()?;
                self.grown(Node::Map(pairs), depth)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn misplaced(&self, at: usize, message: &str) -> SyntaxError {
        let at = self.tokens.get(at).map_or(self.end, |placed| placed.at);
        SyntaxError { at, message: message.to_owned() }
    }

    /// Arguments up to the closing sign.
    fn args(&mut self, close: &str) -> Result<Args, SyntaxError> {
        let mut found = Args { args: Vec::new(), depth: 0 };
        if self.take(close) {
            return Ok(found);
        }
        loop {
            let first = self.expression(0)?;
            found.depth = found.depth.max(first.depth);
            let arg = if self.take("=>") {
                let value = self.expression(0)?;
                found.depth = found.depth.max(value.depth);
                Arg::Pair(first.node, value.node)
            } else {
                Arg::Plain(first.node)
            };
            found.args.push(arg);
            if !self.take(",") {
                self.expect(close)?;
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with brackets around everything.
    fn shown(node: &Node) -> String {
        match node {
            Node::Constant(value) | Node::Word(value) => value.to_string(),
            Node::Variable(name) => format!("${name}"),
            Node::Prefix { sign, of } => format!("({sign} {})", shown(of)),
            Node::Infix { sign, left, right } => format!("({} {sign} {})", shown(left), shown(right)),
            Node::Attribute { of, name, .. } => format!("{}.{name}", shown(of)),
            Node::Method { of, name, args, .. } => format!("{}.{name}/{}", shown(of), args.len()),
            Node::Call { name, args } => format!("{name}/{}", args.len()),
            Node::Index { of, args } => format!("{}[{}]", shown(of), args.len()),
            Node::List(items) => format!("[{}]", items.len()),
            Node::Map(pairs) => format!("{{{}}}", pairs.len()),
        }
    }

    #[test]
    fn operators_bind_as_in_yaql() {
        let cases = [
            ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
            ("-1 / 2", "((- 1) / 2)"),
            ("-$.x.y", "(- $.x.y)"),
            ("not 1 = 2", "(not (1 = 2))"),
            ("not true or true", "((not true) or true)"),
            ("1 > 0 = true", "((1 > 0) = true)"),
            ("1 or 2 and 3", "(1 or (2 and 3))"),
            ("1 + not true", "(1 + (not true))"),
            ("a -> b -> c", "(\"a\" -> (\"b\" -> \"c\"))"),
            ("a =~ b + c", "((\"a\" =~ \"b\") + \"c\")"),
            ("f(1, k => 2).g()[0].h", "f/2.g/0[1].h"),
            ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(&parse(source).unwrap()), expected, "{source}");
        }
    }

    #[test]
    fn what_does_not_parse_is_refused_with_its_place() {
        let cases = [
            ("1 +", 3),
            ("l.where($ > 1", 13),
            ("x <> 5", 3),
            ("a => 1", 2),
            ("x y", 2),
            ("[1,]", 3),
            ("()", 1),
            ("(1, 2)", 2),
            ("len (x)", 4),
            ("lambda($ + 1)(4)", 13),
            ("", 0),
            ("a.5", 2),
            ("{a}", 0),
        ];
        for (source, at) in cases {
            assert_eq!(parse(source).unwrap_err().at, at, "{source}");
        }
    }

    #[test]
    fn deep_and_long_ones_are_refused() {
        for source in [
            "(".repeat(5_000),
            "[".repeat(5_000),
            "-".repeat(5_000),
            "not ".repeat(3_000) + "1",
            "1".to_owned() + &"+1".repeat(3_000),
            "a".to_owned() + &".b".repeat(3_000),
            "f(".repeat(3_000),
            "1 -> ".repeat(3_000) + "1",
            "x".repeat(20_000),
        ] {
            assert!(parse(&source).is_err());
        }
    }
}
