import type { EarlierPlace } from '../ports/earlier-state';
import { TurnwiseError } from '../schema/errors';
import { partsOfKey } from '../turn/keys';
import type { Desk } from './desk';
import { fields } from './render';
import type { Report } from './report';

/** Documents that are looked at at a time. */
const AT_ONCE = 8;

interface Counts {
  /** Documents that were looked at. */
  documents: number;
  /** States that are new here: taken over, or, in a dry run, to be taken over. */
  imported: number;
  /** Documents whose state is here already, or of which another document has brought it. */
  here: number;
  /** Documents that are no state of a conversation or a user: transcripts, dialogs' own keys, a bot's own data. */
  others: number;
  /** States of an id with a slash: what follows it may be a namespace that the settings do not list. */
  withSlash: number;
  /** States that are too large for a record. */
  tooLarge: string[];
}

/**
 * `turnwise import`: takes the state that the bot's earlier SDK has stored over into the store, ahead of the turns that would. What is here
 * already stays as it is, so it may be repeated at any time, also while the app runs.
 */
export async function importState(desk: Desk, dryRun: boolean): Promise<Report> {
  const { earlier } = desk;
  if (earlier === undefined) throw new TurnwiseError('NothingToImport');
  const counts: Counts = { documents: 0, imported: 0, here: 0, others: 0, withSlash: 0, tooLarge: [] };
  const seen = new Set<string>();
  const one = async (place: EarlierPlace | undefined): Promise<void> => {
    counts.documents += 1;
    if (place === undefined) counts.others += 1;
    else await importOne(desk, place, seen, dryRun, counts);
    if (place !== undefined && hasSlash(place)) counts.withSlash += 1;
    desk.progress(`${counts.documents} documents, ${counts.imported} imported`);
  };
  let batch: Promise<void>[] = [];
  for await (const place of earlier.places()) {
    batch.push(one(place));
    if (batch.length < AT_ONCE) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  const text = fields([
    ['Documents', counts.documents],
    [dryRun ? 'To be imported' : 'Imported', counts.imported],
    ['Here already', counts.here],
    ['No state', counts.others],
    ...(counts.withSlash === 0 ? [] : [['Ids with a slash', `${counts.withSlash} (${SLASH_HINT})`] as const]),
    ['Too large', counts.tooLarge.length],
    ...counts.tooLarge.map((name) => ['', name] as const),
  ]);
  return { data: { dryRun, ...counts }, text };
}

const SLASH_HINT = 'if a namespace follows it, list that in TURNWISE_EARLIER_NAMESPACES before you import';

function hasSlash({ conversation, user }: EarlierPlace): boolean {
  return [conversation, user].some((key) => key !== undefined && partsOfKey(key).id.includes('/'));
}

async function importOne(
  desk: Desk,
  place: EarlierPlace,
  seen: Set<string>,
  dryRun: boolean,
  counts: Counts,
): Promise<void> {
  const name = [place.conversation ?? '', place.user ?? ''].join(' ').trim();
  // Namespaces are documents of their own, and one state here.
  if (seen.has(name)) {
    counts.here += 1;
    return;
  }
  seen.add(name);
  const data = await desk.ask(() => desk.earlier?.read(place) ?? Promise.resolve(undefined));
  if (data === undefined) return;
  try {
    const isNew = dryRun ? await isFree(desk, place) : await desk.ask(({ adoption }) => adoption.adopt(place, data));
    if (isNew) counts.imported += 1;
    else counts.here += 1;
  } catch (error) {
    if (!(error instanceof TurnwiseError) || error.code !== 'RecordTooLarge') throw error;
    counts.tooLarge.push(name);
  }
}

async function isFree(desk: Desk, { conversation, user }: EarlierPlace): Promise<boolean> {
  if (conversation === undefined) return (await desk.ask(({ users }) => users.read(user))).version === 0;
  const id = user === undefined ? 'conversation' : (`private:${user}` as const);
  return (await desk.ask(({ turns }) => turns.readState(conversation, id))).version === 0;
}
