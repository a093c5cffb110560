// The vendor's own client (npm: @mattermost/client, with ws for its sockets) against the Mattermost stand-in of the
// tests. The test `the_vendors_client_gets_along_with_the_stand_in` starts this, plays the people and the faults, and
// reads what is written here, one line for each step.
//
// Environment: CHATOPS_CLIENTS, the folder with node_modules; MATTERMOST_URL, MATTERMOST_TOKEN.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import readline from "node:readline";

const require = createRequire(`${process.env.CHATOPS_CLIENTS}/`);
const { Client4, WebSocketClient } = require("@mattermost/client");
const WebSocket = require("ws");

globalThis.WebSocket = WebSocket;
globalThis.CloseEvent = class { constructor(type, init) { Object.assign(this, { type }, init); } };

const url = process.env.MATTERMOST_URL;
const token = process.env.MATTERMOST_TOKEN;
const say = (line) => process.stdout.write(`${line}\n`);
// The client talks to the console; the steps are read from there too.
console.log = (...words) => process.stderr.write(`${words.join(" ")}\n`);

const client = new Client4();
client.setUrl(url);
client.setToken(token);

const me = await client.getMe();
assert.equal(me.username, "chatops");
assert.equal(me.is_bot, true);
const ops = await client.getChannelByNameAndTeamName("main", "ops");
const alice = await client.getUserByUsername("alice");
assert.ok((await client.getAllTeamsChannels()).some((channel) => channel.id === ops.id));
say("looked up");

const pending = `${me.id}:1`;
const post = await client.createPost({ channel_id: ops.id, message: "one", pending_post_id: pending });
const same = await client.createPost({ channel_id: ops.id, message: "one", pending_post_id: pending });
assert.equal(post.id, same.id, "a pending post is made once");
const attachments = [{ fallback: "f", color: "#2eb67d", text: "t", actions: [{ id: "a1", type: "button", name: "Go",
  integration: { url: "http://127.0.0.1:1/press", context: { nonce: "n" } } }] }];
const changed = await client.patchPost({ id: post.id, message: "two", props: { attachments } });
assert.equal(changed.message, "two");
const answer = await client.createPost({ channel_id: ops.id, message: "in thread", root_id: post.id });
await assert.rejects(client.createPost({ channel_id: ops.id, message: "x", root_id: answer.id }),
  (error) => error.server_error_id === "api.post.create_post.root_id.app_error" && error.status_code === 400);
await client.addReaction(me.id, post.id, "white_check_mark");
await client.removeReaction(me.id, post.id, "white_check_mark");
const direct = await client.createDirectChannel([me.id, alice.id]);
assert.equal((await client.createDirectChannel([me.id, alice.id])).id, direct.id);
await client.createPostEphemeral(alice.id, { channel_id: ops.id, message: "for alice" });
const form = new FormData();
form.append("channel_id", ops.id);
form.append("files", new Blob(["contents"], { type: "text/plain" }), "output.txt");
const uploaded = await client.uploadFile(form);
await client.createPost({ channel_id: ops.id, message: "", file_ids: [uploaded.file_infos[0].id] });
assert.ok((await client.getPostsSince(ops.id, post.create_at - 1)).order.includes(answer.id));
await assert.rejects(client.getPost("nosuchpostnosuchpostnosuch"), (error) => error.status_code === 404);
say("spoke");

const headers = { Authorization: `Bearer ${token}` };
const socket = new WebSocketClient({
  newWebSocketFn: (address) => new WebSocket(address, { headers }),
  minWebSocketRetryTime: 200,
  reconnectJitterRange: 10,
});
let missed = 0;
socket.addMissedMessageListener(() => { missed += 1; say("missed"); });
socket.addMessageListener((message) => {
  if (message.event === "hello") {
    say("hello");
  } else if (message.event === "posted") {
    const heard = JSON.parse(message.data.post);
    if (heard.user_id !== me.id) say(`heard ${heard.message}`);
  }
});
socket.initialize(`${url.replace("http", "ws")}/api/v4/websocket`);

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "end") {
    socket.close();
    say(`ended, missed ${missed}`);
    process.exit(0);
  }
});
