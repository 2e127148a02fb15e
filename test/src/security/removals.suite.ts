// Goal: who is removed or disabled has lost it everywhere within a second, what runs for them
// included (T4; systems.md F.2, row 8).
// Method: a whole mesh, in which a clone signs until its creator has gone.

import assert from 'node:assert/strict';
import { ClonePhase, GetCloneRequest, WatchClonesRequest } from '@ramet/proto-gen/lifecycle.v1';
import { TeamRole } from '@ramet/proto-gen/teams.v1';
import { drain, signWith, untilRefused } from './support/doings.js';
import { sharedMesh, type TestMesh } from './support/mesh.js';
import { type Author, openAuthor, workloadToken } from './support/story.js';

describe('the mesh of somebody who has gone', () => {
  let test: TestMesh;
  let author: Author;

  before(async () => {
    test = await sharedMesh();
    author = await openAuthor(test);
  });
  after(() => author?.[Symbol.asyncDispose]());

  it('signs nothing more for their team clone, and cuts their watch', async () => {
    const { owner, trader, teamId, cloneId, keyId, sign } = await trading();
    const api = author.as(trader.token);
    const watched = drain(api.clones.watchClones(WatchClonesRequest.fromPartial({ cloneId })));
    await api.clones.getClone(GetCloneRequest.fromPartial({ id: cloneId }));
    await sign();

    await author.as(owner.token).teams.removeTeamMember({ teamId, userId: trader.id });

    await untilRefused(sign, /^GRANT_REVOKED$/);
    assert.match(await watched, /PERMISSION_DENIED|NOT_FOUND/);
    const { clones, keys } = author.as(owner.token);
    const { clone } = await clones.getClone(GetCloneRequest.fromPartial({ id: cloneId }));
    assert.equal(clone?.phase, ClonePhase.RUNNING);
    const { grants } = await keys.listGrants({ keyId, pageSize: 0, pageToken: '' });
    assert.deepEqual(
      grants.map(({ revokeReason }) => revokeReason),
      ['CREATOR_REMOVED'],
    );
  });

  it('T4: takes no token of theirs and signs nothing for them once they are disabled', async () => {
    const { trader, cloneId, sign } = await trading();
    const api = author.as(trader.token);
    await sign();

    await author.admin.users.disableUser({ id: trader.id, reason: 'left the company' });

    await assert.rejects(test.exchange(trader.apiKey), { reason: 'CREDENTIAL_INVALID' });
    await untilRefused(sign, /^GRANT_REVOKED$/);
    // The token is refused, or nothing is to be seen with it: whichever comes first.
    const asked = GetCloneRequest.fromPartial({ id: cloneId });
    await untilRefused(() => api.clones.getClone(asked), /^(TOKEN_REVOKED|CLONE_NOT_FOUND)$/);
  });

  /** A team clone that signs, made by somebody who may be sent away. */
  async function trading() {
    const [owner, trader] = [await author.person(), await author.person()];
    const { teamId, botId } = await author.team(owner);
    await author.join(owner, teamId, trader, TeamRole.ADMIN);
    const keyId = await author.key(owner, { teamId });
    const clone = await author.runningClone(trader, { owner: { teamId }, botId, keyId });
    const token = await workloadToken(test, clone);
    return { owner, trader, teamId, keyId, ...clone, sign: () => signWith(test, token, keyId) };
  }
});
