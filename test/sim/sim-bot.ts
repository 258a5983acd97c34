import type { StateDocument, Turn } from '../../src/bot/turn';
import type { BotLogic } from '../../src/runtime/runtime';
import type { Activity } from '../../src/schema/activity';
import type { Answer } from '../../src/turn/inline';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import type { Ghost } from './ghost';
import { LARGE_TEXT, type Plan } from './plan';
import type { Instance, Scheduler } from './scheduler';

/** What a bot of the simulation runs in. */
export interface BotWorld {
  readonly plans: ReadonlyMap<string, Plan>;
  readonly scheduler: Scheduler;
  readonly ghost: Ghost;
  readonly instance: Instance;
  readonly kill: (instance: Instance) => void;
  /** Changes a conversation's state beside the turn that runs. */
  readonly contend: (key: ConversationKey) => Promise<void>;
  readonly isRecorded: (key: ConversationKey, step: string) => boolean;
  /** Whether what the app brings along throws. */
  readonly clumsy: boolean;
}

/** The bot of the simulation: reads, appends, replies, pauses and misbehaves as the plan of its activity says. */
export function simBot(world: BotWorld): BotLogic {
  let runs = 0;
  return {
    async run(turn, incoming) {
      const activity = named(incoming);
      const plan = world.plans.get(activity.id ?? '');
      if (plan === undefined) throw new Error('An activity without a plan.');
      runs += 1;
      return new BotRun(world, plan, turn, activity, `${world.instance.name}-${turn.attempt}-${runs}`).run();
    },
    async onError(turn, incoming) {
      const activity = named(incoming);
      const plan = world.plans.get(activity.id ?? '');
      (await turn.state('conversation')).set(`sorry:${turn.id}`, true);
      runs += 1;
      turn.send(answer(activity, `${activity.id} sorry ${world.instance.name}-${turn.attempt}-${runs}`));
      if (plan?.apology === 'flushes') await turn.flush();
      const clock = world.scheduler.clockOf(world.instance);
      if (plan?.apology === 'slow' || plan?.apology === 'flushes') await clock.sleep(5_000, turn.signal);
      if (plan?.apology === 'hangs') await clock.sleep(10 * 3_600_000, turn.signal);
      if (plan?.apology === 'throws') throw new Error('sorry for that too');
    },
    onDeliveryFailed() {
      if (world.clumsy) throw new Error('clumsy');
    },
  };
}

/** One run of the handler. */
class BotRun {
  constructor(
    private readonly world: BotWorld,
    private readonly plan: Plan,
    private readonly turn: Turn,
    private readonly activity: Activity,
    private readonly name: string,
  ) {}

  async run(): Promise<Answer | undefined> {
    const { plan, turn, activity } = this;
    const { ghost, instance, scheduler } = this.world;
    const { channelId, conversation } = activity;
    const key = conversationKey(channelId, conversation.id);
    const inline = turn.deadline !== undefined;
    if (!inline) ghost.started(key, turn.id, turn.attempt);
    ghost.note(`${instance.name} starts ${conversation.id}/${activity.id} attempt ${turn.attempt} ${plan.poison}`);
    await this.post();
    if (plan.touches.conversation) append(await turn.state('conversation'), activity, plan.property);
    const first = this.reply(0);
    await this.flush();
    if (plan.poison === 'throwsOnce' && turn.attempt === 1) throw new Error('once');
    if (plan.pauseMs > 0) await scheduler.clockOf(instance).sleep(plan.pauseMs, turn.signal);
    if (turn.signal.aborted) return undefined;
    const stepped = await this.step(key);
    if (plan.touches.user) append(await turn.state('user'), activity, 'list');
    if (plan.touches.priv) append(await turn.state('private'), activity, 'list');
    if (plan.amends) await this.amend(first);
    await this.misbehave(key);
    for (let index = 1; index < plan.replies; index += 1) {
      if (plan.delayMs > 0) turn.send({ ...answer(activity, ''), type: 'delay', value: plan.delayMs });
      this.reply(index);
      if (plan.flushes === 'often') await turn.flush();
    }
    if (stepped !== undefined) (await turn.state('conversation')).set(`step:${turn.id}`, stepped);
    return { status: 200, body: this.name };
  }

  private async post(): Promise<void> {
    const { activity, plan, turn } = this;
    if (plan.posts === undefined) return;
    const { child, laterMs, cancels } = plan.posts;
    const { channelId, serviceUrl, recipient } = activity;
    const to = {
      channelId,
      serviceUrl,
      bot: recipient,
      conversation: child.activity.conversation,
      user: child.activity.from,
    };
    const content = { event: 'plan', value: { plan: child.activity.id, text: child.activity.text } };
    if (laterMs === 0) return void (await turn.proactive.run(to, content.event, content.value));
    const at = this.world.scheduler.now + laterMs;
    this.world.ghost.notBefore(turn.id, child, at);
    const { id } = await turn.proactive.schedule(to, content, at);
    if (cancels) await turn.proactive.cancel(id);
  }

  private reply(index: number): string | undefined {
    const { activity, plan, turn } = this;
    if (index >= plan.replies) return undefined;
    const reply = answer(activity, `${activity.id} reply ${index} ${this.name}`);
    return turn.send(plan.large ? { ...reply, value: LARGE_TEXT } : reply).id;
  }

  private async flush(): Promise<void> {
    const { plan, turn } = this;
    const { instance, scheduler } = this.world;
    if (plan.flushes === 'unawaited') {
      turn.flush().catch(() => undefined);
      await scheduler.clockOf(instance).sleep(30);
    } else if (plan.flushes !== 'never') await turn.flush();
  }

  private async step(key: ConversationKey): Promise<string | undefined> {
    const { plan, turn } = this;
    const { ghost, instance, isRecorded, scheduler } = this.world;
    if (plan.step === 'none') return undefined;
    if (plan.step === 'unawaited') {
      const pause = (): Promise<void> => scheduler.clockOf(instance).sleep(4_000);
      turn.step('late', pause).catch(() => undefined);
      return undefined;
    }
    const recorded = isRecorded(key, `${turn.id}/work`);
    const work = (): string => {
      // A worker that has lost the conversation may find the record gone with the turn.
      if (recorded && isRecorded(key, `${turn.id}/work`))
        ghost.violate('I15', `the step of ${turn.id} ran again after it was recorded`);
      return this.name;
    };
    const fail = (): never => {
      throw new Error('the first time');
    };
    if (plan.step === 'failsOnce') await turn.step('work', fail).catch(() => undefined);
    const [one, two] = await Promise.all([turn.step('work', work), turn.step('work', work)]);
    if (one !== two) ghost.violate('I15', `the step of ${turn.id} gave ${one} and ${two} in one run`);
    return one;
  }

  /** Changes its first reply and one of an earlier turn, and takes a third back. The connector checks what the ids stand for. */
  private async amend(first: string | undefined): Promise<void> {
    const { activity, name, turn } = this;
    const document = await turn.state('conversation');
    const earlier = document.get('amendable');
    const update = (id: string, label: string): void => {
      turn.update({ ...answer(activity, `${activity.id} ${label} ${name}`), id, value: { of: id } });
    };
    if (first !== undefined) update(first, 'edits its own');
    if (typeof earlier === 'string') update(earlier, 'edits an earlier');
    const gone = turn.send(answer(activity, `${activity.id} taken back ${name}`)).id;
    turn.delete(gone);
    if (first !== undefined) document.set('amendable', first);
  }

  private async misbehave(key: ConversationKey): Promise<void> {
    const { turn } = this;
    const { ghost, instance, kill, scheduler } = this.world;
    switch (this.plan.poison) {
      case 'throwsAlways':
        throw new Error('always');
      case 'terminal':
        // What comes again, past the dedupe horizon or because its worker died apologising, fares better than the first time.
        if (turn.attempt > 1 || ghost.of(key).ended.some((end) => end.turn === turn.id)) return;
        throw Object.assign(new Error('never'), { retry: false });
      case 'contested': {
        (await turn.state('conversation')).set('contested', this.name);
        await this.world.contend(key);
        return;
      }
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
}

/** What the app has posted carries the name of its plan. */
function named(activity: Activity): Activity {
  const { plan } = (activity.value ?? {}) as { readonly plan?: string };
  return plan === undefined ? activity : { ...activity, id: plan };
}

function append(document: StateDocument, activity: Activity, property: string): void {
  const list = (document.get(property) ?? []) as string[];
  document.set(property, [...list, `${activity.conversation.id}/${activity.id}`]);
}

const answer = (to: Activity, text: string): Activity => ({
  ...to,
  type: 'message',
  id: '',
  from: to.recipient,
  recipient: to.from,
  text,
});
