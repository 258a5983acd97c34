import { expect, test } from '@jest/globals';
import { AwakeConversations } from '../../src/azure/cosmos-awake';
import type { CosmosClock } from '../../src/azure/cosmos-clock';
import { headItem } from '../../src/azure/cosmos-documents';
import { KnownHeads } from '../../src/azure/cosmos-known';
import type { Claimed } from '../../src/azure/inbound-caller';
import { VerifiedTokens } from '../../src/azure/inbound-verified';
import type { Activity } from '../../src/schema/activity';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { type Head, NEW_HEAD } from '../../src/turn/record';

/* What is remembered between requests has a limit in bytes, whatever is in the bodies. */

const MB = 1_048_576;
const LONG = 'x'.repeat(1_000);

test('heads of conversations that are held', () => {
  const known = new KnownHeads();
  const activity = { type: 'message', text: 'x'.repeat(900_000) } as Activity;
  const key = activityKey('0123456789abcdef');
  for (let index = 0; index < 100; index += 1) {
    const conversation = conversationKey('test', `c-${index}`);
    const pend = [{ key, at: 1, body: { inline: activity, bytes: 900_000 } }];
    const head: Head = { ...NEW_HEAD, epoch: 1, lease: { owner: 'o', until: 1_000 }, pend };
    const text = JSON.stringify(headItem(conversation, head, { rev: 1 }));
    known.rememberHold(conversation, head, { etag: '"e"', text }, 1);
    expect(known.holdBytes).toBeLessThanOrEqual(32 * MB);
    // The latest is there, without asking.
    expect(known.held(conversation, 0)?.head.epoch).toBe(1);
    expect(known.holdBytes).toBeGreaterThan(0);
  }
  // One that is forgotten is asked for again.
  expect(known.held(conversationKey('test', 'c-0'), 0)).toBeUndefined();
});

test('conversations that something goes on in', () => {
  const awake = new AwakeConversations({ monotonic: 0 } as CosmosClock);
  for (let index = 0; index < 5_000; index += 1) awake.accepted(conversationKey(LONG, `${LONG}${index}`));
  expect(awake.bytes).toBeLessThanOrEqual(4 * MB);
  expect(awake.has(conversationKey(LONG, `${LONG}4999`))).toBe(true);
});

test('tokens that were verified', () => {
  const tokens = new VerifiedTokens<Claimed>();
  const keys = { held: () => undefined };
  for (let index = 0; index < 1_000; index += 1) {
    tokens.add(`${'t'.repeat(8_000)}${index}`, { keyId: 'k', keys, caller: { ok: true } } as never);
  }
  expect(tokens.bytes).toBeLessThanOrEqual(8 * MB);
});
