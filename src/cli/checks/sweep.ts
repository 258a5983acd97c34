import type { LastSweep } from '../../ports/sweeps';
import { showsStoppedTimer } from '../../runtime/sweep-watch';
import { duration } from '../render';
import { type Finding, findings } from './finding';

const { ok, warning } = findings('sweep');

const FIX = 'Restart the app: docs/operate.md, "The timer has stopped".';

/**
 * Reports when the app was last swept, and whether its timer did it.
 *
 * @param last the last sweep that the store knows of
 * @param mayBeStopped whether the app may simply not be running, as on a development machine
 */
export function sweepFindings(last: LastSweep | undefined, mayBeStopped: boolean): readonly Finding[] {
  if (last === undefined) {
    if (mayBeStopped) return [ok('none yet: the app has not run for a minute')];
    return [warning('No sweep has ever ended: the timer function "sweep" has not run.', FIX)];
  }
  const at = `The last sweep ended ${duration(last.agoMs)} ago (${new Date(last.at).toISOString()})`;
  if (mayBeStopped || !showsStoppedTimer(last)) return [ok(`${at}.`)];
  const timer = `its timer function "sweep" did not for ${duration(last.timerAgoMs)}`;
  return [warning(last.by === 'timer' ? `${at}: ${timer}.` : `${at}, and another function made it: ${timer}.`, FIX)];
}
