//! Templates that loop, grow or dig: each ends in an error, soon, and without much memory.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Templates, Undefined};

const HOSTILE: [&str; 34] = [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
    "{{ range(100000000) | list | length }}",
    "{{ 'x' * 1000000000 }}",
    "{{ 1000000000 * 'x' }}",
    "{{ ([1] * 1000000000) | length }}",
    "{{ '%2000000000s' % 1 }}",
    "{{ '%2000000000s' | format(1) }}",
    "{{ '%*s' | format(2000000000, 1) }}",
    "{{ '{:2000000000}'.format(1) }}",
    "{{ '{:{}}'.format(1, 2000000000) }}",
    "{{ 'x' | center(2000000000) }}",
    "{{ 'x'.ljust(2000000000) }}",
    "{{ 'x'.zfill(2000000000) }}",
    "{{ 'x' | indent(2000000000, true) }}",
    "{{ ('a\\n' * 100000) | indent(10000) }}",
    "{{ ('a' * 100000) | replace('a', 'b' * 100000) }}",
    "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
    "{{ range(100000) | join('x' * 100000) }}",
    "{{ ('x' * 100000).join(range(100000)) }}",
    "{% set n = namespace(x='ab') %}{% for i in range(1000) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for i in range(1000) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(1000) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x={}) %}{% for i in range(1000) %}{% set n.x = {'a': n.x, 'b': n.x} %}{% endfor %}",
    "{% set n = namespace(x='a') %}{% for i in range(1000) %}{% set y %}{{ n.x }}{{ n.x }}{% endset %}{% set n.x = y %}{% endfor %}",
    "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('ab') }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% set n = namespace() %}{% set n.n = n %}{{ n }}",
    "{% set l = [] %}{{ l.append(l) }}",
    "{% set a = [] %}{% set b = [a] %}{{ a.append(b) }}{{ a }}",
    "{% for a in range(100000) %}{% if -1 in range(100000) | list %}{% endif %}{% endfor %}",
    "{% for a in range(100000) %}{{ range(100000) | sort | first }}{% endfor %}",
    "{{ ('a' * 30 ~ 'b') | regex_match('(a+)+(?=c)$') }}{{ ('a' * 100000) | regex_match('(?=(a+a+)+$)b') }}{{ 1 / 0 }}",
    "{% include 'loop.j2' %}",
];

#[test]
fn hostile_templates_end_in_an_error() {
    let named = [("loop.j2".to_owned(), "{% include 'loop.j2' %}".to_owned())];
    let templates = Templates::new(super::Options { templates: named.into(), ..Default::default() });
    for source in HOSTILE {
        let start = Instant::now();
        let got = templates.render("hostile", source, &json!({"a": 1}), Undefined::Lenient);
        let took = start.elapsed();
        let shown = got.as_ref().map(|text| text.chars().take(60).collect::<String>());
        assert!(got.is_err(), "{source}: {shown:?}");
        // Debug builds are ten times slower than what people run, and tests share the machine.
        assert!(took < Duration::from_secs(20), "{source} took {took:?}");
    }
}
