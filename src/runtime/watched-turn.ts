import type { Hold } from './hold';
import { type AfterTurn, runTurn } from './run-turn';
import type { Runtime } from './runtime';
import { stage, stagePassed } from './stage';
import { METRICS } from './telemetry';

/** Runs the turn of the first activity as `runTurn` does, in the trace of its acceptance. */
export async function runWatchedTurn(runtime: Runtime, hold: Hold): Promise<AfterTurn> {
  const { clock, telemetry } = runtime;
  const [pending] = hold.head.pend;
  if (telemetry === undefined || pending === undefined) return (await runTurn(runtime, hold)).next;
  const { trace: parent, key } = pending;
  const { att, pend } = hold.head;
  const attributes = { 'turnwise.conversation': hold.key, 'turnwise.activity': key };
  const waitedMs = Math.max(0, hold.storeNow - pending.at);
  // A later attempt has waited for its back-off as well, and says so by its number.
  if (att <= 1) stagePassed(runtime, 'wait', { parent, attributes }, waitedMs);
  const from = clock.monotonic();
  const started = { ...attributes, 'turnwise.attempt': att, 'turnwise.waiting': pend.length };
  return stage(runtime, 'turn', { kind: 'server', parent, attributes: started }, async (span) => {
    const { next, outcome } = await runTurn(runtime, hold);
    span.set({ 'turnwise.outcome': outcome });
    if (outcome === 'committed') telemetry.measure(METRICS.turnAge, (waitedMs + clock.monotonic() - from) / 1000);
    return next;
  });
}
