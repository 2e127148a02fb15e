// Goal: no secret is anywhere but where it belongs.
// Method: the whole story on a whole mesh, with secrets that are known to the test, and requests
// that carry more of them and are refused. Then everything that was written is searched for them.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { CreateKeyRequest, KeyAlgorithm, SigningServiceService } from '@ramet/proto-gen/keys.v1';
import {
  CloneKind,
  CreateCloneRequest,
  CreateTemplateRequest,
  CreateWebhookRequest,
  OverrideScope,
  UpdateOwnerOverridesRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { WorkloadTokenServiceService } from '@ramet/proto-gen/teams.v1';
import { connect } from '@ramet/rpc';
import { systemIds } from '@ramet/service';
import { type Canary, canary, createFinder, type Finder } from './secrets/finder.js';
import { refusedRequests } from './secrets/requests.js';
import {
  filesIn,
  filesOf,
  metricsOf,
  processesOf,
  rowsOf,
  type Written,
} from './secrets/written.js';
import { openCaller } from './support/call.js';
import { type Peer, readContract } from './support/contract.js';
import { serviceTokens, sharedMesh, type TestMesh } from './support/mesh.js';
import { openRows, type Rows } from './support/rows.js';
import {
  type Author,
  aName,
  openAuthor,
  ownerMessage,
  type Person,
  program,
  workloadToken,
} from './support/story.js';

const contract = readContract();
const SIGNATURES = 3;

describe('a secret', () => {
  const canaries: Canary[] = [];
  const seen: Written[] = [];
  let test: TestMesh;
  let rows: Rows;
  let finder: Finder;

  before(async function () {
    this.timeout(240_000);
    test = await sharedMesh();
    rows = await openRows(test);
    await using author = await openAuthor(test);
    canaries.push(...(await secretsOfTheMesh(test)));
    seen.push(...processesOf(test));
    await tellTheStory(author);
    await refuse(author);
    await rows.query('checkpoint');
    finder = createFinder(canaries);
  });
  after(() => rows?.[Symbol.asyncDispose]());

  it('is found by this test where it is', () => {
    for (const { name, bytes } of canaries) {
      const places = [bytes, bytes.toString('hex'), bytes.toString('base64url'), ...shifted(bytes)];
      for (const place of places) {
        const hay = Buffer.concat([Buffer.from('some '), Buffer.from(place as Buffer)]);
        assert.ok(
          finder.find(hay).some((found) => found.startsWith(name)),
          name,
        );
      }
    }
  });

  it('is in no file but those that are for it', () => {
    const { secrets, credentials } = test.mesh.layout;
    const found = [...filesOf(test, [secrets, credentials])].flatMap(hitsIn);
    assert.deepEqual(
      found.filter(({ where }) => !isForSecrets(where)),
      [],
    );
  });

  it('is in files that nobody but their owner can read', () => {
    const { secrets, credentials, executor, nats } = test.mesh.layout;
    const files = [secrets, credentials].flatMap(filesIn);
    const configs = [executor, nats].flatMap(filesIn).filter(isForSecrets);
    assert.ok(files.length > 0 && configs.length > 1);
    for (const file of [...files, ...configs]) assert.equal(statSync(file).mode & 0o77, 0, file);
  });

  it('is in no table, not even as bytes', async () => {
    const found = [];
    for await (const written of rowsOf(rows)) found.push(...hitsIn(written));
    assert.deepEqual(found, []);
  });

  it('is in no metric', async () => {
    const found = [];
    for await (const written of metricsOf(test)) {
      assert.ok(written.bytes.includes('rpc_server_duration'), written.where);
      found.push(...hitsIn(written));
    }
    assert.deepEqual(found, []);
  });

  it('is in no argument and no variable of a process', () => {
    seen.push(...processesOf(test));
    assert.ok(seen.some(({ bytes }) => bytes.includes('keys/dist')));
    assert.deepEqual(seen.flatMap(hitsIn), []);
  });

  it('was in what was searched, if it was a name', async () => {
    const { logs, traces } = test.mesh.layout;
    const files = [...filesOf(test, [])];
    for (const folder of [logs, traces, test.mesh.layout.nats]) {
      const inFolder = files.filter(({ where }) => where.startsWith(`${folder}/`));
      assert.ok(
        inFolder.some(({ bytes }) => bytes.includes('ramet')),
        folder,
      );
    }
  });

  function hitsIn({ where, bytes }: Written): { where: string; found: readonly string[] }[] {
    const found = finder.find(bytes);
    return found.length === 0 ? [] : [{ where: relative(test.mesh.layout.state, where), found }];
  }

  /** Keys that are brought, used and deleted, by people with API keys and by workloads. */
  async function tellTheStory(author: Author): Promise<void> {
    const owner = await author.person();
    const { teamId, botId } = await author.team(owner);
    const pair = generateKeyPairSync('ed25519').privateKey;
    const der = pair.export({ type: 'pkcs8', format: 'der' });
    const pem = Buffer.from(pair.export({ type: 'pkcs8', format: 'pem' }));
    const brought = [
      ['an HMAC key', KeyAlgorithm.HMAC_SHA256, systemIds.bytes(48)] as const,
      ['another HMAC key', KeyAlgorithm.HMAC_SHA512, systemIds.bytes(64)] as const,
      ['an Ed25519 key', KeyAlgorithm.ED25519, systemIds.bytes(32)] as const,
      ['an Ed25519 key in PEM', KeyAlgorithm.ED25519, pem] as const,
    ];
    canaries.push(...personal('the owner', owner), canary('the Ed25519 key of the PEM', der));
    const keyIds: string[] = [];
    for (const [name, algorithm, secret] of brought) {
      if (secret !== pem) canaries.push(canary(name, secret));
      keyIds.push(await bring(author, owner, algorithm, secret));
    }

    await author.giveSource(owner, botId, program('env'));
    const { clones: api, keys } = author.as(owner.token);
    await tellAll(author, owner, botId);
    const clones = await Promise.all(
      keyIds.map((keyId) => author.runningClone(owner, { owner: { teamId }, botId, keyId })),
    );
    seen.push(...processesOf(test));
    for (const [at, clone] of clones.entries()) {
      const token = await workloadToken(test, clone);
      canaries.push(canary(`the token of runner ${at}`, token));
      await sign(keyIds[at] ?? '', token);
    }
    await api.deleteClone({ id: clones[0]?.cloneId ?? '', etag: '' });
    await keys.revokeGrant({ grantId: clones[1]?.grantId ?? '', executionId: '', reason: 'over' });
    const id = await author.key(owner, { userId: owner.id });
    await keys.deleteKey({ id, etag: '', deleteAfter: undefined });
  }

  /** Clones that are told secrets and print them, and what is sent to their owner's webhook. */
  async function tellAll(author: Author, owner: Person, botId: string): Promise<void> {
    const { clones, overrides, templates, webhooks } = author.as(owner.token);
    const mine = { owner: ownerMessage({ userId: owner.id }) };
    const ofOwner = hidden('a secret override of an owner');
    await overrides.updateOwnerOverrides(
      UpdateOwnerOverridesRequest.fromPartial({ ...mine, changes: [told('OWNERS', ofOwner)] }),
    );
    const wish = { ...mine, botId, overrides: [told('CLONES', hidden('a secret override'))] };
    const url = `http://127.0.0.1:9/file?token=${hidden('the secret of an address')}`;
    const inputs = [{ name: 'file', source: { $case: 'url' as const, value: url } }];
    const work = { $case: 'fetchInputs' as const, value: {} };
    const spec = { stages: [{ name: 'fetch', work }] };
    const { template } = await templates.createTemplate(
      CreateTemplateRequest.fromPartial({ ...mine, name: aName(), kind: CloneKind.WORKFLOW, spec }),
    );
    const fetched = { ...wish, botId: '', templateId: template?.id ?? '', inputs };
    for (const wanted of [wish, fetched]) {
      const { clone } = await clones.createClone(CreateCloneRequest.fromPartial(wanted));
      await clones.waitClone({ id: clone?.id ?? '', phases: [] });
    }
    const hook = { ...mine, name: aName(), url: 'http://127.0.0.1:9/' };
    const { secret } = await webhooks.createWebhook(CreateWebhookRequest.fromPartial(hook));
    canaries.push(canary('the secret of a webhook', secret));
  }

  function hidden(name: string): string {
    const secret = systemIds.bytes(32).toString('base64url');
    canaries.push(canary(name, secret));
    return secret;
  }

  async function sign(keyId: string, token: string): Promise<void> {
    const bearer = { token: async () => token };
    await using signing = connect(SigningServiceService, test.addressOf('keys'), bearer);
    await using tokens = connect(WorkloadTokenServiceService, test.addressOf('teams'), bearer);
    for (let at = 0; at < SIGNATURES; at += 1) {
      const payload = { $case: 'raw' as const, value: Buffer.from(`order ${at}`) };
      await signing.signTransaction({ requestId: systemIds.make('req'), keyId, payload });
    }
    const renewed = await tokens.renewWorkloadToken({});
    canaries.push(canary('a renewed token', renewed.token));
  }

  /** Sends secrets where they do not belong. Nothing of them may come back. */
  async function refuse(author: Author): Promise<void> {
    const person = await author.person();
    const { teamId } = await author.team(await author.person());
    canaries.push(...personal('a person', person));
    using caller = openCaller(contract, test.ways);
    for (const request of refusedRequests(contract, { userId: person.id, teamId })) {
      const { rpc, bytes, metadata, isAnonymous, what } = request;
      const token = request.token ?? (isAnonymous ? undefined : person.token);
      const address = test.addressOf(rpc.room as Peer);
      const options = { ...(token !== undefined && { token }), ...(metadata && { metadata }) };
      const answer = await caller.call(address, rpc, bytes, options);
      canaries.push(request.canary);
      assert.notEqual(answer.code, 'OK', what);
      assert.notEqual(answer.code, 'INTERNAL', what);
      const told = Buffer.from(JSON.stringify(answer));
      assert.deepEqual(createFinder([request.canary]).find(told), []);
    }
  }
});

function told(name: string, secret: string) {
  const change = { $case: 'secretValue' as const, value: secret };
  return { name, scope: OverrideScope.APP, change };
}

/** A key of somebody's own, brought twice: the second time it is refused. */
async function bring(
  author: Author,
  person: Person,
  algorithm: KeyAlgorithm,
  secret: Buffer,
): Promise<string> {
  const { keys } = author.as(person.token);
  const wish = () =>
    CreateKeyRequest.fromPartial({
      owner: ownerMessage({ userId: person.id }),
      name: aName(),
      algorithm,
      material: { $case: 'secret' as const, value: Buffer.from(secret) },
    });
  const { key } = await keys.createKey(wish());
  await assert.rejects(keys.createKey(wish()), { reason: 'KEY_DUPLICATE' });
  return key?.id ?? '';
}

function personal(name: string, { apiKey, token }: Person): readonly Canary[] {
  return [canary(`the API key of ${name}`, apiKey), canary(`the token of ${name}`, token)];
}

/** What the launcher has made: passwords, keys, tokens; and what services exchanged them for. */
async function secretsOfTheMesh(test: TestMesh): Promise<readonly Canary[]> {
  const { secrets, credentials } = test.mesh.layout;
  const files = [secrets, credentials].flatMap(filesIn).map((file) => {
    const content = readFileSync(file);
    const isPem = basename(file).endsWith('.pem');
    return canary(relative(secrets, file), isPem ? bodyOf(content.toString()) : content);
  });
  const tokens = Object.entries(await serviceTokens(test));
  return [...files, ...tokens.map(([peer, token]) => canary(`the token of ${peer}`, token))];
}

/** The bytes of what stands between the lines of a PEM. */
function bodyOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** Where a runner finds its token, and the bus the one that it asks for. Their rights match. */
function isForSecrets(where: string): boolean {
  return /(^|\/)(executor\/executions\/[^/]+\/config\.json|nats\/server\.conf)$/.test(where);
}

function shifted(bytes: Buffer): readonly string[] {
  return [1, 2].map((by) => Buffer.concat([Buffer.alloc(by), bytes]).toString('base64'));
}
