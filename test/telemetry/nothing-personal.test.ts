import { beforeAll, expect, test } from '@jest/globals';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import { eventLine } from '../../src/runtime/console-log';
import { receive } from '../../src/runtime/ingress';
import { meteredLog } from '../../src/runtime/metered-log';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import { ATTRIBUTES, METRICS, STAGES } from '../../src/runtime/telemetry';
import { openTelemetry } from '../../src/telemetry/open-telemetry';
import { openTelemetryLog } from '../../src/telemetry/open-telemetry-log';
import { CONVERSATION, createPipeline } from '../runtime/pipeline';
import { collectTelemetry, type Measured } from './collected';

/* A canary in everything that a user, a bot or a channel can say, through turns that go well and turns that do not: no attribute may have it. */

const CANARY = 'canary-7f3a';
const collected = collectTelemetry();
let measured: readonly Measured[];

const everybody: InboundAuth = {
  mode: 'test',
  authenticate: async ({ headers }) =>
    headers.authorization === `Bearer ${CANARY}`
      ? { ok: true, admit: ({ serviceUrl }) => ({ ok: true, pinned: { serviceUrl } }) }
      : { ok: false, status: 401, code: 'TokenMissing', message: CANARY },
};

beforeAll(async () => {
  const { answers, clock, pass, worker } = createPipeline({ maxAttempts: 2, holdRepliesMs: 0 });
  const telemetry = openTelemetry();
  const log = meteredLog(openTelemetryLog(eventLine), telemetry);
  const runtime: Runtime = {
    ...worker(
      async (turn) => {
        if (turn.activity.id === 'fails') throw new Error(CANARY);
        if (turn.activity.id === 'throws text') throw CANARY;
        await turn.sendActivity({ type: 'message', text: CANARY, speak: CANARY, channelData: { CANARY } });
      },
      async (turn) => void (await turn.sendActivity(CANARY)),
    ),
    log,
    telemetry,
  };
  const post = (id: string, different: object = {}, token = CANARY) =>
    receive(runtime, everybody, {
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-other': CANARY },
      traceparent: CANARY,
      body: async () =>
        Buffer.from(
          JSON.stringify({
            type: 'message',
            id,
            channelId: 'test',
            serviceUrl: `https://${CANARY}.example/`,
            from: { id: CANARY, name: CANARY, aadObjectId: CANARY },
            recipient: { id: 'bot-1', name: CANARY },
            conversation: { id: 'c-1', name: CANARY, tenantId: CANARY },
            text: CANARY,
            value: { CANARY },
            entities: [{ type: CANARY }],
            attachments: [{ contentType: CANARY, name: CANARY }],
            ...different,
          }),
        ),
    });
  const work = async (): Promise<void> => {
    const working = attend(runtime, CONVERSATION);
    await pass(40_000);
    await working;
  };
  await post('well');
  await work();
  await post('well');
  await post('refused', {}, 'none');
  await post('a type', { type: CANARY });
  await work();
  for (const id of ['fails', 'throws text']) {
    await post(id);
    for (let attempt = 0; attempt < 2; attempt += 1) await work();
  }
  await post('an invoke', { type: 'invoke', name: CANARY });
  await post('an answer', { deliveryMode: 'expectReplies', replyToId: CANARY });
  answers.push({ outcome: 'unknown', reason: 'timeout' }, { outcome: 'rejected', reason: CANARY, status: 403 });
  await post('not delivered');
  for (let ring = 0; ring < 3; ring += 1) await work();
  await post('left');
  await clock.advance(60_000);
  await sweep(runtime);
  measured = await collected.metrics();
});

test('spans say nothing of what was said, by whom, with which token', () => {
  expect(collected.spans().length).toBeGreaterThan(40);
  const said = collected
    .spans()
    .map(({ attributes, events, links, name, status }) => ({ attributes, events, links, name, status }));
  expect(JSON.stringify(said)).not.toContain(CANARY);
});

test('nor do metrics', () => {
  expect(measured.length).toBeGreaterThan(15);
  expect(JSON.stringify(measured)).not.toContain(CANARY);
});

test('nor do logs', () => {
  const lines = collected.logs().map(({ attributes, body, eventName }) => ({ attributes, body, eventName }));
  expect(lines.length).toBeGreaterThan(10);
  expect(JSON.stringify(lines)).not.toContain(CANARY);
});

test('every name is on the lists', () => {
  const metrics = new Set<string>([
    ...Object.values(METRICS).map(({ name }) => name),
    ...Object.keys(STAGES).map((stage) => `turnwise.${stage}.duration`),
  ]);
  expect(measured.map(({ metric }) => metric).filter((name) => !metrics.has(name))).toEqual([]);
  const spans = new Set(Object.keys(STAGES).map((stage) => `turnwise.${stage}`));
  expect(
    collected
      .spans()
      .map(({ name }) => name)
      .filter((name) => !spans.has(name)),
  ).toEqual([]);
  const attributes = [...collected.spans(), ...measured].flatMap((each) => Object.keys(each.attributes));
  expect(attributes.filter((name) => !(name in ATTRIBUTES))).toEqual([]);
});

const totalOf = (metric: string, attributes: object = {}): number =>
  measured
    .filter((each) => each.metric === `turnwise.${metric}`)
    .filter((each) => Object.entries(attributes).every(([name, value]) => each.attributes[name] === value))
    .reduce((sum, { value }) => sum + value, 0);

test('metrics count what happened', () => {
  const outcome = (value: string) => ({ 'turnwise.outcome': value });
  expect(totalOf('activities', outcome('duplicate'))).toBe(1);
  expect(totalOf('activities', outcome('refused'))).toBe(1);
  expect(totalOf('activities', { ...outcome('refused'), 'turnwise.code': 'TokenMissing' })).toBe(1);
  expect(totalOf('activities', outcome('accepted'))).toBe(6);
  expect(totalOf('activities', outcome('answered'))).toBe(2);
  expect(totalOf('turns', outcome('committed'))).toBe(3);
  expect(totalOf('turns', outcome('dead'))).toBe(2);
  expect(totalOf('turns', outcome('answered'))).toBe(2);
  expect(totalOf('attempts.failed')).toBe(4);
  expect(totalOf('dead_letters', outcome('activity'))).toBe(2);
  expect(totalOf('dead_letters', { ...outcome('reply'), 'turnwise.code': 'Rejected403' })).toBe(1);
  expect(totalOf('deliver.duration', outcome('rejected'))).toBe(1);
  expect(totalOf('deliver.duration', { 'turnwise.status': 403 })).toBe(1);
  // Two for every failed activity, one for every other.
  expect(totalOf('handler.duration')).toBe(9);
  expect(totalOf('turn.age')).toBe(3);
  expect(totalOf('wait.duration')).toBe(5);
  expect(totalOf('overdue')).toBe(1);
  expect(totalOf('backlog.activities')).toBe(1);
  expect(totalOf('backlog.oldest')).toBeGreaterThanOrEqual(60);
});
