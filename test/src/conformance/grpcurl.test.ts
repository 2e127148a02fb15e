// Goal: the grpcurl line in the comment of each public RPC works as it is printed.
// Method: each is run against a whole mesh by `buf curl`, which stands in for grpcurl and learns
// the contract by reflection. What stands in capitals is replaced by real things of a story.

import assert from 'node:assert/strict';
import { ClonePhase, Policy } from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole, TokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { startTestTeams } from '@ramet/teams/testing';
import { createDatabase } from '@ramet/test/support';
import { type Peer, type Rpc, readContract } from '../security/support/contract.js';
import { sharedMesh, type TestMesh } from '../security/support/mesh.js';
import {
  type Author,
  type CloneWish,
  openAuthor,
  type Person,
  program,
} from '../security/support/story.js';
import { bufCurl, type Printed } from './support/buf-curl.js';
import { type GrpcurlLine, grpcurlLineOf, rpcComments } from './support/grpcurl-line.js';

const BOOTSTRAP = 'ramet.teams.v1.SetupService/BootstrapAdmin';
const AT_ONCE = 4;

/** Lines that fit their contract (`contracts.test.ts`), and are not run here; and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ...['Seal', 'Unseal'].map((name) => [name, 'nobody else could sign meanwhile'] as const),
  ...['GetReceipt', 'GetConsistencyProof'].map((name) => [name, 'nothing was signed'] as const),
  ['RetireLogKey', 'there is one key of the log, and that is not retired'],
  ['ExchangeSignedRequest', 'it wants a signature that is minutes old'],
  ...[
    ...['CreateIdentityProvider', 'UpdateIdentityProvider', 'DeleteIdentityProvider'],
    ...['LinkIdentity', 'UnlinkIdentity'],
    ...['GetLoginProvider', 'ExchangeIdentityToken'],
  ].map((name) => [name, 'there is no OpenID provider'] as const),
]);

type Values = Readonly<Record<string, string>>;

const comments = rpcComments();
const LINES = readContract().rpcs.flatMap((rpc) => {
  const line = grpcurlLineOf(comments.get(rpc.name) ?? '');
  const isRun = rpc.name !== BOOTSTRAP && !NOT_RUN.has(rpc.method.name);
  return line && isRun ? [{ rpc, line }] : [];
});

describe('the grpcurl line of', () => {
  const running = new Map<string, Promise<Printed>>();

  before(async function () {
    this.timeout(240_000);
    const test = await sharedMesh();
    await using author = await openAuthor(test);
    const values = await story(test, author);
    const calls = LINES.map(
      ({ rpc, line }) =>
        () =>
          run(test, { rpc, line }, values),
    );
    const lanes = Array.from({ length: AT_ONCE }, () => Promise.resolve());
    calls.forEach((call, at) => {
      const before = lanes[at % AT_ONCE] ?? Promise.resolve();
      const result = before.then(call);
      running.set(LINES[at]?.rpc.name ?? '', result);
      lanes[at % AT_ONCE] = result.then(
        () => undefined,
        () => undefined,
      );
    });
  });

  for (const { rpc } of LINES) {
    it(`${rpc.name} works`, async () => {
      const printed = await running.get(rpc.name);
      assert.ok(printed?.isOk, printed?.errors);
    });
  }

  it(`${BOOTSTRAP} works in a mesh that has nobody yet`, async () => {
    await using database = await createDatabase();
    await using teams = await startTestTeams({ databaseUrl: database.url });
    const line = grpcurlLineOf(comments.get(BOOTSTRAP) ?? '');
    assert.ok(line);
    const body = line.body({ TOKEN: teams.bootstrapToken });
    const printed = await bufCurl({ ...line, address: teams.address, body, isStream: false });
    assert.ok(printed.isOk, printed.errors);
    assert.match(printed.output, /"apiKey"/);
  });
});

interface Documented {
  readonly rpc: Rpc;
  readonly line: GrpcurlLine;
}

function run(test: TestMesh, { rpc, line }: Documented, valuesOf: ValuesOf): Promise<Printed> {
  const { TOKEN: token, ...values } = valuesOf(rpc);
  return bufCurl({
    address: test.addressOf(line.server.toLowerCase() as Peer),
    path: line.path,
    body: line.body(values),
    ...(line.hasToken && { token }),
    isStream: rpc.method.methodKind === 'server_streaming',
  });
}

type ValuesOf = (rpc: Rpc) => Values;

/** Makes all that the lines speak of. Lines that end a thing get one of their own. */
async function story(test: TestMesh, author: Author): Promise<ValuesOf> {
  const [owner, other] = [await author.person(), await author.person()];
  const { teamId, botId } = await author.team(owner);
  await author.join(owner, teamId, other, TeamRole.MEMBER);
  await author.giveSource(owner, botId, program('echo', 'hello'));
  const user = { userId: owner.id };
  const keyId = await author.key(owner, user);
  const [held, spare, ended, empty] = await Promise.all([
    author.runningClone(owner, { owner: { teamId }, botId, keyId }),
    author.team(owner),
    author.clone(owner, { owner: user, botId, keyId: '' }),
    author.emptyTeam(owner),
  ]);
  const admin = await test.exchange(test.adminKey);
  const turns = await clonesForTurns(author, owner, { owner: user, botId, keyId: '' });
  await author.as(owner.token).clones.waitClone({ id: ended, phases: [ClonePhase.COMPLETED] });
  const onLists = { USER_ID: (await author.person()).id };
  const provider = { PROVIDER_ID: await author.provider(owner) };
  const hook = await author.webhook(owner, user);
  const spareHook = await author.webhook(owner, user);

  const usual = {
    TOKEN: owner.token,
    KEY: owner.apiKey,
    USER_ID: owner.id,
    TEAM_ID: teamId,
    BOT_ID: botId,
    KEY_ID: keyId,
    CLONE_ID: ended,
    GRANT_ID: held.grantId,
    API_KEY_ID: await author.apiKey(owner),
    WEBHOOK_ID: hook.webhookId,
    TEMPLATE_ID: await author.template(owner, user),
    ACTION_ID: await author.action(owner, ended),
    DELIVERY_ID: hook.deliveryId,
  };
  const special: Readonly<Record<string, Values>> = {
    ...turns,
    DenyOwner: onLists,
    AllowOwner: onLists,
    GrantAccess: onLists,
    WithdrawAccess: onLists,
    GetStanding: onLists,
    RegisterProvider: onLists,
    GetProvider: provider,
    UpdateProvider: provider,
    RefreshToken: { REFRESH_TOKEN: await refreshTokenOf(test, owner) },
    SetTeamMember: { USER_ID: other.id },
    RemoveTeamMember: { USER_ID: other.id },
    TransferTeamOwnership: { TEAM_ID: await teamWith(author, owner, other), USER_ID: other.id },
    DisableUser: onLists,
    EnableUser: onLists,
    ...(await accountsFor(author, owner, teamId)),
    ...(await invitationsFor(author, owner, teamId)),
    DeleteTeam: { TEAM_ID: empty },
    DeleteBot: { BOT_ID: spare.botId },
    DeleteTemplate: { TEMPLATE_ID: await author.template(owner, user) },
    DeleteWebhook: { WEBHOOK_ID: spareHook.webhookId },
    DeleteKey: { KEY_ID: await author.key(owner, user) },
    DeleteClone: { CLONE_ID: await author.clone(owner, { owner: user, botId, keyId: '' }) },
  };
  return ({ method, rule }) => ({
    ...usual,
    ...(!rule?.callers.includes('user') && { TOKEN: admin }),
    ...special[method.name],
  });
}

async function refreshTokenOf(test: TestMesh, { apiKey }: Person): Promise<string> {
  await using tokens = connect(TokenServiceService, test.addressOf('teams'));
  const credential = { $case: 'apiKey', value: apiKey } as const;
  return (await tokens.logIn({ credential })).refreshToken;
}

/** A team of an owner that somebody else is in, too. */
async function teamWith(author: Author, owner: Person, other: Person): Promise<string> {
  const teamId = await author.emptyTeam(owner);
  await author.join(owner, teamId, other, TeamRole.ADMIN);
  return teamId;
}

/** A service account for each line about one. */
async function accountsFor(
  author: Author,
  owner: Person,
  teamId: string,
): Promise<Readonly<Record<string, Values>>> {
  const one = async () => ({ ACCOUNT_ID: await author.account(owner, teamId) });
  return {
    DisableServiceAccount: await one(),
    EnableServiceAccount: await one(),
    DeleteServiceAccount: await one(),
  };
}

/** An invitation for each line that ends one, and who may do it. */
async function invitationsFor(
  author: Author,
  owner: Person,
  teamId: string,
): Promise<Readonly<Record<string, Values>>> {
  const guest = await author.person();
  const open = await author.invitation(owner, teamId);
  const spare = await author.invitation(owner, teamId);
  const own = await author.invitation(owner, teamId, guest.id);
  return {
    AcceptInvitation: { TOKEN: guest.token, CODE: open.code },
    DeclineInvitation: { TOKEN: guest.token, INVITATION_ID: own.invitationId },
    RevokeInvitation: { INVITATION_ID: spare.invitationId },
  };
}

/** For each line that has a clone take a turn, one that may take it. */
async function clonesForTurns(
  author: Author,
  owner: Person,
  wish: CloneWish,
): Promise<Readonly<Record<string, Values>>> {
  const { clones } = author.as(owner.token);
  const one = async (phase: ClonePhase, wanted = wish): Promise<string> => {
    const id = await author.clone(owner, wanted);
    await clones.waitClone({ id, phases: [phase] });
    return id;
  };
  const { botId } = await author.team(owner);
  await author.giveSource(owner, botId);
  const lasting = { ...wish, botId };
  const running = (): Promise<string> => one(ClonePhase.RUNNING, lasting);
  const [Suspend, Resume, Archive, Restore] = await Promise.all([0, 1, 2, 3].map(running));
  await clones.suspendClone({ id: Resume ?? '', etag: '' });
  await clones.waitClone({ id: Resume ?? '', phases: [ClonePhase.SUSPENDED] });
  await clones.archiveClone({ id: Restore ?? '', etag: '' });
  await clones.waitClone({ id: Restore ?? '', phases: [ClonePhase.ARCHIVED] });
  const gone = await author.clone(owner, wish);
  await clones.deleteClone({ id: gone, etag: '' });
  await author.deleted(owner, gone);
  const policy = Policy.fromPartial({
    expireAfter: { seconds: 3_600 },
    extendUpTo: { seconds: 864_000 },
  });
  const ids = {
    UpdateClone: await one(ClonePhase.COMPLETED),
    RestartClone: await one(ClonePhase.COMPLETED),
    SuspendClone: Suspend,
    ResumeClone: Resume,
    ArchiveClone: Archive,
    RestoreClone: Restore,
    ExtendClone: await one(ClonePhase.RUNNING, { ...lasting, policy }),
    DeleteClones: await author.clone(owner, wish),
    ForceDeleteClone: gone,
  };
  return Object.fromEntries(Object.entries(ids).map(([rpc, id]) => [rpc, { CLONE_ID: id ?? '' }]));
}
