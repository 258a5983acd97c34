import type { ConnectorClient } from '../../src/ports/connector-client';

/** One call: which method of which service, and with what. */
export type Call = readonly [method: string, ...given: unknown[]];

export interface FakeConnectorClient extends ConnectorClient {
  readonly calls: Call[];
}

/** A client that records calls and answers them with what `answers` has under the method's name: a value, or an error to fail with. */
export function fakeConnectorClient(answers: Readonly<Record<string, unknown>> = {}): FakeConnectorClient {
  const calls: Call[] = [];
  const service = (name: string): unknown =>
    new Proxy(
      {},
      {
        get:
          (_target, method) =>
          async (...given: unknown[]) => {
            calls.push([`${name}.${String(method)}`, ...given]);
            const answer = answers[`${name}.${String(method)}`];
            if (answer instanceof Error) throw answer;
            return answer;
          },
      },
    );
  return {
    calls,
    baseUri: 'https://channel.example/',
    conversations: service('conversations') as ConnectorClient['conversations'],
    attachments: service('attachments') as ConnectorClient['attachments'],
    teams: service('teams') as ConnectorClient['teams'],
    batches: service('batches') as ConnectorClient['batches'],
  };
}
