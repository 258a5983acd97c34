import type { Partitions, UserDecision } from '../store/partition';
import { StoreFault } from '../turn/fault';
import type { UserKey } from '../turn/keys';
import type { UserRecord } from '../turn/user-state';
import { NEVER } from './cosmos-conversations';
import { type Item, partitionKey, readUserItem, userId, userItem } from './cosmos-documents';
import type { Answer, CosmosRequests } from './cosmos-requests';

const MOST_TRIES = 25;

/** User records: one item per user, read, decided on, and replaced if its ETag stands. */
export class CosmosUsers implements Pick<Partitions, 'transactUser' | 'readUser'> {
  constructor(private readonly requests: CosmosRequests) {}

  async transactUser<T>(user: UserKey, decide: (record: UserRecord | undefined) => UserDecision<T>): Promise<T> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (tries > 0) await this.requests.pause(tries);
      const item = await this.read(user);
      const { result, record, confirm, ttlMs } = decide(item === undefined ? undefined : readUserItem(item));
      if (record === undefined && confirm === undefined) return result;
      const answer = await this.write(user, item, record, ttlMs);
      // That there is none, is what was to be confirmed.
      if (answer.ok || (record === undefined && item === undefined && answer.refusal === 'absent')) return result;
    }
    throw new StoreFault('no', 'The record kept moving.');
  }

  async readUser(user: UserKey): Promise<UserRecord | undefined> {
    const item = await this.read(user);
    return item === undefined ? undefined : readUserItem(item);
  }

  private async read(user: UserKey): Promise<Item | undefined> {
    const answer = await this.requests.read({ id: userId(user), partition: partitionKey(user) });
    return answer.ok ? answer.value : undefined;
  }

  /** Without a new record it only makes sure, at the primary, that the item read is the newest. */
  private write(
    user: UserKey,
    item: Item | undefined,
    record: UserRecord | undefined,
    ttlMs: number | undefined,
  ): Promise<Answer<unknown>> {
    const partition = partitionKey(user);
    if (item?._etag !== undefined) {
      const after = record === undefined ? item : userItem(user, record, ttlMs);
      return this.requests.replace(after, partition, item._etag);
    }
    if (record === undefined) return this.requests.patch({ id: userId(user), partition }, NEVER);
    return this.requests.create(userItem(user, record, ttlMs), partition);
  }
}
