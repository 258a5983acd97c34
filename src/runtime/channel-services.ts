import type { TurnAdapter } from '../bot/turn-adapter';
import type { TurnContext } from '../bot/turn-context';
import type { ConnectorClients } from '../ports/connector-client';
import type { UserTokenClients } from '../ports/user-token-client';

/** What a bot's contexts have at hand beside their effects: clients for calls that want an answer, and who the bot is. */
export interface ChannelServices {
  readonly connectorClients?: ConnectorClients;
  readonly userTokenClients?: UserTokenClients;
  /** Without one the bot is anonymous. */
  readonly appId?: string | undefined;
  /** What the bot gets its tokens for, `https://api.botframework.com` or a sovereign cloud's. */
  readonly audience?: string;
}

/** Puts the services into `turnState`, under the keys of the adapter. Calls of the clients end early when `signal` aborts. */
export function provideServices(
  { activity, turnState }: TurnContext,
  adapter: TurnAdapter,
  { appId, audience, connectorClients, userTokenClients }: ChannelServices,
  signal: AbortSignal,
): void {
  turnState.set(adapter.BotIdentityKey, identityOf(appId));
  if (audience !== undefined) turnState.set(adapter.OAuthScopeKey, audience);
  if (userTokenClients !== undefined) turnState.set(adapter.UserTokenClientKey, userTokenClients.client(signal));
  if (connectorClients === undefined) return;
  turnState.set(adapter.ConnectorClientKey, connectorClients.client(activity.serviceUrl, signal));
  turnState.set(adapter.ConnectorFactoryKey, {
    create: async (serviceUrl: string) => connectorClients.client(serviceUrl, signal),
  });
}

/**
 * For whom the activity was meant, in the form of the Bot Framework's `ClaimsIdentity`. The claims of the caller's token are not kept with an
 * activity: they were checked when it came in.
 */
function identityOf(appId: string | undefined) {
  const claims = appId === undefined ? [] : [{ type: 'aud', value: appId }];
  return {
    isAuthenticated: appId !== undefined,
    claims,
    getClaimValue: (type: string): string | null => claims.find((claim) => claim.type === type)?.value ?? null,
  };
}
