import type { Store } from '../../src/ports/store';
import type { Partitions } from '../../src/store/partition';
import { MARKER_MS } from '../../src/turn/erase';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import { ErasedData, type EraserProcess, type ErasingWorld, erasuresOf, startEraser } from './erasing';
import { CHANNEL, type Plan } from './plan';
import type { Instance } from './scheduler';
import { visitPlans } from './timerless';

/** What a run lends to those who erase in it. */
export interface ErasingRun extends ErasingWorld {
  readonly plans: readonly Plan[];
  /** Plans that nobody has posted yet, two for each conversation. */
  readonly reserved: readonly Plan[];
  readonly storeOf: (instance: Instance, partitions: Partitions) => Store;
  readonly post: (plan: Plan) => void;
  /** Nothing goes wrong from here on but what is done on purpose. */
  readonly makePeace: () => void;
  /** Lets the run come to rest. @returns whether it did, in bounded steps */
  readonly comeToRest: () => Promise<boolean>;
}

/** Messages that are to come when a conversation of these plans was erased. */
export function reservedPlans(plans: readonly Plan[]): readonly Plan[] {
  const conversations = [...new Set(plans.map(({ activity }) => activity.conversation.id))];
  return conversations.flatMap((id) =>
    visitPlans()
      .slice(0, 2)
      .map((plan, index) => ({
        ...plan,
        touches: { conversation: true, user: false, priv: false },
        activity: { ...plan.activity, id: `r${id}${index}`, conversation: { id } },
      })),
  );
}

/** Erases conversations in the middle of whatever goes on in them; some of the commands die half-way, and none is repeated. */
export function eraseOften(run: ErasingRun): void {
  const { random, scheduler } = run;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const plan = random.pick(run.plans);
    const at = plan.arrivesAt + random.between(0, random.pick([500, 5_000, 60_000]));
    void scheduler.call(undefined, at, () => {
      const eraser = startEraser(run, keyOf(plan), random.chance(0.6), run.storeOf);
      if (random.chance(0.6)) void scheduler.call(undefined, random.between(0, 1_000), () => kill(run, eraser));
    });
  }
}

/** Most that a sweep may take to finish what was interrupted, in virtual ms: a request is held for a minute, and a timer may be missed. */
const MAX_FINISH_MS = 30 * 60_000;

/** When all is at rest: a command that dies, days that pass, messages that come, and sweeps; whatever happens first. */
export async function eraseAtTheEnd(run: ErasingRun): Promise<void> {
  const { random } = run;
  const data = new ErasedData(run);
  const reserved = [...run.reserved];
  // No read is stale any more.
  run.makePeace();
  await data.check('at rest');
  for (let round = 0; round < 2; round += 1) {
    const key = keyOf(random.pick(run.plans));
    await data.keepReference(key);
    const before = erasuresOf(run, key);
    await interruptedErasing(run, key);
    await data.check('after a command that died');
    const requested = await data.requests();
    const message = reserved.find((plan) => keyOf(plan) === key);
    if (message !== undefined && random.chance(0.5)) {
      reserved.splice(reserved.indexOf(message), 1);
      run.post(message);
      if (!(await run.comeToRest())) return;
      await data.check('after a message');
    }
    if (random.chance(0.7)) {
      passDay(run);
      await data.check('after a day');
    }
    const begun = new Map(run.begun);
    if (!(await finished(run, data))) return;
    // Nothing else would lead to it.
    if (!(await data.hasReference(key)) && erasuresOf(run, key) === before)
      run.ghost.violate('I23', `${key} is forgotten by half`);
    for (const asked of requested) {
      const isErased = erasuresOf(run, asked) > (begun.get(asked) ?? 0);
      if (!isErased) run.ghost.violate('I23', `${asked} was to be forgotten, and was not`);
    }
    await data.check('after sweeps');
    passDay(run);
    await data.check('a day after sweeps');
  }
}

const keyOf = ({ activity }: Plan): ConversationKey => conversationKey(CHANNEL, activity.conversation.id);

function kill({ ghost }: ErasingRun, { instance, over }: EraserProcess): void {
  if (over) return;
  instance.alive = false;
  ghost.note(`${instance.name} dies`);
}

const MAX_STEPS_OF_COMMAND = 60;

async function interruptedErasing(run: ErasingRun, key: ConversationKey): Promise<void> {
  const { random, scheduler } = run;
  const eraser = startEraser(run, key, random.chance(0.5), run.storeOf);
  for (let steps = random.below(MAX_STEPS_OF_COMMAND); steps > 0 && !eraser.over; steps -= 1) await scheduler.step();
  kill(run, eraser);
}

/** A day passes in which nothing runs, not even a sweep, and the service removes what has ended. */
function passDay({ scheduler, partitions, leftovers, ghost }: ErasingRun): void {
  scheduler.now += MARKER_MS + 1;
  ghost.note('a day passes');
  for (const key of partitions.keys()) {
    if (!leftovers.hasEnded(key, partitions.current(key))) continue;
    ghost.note(`the marker of ${key} ends`);
    partitions.forget(key);
    leftovers.forget(key);
  }
}

/** Waits for sweeps to finish everything. @returns whether they did */
async function finished(run: ErasingRun, data: ErasedData): Promise<boolean> {
  const { scheduler, leftovers, ghost } = run;
  const until = scheduler.now + MAX_FINISH_MS;
  while (leftovers.unpurged().length > 0 || (await data.requests()).length > 0) {
    if (scheduler.now > until) {
      ghost.violate('I23', `never finished: ${leftovers.unpurged()} ${JSON.stringify(await data.requests())}`);
      return false;
    }
    await scheduler.step();
  }
  run.begun.clear();
  const left = leftovers.all();
  if (left.length > 0) ghost.violate('I23', `${left.length} erased records are stored for good`);
  return true;
}
