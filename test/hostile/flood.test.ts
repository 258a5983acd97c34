import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { encoded } from '../support/fake-login';
import type { HostileRequest } from './rows';
import { World } from './world';

/*
 * A flood of requests that are turned away, beside good ones. In the ordinary run it lasts three seconds; `FLOOD_SECONDS=60` measures. What is
 * asserted is that every good request is served, once and in order, that every bad one is refused, and that memory stays: not how fast.
 */

const SECONDS = Number(process.env.FLOOD_SECONDS ?? 3);
const BAD_PER_SECOND = 500;
const GOOD_PER_SECOND = 50;
const CONVERSATIONS = 25;
/** Bad requests that may be under way; what comes on top is not sent, and counted as that: this process has to keep up, too. */
const MOST_UNDER_WAY = 1_000;
const TICK_MS = 20;

const world = new World();

beforeAll(() => world.start());

afterAll(() => world.stop());

const authorized = (authorization: string | undefined): HostileRequest => ({ headers: { authorization } });

/** Bad requests of every price, a new one each time where that makes a difference to the gate. */
function badRequests(): readonly (() => HostileRequest)[] {
  const { login } = world;
  const expired = login.authorization({ nbf: 1, exp: 2 });
  const otherBot = login.authorization({ aud: 'other' });
  const right = login.parts();
  const forged = (kid: string): string =>
    `Bearer ${encoded({ ...right.header, kid })}.${encoded({ ...right.claims, jti: randomBytes(8).toString('hex') })}.${randomBytes(256).toString('base64url')}`;
  const large = { body: '['.repeat(200_000) };
  return [
    () => authorized(undefined),
    () => authorized('Bearer x.y.z'),
    () => authorized(`Bearer ${'a'.repeat(9_000)}.b.c`),
    () => authorized(expired),
    () => authorized(otherBot),
    // Well made but for the signature: the dearest to refuse.
    () => authorized(forged(login.key.kid)),
    () => authorized(forged(login.key.kid)),
    // A key that nobody knows, another each time.
    () => authorized(forged(randomBytes(8).toString('hex'))),
    () => ({ body: world.activity({ serviceUrl: 'https://evil.example/' }) }),
    () => large,
  ];
}

/** Memory of the app's process, in MB. */
function residentMb(): number {
  const status = readFileSync(`/proc/${world.runner.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}

test(
  'beside a flood of bad requests every good one is served',
  async () => {
    const kinds = badRequests();
    const bad = new Map<number, number>();
    const ackMs: number[] = [];
    const memory: number[] = [];
    let underWay = 0;
    let notSent = 0;
    const working: Promise<void>[] = [];

    const sendBad = async (request: HostileRequest): Promise<void> => {
      underWay += 1;
      const { status } = await world.send(request).catch(() => ({ status: 0 }));
      underWay -= 1;
      bad.set(status, (bad.get(status) ?? 0) + 1);
    };
    const sendGood = async (index: number): Promise<void> => {
      const started = performance.now();
      await world.say(`flood-${index % CONVERSATIONS}`, [['count']]);
      ackMs.push(performance.now() - started);
    };

    const started = performance.now();
    let badSent = 0;
    let goodSent = 0;
    for (let elapsed = 0; elapsed < SECONDS * 1_000; elapsed = performance.now() - started) {
      for (; badSent + notSent < (elapsed / 1_000) * BAD_PER_SECOND; ) {
        const kind = kinds[(badSent + notSent) % kinds.length];
        if (underWay >= MOST_UNDER_WAY || kind === undefined) notSent += 1;
        else {
          badSent += 1;
          working.push(sendBad(kind()));
        }
      }
      for (; goodSent < (elapsed / 1_000) * GOOD_PER_SECOND; goodSent += 1) working.push(sendGood(goodSent));
      memory.push(residentMb());
      await sleep(TICK_MS);
    }
    const took = (performance.now() - started) / 1_000;
    await Promise.all(working);
    const conversations = Array.from({ length: CONVERSATIONS }, (_, index) => `flood-${index}`);
    for (const [index, conversation] of conversations.entries()) {
      const count = Math.floor((goodSent - 1 - index) / CONVERSATIONS) + 1;
      const expected = Array.from({ length: count }, (_, each) => String(each + 1));
      expect(await world.channel.texted(conversation, count, 60_000)).toEqual(expected);
    }

    ackMs.sort((a, b) => a - b);
    const at = (share: number): number => Math.round(ackMs[Math.floor((ackMs.length - 1) * share)] ?? 0);
    const half = memory.slice(memory.length / 2);
    const [middle = 0, end = 0] = [half[0], memory.at(-1)];
    console.log(
      `${Math.round(badSent / took)} bad requests/s and ${Math.round(goodSent / took)} good ones/s for ${Math.round(took)} s` +
        ` (${notSent} bad ones not sent); good ones: ${ackMs.length} of ${goodSent} served, acknowledged in ${at(0.5)} ms (p50),` +
        ` ${at(0.99)} ms (p99); memory ${memory[0]} MB at first, ${middle} MB half-way, ${end} MB at the end;` +
        ` bad ones answered ${[...bad].map(([status, count]) => `${status}: ${count}`).join(', ')}`,
    );
    expect(ackMs).toHaveLength(goodSent);
    expect([...bad.keys()].filter((status) => ![400, 401, 403].includes(status))).toEqual([]);
    expect(badSent).toBeGreaterThan(goodSent);
    // The keys were asked for once at the start, and once for all the ids that nobody knows.
    expect(world.login.requests.keys).toBeLessThanOrEqual(2 + Math.ceil(took / 60));
    expect(end).toBeLessThan(middle + 100);
  },
  120_000 + SECONDS * 2_000,
);
