import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import type { ConversationParameters } from '../schema/conversations';
import type { InvokeResponse } from '../schema/invoke';
import type { TurnContext } from './turn-context';

/** The answer of the messaging endpoint. A body is JSON. */
export interface HostAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The app that an adapter belongs to, as the adapter sees it. Middleware and `onTurnError` of the turns that it runs are the adapter's. */
export interface AdapterHost {
  /** Answers a request to the messaging endpoint. @param headers names in lower case */
  receive(headers: Readonly<Record<string, string | undefined>>, body: string): Promise<HostAnswer>;
  /** Checks who sends an activity. @returns it with what the token vouches for. @throws TurnwiseError when it must not be trusted */
  authenticate(authorization: string, activity: Activity): Promise<Activity>;
  /**
   * Runs `logic` on an activity as a turn, at once. @returns what an HTTP response would say, when the turn is committed
   * @throws TurnwiseError `ServiceUrlNotTrusted` when its replies would go to an address that is not a known channel's
   */
  run(activity: Activity, logic: (context: TurnContext) => Promise<void>): Promise<InvokeResponse | undefined>;
  /** Runs `logic` as a turn in a conversation, and resolves when it is committed. */
  continueConversation(reference: ConversationReference, logic: (context: TurnContext) => Promise<void>): Promise<void>;
  /** Creates a conversation, and runs `logic` as its first turn. @throws ChannelServiceError */
  createConversation(
    channelId: string,
    serviceUrl: string,
    parameters: ConversationParameters,
    logic: (context: TurnContext) => Promise<void>,
  ): Promise<void>;
}
