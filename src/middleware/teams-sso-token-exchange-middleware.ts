import type { Middleware } from '../bot/middleware';
import { isStorageConflict, type Storage } from '../bot/storage';
import type { TurnContext } from '../bot/turn-context';
import { ActivityTypes, Channels, StatusCodes, tokenExchangeOperationName } from '../schema/constants';
import type { InvokeResponse } from '../schema/invoke';
import type { TokenExchangeInvokeRequest, TokenExchangeInvokeResponse, TokenResponse } from '../schema/tokens';

/** What can exchange tokens: the client in `turnState`, or an adapter. */
interface UserTokens {
  exchangeToken(
    userId: string,
    connectionName: string,
    channelId: string,
    request: { readonly token: string },
  ): Promise<TokenResponse | undefined>;
}

interface TokenAdapter {
  readonly UserTokenClientKey?: unknown;
  exchangeToken?(
    context: TurnContext,
    connectionName: string,
    userId: string,
    request: { readonly token: string },
  ): Promise<TokenResponse | undefined>;
}

/**
 * Signs a user of Teams in once. Every client that the user has open sends its own `signin/tokenExchange`, with the same id in its value;
 * the first that can be exchanged goes on to the bot, and the others are answered here: 200 for what was dealt with already, 412 for a
 * token that cannot be exchanged, so that the client asks the user.
 *
 * Which one is the first is decided by the storage. A turn that runs again is still the first.
 */
export class TeamsSSOTokenExchangeMiddleware implements Middleware {
  /**
   * @param storage shared by all instances, with real ETags
   * @param oAuthConnectionName the bot's OAuth connection
   */
  constructor(
    private readonly storage: Storage,
    private readonly oAuthConnectionName: string,
  ) {
    if (!storage) throw new TypeError('`storage` parameter is required');
    if (!oAuthConnectionName) throw new TypeError('`oAuthConnectionName` parameter is required');
  }

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    const { channelId, name } = context.activity;
    if (channelId === Channels.Msteams && name === tokenExchangeOperationName) {
      // In this order: when the user has to consent, every client needs to hear of it.
      if (!(await this.exchanges(context))) return;
      if (!(await this.isFirst(context))) return;
    }
    await next();
  }

  /** Whether the token can be exchanged; answers if it cannot. */
  private async exchanges(context: TurnContext): Promise<boolean> {
    const request = (context.activity.value ?? {}) as TokenExchangeInvokeRequest;
    const response = await this.exchange(context, request).catch(() => undefined);
    if (response?.token) return true;
    const body: TokenExchangeInvokeResponse = {
      id: request.id,
      connectionName: this.oAuthConnectionName,
      failureDetail: 'The bot is unable to exchange token. Proceed with regular login.',
    };
    await answer(context, { status: StatusCodes.PRECONDITION_FAILED, body });
    return false;
  }

  private async exchange(context: TurnContext, { token }: TokenExchangeInvokeRequest) {
    const { from, channelId } = context.activity;
    const adapter = context.adapter as TokenAdapter;
    const client = context.turnState.get<UserTokens>(adapter.UserTokenClientKey);
    if (client) return client.exchangeToken(from.id, this.oAuthConnectionName, channelId, { token });
    return adapter.exchangeToken?.(context, this.oAuthConnectionName, from.id, { token });
  }

  /** Whether no other turn was here with this id; answers if there was one. */
  private async isFirst(context: TurnContext): Promise<boolean> {
    const { id, key } = keyOf(context);
    const turn = turnIdOf(context);
    try {
      // A version that never was: the write succeeds only while there is nothing.
      await this.storage.write({ [key]: { eTag: id, ...(turn === undefined ? {} : { turn }) } });
      return true;
    } catch (error) {
      if (!isStorageConflict(error)) throw error;
    }
    if (turn !== undefined) {
      const stored = (await this.storage.read([key]))[key] as { turn?: unknown } | undefined;
      if (stored?.turn === turn) return true;
    }
    await answer(context, { status: StatusCodes.OK, body: null });
    return false;
  }
}

/**
 * Makes the key of an exchange. The user is part of it: in a group everybody sees the card, and so the id, and one member must not keep
 * another from signing in.
 * @throws Error for an invoke that lacks what its key is made of
 */
function keyOf({ activity }: TurnContext): { readonly id: string; readonly key: string } {
  const { channelId, conversation, from } = activity;
  if (!conversation?.id) throw new Error('invalid activity. Missing conversation.id');
  const { id } = (activity.value ?? {}) as { readonly id?: unknown };
  if (typeof id !== 'string' || id === '') throw new Error('Invalid signin/tokenExchange. Missing activity.value.id.');
  return { id, key: `${channelId}/${conversation.id}/${from.id}/${id}` };
}

/** The same for every run of a turn; there is none on adapters without turns. */
function turnIdOf(context: TurnContext): string | undefined {
  try {
    return context.turnId;
  } catch {
    return undefined;
  }
}

async function answer(context: TurnContext, value: InvokeResponse): Promise<void> {
  await context.sendActivity({ type: ActivityTypes.InvokeResponse, value });
}
