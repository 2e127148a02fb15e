// Goal: what went wrong in systems like this one does not go wrong here.
// Method: the incidents of other projects, played against a whole mesh.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CreateKeyRequest, KeyAlgorithm } from '@ramet/proto-gen/keys.v1';
import {
  ExecutionReportServiceService,
  GetCloneRequest,
  StopCloneRequest,
  UpdateExecutionRequest,
  WatchClonesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole, WorkloadTokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect, RemoteError } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { delimited } from './input/wire.js';
import { type Answer, openCaller } from './support/call.js';
import { PEERS, readContract } from './support/contract.js';
import { drain, signWith, untilRefused } from './support/doings.js';
import { framed, sendRaw } from './support/http2.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import {
  type Author,
  aName,
  openAuthor,
  ownerMessage,
  type Person,
  workloadToken,
} from './support/story.js';

const MEGABYTE = 1024 * 1024;
const BOMB = 200 * MEGABYTE;
/** More calls than the executor of this mesh lets in within a minute. */
const FLOOD = 800;
const WAVE = 100;

const contract = readContract();

describe('a mesh', () => {
  let test: TestMesh;
  let author: Author;

  before(async () => {
    test = await sharedMesh();
    author = await openAuthor(test);
  });
  after(() => author?.[Symbol.asyncDispose]());

  it('makes no token of an API key that was revoked', async () => {
    const person = await author.person();
    await author.as(person.token).users.revokeApiKey({ id: person.apiKeyId });
    await assert.rejects(test.exchange(person.apiKey), { reason: 'CREDENTIAL_INVALID' });
  });

  it('tells an unknown API key, a revoked and a cut one apart in nothing (T1)', async () => {
    const person = await author.person();
    await author.as(person.token).users.revokeApiKey({ id: person.apiKeyId });
    const last = person.apiKey.at(-1) === 'a' ? 'b' : 'a';
    const keys = [person.apiKey, person.apiKey.slice(0, -1) + last, 'nonsense', ' '];
    const told = await Promise.all(keys.map(async (key) => tellOf(test.exchange(key))));
    assert.equal(new Set(told).size, 1, told.join('\n'));
  });

  it('closes every door to a member who was removed, open streams included', async () => {
    const [owner, member] = [await author.person(), await author.person()];
    const { teamId, botId } = await author.team(owner);
    await author.join(owner, teamId, member, TeamRole.ADMIN);
    const keyId = await author.key(owner, { teamId });
    const { cloneId } = await author.runningClone(owner, { owner: { teamId }, botId, keyId });
    const api = author.as(member.token);
    const watched = drain(api.clones.watchClones(WatchClonesRequest.fromPartial({ cloneId })));
    const logs = drain(
      api.clones.streamCloneLogs({ cloneId, executionId: '', follow: true, tailLines: 0 }),
    );
    await api.clones.getClone(GetCloneRequest.fromPartial({ id: cloneId }));
    await api.keys.getKey({ id: keyId });

    await author.as(owner.token).teams.removeTeamMember({ teamId, userId: member.id });

    await assert.rejects(api.teams.getTeam({ id: teamId }), { reason: 'TEAM_NOT_FOUND' });
    await assert.rejects(api.bots.getBot({ id: botId }), { reason: 'BOT_NOT_FOUND' });
    for (const reason of [await watched, await logs]) {
      assert.match(reason, /PERMISSION_DENIED|NOT_FOUND/);
    }
    await untilRefused(() => api.keys.getKey({ id: keyId }), /^KEY_NOT_FOUND$/);
    await assert.rejects(api.clones.getClone(GetCloneRequest.fromPartial({ id: cloneId })), {
      reason: 'CLONE_NOT_FOUND',
    });
    await assert.rejects(api.clones.stopClone(StopCloneRequest.fromPartial({ id: cloneId })), {
      reason: 'CLONE_NOT_FOUND',
    });
  });

  it('ends what an API key that was revoked has opened, at every service (T28)', async () => {
    const owner = await author.person();
    const { teamId, botId } = await author.team(owner);
    const keyId = await author.key(owner, { teamId });
    const { cloneId } = await author.runningClone(owner, { owner: { teamId }, botId, keyId });
    const api = author.as(owner.token);
    const watched = drain(api.clones.watchClones(WatchClonesRequest.fromPartial({ cloneId })));
    const request = { cloneId, executionId: '', follow: true, tailLines: 0 };
    const logs = drain(api.clones.streamCloneLogs(request));
    await api.keys.getKey({ id: keyId });

    await api.users.revokeApiKey({ id: owner.apiKeyId });

    for (const reason of [await watched, await logs]) assert.equal(reason, 'TOKEN_REVOKED');
    await untilRefused(() => api.keys.getKey({ id: keyId }), /^TOKEN_REVOKED$/);
    await untilRefused(() => api.users.getUser({ id: '' }), /^TOKEN_REVOKED$/);
  });

  it('takes nothing from the runner of a clone that was deleted (T30)', async () => {
    const owner = await author.person();
    const { teamId, botId } = await author.team(owner);
    const keyId = await author.key(owner, { teamId });
    const wish = { owner: { teamId }, botId, keyId };
    const old = await author.runningClone(owner, wish);
    const token = await workloadToken(test, old);
    await signWith(test, token, keyId);

    const { clones } = author.as(owner.token);
    await clones.deleteClone({ id: old.cloneId, etag: '' });
    await author.deleted(owner, old.cloneId);
    const next = await author.runningClone(owner, wish);

    await assert.rejects(signWith(test, token, keyId), { reason: 'GRANT_REVOKED' });
    await assert.rejects(renew(token), { reason: 'EPOCH_STALE' });
    await assert.rejects(report(token, old.executionId), { reason: 'EPOCH_STALE' });
    await signWith(test, await workloadToken(test, next), keyId);
  });

  it('takes no claim to an epoch that is not there yet', async () => {
    const owner = await author.person();
    const { teamId, botId } = await author.team(owner);
    const keyId = await author.key(owner, { teamId });
    const clone = await author.runningClone(owner, { owner: { teamId }, botId, keyId });
    const ahead = await workloadToken(test, clone, 2);

    await assert.rejects(signWith(test, ahead, keyId));
    await assert.rejects(renew(ahead), { reason: 'EPOCH_STALE' });
    await assert.rejects(report(ahead, clone.executionId, 2), { reason: 'EPOCH_STALE' });
  });

  it('gives nobody a role that they do not hold, and no team up', async () => {
    const [owner, admin] = [await author.person(), await author.person()];
    const { teamId } = await author.team(owner);
    await author.join(owner, teamId, admin, TeamRole.ADMIN);
    const raise = { teamId, userId: admin.id, role: TeamRole.OWNER };
    const lower = { teamId, userId: owner.id, role: TeamRole.MEMBER };

    await assert.rejects(author.as(admin.token).teams.setTeamMember(raise), {
      reason: 'PERMISSION_DENIED',
    });
    await assert.rejects(author.admin.teams.setTeamMember(raise), { reason: 'PERMISSION_DENIED' });
    await assert.rejects(author.as(owner.token).teams.setTeamMember(lower), {
      reason: 'LAST_OWNER',
    });
  });

  it('takes no key that is not exactly one', async () => {
    const person = await author.person();
    const pair = generateKeyPairSync('ed25519').privateKey;
    const der = pair.export({ type: 'pkcs8', format: 'der' });
    const pem = pair.export({ type: 'pkcs8', format: 'pem' }).toString();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
    const wrong: Readonly<Record<string, Buffer>> = {
      'junk after it': Buffer.concat([der, Buffer.from('junk')]),
      'two of them': Buffer.from(pem + pem),
      'text after it': Buffer.from(`${pem}and more`),
      'no base64 in it': Buffer.from(pem.replace('\nM', '\n!')),
      'a public key': Buffer.from(pem.replaceAll('PRIVATE', 'PUBLIC')),
      'another algorithm': rsa.export({ type: 'pkcs8', format: 'der' }),
      'hex of one': Buffer.from(der.toString('hex')),
      'one byte less': systemIds.bytes(31),
    };
    for (const [what, secret] of Object.entries(wrong)) {
      await assert.rejects(bring(person, secret), { code: 'INVALID_ARGUMENT' }, what);
    }
    await bring(person, Buffer.from(pem));
  });

  it('tells of its health that it serves, and nothing else', async () => {
    using caller = openCaller(contract, test.ways);
    const check = { ...contract.rpc('ramet.teams.v1.TeamService/GetTeam') };
    const health = { ...check, name: 'grpc.health.v1.Health/Check' };
    for (const peer of PEERS) {
      const { code, response } = await caller.call(test.addressOf(peer), health, new Uint8Array());
      assert.deepEqual([code, [...response]], ['OK', [8, 1]], peer);
      const unknown = delimited(1, 'secret.Service');
      const absent = await caller.call(test.addressOf(peer), health, unknown);
      assert.deepEqual([absent.code, absent.reason], ['NOT_FOUND', 'SERVICE_NOT_FOUND']);
    }
  });

  it('lets nobody suffer from the flood that another one sends', async () => {
    using caller = openCaller(contract, test.ways);
    const rpc = contract.rpc('ramet.executor.v1.ExecutionService/ListExecutions');
    const [flooder, bystander] = [await author.person(), await author.person()];
    const ask = ({ token }: Person) => {
      return caller.call(test.addressOf('executor'), rpc, new Uint8Array(), { token });
    };

    const answers: Answer[] = [];
    while (answers.length < FLOOD) {
      answers.push(...(await Promise.all(Array.from({ length: WAVE }, () => ask(flooder)))));
    }

    const limited = answers.filter(({ reason }) => reason === 'RATE_LIMITED');
    assert.ok(limited.length > 0, 'all of it was let in');
    for (const { code, details } of limited) {
      assert.equal(code, 'RESOURCE_EXHAUSTED');
      assert.ok('google.rpc.RetryInfo' in details, Object.keys(details).join());
      assert.ok('google.rpc.QuotaFailure' in details, Object.keys(details).join());
    }
    assert.equal((await ask(bystander)).reason, 'PERMISSION_DENIED');
  });

  for (const peer of PEERS) {
    it(`survives what is sent to ${peer} to wear it down`, async () => {
      const address = test.addressOf(peer);
      const pid = test.mesh.service(peer).pid ?? 0;
      const path = `/${contract.rpcs.find(({ room }) => room === peer)?.name}`;
      const bomb = gzipSync(Buffer.alloc(BOMB));
      const before = residentBytes(pid);

      const many = Object.fromEntries(
        Array.from({ length: 20_000 }, (_, at) => [`x-${at}`, 'y'.repeat(50)]),
      );
      const replies = [
        await sendRaw(address, path, {
          headers: { 'grpc-encoding': 'gzip' },
          body: framed(bomb, true),
        }),
        await sendRaw(address, path, { headers: many, body: framed(new Uint8Array()) }),
        await sendRaw(address, path, { body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]) }),
        await sendRaw(address, path, { body: Buffer.from([7, 0, 0, 0, 0]) }),
        await sendRaw(address, path, { body: Buffer.alloc(0) }),
        await sendRaw(address, `${path}/${'x'.repeat(10_000)}`, { body: framed(new Uint8Array()) }),
        await sendRaw(address, path, {
          headers: { authorization: `Bearer ${'e'.repeat(12_000)}` },
          body: framed(new Uint8Array()),
        }),
      ];

      for (const { status, error } of replies) {
        assert.notEqual(status, '0');
        assert.notEqual(error, 'no answer');
      }
      assert.equal(test.mesh.service(peer).pid, pid);
      assert.ok(residentBytes(pid) - before < BOMB / 2, 'the bomb went off');
    });
  }

  async function renew(token: string): Promise<void> {
    const address = test.addressOf('teams');
    await using tokens = connect(WorkloadTokenServiceService, address, bearer(token));
    await tokens.renewWorkloadToken({});
  }

  async function report(token: string, executionId: string, epoch = 1): Promise<void> {
    const address = test.addressOf('lifecycle');
    await using reports = connect(ExecutionReportServiceService, address, bearer(token));
    const update = { executionId, epoch, instance: 'late' };
    await reports.updateExecution(UpdateExecutionRequest.fromPartial(update));
  }

  async function bring(person: Person, secret: Buffer): Promise<void> {
    await author.as(person.token).keys.createKey(
      CreateKeyRequest.fromPartial({
        owner: ownerMessage({ userId: person.id }),
        name: aName(),
        algorithm: KeyAlgorithm.ED25519,
        material: { $case: 'secret', value: secret },
      }),
    );
  }
});

function bearer(token: string) {
  return { token: async () => token };
}

/** All that a caller can tell one refusal from another by. */
async function tellOf(call: Promise<unknown>): Promise<string> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof RemoteError);
  const { code, reason, message, metadata } = thrown;
  return JSON.stringify({ code, reason, message, metadata });
}

function residentBytes(pid: number): number {
  const [, kilobytes] =
    /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
