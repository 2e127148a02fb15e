import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { systemIds } from '@ramet/service';
import { serviceTokens, type TestMesh } from '../support/mesh.js';
import { type Author, openAuthor, type Things, workloadToken } from '../support/story.js';
import type { Machine, Person, World } from './row.js';

/** Everybody who calls, and everything that calls are about. */
export interface Cast {
  readonly world: World;
  readonly tokens: Readonly<Record<Person | Machine, string>>;
  /** The claims of a good token of each kind, for forgers. */
  readonly claims: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

let shared: Promise<Cast> | undefined;

/** A team with its people and clones, a foreign one, and a personal clone of a member: made once. */
export function sharedCast(test: TestMesh): Promise<Cast> {
  shared ??= assemble(test);
  return shared;
}

async function assemble(test: TestMesh): Promise<Cast> {
  await using author = await openAuthor(test);
  const [owner, manager, member, stranger, foreigner] = await Promise.all(
    Array.from({ length: 5 }, () => author.person()),
  );
  if (!owner || !manager || !member || !stranger || !foreigner) throw new Error('nobody came');
  const team = await author.team(owner);
  await author.join(owner, team.teamId, manager, TeamRole.ADMIN);
  await author.join(owner, team.teamId, member, TeamRole.MEMBER);
  await author.giveSource(member, team.botId);

  const [own, foreign, personal] = await Promise.all([
    things(author, { person: owner, team, isTeams: true }),
    author
      .team(foreigner)
      .then((theirs) => things(author, { person: foreigner, team: theirs, isTeams: true })),
    things(author, { person: member, team, isTeams: false }),
  ]);
  const services = await serviceTokens(test);
  const [runner, otherRunner, overseer] = await Promise.all([
    workloadToken(test, own),
    workloadToken(test, foreign),
    test.exchange(test.adminKey),
  ]);
  return {
    world: { own, foreign, personal, missing: missing() },
    tokens: {
      stranger: stranger.token,
      member: member.token,
      manager: manager.token,
      owner: owner.token,
      ...{ overseer, ...services, runner, otherRunner },
    },
    claims: new Map([
      ['user', { sub: owner.id, kind: 'user', adm: true }],
      ['service', { sub: 'lifecycle', kind: 'service' }],
      [
        'workload',
        { sub: own.executionId, kind: 'workload', cln: own.cloneId, exe: own.executionId, epo: 1 },
      ],
    ]),
  };
}

interface Wish {
  readonly person: Awaited<ReturnType<Author['person']>>;
  readonly team: Pick<Things, 'teamId' | 'botId'>;
  readonly isTeams: boolean;
}

/** A running clone with a key, and one more whose grant may be revoked. */
async function things(author: Author, { person, team, isTeams }: Wish): Promise<Things> {
  const owner = isTeams ? { teamId: team.teamId } : { userId: person.id };
  const run = async () => {
    const keyId = await author.key(person, owner);
    const clone = await author.runningClone(person, { owner, botId: team.botId, keyId });
    return { ...clone, keyId };
  };
  const [main, spare] = await Promise.all([run(), run()]);
  const apiKeyId = await author.apiKey(person);
  const webhook = await author.webhook(person, owner);
  const templateId = await author.template(person, owner);
  const actionId = await author.action(person, main.cloneId);
  // Members may not invite: who has personal things has none of their own.
  const { invitationId } = isTeams
    ? await author.invitation(person, team.teamId)
    : { invitationId: systemIds.make('inv') };
  const accountId = isTeams ? await author.account(person, team.teamId) : systemIds.make('usr');
  const ids = {
    userId: person.id,
    accountId,
    invitationId,
    grantId: spare.grantId,
    apiKeyId,
    templateId,
    actionId,
  };
  return { ...team, ...main, ...ids, ...webhook };
}

function missing(): Things {
  const id = systemIds.make;
  return {
    teamId: id('tem'),
    userId: id('usr'),
    apiKeyId: id('apk'),
    invitationId: id('inv'),
    accountId: id('usr'),
    botId: id('bot'),
    keyId: id('key'),
    cloneId: id('cln'),
    executionId: id('exe'),
    grantId: id('gra'),
    templateId: id('tpl'),
    actionId: id('act'),
    webhookId: id('whk'),
    deliveryId: `${id('whk')}-${id('png')}-0`,
  };
}
