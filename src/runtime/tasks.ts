import type { Activity } from '../schema/activity';
import { broadcastPage } from './broadcast';
import { createConversation } from './create-conversation';
import type { BotLogic, Runtime } from './runtime';
import type { TaskTurn } from './task-turn';

/** What runs in the place of the bot when a task is worked on: its turns are the runtime's own. Nobody apologises. */
export function taskLogic(runtime: Runtime): BotLogic {
  return {
    async run(turn, activity) {
      await runTask(runtime, turn as TaskTurn, activity);
      return undefined;
    },
  };
}

async function runTask(runtime: Runtime, turn: TaskTurn, activity: Activity): Promise<void> {
  switch (activity.name) {
    case 'broadcast':
      return broadcastPage(runtime, turn, activity);
    case 'createConversation':
      return createConversation(runtime, turn, activity);
    default:
      throw Object.assign(new Error('There is no such task.'), { retry: false });
  }
}
