// The vendor's own client (npm: discord.js) against the Discord stand-in of the tests. The test
// `the_vendors_client_gets_along_with_the_stand_in` starts this, plays the people and the faults, and reads what is
// written here, one line for each step.
//
// Environment: CHATOPS_CLIENTS, the folder with node_modules; DISCORD_URL (up to /api), DISCORD_TOKEN, DISCORD_OPS.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.CHATOPS_CLIENTS}/`);
const { ActionRowBuilder, AttachmentBuilder, ButtonBuilder, ButtonStyle, Client, EmbedBuilder, Events,
  GatewayIntentBits, MessageFlags, SlashCommandBuilder } = require("discord.js");

const say = (line) => process.stdout.write(`${line}\n`);
const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages,
  GatewayIntentBits.MessageContent];
const client = new Client({
  intents,
  allowedMentions: { parse: [] },
  rest: { api: process.env.DISCORD_URL, version: "10" },
});
let nonce = 0;
const numbered = (payload) => ({ ...payload, nonce: `client-${(nonce += 1)}`, enforceNonce: true });

client.on(Events.ShardResume, () => say("resumed"));
client.on(Events.ShardReady, () => say("a session"));
client.on(Events.Error, (error) => say(`error ${error.message}`));
client.on(Events.MessageCreate, (message) => {
  if (message.author.bot) return;
  say(`heard ${message.content} of ${message.author.username} in ${message.channel.name ?? "private"}`);
});
client.on(Events.MessageUpdate, (_, message) => {
  if (!message.author.bot) say(`edited ${message.content}`);
});
client.on(Events.ThreadCreate, (thread) => say(`thread ${thread.name} in ${thread.parent.name}`));
client.on(Events.InteractionCreate, async (interaction) => {
  if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    await interaction.editReply(`answer to ${interaction.options.getString("command")}`);
    await interaction.followUp({ content: "for you alone", flags: MessageFlags.Ephemeral });
    say(`command of ${interaction.user.username}`);
  } else if (interaction.isButton()) {
    await interaction.deferUpdate();
    say(`pressed ${interaction.customId} of ${interaction.user.username}`);
  }
});

client.once(Events.ClientReady, async () => {
  assert.equal(client.user.username, "chatops");
  const ops = await client.channels.fetch(process.env.DISCORD_OPS);
  assert.equal(ops.name, "ops");
  const command = new SlashCommandBuilder().setName("chatops").setDescription("Run a command")
    .addStringOption((option) => option.setName("command").setDescription("What").setRequired(true));
  await client.application.commands.create(command);

  const embed = new EmbedBuilder().setDescription("**done**").setColor(0x2eb67d).setFooter({ text: "foot" })
    .addFields({ name: "host", value: "web1", inline: true });
  const button = new ButtonBuilder().setCustomId("n1").setLabel("Go").setStyle(ButtonStyle.Primary);
  const row = new ActionRowBuilder().addComponents(button);
  const file = new AttachmentBuilder(Buffer.from("a\nb\n"), { name: "output.txt" });
  const payload = numbered({ content: "with all of it", embeds: [embed], components: [row], files: [file] });
  const message = await ops.send(payload);
  assert.equal(message.embeds[0].color, 0x2eb67d);
  assert.equal(message.attachments.first().name, "output.txt");
  const same = await ops.send(payload);
  assert.equal(same.id, message.id, "a nonce is said once");
  say("spoke");

  const edited = await message.edit({ content: "edited", embeds: [], attachments: [] });
  assert.equal(edited.content, "edited");
  await message.react("✅");
  const user = await client.users.fetch(process.env.DISCORD_ALICE).catch(() => null);
  assert.ok(user, "alice is known from the server");
  const direct = await user.createDM();
  await direct.send(numbered({ content: "to you" }));
  const extra = await ops.send(numbered({ content: "to be deleted" }));
  await extra.delete();
  await assert.rejects(() => extra.edit({ content: "gone" }), (error) => error.code === 10008);
  say("edited, reacted, deleted");
});

await client.login(process.env.DISCORD_TOKEN);
process.stdin.on("end", () => client.destroy());
process.stdin.resume();
