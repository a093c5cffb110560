// A Hubot script that talks to the bot as the plugin for StackStorm does, by the vendor's library (npm: st2client) and
// the variables of docs/hubot.md. A command whose words it knows from the list of aliases goes out by the name of its
// alias, `ask ...` is matched by the bot, `commands ...` shows help; what is announced is said.
//
// Environment: CHATOPS_CLIENTS, the folder with node_modules; ST2_API_URL, ST2_STREAM_URL, and ST2_API_KEY, or
// ST2_AUTH_URL with ST2_AUTH_USERNAME and ST2_AUTH_PASSWORD.

import { createRequire } from "node:module";

const packages = createRequire(`${process.env.CHATOPS_CLIENTS}/`);
const st2client = packages("st2client");
const { ST2_API_URL, ST2_AUTH_URL, ST2_STREAM_URL, ST2_API_KEY, ST2_AUTH_USERNAME, ST2_AUTH_PASSWORD } = process.env;

/** The words of an alias before its first parameter. */
const words = (format) => (format.display ?? format).split("{{")[0].trim();

/** What is said of an alias that was taken. */
const acknowledgement = ({ actionalias, execution, message }) => {
  const { enabled, append_url } = actionalias.ack;
  if (!enabled) return undefined;
  const link = append_url && execution.web_url ? ` (details available at ${execution.web_url})` : "";
  return `${message ?? `began ${execution.id}`}${link}`;
};

const connect = async () => {
  const options = { api: ST2_API_URL, stream: ST2_STREAM_URL, rejectUnauthorized: false };
  if (ST2_API_KEY) return st2client(options).setKey({ key: ST2_API_KEY });
  const { token } = await st2client({ auth: ST2_AUTH_URL }).authenticate(ST2_AUTH_USERNAME, ST2_AUTH_PASSWORD);
  return st2client(options).setToken({ token });
};

export default async (robot) => {
  const client = await connect();
  const aliases = await client.actionAlias.list({ limit: -1 });
  const credentials = ST2_API_KEY ? { "st2-api-key": ST2_API_KEY } : { "x-auth-token": client.token.token };
  const call = async (path, body) => {
    const headers = { ...credentials, "content-type": "application/json" };
    const answer = await fetch(`${ST2_API_URL}/v1${path}`,
      body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
    const json = await answer.json();
    if (!answer.ok) throw new Error(json.faultstring);
    return json;
  };
  const known = (text) => aliases.find(({ enabled, formats }) =>
    enabled && formats.some((format) => words(format) && `${text} `.startsWith(`${words(format)} `)));
  const payload = (message, command) => ({
    command, user: message.user.name, source_channel: message.room,
    source_context: { room: message.room, id: message.id }, notification_route: "hubot",
  });
  const take = async (response, begin) => {
    try {
      const said = acknowledgement(await begin());
      if (said) await response.send(said);
    } catch (error) {
      const why = error.message ?? error;
      await robot.messageRoom(response.message.room, `${response.message.user.name}: I cannot do that: ${why}`);
    }
  };

  robot.respond(/([\s\S]+?)$/i, async (response) => {
    const [, text] = response.match;
    const asked = text.match(/^ask (.*)/s);
    const help = text.match(/^commands(?: (.*))?/s);
    if (help) {
      const found = await call(`/actionalias/help?filter=${encodeURIComponent(help[1] ?? "")}`);
      const lines = found.helpstrings.map(({ display, description }) => `${robot.name} ${display} - ${description}`);
      return response.send(lines.join("\n"));
    }
    if (asked) {
      const begin = async () => (await call("/aliasexecution/match_and_execute", payload(response.message, asked[1]))).results[0];
      return take(response, begin);
    }
    const alias = known(text);
    if (!alias) return undefined;
    const body = { name: alias.name, format: words(alias.formats[0]), ...payload(response.message, text) };
    return take(response, () => client.aliasExecution.create(body));
  });

  const stream = await client.stream.listen();
  stream.addEventListener("st2.announcement__chatops", (event) => {
    const { message, user, channel, whisper } = JSON.parse(event.data).payload;
    const [pretext, text] = message.split("{~}").map((part) => part.trim());
    const said = [pretext, text].filter(Boolean).join("\n");
    robot.messageRoom(whisper ? user : channel, user && !whisper ? `${user}: ${said}` : said);
  });
  stream.onopen = () => robot.messageRoom("#log", "the stream is open");
  robot.messageRoom("#log", `${aliases.length} aliases`);
};
