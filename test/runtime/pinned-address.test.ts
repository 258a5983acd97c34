import { describe, expect, test } from '@jest/globals';
import { BotConnector } from '../../src/azure/bot-connector';
import type { Bot } from '../../src/bot/bot';
import type { TurnContext } from '../../src/bot/turn-context';
import type { InboundAuth, Pinned } from '../../src/ports/inbound-auth';
import { receive } from '../../src/runtime/ingress';
import type { Activity } from '../../src/schema/activity';
import { failure } from '../../src/schema/errors';
import { answerRing, createPipeline } from './pipeline';

/* Replies go where the token of the activity said, whatever its body, a handler, or somebody's data says. */

const ELSEWHERE = 'https://elsewhere.example/';
const CLAIMED = 'https://channel.example/claimed/';

const pinning = (pinned: Pinned): InboundAuth => ({
  mode: 'test',
  authenticate: async () => ({ ok: true, admit: () => ({ ok: true, pinned }) }),
});

const message: Activity = {
  type: 'message',
  id: 'm-1',
  channelId: 'test',
  serviceUrl: ELSEWHERE,
  callerId: 'urn:botframework:aadappid:forged',
  from: { id: 'user-1' },
  recipient: { id: 'bot-1' },
  conversation: { id: 'c-1' },
  text: 'hello',
};

/** Posts an activity, lets the bot run, and returns every call that the connector was asked to make. */
async function callsOf(bot: Bot, activity: Partial<Activity> = {}, pinned: Pinned = { serviceUrl: CLAIMED }) {
  const pipeline = createPipeline();
  const runtime = pipeline.worker(bot);
  const body = new TextEncoder().encode(JSON.stringify({ ...message, ...activity }));
  const headers = { 'content-type': 'application/json' };
  const posted = receive(runtime, pinning(pinned), { headers, body: async () => body });
  await pipeline.pass(3_000);
  // 501 is what an invoke gets that the bot gives no answer to.
  expect([200, 501]).toContain((await posted).status);
  const ring = answerRing(runtime);
  await pipeline.pass(3_000);
  await ring.done;
  return pipeline.calls;
}

/** What a handler may do by mistake, or because somebody talked it into: each ends in one call, or two. */
const SENDS: readonly (readonly [what: string, run: (context: TurnContext) => Promise<unknown>])[] = [
  ['a reply', (context) => context.sendActivity('hi')],
  ['an activity that names another place', (context) => context.sendActivity({ text: 'hi', serviceUrl: ELSEWHERE })],
  [
    'a send by the adapter, past the context',
    (context) =>
      context.adapter.sendActivities(context, [
        {
          type: 'message',
          text: 'hi',
          channelId: 'other',
          serviceUrl: ELSEWHERE,
          conversation: { id: 'c-1' } as never,
        },
      ]),
  ],
  [
    'a send by the adapter that names nothing',
    (context) => context.adapter.sendActivities(context, [{ type: 'message', text: 'hi' }]),
  ],
  [
    'a changed activity of the turn',
    (context) => {
      context.activity.serviceUrl = ELSEWHERE;
      return context.sendActivity('hi');
    },
  ],
  [
    'middleware that changes what is sent',
    (context) => {
      context.onSendActivities((_context, activities, next) => {
        for (const activity of activities) activity.serviceUrl = ELSEWHERE;
        return next();
      });
      return context.sendActivity('hi');
    },
  ],
  ['typing', (context) => context.adapter.sendActivities(context, [{ type: 'typing', serviceUrl: ELSEWHERE }])],
  [
    'an update',
    (context) =>
      context.adapter.updateActivity(context, { id: 'x', text: 'new', serviceUrl: ELSEWHERE, ...{ type: 'message' } }),
  ],
  [
    'a deletion',
    (context) =>
      context.deleteActivity({ activityId: 'x', serviceUrl: ELSEWHERE, conversation: { id: 'c-1' } as never }),
  ],
];

describe.each([
  ['a queued turn', {}],
  ['an inline turn', { type: 'invoke', name: 'test' }],
])('in %s', (_where, activity) => {
  test.each(SENDS)('%s goes to the address that the token named', async (_what, run) => {
    const calls = await callsOf(async (context) => void (await run(context)), activity);
    expect(calls.map(({ channelId, serviceUrl, conversationId }) => [channelId, serviceUrl, conversationId])).toEqual([
      ['test', CLAIMED, 'c-1'],
    ]);
    const bodies = calls.flatMap((call) => ('activity' in call ? [call.activity] : []));
    for (const { channelId, serviceUrl } of bodies) expect([channelId, serviceUrl]).toEqual(['test', CLAIMED]);
  });

  test('the bot sees the address and the caller that the token named', async () => {
    const seen: unknown[] = [];
    const bot: Bot = async ({ activity: { callerId, serviceUrl } }) => void seen.push({ callerId, serviceUrl });
    await callsOf(bot, activity);
    await callsOf(bot, activity, { serviceUrl: CLAIMED, callerId: 'urn:botframework:azure' });
    expect(seen).toEqual([
      { callerId: undefined, serviceUrl: CLAIMED },
      { callerId: 'urn:botframework:azure', serviceUrl: CLAIMED },
    ]);
  });
});

test('another conversation of the same service can be addressed', async () => {
  const calls = await callsOf(async (context) => {
    const thread = { id: 'c-1;messageid=7' } as never;
    await context.adapter.sendActivities(context, [{ type: 'message', text: 'hi', conversation: thread }]);
  });
  expect(calls).toMatchObject([{ serviceUrl: CLAIMED, conversationId: 'c-1;messageid=7' }]);
});

test('a host that is not trusted is logged with the refusal, and by its delivery', async () => {
  const pipeline = createPipeline();
  const events: unknown[] = [];
  const log = { event: (_level: string, name: string, fields: unknown) => void events.push([name, fields]) };
  const runtime = { ...pipeline.worker(async (context) => void (await context.sendActivity('hi'))), log };
  const { message: reason } = failure(403, 'ServiceUrlNotTrusted');
  const refusing: InboundAuth = {
    mode: 'test',
    authenticate: async () => ({ ok: true, admit: () => failure(403, 'ServiceUrlNotTrusted') }),
  };
  const body = new TextEncoder().encode(
    JSON.stringify({ ...message, serviceUrl: 'https://Bot.Elsewhere.example/path?q' }),
  );
  const headers = { 'content-type': 'application/json' };
  const answer = await receive(runtime, refusing, { headers, body: async () => body });
  expect(answer).toMatchObject({ status: 403, body: { error: { code: 'ServiceUrlNotTrusted', message: reason } } });
  expect(events).toEqual([['refused', { status: 403, code: 'ServiceUrlNotTrusted', host: 'bot.elsewhere.example' }]]);
  expect(JSON.stringify(answer)).not.toContain('elsewhere.example');

  const connector = new BotConnector({ tokens: undefined, trust: { development: false }, clock: pipeline.clock });
  const posted = receive(runtime, pinning({ serviceUrl: ELSEWHERE }), { headers, body: async () => body });
  await pipeline.pass(3_000);
  expect((await posted).status).toBe(200);
  const ring = answerRing({ ...runtime, connector });
  await pipeline.pass(3_000);
  await ring.done;
  expect(events).toContainEqual([
    'serviceNotTrusted',
    { conversation: 'test/c-1', effect: expect.any(String), host: 'elsewhere.example' },
  ]);
  connector.close();
});
