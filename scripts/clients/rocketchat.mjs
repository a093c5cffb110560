// The vendor's own client (npm: @rocket.chat/ddp-client with @rocket.chat/emitter, and ws for its sockets) against the
// Rocket.Chat stand-in of the tests. The test `rocketchat_client::the_vendors_client_gets_along_with_the_stand_in`
// starts this, plays the people and the faults, and reads what is written here, one line for each step.
//
// Environment: CHATOPS_CLIENTS, the folder with node_modules; ROCKETCHAT_URL, ROCKETCHAT_TOKEN, ROCKETCHAT_ROOM. Where
// the registry lacks a version that the client's types ask for, npm's `overrides` may put any package in the place of
// @rocket.chat/core-typings, rest-typings and media-signaling: nothing of them is used at run time.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import readline from "node:readline";

const require = createRequire(`${process.env.CHATOPS_CLIENTS}/`);
globalThis.WebSocket = require("ws");
const { DDPSDK } = require("@rocket.chat/ddp-client");

const { ROCKETCHAT_URL: url, ROCKETCHAT_TOKEN: token, ROCKETCHAT_ROOM: room } = process.env;
const say = (line) => process.stdout.write(`${line}\n`);
console.log = (...words) => process.stderr.write(`${words.join(" ")}\n`);

const sdk = await DDPSDK.createAndConnect(url, { retryCount: 20, retryTime: 100 });
const login = await sdk.account.loginWithToken(token);
assert.equal(login.token, token);
say("logged in");

const seen = new Set();
const stream = sdk.stream("room-messages", "__my_messages__", (message, where) => {
  assert.equal(typeof where.roomParticipant, "boolean");
  if (message.u._id === sdk.account.uid || seen.has(message._id)) return;
  seen.add(message._id);
  say(`heard ${message.msg}`);
});
await stream.ready();
say("subscribed");

const me = await sdk.rest.get("/v1/me");
assert.equal(me._id, sdk.account.uid);
const found = await sdk.rest.get("/v1/rooms.info", { roomName: "ops" });
assert.equal(found.room._id, room);
const id = "vendorvendor23456";
const attachments = [{ color: "#2eb67d", text: "in a box", fields: [{ title: "env", value: "prod", short: true }] }];
const sent = await sdk.rest.post("/v1/chat.sendMessage", { message: { _id: id, rid: room, msg: "one", attachments } });
assert.equal(sent.message._id, id);
await sdk.rest.post("/v1/chat.update", { roomId: room, msgId: id, text: "two" });
const now = await sdk.rest.get("/v1/chat.getMessage", { msgId: id });
assert.equal(now.message.msg, "two");
await sdk.rest.post("/v1/chat.react", { emoji: ":eyes:", messageId: id, shouldReact: true });
const direct = await sdk.rest.post("/v1/im.create", { username: "alice" });
assert.equal((await sdk.rest.post("/v1/im.create", { username: "alice" })).room._id, direct.room._id);
const history = await sdk.rest.get("/v1/channels.history", { roomId: room, count: 10 });
assert.ok(history.messages.some((message) => message._id === id && message.editedAt));
await assert.rejects(sdk.rest.get("/v1/chat.getMessage", { msgId: "nosuchmessage" }));
say("spoke");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (line !== "end") return;
  sdk.connection.close();
  say("ended");
  process.exit(0);
});
