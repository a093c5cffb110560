//! Remote commands over IPv6, and as root by the real `sudo`.

use chatops::model::Status;
use chatops::runner::{Input, run};
use serde_json::json;

use crate::support::remote::{Bench, tests};
use crate::support::skip;

tests! {
    an_ipv6_address_is_reached_directly_and_through_a_bastion,
    the_real_sudo_runs_a_remote_command_with_its_values,
}

async fn an_ipv6_address_is_reached_directly_and_through_a_bastion(bench: Bench) {
    let Some(host) = bench.sshd.host_v6() else { return skip("this machine has no IPv6") };
    let outcome = bench.run(json!({"hosts": host, "cmd": "echo ${SSH_CONNECTION%% *}"})).await;
    assert_eq!(outcome.status, Status::Succeeded, "{outcome:?}");
    assert_eq!(outcome.result[host.as_str()]["stdout"], "::1");
    let through = json!({"hosts": host, "bastion_host": bench.sshd.host(2), "cmd": "echo through"});
    let outcome = bench.run(through).await;
    assert_eq!(outcome.result[host.as_str()]["stdout"], "through", "{outcome:?}");
}

/// Whether `sudo` is there and lets us without a password.
fn sudo_lets_us() -> bool {
    let tried = std::process::Command::new("sudo").args(["-n", "true"]).output();
    let good = tried.is_ok_and(|output| output.status.success());
    if !good {
        skip("`sudo` is not installed, or asks for a password");
    }
    good
}

async fn the_real_sudo_runs_a_remote_command_with_its_values(bench: Bench) {
    if !sudo_lets_us() {
        return;
    }
    let more = json!({"sudo": true, "cmd": "id -u; echo \"$V\"; pwd; cat; exit 3", "env": {"V": "it's $(id)"}, "cwd": "/"});
    let outcome = bench.run(more).await;
    let record = &outcome.result[bench.sshd.host(1).as_str()];
    assert_eq!(
        (&record["stdout"], &record["return_code"]),
        (&json!("0\nit's $(id)\n/"), &json!(3)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_real_sudo_runs_a_local_command_with_its_values() {
    if !sudo_lets_us() {
        return;
    }
    let bench = Bench::new(chatops::runner::Backend::System);
    let Some(bench) = bench else { return };
    let parameters = json!({"sudo": true, "cmd": "id -u; echo \"$V\"; pwd; cat; exit 3", "env": {"V": "it's $(id)"}, "cwd": "/tmp"});
    let input = Input { parameters: parameters.as_object().unwrap().clone(), ..Input::default() };
    let outcome = run("local-shell-cmd", input, &bench.job, &bench.settings).await;
    assert_eq!(outcome.result["stdout"], "0\nit's $(id)\n/tmp", "{outcome:?}");
    assert_eq!((outcome.status, &outcome.result["return_code"]), (Status::Failed, &json!(3)));
    let password = json!({"sudo": true, "sudo_password": "not asked for", "cmd": "id -u"});
    let input = Input { parameters: password.as_object().unwrap().clone(), ..Input::default() };
    let outcome = run("local-shell-cmd", input, &bench.job, &bench.settings).await;
    assert_eq!(outcome.result["stdout"], 0, "a password that nobody asks for is no command: {outcome:?}");
}
