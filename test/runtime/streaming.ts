import type { Bot } from '../../src/bot/bot';
import type { TurnContext } from '../../src/bot/turn-context';
import type { RuntimeOptions } from '../../src/runtime/options';
import type { Activity } from '../../src/schema/activity';
import { answerRing, createPipeline, type Pipeline } from './pipeline';

export const TEAMS: Partial<Activity> = {
  channelId: 'msteams',
  conversation: { id: 'c-1', conversationType: 'personal' },
};
export const WEB_CHAT: Partial<Activity> = { channelId: 'webchat' };

/** A pipeline with one message in it, and what the channel was sent, in short. */
export async function streaming(different: Partial<Activity> = TEAMS, options: Partial<RuntimeOptions> = {}) {
  const pipeline = createPipeline(options);
  await pipeline.accept('a', different);
  return { pipeline, shown: () => shownBy(pipeline) };
}

/** Kind, number and stream of each call, with its text; a message that is no piece of a stream is `message`. */
export function shownBy({ calls }: Pipeline): (string | undefined)[] {
  return calls.map((call) => {
    if (!('activity' in call)) return call.op;
    const { type, text, entities = [] } = call.activity;
    const info = entities.find((entity) => entity.type === 'streaminfo');
    if (info === undefined) return `${type}: ${text}`;
    return `${info.streamType} ${info.streamSequence ?? '-'} of ${info.streamId ?? '-'}: ${text}`;
  });
}

export async function run(
  pipeline: Pipeline,
  bot: Bot,
  ms = 20_000,
  onTurnError?: (context: TurnContext) => Promise<void>,
) {
  const worker = answerRing(pipeline.worker(bot, onTurnError));
  await pipeline.clock.settle();
  await pass(pipeline, ms, worker.over);
  return worker;
}

/** Lets time pass in steps that are shorter than any pause of a stream. */
export async function pass({ clock }: Pipeline, ms: number, over = () => false): Promise<void> {
  for (let passed = 0; passed < ms && !over(); passed += 50) await clock.advance(50);
}

/** A handler that says something at these moments, and ends in the last. */
export function writing(pipeline: Pipeline, ...script: readonly (readonly [atMs: number, text: string])[]) {
  return async (context: TurnContext): Promise<void> => {
    const stream = context.stream();
    const start = pipeline.clock.monotonic();
    for (const [atMs, text] of script) {
      await pipeline.clock.sleep(atMs - (pipeline.clock.monotonic() - start));
      if (text.startsWith('?')) await stream.inform(text.slice(1));
      else await stream.append(text);
    }
    await stream.end();
  };
}
