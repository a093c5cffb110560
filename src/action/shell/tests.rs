//! The rules, and proof by real shells.

use super::*;

/// Each placeholder of the template becomes its variable, or the reason is given.
fn quoted(source: &str) -> Result<String, Unsafe> {
    let variants = branches::variants(source, marker::marker);
    assert_eq!(variants.texts.len(), 1, "{source}");
    lexer::quote(&variants.texts[0], &[]).map_err(|refusal| refusal.why)
}

#[test]
fn a_placeholder_becomes_a_quoted_reference() {
    for (source, text) in [
        ("df -h {{ path }}", "df -h \"${CHATOPS_V1}\""),
        ("echo \"hi {{ a }}, {{ b }}\"", "echo \"hi ${CHATOPS_V1}, ${CHATOPS_V2}\""),
        ("a --x={{ x }}/{{ y }}", "a --x=\"${CHATOPS_V1}\"/\"${CHATOPS_V2}\""),
        ("echo \"$(cat {{ f }})\"", "echo \"$(cat \"${CHATOPS_V1}\")\""),
        ("X={{ x }}; echo \"$X\"", "X=\"${CHATOPS_V1}\"; echo \"$X\""),
        ("# about {{ x }}\necho 'a' {{ x }}", "# about CHATOPS_V1\necho 'a' \"${CHATOPS_V2}\""),
        ("for h in {{ a }}; do echo \"$h\"; done", "for h in \"${CHATOPS_V1}\"; do echo \"$h\"; done"),
        (
            "case {{ a }} in x|'y') echo 1;; *) echo {{ b }} ;; esac",
            "case \"${CHATOPS_V1}\" in x|'y') echo 1;; *) echo \"${CHATOPS_V2}\" ;; esac",
        ),
        ("if [ {{ a }} = on ]; then echo y; fi", "if [ \"${CHATOPS_V1}\" = on ]; then echo y; fi"),
        ("uptime", "uptime"),
    ] {
        assert_eq!(quoted(source).as_deref(), Ok(text), "{source}");
    }
}

#[test]
fn a_placeholder_in_an_unsafe_place_is_refused() {
    type U = Unsafe;
    let code = |name: &str| U::Code(name.to_owned());
    for (source, why) in [
        ("echo 'hi {{ x }}'", U::SingleQuotes),
        ("echo \"$(echo '{{ x }}')\"", U::SingleQuotes),
        ("echo $'{{ x }}'", U::AnsiQuotes),
        ("cat <<EOF\n{{ x }}\nEOF", U::HereDocument),
        ("cat <<-'EOF'\n{{ x }}\nEOF", U::HereDocument),
        ("echo `cat {{ x }}`", U::Backquotes),
        ("echo \"`cat {{ x }}`\"", U::Backquotes),
        ("echo $(( {{ x }} + 1 ))", U::Arithmetic),
        ("X={{ x }}; echo $((X + 1))", U::Arithmetic),
        ("X={{ x }}; echo ${y:X}", U::Arithmetic),
        ("echo ${x:-{{ x }}}", U::Variable),
        ("echo \\{{ x }}", U::Backslash),
        ("echo \"\\{{ x }}\"", U::Backslash),
        ("echo ${{ x }}", U::Dollar),
        ("echo \"${{ x }}\"", U::Dollar),
        ("{{ x }} -a", U::CommandPosition),
        ("/usr/bin/{{ x }} -a", U::CommandPosition),
        ("A=1 {{ x }}", U::CommandPosition),
        ("ls; {{ x }}", U::CommandPosition),
        ("if {{ x }}; then ls; fi", U::CommandPosition),
        ("sudo {{ x }}", U::CommandPosition),
        ("sudo -u root {{ x }}", U::CommandPosition),
        ("timeout 5 {{ x }}", U::CommandPosition),
        ("X={{ x }}; $X", U::CommandPosition),
        ("echo a > {{ x }}", U::Redirection),
        ("cat < {{ x }}", U::Redirection),
        ("{{ x }}=1", U::CommandPosition),
        ("for {{ x }} in a; do ls; done", U::Variable),
        ("PATH={{ x }} ls", U::Environment("PATH".to_owned())),
        ("export LD_PRELOAD={{ x }}", U::Environment("LD_PRELOAD".to_owned())),
        ("eval echo {{ x }}", code("eval")),
        ("eval \"echo {{ x }}\"", code("eval")),
        ("X={{ x }}; eval \"echo $X\"", code("eval")),
        ("for a in 1 2; do eval \"$X\"; X={{ x }}; done", code("eval")),
        ("command eval {{ x }}", code("eval")),
        ("sh -c \"echo {{ x }}\"", code("sh")),
        ("$PREFIX/bin/sh -c \"echo {{ x }}\"", code("sh")),
        ("/bin/bash -lc {{ x }}", code("bash")),
        ("sudo -u app bash -c \"ls {{ x }}\"", code("bash")),
        ("bash -o pipefail -c \"ls {{ x }}\"", code("bash")),
        ("bash -c -x \"ls {{ x }}\"", code("bash")),
        ("perl -e 1 -e {{ x }}", code("perl")),
        ("command -p eval {{ x }}", code("eval")),
        ("find . -exec sh -c \"ls {{ x }}\" ';'", code("sh")),
        ("bash <<< {{ x }}", U::Piped("bash".to_owned())),
        ("echo {{ x }} | sh", U::Piped("sh".to_owned())),
        ("echo {{ x }} | tee /tmp/a | (cd /; bash -s)", U::Piped("bash".to_owned())),
        ("ssh web1 uptime {{ x }}", code("ssh")),
        ("ssh {{ x }} uptime", code("ssh")),
        ("su -c \"ls {{ x }}\" app", code("su")),
        ("trap {{ x }} EXIT", code("trap")),
        ("source {{ x }}", code("source")),
        (". {{ x }}", code(".")),
        ("read {{ x }}", code("read")),
        ("python3 -c \"print('{{ x }}')\"", code("python")),
        ("awk \"/{{ x }}/\" /etc/hosts", code("awk")),
        ("sed \"s/a/{{ x }}/\" f", code("sed")),
        ("sed -n {{ x }} f", code("sed")),
        ("sed -e p -e {{ x }} f", code("sed")),
        ("psql -c \"{{ x }}\"", code("psql")),
        ("echo {{ x }} | ssh web1", U::Piped("ssh".to_owned())),
        ("echo {{ x }} | xargs sh -c date", U::Piped("xargs".to_owned())),
        ("echo {{ x }} | xargs -I % %", U::Piped("xargs".to_owned())),
        ("echo {{ x }} | { X=$(cat); eval \"$X\"; }", code("eval")),
        ("echo {{ x }} | . /dev/stdin", U::Piped(".".to_owned())),
        ("echo {{ x }} | bash /dev/stdin", U::Piped("bash".to_owned())),
        ("echo {{ x }} | tee >(sh)", U::Piped("sh".to_owned())),
        ("printf -v {{ x }} a", U::Variable),
        ("[ -v {{ x }} ]", U::Test),
        ("[ {{ x }} -gt 5 ]", U::Test),
        ("[ {{ x }} {{ y }} ]", U::Test),
    ] {
        assert_eq!(quoted(source), Err(why), "{source}");
    }
}

#[test]
fn text_that_cannot_be_followed_is_refused_beside_a_placeholder() {
    for source in [
        "echo \"{{ x }}",
        "echo $(ls {{ x }}",
        "f() { echo {{ x }}; }",
        "a=(1 2); echo {{ x }}",
        "[[ {{ x }} -eq 1 ]]",
        "(( x = 1 )); echo {{ x }}",
        "echo $'a\\'' {{ x }}",
        "echo \"${a:-\"b\"}\" {{ x }}",
        "a[{{ x }}]=1",
        "$SHELL -c \"ls {{ x }}\"",
        "docker exec web $SHELL -lc \"ls {{ x }}\"",
        "echo ) {{ x }}",
    ] {
        assert!(matches!(quoted(source), Err(Unsafe::Unreadable(_))), "{source}: {:?}", quoted(source));
        let without = source.replace("{{ x }}", "");
        assert_eq!(quoted(&without), Ok(without), "text without placeholders is the admin's own");
    }
}

#[test]
fn arguments_of_fixed_programs_are_fine() {
    for source in [
        "bash /opt/run.sh {{ x }}",
        "\"$HOME/bin/run\" \"$HOME\" {{ x }}",
        "bash -c 'echo \"$1\"' _ {{ x }}",
        "python3 -u manage.py show {{ x }}",
        "sudo systemctl restart -- {{ x }}",
        "sudo -n -u app /opt/run {{ x }}",
        "awk -v n={{ x }} 'NR == n' /etc/hosts",
        "sed -n 5p {{ x }}",
        "export NAME={{ x }}",
        "echo {{ x }} | grep -c a",
        "echo {{ x }} | while read -r line; do echo \"$line\"; done",
        "echo {{ x }} | xargs -n 1 ls --",
        "test -n {{ x }} && echo yes",
        "ls {{ x }} 2>/dev/null >&2 || true",
        "set -- {{ x }}; printf '%s' \"$1\"",
    ] {
        assert!(quoted(source).is_ok(), "{source}: {:?}", quoted(source));
    }
}

#[test]
fn a_value_cannot_be_an_option_that_runs_something() {
    let with = |source: &str, value: &str| {
        let variants = branches::variants(source, marker::marker);
        lexer::quote(&variants.texts[0], &[value.to_owned()]).map_err(|refusal| refusal.why)
    };
    let option = |name: &str| Err(Unsafe::Option(name.to_owned()));
    assert_eq!(with("tar czf a.tgz {{ x }}", "--use-compress-program=id"), option("tar"));
    assert_eq!(with("sed p \"{{ x }}\"", "-e1e id"), option("sed"));
    assert_eq!(with("X={{ x }}; sudo git clone \"$X\"", "--upload-pack=id"), option("git"));
    assert!(with("tar czf a.tgz -- {{ x }}", "--use-compress-program=id").is_ok());
    assert!(with("tar czf a.tgz ./{{ x }}", "--use-compress-program=id").is_ok());
    assert!(with("tar czf a.tgz {{ x }}", "dir").is_ok());
    assert!(with("printf %s {{ x }}", "-n").is_ok());
}

#[test]
fn every_branch_of_a_template_is_tried_at_load() {
    let (offset, why) = check_command("ls {% if a %}{{ a }}{% else %}'{{ b }}'{% endif %}").unwrap_err();
    assert_eq!((offset, why), (31, Unsafe::SingleQuotes));
    assert_eq!(check_command("ls {% for a in b %} {{ a }}{% endfor %}"), Ok(()));
    let (_, why) = check_command("echo {% for a in b %}' {{ a }}{% endfor %}").unwrap_err();
    assert_eq!(why, Unsafe::SingleQuotes);
    assert_eq!(
        check_command("{% set c = \"'{{\" %}{# '{{ x }}' #}ls {% raw %}'{{ x }}'{% endraw %} {{ c }}"),
        Ok(())
    );
    let many = "{% if a %}x{% endif %}".repeat(200);
    assert!(check_command(&format!("echo {many} '{{{{ x }}}}'")).is_err());
    assert!(check_command(&"{% if a %}".repeat(50_000)).is_ok(), "the engine refuses it");
    assert!(check_command(&format!("{}{{{{ x }}}}", "$(".repeat(50_000))).is_err());
    assert!(check_command(&format!("{}ls {{{{ x }}}}", "case a in a) ".repeat(50_000))).is_err());
}
