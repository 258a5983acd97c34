import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);
import { Arena } from '/work/main/bench/arena.ts';
import { CONTENDERS } from '/work/main/bench/contenders.ts';
import { endAllParts } from '/work/main/bench/processes.ts';
import { Session } from 'node:inspector';
const [, , only = 'Cosmos DB', mode = 'turns', secs = '5'] = process.argv;
const contender = CONTENDERS.find((c) => c.name.includes(only))!;
const arena = await Arena.open([contender]);
try {
  await arena.with(contender, async (fighter: any) => {
    await fighter.load({ clients: 16, seconds: 5, until: mode === 'acks' ? 'ack' : 'reply', conversations: 64 });
    process.env.PROF && require('node:child_process').execSync("pkill -USR2 -f '[s]tarter.cjs'");
    const before = await fighter.usage();
    const counts = await arena.counted(async () => {
      const r = await fighter.load({ clients: 16, seconds: Number(secs), until: mode === 'acks' ? 'ack' : 'reply', conversations: 64 });
      const after = await fighter.usage();
      const n = mode === 'acks' ? r.acks : r.replies;
      console.log(contender.name, 'turns/s', (n / r.seconds).toFixed(0), 'cpu/turn', ((after.cpuMs - before.cpuMs) / n).toFixed(3), 'ack p50', r.ack.p50?.toFixed(2));
      (globalThis as any).n = n;
    });
    process.env.PROF && (require('node:child_process').execSync("pkill -USR2 -f '[s]tarter.cjs'"), await new Promise(r=>setTimeout(r,1500)));
    const n = (globalThis as any).n;
    for (const [k, v] of Object.entries(counts as any)) console.log(k, typeof v === 'object' ? Object.fromEntries(Object.entries(v as any).map(([a, b]: any) => [a, (b / n).toFixed(2)])) : ((v as number) / n).toFixed(2));
  });
} finally { arena.close(); await endAllParts(); }
