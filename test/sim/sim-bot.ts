import type { StateDocument, Turn } from '../../src/bot/turn';
import type { BotLogic } from '../../src/runtime/runtime';
import type { Activity } from '../../src/schema/activity';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import type { Ghost } from './ghost';
import type { Plan } from './plan';
import type { Instance, Scheduler } from './scheduler';

/** The bot of the simulation: reads, appends, replies, pauses and misbehaves as the plan of its activity says. */
export function simBot(
  plans: ReadonlyMap<string, Plan>,
  scheduler: Scheduler,
  ghost: Ghost,
  instance: Instance,
  kill: (instance: Instance) => void,
  isRecorded: (key: ConversationKey, step: string) => boolean,
): BotLogic {
  let runs = 0;
  return {
    async run(turn, activity) {
      const plan = plans.get(activity.id ?? '');
      if (plan === undefined) throw new Error('An activity without a plan.');
      const key = conversationKey(activity.channelId, activity.conversation.id);
      runs += 1;
      const run = `${instance.name}-${turn.attempt}-${runs}`;
      ghost.started(key, turn.id);
      ghost.note(
        `${instance.name} starts ${activity.conversation.id}/${activity.id} attempt ${turn.attempt} ${plan.poison}`,
      );
      const clock = scheduler.clockOf(instance);
      const recorded = isRecorded(key, `${turn.id}/work`);
      const work = (): string => {
        // A worker that has lost the conversation may find the record gone with the turn.
        if (recorded && isRecorded(key, `${turn.id}/work`))
          ghost.violate('I15', `the step of ${turn.id} ran again after it was recorded`);
        return run;
      };
      if (plan.touches.conversation) append(await turn.state('conversation'), activity);
      reply(turn, activity, plan, run, 0);
      if (plan.poison === 'throwsOnce' && turn.attempt === 1) throw new Error('once');
      if (plan.flushes) await turn.flush();
      if (plan.pauseMs > 0) await clock.sleep(plan.pauseMs, turn.signal);
      if (turn.signal.aborted) return undefined;
      const stepped = plan.step ? await turn.step('work', work) : undefined;
      if (plan.touches.user) append(await turn.state('user'), activity);
      if (plan.touches.priv) append(await turn.state('private'), activity);
      await misbehave(plan, turn, scheduler, instance, kill);
      for (let index = 1; index < plan.replies; index += 1) reply(turn, activity, plan, run, index);
      if (stepped !== undefined) (await turn.state('conversation')).set(`step:${turn.id}`, stepped);
    },
    async onError(turn, activity) {
      (await turn.state('conversation')).set(`sorry:${turn.id}`, true);
      turn.send(answer(activity, `${activity.id} sorry ${instance.name} ${turn.attempt} ${turn.id}`));
    },
  };
}

function append(document: StateDocument, activity: Activity): void {
  const list = (document.get('list') ?? []) as string[];
  document.set('list', [...list, `${activity.conversation.id}/${activity.id}`]);
}

function reply(turn: Turn, activity: Activity, plan: Plan, run: string, index: number): void {
  if (index < plan.replies) turn.send(answer(activity, `${activity.id} reply ${index} ${run}`));
}

const answer = (to: Activity, text: string): Activity => ({
  ...to,
  id: '',
  from: to.recipient,
  recipient: to.from,
  text,
});

async function misbehave(
  plan: Plan,
  turn: Turn,
  scheduler: Scheduler,
  instance: Instance,
  kill: (instance: Instance) => void,
): Promise<void> {
  switch (plan.poison) {
    case 'throwsAlways':
      throw new Error('always');
    case 'terminal':
      throw Object.assign(new Error('never'), { retry: false });
    case 'hangs':
      await scheduler.clockOf(instance).sleep(10 * 3_600_000, turn.signal);
      return;
    case 'kills':
      kill(instance);
      await scheduler.call(instance, 0, () => undefined);
      return;
    default:
      return;
  }
}
