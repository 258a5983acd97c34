import type { TurnContext } from '../bot/turn-context';
import type { ConnectorClient } from '../ports/connector-client';

/** What some adapters have beside what every adapter has. */
interface ClientOfAdapter {
  readonly ConnectorClientKey?: unknown;
  /** Adapters for tests may make clients themselves. */
  createConnectorClient?(serviceUrl: string): ConnectorClient | undefined;
}

/** The client for the service that the context's activity came from. @throws Error when the context has none */
export function connectorClientOf(context: TurnContext): ConnectorClient {
  const adapter = context.adapter as ClientOfAdapter;
  const client =
    typeof adapter.createConnectorClient === 'function'
      ? adapter.createConnectorClient(context.activity.serviceUrl)
      : context.turnState.get<ConnectorClient>(adapter.ConnectorClientKey);
  if (!client) throw new Error('This method requires a connector client.');
  return client;
}
