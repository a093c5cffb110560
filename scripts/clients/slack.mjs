// Slack's own clients for Node against our stand-in: the Web API and Socket Mode.

import { check, end, load, start, until } from './stand_in.mjs';

const { SocketModeClient } = load('@slack/socket-mode');
const { WebClient } = load('@slack/web-api');

const slack = await start('stand_in_slack_serves');
const slackApiUrl = `${slack.settings.CHATOPS_SLACK_API_URL}/`;
const web = new WebClient(slack.settings.CHATOPS_SLACK_BOT_TOKEN, { slackApiUrl });

const me = await web.auth.test();
check('auth.test tells who the bot is', me.user_id === 'U0BOT');

const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'words' } }];
const posted = await web.chat.postMessage({ channel: 'C0OPS', text: 'posted', attachments: [{ color: '#2eb67d', blocks }] });
check('chat.postMessage gives a ts', /^\d+\.\d{6}$/.test(posted.ts));
await web.chat.update({ channel: 'C0OPS', ts: posted.ts, text: 'updated', attachments: [] });
await web.reactions.add({ channel: 'C0OPS', timestamp: posted.ts, name: 'eyes' });
check('a second reaction is refused', await web.reactions.add({ channel: 'C0OPS', timestamp: posted.ts, name: 'eyes' })
  .then(() => false, (error) => error.data.error === 'already_reacted'));
check('users.info tells a name', (await web.users.info({ user: 'U0BOB' })).user.name === 'bob');
check('conversations.list goes page by page', await (async () => {
  const names = [];
  for await (const page of web.paginate('conversations.list', { limit: 1 })) names.push(...page.channels.map((it) => it.name));
  return names.includes('ops') && names.includes('dev');
})());
check('conversations.open opens a direct message', (await web.conversations.open({ users: 'U0BOB' })).channel.id === 'D0BOB');

await slack.tell('limit');
const before = Date.now();
await web.chat.postMessage({ channel: 'C0OPS', text: 'after a limit' });
check('Retry-After is obeyed', Date.now() - before >= 1000);

const heard = [];
const socket = new SocketModeClient({ appToken: slack.settings.CHATOPS_SLACK_APP_TOKEN, clientOptions: { slackApiUrl } });
socket.on('message', async ({ event, ack }) => {
  await ack();
  if (event.user === 'U0BOB') heard.push(event.text);
});
socket.on('app_mention', async ({ ack }) => ack());
await socket.start();
await slack.tell('say one');
check('a message is heard', await until(() => heard.includes('one')));
await slack.tell('mention two');
check('a mention is heard', await until(() => heard.includes('<@U0BOT> two')));
for (const loss of ['refresh', 'close', 'abort']) {
  const { sessions } = await slack.tell('shown');
  await slack.tell(loss);
  check(`it is back after ${loss}`, await until(async () => (await slack.tell('shown')).sessions > sessions));
  await slack.tell(`say after-${loss}`);
  check(`a message is heard after ${loss}`, await until(() => heard.includes(`after-${loss}`)));
}

const { shown, breaches } = await slack.tell('shown');
check('people see the edited message', shown.some((it) => it.text === 'updated' && it.edits === 1));
check(`nothing was against the documents ${breaches.join('; ')}`, breaches.length === 0);
await socket.disconnect().catch(() => {});
slack.stop();
end();
