import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StateId, Store } from '../../src/ports/store';
import { userKey } from '../../src/turn/keys';
import { accept, acquired, conversation, turnOf } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let store: Store;
let other: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  const stores = cosmosStores(gateway.endpoint, clock);
  store = stores.make();
  other = stores.make();
});
afterAll(async () => {
  await store.close();
  await other.close();
  await gateway.close();
});

let turns = 0;

/** Runs a turn on what the state is now. */
async function change(data: Record<string, unknown>, id: StateId = 'conversation'): Promise<void> {
  const name = `turn-${turns++}`;
  await accept(store, name);
  const held = acquired(await store.turns.acquire(conversation(), name));
  const { version } = await store.turns.readState(conversation(), id);
  const committed = await store.turns.commit(held, turnOf(held, { reads: [{ id, version }], writes: [{ id, data }] }));
  expect(committed.outcome).toBe('released');
}

test("a conversation's state may grow out of its head and back into it, any number of times", async () => {
  const seen: number[] = [];
  for (const size of [10, 8_000, 9_000, 20, 30, 50_000, 4_000, 6_000]) {
    await change({ size, text: 'ü'.repeat(size / 2) });
    const { version, data } = await other.turns.readState(conversation(), 'conversation');
    seen.push(version);
    expect(data).toEqual({ size, text: 'ü'.repeat(size / 2) });
    const shown = await other.inspection.conversation(conversation());
    expect([...(shown?.states ?? [])]).toEqual([['conversation', { version, data }]]);
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('beside the states of its users', async () => {
  const alice: StateId = `private:${userKey('test', 'alice')}`;
  await change({ mine: true }, alice);
  await change({ ours: true });
  const shown = await other.inspection.conversation(conversation());
  expect(Object.fromEntries([...(shown?.states ?? [])].map(([id, { data }]) => [id, data]))).toEqual({
    conversation: { ours: true },
    [alice]: { mine: true },
  });
});
