import type { Activity } from '../schema/activity';
import type { SignInUrlResponse, TokenExchangeRequest, TokenResponse, TokenStatus } from '../schema/tokens';

/**
 * The users' tokens for other services, which the token service of Bot Service keeps. The methods have the names and the order of
 * arguments that they have in the Bot Framework's client, because bots call them: they find the client in `turnState`, under the
 * `UserTokenClientKey` of the context's adapter.
 *
 * A call runs when it is made, outside the turn's transaction, and again when the turn runs again. All methods reject with
 * `ChannelServiceError` when the service refuses or does not answer, and with a `TypeError` for an id that is no text. What they
 * answer is secret: it belongs neither into a log nor into state.
 */
export interface UserTokenClient {
  /**
   * @param magicCode what the user has typed in from the sign-in page, where the channel needs it
   * @returns `undefined` when the user is not signed in, or the code is not theirs
   */
  getUserToken(
    userId: string,
    connectionName: string,
    channelId: string,
    magicCode?: string,
  ): Promise<TokenResponse | undefined>;
  /** Where the user of `activity` signs in. @param finalRedirect where the browser goes afterwards */
  getSignInResource(connectionName: string, activity: Activity, finalRedirect?: string): Promise<SignInUrlResponse>;
  /** Forgets the user's token. */
  signOutUser(userId: string, connectionName: string, channelId: string): Promise<void>;
  /** For which connections the user has a token. @param includeFilter names, with commas between; all without it */
  getTokenStatus(userId: string, channelId: string, includeFilter?: string): Promise<TokenStatus[]>;
  /** @returns tokens by the address of the resource that they are for */
  getAadTokens(
    userId: string,
    connectionName: string,
    resourceUrls: string[],
    channelId: string,
  ): Promise<Record<string, TokenResponse>>;
  /** Exchanges a token of the client's for one of the connection. @returns nothing with a `token` in it when it cannot be exchanged */
  exchangeToken(
    userId: string,
    connectionName: string,
    channelId: string,
    exchangeRequest: TokenExchangeRequest,
  ): Promise<TokenResponse | undefined>;
}

/** Makes clients. Making one costs nothing and calls nobody, so that every turn can have one. */
export interface UserTokenClients {
  /** A client whose calls end early when `signal` aborts. */
  client(signal?: AbortSignal): UserTokenClient;
}
