import type { TurnContext } from '../bot/turn-context';
import type {
  SignInUrlResponse,
  TokenExchangeRequest,
  TokenExchangeResource,
  TokenResponse,
  TokenStatus,
} from '../schema/tokens';

interface UserToken {
  readonly connectionName: string;
  readonly channelId: string;
  readonly userId: string;
  readonly token: string;
}

interface ExchangeableToken {
  /** What can be exchanged: a token, or the address of a resource. */
  readonly item: string;
  /** What it is exchanged for; `undefined` for an exchange that fails. */
  readonly token: string | undefined;
}

/** The token service of a test: knows the tokens that the test has given it. */
export class TestTokens {
  private tokens: UserToken[] = [];
  private codes: (UserToken & { readonly magicCode: string })[] = [];
  private exchangeable: ExchangeableToken[] = [];
  private resources = 0;

  add(token: UserToken, magicCode: string | undefined): void {
    if (magicCode) this.codes.push({ ...token, magicCode });
    else this.tokens.push(token);
  }

  addExchangeable(token: ExchangeableToken): void {
    this.exchangeable = [...this.exchangeable.filter((each) => each.item !== token.item), token];
  }

  get(context: TurnContext, connectionName: string, magicCode: string | undefined): TokenResponse | undefined {
    const { channelId } = context.activity;
    const userId = context.activity.from.id;
    const isTheirs = (each: UserToken): boolean =>
      each.connectionName === connectionName && each.channelId === channelId && each.userId === userId;
    const code = this.codes.find((each) => magicCode && isTheirs(each) && each.magicCode === magicCode);
    if (code !== undefined) {
      // A code is good once; the token it stood for stays.
      this.codes = this.codes.filter((each) => each !== code);
      this.tokens.push({ channelId, connectionName, userId, token: code.token });
    }
    const found = this.tokens.find(isTheirs);
    return found && { ...found };
  }

  status(context: TurnContext, userId: string, filter: string | undefined): TokenStatus[] {
    const names = filter ? filter.split(',') : undefined;
    const { channelId } = context.activity;
    return this.tokens
      .filter((each) => each.channelId === channelId && each.userId === userId)
      .filter(({ connectionName }) => names === undefined || names.includes(connectionName))
      .map(({ connectionName }) => ({
        channelId,
        connectionName,
        hasToken: true,
        serviceProviderDisplayName: connectionName,
      }));
  }

  /** Without a connection, the user is signed out of all. */
  signOut(context: TurnContext, connectionName: string | undefined, userId: string): void {
    const { channelId } = context.activity;
    this.tokens = this.tokens.filter(
      (each) =>
        each.channelId !== channelId ||
        each.userId !== userId ||
        (connectionName !== undefined && each.connectionName !== connectionName),
    );
  }

  signInResource(context: TurnContext, connectionName: string, userId: string): SignInUrlResponse {
    this.resources += 1;
    const tokenExchangeResource: TokenExchangeResource = {
      id: `resource-${this.resources}`,
      uri: `api://${connectionName}/resource`,
    };
    const { channelId } = context.activity;
    return {
      signInLink: `https://botframeworktestadapter.com/oauthsignin/${connectionName}/${channelId}/${userId}`,
      tokenExchangeResource,
    };
  }

  /** @throws Error where the test has asked for it */
  exchange(context: TurnContext, connectionName: string, request: TokenExchangeRequest): TokenResponse | undefined {
    const { channelId } = context.activity;
    // By what is exchanged alone, as tests of the Bot Framework SDK know it.
    const found = this.exchangeable.find(({ item }) => item === (request.token ?? request.uri));
    if (found === undefined) return undefined;
    if (found.token === undefined) throw new Error('Exception occurred during exchanging tokens');
    return { channelId, connectionName, token: found.token };
  }
}
