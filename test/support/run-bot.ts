import type { Bot } from '../../src/bot/bot';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from './memory-turn';

/** A time as JSON has it, where the types say what a context makes of it. */
export function onTheWire(time: string): Date {
  return time as unknown as Date;
}

/** A message from a user on the test channel, with whatever a test wants different. */
export function incoming(different: Partial<Activity> = {}): Activity {
  return {
    type: 'message',
    id: 'a-1',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1', name: 'User' },
    recipient: { id: 'bot-1', name: 'Bot' },
    conversation: { id: 'c-1' },
    text: 'hello',
    ...different,
  };
}

export interface Ran {
  context: TurnContext;
  turn: MemoryTurn;
}

/** Runs `bot` on an activity, in a turn of its own unless one is given. */
export async function runBot(
  bot: Bot,
  different: Partial<Activity> = {},
  turn: MemoryTurn = new MemoryTurn(),
  adapter: TurnAdapter = new TurnAdapter(),
): Promise<Ran> {
  const context = adapter.createContext(incoming(different));
  await adapter.run(context, turn, bot);
  return { context, turn };
}
