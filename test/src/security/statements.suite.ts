// Goal: what belongs to others and what is not there take the same way to their refusal: the same
// statements of the same services, so that nothing but chance tells their times apart (T1).
// Method: every refused cell of the table, twice; what each service logs of it, by the trace.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemIds } from '@ramet/service';
import { type Cast, sharedCast } from './access/cast.js';
import { EVERYBODY, expectedOf, type Machine, type Person, type Row } from './access/row.js';
import { TABLE } from './access/table.js';
import { type Caller, openCaller } from './support/call.js';
import { PEERS, readContract } from './support/contract.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';

/** What a service keeps for a second may spare a statement in some rounds, and not in others. */
const ROUNDS = 3;
const TARGETS = ['foreign', 'missing'] as const;

const contract = readContract();

describe('a refusal', () => {
  let test: TestMesh;
  let cast: Cast;
  let caller: Caller;

  before(async () => {
    test = await sharedMesh();
    cast = await sharedCast(test);
    caller = openCaller(contract, test.ways);
  });
  after(() => caller?.[Symbol.dispose]());

  it('takes the same statements whether a thing is of others or not there (T1)', async () => {
    const asked: Asked[] = [];
    for (const row of TABLE) {
      for (const who of EVERYBODY.filter((each) => isHidden(row, each))) {
        const rounds: Round[] = [];
        while (rounds.length < ROUNDS) {
          rounds.push({
            foreign: await ask(row, who, 'foreign'),
            missing: await ask(row, who, 'missing'),
          });
        }
        asked.push({ cell: `${row.rpc} by ${who}`, rounds });
      }
    }

    const statements = statementsByTrace(test);
    const of = (trace: string): string => (statements.get(trace) ?? []).toSorted().join('\n');
    const apart = asked.filter(({ rounds }) => {
      return !rounds.some(({ foreign }) =>
        rounds.some(({ missing }) => of(foreign) === of(missing)),
      );
    });

    assert.ok(statements.size > 0, 'no service told of a statement');
    assert.deepEqual(
      apart.map(({ cell, rounds: [round] }) => {
        return [cell, ...TARGETS.map((target) => `${target}:\n${of(round?.[target] ?? '')}`)];
      }),
      [],
    );
  });

  /** Makes the call of a cell. Returns the id of its trace. */
  async function ask(row: Row, who: Person | Machine, target: Target): Promise<string> {
    const rpc = contract.rpc(row.rpc);
    const trace = systemIds.bytes(16).toString('hex');
    const span = systemIds.bytes(8).toString('hex');
    const metadata = { traceparent: `00-${trace}-${span}-01` };
    const request = contract.encode(rpc, row.request(cast.world[target], cast.world));
    const peer = PEERS.find((name) => name === rpc.room) ?? 'teams';
    const { code } = await caller.call(test.addressOf(peer), rpc, request, {
      token: cast.tokens[who],
      metadata,
    });
    assert.notEqual(code, 'OK', `${row.rpc} by ${who}`);
    return trace;
  }
});

type Target = (typeof TARGETS)[number];
type Round = Readonly<Record<Target, string>>;

interface Asked {
  readonly cell: string;
  readonly rounds: readonly Round[];
}

/** Whether somebody is to find no difference between what is of others and what is not there. */
function isHidden(row: Row, who: Person | Machine): boolean {
  const foreign = expectedOf(row, who, 'foreign');
  return foreign !== 'ok' && foreign === expectedOf(row, who, 'missing');
}

/** What the services have logged of statements, each with the service that ran it. */
function statementsByTrace({ mesh }: TestMesh): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const peer of PEERS) {
    for (const { trace_id: trace, text } of statementsOf(join(mesh.layout.logs, `${peer}.log`))) {
      const known = found.get(trace) ?? [];
      found.set(trace, [...known, `${peer}: ${text}`]);
    }
  }
  return found;
}

interface Line {
  readonly message: string;
  readonly trace_id: string;
  readonly text: string;
}

function statementsOf(file: string): readonly Line[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"a statement"'));
  return lines
    .map((line): Line => JSON.parse(line))
    .filter(({ trace_id }) => trace_id !== undefined);
}
