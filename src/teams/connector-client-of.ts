import type { TurnContext } from '../bot/turn-context';
import type { ConnectorClient } from '../ports/connector-client';

/** Adapters for tests may make clients themselves. */
interface ClientMaker {
  createConnectorClient?(serviceUrl: string): ConnectorClient | undefined;
}

/** The client for the service that the context's activity came from. @throws Error when the context has none */
export function connectorClientOf(context: TurnContext): ConnectorClient {
  const { createConnectorClient } = context.adapter as ClientMaker;
  const client =
    typeof createConnectorClient === 'function'
      ? createConnectorClient.call(context.adapter, context.activity.serviceUrl)
      : context.turnState.get<ConnectorClient>(context.adapter.ConnectorClientKey);
  if (!client) throw new Error('This method requires a connector client.');
  return client;
}
