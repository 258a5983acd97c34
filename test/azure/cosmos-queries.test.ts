import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accept, conversation, giveUp, holding } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());

/** Properties that may be null or absent, by which items are searched for up to a time. */
const MAY_BE_EMPTY = /c\.(\w+) <=? @/g;

test('no search rests on a comparison with null not being true', async () => {
  const { make } = cosmosStores(gateway.endpoint, clock, {
    lifetimes: { deadLettersMs: 1_000, conversationsMs: 1_000 },
  });
  const store = make();
  const texts = new Set<string>();
  gateway.onRequest(({ body, kind }) => {
    if (kind === 'query') texts.add((JSON.parse(body) as { query: string }).query);
    return undefined;
  });
  await giveUp(store, await holding(store, ['a']));
  await accept(store, 'b', conversation('b'));
  clock.pass(60_000);
  expect(await store.mailbox.overdue(10)).toEqual([conversation('b')]);
  await store.inspection.busy(10);
  await store.deadLetters.list(10);
  await store.upkeep.prune(10);
  await store.close();
  const searches = [...texts].flatMap((text) =>
    [...text.matchAll(MAY_BE_EMPTY)].map(([comparison, property]) => ({ text, comparison, property })),
  );
  expect(searches.length).toBeGreaterThan(1);
  // The service gives every item a `_ts`.
  const unguarded = searches.filter(
    ({ property, text }) => property !== '_ts' && !text.includes(`c.${property} > 0 AND`),
  );
  expect(unguarded).toEqual([]);
});
