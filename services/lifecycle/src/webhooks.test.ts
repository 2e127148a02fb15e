// Goal: receivers are told of every phase change of a clone, in order, once in effect, by nobody else.
// Method: the real service with real receivers on loopback, which fail, hang and come back.

import assert from 'node:assert/strict';
import { openDatabase } from '@ramet/database';
import {
  ClonePhase,
  CreateWebhookRequest,
  UpdateWebhookRequest,
  type Webhook,
  type WebhookDelivery,
  WebhookDeliveryStatus,
} from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { verifyWebhook } from './notifier/signature.js';
import {
  type Api,
  type Crew,
  createClone,
  type House,
  openHouse,
  ownerOf,
} from './testing/house.js';
import { type Receiver, startReceiver } from './testing/receiver.js';
import { reached, reasonOf, start, until, WHOLE_PAST } from './testing/steps.js';

const LIFE = ['ACCEPTED', 'PREPARING', 'PROVISIONING', 'RUNNING'];
const END = ['DELETING', 'DELETED'];

describe('webhooks', () => {
  let house: House;
  let crew: Crew;
  let api: Api;
  let attempts = 0;

  before(async () => {
    house = await openHouse();
    crew = await house.createCrew('hooks');
    api = house.as(crew.owner.token);
  });
  after(() => house[Symbol.asyncDispose]());

  it('tell a life in order, signed, with what the history says', async () => {
    await using receiver = await startReceiver();
    const { webhook, secret } = await create(api, receiver);
    const { id } = await live(api);
    await until(() => phasesOf(receiver, id).includes('DELETED'));

    assert.deepEqual(phasesOf(receiver, id).slice(0, LIFE.length), LIFE);
    assert.deepEqual(phasesOf(receiver, id).slice(-END.length), END);
    const events = receiver.requests.map(({ event }) => event.data);
    for (const [index, data] of events.entries()) {
      assert.equal(data.phase_before, events[index - 1]?.phase_after ?? null);
      assert.ok(data.seq > (events[index - 1]?.seq ?? 0));
    }
    for (const { headers, body, id: name, event } of receiver.requests) {
      assert.ok(verifyWebhook(secret, headers, body, { now: Date.now() }), 'it does not verify');
      assert.equal(
        verifyWebhook(`${secret}x`.replace('A', 'B'), headers, `${body} `, { now: Date.now() }),
        false,
      );
      assert.equal(name, `${webhook.id}-${id}-${event.data.seq}`);
      assert.equal(headers['content-type'], 'application/json');
    }
    const { entries } = await api.clones.listCloneHistory({
      cloneId: id,
      ...WHOLE_PAST,
      pageSize: 0,
      pageToken: '',
    });
    for (const { event } of receiver.requests) {
      const entry = entries.find(({ seq }) => seq === event.data.seq);
      assert.equal(ClonePhase[event.data.phase_after as 'RUNNING'], entry?.clone?.phase);
      assert.equal(event.data.reason, entry?.clone?.reason);
      assert.equal(event.data.trace_id ?? '', entry?.traceId);
      assert.equal(event.timestamp, entry?.time?.toISOString());
      assert.deepEqual(event.data.owner, { kind: 'user', id: crew.owner.id });
    }
    await remove(api, webhook);
  });

  it('come again until they are taken, each once in effect, under the same id', async () => {
    await using receiver = await startReceiver();
    const seen = new Map<string, number>();
    receiver.answer = ({ id }) => {
      seen.set(id, (seen.get(id) ?? 0) + 1);
      return (seen.get(id) ?? 0) > 1 ? 200 : 503;
    };
    const { webhook } = await create(api, receiver, {
      phases: [ClonePhase.ACCEPTED, ClonePhase.DELETED],
    });
    const { id } = await live(api);
    await until(() => receiver.effects.length === 2);

    assert.deepEqual(
      receiver.effects.map(({ event }) => event.data.phase_after),
      ['ACCEPTED', 'DELETED'],
    );
    assert.deepEqual([...seen.values()], [2, 2]);
    const deliveries = await list(api, webhook);
    assert.deepEqual(
      deliveries.map(({ cloneId, status, attempts, responseCode, problem, phase }) => {
        return { cloneId, status, attempts, responseCode, problem, phase };
      }),
      [ClonePhase.DELETED, ClonePhase.ACCEPTED].map((phase) => {
        const status = WebhookDeliveryStatus.DELIVERED;
        return { cloneId: id, status, attempts: 2, responseCode: 200, problem: '', phase };
      }),
    );
    await remove(api, webhook);
  });

  it('do not wait for a receiver that hangs, nor for a clone whose events are refused', async () => {
    await using hanging = await startReceiver();
    await using picky = await startReceiver();
    hanging.answer = () => 'hang';
    const poisoned: string[] = [];
    attempts += 1;
    picky.answer = ({ event: { data } }) =>
      data.name.startsWith('poison') ? 500 : data.name.startsWith('stuck') ? 'hang' : 200;
    const hooks = [
      await create(api, hanging, { phases: [ClonePhase.ACCEPTED] }),
      await create(api, picky, { phases: [ClonePhase.ACCEPTED] }),
    ];
    poisoned.push((await createClone(api, wish({ name: `poison-${attempts}` }))).id);
    const stuck = await createClone(api, wish({ name: `stuck-${attempts}` }));
    await until(() => picky.requests.length >= 2);
    const clones = await Promise.all(Array.from({ length: 98 }, () => createClone(api, wish())));
    // A hundred clones come to life meanwhile: each part has a wait of its own.
    for (const count of [20, 40, 60, 80, 98]) await until(() => picky.effects.length >= count);

    assert.deepEqual(
      picky.effects.map(({ event }) => event.data.clone_id).sort(),
      clones.map(({ id }) => id).sort(),
    );
    assert.ok(hanging.requests.length > 0, 'the one that hangs was asked too');
    const { webhook } = await api.webhooks.getWebhook({ id: hooks[1]?.webhook.id ?? '' });
    assert.equal(webhook?.health?.pauseEndTime, undefined, 'one clone pauses nothing');
    const refused = (await list(api, webhook)).filter(({ cloneId }) => poisoned.includes(cloneId));
    assert.deepEqual(
      refused.map(({ status, problem, responseCode }) => ({ status, problem, responseCode })),
      [{ status: WebhookDeliveryStatus.PENDING, problem: 'RESPONSE_REFUSED', responseCode: 500 }],
    );
    for (const { webhook } of hooks) await remove(api, webhook);
    await removeClones([...clones.map(({ id }) => id), stuck.id, ...poisoned]);
  });

  it('are paused as a whole when the receiver is away, and go on when it is asked for', async () => {
    await using receiver = await startReceiver();
    receiver.answer = () => 500;
    const { webhook } = await create(api, receiver, { phases: [ClonePhase.ACCEPTED] });
    const clones = [];
    for (let count = 0; count < 8; count += 1) clones.push(await createClone(api, wish()));
    await until(async () => {
      const { webhook: latest } = await api.webhooks.getWebhook({ id: webhook.id });
      return latest?.health?.pauseEndTime !== undefined;
    });
    receiver.answer = () => 200;
    await api.webhooks.pingWebhook({ id: webhook.id });
    await until(() => receiver.effects.length === 9);
    await until(async () => {
      const { webhook: latest } = await api.webhooks.getWebhook({ id: webhook.id });
      return latest?.health?.pending === 0;
    });

    const { webhook: latest } = await api.webhooks.getWebhook({ id: webhook.id });
    assert.deepEqual(latest?.health, { failures: 0, pauseEndTime: undefined, pending: 0 });
    await remove(api, webhook);
    await removeClones(clones.map(({ id }) => id));
  });

  it('say how many were given up, in the next event of the clone', async () => {
    await using receiver = await startReceiver();
    receiver.answer = ({ event }) => (event.data.phase_after === 'DELETED' ? 200 : 500);
    const { webhook } = await create(api, receiver, {
      phases: [ClonePhase.ACCEPTED, ClonePhase.RUNNING, ClonePhase.DELETED],
    });
    const { id } = await createClone(api, wish());
    await start(house, api, id);
    await until(async () => (await list(api, webhook)).length === 2);
    await using db = await openDatabase({
      url: house.databaseUrl,
      schema: 'lifecycle',
      application: 'test',
      poolSize: 1,
    });
    await db.query(`update webhook_delivery set give_up_at = ramet_now() where webhook_id = $1`, [
      webhook.id,
    ]);
    await db.query(
      `update webhook_work set due_at = ramet_now(), paused_until = '-infinity' where id = $1`,
      [webhook.id],
    );
    await api.clones.deleteClone({ id, etag: '' });
    await until(() => receiver.effects.length === 1);

    const [effect] = receiver.effects;
    assert.equal(effect?.event.data.phase_after, 'DELETED');
    assert.equal(effect?.event.data.missed, 2);
    const [, running, accepted] = await list(api, webhook);
    assert.equal(running?.status, WebhookDeliveryStatus.DROPPED);
    assert.equal(accepted?.status, WebhookDeliveryStatus.DROPPED);

    receiver.answer = () => 200;
    await api.webhooks.redeliverWebhook({ webhookId: webhook.id, deliveryId: accepted.id });
    await until(() => receiver.effects.length === 2);
    assert.equal(receiver.effects[1]?.id, accepted.id);
    await remove(api, webhook);
  });

  it('are signed with both secrets for a while after one was changed', async () => {
    await using receiver = await startReceiver();
    const { webhook, secret: first } = await create(api, receiver);
    const asked = { id: webhook.id, requestId: 'rotate-once' };
    const { secret: second, webhook: rotated } = await api.webhooks.rotateWebhookSecret(asked);
    const again = await api.webhooks.rotateWebhookSecret(asked);
    assert.equal(again.secret, '');
    assert.ok(rotated?.overlapEndTime);
    await api.webhooks.pingWebhook({ id: webhook.id });
    await until(() => receiver.requests.length === 1);

    const [request] = receiver.requests;
    assert.ok(request);
    assert.equal(String(request.headers['webhook-signature']).split(' ').length, 2);
    for (const secret of [first, second]) {
      assert.ok(verifyWebhook(secret, request.headers, request.body, { now: Date.now() }));
    }
    await using db = await openDatabase({
      url: house.databaseUrl,
      schema: 'lifecycle',
      application: 'test',
      poolSize: 1,
    });
    await db.query(
      `update webhook_secret set ends_at = ramet_now() where webhook_id = $1 and nth = 1`,
      [webhook.id],
    );
    await api.webhooks.pingWebhook({ id: webhook.id });
    await until(() => receiver.requests.length === 2);
    const later = receiver.requests[1] ?? assert.fail();
    assert.equal(verifyWebhook(first, later.headers, later.body, { now: Date.now() }), false);
    assert.ok(verifyWebhook(second, later.headers, later.body, { now: Date.now() }));
    await remove(api, webhook);
  });

  it('follow no redirect', async () => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver();
    receiver.answer = () => ({ code: 307, location: elsewhere.url });
    const { webhook } = await create(api, receiver);
    await api.webhooks.pingWebhook({ id: webhook.id });
    await until(async () => (await list(api, webhook)).some(({ attempts }) => attempts > 0));

    const [ping] = await list(api, webhook);
    assert.equal(ping?.type, 'ping');
    assert.equal(ping.responseCode, 307);
    assert.equal(ping.problem, 'RESPONSE_REFUSED');
    assert.equal(elsewhere.requests.length, 0);
    await remove(api, webhook);
  });

  it('stop at once when deleted or disabled, and tell of what they are for alone', async () => {
    await using receiver = await startReceiver();
    const { webhook: deleted } = await create(api, receiver);
    const { webhook: disabled } = await create(api, receiver);
    const { webhook: labelled } = await create(api, receiver, { labels: { tier: 'gold' } });
    await remove(api, deleted);
    await update(api, disabled, { disabled: true });
    const gold = await createClone(api, wish({ labels: { tier: 'gold' } }));
    const iron = await createClone(api, wish({ labels: { tier: 'iron' } }));
    await removeClones([gold.id, iron.id]);
    await until(() => phasesOf(receiver, gold.id).includes('DELETED'));

    const told = new Set(receiver.requests.map(({ event }) => event.data.webhook_id));
    assert.deepEqual([...told], [labelled.id]);
    assert.deepEqual(phasesOf(receiver, iron.id), []);
    assert.equal(await reasonOf(api.webhooks.pingWebhook({ id: deleted.id })), 'WEBHOOK_NOT_FOUND');
    for (const webhook of [disabled, labelled]) await remove(api, webhook);
  });

  it('of a team go on when who made them has left, and are no longer theirs to see', async () => {
    await using receiver = await startReceiver();
    const other = await house.createCrew('leaving');
    const [owner, admin] = [house.as(other.owner.token), house.as(other.admin.token)];
    const { webhook } = await create(admin, receiver, {}, other.team.id);
    await owner.teams.removeTeamMember({ teamId: other.team.id, userId: other.admin.id });
    const { id } = await createClone(owner, { botId: other.bot.id, owner: ownerOf(other.team.id) });
    await owner.clones.deleteClone({ id, etag: '' });
    await until(() => phasesOf(receiver, id).includes('DELETED'));

    await until(
      async () => (await reasonOf(admin.webhooks.getWebhook({ id: webhook.id }))) !== 'ok',
    );
    assert.equal(
      await reasonOf(admin.webhooks.getWebhook({ id: webhook.id })),
      'WEBHOOK_NOT_FOUND',
    );
    assert.equal(
      (await owner.webhooks.getWebhook({ id: webhook.id })).webhook?.creatorId,
      other.admin.id,
    );
    await owner.teams.setTeamMember({
      teamId: other.team.id,
      userId: other.admin.id,
      role: TeamRole.MEMBER,
    });
    await remove(owner, webhook);
  });

  it("are refused for addresses that are nobody's business, names that are taken, and too many", async () => {
    await using receiver = await startReceiver();
    for (const url of [
      'http://169.254.169.254/latest',
      'ftp://example.com/',
      'https://u:p@example.com/',
    ]) {
      assert.equal(await reasonOf(create(api, { url })), 'WEBHOOK_URL_REFUSED', url);
    }
    const request = { ...wanted(receiver), name: 'taken', requestId: 'hook-once' };
    const { webhook, secret } = await api.webhooks.createWebhook(request);
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    const again = await api.webhooks.createWebhook(request);
    assert.deepEqual([again.webhook?.id, again.secret], [webhook?.id, '']);
    assert.equal(
      await reasonOf(api.webhooks.createWebhook({ ...request, url: `${receiver.url}/2` })),
      'REQUEST_ID_REUSED',
    );
    assert.equal(
      await reasonOf(api.webhooks.createWebhook({ ...request, requestId: '' })),
      'NAME_TAKEN',
    );
    const dry = await api.webhooks.createWebhook({
      ...wanted(receiver),
      name: 'dry',
      validateOnly: true,
    });
    assert.deepEqual([dry.webhook?.name, dry.secret], ['dry', '']);

    const made: Webhook[] = [];
    let reason = 'ok';
    while (reason === 'ok' && made.length < 30) {
      reason = await reasonOf(create(api, receiver).then((each) => made.push(each.webhook)));
    }
    assert.equal(reason, 'QUOTA_EXCEEDED');
    const { webhooks: first, nextPageToken } = await api.webhooks.listWebhooks({
      owner: undefined,
      pageSize: 15,
      pageToken: '',
    });
    const { webhooks: rest } = await api.webhooks.listWebhooks({
      owner: undefined,
      pageSize: 15,
      pageToken: nextPageToken,
    });
    assert.equal(first.length + rest.length, 20);
    for (const each of [...first, ...rest]) await remove(api, each);
  });

  it('change as they are asked to, unless they have changed meanwhile', async () => {
    await using receiver = await startReceiver();
    const { webhook } = await create(api, receiver);
    const renamed = await update(api, webhook, { name: 'renamed' });
    assert.deepEqual([renamed.name, renamed.url], ['renamed', webhook.url]);
    assert.equal(await reasonOf(update(api, webhook, { name: 'late' })), 'ETAG_STALE');
    assert.equal(
      await reasonOf(update(api, renamed, { updateMask: ['secret'] })),
      'REQUEST_INVALID',
    );
    assert.equal(
      await reasonOf(update(api, renamed, { url: 'https://[fe80::1]/' })),
      'WEBHOOK_URL_REFUSED',
    );
    const off = await update(api, renamed, { disabled: true });
    const on = await update(api, off, { updateMask: ['disabled'] });
    assert.deepEqual([off.disabled, on.disabled], [true, false]);
    assert.equal(
      await reasonOf(api.webhooks.deleteWebhook({ id: on.id, etag: off.etag })),
      'ETAG_STALE',
    );
    await remove(api, on);
    await remove(api, on);
  });

  function wish(more: object = {}): Parameters<typeof createClone>[1] {
    return { botId: crew.bot.id, owner: ownerOf(crew.owner.id), ...more };
  }

  /** A clone that runs and is deleted. */
  async function live(as: Api) {
    const clone = await createClone(as, wish());
    await start(house, as, clone.id);
    await as.clones.deleteClone({ id: clone.id, etag: '' });
    return reached(as, clone.id, ClonePhase.DELETED);
  }

  /** Deletes clones, and waits until nothing more is told of them. */
  async function removeClones(ids: readonly string[]): Promise<void> {
    for (const id of ids) await api.clones.deleteClone({ id, etag: '' });
    for (const id of ids) await reached(api, id, ClonePhase.DELETED);
  }

  let names = 0;

  function wanted({ url }: Pick<Receiver, 'url'>, filter: object = {}, ownerId = crew.owner.id) {
    names += 1;
    const empty = CreateWebhookRequest.decode(new Uint8Array());
    const given = { kinds: [], phases: [], labels: {}, ...filter };
    return { ...empty, owner: ownerOf(ownerId), name: `hook-${names}`, url, filter: given };
  }

  async function create(
    as: Api,
    receiver: Pick<Receiver, 'url'>,
    filter: object = {},
    ownerId = crew.owner.id,
  ): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
    const { webhook, secret } = await as.webhooks.createWebhook(wanted(receiver, filter, ownerId));
    return { webhook: webhook ?? assert.fail('no webhook came back'), secret };
  }
});

async function update(
  { webhooks }: Api,
  { id, etag }: Webhook,
  change: Partial<UpdateWebhookRequest>,
): Promise<Webhook> {
  const empty = UpdateWebhookRequest.decode(new Uint8Array());
  const { webhook } = await webhooks.updateWebhook({ ...empty, id, etag, ...change });
  return webhook ?? assert.fail('no webhook came back');
}

async function remove({ webhooks }: Api, { id }: Webhook): Promise<void> {
  const { webhook } = await webhooks.deleteWebhook({ id, etag: '' });
  assert.ok(webhook?.deleteTime);
}

async function list(
  { webhooks }: Api,
  webhook: Webhook | undefined,
): Promise<readonly WebhookDelivery[]> {
  const asked = { webhookId: webhook?.id ?? '', pageSize: 1_000, pageToken: '' };
  return (await webhooks.listWebhookDeliveries(asked)).deliveries;
}

/** The phases that a receiver was told of a clone, in order. */
function phasesOf({ requests }: Receiver, cloneId: string): readonly string[] {
  return requests
    .filter(({ event }) => event.data.clone_id === cloneId)
    .map(({ event }) => event.data.phase_after);
}
