// A chat for npm's hubot that a test plays: each line of the input is something that somebody says, each line of the
// output something that the Hubot says. `{"user", "room", "text"}` in, `{"room", "text"}` out.

import { createRequire } from "node:module";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const packages = createRequire(`${process.env.CHATOPS_CLIENTS}/`);
const { Adapter, TextMessage, User } = await import(pathToFileURL(packages.resolve("hubot")));

class Lines extends Adapter {
  constructor(robot) {
    super(robot);
    this.name = "lines";
  }

  async send(envelope, ...texts) {
    for (const text of texts) process.stdout.write(`${JSON.stringify({ room: envelope.room, text })}\n`);
  }

  async reply(envelope, ...texts) {
    await this.send(envelope, ...texts.map((text) => `${envelope.user.name}: ${text}`));
  }

  async run() {
    let count = 0;
    readline.createInterface({ input: process.stdin }).on("line", (line) => {
      const { user, room, text } = JSON.parse(line);
      count += 1;
      this.receive(new TextMessage(new User(user, { name: user, room }), text, `m${count}`));
    }).on("close", () => process.exit(0));
    this.emit("connected");
  }
}

export default { use: (robot) => new Lines(robot) };
