import type { InboundAuth, InboundRequest } from '../ports/inbound-auth';
import type { BotCaller } from './inbound-caller';
import { createTokenVerifier, type VerifierOptions } from './inbound-verifier';

/** Lets in whoever posts activities with a token that stands, and judges each activity by what its token allows. */
export function createGate(options: VerifierOptions<BotCaller>): InboundAuth {
  const verify = createTokenVerifier(options);
  return {
    mode: 'bot-service',
    async authenticate({ headers }: InboundRequest) {
      const verified = await verify(headers.authorization);
      if (!verified.ok) return verified;
      const { caller, key } = verified;
      return { ok: true, admit: (activity) => caller.admit(activity, key) };
    },
  };
}
