//! Templates' text through posts to messages.

use super::marks::{ANSI, DISCORD, IRC, MARKDOWN, PLAIN, SLACK};
use super::{
    Block, Choice, Limit, Post, Span, Tone, Unit, pages, pages_up_to, parse, parts, render, result_post,
    split, ticked,
};

#[test]
fn in_a_sentence_of_the_bot_only_code_is_marked() {
    let code = |it: &str| Span::Code(it.to_owned());
    assert_eq!(
        ticked("`a b` is **no** id; [x](https://example.org)"),
        [code("a b"), text(" is **no** id; [x](https://example.org)")]
    );
    assert_eq!(ticked("one ` alone"), [text("one ` alone")]);
    assert_eq!(ticked("say ``"), [text("say "), text("``")]);
    assert!(ticked("").is_empty());
}

fn text(text: &str) -> Span {
    Span::Text(text.to_owned())
}

#[test]
fn marks_become_spans_and_blocks() {
    let post = parse(
        "**done** in `web1`, see [log](https://example.org/1)\n- one\n- two\n> said\n> twice\n```sh\nuptime\n\n**x**\n```\nend",
    );
    let expected = [
        Block::Para(vec![
            Span::Bold("done".to_owned()),
            text(" in "),
            Span::Code("web1".to_owned()),
            text(", see "),
            Span::Link { label: "log".to_owned(), url: "https://example.org/1".to_owned() },
        ]),
        Block::List(vec![vec![text("one")], vec![text("two")]]),
        Block::Quote(vec![text("said\ntwice")]),
        Block::Code { lang: "sh".to_owned(), text: "uptime\n\n**x**".to_owned() },
        Block::Para(vec![text("end")]),
    ];
    assert_eq!(post.body, expected);
}

#[test]
fn all_else_is_literal() {
    for literal in [
        "2 ** 3 ** 4",
        "a * b",
        "`open",
        "[x](javascript:alert)",
        "@everyone <!channel> <@U1>",
        "``",
        "a\n\nb",
        "[a] (b)",
    ] {
        assert_eq!(parse(literal).body, [Block::Para(vec![text(literal)])], "{literal}");
    }
}

#[test]
fn a_fence_that_never_closes_holds_the_rest() {
    assert_eq!(parse("```\na **b**").body, [Block::Code { lang: String::new(), text: "a **b**".to_owned() }]);
}

#[test]
fn a_result_is_split_at_the_first_mark_and_nothing_is_lost() {
    let got = |rendered| {
        let parts = parts(rendered);
        (parts.pretext, parts.attachment)
    };
    assert_eq!(got("only"), ("", "only"));
    assert_eq!(got("said\n{~}\n  body\nmore"), ("said", "  body\nmore"));
    assert_eq!(got("said {~} body {~} more"), ("said", "body {~} more"));
    assert_eq!(got("said{~}\n"), ("said", ""));
    let post = result_post("said {~} body");
    assert_eq!(
        [post.pretext, post.body],
        [[Block::Para(vec![text("said")])], [Block::Para(vec![text("body")])]]
    );
    assert_eq!(render(&result_post("a\n{~}\n```\nb\n```"), &SLACK), "a\n```\nb\n```");
}

#[test]
fn a_hostile_text_is_read_in_linear_time() {
    for piece in ["[", "`", "**a", "```\n", "[a](", "@", "- \n> \n"] {
        let post = parse(&piece.repeat(40_000));
        assert!(render(&post, &MARKDOWN).len() < 8_000_000);
    }
}

fn example() -> Post {
    Post {
        tone: Tone::Bad,
        title: vec![text("deploy <prod>")],
        body: vec![
            Block::Para(vec![text("by @alice & *co*"), Span::Person("U1".to_owned()), Span::Time(0)]),
            Block::Code { lang: "sh".to_owned(), text: "echo <!channel> @here ``` \x1b[31m".to_owned() },
            Block::Quote(vec![text("a\nb")]),
            Block::Table {
                head: vec!["host".to_owned(), "ok".to_owned()],
                rows: vec![vec!["web1".to_owned(), "no".to_owned()]],
            },
        ],
        facts: vec![("exit code".to_owned(), vec![Span::Code("1".to_owned())])],
        foot: "3.2 s".to_owned(),
        choices: vec![Choice {
            nonce: "n".to_owned(),
            label: "Yes".to_owned(),
            typed: "approve 7".to_owned(),
        }],
        ..Post::default()
    }
}

#[test]
fn each_dialect_writes_a_post_its_own_way() {
    let plain = "deploy <prod>\nby @alice & *co*U11970-01-01 00:00 UTC\necho <!channel> @here ``` \n> a\n> b\n\
                 host  ok\n----  --\nweb1  no\nexit code: `1`\n- Yes: `approve 7`\n3.2 s";
    assert_eq!(render(&example(), &PLAIN), plain);
    let slack = "*deploy &lt;prod&gt;*\nby @alice &amp; *co*<@U1><!date^0^{date_short_pretty} {time}|1970-01-01 00:00 UTC>\n\
                 ```\necho &lt;!channel&gt; @here `\u{200b}`\u{200b}` \n```\n> a\n> b\n```\nhost  ok\n----  --\nweb1  no\n```\n\
                 *exit code*: `1`\n_3.2 s_";
    assert_eq!(render(&example(), &SLACK), slack);
    let markdown = "**deploy \\<prod\\>**\nby @\u{200b}alice & \\*co\\*@U11970-01-01 00:00 UTC\n\
                    ```sh\necho <!channel> @\u{200b}here `\u{200b}`\u{200b}` \n```\n> a\n> b\n```\nhost  ok\n----  --\nweb1  no\n```\n\
                    **exit code**: `1`\n- Yes: `approve 7`\n_3.2 s_";
    assert_eq!(render(&example(), &MARKDOWN), markdown);
    assert!(render(&example(), &DISCORD).contains("<@U1><t:0:f>"));
    assert!(render(&example(), &IRC).starts_with("\x02deploy <prod>\x02\nby "));
    assert!(render(&example(), &ANSI).starts_with("\x1b[31m✘\x1b[0m \x1b[1mdeploy <prod>\x1b[0m\n"));
}

#[test]
fn links_and_code_are_written_so_that_they_end_where_they_should() {
    let post = parse("[a|b](https://example.org/x_(1)) `a b`");
    assert_eq!(render(&post, &SLACK), "<https://example.org/x_(1|a¦b>) `a b`");
    let post = Post { body: vec![Block::Para(vec![Span::Code("a`b".to_owned())])], ..Post::default() };
    assert_eq!(render(&post, &MARKDOWN), "`` a`b ``");
    assert_eq!(render(&post, &SLACK), "a`b");
    let post = parse("see https://example.org/a_b_c snake_case");
    assert_eq!(render(&post, &MARKDOWN), "see https://example.org/a_b_c snake\\_case");
}

#[test]
fn a_fence_is_closed_and_opened_again_where_a_post_is_cut() {
    let lines: Vec<String> = (1..=9).map(|n| format!("line {n}")).collect();
    let post = Post {
        body: vec![
            Block::Para(vec![text("out:")]),
            Block::Code { lang: String::new(), text: lines.join("\n") },
        ],
        ..Post::default()
    };
    let limit = Limit { most: 40, unit: Unit::Chars };
    let got = pages(&post, &SLACK, limit);
    assert_eq!(got.parts[0], "out:\n```\nline 1\nline 2\nline 3\nline 4\n```");
    assert_eq!(got.parts[1], "```\nline 5\nline 6\nline 7\nline 8\n```");
    assert!(got.file.is_none());
    let got = pages_up_to(&post, &SLACK, limit, 2);
    assert_eq!(got.parts.len(), 1);
    assert_eq!(got.file.unwrap().text, format!("out:\n{}", lines.join("\n")));
}

/// A small generator, so that the test is the same on every run.
fn random(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

#[test]
fn no_part_is_too_long_and_no_character_is_lost() {
    let alphabet = ['a', 'b', ' ', '\n', 'ü', '日', '😀', '*', '<', '`'];
    let mut seed = 7;
    for _ in 0..2000 {
        let length = random(&mut seed, 300);
        let source: String = (0..length).map(|_| alphabet[random(&mut seed, alphabet.len())]).collect();
        let unit = [Unit::Bytes, Unit::Chars, Unit::Utf16][random(&mut seed, 3)];
        let limit = Limit { most: 30 + random(&mut seed, 60), unit };
        let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let parts = split(&source, limit);
        assert!(parts.iter().all(|part| limit.holds(part)), "{limit:?} {parts:?}");
        assert_eq!(kept(&parts.concat()), kept(&source), "{limit:?}");

        let code = Block::Code { lang: String::new(), text: source.clone() };
        let post = Post { body: vec![Block::Para(vec![text("x y")]), code], ..Post::default() };
        let parts = pages_up_to(&post, &SLACK, limit, usize::MAX).parts;
        assert!(parts.iter().all(|part| limit.holds(part)), "{limit:?} {parts:?}");
        let inside: String =
            parts.iter().flat_map(|part| part.split('\n')).filter(|line| *line != "```").collect();
        let expected = source.replace("```", "`\u{200b}`\u{200b}`").replace('<', "&lt;");
        assert_eq!(kept(&inside), format!("xy{}", kept(&expected)), "{limit:?}");
    }
}
