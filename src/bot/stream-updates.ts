import type { Activity } from '../schema/activity';
import { ActivityTypes, Channels } from '../schema/constants';
import { applyConversationReference, getConversationReference } from '../schema/conversation-reference';
import { withStreamInfo } from '../schema/stream-info';
import type { Turn } from './turn';

/** Something to be seen before the message is complete. `text` is all there is so far, not what is new in it. */
export interface StreamUpdate {
  readonly streamType: 'informative' | 'streaming';
  readonly text: string;
}

/** How a stream stands when its updates are over. */
export interface ClosedUpdates {
  /** The channel's id of the stream, if one was opened, now or by an earlier run of the turn. */
  readonly id: string | undefined;
  /** How long the channel should have a rest before the final message, in ms. */
  readonly restMs: number;
  /** The last informative update that was shown, unless text came after it. */
  readonly informative: string | undefined;
}

/**
 * What a channel shows of a stream.
 * - `grows`: text that was shown must stay the beginning of what is shown next (Teams).
 * - `replaces`: each update stands in place of the one before (Direct Line, Web Chat).
 */
export type StreamKind = 'grows' | 'replaces';

/** The kind of stream that a conversation can show; `undefined` when it shows none. Teams streams in one-to-one chats only. */
export function streamKind({ channelId, conversation }: Activity): StreamKind | undefined {
  switch (channelId) {
    case Channels.Msteams:
      return conversation.conversationType === 'personal' ? 'grows' : undefined;
    case Channels.Directline:
    case Channels.Webchat:
    case Channels.Emulator:
      return 'replaces';
    default:
      return undefined;
  }
}

/** The least pause between two pieces of a stream, in ms: Teams takes one a second. */
const PAUSE_MS = 1_000;

/** What comes within this time goes together: often it is the last of the text, and the end with it. */
const GATHER_MS = 50;

/** More than the connector takes for one call: nothing may follow a piece whose fate is open. */
const ANSWER_MS = 15_000;

/** Teams takes no longer informative update. */
const INFORMATIVE_LENGTH = 1_000;

/** The first half of a character whose second half comes with the next piece, or was cut off. It is not shown: text that was shown must stay as it is. */
const FIRST_HALF_AT_END = /[\ud800-\udbff]$/;

/** More than the updates of the longest run, so that each run has numbers of its own. */
const NUMBERS_PER_RUN = 10_000;

/** Names of the turn's steps in which a stream is recorded. */
const OPENED = 'turnwise.stream';
const TEXT_SHOWN = 'turnwise.stream.text';
const CONTINUED = 'turnwise.stream.run';

interface Opened {
  readonly id: string;
  /** Whether it began with text. */
  readonly text: boolean;
}

/** The stream that a run of the turn has opened, if there is one. */
export async function recordedStream(turn: Turn): Promise<string | undefined> {
  return ((await turn.recordedStep(OPENED)) as Opened | undefined)?.id;
}

/**
 * The updates of one stream on the live lane: one at a time, about one a second, the latest in place of all that came in between. Each
 * may be lost. The id that the channel gives to the first is recorded as a step of the turn, so that another run goes on with it.
 */
export class StreamUpdates {
  private next: StreamUpdate | undefined;
  private working: Promise<void> | undefined;
  private resuming: Promise<void> | undefined;
  private readonly closing = new AbortController();
  /** Nothing more is shown: the channel refuses, or the turn is lost. */
  private refused = false;
  private id: string | undefined;
  private resumed = false;
  private sequence = 0;
  private textShown = false;
  private informative: string | undefined;
  private quietUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly turn: Turn,
    private readonly activity: Activity,
    private readonly kind: StreamKind,
  ) {}

  /** Shows an update as soon as its time has come, unless a later one takes its place before. */
  show(update: StreamUpdate): void {
    if (this.over) return;
    this.next = update;
    this.working ??= this.work();
  }

  /** Ends the updates, and waits for the one that is on its way: nothing may come after the final message. */
  async close(): Promise<ClosedUpdates> {
    this.closing.abort();
    await this.working;
    await this.resume();
    const restMs = Math.max(0, Math.ceil(this.quietUntil - this.turn.time.monotonic()));
    return { id: this.id, restMs, informative: this.informative };
  }

  private get over(): boolean {
    return this.refused || this.closing.signal.aborted || this.turn.signal.aborted;
  }

  private async work(): Promise<void> {
    const { time } = this.turn;
    try {
      await this.begin();
      while (this.next !== undefined && !this.over) {
        await time.sleep(Math.max(GATHER_MS, this.quietUntil - time.monotonic()), this.closing.signal);
        if (this.over) return;
        const update = this.next;
        this.next = undefined;
        if (this.isShown(update)) await this.post(update);
      }
    } catch {
      this.refused = true; // The turn is over or lost: its next write, or its commit, meets the same trouble and reports it.
    } finally {
      this.working = undefined; // In the same step as the last look for an update, so that none comes in between.
    }
  }

  /** What the turn has said before has to be there first. */
  private async begin(): Promise<void> {
    if (this.resuming !== undefined) return;
    await this.turn.flush();
    await this.resume();
  }

  private resume(): Promise<void> {
    this.resuming ??= this.findRecorded().catch((error: unknown) => {
      this.resuming = undefined;
      throw error;
    });
    return this.resuming;
  }

  private async findRecorded(): Promise<void> {
    const opened = (await this.turn.recordedStep(OPENED)) as Opened | undefined;
    if (opened === undefined) return;
    this.id = opened.id;
    this.resumed = true;
    this.textShown = opened.text || (await this.turn.recordedStep(TEXT_SHOWN)) !== undefined;
    // This run may say it in other words, and a stream that only grows refuses those: it stays as it is until the final message.
    if (this.textShown && this.kind === 'grows') this.refused = true;
  }

  /** Informative updates are for the time before the text. */
  private isShown({ streamType, text }: StreamUpdate): boolean {
    return text.trim() !== '' && (streamType === 'streaming' || !this.textShown);
  }

  private async post(update: StreamUpdate): Promise<void> {
    const isText = update.streamType === 'streaming';
    const { id } = this;
    if (id !== undefined) await this.prepare(isText);
    const answer = await this.turn.sendLive(this.piece(update), ANSWER_MS);
    this.quietUntil = this.turn.time.monotonic() + Math.max(PAUSE_MS, answer.retryAfterMs ?? 0);
    if (answer.outcome === 'notSent') {
      this.next ??= update;
      return;
    }
    this.sequence += 1;
    if (answer.outcome === 'rejected') this.refused = true;
    if (answer.outcome === 'delivered') this.informative = isText ? undefined : update.text;
    if (id === undefined) await this.opened(answer.id, isText);
    this.textShown ||= isText;
  }

  /** Before a piece of a stream that is open: a number that no earlier run has used, and a record that there is text now. */
  private async prepare(isText: boolean): Promise<void> {
    if (this.resumed && this.sequence === 0) this.sequence = (await this.continuation()) * NUMBERS_PER_RUN;
    if (isText && !this.textShown && this.kind === 'grows') await this.turn.step(TEXT_SHOWN, () => true);
  }

  /** Which run after the first this is. Each leaves a record that the next one finds. */
  private async continuation(): Promise<number> {
    for (let run = 1; ; run += 1) {
      let mine = false;
      await this.turn.step(`${CONTINUED}.${run}`, () => {
        mine = true;
        return true;
      });
      if (mine) return run;
    }
  }

  /** A channel that gives no id does not stream. Nor is a second stream begun when it is not known whether there is a first. */
  private async opened(id: string | undefined, text: boolean): Promise<void> {
    if (id === undefined) {
      this.refused = true;
      return;
    }
    this.id = (await this.turn.step<Opened>(OPENED, () => ({ id, text }))).id;
  }

  private piece({ streamType, text }: StreamUpdate): Activity {
    const shown = streamType === 'informative' ? text.slice(0, INFORMATIVE_LENGTH) : text;
    const activity = { type: ActivityTypes.Typing, text: shown.replace(FIRST_HALF_AT_END, '') };
    const addressed = applyConversationReference(activity, getConversationReference(this.activity));
    const streamId = this.id === undefined ? {} : { streamId: this.id };
    return withStreamInfo(addressed, { streamType, streamSequence: this.sequence + 1, ...streamId }) as Activity;
  }
}
