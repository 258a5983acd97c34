import { describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/ports/store';
import type { Sweeps } from '../../src/ports/sweeps';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import type { Runtime } from '../../src/runtime/runtime';
import { SweepWatch, showsStoppedTimer } from '../../src/runtime/sweep-watch';
import { StoreFault } from '../../src/turn/fault';
import { conversationKey } from '../../src/turn/keys';
import { createPipeline, type Pipeline } from './pipeline';

const { missedSweepLimit, missedSweepMs } = DEFAULT_OPTIONS;
const MINUTE = 60_000;

/** A process of the app, with what it asks of the store about sweeps. */
function createProcess(pipeline: Pipeline, different: Partial<Runtime> = {}) {
  const asked: string[] = [];
  const worker = { ...pipeline.worker(async () => undefined), ...different };
  const { sweeps } = worker.store;
  const noted: Sweeps = {
    claim: (...call) => {
      asked.push('claim');
      return sweeps.claim(...call);
    },
    ended: (by) => {
      asked.push(`ended ${by}`);
      return sweeps.ended(by);
    },
    last: () => sweeps.last(),
  };
  return { watch: new SweepWatch({ ...worker, store: { ...worker.store, sweeps: noted } }), asked };
}

/** A conversation with work that no ring has told of. */
async function leaveBehind({ accept, clock }: Pipeline): Promise<void> {
  await accept('left');
  clock.jump(6_000);
}

const names = ({ events }: Pipeline): string[] => events.map(({ name }) => name);

describe('while the timer sweeps', () => {
  test('a process asks the store once in about five minutes, however many invocations there are', async () => {
    const pipeline = createPipeline();
    const timer = createProcess(pipeline);
    const { asked, watch } = createProcess(pipeline);
    for (let second = 0; second < 1_200; second += 1) {
      if (second % 60 === 0) await timer.watch.sweepOnTime();
      await watch.sweepIfMissed();
      pipeline.clock.jump(1_000);
    }
    expect(asked.length).toBeLessThanOrEqual(5);
    expect(new Set(asked)).toEqual(new Set(['claim']));
    expect(timer.asked).toEqual(Array(20).fill('ended timer'));
    expect(names(pipeline)).toEqual([]);
  });

  test('the process of the timer asks nothing', async () => {
    const pipeline = createPipeline();
    const { asked, watch } = createProcess(pipeline);
    for (let minute = 0; minute < 10; minute += 1) {
      await watch.sweepOnTime();
      pipeline.clock.jump(30_000);
      await watch.sweepIfMissed();
      pipeline.clock.jump(30_000);
    }
    expect(new Set(asked)).toEqual(new Set(['ended timer']));
  });

  test('a record that fails costs the sweep nothing', async () => {
    const pipeline = createPipeline();
    const store: Store = {
      ...pipeline.store,
      sweeps: { ...pipeline.store.sweeps, ended: () => Promise.reject(new StoreFault('unknown', 'away')) },
    };
    const { watch } = createProcess(pipeline, { store });
    await leaveBehind(pipeline);
    const swept = watch.sweepOnTime();
    await pipeline.pass(5_000);
    await swept;
    expect(pipeline.rings).toHaveLength(1);
    expect(names(pipeline)).toEqual(['swept', 'missedSweepFailed']);
  });
});

describe('when the timer has stopped', () => {
  /** The timer has swept for the last time, and then work was left behind. */
  async function stopped(options = {}) {
    const pipeline = createPipeline(options);
    await createProcess(pipeline).watch.sweepOnTime();
    await leaveBehind(pipeline);
    return pipeline;
  }

  test('the first invocation after five minutes rings, whatever it came for; the next one five minutes later', async () => {
    const pipeline = await stopped();
    const { watch } = createProcess(pipeline);
    await watch.sweepIfMissed();
    pipeline.clock.jump(missedSweepMs - 7_000);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toEqual([]);
    pipeline.clock.jump(2_000);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(1);
    expect(names(pipeline)).toEqual(['swept', 'sweptForTimer']);
    expect(await pipeline.store.sweeps.last()).toMatchObject({ by: 'invocation', agoMs: 0 });
    pipeline.clock.jump(missedSweepMs - 1_000);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(1);
    pipeline.clock.jump(2_000);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(2);
  });

  test('one of several processes sweeps, and one of several invocations asks', async () => {
    const pipeline = await stopped();
    pipeline.clock.jump(missedSweepMs);
    const processes = [1, 2, 3].map(() => createProcess(pipeline));
    await Promise.all(processes.flatMap(({ watch }) => [1, 2, 3].map(() => watch.sweepIfMissed())));
    expect(processes.flatMap(({ asked }) => asked).sort()).toEqual(['claim', 'claim', 'claim', 'ended invocation']);
    expect(pipeline.rings).toHaveLength(1);
  });

  test('a sweep that found as many as it may ring for is followed by another one a minute later', async () => {
    const pipeline = await stopped();
    const { watch } = createProcess(pipeline);
    const all = Array.from({ length: missedSweepLimit + 50 }, (_, index) => conversationKey('test', `c-${index}`));
    const worker = createProcess(pipeline, {
      store: {
        ...pipeline.store,
        mailbox: { ...pipeline.store.mailbox, overdue: async (limit) => all.slice(0, limit) },
      },
    });
    pipeline.clock.jump(missedSweepMs);
    await worker.watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(missedSweepLimit);
    expect(await pipeline.store.sweeps.last()).toMatchObject({ by: 'timer' });
    pipeline.clock.jump(MINUTE - 1_000);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(missedSweepLimit);
    pipeline.clock.jump(2_000);
    all.splice(50);
    await worker.watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(missedSweepLimit + 50);
    expect(await pipeline.store.sweeps.last()).toMatchObject({ by: 'invocation' });
  });

  test('it begins no ring after ten seconds, and is no end then', async () => {
    const pipeline = await stopped();
    const all = Array.from({ length: 90 }, (_, index) => conversationKey('test', `c-${index}`));
    const slow = createProcess(pipeline, {
      store: { ...pipeline.store, mailbox: { ...pipeline.store.mailbox, overdue: async () => all } },
      doorbell: { ring: () => pipeline.clock.sleep(4_000) },
    });
    pipeline.clock.jump(missedSweepMs);
    let over = false;
    void slow.watch.sweepIfMissed().then(() => {
      over = true;
    });
    await pipeline.pass(13_000);
    expect(over).toBe(true);
    expect(await pipeline.store.sweeps.last()).toMatchObject({ by: 'timer' });
  });

  test('a store that is away costs its caller two seconds at most, a line in the log, and is asked again a minute later', async () => {
    const pipeline = await stopped();
    let away = true;
    const { sweeps } = pipeline.store;
    const store: Store = {
      ...pipeline.store,
      sweeps: {
        ...sweeps,
        claim: (...call) => (away ? Promise.reject(new StoreFault('no', 'away')) : sweeps.claim(...call)),
      },
    };
    const { watch } = createProcess(pipeline, { store });
    pipeline.clock.jump(missedSweepMs);
    const asking = watch.sweepIfMissed();
    await pipeline.clock.settle();
    await pipeline.pass(2_000);
    await asking;
    expect(pipeline.events).toEqual([{ name: 'missedSweepFailed', fields: { error: 'StoreFault' } }]);
    away = false;
    await watch.sweepIfMissed();
    expect(pipeline.rings).toEqual([]);
    pipeline.clock.jump(MINUTE);
    await watch.sweepIfMissed();
    expect(pipeline.rings).toHaveLength(1);
  });

  test('a claim whose outcome is unknown is repeated, and finds itself', async () => {
    const pipeline = await stopped();
    const { sweeps } = pipeline.store;
    let faults = 1;
    const store: Store = {
      ...pipeline.store,
      sweeps: {
        ...sweeps,
        async claim(...call) {
          const claimed = await sweeps.claim(...call);
          if (faults-- > 0) throw new StoreFault('unknown', 'reset');
          return claimed;
        },
      },
    };
    pipeline.clock.jump(missedSweepMs);
    const asking = createProcess(pipeline, { store }).watch.sweepIfMissed();
    await pipeline.clock.settle();
    await pipeline.pass(1_000);
    await asking;
    expect(pipeline.rings).toHaveLength(1);
  });
});

test.each([
  [9 * MINUTE, false],
  [11 * MINUTE, true],
] as const)('a last sweep of the timer %d ms ago: does it show that the timer has stopped? %s', (timerAgoMs, shows) => {
  expect(showsStoppedTimer({ timerAgoMs })).toBe(shows);
});
