// Goal: templates and owners' overrides are kept with their history, and nobody finds a secret.
// Method: the stores themselves on a real database, without the service around them.

import assert from 'node:assert/strict';
import { type Database, fingerprint, migrate, openDatabase } from '@ramet/database';
import { systemIds } from '@ramet/service';
import { seeded } from '@ramet/test/random';
import { createDatabase, type TestDatabase } from '@ramet/test/support';
import type { Owner } from '../domain/clone.js';
import type { AskedChange } from '../domain/overrides.js';
import { changeLayer } from '../domain/owner-layer.js';
import { defaultSpec } from '../domain/release.js';
import { changed, deleted, type WantedTemplate } from '../domain/template.js';
import { createDigester } from '../sealing/digester.js';
import { createSealer } from '../sealing/sealer.js';
import { specOf } from '../testing/random-spec.js';
import { requireSoundTemplates } from '../testing/template-soundness.js';
import { OwnerOverrides } from './owner-overrides.js';
import { Secrets } from './secrets.js';
import { Templates } from './templates.js';

const [older, newer] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const ANN = ownerOf('usr_00000000000000000000000001');
const TEAM = ownerOf('tem_00000000000000000000000001');
const CLONE = 'cln_00000000000000000000000001';
const BY = { event: 'changed', actor: 'user:ann', sight: 'all' } as const;

function ownerOf(id: string): Owner {
  return { kind: id.startsWith('usr_') ? 'user' : 'team', id };
}

function wish(name: string, more: Partial<WantedTemplate> = {}): WantedTemplate {
  return {
    id: systemIds.make('tpl'),
    owner: ANN,
    name,
    kind: 'BOT',
    description: '',
    shared: false,
    spec: defaultSpec(),
    labels: {},
    ...more,
  };
}

function request(requestId = '', text = ''): Parameters<Templates['create']>[1] {
  return { caller: 'user:ann', requestId, fingerprint: fingerprint(Buffer.from(text)) };
}

describe('the stores of templates', () => {
  let database: TestDatabase;
  let db: Database;
  let templates: Templates;

  beforeEach(async () => {
    database = await createDatabase();
    db = await openDatabase({ url: database.url, schema: 'lifecycle', application: 'test' });
    await migrate(db, new URL('../../migrations/', import.meta.url));
    templates = new Templates(db);
  });

  afterEach(async () => {
    await requireSoundTemplates(db);
    await db[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const secretsOf = (...keys: readonly Buffer[]): Secrets =>
    new Secrets({ db, sealer: createSealer(keys, systemIds), digest: createDigester(keys) });

  it('keep a template as it was asked for', async () => {
    const random = seeded(21);
    for (let round = 0; round < 20; round += 1) {
      const spec = specOf(random);
      const made = await templates.create(
        wish(`t${round}`, { spec, labels: { a: 'é' } }),
        request(),
      );
      assert.deepEqual(await templates.get(made.id, 0, 'all'), made);
      assert.deepEqual(made.spec, spec);
    }
  });

  it('make one for a request that comes twice, also at once', async () => {
    const ask = () => templates.create(wish('web'), request('r1', 'x'));
    const made = await Promise.all([ask(), ask(), ask()]);
    assert.deepEqual(new Set(made.map(({ id }) => id)).size, 1);
    await assert.rejects(templates.create(wish('web'), request('r1', 'y')), {
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('give a name once, until its template is deleted', async () => {
    const first = await templates.create(wish('web'), request());
    await templates.create(wish('web', { owner: TEAM }), request());
    await assert.rejects(templates.create(wish('web'), request()), { reason: 'NAME_TAKEN' });
    await assert.rejects(templates.requireFreeName(wish('web')), { reason: 'NAME_TAKEN' });
    await templates.change(first.id, { ...BY, event: 'deleted' }, deleted);
    await templates.requireFreeName(wish('web'));
    await templates.create(wish('web'), request());
  });

  it('keep every revision, and make one only where the spec differs', async () => {
    const { id, spec } = await templates.create(wish('web'), request());
    const open = { ...spec, openParameters: false };
    const second = await templates.change(id, BY, (it) => changed(it, { spec: open }));
    assert.deepEqual([second.revision, second.seq], [2, 2]);
    const third = await templates.change(id, BY, (it) => changed(it, { description: 'x' }));
    assert.deepEqual([third.revision, third.seq], [2, 3]);
    assert.deepEqual(await templates.change(id, BY, (it) => changed(it, { spec: open })), third);

    assert.deepEqual((await templates.get(id, 1, 'all')).spec, spec);
    assert.deepEqual((await templates.get(id, 2, 'all')).spec, open);
    for (const revision of [3, 4_294_967_295]) {
      assert.equal(await templates.find(id, revision, 'all'), undefined);
    }
  });

  it('change one after the other', async () => {
    const { id } = await templates.create(wish('web'), request());
    const add = (n: number) =>
      templates.change(id, BY, (it) => changed(it, { labels: { ...it.labels, [n]: '' } }));
    await Promise.all([1, 2, 3, 4, 5, 6].map(add));
    const { labels, seq } = await templates.get(id, 0, 'all');
    assert.deepEqual([Object.keys(labels).length, seq], [6, 7]);
  });

  it('show what is in sight or shared, and nothing else', async () => {
    const own = await templates.create(wish('own'), request());
    const team = await templates.create(wish('team', { owner: TEAM }), request());
    const open = await templates.create(wish('open', { owner: TEAM, shared: true }), request());
    const sight = [ANN.id];

    const page = { size: 0, token: '', binding: [] };
    const { items } = await templates.list({ sight, name: '', page });
    assert.deepEqual(
      items.map(({ name }) => name),
      ['open', 'own'],
    );
    assert.deepEqual(await templates.get(open.id, 0, sight), open);
    assert.equal(await templates.find(team.id, 0, sight), undefined);
    await assert.rejects(
      templates.change(team.id, { ...BY, sight }, (it) => it),
      { reason: 'TEMPLATE_NOT_FOUND' },
    );
    const listed = await templates.list({ sight, ownerId: TEAM.id, name: 'open', page });
    assert.deepEqual(listed.items, [open]);
    assert.deepEqual((await templates.list({ sight: [], name: 'own', page })).items, []);
    assert.equal((await templates.list({ sight: 'all', name: '', page })).items.length, 3);
    assert.equal((await templates.get(own.id, 0, sight)).name, 'own');
  });

  it('list page by page, however large they are', async () => {
    const spec = {
      ...defaultSpec(),
      overrides: Array.from({ length: 6 }, (_, n) => ({
        name: `N${n}`,
        scope: 'APP' as const,
        layer: 'TEMPLATE' as const,
        value: 'x'.repeat(65_000),
        digest: '',
      })),
    };
    for (let n = 0; n < 7; n += 1) await templates.create(wish(`t${n}`, { spec }), request());
    const names: string[] = [];
    const sizes: number[] = [];
    let token = '';
    do {
      const page = { size: 5, token, binding: [] };
      const { items, nextToken } = await templates.list({ sight: 'all', name: '', page });
      names.push(...items.map(({ name }) => name));
      sizes.push(items.length);
      token = nextToken;
    } while (token !== '');
    assert.deepEqual(names, ['t6', 't5', 't4', 't3', 't2', 't1', 't0']);
    assert.ok(Math.max(...sizes) < 5, `a page has ${sizes}`);
  });

  it('keep the layer of an owner, its secrets sealed and nowhere else', async () => {
    const secrets = secretsOf(older);
    const layers = new OwnerOverrides(db, secrets);
    assert.deepEqual(await layers.get(ANN), { owner: ANN, overrides: [], seq: 0 });

    const first = await change(secrets, layers, [
      { name: 'LEVEL', scope: 'APP', kind: 'set', value: 'debug' },
      { name: 'TOKEN', scope: 'APP', kind: 'secret', value: 'hush-hush' },
      { name: 'OTHER', scope: 'APP', kind: 'secret', value: 'hush-hush' },
    ]);
    assert.equal(first.seq, 1);
    assert.deepEqual(await layers.get(ANN), first);
    const [, other, token] = first.overrides;
    assert.ok(token && other && token.digest !== other.digest, 'equal secrets look alike');
    assert.deepEqual([token.value, token.bytes], ['', 9]);
    const opened = await secrets.open(ANN.id, [token.digest]);
    assert.equal(opened.get(token.digest)?.toString(), 'hush-hush');

    assert.equal(
      await change(secrets, layers, [
        { name: 'TOKEN', scope: 'APP', kind: 'secret', value: 'hush-hush' },
      ]).then(({ seq }) => seq),
      1,
      'the same again changes nothing',
    );
    await change(secrets, layers, [{ name: 'TOKEN', scope: 'APP', kind: 'unset' }]);
    await assert.rejects(secrets.open(ANN.id, [token.digest]), /has no secret/);
    assert.equal(await dumped(db, 'hush-hush'), false);
  });

  it('change a layer one after the other', async () => {
    const secrets = secretsOf(older);
    const layers = new OwnerOverrides(db, secrets);
    const names = ['A', 'B', 'C', 'D', 'E'];
    await Promise.all(
      names.map((name) =>
        change(secrets, layers, [{ name, scope: 'APP', kind: 'set', value: '' }]),
      ),
    );
    const { overrides, seq } = await layers.get(ANN);
    assert.deepEqual([overrides.map(({ name }) => name), seq], [names, 5]);
  });

  it('copy secrets to a clone, seal them anew, and remove them', async () => {
    const old = secretsOf(older);
    const names = old.nameChanges(ANN.id, [
      { name: 'A', scope: 'APP', kind: 'secret', value: 'one' },
      { name: 'B', scope: 'APP', kind: 'secret', value: 'é\n' },
    ]);
    const digests = names.secrets.map(({ digest }) => digest);
    await old.seal(db, ANN.id, names.secrets);
    await old.seal(db, ANN.id, names.secrets);
    await old.copy(db, { from: ANN.id, to: CLONE }, digests);
    await old.removeAll(db, ANN.id);
    await assert.rejects(old.open(ANN.id, digests), /has no secret/);

    const [sealed] = await db.query<{ sealed: Buffer; digest: string }>('select * from secret');
    assert.ok(sealed);
    const sealer = createSealer([older], systemIds);
    assert.throws(
      () => sealer.open(sealed.sealed, `secret ${ANN.id} ${sealed.digest}`),
      /authentic/,
    );

    assert.equal(await secretsOf(newer, older).reseal(CLONE), 2);
    const fresh = secretsOf(newer);
    const opened = await fresh.open(CLONE, digests);
    assert.deepEqual([...opened.values()].map(String).sort(), ['one', 'é\n']);
    await assert.rejects(old.open(CLONE, digests), /a key that is not in/);

    await fresh.keepOnly(db, CLONE, digests.slice(1));
    await assert.rejects(fresh.open(CLONE, digests), /has no secret/);
    assert.equal((await fresh.open(CLONE, digests.slice(1))).size, 1);
    await fresh.removeAll(db, CLONE);
    assert.deepEqual(await fresh.open(CLONE, []), new Map());
  });

  it('seal the whole address of an input, and show the rest', async () => {
    const secrets = secretsOf(older);
    const url = 'https://example.com/data.csv?token=hush-hush';
    const source = { kind: 'url', url } as const;
    const asked = { name: 'data', source, sha256: '', maxBytes: 1 };
    const { kept, secrets: named } = secrets.nameInputs(CLONE, [asked]);
    await secrets.seal(db, CLONE, named);

    const [input] = kept;
    assert.ok(input?.source.kind === 'url');
    assert.equal(input.source.url, 'https://example.com/data.csv');
    const opened = await secrets.open(CLONE, [input.source.digest]);
    assert.equal(opened.get(input.source.digest)?.toString(), url);
    assert.equal(await dumped(db, 'hush-hush'), false);
  });
});

async function change(
  secrets: Secrets,
  layers: OwnerOverrides,
  asked: readonly AskedChange[],
): ReturnType<OwnerOverrides['get']> {
  const { kept, secrets: named } = secrets.nameChanges(ANN.id, asked);
  return layers.change(ANN, { actor: 'user:ann', secrets: named }, (layer) =>
    changeLayer(layer, { changes: kept, etag: '' }),
  );
}

/** Tells whether a text is in any row of any table. */
async function dumped(db: Database, text: string): Promise<boolean> {
  const tables = await db.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
     where table_schema = 'lifecycle'`,
  );
  for (const { name } of tables) {
    const rows = await db.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
    const hex = Buffer.from(text).toString('hex');
    if (rows.some(({ row }) => row.includes(text) || row.includes(hex))) return true;
  }
  return false;
}
