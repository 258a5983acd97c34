/** How much is measured: everything, or enough to see that it works. */
export interface Scale {
  readonly rounds: number;
  readonly warmUpS: number;
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly slowHandlerMs: number;
  readonly conversations: readonly number[];
  readonly turns: readonly number[];
  readonly stateKb: readonly number[];
  readonly longRunTurns: number;
  readonly workers: readonly number[];
  /** Whether processes are killed and waited for: 25 s each time. */
  readonly kills: boolean;
}

export const FULL: Scale = {
  rounds: 5,
  warmUpS: 1,
  seconds: 3,
  clients: [1, 16, 64],
  slowHandlerMs: 20_000,
  conversations: [10, 1_000, 100_000],
  turns: [1, 100, 10_000],
  stateKb: [1, 64, 512],
  longRunTurns: 100_000,
  workers: [1, 2, 4],
  kills: true,
};

export const QUICK: Scale = {
  rounds: 1,
  warmUpS: 0.5,
  seconds: 1,
  clients: [1, 16],
  slowHandlerMs: 2_000,
  conversations: [10, 1_000],
  turns: [1, 100],
  stateKb: [1, 64],
  longRunTurns: 2_000,
  workers: [1, 2],
  kills: false,
};
