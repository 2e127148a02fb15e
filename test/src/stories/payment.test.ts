import assert from 'node:assert/strict';
import { GrantLimits, KeyAlgorithm, SignOperation } from '@ramet/proto-gen/keys.v1';
import { ClonePhase } from '@ramet/proto-gen/lifecycle.v1';
import { Transaction } from 'micro-eth-signer';
import { signaturesOf } from './support/asked.js';
import {
  AT_REST,
  createClone,
  createKey,
  deleteClone,
  linesOf,
  untilPhase,
} from './support/clones.js';
import { endSoundly } from './support/soundness.js';
import { startWorld, type World } from './support/world.js';

const RECEIVER = '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F';

// Goal: a bot pays on Ethereum with a key that it never sees.
// Method: the whole mesh; what the bot prints is read by a library that is not ours.

describe('a payment', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => endSoundly(world));

  it('is signed for the bot, ready to be broadcast', async () => {
    const crew = await world.createCrew('paying');
    const { owner } = crew;
    const keyId = await createKey(owner.api, owner.owner, KeyAlgorithm.ECDSA_SECP256K1);

    const keyLimits = GrantLimits.fromPartial({ operations: [SignOperation.EVM_TRANSACTION] });
    const wish = { keyId, keyLimits, does: { pay: RECEIVER } };
    const { id } = await createClone(owner.api, crew, owner.owner, wish);
    const clone = await untilPhase(owner, id, ...AT_REST);

    const lines = await linesOf(owner, id);
    assert.equal(clone.phase, ClonePhase.COMPLETED, lines.join('\n'));
    const paid = lines.find((line) => line.startsWith('paid '));
    const { raw, type, sender } = Transaction.fromHex(`0x${paid?.slice('paid '.length)}`);
    assert.equal(type, 'eip1559');
    assert.equal(raw.chainId, 5n);
    assert.equal(raw.nonce, 7n);
    assert.equal(raw.to, RECEIVER);
    assert.equal(raw.value, 1000n);
    assert.match(sender, /^0x[0-9a-fA-F]{40}$/);
    assert.deepEqual(await signaturesOf(owner, keyId), ['payment']);
    await deleteClone(owner, id);
  });
});
