import type { QueueFacts } from '../../diagnosis';
import { type Finding, findings } from './finding';

const { ok, problem, warning } = findings('queue');

const ROLE =
  'Give the identity the role Storage Queue Data Contributor on the storage account (it takes minutes to arrive).';

/** Whether the doorbell can be rung, and whether rings were given up. */
export function queueFindings(facts: QueueFacts | 'ofTheRunner', createdByApp: boolean): readonly Finding[] {
  if (facts === 'ofTheRunner') return [ok('the one that npm start brings')];
  const { poisoned, read, write } = facts;
  if (read === 'absent' && createdByApp) return [ok('not there yet: it is made at the first ring')];
  if (read === 'absent')
    return [
      problem('The queue "turns" is not there: turns run a minute late, by the sweep.', 'Deploy the template again.'),
    ];
  if (read === 'forbidden') return [problem('The queue may not be looked at.', ROLE)];
  if (read === 'failed') {
    return [
      problem('The storage account does not answer.', 'Check its address in the settings, and its network rules.'),
    ];
  }
  const found: Finding[] = [];
  if (write !== 'ok') found.push(problem('The queue takes no message.', ROLE));
  if (poisoned !== undefined && poisoned > 0) {
    found.push(
      warning(
        `${poisoned} messages were given up (turns-poison): rings while the store could not be reached, or messages that are not from this app.`,
        'Nothing is lost with a ring. docs/operate.md says how to tell the two apart; then clear that queue.',
      ),
    );
  }
  return found.length > 0 ? found : [ok('there, and takes messages')];
}
