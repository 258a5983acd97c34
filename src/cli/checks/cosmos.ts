import type { ContainerFacts, CosmosFacts } from '../../diagnosis';
import { type Finding, findings } from './finding';

const { ok, problem } = findings('store');

const ENOUGH: ReadonlySet<string> = new Set(['Strong', 'BoundedStaleness', 'Session']);

/** Whether a Cosmos DB account is one that the protocol holds on, and whether this identity may use it. */
export function cosmosFindings(facts: CosmosFacts): readonly Finding[] {
  const found: Finding[] = [];
  if (facts.multipleWriteRegions || facts.writeRegions > 1) {
    found.push(
      problem(
        'The account writes in several regions, which breaks ETags: two workers could hold one conversation.',
        'Turn multi-region writes off.',
      ),
    );
  }
  if (!ENOUGH.has(facts.consistency)) {
    found.push(
      problem(
        `The account's consistency is ${facts.consistency}: a worker would not see its own writes.`,
        'Set its default consistency to Session.',
      ),
    );
  }
  found.push(...facts.containers.flatMap(containerFindings));
  if (found.length > 0) return found;
  return [
    ok(`Cosmos DB, consistency ${facts.consistency}, one write region, containers and rights as they have to be`),
  ];
}

function containerFindings({ expires, id, partitionKey, read, wantedPartitionKey, write }: ContainerFacts): Finding[] {
  const name = `The container "${id}"`;
  const role =
    'Give the identity the built-in data contributor role of the account (a data-plane role, which takes minutes to arrive).';
  if (read === 'absent')
    return [problem(`${name} is not there.`, 'Deploy the template again, or check COSMOS_DATABASE.')];
  if (read === 'forbidden') return [problem(`${name} may not be read.`, role)];
  if (read === 'failed') return [problem(`${name} cannot be read.`, 'Check the network rules of the account.')];
  const found: Finding[] = [];
  if (write === 'forbidden') found.push(problem(`${name} may not be written.`, role));
  if (write === 'failed')
    found.push(problem(`${name} cannot be written.`, 'Look at the metrics of the account: it may be throttled.'));
  if (partitionKey !== wantedPartitionKey) {
    found.push(
      problem(
        `${name} has the partition key ${partitionKey ?? 'none'}, not ${wantedPartitionKey}.`,
        'Deploy the template into a new database.',
      ),
    );
  }
  if (!expires) {
    found.push(
      problem(
        `${name} has no time to live: nothing that is over would ever go away.`,
        'Set its default time to live to -1 (on, no default).',
      ),
    );
  }
  return found;
}
