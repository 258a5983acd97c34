import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import type { RuntimeOptions } from '../../src/runtime/options';
import { createPipeline } from './pipeline';
import { postTo } from './posting';

/* What the user did once, and the channel sends again under another id. */

/** Answers with the number of the run, and with a status that the activity asks for. */
function counting(different: Partial<RuntimeOptions> = {}) {
  const pipeline = createPipeline(different);
  let runs = 0;
  const bot: Bot = async (context) => {
    runs += 1;
    const { status = 200, body = {} } = (context.activity.channelData ?? {}) as { status?: number; body?: object };
    const run = runs;
    await pipeline.clock.sleep(500);
    await context.sendActivity({ type: 'invokeResponse', value: { status, body: { ...body, run } } });
  };
  let ids = 0;
  const runtime = pipeline.worker(bot);
  /** Sends it under an id of its own, unless it has one. */
  const send = async (activity: Readonly<Record<string, unknown>>) => {
    ids += 1;
    const posted = postTo(runtime, { id: `i-${ids}`, ...activity });
    await pipeline.clock.settle();
    await pipeline.pass(1_000);
    return (await posted).body;
  };
  return { pipeline, runtime, send };
}

const exchange = { name: 'signin/tokenExchange', value: { id: 'e-1', connectionName: 'c', token: 'one' } };
const verify = { name: 'signin/verifyState', value: { state: '123456' } };
const upload = { name: 'fileConsent/invoke', value: { action: 'accept', uploadInfo: { uploadUrl: 'https://up/1' } } };

describe('an invoke that is sent again under another id', () => {
  test.each([
    ['an exchange of a token, by its id, from another device and with another token', exchange, { token: 'two' }],
    ['a code from the sign-in page', verify, {}],
    ['a consent to an upload, by its address', upload, {}],
  ])('is answered, and not run: %s', async (_what, activity, different) => {
    const { send } = counting();
    expect(await send(activity)).toEqual({ run: 1 });
    expect(await send({ ...activity, value: { ...activity.value, ...different } })).toEqual({ run: 1 });
  });

  test('while the first is still running, waits for its answer', async () => {
    const { pipeline, runtime } = counting();
    const both = [postTo(runtime, { ...exchange, id: 'i-1' }), postTo(runtime, { ...exchange, id: 'i-2' })];
    await pipeline.clock.settle();
    await pipeline.pass(2_000);
    for (const { body } of await Promise.all(both)) expect(body).toEqual({ run: 1 });
  });

  test.each([
    ['another exchange', exchange, { value: { ...exchange.value, id: 'e-2' } }],
    ['an exchange for another connection', exchange, { value: { ...exchange.value, connectionName: 'd' } }],
    ['an exchange without an id', exchange, { value: { token: 'one' } }],
    ['the exchange of another user', exchange, { from: { id: 'user-2' } }],
    ['another code', verify, { value: { state: '654321' } }],
    ['another upload', upload, { value: { action: 'accept', uploadInfo: { uploadUrl: 'https://up/2' } } }],
    ['an event of that name', exchange, { deliveryMode: 'expectReplies', type: 'event' }],
  ])('is not mixed up with %s', async (_what, activity, different) => {
    const { send } = counting();
    expect(await send(activity)).toEqual({ run: 1 });
    await send({ ...activity, ...different });
    expect(await send({ ...activity, value: { state: '000000' } })).toEqual({ run: 3 });
  });

  test.each([
    ['what the user may do twice', 'task/submit', { data: { dish: 'Soup' } }],
    ['a button of a card', 'adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'add' } }],
    ['a cancelled sign-in', 'signin/verifyState', { state: 'CancelledByUser' }],
    ['a refused upload', 'fileConsent/invoke', { action: 'decline' }],
    ['a name like a method', 'constructor', {}],
    ['nothing in it', 'signin/tokenExchange', null],
  ])('is run where nothing tells it from another click: %s', async (_what, name, value) => {
    const { send } = counting();
    expect(await send({ name, value, replyToId: 'm' })).toEqual({ run: 1 });
    expect(await send({ name, value, replyToId: 'm' })).toEqual({ run: 2 });
  });

  test('is run when the first has failed; each keeps its own answer', async () => {
    const { send } = counting();
    const fails = { ...exchange, channelData: { status: 412 } };
    expect(await send({ ...fails, id: 'a' })).toEqual({ run: 1 });
    expect(await send({ ...fails, id: 'b' })).toEqual({ run: 2 });
    expect(await send({ ...fails, id: 'a' })).toEqual({ run: 1 });
    expect(await send({ ...fails, id: 'b' })).toEqual({ run: 2 });
    expect(await send({ ...exchange, id: 'c' })).toEqual({ run: 3 });
  });

  test('is recognised by what the bot has put into it', async () => {
    const nonce = ({ value }: { value?: unknown }) => (value as { data: { order: string } }).data.order;
    const { send } = counting({ invokeIds: { 'task/submit': nonce, 'signin/verifyState': () => undefined } });
    const submit = (data: unknown, different = {}) => send({ name: 'task/submit', value: { data }, ...different });
    expect(await submit({ order: 'o-1' })).toEqual({ run: 1 });
    expect(await submit({ order: 'o-1' })).toEqual({ run: 1 });
    expect(await submit({ order: 'o-2' })).toEqual({ run: 2 });
    // A failure that only the body tells of.
    const refused = { channelData: { body: { statusCode: 400 } } };
    expect(await submit({ order: 'o-3' }, refused)).toEqual({ statusCode: 400, run: 3 });
    expect(await submit({ order: 'o-3' })).toEqual({ run: 4 });
    // One for which the bot's code throws, or says nothing, has no identity.
    expect(await submit(null)).toEqual({ run: 5 });
    expect(await submit(null)).toEqual({ run: 6 });
    expect(await submit({ order: '' })).toEqual({ run: 7 });
    expect(await submit({ order: '' })).toEqual({ run: 8 });
    expect(await send(verify)).toEqual({ run: 9 });
    expect(await send(verify)).toEqual({ run: 10 });
  });

  test('is not answered with what another user was answered, whatever the id', async () => {
    const { send } = counting();
    const named = (id: string, user: string) => send({ name: 'task/fetch', id, from: { id: user } });
    expect(await named('same', 'user-1')).toEqual({ run: 1 });
    expect(await named('same', 'user-2')).toEqual({ run: 2 });
    expect(await named('same', 'user-1')).toEqual({ run: 1 });
    expect(await named('same', 'user-2')).toEqual({ run: 2 });
  });

  test('is not put into the mailbox a second time when the first was deferred', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(() => new Promise(() => undefined));
    const first = postTo(runtime, { ...exchange, id: 'a' });
    await pipeline.pass(9_000);
    expect(await first).toEqual({ status: 200 });
    expect(await postTo(runtime, { ...exchange, id: 'b' })).toEqual({ status: 200 });
    expect((await pipeline.head()).pend.length).toBe(1);
  });
});
