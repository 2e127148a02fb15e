import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// Goal: what a workload must not get at it does not get at, and what must end ends.
// Method: the hostile workloads of deploy/examples beside a victim, under both kinds of isolation
// that root can show: as root a user each, and as nobody a namespace each.

const CHECK = fileURLToPath(new URL('./isolation-check.js', import.meta.url));
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
const run = promisify(execFile);

const IS_ROOT = process.getuid?.() === 0;
const WAYS = [
  ...(IS_ROOT ? [{ mode: 'user', program: process.execPath, parameters: [CHECK] }] : []),
  {
    mode: 'namespace',
    ...(IS_ROOT
      ? { program: 'setpriv', parameters: [...NOBODY, process.execPath, CHECK] }
      : { program: process.execPath, parameters: [CHECK] }),
  },
];

for (const { mode, program, parameters } of WAYS) {
  describe(`a hostile workload in a ${mode} of its own`, () => {
    let result: Result;
    before(async () => {
      const { stdout } = await run(program, parameters);
      result = JSON.parse(stdout);
    });

    it('is kept apart in this way', () => {
      assert.match(result.logged[0] ?? '', new RegExp(`"isolation":"${mode}"`));
    });

    it('is out of memory when it allocates without end', () => {
      assert.equal(result.allocated.exit.kind, 'OUT_OF_MEMORY');
    });

    it('is timed out when it loops without end', () => {
      assert.equal(result.looped.exit.kind, 'TIMED_OUT');
    });

    it('is gone after a stop, wherever it hid', () => {
      assert.ok(result.escaped.before >= 14, `${result.escaped.before} hid`);
      assert.equal(result.escaped.after, 0);
      assert.equal(result.escaped.seen.exit.kind, 'STOPPED');
    });

    it('gets at no key, folder, socket or memory but its own', () => {
      const verdicts: readonly Verdict[] = result.snooped.verdicts.map((line) => JSON.parse(line));
      assert.deepEqual(
        verdicts.filter(({ allowed }) => allowed),
        [],
      );
      const tried = new Set(verdicts.map(({ attempt }) => attempt));
      for (const attempt of ['read', 'list', 'connect']) assert.ok(tried.has(attempt), attempt);
      assert.equal(result.snooped.seen.exit.exitCode, 0);
    });

    it('gets at no more by its probe', () => {
      const verdicts: readonly Verdict[] = result.probed.verdicts.map((line) => JSON.parse(line));
      assert.deepEqual(
        verdicts.filter(({ allowed }) => allowed),
        [],
      );
      assert.ok(verdicts.length >= 10, `${verdicts.length}`);
    });

    it('changes nothing of its storage but its data and its own output', () => {
      const verdicts: readonly Verdict[] = result.trespassed.map((line) => JSON.parse(line));
      for (const { attempt, allowed, detail } of verdicts) {
        assert.equal(allowed, attempt.startsWith('own: '), `${attempt} ${detail}`);
      }
      assert.ok(verdicts.length >= 16);
    });
  });
}

interface Exited {
  readonly exit: { readonly kind: string; readonly exitCode?: number };
}

interface Verdict {
  readonly attempt: string;
  readonly target: string;
  readonly allowed: boolean;
  readonly detail: string;
}

interface Result {
  readonly logged: readonly string[];
  readonly allocated: Exited;
  readonly looped: Exited;
  readonly escaped: { readonly before: number; readonly after: number; readonly seen: Exited };
  readonly probed: { readonly verdicts: readonly string[] };
  readonly trespassed: readonly string[];
  readonly snooped: { readonly seen: Exited; readonly verdicts: readonly string[] };
}
