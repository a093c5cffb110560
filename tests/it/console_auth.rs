//! Who gets into the console, what each may see and do there, and what comes in from elsewhere.

use serde_json::json;

use crate::support::console::{Console, home};
use crate::support::homes;

const ALL: &[&str] = &["read", "run", "deliver", "audit"];

/// A bot whose hook is never called.
fn console() -> Console {
    Console::start(home("http://127.0.0.1:9/hook"))
}

#[test]
fn a_token_becomes_a_session_in_a_cookie_that_no_script_reads_and_no_other_site_sends() {
    let console = console();
    let token = console.token("alice", ALL);
    let page = console.log_in(&token);
    assert_eq!((page.status, page.header("location")), (303, Some("/")), "{page:?}");
    let cookie = page.set_cookie("chatops_session").unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict") && cookie.contains("; Path=/;"), "{cookie}");
    assert!(!cookie.contains("Secure"), "plain HTTP on loopback: {cookie}");
    assert_eq!(page.cookie("chatops_session").unwrap().len(), 32, "128 bits in hex");
    assert!(!page.head.contains(&token));
    let alice = console.visitor(&token);
    let overview = alice.get("/");
    assert_eq!(overview.status, 200, "{overview:?}");
    assert!(!overview.body.contains(&token) && overview.body.contains("alice"));
    let out = alice.post("/logout", "");
    assert_eq!((out.status, out.header("location")), (303, Some("/login")));
    assert_eq!(alice.get("/").header("location"), Some("/login"), "the session is over");
    assert!(console.bot.stop().success());
}

#[test]
fn without_a_session_every_page_leads_to_the_login_and_back() {
    let console = console();
    let page = console.send("GET", "/executions?status=failed", "accept: text/html\r\n", "");
    assert_eq!(page.header("location"), Some("/login?next=%2Fexecutions%3Fstatus%3Dfailed"));
    for path in
        ["/", "/chat", "/events/1", "/deliveries", "/notifiers", "/silences", "/audit", "/audit/export"]
    {
        let page = console.send("GET", path, "", "");
        assert!(
            page.status == 303 && page.header("location").unwrap().starts_with("/login"),
            "{path}: {page:?}"
        );
    }
    let live = console.send("GET", "/live/overview", "accept: text/event-stream\r\n", "");
    assert_eq!(live.status, 401);
    let guess = console.send("GET", "/", "cookie: chatops_session=00000000000000000000000000000000\r\n", "");
    assert_eq!(guess.header("location"), Some("/login"));
    for (method, path) in [("POST", "/logout"), ("POST", "/executions/1/cancel"), ("POST", "/chat/say")] {
        assert_eq!(
            console.send(method, path, &console.origin(), "").header("location"),
            Some("/login"),
            "{path}"
        );
    }
    assert!(console.bot.stop().success());
}

#[test]
fn a_session_ends_with_its_token() {
    let console = console();
    let token = console.token("alice", ALL);
    let alice = console.visitor(&token);
    assert_eq!(alice.get("/").status, 200);
    assert_eq!(console.api.call("DELETE", "tokens/alice", "", b"").status, 200);
    assert_eq!(alice.get("/").header("location"), Some("/login"));
    assert_eq!(console.log_in(&token).status, 401, "nor does it log in again");
    assert!(console.bot.stop().success());
}

#[test]
fn what_a_token_may_not_is_neither_shown_nor_done() {
    let console = console();
    let id = console.tell(&json!({"source": "ci", "title": "build failed", "status": "failed"}));
    let reader = console.visitor(&console.token("reader", &["read"]));
    let overview = reader.get("/");
    let entry = |name: &str| overview.body.contains(&format!("<span>{name}</span>"));
    assert!(entry("Events") && entry("Approvals") && !entry("Chat"), "{}", overview.body);
    assert!(!entry("Audit") && !overview.body.contains("id=\"recent\""), "the record is for `audit`");
    for path in ["/audit", "/audit/export"] {
        assert_eq!(reader.get(path).status, 403, "{path}");
    }
    assert!(!reader.get("/notifiers").body.contains("Send a test"));
    assert!(!reader.get("/silences").body.contains("name=\"why\""));
    for (path, fields) in [
        ("/silences", "what=source%3Dci&for=1h&why=x"),
        ("/deliveries/sort", "do=purge&all=yes"),
        ("/notifiers/ops-file/test", ""),
        ("/executions/1/rerun", ""),
        ("/executions/1/cancel", ""),
        ("/executions/1/pause", ""),
        ("/approvals/1/approve", ""),
        ("/approvals/1/answer", "value.x=1"),
        ("/schedules/new", "line=in+1+hour+run+echo+x"),
        ("/schedules/1/remove", ""),
        ("/audit/verify", ""),
        ("/chat/say", "text=help&key=0123456789abcdef"),
    ] {
        let page = reader.post(path, fields);
        assert_eq!(page.status, 403, "{path}: {page:?}");
        assert!(page.body.contains("lacks the scope"), "{path}");
    }
    assert_eq!(reader.get(&format!("/events/{id}")).status, 200);
    let runner = console.visitor(&console.token("runner", &["run"]));
    assert_eq!(runner.get("/").header("location"), Some("/chat"), "the first page that it may see");
    for path in ["/executions", "/audit", "/events", "/live/overview"] {
        assert_eq!(runner.get(path).status, 403, "{path}");
    }
    let sender = console.token("sender", &["events"]);
    assert_eq!(console.log_in(&sender).status, 403);
    assert!(console.bot.stop().success());
}

#[test]
fn a_change_needs_the_token_of_its_session_and_a_page_of_ours() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    let other = console.visitor(&console.token("bob", ALL));
    let fields = "what=source%3Dci&for=1h&why=maintenance";
    let ours = console.origin();
    let elsewhere =
        ours.replace("http://", "http://evil.example/").replace("http://evil.example/", "http://evil.");
    let none = "content-type: application/x-www-form-urlencoded\r\n";
    let null = format!("origin: null\r\n{none}");
    let cross = format!("{ours}sec-fetch-site: cross-site\r\n");
    for (head, csrf) in [
        (ours.as_str(), ""),
        (&ours, "guess"),
        (&ours, &other.csrf),
        (&elsewhere, &alice.csrf),
        (none, &alice.csrf),
        (&null, &alice.csrf),
        (&cross, &alice.csrf),
    ] {
        let body = format!("csrf={csrf}&{fields}");
        let page = console.send("POST", "/silences", &format!("{head}{}", alice.cookie), &body);
        assert_eq!(page.status, 403, "{head} {csrf}: {page:?}");
    }
    assert!(alice.get("/silences").body.contains("Nothing is silenced."));
    let page = alice.post("/silences", fields);
    assert_eq!(page.header("location"), Some("/silences?done=silence"), "{page:?}");
    let audit = console.home.run(&["audit", "search", "--person", "web:alice", "--what", "changed"]);
    assert!(audit.stdout.contains("maintenance"), "{audit:?}");
    assert!(console.bot.stop().success());
}

#[test]
fn the_login_is_not_sent_from_elsewhere_nor_guessed_for_long() {
    let console = console();
    let token = console.token("alice", ALL);
    let form = console.send("GET", "/login?next=//evil.example", "", "");
    assert_eq!(form.field("next"), "/", "it leads nowhere else");
    let nonce = form.field("nonce");
    let body = format!("nonce={nonce}&token={token}&next=/");
    let cookie = format!("cookie: chatops_login={nonce}\r\n");
    assert_eq!(
        console.send("POST", "/login", &console.origin(), &body).status,
        403,
        "without the form's cookie"
    );
    assert_eq!(console.send("POST", "/login", &cookie, &body).status, 403, "without an origin");
    let statuses: Vec<u16> = (0..22).map(|_| console.log_in("cho_guess").status).collect();
    assert_eq!((statuses[0], statuses[19], statuses[21]), (401, 401, 429), "{statuses:?}");
    assert_eq!(console.log_in(&token).status, 303, "a good token always passes");
    assert!(console.bot.stop().success());
}

#[test]
fn every_page_carries_the_headers_that_keep_it_safe() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    for path in [
        "/",
        "/chat",
        "/aliases",
        "/executions",
        "/audit",
        "/login",
        "/executions/999",
        "/assets/console.css",
    ] {
        let page = alice.get(path);
        let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{path}: {page:?}"));
        for part in
            ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"]
        {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{path}: {policy}");
        }
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{path}");
        let kept = if path.starts_with("/assets") { "public, max-age=86400" } else { "no-store" };
        assert_eq!(page.header("cache-control"), Some(kept), "{path}");
    }
    let health = console.send("GET", "/healthz", "", "");
    let policy = health.header("content-security-policy").unwrap_or_default();
    assert!(health.status == 200 && !policy.contains("script-src"), "the API has its own: {health:?}");
    assert!(console.bot.stop().success());
}

#[test]
fn no_path_leads_out_of_the_console() {
    let console = console();
    let alice = console.visitor(&console.token("alice", ALL));
    for path in [
        "/assets/../var/token",
        "/assets/..%2f..%2fvar%2ftoken",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/files/../../var/token",
        "/files/1/..%2f..%2fvar%2ftoken",
        "/executions/..%2f1",
        "/%00",
        "/executions/99999999999999999999",
    ] {
        let page = alice.get(path);
        assert!((400..500).contains(&page.status), "{path}: {page:?}");
        assert!(!page.body.contains("root:"), "{path}");
    }
    let lost = console.send("GET", "/nothing%3Cb%3E", "accept: text/html\r\n", "");
    assert!(lost.status == 404 && lost.body.contains("there is no page <code>"), "{lost:?}");
    assert!(lost.header("content-security-policy").unwrap().contains("style-src 'self'"), "{lost:?}");
    let program = console.send("GET", "/nothing", "accept: application/json\r\n", "");
    assert!(program.status == 404 && program.body.starts_with('{'), "{program:?}");
    assert!(console.send("GET", "/api/v1/nothing", "accept: text/html\r\n", "").body.starts_with('{'));
    for (path, back) in [("/audit/verify", "/audit"), ("/notifiers/hook/test", "/notifiers")] {
        assert_eq!(alice.get(path).header("location"), Some(back), "a page that is loaded again");
    }
    let split = alice.post("/theme", "theme=dark&back=/%0d%0aset-cookie:%20evil=1");
    assert!(split.set_cookie("evil").is_none() && split.header("location") == Some("/"), "{split:?}");
    let large = format!("text={}", "x".repeat(200_000));
    assert_eq!(alice.post("/chat/say", &large).status, 413);
    assert!(console.bot.stop().success());
}

/// Markup that would run, in everything that others can name.
const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

#[test]
fn nothing_that_others_write_becomes_markup() {
    let evil_alias = "---\nname: evil\ndescription: |-\n  <script>alert(1)</script>\naction_ref: core.echo\nformats:\n  - display: \"evil <script>alert(1)</script> {{message}}\"\n    representation: [\"evil {{message}}\"]\n";
    let broken = "---\nname: worse\naction_ref: core.echo\nformats:\n  - \"x {{<script>alert(1)</script>}} {{a}} {{a}}\"\n";
    let home = home("http://127.0.0.1:9/hook")
        .file("aliases/evil.yaml", evil_alias)
        .file("aliases/worse.yaml", broken);
    let console = Console::start(home);
    let alice = console.visitor(&console.token("alice", ALL));
    let event = console.tell(&json!({
        "source": "ci", "kind": EVIL, "title": EVIL, "text": EVIL, "status": "failed", "labels": {"env": EVIL, EVIL: "x"},
        "url": "javascript:alert(1)", "actor": EVIL, "fingerprint": EVIL, "payload": {EVIL: EVIL},
    }));
    let key = "0123456789abcdef0123";
    let said = format!("text={}&key={key}", form_encode(&format!("echo {EVIL}")));
    assert_eq!(alice.post("/chat/say", &said).status, 303);
    let silence = format!("what=source%3Dci&for=1h&why={}", form_encode(EVIL));
    assert_eq!(alice.post("/silences", &silence).status, 303);
    let encoded = form_encode(EVIL);
    let pages = [
        "/".to_owned(),
        "/chat".to_owned(),
        "/executions".to_owned(),
        format!("/executions?text={encoded}"),
        "/aliases".to_owned(),
        format!("/aliases?q={encoded}&line={}", form_encode(&format!("evil {EVIL}"))),
        "/events".to_owned(),
        format!("/events/{event}"),
        format!("/events?source={encoded}&kind={encoded}"),
        format!("/deliveries?target={encoded}"),
        "/silences".to_owned(),
        "/approvals".to_owned(),
        "/schedules".to_owned(),
        "/audit".to_owned(),
        format!("/audit?text={encoded}&place={encoded}&person={encoded}"),
        format!("/login?next={encoded}"),
        format!("/?done={encoded}"),
    ];
    for path in pages {
        let page = alice.get(&path);
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains("<img src=x"),
            "{path}: {}",
            page.body
        );
        assert!(!page.body.contains("href=\"javascript:"), "{path}");
        assert!(page.status < 500, "{path}: {page:?}");
    }
    assert!(alice.get("/chat").body.contains("&lt;script&gt;"), "it is shown as it is");
    assert!(console.bot.stop().success());
}

fn form_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn no_page_holds_a_secret() {
    let home = home("http://127.0.0.1:9/hook/SECRETPATH").set("HOOK_TOKEN", "SECRETTOKEN");
    let console = Console::start(home);
    let token = console.token("alice", ALL);
    let alice = console.visitor(&token);
    let said = "text=deploy+to+staging+token%3DSECRETVALUE&key=0123456789abcdef0000";
    assert_eq!(alice.post("/chat/say", said).status, 303);
    console.tell(
        &json!({"source": "ci", "title": "x", "status": "failed", "payload": {"password": "SECRETPASS"}}),
    );
    let own = std::fs::read_to_string(console.home.path().join("var/token")).unwrap();
    let secrets = ["SECRETPATH", "SECRETTOKEN", "SECRETVALUE", "SECRETPASS", own.trim(), &token];
    let executions = alice.get("/executions");
    let id = executions.body.split("/executions/").find_map(|rest| {
        rest.split('"').next().filter(|id| id.chars().all(|c| c.is_ascii_digit()) && !id.is_empty())
    });
    let one = format!("/executions/{}", id.expect("the deployment is listed"));
    for path in [
        "/",
        "/chat",
        "/executions",
        &one,
        "/aliases",
        "/events",
        "/events/1",
        "/deliveries",
        "/notifiers",
        "/audit",
        "/audit/export",
    ] {
        let page = alice.get(path);
        // Who typed it sees the own line in the chat, as in every chat.
        let typed = |secret: &&&str| path == "/chat" && **secret == "SECRETVALUE";
        for secret in secrets.iter().filter(|secret| !typed(secret)) {
            assert!(!page.body.contains(*secret), "{path} holds {secret}: {}", page.body);
        }
    }
    assert!(alice.get(&one).body.contains("********"), "{}", alice.get(&one).body);
    assert!(console.bot.stop().success());
}

#[test]
fn whoever_holds_var_token_may_do_everything_where_there_is_no_access_file() {
    let console = Console::start(homes::small());
    let own = std::fs::read_to_string(console.home.path().join("var/token")).unwrap();
    let owner = console.visitor(own.trim());
    assert_eq!(owner.post("/chat/say", "text=echo+hello&key=0123456789abcdef").status, 303);
    let chat = owner.get("/chat");
    assert!(chat.body.contains("hello") && !chat.body.contains("may not"), "{}", chat.body);
    let bob = console.visitor(&console.token("bob", ALL));
    assert_eq!(bob.post("/chat/say", "text=echo+secretly&key=0123456789abcdef").status, 303);
    assert!(bob.get("/chat").body.contains("no rule allows you"), "{}", bob.get("/chat").body);
    assert!(console.bot.stop().success());
}

#[test]
fn over_tls_the_cookie_is_secure() {
    let home = home("http://127.0.0.1:9/hook").set("CHATOPS_PUBLIC_URL", "https://bot.example.org");
    let console = Console::start(home);
    let token = console.token("alice", ALL);
    let form = console.send("GET", "/login", "", "");
    let head = format!(
        "origin: https://bot.example.org\r\ncookie: chatops_login={}\r\n",
        form.cookie("chatops_login").unwrap()
    );
    let body = format!("nonce={}&token={token}&next=/", form.field("nonce"));
    let page = console.send("POST", "/login", &head, &body);
    assert!(page.set_cookie("chatops_session").is_some_and(|cookie| cookie.contains("; Secure")), "{page:?}");
    let other = head.replace("bot.example.org", "bot.example.org.evil.example");
    assert_eq!(console.send("POST", "/login", &other, &body).status, 403);
    assert!(console.bot.stop().success());
}
