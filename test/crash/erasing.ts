import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErasureRequest, Held, Store, TurnCommit } from '../../src/ports/store';
import { persist } from '../../src/runtime/persist';
import { systemClock } from '../../src/runtime/system';
import type { Activity } from '../../src/schema/activity';
import { activityKey, type ConversationKey, conversationKey, type UserKey, userKey } from '../../src/turn/keys';
import { turnPrefix } from '../../src/turn/record';
import type { Random } from '../sim/random';
import { requestsOf } from '../support/erasure-requests';

/** What came of commands that were killed while they were erasing. */
export interface ErasingLog {
  /** Commands that were started, each on a conversation and a user of its own. */
  commands: number;
  /** Those that were killed after they had written down what they were to do, and before they were done. */
  interrupted: number;
  /** Those that were done before they could be killed. */
  done: number;
  /** What of the erased could be read, in words. */
  readonly readable: string[];
}

/** One thing to forget, with a word that stands in everything about it. */
interface Erased {
  readonly word: string;
  readonly conversation: ConversationKey;
  readonly user: UserKey;
  readonly request: ErasureRequest;
  outcome: 'done' | 'interrupted' | 'notBegun';
}

const CHANNEL = 'erase';
const EVERY_MS = [300, 1_500] as const;

/** Most that a command is given before it is killed, in ms: about what one takes, so that kills come at every step. */
const MAX_LIFE_MS = { sqlite: 60, cosmos: 1_500 } as const;

/** How long sweeps may take to finish what was interrupted, in ms: a request is held for a minute, and a sweep comes once in a minute. */
const FINISH_LIMIT_MS = 240_000;

/** Erases conversations and users by commands that are killed half-way and never repeated, for as long as the load lasts. */
export class InterruptedErasing {
  readonly log: ErasingLog = { commands: 0, interrupted: 0, done: 0, readable: [] };
  readonly #erased: Erased[] = [];

  constructor(
    private readonly options: {
      readonly kind: keyof typeof MAX_LIFE_MS;
      readonly settings: Readonly<Record<string, string>>;
      readonly store: Store;
      readonly random: Random;
    },
  ) {}

  async run(durationMs: number, over: AbortSignal): Promise<void> {
    const end = Date.now() + durationMs;
    const { random } = this.options;
    while (Date.now() < end && !over.aborted) {
      await this.#eraseOne();
      await sleep(random.between(...EVERY_MS), undefined, { signal: over }).catch(() => undefined);
    }
  }

  /** Waits for the workers' sweeps to finish everything that was begun, and looks for what can be read. @returns what went wrong */
  async judge(over: AbortSignal, say: (line: string) => void): Promise<readonly string[]> {
    const { store } = this.options;
    const deadline = Date.now() + FINISH_LIMIT_MS;
    for (let round = 0; Date.now() < deadline && !over.aborted; round += 1) {
      const left = await this.#asked(() => requestsOf(store));
      if (left.length === 0) break;
      if (round % 20 === 0) say(`${left.length} requests to forget are not carried out yet.`);
      await sleep(500);
    }
    const open = await this.#asked(() => requestsOf(store));
    for (const each of this.#erased.filter(({ outcome }) => outcome !== 'notBegun')) {
      await this.#look(each, 'at the end');
    }
    // What no command had begun with is taken away, so that it is not counted with the load.
    for (const { conversation } of this.#erased) await this.#asked(() => store.erasure.conversation(conversation));
    return open.length === 0 ? [] : [`${open.length} requests to forget were never carried out.`];
  }

  async #eraseOne(): Promise<void> {
    const { kind, random, store } = this.options;
    const index = this.#erased.length;
    const conversation = conversationKey(CHANNEL, `e${index}`);
    const user = userKey(CHANNEL, `u${index}`);
    const request: ErasureRequest = index % 2 === 0 ? { conversation } : { user };
    const each: Erased = { word: `erased-${index}`, conversation, user, request, outcome: 'notBegun' };
    this.#erased.push(each);
    const [eraser] = await Promise.all([this.#start(), this.#fill(each)]);
    let isDone = false;
    const gone = once(eraser, 'exit');
    eraser.once('message', () => {
      isDone = true;
      eraser.kill('SIGKILL');
    });
    eraser.send(request);
    this.log.commands += 1;
    await Promise.race([gone, sleep(random.between(0, MAX_LIFE_MS[kind]))]);
    eraser.kill('SIGKILL');
    await gone;
    const isLeft = (await this.#asked(() => requestsOf(store))).some(
      (left) => left.conversation === request.conversation && left.user === request.user,
    );
    // Between the last step and its word of it, the request is gone as well.
    const isGone = (await this.#asked(() => store.inspection.conversation(conversation))) === undefined;
    each.outcome = isDone ? 'done' : isLeft || isGone ? 'interrupted' : 'notBegun';
    if (each.outcome === 'done') this.log.done += 1;
    if (each.outcome === 'interrupted') this.log.interrupted += 1;
    // What is erased is so at once, however far its removal has come.
    if (isDone) await this.#look(each, 'when its command was done');
    else if (isGone) await this.#lookInConversation(each, 'when its command was killed');
  }

  async #start(): Promise<ChildProcess> {
    const eraser = fork(path.join(__dirname, 'eraser.js'), {
      env: { PATH: process.env.PATH, CRASH_STORE: JSON.stringify(this.options.settings) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(eraser, 'message');
    return eraser;
  }

  /** Leaves state, a dead letter, a large body, a reference and user state behind, and nothing for workers to do. */
  async #fill({ word, conversation, user }: Erased): Promise<void> {
    const { store } = this.options;
    const large: Activity = {
      type: 'message',
      id: word,
      channelId: CHANNEL,
      serviceUrl: 'http://127.0.0.1/',
      from: { id: word },
      recipient: { id: 'bot' },
      conversation: { id: word },
      text: `${word} ${'x'.repeat(20_000)}`,
    };
    const owner = `filler-${word}`;
    for (const [index, ref] of ['first', 'second'].entries()) {
      const key = activityKey(`${index}`.repeat(32));
      const body = { ref: `${ref}-${word}`, bytes: 20_000 };
      await this.#asked(() =>
        store.mailbox.accept(conversation, { key, body }, [{ ref: body.ref, activity: large }], 10),
      );
    }
    const acquired = await this.#asked(() => store.turns.acquire(conversation, owner));
    if (acquired.outcome !== 'acquired') throw new Error(`${conversation} was ${acquired.outcome}.`);
    const rest = await this.#commit(acquired.held, { dead: { code: 'Failed', message: word } });
    const writes = [
      { id: 'conversation' as const, data: { word, more: 'x'.repeat(8_000) } },
      { id: `private:${user}` as const, data: { word } },
    ];
    await this.#commit(rest, { writes });
    const account = { id: `u${word.slice('erased-'.length)}`, name: word };
    const reference = {
      channelId: CHANNEL,
      serviceUrl: 'http://127.0.0.1/',
      bot: { id: 'bot' },
      user: account,
      conversation: { id: word },
    };
    await this.#asked(() =>
      store.references.keep({ id: conversation, reference, scope: 'personal', state: 'active' }, 86_400_000),
    );
    const changes = { set: { word }, remove: [] };
    await this.#asked(() => store.users.propose(user, 0, { id: owner, conversation, epoch: 1, changes }));
    await this.#asked(() => store.users.settle(user, owner, true));
  }

  async #commit(held: Held, different: Partial<TurnCommit>): Promise<Held> {
    const [first] = held.head.pend;
    if (first === undefined) throw new Error('Nothing is pending.');
    const turn = { turn: turnPrefix(first), effects: [], bodies: [], reads: [], writes: [], ...different };
    const outcome = await this.#asked(() => this.options.store.turns.commit(held, turn));
    if (!('head' in outcome)) throw new Error(`The commit was refused: ${outcome.outcome}.`);
    return { ...held, head: outcome.head };
  }

  /** Looks at everything that a request is about. */
  async #look(each: Erased, when: string): Promise<void> {
    await this.#lookInConversation(each, when);
    const { store } = this.options;
    const { word, conversation, user, request } = each;
    const found = [
      await this.#asked(() => store.references.get(conversation)),
      request.user === undefined ? undefined : await this.#asked(() => store.users.read(user)),
    ];
    this.#complain(word, found, when);
  }

  async #lookInConversation({ word, conversation, user }: Erased, when: string): Promise<void> {
    const { store } = this.options;
    const shown = await this.#asked(() => store.inspection.conversation(conversation));
    const letters = await this.#asked(() => store.deadLetters.list(10_000));
    const found = [
      shown === undefined ? undefined : [shown.head, ...shown.states],
      letters.filter((letter) => letter.conversation === conversation),
      await this.#asked(() => store.turns.readState(conversation, 'conversation')),
      await this.#asked(() => store.turns.readState(conversation, `private:${user}`)),
      await this.#asked(() => store.turns.readBody(conversation, `first-${word}`)),
      await this.#asked(() => store.turns.readBody(conversation, `second-${word}`)),
    ];
    this.#complain(word, found, when);
  }

  #complain(word: string, found: readonly unknown[], when: string): void {
    for (const each of found) {
      const text = JSON.stringify(each) ?? '';
      if (text.includes(`"${word}`)) this.log.readable.push(`${word} can be read ${when}: ${text.slice(0, 200)}`);
    }
  }

  #asked<T>(call: () => Promise<T>): Promise<T> {
    return persist(systemClock, call, { limitMs: 30_000 });
  }
}
