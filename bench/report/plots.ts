import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { at16, type Summary } from './figures.ts';

/** Draws the pictures of the page, as SVG. @returns their names */
export async function drawPlots(summaries: readonly Summary[], folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const plots: Record<string, TopLevelSpec> = {
    'turns-per-second': bars(summaries, 'turns a second, 16 clients', (summary) => at16(summary)?.turnsPerS),
    'cpu-per-turn': bars(summaries, 'CPU ms per turn', (summary) => at16(summary)?.cpuMsPerTurn),
    'ack-behind-slow-handler': bars(
      summaries,
      'ms until the acknowledgement, slow handler (log)',
      ({ measured }) => measured.leisure?.ackBehindSlowMs,
      'log',
    ),
  };
  for (const [name, plot] of Object.entries(plots)) {
    const view = new View(parse(compile(plot).spec), { renderer: 'none' });
    await writeFile(path.join(folder, `${name}.svg`), `${await view.toSVG()}\n`);
  }
  return Object.keys(plots);
}

function bars(
  summaries: readonly Summary[],
  title: string,
  value: (summary: Summary) => number | undefined,
  type: 'linear' | 'log' = 'linear',
): TopLevelSpec {
  const values = summaries.flatMap((summary) => {
    const height = value(summary);
    return height === undefined || !Number.isFinite(height)
      ? []
      : [{ contender: summary.contender, kind: summary.kind, value: height }];
  });
  return {
    data: { values },
    width: 520,
    background: 'white',
    mark: { type: 'bar', cornerRadiusEnd: 2 },
    encoding: {
      y: { field: 'contender', type: 'nominal', sort: null, axis: { title: null, labelLimit: 320 } },
      x: { field: 'value', type: 'quantitative', axis: { title }, scale: { type } },
      color: {
        field: 'kind',
        type: 'nominal',
        legend: null,
        scale: { domain: ['turnwise', 'sdk', 'floor'], range: ['#2563eb', '#94a3b8', '#d6b25e'] },
      },
    },
  };
}
