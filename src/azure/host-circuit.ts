import { BoundedMap } from '../schema/bounded-map';

/** How a call went, as far as the host's health goes. `unclear` says nothing about it: the call was given up, or never made. */
export type HostSign = 'up' | 'down' | 'unclear';

export interface CircuitOptions {
  /** So many failures in a row open the circuit. */
  readonly failures?: number;
  /** How long it stays open the first time; each failed probe doubles it. */
  readonly openMs?: number;
  readonly maxOpenMs?: number;
}

/** A call's admission: `report` has to be called once, however the call went. */
export type Admission =
  | { readonly admitted: true; report(sign: HostSign): void }
  | { readonly admitted: false; readonly retryAfterMs: number };

interface HostState {
  failures: number;
  /** How often in a row it has opened. */
  opened: number;
  openUntil: number;
  probing: boolean;
}

const PROBE_PAUSE_MS = 1_000;

/** Hosts come from activities: however many there are, memory is bounded. A host name has at most 253 characters. */
const MAX_HOSTS = 256;
const MAX_HOST_BYTES = 256 * 1024;

/**
 * One circuit per host, so that a dead channel costs its callers an instant instead of ten seconds each. After a number of failures in
 * a row nothing is let through for a while; then one call at a time probes.
 */
export class HostCircuit {
  readonly #hosts = new BoundedMap<string, HostState>({ maxEntries: MAX_HOSTS, maxBytes: MAX_HOST_BYTES });
  readonly #limit: number;
  readonly #openMs: number;
  readonly #maxOpenMs: number;

  constructor(
    private readonly monotonic: () => number,
    options: CircuitOptions = {},
  ) {
    this.#limit = options.failures ?? 5;
    this.#openMs = options.openMs ?? 5_000;
    this.#maxOpenMs = options.maxOpenMs ?? 60_000;
  }

  enter(host: string): Admission {
    const state = this.#hosts.get(host);
    if (state === undefined || state.failures < this.#limit) return this.#admit(host, false);
    const wait = state.openUntil - this.monotonic();
    if (wait > 0) return { admitted: false, retryAfterMs: wait };
    if (state.probing) return { admitted: false, retryAfterMs: PROBE_PAUSE_MS };
    state.probing = true;
    return this.#admit(host, true);
  }

  #admit(host: string, probe: boolean): Admission {
    return {
      admitted: true,
      report: (sign) => {
        if (sign === 'up') this.#hosts.delete(host);
        else if (sign === 'down') this.#down(host, probe);
        else if (probe) this.#state(host).probing = false;
      },
    };
  }

  #down(host: string, probe: boolean): void {
    const state = this.#state(host);
    // A call that started before the circuit opened tells nothing new when it fails after.
    if (!probe && state.failures >= this.#limit) return;
    state.failures += 1;
    state.probing = false;
    if (state.failures < this.#limit) return;
    state.openUntil = this.monotonic() + Math.min(this.#maxOpenMs, this.#openMs * 2 ** state.opened);
    state.opened = Math.min(state.opened + 1, 20);
  }

  #state(host: string): HostState {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const state: HostState = { failures: 0, opened: 0, openUntil: 0, probing: false };
    this.#hosts.set(host, state);
    return state;
  }
}
