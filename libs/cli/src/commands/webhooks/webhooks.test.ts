// Goal: the commands say what people mean, and show a secret once and nowhere else.
// Method: the command in this process, services of the test's own on loopback.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloneKind,
  ClonePhase,
  type CreateWebhookRequest,
  type UpdateWebhookRequest,
  Webhook,
  WebhookDelivery,
  WebhookDeliveryStatus,
} from '@ramet/proto-gen/lifecycle.v1';
import { type Ran, runCommand, startTestMesh, USER_ID } from '../../test-mesh.js';

const ID = `whk_${'6'.repeat(26)}`;
const CLONE_ID = `cln_${'7'.repeat(26)}`;
const SECRET = 'whsec_bm90IGEgc2VjcmV0';
const WEBHOOK = Webhook.fromPartial({
  id: ID,
  name: 'pager',
  url: 'https://example.com/hook',
  owner: { owner: { $case: 'userId', value: USER_ID } },
});
const DELIVERY = WebhookDelivery.fromPartial({
  id: `${ID}-${CLONE_ID}-4`,
  webhookId: ID,
  type: 'clone.phase_changed',
  cloneId: CLONE_ID,
  seq: 4,
  phase: ClonePhase.FAILED,
  status: WebhookDeliveryStatus.PENDING,
  attempts: 3,
  responseCode: 503,
  problem: 'RESPONSE_REFUSED',
  latency: { seconds: 1n, nanos: 250_000_000 },
});

describe('ramet webhooks', () => {
  const asked: unknown[] = [];
  let mesh: Awaited<ReturnType<typeof startTestMesh>>;

  before(async () => {
    const answer = async (request: unknown) => {
      asked.push(request);
      return { webhook: WEBHOOK, secret: SECRET, delivery: DELIVERY };
    };
    mesh = await startTestMesh({
      webhooks: {
        createWebhook: answer,
        getWebhook: answer,
        updateWebhook: answer,
        rotateWebhookSecret: answer,
        deleteWebhook: answer,
        pingWebhook: answer,
        redeliverWebhook: answer,
        listWebhooks: async () => ({ webhooks: [WEBHOOK], nextPageToken: '' }),
        listWebhookDeliveries: async () => ({ deliveries: [DELIVERY], nextPageToken: '' }),
      },
    });
  });
  after(() => mesh[Symbol.asyncDispose]());
  beforeEach(() => void asked.splice(0));

  it('create with a filter, and show the secret alone on standard output', async () => {
    const { out, errors, exitCode } = await ramet(
      ...['create', 'pager', '--url', WEBHOOK.url, '--kinds', 'bot, workflow'],
      ...['--phases', 'failed,cleanup-failed', '--label', 'tier=gold'],
    );
    assert.deepEqual([exitCode, out], [0, `${SECRET}\n`]);
    assert.match(errors, /signing secret, shown this once/);
    const [{ name, url, filter }] = asked as [CreateWebhookRequest];
    assert.deepEqual([name, url], ['pager', WEBHOOK.url]);
    assert.deepEqual(filter, {
      kinds: [CloneKind.BOT, CloneKind.WORKFLOW],
      phases: [ClonePhase.FAILED, ClonePhase.CLEANUP_FAILED],
      labels: { tier: 'gold' },
    });
  });

  it('write the secret to a file for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ramet-cli-'));
    const file = join(folder, 'secret');
    const { out, errors } = await ramet('rotate-secret', 'pager', '--out', file);
    assert.equal(await readFile(file, 'utf8'), `${SECRET}\n`);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(!(out + errors).includes(SECRET));
    await rm(folder, { recursive: true });
  });

  it('change what is given, and nothing else', async () => {
    const cases: readonly (readonly [readonly string[], Partial<UpdateWebhookRequest>])[] = [
      [['--enable'], { updateMask: ['disabled'], disabled: false }],
      [['--disable'], { updateMask: ['disabled'], disabled: true }],
      [['--url', 'https://b/'], { updateMask: ['url'], url: 'https://b/' }],
      [['--all-events', '--name', 'b'], { updateMask: ['name', 'filter'], filter: undefined }],
    ];
    for (const [args, expected] of cases) {
      assert.equal((await ramet('update', 'pager', ...args)).exitCode, 0);
      const request = asked.pop() as UpdateWebhookRequest;
      for (const [field, value] of Object.entries(expected)) {
        assert.deepEqual(request[field as keyof UpdateWebhookRequest], value, field);
      }
    }
  });

  it('refuse what says nothing, or two things', async () => {
    for (const args of [[], ['--enable', '--disable'], ['--all-events', '--kinds', 'bot']]) {
      assert.equal((await ramet('update', 'pager', ...args)).exitCode, 2);
    }
    assert.equal(
      (await ramet('create', 'x', '--url', 'https://a/', '--phases', 'dead')).exitCode,
      2,
    );
    assert.deepEqual(asked, []);
  });

  it('list deliveries with what the receiver said', async () => {
    const { out } = await ramet('deliveries', 'pager');
    assert.match(out, /cln_7+ +FAILED +PENDING +3 +503 RESPONSE_REFUSED +1250 ms/);
  });

  it('find a webhook by its name, ping it, redeliver to it, and delete it', async () => {
    for (const args of [
      ['get', 'pager'],
      ['ping', 'pager'],
      ['delete', 'pager', '--yes'],
    ]) {
      assert.equal((await ramet(...args)).exitCode, 0);
      assert.equal((asked.pop() as { id: string }).id, ID);
    }
    assert.equal((await ramet('redeliver', 'pager', DELIVERY.id)).exitCode, 0);
    assert.deepEqual(asked.pop(), { webhookId: ID, deliveryId: DELIVERY.id });
    assert.equal((await ramet('get', 'nobody')).exitCode, 3);
  });

  function ramet(...args: readonly string[]): Promise<Ran> {
    return runCommand(mesh.address, ['webhooks', ...args]);
  }
});
