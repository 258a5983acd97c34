import { describe, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../src/memory/memory-store';
import { ReferenceKeeper } from '../../src/runtime/reference-keeper';
import { referenceKey } from '../../src/runtime/reference-of';
import type { Activity } from '../../src/schema/activity';
import { StoreFault } from '../../src/turn/fault';
import { createManualClock } from '../support/manual-clock';
import { answerRing, createPipeline } from './pipeline';

const DAY = 24 * 3_600_000;

const incoming = (different: Partial<Activity> = {}): Activity => ({
  type: 'message',
  id: 'm1',
  channelId: 'msteams',
  serviceUrl: 'https://smba.trafficmanager.net/emea/',
  from: { id: '29:user', aadObjectId: 'entra-1', name: 'Ann' },
  recipient: { id: '28:bot' },
  conversation: { id: 'a:1', conversationType: 'personal', tenantId: 'tenant-1' },
  text: 'hello',
  ...different,
});

/** A keeper, with the calls that it makes counted. */
function keeping() {
  const clock = createManualClock();
  const { references } = createMemoryStore(clock);
  const calls: string[] = [];
  const counted = {
    ...references,
    get: (id: never) => {
      calls.push('read');
      return references.get(id);
    },
    keep: (reference: never, ttlMs: number) => {
      calls.push('write');
      return references.keep(reference, ttlMs);
    },
  };
  const events: string[] = [];
  const log = { event: (_level: string, name: string) => void events.push(name) };
  const keeper = (): ReferenceKeeper => new ReferenceKeeper({ references: counted, clock, log, ttlMs: 400 * DAY });
  return { clock, references, counted, calls, events, keeper };
}

const personal = referenceKey('msteams', 'a:1');

test('the first activity leaves a reference, with its user, tenant and locale', async () => {
  const { references, keeper } = keeping();
  await keeper().seen(incoming({ locale: 'de-AT' }), true);
  const found = await references.ofUser({ entraId: 'entra-1' });
  expect(found).toMatchObject({ id: personal, scope: 'personal', tenantId: 'tenant-1', state: 'active' });
  expect(found?.reference).toMatchObject({ locale: 'de-AT', user: { id: '29:user' }, bot: { id: '28:bot' } });
  expect(found?.reference).not.toHaveProperty('activityId');
});

test('what is not vouched for leaves a reference that is found by its conversation, and on a channel that does not vouch by its user', async () => {
  const { references, keeper } = keeping();
  const channelData = { tenant: { id: 'tenant-1' }, team: { id: '19:t@thread.tacv2' } };
  await keeper().seen(incoming({ channelData }));
  await keeper().seen(incoming({ channelData, conversation: { id: '19:c', conversationType: 'channel' } }));
  expect(await references.ofUser({ entraId: 'entra-1' })).toBeUndefined();
  expect(await references.ofTeam('19:t@thread.tacv2')).toBeUndefined();
  expect(await references.ofUser({ channelId: 'msteams', userId: '29:user' })).toBeUndefined();
  const found = await references.get(personal);
  expect(found).toMatchObject({ id: personal, state: 'active' });
  await keeper().seen(incoming({ channelId: 'directline' }));
  const elsewhere = await references.ofUser({ channelId: 'directline', userId: '29:user' });
  expect(elsewhere?.id).toBe(referenceKey('directline', 'a:1'));
  expect(JSON.stringify([found, await references.get(referenceKey('msteams', '19:c'))])).not.toMatch(
    /tenant-1|entra-1/,
  );
});

test('a conversation that goes on costs nothing, one read now and then, and one write a day', async () => {
  const { clock, calls, keeper } = keeping();
  const mine = keeper();
  for (let each = 0; each < 20; each += 1) await mine.seen(incoming({ id: `m${each}` }), true);
  expect(calls).toEqual(['read', 'write']);
  await keeper().seen(incoming(), true);
  expect(calls).toEqual(['read', 'write', 'read']);
  await clock.advance(DAY);
  await mine.seen(incoming(), true);
  await mine.seen(incoming(), true);
  expect(calls).toEqual(['read', 'write', 'read', 'read', 'write']);
});

test('what has changed is written at once', async () => {
  const { references, keeper } = keeping();
  const mine = keeper();
  await mine.seen(incoming(), true);
  await mine.seen(incoming({ serviceUrl: 'https://smba.trafficmanager.net/amer/' }), true);
  expect((await references.get(personal))?.reference.serviceUrl).toContain('amer');
});

test.each([
  ['the bot was uninstalled', { type: 'installationUpdate', action: 'remove' }],
  ['the bot was removed', { type: 'conversationUpdate', membersRemoved: [{ id: '28:bot' }] }],
  ['the user has left', { type: 'conversationUpdate', membersRemoved: [{ id: '29:user' }] }],
])('when %s, the reference counts as removed, until something comes again', async (_, different) => {
  const { references, keeper } = keeping();
  const mine = keeper();
  await mine.seen(incoming(), true);
  await mine.seen(incoming(different), true);
  expect((await references.get(personal))?.state).toBe('removed');
  await mine.seen(incoming(), true);
  expect((await references.get(personal))?.state).toBe('active');
});

test('a member who leaves a group does not take the bot along, and news of a removal make no reference', async () => {
  const { references, keeper } = keeping();
  const group = { conversation: { id: 'g', isGroup: true } };
  const leaves = { type: 'conversationUpdate', membersRemoved: [{ id: '29:user' }] };
  await keeper().seen(incoming({ ...group, ...leaves }), true);
  expect((await references.get(referenceKey('msteams', 'g')))?.state).toBe('active');
  await keeper().seen(incoming(leaves), true);
  expect(await references.get(personal)).toBeUndefined();
});

test('the threads of a channel share its reference, which is found by its team and names no user', async () => {
  const { calls, references, keeper } = keeping();
  const mine = keeper();
  for (const thread of ['1', '2']) {
    const conversation = { id: `19:c@thread.tacv2;messageid=${thread}`, conversationType: 'channel' };
    const from = { id: `29:user-${thread}` };
    await mine.seen(incoming({ from, conversation, channelData: { team: { id: '19:t@thread.tacv2' } } }), true);
  }
  expect(calls).toEqual(['read', 'write']);
  const found = await references.ofTeam('19:t@thread.tacv2');
  expect(found?.reference.conversation.id).toBe('19:c@thread.tacv2');
  expect(found?.reference).not.toHaveProperty('user');
});

test('whoever was blocked is active again with the next activity, in this process and, some time later, in every other', async () => {
  const { clock, references, keeper } = keeping();
  const [mine, other] = [keeper(), keeper()];
  await mine.seen(incoming(), true);
  await other.seen(incoming(), true);
  await mine.refused('msteams', 'a:1');
  expect((await references.get(personal))?.state).toBe('blocked');
  await mine.seen(incoming(), true);
  expect((await references.get(personal))?.state).toBe('active');
  await mine.refused('msteams', 'a:1');
  await clock.advance(11 * 60_000);
  await other.seen(incoming(), true);
  expect((await references.get(personal))?.state).toBe('active');
});

test('a store that fails is logged, and made up for', async () => {
  const { counted, events, references, keeper } = keeping();
  const mine = keeper();
  const { keep } = counted;
  counted.keep = () => Promise.reject(new StoreFault('no', 'busy'));
  await mine.seen(incoming(), true);
  expect(events).toEqual(['referenceNotKept']);
  counted.keep = keep;
  await mine.seen(incoming(), true);
  expect(await references.get(personal)).toBeDefined();
});

describe('in the pipeline', () => {
  const withKeeper = () => {
    const pipeline = createPipeline();
    const log = { event: () => undefined };
    const options = { references: pipeline.store.references, clock: pipeline.clock, log, ttlMs: DAY };
    const runtime = {
      ...pipeline.worker(async (c) => void (await c.sendActivity('hi'))),
      keeper: new ReferenceKeeper(options),
    };
    return { pipeline, runtime, id: referenceKey('test', 'c-1') };
  };

  test('a turn leaves a reference, and a send that is refused for good marks it', async () => {
    const { pipeline, runtime, id } = withKeeper();
    await pipeline.accept('m1');
    await answerRing(runtime).done;
    expect(await pipeline.store.references.get(id)).toMatchObject({ state: 'active' });
    pipeline.answers.push({ outcome: 'rejected', status: 403, reason: 'blocked' });
    await pipeline.accept('m2');
    await answerRing(runtime).done;
    expect(await pipeline.store.references.get(id)).toMatchObject({ state: 'blocked' });
  });

  test('another refusal does not', async () => {
    const { pipeline, runtime, id } = withKeeper();
    pipeline.answers.push({ outcome: 'rejected', status: 413, reason: 'too large' });
    await pipeline.accept('m1');
    await answerRing(runtime).done;
    expect(await pipeline.store.references.get(id)).toMatchObject({ state: 'active' });
  });
});

describe('whatever a channel or a client adds to an activity', () => {
  const extra = { extra: 'x'.repeat(300_000), more: { deep: [1] } };
  const name = `${'n'.repeat(255)}\u{1f600}${'n'.repeat(1_000)}`;
  const padded = (id: string): Activity =>
    incoming({
      ...extra,
      from: { id: '29:user', aadObjectId: 'entra-1', name, role: 'user', properties: extra, ...extra },
      recipient: { id: '28:bot', name, ...extra },
      conversation: { id, conversationType: 'personal', tenantId: 'tenant-1', isGroup: false, name, ...extra },
      locale: 'x'.repeat(5_000),
    });

  test('a reference has named fields of limited length, and nothing else', async () => {
    const { references, keeper } = keeping();
    await keeper().seen(padded('a:1'), true);
    expect(await references.ofUser({ entraId: 'entra-1' })).toEqual({
      id: personal,
      reference: {
        channelId: 'msteams',
        serviceUrl: 'https://smba.trafficmanager.net/emea/',
        bot: { id: '28:bot', name: 'n'.repeat(255) },
        conversation: {
          id: 'a:1',
          conversationType: 'personal',
          isGroup: false,
          name: 'n'.repeat(255),
          tenantId: 'tenant-1',
        },
        user: { id: '29:user', name: 'n'.repeat(255), aadObjectId: 'entra-1', role: 'user' },
      },
      scope: 'personal',
      tenantId: 'tenant-1',
      vouched: true,
      state: 'active',
      lastSeen: expect.any(Number),
    });
  });

  test('an id that is too long for one is left out: a part of it would be another', async () => {
    const { references, keeper } = keeping();
    const long = 'x'.repeat(5_000);
    const team = { conversation: { id: 'a:2', conversationType: 'channel', tenantId: long } };
    await keeper().seen(incoming({ from: { id: '29:user', aadObjectId: long } }), true);
    await keeper().seen(incoming({ ...team, channelData: { tenant: { id: long }, team: { id: long } } }), true);
    expect(await references.get(personal)).toMatchObject({ reference: { user: { id: '29:user' } } });
    expect((await references.get(personal))?.reference.user).not.toHaveProperty('aadObjectId');
    const found = await references.get(referenceKey('msteams', 'a:2'));
    expect(Object.keys(found ?? {})).not.toEqual(expect.arrayContaining(['tenantId']));
    expect(Object.keys(found ?? {})).not.toEqual(expect.arrayContaining(['teamId']));
    expect(found?.reference.conversation).toEqual({ id: 'a:2', conversationType: 'channel' });
  });

  test('without a sender, or without a recipient, there is a reference all the same', async () => {
    const { events, references, keeper } = keeping();
    const absent = { from: undefined, recipient: undefined } as unknown as Partial<Activity>;
    await keeper().seen(incoming({ ...absent, type: 'conversationUpdate' }), true);
    expect(await references.get(personal)).toMatchObject({ reference: { bot: { id: '' } }, state: 'active' });
    const left = { membersRemoved: [{ id: '29:user' }] };
    await keeper().seen(incoming({ ...absent, ...left, type: 'conversationUpdate' }), true);
    expect(await references.get(personal)).toMatchObject({ state: 'removed' });
    expect(events).toEqual([]);
  });

  test('the process remembers a digest of each', async () => {
    const { calls, keeper } = keeping();
    const one = keeper();
    for (let index = 0; index < 300; index += 1) await one.seen(padded(`a:${index}`), true);
    expect(one.rememberedBytes).toBeLessThan(300 * 500);
    calls.length = 0;
    await one.seen(padded('a:299'), true);
    expect(calls).toEqual([]);
  });

  test('long names of conversations do not add up either', async () => {
    const { keeper } = keeping();
    const one = keeper();
    const id = 'x'.repeat(900);
    for (let index = 0; index < 1_500; index += 1)
      await one.seen(incoming({ channelId: id, conversation: { id: `${id}${index}` } }));
    expect(one.rememberedBytes).toBeLessThanOrEqual(4 * 1_048_576);
  });
});
