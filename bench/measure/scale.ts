/** How much is measured: everything, or enough to see that it works. */
export interface Scale {
  readonly rounds: number;
  /** Before each contender's part of a round. */
  readonly warmUpS: number;
  /** For each number of clients, and for acknowledgements alone. */
  readonly seconds: number;
  readonly clients: readonly number[];
  /** Messages at five a second, with a queue that is looked at at once, and with one that is polled. */
  readonly leisurely: number;
  readonly slowHandlerMs: number;
  /** For each size of what grows. */
  readonly probeS: number;
  readonly conversations: readonly number[];
  readonly turns: readonly number[];
  readonly stateKb: readonly number[];
  readonly workers: readonly number[];
  /** Whether processes are killed and waited for: 32 s each time. */
  readonly kills: boolean;
}

/*
 * How long it takes, on two cores and with these contenders: nine, of which five acknowledge ahead of their turns, and six that answer like a bot.
 *
 *                                                         full                                quick
 * rounds: warm-up, paces, acknowledgements, two starts    5 × (5 × 24 s + 4 × 19 s)  16 min   5 × 6 s + 4 × 4 s   46 s
 * once: footprint, twenty at once, hot, leisure, slow     6 × 47 s                    5 min   3 × 14 s + 3 × 9 s  69 s
 * killed, and waited for                                  6 × 32 s                    3 min   -
 * growth on Cosmos DB, at 350 turns/s, and 250 in one     290 s + 40 s + 20 s         6 min                       11 s
 * growth on SQLite, at 400 turns/s, and 200 in one        250 s + 50 s + 20 s         5 min                        9 s
 * workers                                                                            15 s                          3 s
 *
 * All in all half an hour, and 2:20; on a machine that does other things as well, half as much again.
 */

export const FULL: Scale = {
  rounds: 5,
  warmUpS: 8,
  seconds: 3,
  clients: [1, 16, 64],
  leisurely: 40,
  slowHandlerMs: 20_000,
  probeS: 2,
  conversations: [10, 1_000, 100_000],
  turns: [1, 100, 10_000],
  stateKb: [1, 64, 512],
  workers: [1, 2, 4],
  kills: true,
};

export const QUICK: Scale = {
  rounds: 1,
  warmUpS: 0.5,
  seconds: 1,
  clients: [1, 16],
  leisurely: 10,
  slowHandlerMs: 2_000,
  probeS: 1,
  conversations: [10, 1_000],
  turns: [1, 100],
  stateKb: [1, 64],
  workers: [1, 2],
  kills: false,
};
