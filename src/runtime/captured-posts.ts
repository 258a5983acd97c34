import { defined } from '../schema/defined';
import type { NewEffect } from '../turn/commit';
import type { ActivityKey, ConversationKey } from '../turn/keys';
import { inlinePayload } from '../turn/size';
import { type NewPost, type PostSink, postKey } from './post';

export interface PostCaptureOptions {
  /** The turn's own conversation, in which effect ids are unique. */
  readonly conversation: ConversationKey;
  /** The id of the turn's `ordinal`-th post, the same in every attempt. */
  readonly idOf: (ordinal: number) => string;
  /** @throws TurnwiseError when the turn is over, or in a step */
  readonly assertRunning: () => void;
  /** Waited for before a recipient is looked up. */
  readonly ready?: () => Promise<void>;
}

/**
 * What a turn posts to conversations, and takes back, until its commit. Apart from what it sends: a flush does not let posts go, because
 * nobody watches the turn there, and they are to happen if and only if it commits.
 */
export class CapturedPosts implements PostSink {
  private effects: NewEffect[] = [];
  private next = 0;

  constructor(private readonly options: PostCaptureOptions) {}

  begin(): void {
    this.options.assertRunning();
  }

  async ready(): Promise<void> {
    await this.options.ready?.();
  }

  post({ activity, at, ...post }: NewPost): ActivityKey {
    const id = this.nextId();
    const key = postKey(this.options.conversation, id);
    this.effects.push({
      kind: 'post',
      id,
      key,
      ...post,
      ...defined({ acceptAt: at }),
      activity: inlinePayload(activity),
    });
    return key;
  }

  cancel(to: ConversationKey, key: ActivityKey): void {
    this.effects.push({ kind: 'cancel', id: this.nextId(), to, key });
  }

  /** What the turn has captured, for its commit: ahead of its sends, so that it does not wait for a channel that is down. */
  before(effects: readonly NewEffect[]): readonly NewEffect[] {
    return [...this.effects, ...effects];
  }

  private nextId(): string {
    this.options.assertRunning();
    const id = this.options.idOf(this.next);
    this.next += 1;
    return id;
  }
}
