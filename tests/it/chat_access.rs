//! What people may see and run: nothing is told to those who may not.

use crate::support::homes::ops;
use crate::support::memory_bot::{MemoryBot, OPS, text};

#[test]
fn help_lists_what_this_person_may_run_here() {
    let bot = MemoryBot::start(ops());
    let lines = |who: &str, room: &str| {
        let said = bot.ask(who, room, "!help");
        let own = said.lines().take_while(|line| *line != "chatops").skip(1);
        own.map(|line| line.split(" - ").next().unwrap()[2..].replace('`', "")).collect::<Vec<_>>()
    };
    let all = ["deploy to {{target}}", "echo {{message}}", "hold {{name}}", "sh {{cmd}}"];
    assert_eq!(lines("alice", OPS), all);
    assert_eq!(lines("bob", OPS), ["deploy to {{target}}", "echo {{message}}"]);
    assert_eq!(lines("bob", "#lunch"), ["echo {{message}}"], "bob's rule holds in #ops only");
    assert_eq!(lines("dave", OPS), ["echo {{message}}"]);
    assert_eq!(lines("~alice", OPS), ["echo {{message}}"], "who is not vouched for has only everyone's");
    assert!(bot.ask("carol", OPS, "!help").contains("\n- `doctor` - "));
    assert!(!bot.ask("alice", OPS, "!help").contains("doctor"));
}

#[test]
fn help_explains_a_command_with_its_parameters() {
    let bot = MemoryBot::start(ops());
    assert_eq!(
        bot.ask("alice", OPS, "!help deploy"),
        "default.deploy runs default.deploy: Bring the application to an environment\n\
         - `deploy to {{target}}`\n\
         parameters, also as name=value at the end:\n\
         - `target` (one of `staging`, `dev-1`, `production`), required: where to\n\
         - `count` (a whole number such as 5), default 1\n\
         - `token` (text)"
    );
    assert_eq!(bot.ask("dave", OPS, "!help deploy"), "No available commands match deploy");
}

#[test]
fn help_shows_what_else_is_understood_the_defaults_and_examples() {
    let greet = "---\nname: greet\ndescription: Say hello\naction_ref: core.echo\nformats:\n  - display: greet\n    \
                 representation: ['greet {{message=everybody}}', 'hail {{message}}']\n\
                 extra: { examples: [greet Ann, hail Bob] }\n";
    let bot = MemoryBot::start(ops().file("aliases/greet.yaml", greet));
    assert_eq!(
        bot.ask("root", OPS, "!help greet"),
        "default.greet runs core.echo: Say hello\n\
         - `greet`, also `greet {{message=everybody}}`, also `hail {{message}}`\n\
         parameters, also as name=value at the end:\n\
         - `message` (text), default everybody: what is said\n\
         for example:\n\
         - `greet Ann`\n\
         - `hail Bob`"
    );
}

#[test]
fn every_built_in_command_has_one_line_of_help_that_can_be_typed() {
    let bot = MemoryBot::start(ops());
    let said = bot.ask("root", OPS, "!help");
    let built_in: Vec<&str> = said.lines().skip_while(|line| *line != "chatops").skip(1).collect();
    assert_eq!(built_in.len(), chatops::bot::chat::commands::aliases().len(), "{said}");
    assert!(built_in.iter().all(|line| line.starts_with("- ") && !line.contains(['|', '('])), "{said}");
}

#[test]
fn whoami_tells_name_groups_and_roles() {
    let bot = MemoryBot::start(ops());
    let said = "you are `memory:alice`\nname: alice\ngroups: sre\nroles: operator";
    assert_eq!(bot.ask("alice", OPS, "!whoami"), said);
    let said = "you are `memory:root`, an admin: you may do everything";
    assert_eq!(bot.ask("root", OPS, "!whoami"), said);
    let said =
        "you are `memory:~alice`, which anyone could say: log in to the network's services to be known";
    assert_eq!(bot.ask("~alice", OPS, "!whoami"), said);
}

#[test]
fn who_can_run_names_the_holders_and_their_rules() {
    let bot = MemoryBot::start(ops());
    let said = bot.ask("bob", OPS, "!who can run default.deploy");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "`default.deploy` may be run by:");
    assert_eq!(lines[1], "- `memory:root`, an admin");
    assert!(lines[2].starts_with("- group `sre` (role `operator`, entry 1 ("), "{said}");
    let bob = "- `bob`, only with `target` among `staging`, `dev-*`, only in `memory:#ops` (role `deployer`, entry 1 (";
    assert!(lines[3].starts_with(bob), "{said}");
    assert_eq!(lines.len(), 4);
    let typed = bot.ask("alice", OPS, "!who can run deploy to staging");
    assert_eq!(typed, said, "a command as it is typed names its action too");
    assert_eq!(bot.ask("alice", OPS, "!who can run deploy"), said, "so does the name of its alias");
}

#[test]
fn who_may_not_run_a_command_does_not_learn_whether_it_exists() {
    let bot = MemoryBot::start(ops());
    let told =
        |question: &str, what: &str| bot.ask("dave", OPS, &format!("!{question} {what}")).replace(what, "IT");
    for question in ["who can run", "why can't I run", "help"] {
        assert_eq!(told(question, "default.deploy"), told(question, "default.dexplo"), "{question}");
    }
    assert_eq!(
        bot.ask("dave", OPS, "!why can't I run default.deploy"),
        "`default.deploy` is nothing that you may run; `help` lists what you may"
    );
    assert!(
        bot.ask("~alice", OPS, "!why can’t I run default.deploy").ends_with("log in to its accounts first")
    );
}

#[test]
fn why_cant_i_run_names_the_rule_and_what_it_asks_for() {
    let bot = MemoryBot::start(ops());
    let said = bot.ask("bob", "#lunch", "!why can't I run default.deploy");
    let (head, rule) = said.split_once('\n').unwrap();
    assert_eq!(head, "`default.deploy`: these rules let you run it:");
    assert!(
        rule.starts_with(
            "- only in `memory:#ops`, only with `target` among `staging`, `dev-*` (role `deployer`, entry 1 ("
        ),
        "{said}"
    );
    assert_eq!(
        bot.ask("root", OPS, "!why can I run deploy to staging"),
        "`default.deploy`: you may run it here: admins may do everything"
    );
}

#[test]
fn a_refusal_tells_the_rule_that_came_near_and_is_said_before_any_parameter_is_looked_at() {
    let bot = MemoryBot::start(ops());
    let said = bot.asks("dave", OPS, "!deploy to nowhere count=x dry=1");
    let refused = "you may not run that here: no rule allows you to run `default.deploy`; `why can't I run …` tells more";
    assert_eq!(text(&said), refused);
    assert!(!said.answer.unwrap().good);
    let said = bot.ask("bob", OPS, "!deploy to production");
    let near = "you may not run that here: you may run `default.deploy` only with `target` among `staging`, `dev-*` (role";
    assert!(said.starts_with(near), "{said}");
    assert!(bot.ask("bob", "#lunch", "!deploy to staging").contains("only in `memory:#ops`"));
    assert_eq!(bot.ask("bob", OPS, "!deploy to staging"), "deployed 1 to staging");
    let said = bot.ask("~alice", OPS, "!deploy to staging");
    assert!(said.contains("the service does not vouch for who you are"), "{said}");
}

#[test]
fn a_missing_action_is_told_only_to_those_who_may_run_it() {
    let ghost = "---\nname: ghost\naction_ref: default.ghost\nformats: [\"ghost\"]\n";
    let bot = MemoryBot::start(ops().file("aliases/ghost.yaml", ghost));
    let missing = "action `default.ghost` does not exist; an admin finds more with `chatops check`";
    assert_eq!(bot.ask("alice", OPS, "!ghost"), missing);
    assert!(bot.ask("dave", OPS, "!ghost").starts_with("you may not run that here"));
}

#[test]
fn commands_for_keepers_are_refused_to_others() {
    let bot = MemoryBot::start(ops());
    for command in ["reload", "audit", "doctor"] {
        let refused = format!(
            "you may not run that here: nobody granted you `chatops.{command}`; `why can't I run …` tells more"
        );
        assert_eq!(bot.ask("alice", OPS, &format!("!{command}")), refused);
    }
    assert_eq!(bot.ask("carol", OPS, "!doctor"), "all is well");
    assert_eq!(bot.ask("carol", OPS, "!reload"), "4 aliases and 19 actions are in force");
}
