import { CreateKeyRequest, KeyAlgorithm, SignOperation } from '@ramet/proto-gen/keys.v1';
import {
  type Clone,
  CloneKind,
  ClonePhase,
  CreateCloneRequest,
  CreateTemplateRequest,
  type Limits,
  ListActionsRequest,
  type Policy,
} from '@ramet/proto-gen/lifecycle.v1';
import { AccessServiceService, BotSource, TeamRole } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { Scope, systemIds } from '@ramet/service';
import { identityOf } from '../../stories/support/identity.js';
import { type Api, apiOf } from './api.js';
import { serviceTokens, type TestMesh } from './mesh.js';

/** Somebody with credentials. */
export interface Person {
  readonly id: string;
  readonly token: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
}

/** The ids of what requests are about. */
export interface Things {
  readonly teamId: string;
  readonly userId: string;
  readonly apiKeyId: string;
  readonly invitationId: string;
  readonly accountId: string;
  readonly botId: string;
  readonly keyId: string;
  readonly cloneId: string;
  readonly executionId: string;
  readonly grantId: string;
  readonly templateId: string;
  readonly actionId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
}

/** Makes people and things in a mesh, each with a name of its own. */
export interface Author extends AsyncDisposable {
  as(token: string): Api;
  readonly admin: Api;
  person(): Promise<Person>;
  /** A team of an owner, with a bot that runs a program. */
  team(owner: Person, source?: BotSource): Promise<Pick<Things, 'teamId' | 'botId'>>;
  join(owner: Person, teamId: string, person: Person, role: TeamRole): Promise<void>;
  /** Gives the personal clones of a bot something to run. */
  giveSource(person: Person, botId: string, source?: BotSource): Promise<void>;
  emptyTeam(owner: Person): Promise<string>;
  apiKey(person: Person): Promise<string>;
  /** An open invitation to a team, for whoever has its code, or for one user. */
  invitation(person: Pick<Person, 'token'>, teamId: string, userId?: string): Promise<Invited>;
  /** A service account of a team. */
  account(person: Pick<Person, 'token'>, teamId: string): Promise<string>;
  key(person: Pick<Person, 'token'>, owner: Owner): Promise<string>;
  /** A webhook, and a delivery of it. Nobody listens where it is sent. */
  webhook(
    person: Pick<Person, 'token'>,
    owner: Owner,
  ): Promise<Pick<Things, 'webhookId' | 'deliveryId'>>;
  /** A provider that acts as somebody. Nobody has its key. */
  provider(person: Pick<Person, 'id'>): Promise<string>;
  /** A template of bots. */
  template(person: Pick<Person, 'token'>, owner: Owner): Promise<string>;
  /** What was done to a clone last, in the log of actions. */
  action(person: Pick<Person, 'token'>, cloneId: string): Promise<string>;
  /** A clone, as soon as it was accepted. */
  clone(person: Person, wish: CloneWish): Promise<string>;
  /** Resolves when nothing is left of a clone. */
  deleted(person: Person, cloneId: string): Promise<void>;
  /** A clone that runs, and what it was given. */
  runningClone(person: Person, wish: CloneWish): Promise<Running>;
}

/** An invitation, and its code. */
export interface Invited {
  readonly invitationId: string;
  readonly code: string;
}

/** Whose a thing is to be: one of the two. */
export type Owner = { readonly userId: string } | { readonly teamId: string };

export interface CloneWish {
  readonly owner: Owner;
  readonly botId: string;
  readonly keyId: string;
  readonly limits?: Limits;
  readonly policy?: Policy;
}

/** A running clone, with its first execution, and what its creation was for the log of actions. */
export type Running = Pick<Things, 'cloneId' | 'executionId' | 'grantId' | 'actionId'>;

/** What a bot runs: a program of the machine, or one of the `hostile` examples. */
export function program(...command: readonly string[]): BotSource {
  const value = { bundle: 'hostile', command };
  return BotSource.fromPartial({ source: { $case: 'process', value } });
}

/** A program that only waits. */
const SLEEPER: BotSource = program('sleep', '3600');

/** Opens an author, whose connections end with it. */
export async function openAuthor(test: TestMesh): Promise<Author> {
  const scope = new Scope();
  const as = (token: string): Api => apiOf(test, token, scope);
  const admin = as(await test.exchange(test.adminKey));
  return {
    as,
    admin,
    person: () => createPerson(test, admin),
    async team(owner, source = SLEEPER) {
      const api = as(owner.token);
      const teamId = await createTeam(api);
      const wish = { requestId: '', teamId, name: aName(), teamSource: source };
      const { bot } = await api.bots.createBot(wish);
      return { teamId, botId: bot?.id ?? '' };
    },
    async join(owner, teamId, { id: userId }, role) {
      await as(owner.token).teams.setTeamMember({ teamId, userId, role });
    },
    async giveSource(person, id, source = SLEEPER) {
      const owner = ownerMessage({ userId: person.id });
      await as(person.token).bots.setBotSource({ id, owner, source });
    },
    emptyTeam: ({ token }) => createTeam(as(token)),
    async apiKey({ id: userId, token }) {
      const wish = { requestId: '', userId, name: 'spare', expireTime: undefined, scopes: [] };
      return (await as(token).users.createApiKey(wish)).apiKey?.id ?? '';
    },
    async invitation({ token }, teamId, userId = '') {
      const wish = { requestId: '', teamId, role: TeamRole.MEMBER, userId, expireTime: undefined };
      const { invitation, code } = await as(token).invitations.createInvitation(wish);
      return { invitationId: invitation?.id ?? '', code };
    },
    async account({ token }, teamId) {
      const wish = { requestId: '', teamId, name: aName(), role: TeamRole.MEMBER };
      const { serviceAccount } = await as(token).accounts.createServiceAccount(wish);
      return serviceAccount?.id ?? '';
    },
    key: (person, owner) => createKey(as(person.token), owner),
    webhook: (person, owner) => createWebhook(as(person.token), owner),
    async provider({ id: userId }) {
      const address = `0x${systemIds.bytes(20).toString('hex')}`;
      const wish = { requestId: '', name: aName(), address, userId, actions: ['clones.stop'] };
      return (await admin.providers.registerProvider(wish)).provider?.id ?? '';
    },
    template: (person, owner) => createTemplate(as(person.token), owner),
    async action({ token }, cloneId) {
      const wish = ListActionsRequest.fromPartial({ cloneId });
      const { actions } = await as(token).actions.listActions(wish);
      return actions[0]?.id ?? '';
    },
    clone: (person, wish) => createClone(as(person.token), wish),
    async deleted({ token }, id) {
      await as(token).clones.waitClone({ id, phases: [ClonePhase.DELETED] });
    },
    runningClone: (person, wish) => runClone(as(person.token), wish),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** A name that nothing else has. */
export function aName(): string {
  return systemIds.make('x').replace('_', '');
}

/** Makes the token of an execution, as the executor would. */
export async function workloadToken(
  test: TestMesh,
  { cloneId, executionId }: Running,
  epoch = 1,
): Promise<string> {
  const { executor } = await serviceTokens(test);
  const { mesh } = test;
  using identity = identityOf(mesh, 'executor');
  await using access = connect(AccessServiceService, mesh.endpoints.teams.mesh, {
    token: async () => executor,
    tls: identity.to('teams'),
  });
  return (await access.mintWorkloadToken({ cloneId, executionId, epoch })).token;
}

/** An owner as messages have it. */
export function ownerMessage(owner: Owner) {
  return 'userId' in owner
    ? { owner: { $case: 'userId' as const, value: owner.userId } }
    : { owner: { $case: 'teamId' as const, value: owner.teamId } };
}

async function createPerson(test: TestMesh, { users }: Api): Promise<Person> {
  const { user } = await users.createUser({ requestId: '', name: aName(), admin: false });
  const id = user?.id ?? '';
  const wish = { requestId: '', userId: id, name: 'test', expireTime: undefined, scopes: [] };
  const { apiKey, secret } = await users.createApiKey(wish);
  return { id, apiKey: secret, apiKeyId: apiKey?.id ?? '', token: await test.exchange(secret) };
}

async function createTemplate({ templates }: Api, owner: Owner): Promise<string> {
  const wish = { name: aName(), kind: CloneKind.BOT, spec: { stages: [{ name: 'main' }] } };
  const asked = CreateTemplateRequest.fromPartial({ ...wish, owner: ownerMessage(owner) });
  return (await templates.createTemplate(asked)).template?.id ?? '';
}

async function createKey({ keys }: Api, owner: Owner): Promise<string> {
  const { key } = await keys.createKey(
    CreateKeyRequest.fromPartial({
      owner: ownerMessage(owner),
      name: aName(),
      algorithm: KeyAlgorithm.HMAC_SHA256,
      material: { $case: 'generate', value: {} },
    }),
  );
  return key?.id ?? '';
}

async function createTeam({ teams }: Api): Promise<string> {
  const { team } = await teams.createTeam({ requestId: '', name: aName() });
  return team?.id ?? '';
}

async function createWebhook(
  { webhooks }: Api,
  owner: Owner,
): Promise<Pick<Things, 'webhookId' | 'deliveryId'>> {
  const { webhook } = await webhooks.createWebhook({
    requestId: '',
    owner: ownerMessage(owner),
    name: aName(),
    url: 'http://127.0.0.1:9/',
    filter: { kinds: [], phases: [ClonePhase.DELETED], labels: {} },
    validateOnly: false,
  });
  const webhookId = webhook?.id ?? '';
  const { delivery } = await webhooks.pingWebhook({ id: webhookId });
  return { webhookId, deliveryId: delivery?.id ?? '' };
}

async function createClone({ clones }: Api, wish: CloneWish): Promise<string> {
  const { botId, keyId, limits, policy } = wish;
  const keyLimits = keyId ? { operations: [SignOperation.RAW] } : undefined;
  const wanted = { owner: ownerMessage(wish.owner), botId, keyId, limits, policy, keyLimits };
  const { clone } = await clones.createClone(CreateCloneRequest.fromPartial(wanted));
  return clone?.id ?? '';
}

async function runClone(api: Api, wish: CloneWish): Promise<Running> {
  const { clones, keys, actions } = api;
  const running = await untilRunning(clones, await createClone(api, wish));
  const { grants } = await keys.listGrants({ keyId: wish.keyId, pageSize: 0, pageToken: '' });
  const executionId = running.execution?.id ?? '';
  const asked = { cloneId: running.id, owner: undefined, pageSize: 1, pageToken: '' };
  const [action] = (await actions.listActions(asked)).actions;
  const grantId = grants[0]?.id ?? '';
  return { cloneId: running.id, executionId, grantId, actionId: action?.id ?? '' };
}

async function untilRunning(clones: Api['clones'], id: string): Promise<Clone> {
  const phases = [ClonePhase.RUNNING, ClonePhase.FAILED, ClonePhase.COMPLETED];
  const { clone } = await clones.waitClone({ id, phases });
  if (clone?.phase === ClonePhase.RUNNING) return clone;
  throw new Error(`the clone does not run: ${clone?.phase} ${clone?.reason} ${clone?.message}`);
}
