// From the module, because tests replace the global ones.
import { clearTimeout, setTimeout } from 'node:timers';
import type { Connector, ConnectorCall, Delivery } from '../ports/connector';
import type { Activity } from '../schema/activity';

/** The channel's side of a test: keeps what the bot sends until an assertion takes it. */
export class ReplyQueue implements Connector {
  /** What waits, in the order in which it was delivered. */
  readonly replies: Partial<Activity>[] = [];
  private readonly waiting = new Set<() => void>();
  private ids = 0;

  async deliver(call: ConnectorCall): Promise<Delivery> {
    switch (call.op) {
      case 'send':
      case 'reply':
        return { outcome: 'delivered', id: this.add(call.activity) };
      case 'update':
        this.replace(call.activity);
        return { outcome: 'delivered', id: call.activityId };
      case 'delete':
        this.remove(call.activityId);
        return { outcome: 'delivered' };
    }
  }

  /** Puts an activity at the end. @returns its id on this channel. */
  add(activity: Partial<Activity>): string {
    this.ids += 1;
    const id = `reply-${this.ids}`;
    this.replies.push({ ...activity, id, timestamp: activity.timestamp ?? new Date() });
    for (const wake of this.waiting) wake();
    return id;
  }

  /** Changes what still waits under the same id; what an assertion has taken is gone. */
  replace(activity: Partial<Activity>): void {
    const index = this.replies.findIndex(({ id }) => id === activity.id);
    if (index >= 0) this.replies.splice(index, 1, activity);
  }

  remove(activityId: string): void {
    const index = this.replies.findIndex(({ id }) => id === activityId);
    if (index >= 0) this.replies.splice(index, 1);
  }

  /** Takes the next reply; waits for it at most `timeoutMs`, without looking again and again. */
  async next(timeoutMs: number): Promise<Partial<Activity> | undefined> {
    if (this.replies.length === 0 && timeoutMs > 0) await this.arrival(timeoutMs);
    return this.replies.shift();
  }

  private arrival(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.waiting.add(wake);
    });
  }
}
