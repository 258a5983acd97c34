import { type Finding, findings } from './finding';

const { ok, problem, warning } = findings('clock');

/** Tokens are taken for five minutes around their time. */
const REFUSED_MS = 300_000;
/** Answers say whole seconds, and take a while to arrive. */
const WORTH_A_LOOK_MS = 30_000;

/**
 * Whether this machine's clock is right enough for tokens, by what services say.
 * @param answers the time that each service said, and this machine's when it did
 */
export function clockFindings(
  answers: readonly { readonly service: number; readonly here: number }[],
): readonly Finding[] {
  const skews = answers.map(({ here, service }) => here - service);
  const worst = skews.reduce((most, skew) => (Math.abs(skew) > Math.abs(most) ? skew : most), 0);
  const seconds = `${Math.abs(Math.round(worst / 1_000))} s ${worst > 0 ? 'ahead' : 'behind'}`;
  const fix = 'Set the clock of this machine by a time server.';
  if (answers.length === 0) return [ok('nothing to compare it with')];
  if (Math.abs(worst) >= REFUSED_MS) return [problem(`The clock is ${seconds}: tokens are refused.`, fix)];
  if (Math.abs(worst) >= WORTH_A_LOOK_MS) return [warning(`The clock is ${seconds}.`, fix)];
  return [ok('within half a minute of the services')];
}
