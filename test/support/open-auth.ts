import type { InboundAuth } from '../../src/ports/inbound-auth';

/** Lets everybody in, and takes their word for where replies go: for tests of what comes after the gate. */
export const OPEN: InboundAuth = {
  mode: 'open',
  authenticate: async () => ({ ok: true, admit: ({ serviceUrl }) => ({ ok: true, pinned: { serviceUrl } }) }),
};
