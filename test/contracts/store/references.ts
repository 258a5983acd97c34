import { expect, test } from '@jest/globals';
import type { NewReference, StoredReference } from '../../../src/ports/references';
import type { Store } from '../../../src/ports/store';
import type { RecipientQuery } from '../../../src/schema/recipients';
import { conversationKey } from '../../../src/turn/keys';
import { type OpenStore, SLACK_MS } from '../store-under-test';

const DAY = 24 * 3_600_000;

export function referenceContract(open: OpenStore): void {
  test('a reference that nobody has kept is not there', async () => {
    const { store } = await open();
    expect(await store.references.get(keyOf('a'))).toBeUndefined();
    expect(await store.references.ofUser({ channelId: 'test', userId: 'user-a' })).toBeUndefined();
    expect(await store.references.ofTeam('team')).toBeUndefined();
    expect(await store.references.mark(keyOf('a'), 'blocked')).toBe(false);
    expect(await store.references.forget(keyOf('a'))).toBe(false);
    expect(await all(store, {})).toEqual([]);
  });

  test('a reference is found by its id, by its user and by their Entra id, however that is written', async () => {
    const { store, other } = await open();
    await store.references.keep(personal('a'), DAY);
    const found = await other.references.get(keyOf('a'));
    expect(found).toMatchObject(personal('a'));
    expect(found?.lastSeen).toBeGreaterThan(0);
    expect(await other.references.ofUser({ channelId: 'test', userId: 'user-a' })).toEqual(found);
    expect(await other.references.ofUser({ channelId: 'TEST', userId: 'user-a' })).toEqual(found);
    expect(await other.references.ofUser({ entraId: 'ENTRA-A' })).toEqual(found);
    expect(await other.references.ofUser({ channelId: 'other', userId: 'user-a' })).toBeUndefined();
  });

  test('a user who was last seen elsewhere is found there', async () => {
    const { store } = await open();
    await store.references.keep(personal('a'), DAY);
    const moved = { ...personal('a'), id: keyOf('b') };
    await store.references.keep(moved, DAY);
    expect((await store.references.ofUser({ entraId: 'entra-a' }))?.id).toBe(keyOf('b'));
    // Forgetting the earlier conversation leaves the way to the later one alone.
    expect(await store.references.forget(keyOf('a'))).toBe(true);
    expect((await store.references.ofUser({ entraId: 'entra-a' }))?.id).toBe(keyOf('b'));
  });

  test('a channel is found by its team, and not by who spoke in it', async () => {
    const { store } = await open();
    await store.references.keep(channel('c', 'team-1'), DAY);
    expect((await store.references.ofTeam('team-1'))?.id).toBe(keyOf('c'));
    expect(await store.references.ofTeam('team-2')).toBeUndefined();
  });

  test('a state stays until it is changed, or the reference is kept anew', async () => {
    const { store } = await open();
    await store.references.keep(personal('a'), DAY);
    expect(await store.references.mark(keyOf('a'), 'blocked')).toBe(true);
    expect(await store.references.mark(keyOf('a'), 'blocked')).toBe(true);
    expect((await store.references.get(keyOf('a')))?.state).toBe('blocked');
    await store.references.keep(personal('a'), DAY);
    expect((await store.references.get(keyOf('a')))?.state).toBe('active');
  });

  test('what is forgotten is gone, with every way to it', async () => {
    const { store } = await open();
    await store.references.keep(personal('a'), DAY);
    await store.references.keep(personal('b'), DAY);
    expect(await store.references.forget(keyOf('a'))).toBe(true);
    expect(await store.references.get(keyOf('a'))).toBeUndefined();
    expect(await store.references.ofUser({ channelId: 'test', userId: 'user-a' })).toBeUndefined();
    expect(await store.references.ofUser({ entraId: 'entra-a' })).toBeUndefined();
    expect((await all(store, {})).map(({ id }) => id)).toEqual([keyOf('b')]);
  });

  test('a reference expires, unless it is kept anew', async () => {
    const { store, pass } = await open();
    await store.references.keep(personal('a'), DAY);
    await store.references.keep(personal('b'), DAY);
    pass(DAY / 2);
    await store.references.keep(personal('b'), DAY);
    pass(DAY / 2 + SLACK_MS);
    expect(await store.references.get(keyOf('a'))).toBeUndefined();
    expect(await store.references.mark(keyOf('a'), 'blocked')).toBe(false);
    expect(await store.references.ofUser({ entraId: 'entra-a' })).toBeUndefined();
    expect(await store.references.get(keyOf('b'))).toBeDefined();
    expect((await all(store, {})).map(({ id }) => id)).toEqual([keyOf('b')]);
  });

  test('pages have every active reference once, whatever their size, and nothing else', async () => {
    const { store } = await open();
    const names = Array.from({ length: 45 }, (_, index) => `n${index}`);
    for (const name of names) await store.references.keep(personal(name), DAY);
    await store.references.mark(keyOf('n3'), 'blocked');
    await store.references.mark(keyOf('n4'), 'removed');
    const expected = names.filter((name) => name !== 'n3' && name !== 'n4').map((name) => keyOf(name));
    for (const limit of [1, 3, 100]) {
      const found = await all(store, {}, limit);
      expect(found.map(({ id }) => id).sort()).toEqual([...expected].sort());
    }
  });

  test('a query finds what has every property that it names', async () => {
    const { store } = await open();
    const german = personal('de');
    await store.references.keep(
      { ...german, tenantId: 't1', reference: { ...german.reference, locale: 'de-AT' } },
      DAY,
    );
    await store.references.keep({ ...personal('none'), tenantId: 't2' }, DAY);
    await store.references.keep(channel('c', 'team-1'), DAY);
    const ids = async (query: RecipientQuery) => (await all(store, query)).map(({ id }) => id).sort();
    expect(await ids({ tenantId: 't1' })).toEqual([keyOf('de')]);
    expect(await ids({ locale: 'de' })).toEqual([keyOf('de')]);
    expect(await ids({ locale: 'de-DE' })).toEqual([]);
    expect(await ids({ scope: 'personal' })).toEqual([keyOf('de'), keyOf('none')]);
    expect(await ids({ teamId: 'team-1' })).toEqual([keyOf('c')]);
    expect(await ids({ channelId: 'test' })).toHaveLength(3);
    expect(await ids({ channelId: 'other' })).toEqual([]);
    const { lastSeen = 0 } = (await store.references.get(keyOf('de'))) ?? {};
    expect(await ids({ seenSince: lastSeen - SLACK_MS })).toContain(keyOf('de'));
    expect(await ids({ seenSince: lastSeen + DAY })).toEqual([]);
  });

  test('what is not vouched for replaces nothing that is, and is no way to a person', async () => {
    const { store } = await open();
    const known = onTeams({ ...personal('a'), tenantId: 't1' });
    await store.references.keep(known, DAY);
    const forged = unvouched(known);
    const elsewhere = { ...forged.reference, serviceUrl: 'https://other.example/', bot: { id: 'another' } };
    await store.references.keep({ ...forged, reference: elsewhere, state: 'removed' }, DAY);
    expect(await store.references.get(known.id)).toMatchObject(known);
    await store.references.keep({ ...forged, id: conversationKey('msteams', 'x') }, DAY);
    await store.references.keep(
      { ...forged, id: conversationKey('MSTeams', 'y'), reference: { ...elsewhere, channelId: 'MSTeams' } },
      DAY,
    );
    for (const user of [{ channelId: 'msteams', userId: 'user-a' }, { entraId: 'entra-a' }]) {
      expect((await store.references.ofUser(user))?.id).toBe(known.id);
    }
    expect((await all(store, { tenantId: 't1' })).map(({ id }) => id)).toEqual([known.id]);
  });

  test('a reference from before identity fields had to be vouched for leads to nobody, until its conversation speaks again', async () => {
    const { store } = await open();
    const known = onTeams({ ...personal('a'), tenantId: 't1' });
    const { vouched: _, ...teams } = known;
    const { vouched: __, ...other } = { ...personal('b'), tenantId: 't1' };
    await store.references.keep(teams, DAY);
    await store.references.keep(other, DAY);
    for (const user of [{ entraId: 'entra-a' }, { channelId: 'msteams', userId: 'user-a' }, { entraId: 'entra-b' }]) {
      expect(await store.references.ofUser(user)).toBeUndefined();
    }
    expect((await store.references.ofUser({ channelId: 'test', userId: 'user-b' }))?.id).toBe(other.id);
    expect(await all(store, { tenantId: 't1' })).toEqual([]);
    await store.references.keep(known, DAY);
    expect((await store.references.ofUser({ entraId: 'entra-a' }))?.id).toBe(teams.id);
    expect((await all(store, { tenantId: 't1' })).map(({ id }) => id)).toEqual([teams.id]);
  });

  test('a pointer is followed only to a reference that carries its name', async () => {
    const { store } = await open();
    await store.references.keep(personal('a'), DAY);
    const { reference } = personal('b');
    await store.references.keep({ ...personal('b'), id: keyOf('a'), reference }, DAY);
    expect(await store.references.ofUser({ entraId: 'entra-a' })).toBeUndefined();
    expect((await store.references.ofUser({ entraId: 'entra-b' }))?.id).toBe(keyOf('a'));
  });

  test.each([
    ['5,000 characters', 'x'.repeat(5_000)],
    ['5,000 characters of three bytes', '漢'.repeat(5_000)],
  ])('names may have %s', async (_what, name) => {
    const { store, other } = await open();
    const long = personal(name);
    await store.references.keep(long, DAY);
    await store.references.keep(channel('team', name), DAY);
    expect((await other.references.ofUser({ channelId: 'test', userId: `user-${name}` }))?.id).toBe(long.id);
    expect((await other.references.ofTeam(name))?.id).toBe(keyOf('team'));
    expect(await other.references.ofTeam(`${name}x`)).toBeUndefined();
    expect(await other.references.mark(long.id, 'blocked')).toBe(true);
    expect(await other.references.forget(long.id)).toBe(true);
  });

  test('names may hold any character', async () => {
    const { store } = await open();
    const odd = { ...personal('ö/\\#? \'"'), id: keyOf('ö/\\#? \'"') };
    await store.references.keep(odd, DAY);
    expect(await store.references.get(odd.id)).toMatchObject(odd);
    expect(await all(store, {})).toHaveLength(1);
  });
}

const keyOf = (name: string) => conversationKey('test', name);

async function all(store: Store, query: RecipientQuery, limit = 10): Promise<StoredReference[]> {
  const found: StoredReference[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await store.references.page(query, cursor, limit);
    expect(page.references.length).toBeLessThanOrEqual(limit);
    found.push(...page.references);
    cursor = page.next;
  }
  return found;
}

function personal(name: string): NewReference {
  return {
    id: keyOf(name),
    reference: {
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      bot: { id: 'bot' },
      conversation: { id: name, conversationType: 'personal' },
      user: { id: `user-${name}`, aadObjectId: `entra-${name}` },
    },
    scope: 'personal',
    vouched: true,
    state: 'active',
  };
}

/** The same, as it is kept when the channel's service does not answer for the identity fields. */
function unvouched({ vouched, tenantId, teamId, reference, ...rest }: NewReference): NewReference {
  const { user, ...place } = reference;
  return { ...rest, reference: user === undefined ? place : { ...place, user: { id: user.id } } };
}

/** A reference on a channel whose service fills in the identity fields. */
function onTeams(reference: NewReference): NewReference {
  const { id } = reference.reference.conversation;
  return {
    ...reference,
    id: conversationKey('msteams', id),
    reference: { ...reference.reference, channelId: 'msteams' },
  };
}

function channel(name: string, teamId: string): NewReference {
  const { reference, ...rest } = personal(name);
  const { user, ...withoutUser } = reference;
  return { ...rest, reference: withoutUser, scope: 'channel', teamId };
}
