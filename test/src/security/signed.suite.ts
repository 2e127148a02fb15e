// Goal: a provider does what it has signed, and nothing else, wherever it goes.
// Method: tokens of signed requests, shown to the services of a whole mesh.

import assert from 'node:assert/strict';
import {
  CloneKind,
  CreateCloneRequest,
  GetCloneRequest,
  StopCloneRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { openProvider } from './support/provider.js';
import { type Author, openAuthor, ownerMessage } from './support/story.js';

const ELSEWHERE = { code: 'PERMISSION_DENIED', reason: 'TARGET_MISMATCH' };

describe('a provider', () => {
  let test: TestMesh;
  let author: Author;

  before(async () => {
    test = await sharedMesh();
    author = await openAuthor(test);
  });
  after(() => author?.[Symbol.asyncDispose]());

  it('stops the clone it has signed for, and no other', async () => {
    const owner = await author.person();
    const { botId } = await author.team(owner);
    await author.giveSource(owner, botId);
    const wish = { owner: { userId: owner.id }, botId, keyId: '' };
    const [mine, other] = [await author.clone(owner, wish), await author.clone(owner, wish)];
    await using provider = await openProvider(test, author.admin, owner, ['clones.stop']);
    const token = await provider.tokenFor({ action: 'clones.stop', targetId: mine });

    const { clones } = author.as(token);
    await clones.stopClone(StopCloneRequest.fromPartial({ id: mine }));
    await assert.rejects(clones.stopClone(StopCloneRequest.fromPartial({ id: other })), ELSEWHERE);
    const looking = clones.getClone(GetCloneRequest.fromPartial({ id: mine }));
    await assert.rejects(looking, { reason: 'SCOPE_MISSING' });
  });

  it('makes one clone of one signature, however often it asks', async () => {
    const [owner, stranger] = [await author.person(), await author.person()];
    const { botId } = await author.team(owner);
    await author.giveSource(owner, botId);
    await using provider = await openProvider(test, author.admin, owner, ['clones.*']);
    const signed = { action: 'clones.create', ownerId: owner.id, nonce: 7n };
    const { clones } = author.as(await provider.tokenFor(signed));

    const create = (requestId: string, userId = owner.id) => {
      const wish = { requestId, botId, owner: ownerMessage({ userId }), kind: CloneKind.BOT };
      return clones.createClone(CreateCloneRequest.fromPartial(wish));
    };
    const { clone } = await create('7');
    assert.equal((await create('7')).clone?.id, clone?.id);
    await assert.rejects(create('8'), ELSEWHERE);
    await assert.rejects(create(''), ELSEWHERE);
    await assert.rejects(create('7', stranger.id), ELSEWHERE);
  });

  it('gets no further than the user it acts as', async () => {
    const [owner, stranger] = [await author.person(), await author.person()];
    const { botId } = await author.team(owner);
    await author.giveSource(owner, botId);
    const wish = { owner: { userId: owner.id }, botId, keyId: '' };
    const id = await author.clone(owner, wish);
    await using provider = await openProvider(test, author.admin, stranger, ['clones.stop']);
    const token = await provider.tokenFor({ action: 'clones.stop', targetId: id });
    const stopping = author.as(token).clones.stopClone(StopCloneRequest.fromPartial({ id }));
    await assert.rejects(stopping, { reason: 'CLONE_NOT_FOUND' });
  });
});
