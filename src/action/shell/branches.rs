//! The texts that a template can become, as far as they show without its values.

use std::ops::Range;

/// More variants of one template than this are not tried one by one.
const MOST: usize = 128;

/// All variants of one template together have at most about so many bytes.
const LARGEST: usize = 4 << 20;

/// Blocks nested deeper than this are not looked into; the engine refuses such templates itself.
const DEEPEST: usize = 32;

/// Loops nested deeper than this are tried with one round only.
const DEEPEST_LOOP: usize = 6;

enum Node {
    /// Literal text.
    Text(String),
    /// An output, by its number in `outputs`.
    Output(usize),
    /// One of several, among them perhaps nothing.
    Either(Vec<Vec<Node>>),
}

/// The variants of a template: text in which `marker(n)` stands for the output `n`, from 1.
pub(super) struct Variants {
    /// The texts.
    pub(super) texts: Vec<String>,
    /// Where each output begins in the source, in bytes.
    pub(super) outputs: Vec<usize>,
}

/// Takes each branch of each `if`, loops as none, one and two rounds. What is only set or defined
/// prints nothing; what is included is left to the check of the rendered text.
pub(super) fn variants(source: &str, marker: impl Fn(usize) -> String) -> Variants {
    let mut parser = Parser { source, at: 0, outputs: Vec::new(), depth: 0 };
    let mut nodes = Vec::new();
    // A stray `endif` ends a block that never began: go on behind it, the engine will complain.
    while parser.at < source.len() {
        nodes.extend(parser.block().0);
    }
    let most = MOST.min(LARGEST / source.len().max(1));
    let texts = if count(&nodes) <= most {
        expand(&nodes, &marker)
    } else {
        (0..widest(&nodes)).map(|pick| one(&nodes, pick, &marker)).collect()
    };
    Variants { texts, outputs: parser.outputs }
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    outputs: Vec<usize>,
    depth: usize,
}

/// The end of a block: its tag's first word, empty at the end of the text.
type Tag = String;

impl Parser<'_> {
    /// Nodes up to a tag that ends or divides a block.
    fn block(&mut self) -> (Vec<Node>, Tag) {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.at = self.source.len();
        }
        let read = self.nodes();
        self.depth -= 1;
        read
    }

    fn nodes(&mut self) -> (Vec<Node>, Tag) {
        let mut nodes = Vec::new();
        loop {
            let rest = &self.source[self.at..];
            let next = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min();
            let Some(next) = next else {
                nodes.push(Node::Text(rest.to_owned()));
                self.at = self.source.len();
                return (nodes, Tag::new());
            };
            nodes.push(Node::Text(self.literal(&rest[..next], &rest[next..])));
            self.at += next;
            match &rest[next + 1..=next + 1] {
                "{" => {
                    self.outputs.push(self.at);
                    nodes.push(Node::Output(self.outputs.len()));
                    self.skip("}}");
                }
                "#" => {
                    self.skip("#}");
                }
                _ => {
                    let inner = self.skip("%}");
                    let inner = self.source[inner].trim_matches(['-', '+']).trim();
                    let word =
                        inner.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
                    if word.starts_with("end") || word == "else" || word == "elif" {
                        return (nodes, word);
                    }
                    let node = self.statement(&word, inner);
                    nodes.extend(node);
                }
            }
        }
    }

    /// Literal text, without the blanks that the block behind it takes along.
    fn literal(&self, text: &str, mark: &str) -> String {
        let strips = mark[2..].starts_with('-');
        let text = if strips { text.trim_end() } else { text };
        let block = mark.starts_with("{%") && !strips;
        let line = text.rfind('\n').map_or(0, |at| at + 1);
        let alone = block && text[line..].chars().all(|c| c == ' ' || c == '\t');
        if alone && (line > 0 || self.at == 0) { text[..line].to_owned() } else { text.to_owned() }
    }

    /// Goes behind the end mark, which does not count in quotes; gives the range between the marks.
    fn skip(&mut self, mark: &str) -> Range<usize> {
        let start = self.at + 2;
        let comment = mark == "#}";
        let mut quote = None;
        let mut escaped = false;
        for (offset, c) in self.source[start..].char_indices() {
            let here = start + offset;
            match quote {
                Some(_) if escaped => escaped = false,
                Some(_) if c == '\\' => escaped = true,
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if self.source[here..].starts_with(mark) => {
                    self.at = here + 2;
                    self.trim(mark, &self.source[start..here]);
                    return start..here;
                }
                None if !comment && (c == '"' || c == '\'') => quote = Some(c),
                None => {}
            }
        }
        self.at = self.source.len();
        start..self.source.len()
    }

    /// `-%}` takes all blanks behind it, `%}` one line break.
    fn trim(&mut self, mark: &str, inner: &str) {
        let rest = &self.source[self.at..];
        if inner.ends_with('-') {
            self.at += rest.len() - rest.trim_start().len();
        } else if mark != "}}" && rest.starts_with('\n') {
            self.at += 1;
        }
    }

    fn statement(&mut self, word: &str, inner: &str) -> Option<Node> {
        match word {
            "raw" => {
                let rest = &self.source[self.at..];
                let end = rest.find("{%").unwrap_or(rest.len());
                self.at += end;
                self.skip("%}");
                Some(Node::Text(rest[..end].to_owned()))
            }
            "if" => Some(self.divided(Vec::new())),
            "for" => Some(self.rounds()),
            "set" if inner.contains('=') => None,
            "set" | "macro" => {
                self.block();
                None
            }
            // What a filter makes of its block is one output.
            "filter" | "call" => {
                self.outputs.push(self.at);
                let number = self.outputs.len();
                self.block();
                Some(Node::Output(number))
            }
            "with" | "block" | "autoescape" => Some(Node::Either(vec![self.block().0])),
            _ => None,
        }
    }

    /// A loop: none, one and two rounds.
    fn rounds(&mut self) -> Node {
        let before = self.at;
        let outputs = self.outputs.len();
        let (once, tag) = self.block();
        let mut twice = Vec::new();
        if self.depth <= DEEPEST_LOOP {
            // The same source again, for the second round; its outputs are the first round's.
            let after = self.at;
            self.at = before;
            let known = self.outputs.len();
            twice = self.block().0;
            self.outputs.truncate(known);
            self.at = after;
            renumber(&mut twice, known - outputs);
        }
        let body = Node::Either(vec![once, Vec::new()]);
        let again = Node::Either(vec![Vec::new(), twice]);
        let other = if tag == "else" { self.block().0 } else { Vec::new() };
        Node::Either(vec![vec![body, again], other])
    }

    fn divided(&mut self, mut branches: Vec<Vec<Node>>) -> Node {
        loop {
            let (nodes, tag) = self.block();
            branches.push(nodes);
            match tag.as_str() {
                "elif" => {}
                "else" => {
                    branches.push(self.block().0);
                    return Node::Either(branches);
                }
                _ => {
                    branches.push(Vec::new());
                    return Node::Either(branches);
                }
            }
        }
    }
}

fn renumber(nodes: &mut [Node], by: usize) {
    for node in nodes {
        match node {
            Node::Text(_) => {}
            Node::Output(number) => *number -= by,
            Node::Either(branches) => branches.iter_mut().for_each(|branch| renumber(branch, by)),
        }
    }
}

fn count(nodes: &[Node]) -> usize {
    let each = nodes.iter().map(|node| match node {
        Node::Either(branches) => branches.iter().map(|branch| count(branch)).fold(0, usize::saturating_add),
        _ => 1,
    });
    each.fold(1, usize::saturating_mul)
}

fn expand(nodes: &[Node], marker: &impl Fn(usize) -> String) -> Vec<String> {
    let mut texts = vec![String::new()];
    for node in nodes {
        let ends: Vec<String> = match node {
            Node::Text(text) => vec![text.clone()],
            Node::Output(number) => vec![marker(*number)],
            Node::Either(branches) => branches.iter().flat_map(|branch| expand(branch, marker)).collect(),
        };
        texts = texts.iter().flat_map(|text| ends.iter().map(move |end| format!("{text}{end}"))).collect();
    }
    texts
}

/// The most branches that any choice has, at any depth.
fn widest(nodes: &[Node]) -> usize {
    let each = nodes.iter().map(|node| match node {
        Node::Either(branches) => {
            branches.iter().map(|branch| widest(branch)).fold(branches.len(), usize::max)
        }
        _ => 1,
    });
    each.fold(1, usize::max)
}

/// The text where every choice takes the branch `pick`, or its last.
fn one(nodes: &[Node], pick: usize, marker: &impl Fn(usize) -> String) -> String {
    let each = nodes.iter().map(|node| match node {
        Node::Text(text) => text.clone(),
        Node::Output(number) => marker(*number),
        Node::Either(branches) => one(&branches[pick.min(branches.len() - 1)], pick, marker),
    });
    each.collect()
}
