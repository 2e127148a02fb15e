import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '@ramet/local/engines';
import { type Clone, ClonePhase, GetCloneRequest, StageState } from '@ramet/proto-gen/lifecycle.v1';
import { Scope } from '@ramet/service';
import { deleteClone, untilPhase } from './support/clones.js';
import {
  EXAMPLES,
  idOf,
  linesOfReadme,
  openShell,
  type Shell,
  serveVisits,
  withPolicy,
} from './support/examples.js';
import { contentOf, countedIn, resultsOf } from './support/results.js';
import { placesOf } from './support/secrets.js';
import { endSoundly, requireOneLife } from './support/soundness.js';
import { type Person, startWorld, type World } from './support/world.js';

const { RUNNING, COMPLETED, FAILED, SUSPENDED, DELETED } = ClonePhase;
const DAY_MS = 24 * 60 * 60_000;

// Goal: a person runs the examples of the four kinds with the lines of their READMEs, and sees what
// these say.
// Method: the whole mesh with the real command; what workloads serve is asked over HTTP.

describe('the four kinds of clones', function () {
  this.timeout(240_000);
  let world: World;
  let scope: Scope;
  let ada: Person;
  let shell: Shell;
  before(async () => {
    scope = new Scope();
    world = await startWorld({ settings: { executor: { BUNDLES_DIR: EXAMPLES } } });
    ada = await world.createPerson('ada');
    shell = await openShell(world, ada, scope);
  });
  after(async () => {
    await scope[Symbol.asyncDispose]();
    await endSoundly(world);
  });

  it('a bot trades with a key that it never sees', async () => {
    const { startExchange } = await import(urlOf('paper-exchange/exchange.mjs'));
    const { expectedResult } = await import(urlOf('moving-average/expected.mjs'));
    const secret = 'a secret of the paper exchange';
    const accounts = new Map([['demo', { algorithm: 'hmac-sha256', secret }]]);
    const exchange = await startExchange({ accounts });
    scope.defer(() => exchange.close());
    await writeFile(join(shell.folder, 'secret'), secret);
    await shell.does(
      'ramet keys create paper --algorithm hmac-sha256 --venue binance --venue-key-id demo --secret-file secret',
    );

    const lines = await linesOfReadme('moving-average');
    await shell.does(lines.replace('http://127.0.0.1:8099', exchange.url));

    const clone = await cloneOf(ada, 'trader');
    const expected = expectedResult({ fast: 5, slow: 20 });
    assert.equal(clone.phase, COMPLETED);
    assert.equal(exchange.book().verified, expected.trades);
    assert.equal(exchange.book().accounts[0].quote, expected.quoteBalance);
    await deleteClone(ada, clone.id);
  });

  it('a workflow fetches, counts and publishes', async () => {
    const lines = await linesOfReadme('page-counts');
    await shell.does(lines.replaceAll('8098', String(await freePort())));
    const clone = await cloneOf(ada, 'counts');
    assert.equal(clone.phase, COMPLETED);
    assert.deepEqual(statesOf(clone), ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);

    const results = await resultsOf(ada, clone.id);
    await shell.does('ramet results download counts left --logs');
    for (const { name, sha256, sizeBytes } of results) {
      const bytes = await readFile(join(shell.folder, 'left', name));
      assert.deepEqual(createHash('sha256').update(bytes).digest(), Buffer.from(sha256), name);
      assert.equal(BigInt(bytes.length), sizeBytes);
    }
    const counted = countedIn(await readFile(join(EXAMPLES, 'page-counts', 'visits.csv'), 'utf8'));
    const totals = JSON.parse(await readFile(join(shell.folder, 'left/run/totals.json'), 'utf8'));
    assert.deepEqual([totals.visits, totals.rows, totals.rejected], Object.values(counted.all));
    const home = await readFile(join(shell.folder, 'left/run/by/page/home.json'), 'utf8');
    assert.equal(JSON.parse(home).visits, counted.home);
    const report = await contentOf(ada, clone.id, 'publish/report.md');
    assert.match(report, new RegExp(`^${counted.all.visits} visits in ${counted.all.rows} `, 'm'));

    // What it left is what another one reads.
    const input = 'visits.csv=result:counts/run/clean.csv';
    await shell.does(
      `ramet clones create --template page-counts --name again --input ${input} --wait`,
    );
    const second = await cloneOf(ada, 'again');
    const same = JSON.parse(await contentOf(ada, second.id, 'run/totals.json'));
    assert.deepEqual({ ...same, rejected: 3 }, totals);
    assert.equal(same.rejected, 0);
    await Promise.all([clone, second].map(({ id }) => deleteClone(ada, id)));
  });

  it('a workflow publishes whatever failed before', async () => {
    const url = await serveVisits(scope);
    const run = `ramet run deploy/examples/page-counts/template.json --wait --input visits.csv=${url}`;
    const [wrong, empty] = await Promise.all([
      shell.type(`${run},sha256=${'0'.repeat(64)} --name wrong`),
      shell.type(`${run} --name empty --param country=XX`),
    ]);
    assert.deepEqual([wrong.code, empty.code], [1, 1]);

    const [other, none] = [await cloneOf(ada, 'wrong'), await cloneOf(ada, 'empty')];
    assert.deepEqual(statesOf(other), ['FAILED', 'SKIPPED', 'SUCCEEDED']);
    assert.match(other.message, /visits\.csv.*sha256/s);
    assert.deepEqual(statesOf(none), ['SUCCEEDED', 'FAILED', 'SUCCEEDED']);
    assert.equal(none.stages[1]?.outcome?.exitCode, 1);
    for (const { id, phase } of [other, none]) {
      assert.equal(phase, FAILED);
      assert.match(await contentOf(ada, id, 'publish/report.md'), /Nothing was counted/);
      await deleteClone(ada, id);
    }
  });

  it('an environment is updated, paused and put away, and keeps what it has', async () => {
    await shell.does(await linesOfReadme('web-environment'));
    const { id } = await cloneOf(ada, 'web');
    assert.match(await pageOf(ada, id), /<h1>My site<\/h1>.*Release v1, schema 1\. Visit 1\./s);

    const value = 'two = lines\n"quoted" & ünïcödé';
    await writeFile(join(shell.folder, 'title'), value);
    await shell.does(`ramet clones update web --tag v2 --wait --override "TITLE=$(cat title)"`);
    const updated = await pageOf(ada, id);
    assert.ok(updated.includes(value.replaceAll('&', '&amp;')), updated);
    assert.match(updated, /Release v2, schema 2\. Visit 2\./);

    await shell.does('ramet clones suspend web --wait');
    assert.deepEqual((await cloneOf(ada, 'web')).endpoints, []);
    await shell.does('ramet clones resume web --wait');
    assert.match(await pageOf(ada, id), /Release v2, schema 2\. Visit 3\./);
    await shell.does('ramet clones archive web --wait');
    await shell.does('ramet clones restore web --wait');
    assert.match(await pageOf(ada, id), /Release v2, schema 2\. Visit 4\./);
    await deleteClone(ada, id);
    await requireOneLife(ada, id);
  });

  it('an environment goes back from a release that never gets well, and says why', async () => {
    const file = await withPolicy(shell.folder, 'web-environment', { startWithin: '40s' });
    await shell.does(`ramet run ${file} --name careful --tag v2 --wait`);
    const { id } = await cloneOf(ada, 'careful');
    assert.match(await pageOf(ada, id), /Visit 1\./);

    const update = await shell.type('ramet clones update careful --tag broken --wait');
    assert.equal(update.code, 1);
    assert.match(update.errors, /release 2 did not start.*503/s);
    const clone = await untilPhase(ada, id, RUNNING);
    assert.deepEqual([clone.release?.number, clone.release?.tag], [1, 'v2']);
    assert.equal(clone.candidate, undefined);
    assert.ok(clone.conditions.some(({ type }) => type === 'UPDATE_FAILED'));
    assert.match(await pageOf(ada, id), /Release v2, schema 2\. Visit 2\./);

    // The next one that works takes that back.
    await shell.does('ramet clones update careful --override TITLE=Careful --wait');
    assert.match(await pageOf(ada, id), /<h1>Careful<\/h1>.*Visit 3\./s);
    const { conditions } = await cloneOf(ada, 'careful');
    assert.ok(!conditions.some(({ type }) => type === 'UPDATE_FAILED'));
    await deleteClone(ada, id);
  });

  it('an environment has a secret that nobody else gets', async () => {
    const secret = 'zq7-only-the-site-knows-this';
    await writeFile(join(shell.folder, 'token'), secret);
    const run = 'ramet run deploy/examples/web-environment/template.json --name secretive --wait';
    const typed = await shell.does(`${run} --secret-override-file NOTE_TOKEN=token`);
    const { id } = await cloneOf(ada, 'secretive');

    assert.equal(await noteOn(ada, id, 'a guess'), 403);
    assert.equal(await noteOn(ada, id, secret), 201);
    assert.match(await pageOf(ada, id), /<li>hello<\/li>/);
    const told = await shell.does(
      'ramet --json clones get secretive; ramet --json clones history secretive; ramet --json actions list --clone secretive; ramet clones logs secretive',
    );
    assert.ok(![typed, told].some(({ out, errors }) => (out + errors).includes(secret)));
    const [place, ...others] = await placesOf(world, secret);
    assert.match(place ?? '', /\/exe_[0-9a-z]{26}-e\d+\/config\/app\/NOTE_TOKEN$/);
    assert.deepEqual(others, []);

    await deleteClone(ada, id);
    assert.deepEqual(await placesOf(world, secret), []);
  });

  it('an instance lives for as long as its trial', async () => {
    await shell.does(await linesOfReadme('trial-instance'));
    const trial = await cloneOf(ada, 'trial');
    assert.match(await pageOf(ada, trial.id), /You are guest 1\./);
    const livesMs = Number(trial.expireTime) - Number(trial.createTime);
    assert.equal(livesMs, 14 * DAY_MS);
    const tooLong = await shell.type('ramet clones extend trial 60d --reason greed');
    assert.match(tooLong.errors, /EXTENSION_DENIED/);
    await deleteClone(ada, trial.id);
  });

  it('an instance expires, is extended, expires again, and is gone', async () => {
    const policy = { expireAfter: '10s', expiryGrace: '20s', extendUpTo: '3600s' };
    const file = await withPolicy(shell.folder, 'trial-instance', policy);
    await shell.does(`ramet run ${file} --name brief`);
    const { id } = await cloneOf(ada, 'brief');
    const slept = await untilPhase(ada, id, SUSPENDED);
    assert.equal(slept.reason, 'EXPIRED');
    assert.ok(slept.deleteDueTime);
    assert.match((await shell.type('ramet clones resume brief')).errors, /CLONE_EXPIRED/);

    await shell.does("ramet clones extend brief 20s --reason 'still deciding'");
    await untilPhase(ada, id, RUNNING);
    assert.match(await pageOf(ada, id), /You are guest 1\./);
    await untilPhase(ada, id, SUSPENDED);
    const gone = await untilPhase(ada, id, DELETED);
    assert.ok(gone.startTime);
    const { out } = await shell.does(`ramet --json actions list --clone ${id}`);
    assert.match(out, /still deciding/);
    await requireOneLife(ada, id);
  });
});

function urlOf(path: string): string {
  return pathToFileURL(join(EXAMPLES, path)).href;
}

async function cloneOf(person: Person, name: string): Promise<Clone> {
  const id = await idOf(person, name);
  const { clone } = await person.patient.clones.getClone(GetCloneRequest.fromPartial({ id }));
  return clone ?? assert.fail('no clone came back');
}

function statesOf({ stages }: Clone): readonly (string | undefined)[] {
  const names = Object.entries(StageState);
  return stages.map(({ state }) => names.find(([, number]) => number === state)?.[0]);
}

async function addressOf({ patient: { clones } }: Person, id: string): Promise<string> {
  const { clone } = await clones.getClone(GetCloneRequest.fromPartial({ id }));
  return clone?.endpoints[0]?.url ?? assert.fail(`${id} has no endpoint`);
}

async function pageOf(person: Person, id: string): Promise<string> {
  const response = await fetch(`${await addressOf(person, id)}/`);
  return await response.text();
}

async function noteOn(person: Person, id: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const request = { method: 'POST', headers, body: 'hello' };
  return (await fetch(`${await addressOf(person, id)}/notes`, request)).status;
}
