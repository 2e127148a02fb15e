// Goal: a person keeps a template as a file and applies it; secrets never stand in an argument.
// Method: the command in this process, asking services on loopback that answer for this test.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloneKind,
  type CreateTemplateRequest,
  OverrideLayer,
  OverrideScope,
  Template,
  type UpdateOwnerOverridesRequest,
  type UpdateTemplateRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Answers, type Ran, runCommand, startTestMesh, USER_ID } from './test-mesh.js';

const ID = `tpl_${'3'.repeat(26)}`;
const ME = { owner: { $case: 'userId', value: USER_ID } } as const;
const PROCESS = { bundle: 'web-environment', command: ['node', 'server.mjs'] };
const FILE = {
  name: 'web',
  kind: 'CLONE_KIND_ENVIRONMENT',
  description: 'the shop',
  spec: {
    stages: [
      {
        name: 'main',
        source: { process: PROCESS },
        ports: [{ name: 'http' }],
        probe: { http: { port: 'http' }, period: '2.5s' },
      },
    ],
    parameters: [{ name: 'colour', type: 'PARAMETER_TYPE_TEXT', defaultValue: 'red' }],
    policy: { expireAfter: '86400s' },
  },
};

interface Played {
  readonly created: CreateTemplateRequest[];
  readonly updated: UpdateTemplateRequest[];
  readonly changed: UpdateOwnerOverridesRequest[];
  ramet(args: readonly string[], input?: string): Promise<Ran>;
}

/** Runs a test against templates that know of one, or of none. */
async function played(known: Template | undefined, use: (mesh: Played) => Promise<void>) {
  const created: CreateTemplateRequest[] = [];
  const updated: UpdateTemplateRequest[] = [];
  const changed: UpdateOwnerOverridesRequest[] = [];
  const answers: Answers = {
    templates: {
      listTemplates: async ({ name }) => {
        const isAsked = known !== undefined && (name === '' || name === known.name);
        return { templates: isAsked ? [known] : [], nextPageToken: '' };
      },
      getTemplate: async () => ({ template: known }),
      createTemplate: async (asked) => {
        created.push(asked);
        const { name, kind, description, owner, spec, labels } = asked;
        const made = { id: ID, revision: 1, etag: '1', name, kind, description, owner, spec };
        return { template: Template.fromPartial({ ...made, labels }) };
      },
      updateTemplate: async (asked) => {
        updated.push(asked);
        const { spec, description } = asked;
        const isSame = description === known?.description;
        const revision = (known?.revision ?? 0) + (isSame ? 0 : 1);
        const etag = isSame ? (known?.etag ?? '') : 'other';
        return { template: Template.fromPartial({ ...known, spec, description, revision, etag }) };
      },
      deleteTemplate: async () => ({ template: known }),
    },
    overrides: {
      getOwnerOverrides: async () => ({ overrides: OVERRIDES, etag: '7' }),
      updateOwnerOverrides: async (asked) => {
        changed.push(asked);
        return { overrides: OVERRIDES, etag: '8' };
      },
    },
  };
  await using mesh = await startTestMesh(answers);
  const address = `127.0.0.1:${mesh.port}`;
  const ramet = (args: readonly string[], input = ''): Promise<Ran> =>
    runCommand(address, args, { input });
  await use({ created, updated, changed, ramet });
}

const OVERRIDES = [
  {
    name: 'LEVEL',
    scope: OverrideScope.APP,
    value: 'debug',
    secret: false,
    layer: OverrideLayer.OWNER,
    digest: '',
  },
  {
    name: 'TOKEN',
    scope: OverrideScope.APP,
    value: '',
    secret: true,
    layer: OverrideLayer.OWNER,
    digest: 'd1',
  },
];

const KNOWN = Template.fromPartial({
  id: ID,
  name: 'web',
  owner: ME,
  kind: CloneKind.ENVIRONMENT,
  description: 'the shop',
  spec: { stages: [{ name: 'main', always: true }] },
  revision: 4,
  etag: '9',
});

describe('ramet templates', () => {
  it('creates what a file says, for the caller', async () => {
    await played(undefined, async ({ created, ramet }) => {
      const ran = await ramet(['templates', 'create', '-'], JSON.stringify(FILE));
      assert.equal(ran.exitCode, 0, ran.errors);
      const [{ requestId, owner, kind, spec } = assert.fail('nothing was created')] = created;
      assert.match(requestId, /^req_/);
      assert.deepEqual([owner, kind], [ME, CloneKind.ENVIRONMENT]);
      assert.deepEqual(spec?.stages[0]?.probe?.period, { seconds: 2n, nanos: 500_000_000 });
      assert.equal(spec?.policy?.expireAfter?.seconds, 86_400n);
      assert.match(ran.out, /kind: +environment/);
    });
  });

  it('applies a file: makes it, changes it, or says that nothing differs', async () => {
    await played(undefined, async ({ created, ramet }) => {
      const ran = await ramet(['templates', 'apply', '-'], JSON.stringify(FILE));
      assert.deepEqual([ran.exitCode, created.length], [0, 1]);
      assert.match(ran.errors, /made, revision 1/);
    });
    await played(KNOWN, async ({ created, updated, ramet }) => {
      const other = JSON.stringify({ ...FILE, description: 'another' });
      const ran = await ramet(['templates', 'apply', '-'], other);
      assert.match(ran.errors, /revision 5 is new/);
      const same = await ramet(['templates', 'apply', '-'], JSON.stringify(FILE));
      assert.match(same.errors, /nothing differs from revision 4/);
      const trial = await ramet(['templates', 'apply', '-', '--validate-only'], other);
      assert.match(trial.errors, /would be revision 5/);
      assert.equal(created.length, 0);
      assert.deepEqual(
        updated.map(({ id, etag, updateMask, validateOnly }) => [
          id,
          etag,
          updateMask,
          validateOnly,
        ]),
        [false, false, true].map((isTrial) => {
          return [ID, '9', ['description', 'spec', 'labels'], isTrial];
        }),
      );
    });
  });

  it('prints a template as the file that makes it', async () => {
    await played(KNOWN, async ({ ramet }) => {
      const ran = await ramet(['templates', 'get', 'web', '--as-file']);
      await played(undefined, async ({ created, ramet: other }) => {
        assert.equal((await other(['templates', 'apply', '-'], ran.out)).exitCode, 0);
        assert.deepEqual(
          created.map(({ name, kind, owner, spec }) => [name, kind, owner, spec]),
          [['web', CloneKind.ENVIRONMENT, ME, KNOWN.spec]],
        );
      });
    });
  });

  it('changes only what it is told to', async () => {
    await played(KNOWN, async ({ updated, ramet }) => {
      await ramet(['templates', 'update', 'web', '--description', '', '--no-shared']);
      await ramet(['templates', 'update', ID, '--label', 'a=b', '--etag', '9']);
      assert.deepEqual(
        updated.map(({ updateMask, labels, etag }) => [updateMask, labels, etag]),
        [
          [['description', 'shared'], {}, ''],
          [['labels'], { a: 'b' }, '9'],
        ],
      );
      assert.match((await ramet(['templates', 'update', 'web'])).errors, /nothing to change/);
    });
  });

  it('lists and deletes', async () => {
    await played(KNOWN, async ({ ramet }) => {
      assert.match((await ramet(['templates', 'list'])).out, /web +environment +4/);
      assert.equal((await ramet(['templates', 'delete', 'web'])).exitCode, 0);
      assert.equal((await ramet(['templates', 'delete', 'nothing'])).exitCode, 3);
    });
  });

  it('refuses a file that is none', async () => {
    await played(undefined, async ({ created, ramet }) => {
      const cases: readonly (readonly [string, RegExp])[] = [
        ['', /not a CreateTemplateRequest/],
        ['{"nme":"x"}', /nme/],
        ['{"kind":"ROBOT"}', /CloneKind/],
        ['{"spec":{"policy":{"expireAfter":"soon"}}}', /expire_after|expireAfter|duration/i],
        ['[]', /not a CreateTemplateRequest/],
      ];
      for (const [file, told] of cases) {
        const ran = await ramet(['templates', 'apply', '-'], file);
        assert.equal(ran.exitCode, 2, file);
        assert.match(ran.errors, told);
      }
      assert.match((await ramet(['templates', 'apply', '/no/such/file'])).errors, /cannot read/);
      assert.equal(created.length, 0);
    });
  });
});

describe('ramet overrides', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('lists them, and shows nothing that is secret', async () => {
    await played(undefined, async ({ ramet }) => {
      const ran = await ramet(['overrides', 'get']);
      assert.match(ran.out, /LEVEL +app +owner +debug/);
      assert.match(ran.out, /TOKEN +app +owner +\(secret\)/);
      assert.match(ran.errors, /etag 7/);
    });
  });

  it('sets values, and secrets from files alone', async () => {
    const [secret, text] = [join(folder, 'secret'), join(folder, 'text')];
    await writeFile(secret, 'hush-hush\n');
    await writeFile(text, 'two\nlines\n');
    await played(undefined, async ({ changed, ramet }) => {
      const ran = await ramet([
        ...['overrides', 'set', 'URL=a=b', 'EMPTY=', '--scope', 'environment', '--etag', '7'],
        ...['--value-file', `TEXT=${text}`, '--secret-file', `TOKEN=${secret}`],
      ]);
      assert.equal(ran.exitCode, 0, ran.errors);
      const [{ owner, etag, changes } = assert.fail('nothing was changed')] = changed;
      assert.deepEqual([owner, etag], [ME, '7']);
      assert.deepEqual(
        changes.map(({ name, scope, change }) => [name, scope, change?.$case, change?.value]),
        [
          ['URL', OverrideScope.ENVIRONMENT, 'value', 'a=b'],
          ['EMPTY', OverrideScope.ENVIRONMENT, 'value', ''],
          ['TEXT', OverrideScope.ENVIRONMENT, 'value', 'two\nlines\n'],
          ['TOKEN', OverrideScope.ENVIRONMENT, 'secretValue', 'hush-hush'],
        ],
      );
      assert.ok(!(ran.out + ran.errors).includes('hush-hush'));
    });
  });

  it('takes some out', async () => {
    await played(undefined, async ({ changed, ramet }) => {
      await ramet(['overrides', 'unset', 'A', 'B']);
      assert.deepEqual(
        changed.flatMap(({ changes }) => changes.map(({ name, change }) => [name, change?.value])),
        [
          ['A', true],
          ['B', true],
        ],
      );
    });
  });

  it('says what is wrong before it asks', async () => {
    const bytes = join(folder, 'bytes');
    await writeFile(bytes, Buffer.of(0xff, 0xfe));
    await played(undefined, async ({ changed, ramet }) => {
      const cases: readonly (readonly [readonly string[], RegExp])[] = [
        [['set'], /nothing to change/],
        [['set', 'NOVALUE'], /not a pair/],
        [['set', 'A=1', '--scope', 'galaxy'], /none of app, environment/],
        [['set', '--secret-file', 'A=-', '--secret-file', 'B=-'], /standard input/],
        [['set', '--secret-file', `A=${bytes}`], /not UTF-8/],
        [['set', '--secret-file', `A=${folder}/none`], /cannot read/],
      ];
      for (const [args, told] of cases) {
        const ran = await ramet(['overrides', ...args]);
        assert.equal(ran.exitCode, 2, args.join(' '));
        assert.match(ran.errors, told);
      }
      assert.equal(changed.length, 0);
    });
  });
});
