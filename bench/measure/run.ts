import { Arena, type Fighter } from '../arena.ts';
import { type Contender, ON_COSMOS } from '../contenders.ts';
import { type AtOnce, atOnce, deliveredTwice, type Killed, killedInMidTurn } from './correctness.ts';
import { byConversations, byState, byTurns, type Grown } from './growth.ts';
import { type AckPace, type Footprint, footprint, type Pace, paceOfAcks, paceOfTurns } from './pace.ts';
import type { Scale } from './scale.ts';
import { type Start, start } from './start.ts';
import { atLeisure, type Hot, hotConversation, type Leisure } from './waiting.ts';

/** Everything that was measured of one contender. What a contender cannot do is missing. */
export interface Measured {
  readonly contender: string;
  readonly kind: Contender['kind'];
  /** One row for each round. */
  readonly paces: readonly (readonly Pace[])[];
  readonly acks: readonly AckPace[];
  readonly starts: readonly Start[];
  readonly bundledStarts: readonly Start[];
  readonly footprint?: Footprint;
  readonly leisure?: Leisure;
  readonly atOnce?: AtOnce;
  readonly repliesToTwice?: number;
  readonly killed?: Killed;
  readonly hot?: Hot;
  readonly growth?: {
    readonly conversations: readonly Grown[];
    readonly turns: readonly Grown[];
    readonly state: readonly Grown[];
  };
}

export interface Measurements {
  readonly contenders: readonly Measured[];
  /** Turns a second of so many workers on one store. */
  readonly scaleOut: readonly { readonly workers: number; readonly turnsPerS: number }[];
}

/** Right or wrong, and nothing else, with emulators around: they know more than the services that are made for speed. */
export async function measureCorrectness(
  contenders: readonly Contender[],
  say: (line: string) => void,
): Promise<Measurements> {
  const arena = await Arena.open(contenders, true);
  const rows: Row[] = [];
  try {
    for (const contender of contenders.filter(answersLikeABot)) {
      say(contender.name);
      const row = newRow(contender);
      await arena.with(contender, (fighter) => correctness(fighter, row));
      row.killed = await killedInMidTurn(arena, contender);
      rows.push(row);
    }
    return { contenders: rows, scaleOut: [] };
  } finally {
    arena.close();
  }
}

const answersLikeABot = ({ kind, variant }: Contender): boolean => kind !== 'floor' && variant !== true;

const newRow = ({ name, kind }: Contender): Row => ({
  contender: name,
  kind,
  paces: [],
  acks: [],
  starts: [],
  bundledStarts: [],
});

type Row = { -readonly [Name in keyof Measured]: Measured[Name] } & {
  paces: Pace[][];
  acks: AckPace[];
  starts: Start[];
  bundledStarts: Start[];
};

/** Everything, in one run: the rounds go from one contender to the next, so that whatever the machine does besides hits all alike. */
export async function measure(
  scale: Scale,
  contenders: readonly Contender[],
  say: (line: string) => void,
): Promise<Measurements> {
  const arena = await Arena.open(contenders);
  const rows = new Map<Contender, Row>(contenders.map((each) => [each, newRow(each)]));
  try {
    for (let round = 1; round <= scale.rounds; round += 1) {
      for (const [contender, row] of rows) {
        say(`round ${round}: ${contender.name}`);
        await arena.with(contender, (fighter) => oneRound(fighter, row, scale));
        row.starts.push(await start(arena, contender, false));
        row.bundledStarts.push(await start(arena, contender, true));
      }
    }
    for (const [contender, row] of rows) {
      if (!answersLikeABot(contender)) continue;
      say(`once: ${contender.name}`);
      await arena.with(contender, (fighter) => once(fighter, row, scale));
      if (scale.kills) row.killed = await killedInMidTurn(arena, contender);
      if (contender.kind === 'turnwise' && contender.store !== 'memory') await growing(arena, contender, row, scale);
    }
    return { contenders: [...rows.values()], scaleOut: rows.has(ON_COSMOS) ? await scaleOut(arena, scale, say) : [] };
  } finally {
    arena.close();
  }
}

async function oneRound(fighter: Fighter, row: Row, { warmUpS, seconds, clients }: Scale): Promise<void> {
  await paceOfTurns(fighter, 16, warmUpS);
  const paces: Pace[] = [];
  for (const count of clients) paces.push(await paceOfTurns(fighter, count, seconds));
  row.paces.push(paces);
  const acknowledgesFirst = fighter.contender.kind === 'turnwise' || !fighter.contender.replies;
  if (acknowledgesFirst) row.acks.push(await paceOfAcks(fighter, 16, seconds));
}

async function once(fighter: Fighter, row: Row, scale: Scale): Promise<void> {
  row.footprint = await footprint(fighter);
  await correctness(fighter, row);
  row.hot = await hotConversation(fighter, scale.seconds * 2);
  row.leisure = await atLeisure(fighter, scale);
}

async function correctness(fighter: Fighter, row: Row): Promise<void> {
  row.atOnce = await atOnce(fighter);
  row.repliesToTwice = await deliveredTwice(fighter);
}

async function growing(arena: Arena, contender: Contender, row: Row, scale: Scale): Promise<void> {
  row.growth = {
    conversations: await arena.with(contender, (fighter) => byConversations(fighter, scale)),
    turns: await arena.with(contender, (fighter) => byTurns(fighter, scale)),
    state: await arena.with(contender, (fighter) => byState(fighter, scale)),
  };
}

async function scaleOut(
  arena: Arena,
  { workers, seconds }: Scale,
  say: (line: string) => void,
): Promise<Measurements['scaleOut']> {
  const results: { workers: number; turnsPerS: number }[] = [];
  for (const count of workers) {
    say(`${count} ${count === 1 ? 'worker' : 'workers'}`);
    const { turnsPerS } = await arena.with(ON_COSMOS, (fighter) => paceOfTurns(fighter, 64, seconds), count);
    results.push({ workers: count, turnsPerS });
  }
  return results;
}
