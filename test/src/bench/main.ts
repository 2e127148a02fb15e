import { parseArgs } from 'node:util';
import { benchCheck } from './check.js';
import { benchCreate } from './create.js';
import { benchLife } from './life.js';
import { benchList } from './list.js';
import { benchReconcile } from './reconcile.js';
import { benchRest } from './rest.js';
import { benchRevoke } from './revoke.js';
import { benchSign } from './sign.js';
import { benchWatch } from './watch.js';

const USAGE = `usage: npm run bench -- sign|check|revoke|create|list|watch|reconcile|life|rest
  [--json] [--seconds N] [--rounds N] [--grants N] [--clones N] [--rows N]
  [--part algorithms|latency]`;

/** Runs the benchmark that the arguments name. Gives the exit code. */
export async function main(_command: string, args: readonly string[]): Promise<number> {
  const given = read(args);
  if (!given) {
    console.error(USAGE);
    return 2;
  }
  const { positionals, values } = given;
  const numbers = {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds ?? 5),
    grants: Number(values.grants),
  };
  switch (positionals[0]) {
    case 'sign':
      await benchSign({ ...values, ...numbers, rows: Number(values.rows) });
      return 0;
    case 'check':
      await benchCheck({ json: values.json, ...numbers });
      return 0;
    case 'revoke':
      await benchRevoke({ json: values.json, rounds: Number(values.rounds ?? 30) });
      return 0;
    case 'rest':
      await benchRest({ json: values.json, ...numbers });
      return 0;
    case 'create':
      await benchCreate({ json: values.json, ...numbers });
      return 0;
    case 'list':
      await benchList({ json: values.json, ...numbers });
      return 0;
    case 'watch':
      await benchWatch({ json: values.json, ...numbers });
      return 0;
    case 'reconcile':
      await benchReconcile({ json: values.json, ...numbers });
      return 0;
    case 'life':
      await benchLife({ json: values.json, clones: Number(values.clones) });
      return 0;
    default:
      console.error(USAGE);
      return 2;
  }
}

/** Undefined: they say nothing that a benchmark knows. */
function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '4' },
        rounds: { type: 'string' },
        grants: { type: 'string', default: '64' },
        clones: { type: 'string', default: '128' },
        rows: { type: 'string', default: '1000000' },
        part: { type: 'string', default: '' },
      },
    });
  } catch {
    return undefined;
  }
}
