// Goal: one line takes a person from a file to a clone that is up.
// Method: the command in this process, asking services on loopback that answer for this test.
import assert from 'node:assert/strict';
import {
  Clone,
  CloneKind,
  ClonePhase,
  type CreateCloneRequest,
  type CreateTemplateRequest,
  StageState,
  Template,
  type UpdateTemplateRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Ran, runCommand, startTestMesh } from '../test-mesh.js';

const TEMPLATE_ID = `tpl_${'3'.repeat(26)}`;
const CLONE_ID = `cln_${'4'.repeat(26)}`;
const TEAM_ID = `tem_${'5'.repeat(26)}`;
const { ACTIVE, SUCCEEDED, WAITING } = StageState;
const FILE = {
  name: 'web',
  kind: 'CLONE_KIND_ENVIRONMENT',
  spec: { stages: [{ name: 'serve', source: { process: { bundle: 'web', command: ['node'] } } }] },
};

interface Played {
  readonly created: CreateTemplateRequest[];
  readonly updated: UpdateTemplateRequest[];
  readonly cloned: CreateCloneRequest[];
  ramet(args: readonly string[], file?: object): Promise<Ran>;
}

/** Runs a test against a mesh that knows of a template or of none, and whose clone comes to `steps`. */
async function played(
  { known, steps = [] }: { readonly known?: Template; readonly steps?: readonly Clone[] },
  use: (mesh: Played) => Promise<void>,
): Promise<void> {
  const created: CreateTemplateRequest[] = [];
  const updated: UpdateTemplateRequest[] = [];
  const cloned: CreateCloneRequest[] = [];
  const left = [...steps];
  await using mesh = await startTestMesh({
    templates: {
      listTemplates: async () => ({ templates: known ? [known] : [], nextPageToken: '' }),
      createTemplate: async (asked) => {
        created.push(asked);
        return { template: templateOf(1) };
      },
      updateTemplate: async (asked) => {
        updated.push(asked);
        return { template: templateOf(3) };
      },
    },
    clones: {
      createClone: async (asked) => {
        cloned.push(asked);
        return { clone: cloneAs({}), quotas: [] };
      },
      waitClone: async () => ({ clone: left.shift() }),
    },
  });
  await use({
    ...{ created, updated, cloned },
    ramet: (args, file = FILE) => {
      return runCommand(mesh.address, ['run', '-', ...args], { input: JSON.stringify(file) });
    },
  });
}

describe('ramet run', () => {
  it('makes the template of a file, and a clone of that revision', async () => {
    await played({}, async ({ created, cloned, ramet }) => {
      const ran = await ramet(['--name', 'mine', '--override', 'A=1']);
      assert.equal(ran.exitCode, 0, ran.errors);
      assert.match(ran.errors, /template web: made, revision 1/);
      assert.deepEqual(
        created.map(({ name, kind }) => [name, kind]),
        [['web', CloneKind.ENVIRONMENT]],
      );
      assert.deepEqual(
        cloned.map((asked) => [asked.name, asked.templateId, asked.templateRevision]),
        [['mine', TEMPLATE_ID, 1]],
      );
      assert.deepEqual(cloned[0]?.owner, created[0]?.owner);
      assert.equal(cloned[0]?.overrides[0]?.name, 'A');
    });
  });

  it('changes a template that differs, and runs what it is now', async () => {
    await played({ known: templateOf(2) }, async ({ created, updated, cloned, ramet }) => {
      const ran = await ramet(['--request-id', 'again']);
      assert.match(ran.errors, /revision 3 is new/);
      assert.deepEqual([created.length, updated[0]?.id], [0, TEMPLATE_ID]);
      assert.deepEqual([cloned[0]?.templateRevision, cloned[0]?.requestId], [3, 'again']);
    });
  });

  it('has the clone belong to whom the file names', async () => {
    await played({}, async ({ created, cloned, ramet }) => {
      await ramet([], { ...FILE, owner: { teamId: TEAM_ID } });
      const owner = { owner: { $case: 'teamId', value: TEAM_ID } };
      assert.deepEqual([created[0]?.owner, cloned[0]?.owner], [owner, owner]);
    });
  });

  it('waits until the last stage of what does not complete runs', async () => {
    const migrating = { phase: ClonePhase.RUNNING, stages: [stage(ACTIVE), stage(WAITING)] };
    const starting = { phase: ClonePhase.PROVISIONING, stages: [stage(SUCCEEDED), stage(ACTIVE)] };
    const up = { ...starting, phase: ClonePhase.RUNNING };
    await played({ steps: [migrating, starting, up].map(cloneAs) }, async ({ ramet }) => {
      const ran = await ramet(['--wait']);
      assert.equal(ran.exitCode, 0, ran.errors);
      assert.match(ran.out, /RUNNING/);
    });
    const failed = cloneAs({ phase: ClonePhase.FAILED, reason: 'EXIT_CODE' });
    await played({ steps: [failed] }, async ({ ramet }) => {
      const ran = await ramet(['--wait']);
      assert.equal(ran.exitCode, 1);
      assert.match(ran.errors, /EXIT_CODE/);
    });
  });

  it('stores nothing if the line is wrong', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--input', 'nothing'], /not a pair/],
      [['--param', 'nothing'], /not a pair/],
      [['--expire-after', 'soon'], /duration/],
    ];
    await played({}, async ({ created, ramet }) => {
      for (const [args, told] of cases) {
        const ran = await ramet(args);
        assert.equal(ran.exitCode, 2, args.join(' '));
        assert.match(ran.errors, told);
      }
      assert.equal(created.length, 0);
    });
  });
});

function templateOf(revision: number): Template {
  return Template.fromPartial({ id: TEMPLATE_ID, name: 'web', revision, etag: String(revision) });
}

function cloneAs(clone: Parameters<typeof Clone.fromPartial>[0]): Clone {
  return Clone.fromPartial({ id: CLONE_ID, kind: CloneKind.ENVIRONMENT, ...clone });
}

function stage(state: StageState) {
  return { name: 'a-stage', state };
}
