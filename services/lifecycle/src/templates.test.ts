// Goal: whoever may see or change a template or the overrides of an owner can, and nobody else.
// Method: the real service with real teams over real sockets; the database is judged at the end.

import assert from 'node:assert/strict';
import {
  CloneKind,
  CreateTemplateRequest,
  type OverrideChange,
  OverrideScope,
  type Template,
  TemplateChanged,
  TemplateSpec,
  UpdateTemplateRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import type { TestUser } from '@ramet/teams/testing';
import type { Spec } from './domain/spec.js';
import { fromSpecMessage } from './spec-messages.js';
import { type Api, type Crew, type House, openHouse, ownerOf } from './testing/house.js';
import { reasonOf } from './testing/steps.js';

const SPEC = TemplateSpec.fromPartial({
  stages: [
    {
      name: 'main',
      work: {
        $case: 'source',
        value: {
          source: { $case: 'process', value: { bundle: 'web', command: ['node', 'a b', 'é'] } },
        },
      },
      ports: [{ name: 'http', label: 'the shop', scheme: 'https' }],
    },
  ],
  parameters: [{ name: 'colour', type: 1, defaultValue: 'a=b\n"\u{1f600}"' }],
});

/** What a template is about: in a message, what is absent may be empty as well. */
function specIn({ spec }: Template): Spec {
  return fromSpecMessage(spec ?? assert.fail('a template without a spec'));
}

describe('templates', () => {
  let house: House;
  let crew: Crew;
  let stranger: TestUser;
  let root: TestUser;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('shop');
    stranger = await house.teams.createUser('stranger');
    root = await house.teams.admin();
  });
  after(() => house[Symbol.asyncDispose]());

  const as = ({ token }: TestUser): Api => house.as(token);

  async function create(
    user: TestUser,
    ownerId: string,
    more: Partial<CreateTemplateRequest> & { readonly name: string },
  ): Promise<Template> {
    const empty = CreateTemplateRequest.decode(new Uint8Array());
    const owner = ownerOf(ownerId);
    const asked = { ...empty, owner, kind: CloneKind.ENVIRONMENT, spec: SPEC, ...more };
    const { template } = await as(user).templates.createTemplate(asked);
    return template ?? assert.fail('no template came back');
  }

  async function update(
    user: TestUser,
    id: string,
    more: Partial<UpdateTemplateRequest>,
  ): Promise<Template> {
    const asked = { ...UpdateTemplateRequest.decode(new Uint8Array()), id, ...more };
    const { template } = await as(user).templates.updateTemplate(asked);
    return template ?? assert.fail('no template came back');
  }

  const get = async (user: TestUser, id: string, revision = 0): Promise<Template> => {
    const { template } = await as(user).templates.getTemplate({ id, revision });
    return template ?? assert.fail('no template came back');
  };

  it('come back as they were made, revision by revision', async () => {
    const made = await create(crew.owner, crew.owner.id, { name: 'web', labels: { tier: 'é' } });
    assert.match(made.id, /^tpl_[0-9a-z]{26}$/);
    assert.deepEqual([made.revision, made.etag, specIn(made)], [1, '1', fromSpecMessage(SPEC)]);
    assert.deepEqual(await get(crew.owner, made.id), made);

    const spec = { ...SPEC, openParameters: true };
    const second = await update(crew.owner, made.id, { spec });
    assert.deepEqual([second.revision, specIn(second)], [2, fromSpecMessage(spec)]);
    assert.deepEqual(await update(crew.owner, made.id, { spec }), second);
    assert.equal((await update(crew.owner, made.id, { description: 'x' })).revision, 2);
    assert.deepEqual((await get(crew.owner, made.id, 1)).spec, made.spec);
    assert.equal(await reasonOf(get(crew.owner, made.id, 3)), 'TEMPLATE_NOT_FOUND');
  });

  it('are made once for a request that comes twice', async () => {
    const ask = (description: string): Promise<Template> =>
      create(crew.owner, crew.owner.id, { name: 'once', requestId: 'r1', description });
    const [one, two] = await Promise.all([ask('x'), ask('x')]);
    assert.deepEqual(one, two);
    assert.equal(await reasonOf(ask('y')), 'REQUEST_ID_REUSED');
    const again = create(crew.owner, crew.owner.id, { name: 'once' });
    assert.equal(await reasonOf(again), 'NAME_TAKEN');
  });

  it('of a team are seen by its members, and changed by who runs it', async () => {
    const { id } = await create(crew.admin, crew.team.id, { name: 'team' });
    for (const user of [crew.owner, crew.admin, crew.member, root]) await get(user, id);
    assert.equal(await reasonOf(get(stranger, id)), 'TEMPLATE_NOT_FOUND');

    const rows: readonly (readonly [TestUser, string])[] = [
      [crew.owner, 'ok'],
      [crew.admin, 'ok'],
      [root, 'ok'],
      [crew.member, 'PERMISSION_DENIED'],
      [stranger, 'TEMPLATE_NOT_FOUND'],
    ];
    for (const [index, [user, expected]] of rows.entries()) {
      const attempt = update(user, id, { description: `${index}` });
      assert.equal(await reasonOf(attempt), expected, `row ${index}`);
      if (expected === 'ok') continue;
      const remove = as(user).templates.deleteTemplate({ id, etag: '' });
      assert.equal(await reasonOf(remove), expected);
      const make = create(user, crew.team.id, { name: `n${index}` });
      assert.equal(await reasonOf(make), 'PERMISSION_DENIED');
    }
  });

  it('are shared by an administrator alone, and then seen by everybody', async () => {
    const { id } = await create(crew.owner, crew.owner.id, { name: 'open' });
    assert.equal(await reasonOf(update(crew.owner, id, { shared: true })), 'PERMISSION_DENIED');
    const attempt = create(crew.owner, crew.owner.id, { name: 'other', shared: true });
    assert.equal(await reasonOf(attempt), 'PERMISSION_DENIED');

    await update(root, id, { shared: true });
    assert.equal((await get(stranger, id)).shared, true);
    assert.equal(await reasonOf(update(stranger, id, { description: 'x' })), 'PERMISSION_DENIED');
    await update(crew.owner, id, { shared: false, updateMask: ['shared'] });
    assert.equal(await reasonOf(get(stranger, id)), 'TEMPLATE_NOT_FOUND');
  });

  it('are listed page by page, with what the caller sees and nothing else', async () => {
    const own = await Promise.all(
      ['a', 'b', 'c'].map((name) => create(stranger, stranger.id, { name })),
    );
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = { owner: undefined, name: '', pageSize: 2, pageToken };
      const answer = await as(stranger).templates.listTemplates(page);
      seen.push(...answer.templates.map(({ id }) => id));
      pageToken = answer.nextPageToken;
    } while (pageToken !== '');
    assert.deepEqual(
      seen,
      own
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );

    const first = { owner: undefined, name: '', pageSize: 1, pageToken: '' };
    const { nextPageToken } = await as(stranger).templates.listTemplates(first);
    const stolen = as(crew.owner).templates.listTemplates({ ...first, pageToken: nextPageToken });
    assert.equal(await reasonOf(stolen), 'REQUEST_INVALID');
    const named = await as(stranger).templates.listTemplates({
      ...{ owner: ownerOf(stranger.id), name: 'b', pageSize: 0, pageToken: '' },
    });
    assert.deepEqual(
      named.templates.map(({ name }) => name),
      ['b'],
    );
  });

  it('that are wrong are told all that is wrong, and not stored', async () => {
    const spec = TemplateSpec.fromPartial({
      stages: [
        { name: 'main', always: true },
        { name: 'main', always: true, probe: { check: { $case: 'tcp', value: { port: 'web' } } } },
      ],
      parameters: [{ name: 'n', type: 2, defaultValue: 'x', required: true }],
    });
    const fields = [
      'spec.stages[1].name',
      'spec.stages[1].probe.tcp.port',
      'spec.stages[1].always',
      'spec.parameters[0].default_value',
      'spec.parameters[0].required',
    ];
    const wrong = (thrown: unknown): boolean => {
      const { violations } = thrown as { violations: readonly { readonly field: string }[] };
      assert.deepEqual(
        violations.map(({ field }) => field),
        fields,
      );
      return true;
    };
    await assert.rejects(create(crew.owner, crew.owner.id, { name: 'wrong', spec }), wrong);
    const { id } = await create(crew.owner, crew.owner.id, { name: 'wrong' });
    await assert.rejects(update(crew.owner, id, { spec }), wrong);
    assert.equal((await get(crew.owner, id)).revision, 1);
    const mask = update(crew.owner, id, { updateMask: ['kind'] });
    assert.equal(await reasonOf(mask), 'REQUEST_INVALID');
  });

  it('are only checked if that is asked', async () => {
    const trial = { name: 'trial', validateOnly: true };
    assert.equal((await create(crew.owner, crew.owner.id, trial)).revision, 1);
    const { id } = await create(crew.owner, crew.owner.id, { name: 'trial' });
    const taken = create(crew.owner, crew.owner.id, trial);
    assert.equal(await reasonOf(taken), 'NAME_TAKEN');
    const spec = { ...SPEC, openParameters: true };
    assert.equal((await update(crew.owner, id, { spec, validateOnly: true })).revision, 2);
    assert.equal((await get(crew.owner, id)).revision, 1);
  });

  it('are deleted once, and changed only as they were read', async () => {
    const made = await create(crew.owner, crew.owner.id, { name: 'gone' });
    const stale = update(crew.owner, made.id, { description: 'x', etag: '7' });
    assert.equal(await reasonOf(stale), 'ETAG_STALE');
    const remove = (etag: string) => as(crew.owner).templates.deleteTemplate({ id: made.id, etag });
    assert.equal(await reasonOf(remove('7')), 'ETAG_STALE');
    const { template } = await remove(made.etag);
    assert.ok(template?.deleteTime);
    assert.deepEqual((await remove(made.etag)).template, template);
    assert.deepEqual(await get(crew.owner, made.id), template);
    const late = update(crew.owner, made.id, { description: 'x' });
    assert.equal(await reasonOf(late), 'TEMPLATE_NOT_FOUND');
    await create(crew.owner, crew.owner.id, { name: 'gone' });
  });

  it('have a history that others can follow', async () => {
    const { id } = await create(crew.owner, crew.owner.id, { name: 'told' });
    await update(crew.owner, id, { description: 'x' });
    const history = house.as(await house.teams.serviceToken('teams')).history;
    const kinds: string[] = [];
    for (let after = 0n; ; ) {
      const { entries } = await history.readHistory({ after, pageSize: 100 });
      for (const { aggregateId, kind, payload, position } of entries) {
        after = position;
        if (aggregateId !== id) continue;
        kinds.push(kind);
        assert.equal(TemplateChanged.decode(payload).template?.id, id);
      }
      if (kinds.length === 2) break;
    }
    assert.deepEqual(kinds, ['template.created', 'template.changed']);
  });
});

describe('the overrides of an owner', () => {
  let house: House;
  let crew: Crew;
  let stranger: TestUser;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('shop');
    stranger = await house.teams.createUser('stranger');
  });
  after(() => house[Symbol.asyncDispose]());

  function set(name: string, change: OverrideChange['change']): OverrideChange {
    return { name, scope: OverrideScope.APP, change };
  }

  const change = (user: TestUser, ownerId: string, changes: readonly OverrideChange[], etag = '') =>
    house.as(user.token).overrides.updateOwnerOverrides({ owner: ownerOf(ownerId), etag, changes });

  it('are set, covered and taken out, and secrets do not come back', async () => {
    const id = crew.owner.id;
    const first = await change(crew.owner, id, [
      set('LEVEL', { $case: 'value', value: 'a=b\n"\u{1f600}"' }),
      set('TOKEN', { $case: 'secretValue', value: 'hush-hush' }),
    ]);
    assert.equal(first.etag, '1');
    assert.deepEqual(
      first.overrides.map(({ name, value, secret }) => [name, value, secret]),
      [
        ['LEVEL', 'a=b\n"\u{1f600}"', false],
        ['TOKEN', '', true],
      ],
    );
    const { overrides } = house.as(crew.owner.token);
    assert.deepEqual(await overrides.getOwnerOverrides({ owner: ownerOf(id) }), first);

    const stale = change(crew.owner, id, [set('A', { $case: 'unset', value: true })], '9');
    assert.equal(await reasonOf(stale), 'ETAG_STALE');
    const open = await change(crew.owner, id, [set('TOKEN', { $case: 'value', value: 'x' })]);
    assert.deepEqual([open.overrides[1]?.secret, open.overrides[1]?.digest], [false, '']);
    const gone = await change(crew.owner, id, [set('TOKEN', { $case: 'unset', value: true })]);
    assert.deepEqual(
      gone.overrides.map(({ name }) => name),
      ['LEVEL'],
    );
  });

  it('of a team are for who runs it', async () => {
    const changes = [set('A', { $case: 'value', value: '1' })];
    const root = await house.teams.admin();
    for (const user of [crew.owner, crew.admin, root]) await change(user, crew.team.id, changes);
    for (const user of [crew.member, stranger]) {
      assert.equal(await reasonOf(change(user, crew.team.id, changes)), 'PERMISSION_DENIED');
      const { overrides } = house.as(user.token);
      const read = overrides.getOwnerOverrides({ owner: ownerOf(crew.team.id) });
      assert.equal(await reasonOf(read), 'PERMISSION_DENIED');
    }
    assert.equal(await reasonOf(change(stranger, crew.owner.id, changes)), 'PERMISSION_DENIED');
  });

  it('are no more than an owner may have', async () => {
    const value = 'x'.repeat(65_536);
    const big = Array.from({ length: 9 }, (_, n) => set(`B${n}`, { $case: 'value', value }));
    assert.equal(await reasonOf(change(stranger, stranger.id, big)), 'QUOTA_EXCEEDED');
    const twice = [
      set('A', { $case: 'value', value: '' }),
      set('A', { $case: 'unset', value: true }),
    ];
    assert.equal(await reasonOf(change(stranger, stranger.id, twice)), 'REQUEST_INVALID');
  });
});
