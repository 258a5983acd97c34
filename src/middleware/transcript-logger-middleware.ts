import type { Middleware } from '../bot/middleware';
import { TurnContext } from '../bot/turn-context';
import type { Activity } from '../schema/activity';
import { ActivityEventNames, ActivityTypes, RoleTypes } from '../schema/constants';
import type { TranscriptLogger } from './transcript';

/**
 * Writes down what comes in and what is sent, updated and deleted, at the end of a turn that did not fail. A turn that runs again, because
 * its state had moved, is written down again, its replies under the same ids.
 *
 * The turn waits for the logger, and does not fail with it: errors go to the console.
 */
export class TranscriptLoggerMiddleware implements Middleware {
  private readonly logger: TranscriptLogger;

  constructor(logger: TranscriptLogger) {
    if (!logger) throw new Error('TranscriptLoggerMiddleware requires a TranscriptLogger instance.');
    this.logger = logger;
  }

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    const transcript: Activity[] = [];
    const note = (activity: Partial<Activity>): void => {
      if (!isContinuation(activity)) transcript.push({ timestamp: new Date(), ...defined(activity) } as Activity);
    };
    noteIncoming(context, note);
    noteOutgoing(context, note);
    await next();
    // All are begun in their order before any is waited for: one slow write does not hold up the others.
    await Promise.all(transcript.map((activity) => this.log(activity)));
  }

  private async log(activity: Activity): Promise<void> {
    try {
      await this.logger.logActivity(activity);
    } catch (error) {
      const message = error instanceof Error ? error.message : JSON.stringify(error);
      console.error(`TranscriptLoggerMiddleware logActivity failed: "${message}"`);
      if (error instanceof Error) console.error(error.stack);
    }
  }
}

function noteIncoming({ activity }: TurnContext, note: (activity: Partial<Activity>) => void): void {
  if (activity.from && !activity.from.role) activity.from.role = RoleTypes.User;
  note(activity);
}

function noteOutgoing(context: TurnContext, note: (activity: Partial<Activity>) => void): void {
  context.onSendActivities(async (_context, activities, next) => {
    const responses = await next();
    for (const [index, activity] of activities.entries()) {
      const id = responses?.[index]?.id || activity.id || madeUpId(activity);
      note({ ...activity, id });
    }
    return responses;
  });
  context.onUpdateActivity(async (_context, activity, next) => {
    const response = await next();
    note({ ...activity, type: ActivityTypes.MessageUpdate });
    return response;
  });
  context.onDeleteActivity(async (_context, reference, next) => {
    await next();
    const deletion: Partial<Activity> = { type: ActivityTypes.MessageDelete };
    if (reference.activityId !== undefined) deletion.id = reference.activityId;
    note(TurnContext.applyConversationReference(deletion, reference, false));
  });
}

/** What starts a proactive turn is no part of the conversation. */
function isContinuation({ type, name }: Partial<Activity>): boolean {
  return type === ActivityTypes.Event && name === ActivityEventNames.ContinueConversation;
}

/** What has no id of its own, such as a typing indicator, needs one to be told from others. */
function madeUpId({ timestamp }: Partial<Activity>): string {
  const random = Math.random().toString(36).slice(2, 8);
  return `g_${random}${new Date(timestamp ?? new Date()).getTime()}`;
}

/** Without the `timestamp` of an activity that has none, which would hide the one it is given. */
function defined(activity: Partial<Activity>): Partial<Activity> {
  if (activity.timestamp) return activity;
  const { timestamp: _none, ...rest } = activity;
  return rest;
}
