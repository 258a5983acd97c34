import type { EndpointResponse } from '../ports/endpoint';
import type { InboundRequest } from '../ports/inbound-auth';
import type { Log } from '../ports/log';
import { type Failure, failure, TurnwiseError } from '../schema/errors';
import { answerOf, RETRY_SOON_S } from './endpoint-answers';
import { logEvent } from './events';
import { errorName } from './runtime';

/** Whatever decides about requests: for activities, or for applications. */
export interface Gate {
  authenticate(request: InboundRequest): Promise<{ readonly ok: boolean }>;
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** What nobody may get in with: nothing, a Host that anybody can write, and a token that nobody has signed. */
const STRANGERS: readonly InboundRequest[] = [
  { headers: {} },
  { headers: { host: '127.0.0.1', 'x-functions-key': 'key', 'x-ms-client-principal-id': 'id' } },
  { headers: { authorization: `Bearer ${encoded({ alg: 'none' })}.${encoded({ exp: 4_102_444_800 })}.` } },
  { headers: { authorization: 'Bearer token' } },
];

/**
 * Tries to get in as a stranger, and resolves when nobody got in.
 * @throws TurnwiseError `GateOpen`
 */
export async function assertShut(gates: readonly Gate[]): Promise<void> {
  for (const gate of gates) {
    for (const stranger of STRANGERS) {
      // A gate that throws lets nobody in.
      const admitted = await gate.authenticate(stranger).catch(() => ({ ok: false }));
      if (admitted.ok) throw new TurnwiseError('GateOpen');
    }
  }
}

/** Failures whose code is passed on. Any other is answered as something that passes. */
const REASONS: ReadonlyMap<string, Failure> = new Map(
  [
    failure(503, 'GateOpen'),
    failure(503, 'StoreUnusable'),
    failure(503, 'StoreManyWriteRegions'),
    failure(503, 'StoreFailsOverByPartition'),
    failure(503, 'StoreUnsafe'),
    failure(503, 'NodeTooOld'),
  ].map((each) => [each.code, each]),
);

/**
 * Answers HTTP requests once the app may: its gates are shut, its store can be used. Until then 503 with the code of the reason, so that
 * channels come again.
 * @param ready rejects while it may not
 */
export async function behindDoor(
  log: Log,
  ready: () => Promise<void>,
  answer: () => Promise<EndpointResponse>,
): Promise<EndpointResponse> {
  try {
    await ready();
  } catch (error) {
    logEvent(log, 'notServing', { error: errorName(error) });
    const reason = error instanceof TurnwiseError ? REASONS.get(error.code) : undefined;
    return answerOf(reason ?? failure(503, 'TryAgain'), RETRY_SOON_S);
  }
  return answer();
}
