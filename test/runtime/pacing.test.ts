import { expect, test } from '@jest/globals';
import { bucketOf, notePause } from '../../src/runtime/pacing';
import { referenceOf } from '../../src/runtime/reference-of';
import type { Activity } from '../../src/schema/activity';
import { createPipeline } from './pipeline';

/* What a broadcast waits for is decided by tenants that are vouched for, whatever an activity says. */

const TENANT = 'tenant-1';
const LIMIT = { perSecond: 1_000, burst: 1 };

const saying = (conversation: string, tenantId: string = TENANT): Activity => ({
  type: 'message',
  channelId: 'msteams',
  serviceUrl: 'https://channel.example/',
  conversation: { id: conversation, conversationType: 'personal', tenantId },
  from: { id: 'user' },
  recipient: { id: 'bot' },
  text: '',
});

const ofTenant = (tenantId?: string) =>
  bucketOf({ reference: { channelId: 'msteams' }, ...(tenantId === undefined ? {} : { tenantId }) });

test('a pause counts for the tenant that the stored reference has, and not for the one that the activity names', async () => {
  const { store, worker } = createPipeline();
  const runtime = worker(async () => undefined);
  await store.references.keep(referenceOf(saying('known'), true), 1e9);
  await store.references.keep(referenceOf(saying('unvouched'), false), 1e9);
  const waits = async (bucket: string) => (await store.pace.take(bucket, 1, LIMIT, 0)).waitMs > 0;

  await notePause(runtime, saying('unvouched'), 60_000);
  await notePause(runtime, saying('unknown'), 60_000);
  expect(await waits(ofTenant(TENANT))).toBe(false);
  expect(await waits(ofTenant())).toBe(true);

  await notePause(runtime, saying('known', 'another'), 60_000);
  expect(await waits(ofTenant('another'))).toBe(false);
  expect(await waits(ofTenant(TENANT))).toBe(true);
});

test('a bucket has a short name of its own for each channel and tenant, in whatever letters the channel is spelled', () => {
  const long = 'x'.repeat(5_000);
  const references = ['msteams', 'slack'].flatMap((channelId) =>
    ['', TENANT, long, `${long}y`].map((tenantId) => ({ reference: { channelId }, tenantId })),
  );
  const names = references.map(bucketOf);
  expect(new Set(names).size).toBe(references.length);
  for (const name of names) expect(name).toMatch(/^[\da-f]{64}$/);
  expect(bucketOf({ reference: { channelId: 'MSTeams' }, tenantId: TENANT })).toBe(ofTenant(TENANT));
});
