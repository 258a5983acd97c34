import assert from 'node:assert';
import type { Activity } from '../schema/activity';
import { RoleTypes } from '../schema/constants';

/** Looks at a reply, and throws when it is not what it should be. */
export type TestActivityInspector = (activity: Partial<Activity>, description?: string) => void;

/** What a reply is expected to be: a text, an activity of which every property given has to match, or an inspection. */
export type ExpectedReply = string | Partial<Activity> | TestActivityInspector;

/** A copy as JSON has it. */
export function asJson(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Replies have been JSON on their way, so what is expected is compared as JSON. */
export function assertEveryProperty(reply: Partial<Activity>, expected: Partial<Activity>): void {
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value === 'object' && value !== null) assert.deepEqual(asJson(reply[name]), asJson(value));
    else assert.equal(reply[name], value);
  }
}

/** Whether a recorded activity is one that the bot has sent. */
export function isReply({ from }: Partial<Activity>): boolean {
  return from?.role?.toLowerCase() === RoleTypes.Bot;
}

/** Compares with a recorded reply what does not depend on when and where it was recorded. */
export function assertAsRecorded(actual: Partial<Activity>, recorded: Partial<Activity>, description: string): void {
  for (const name of ['type', 'text', 'speak'] as const) {
    assert.equal(actual[name], recorded[name], `failed "${name}" assert on ${description}`);
  }
  assert.deepEqual(
    asJson(actual.suggestedActions),
    asJson(recorded.suggestedActions),
    `failed "suggestedActions" assert on ${description}`,
  );
}
