import type { Random } from '../sim/random';
import type { Behaviour, FakeConnector, RecordedCall } from '../support/fake-connector';
import type { ReplyText, SenderMark } from './wire';

/** A message that a user saw. */
export interface SeenReply {
  readonly call: RecordedCall;
  readonly conversation: string;
  readonly text: ReplyText;
  readonly worker: string;
  /** Whether the sender got no answer although the message was taken. */
  readonly unknown: boolean;
}

/** The outbound half of a channel: slow at times, throttling at times, and now and then it takes a message and does not say so. */
export class ReplyLog {
  /** Calls that were taken or refused without an answer. */
  unknownSends = 0;
  throttledSends = 0;
  readonly #unknown = new Set<RecordedCall>();

  constructor(
    private readonly connector: FakeConnector,
    random: Random,
    onReply: (conversation: string, worker: string) => void,
  ) {
    connector.onCall((call) => {
      onReply(call.conversationId ?? '', senderOf(call));
      return this.#behave(call, random);
    });
  }

  /** The conversations whose replies a worker is waiting to have taken. */
  sending(worker: string): string[] {
    const recent = this.connector.calls.slice(-500);
    return recent
      .filter((call) => call.status === undefined && !this.#unknown.has(call) && senderOf(call) === worker)
      .map(({ conversationId }) => conversationId ?? '');
  }

  /** What users saw, in the order in which they saw it. */
  seen(): SeenReply[] {
    return this.connector.calls
      .filter(({ accepted, op }) => accepted && (op === 'send' || op === 'reply'))
      .map((call) => ({
        call,
        conversation: call.conversationId ?? '',
        text: JSON.parse(String(call.body?.text)) as ReplyText,
        worker: senderOf(call),
        unknown: this.#unknown.has(call),
      }));
  }

  #behave(call: RecordedCall, random: Random): Behaviour {
    const latencyMs = random.chance(0.03) ? random.between(300, 1_500) : random.between(2, 60);
    if (random.chance(0.004)) {
      this.unknownSends += 1;
      this.#unknown.add(call);
      return { kind: 'reset', accepted: random.chance(0.5), latencyMs };
    }
    if (random.chance(0.004)) {
      this.throttledSends += 1;
      return { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, latencyMs };
    }
    return { kind: 'answer', latencyMs };
  }
}

function senderOf({ body }: RecordedCall): string {
  return (body?.channelData as SenderMark | undefined)?.worker ?? '';
}
