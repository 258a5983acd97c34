import type { HttpResponseInit } from '@azure/functions';
import { httpResponse } from './azure/functions-http';
import type { Storage } from './bot/storage';
import type { BotApp, BotAppOptions } from './bot-app';
import { answerOf, RETRY_SOON_S } from './runtime/endpoint-answers';
import { logEvent } from './runtime/events';
import { errorName } from './runtime/runtime';
import { type Failure, failure, TurnwiseError } from './schema/errors';

/** Answers to requests while a setting is wrong, by the code with which the setting was refused. */
const ANSWERS: ReadonlyMap<string, Failure> = new Map(
  [
    failure(503, 'AppIdMissing'),
    failure(503, 'SettingMissing'),
    failure(503, 'SettingInvalid'),
    failure(503, 'SettingUnknown'),
  ].map((answer) => [answer.code, answer]),
);

/** Returns the answer to requests while a setting is wrong; `undefined` for errors that settings have no part in. */
function answerTo(error: unknown): { readonly error: TurnwiseError; readonly answer: Failure } | undefined {
  if (!(error instanceof TurnwiseError)) return undefined;
  const answer = ANSWERS.get(error.code);
  return answer && { error, answer: { ...answer, message: error.message } };
}

/** Name under which the local runner leaves a listener for such errors. `src/local/app-failure.ts` has the same name; the two may be of different bundles. */
const LISTENER = Symbol.for('turnwise.failureListener');

/**
 * Returns an app that cannot work because a setting is wrong. An app that throws while it is loaded registers no function: its endpoints
 * are the host's own 404, and no alert sees a request. This one answers 503 with the error, fails every ring, and writes to the console
 * what is wrong.
 *
 * @throws the error itself, if it is not about a setting
 */
export function failedApp(
  thrown: unknown,
  options: Pick<BotAppOptions, 'adapter' | 'log' | 'storage' | 'store'>,
): BotApp {
  const failed = answerTo(thrown);
  if (failed === undefined) throw thrown;
  const { answer, error } = failed;
  const { adapter, log, storage, store } = options;
  const listener = (globalThis as { [LISTENER]?: (message: string) => void })[LISTENER];
  // The host runs on with such an app, and its operator reads the log. The runner tells the developer, and ends.
  if (listener === undefined) tellOperator(error);
  else listener(error.message);
  const response = httpResponse(answerOf(answer, RETRY_SOON_S));
  const refuse = async (): Promise<HttpResponseInit> => {
    if (log !== undefined) logEvent(log, 'notServing', { error: error.code });
    return response;
  };
  const fail = async (): Promise<never> => {
    throw error;
  };
  const { code, message } = answer;
  const health = { status: 'unavailable', checks: { settings: code }, error: { code, message } };
  storage?.attach({ read: fail, write: fail, delete: fail } satisfies Storage);
  adapter?.attach({
    receive: async () => answerOf(answer, RETRY_SOON_S),
    authenticate: fail,
    run: fail,
    continueConversation: fail,
    createConversation: fail,
  });
  return {
    failure: error,
    messages: refuse,
    notify: refuse,
    notification: refuse,
    // No caller gets in without a key, whatever the settings were to say.
    notifyAuthLevel: 'function',
    turns: fail,
    async sweep() {
      tellOperator(error);
    },
    async health(request) {
      return request?.query.has('live') ? LIVE : { status: 503, jsonBody: health };
    },
    proactive: {
      send: fail,
      run: fail,
      schedule: fail,
      cancel: fail,
      broadcast: fail,
      progress: fail,
      createConversation: fail,
    },
    async close() {
      await store?.close();
    },
  };
}

/** Answer of `/api/health?live`: the process answers. */
export const LIVE: HttpResponseInit = { status: 200, jsonBody: { status: 'ok' } };

/**
 * Writes to the console why the app cannot work. The log has codes only; this is the one place with the whole sentence, which names settings,
 * files and addresses, and never what a user wrote.
 */
function tellOperator(error: unknown): void {
  const [code, message] = error instanceof TurnwiseError ? [error.code, error.message] : [errorName(error), ''];
  console.error(`turnwise: the app cannot work: ${code}. ${message}`.trimEnd());
}

/** Wraps a preparation so that the reason of its failure is written to the console: once, until the reason is another or it has succeeded. */
export function complaining(prepare: () => Promise<void>): () => Promise<void> {
  let told: string | undefined;
  return async () => {
    try {
      await prepare();
      told = undefined;
    } catch (error) {
      const reason = error instanceof TurnwiseError ? error.message : errorName(error);
      if (reason !== told) tellOperator(error);
      told = reason;
      throw error;
    }
  };
}
