import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import { systemIds } from '@ramet/service';
import { createEnvelope, type Sealed } from './envelope.js';
import { close } from './gcm.js';
import { type Kek, kekOf } from './kek.js';
import { createKeyring } from './keyring.js';
import { lengthPrefixed } from './length-prefixed.js';

const IDENTITY = ['key', 'key_1', '1', 'hmac_sha256'];
const SECRET = 'a secret that is to be kept';

describe('an envelope', () => {
  const old = kekOf(systemIds.bytes(32));
  const kek = kekOf(systemIds.bytes(32));
  const envelope = envelopeUnder(kek, old);

  it('opens what it has sealed', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    assert.equal((await envelope.open(sealed, IDENTITY)).toString(), SECRET);
  });

  it('seals the same secret differently each time', async () => {
    const one = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    const other = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    assert.notDeepEqual(one.sealed, other.sealed);
    assert.notDeepEqual(one.wrappedKey, other.wrappedKey);
  });

  it('does not open in another row', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    for (const other of [
      ['key', 'key_2', '1', 'hmac_sha256'],
      ['key', 'key_1', '2', 'hmac_sha256'],
      ['key', 'key_11', '', 'hmac_sha256'],
    ]) {
      await assert.rejects(envelope.open(sealed, other), /not authentic/);
    }
  });

  it('does not open with the data key of another secret', async () => {
    const one = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    const other = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    await assert.rejects(envelope.open({ ...one, wrappedKey: other.wrappedKey }, IDENTITY));
  });

  it('does not open once any bit of it has changed', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    for (const part of ['sealed', 'wrappedKey'] as const) {
      for (let at = 0; at < sealed[part].length; at += 1) {
        const changed = Buffer.from(sealed[part]);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await assert.rejects(envelope.open({ ...sealed, [part]: changed }, IDENTITY));
      }
    }
  });

  for (const length of [4, 8, 12, 15]) {
    it(`T21: does not open with a tag cut to ${length} bytes`, async () => {
      const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
      const cut = sealed.sealed.subarray(0, sealed.sealed.length - 16 + length);
      await assert.rejects(envelope.open({ ...sealed, sealed: cut }, IDENTITY));
    });
  }

  it('does not open what is shorter than a nonce and a tag', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    const short: Sealed = { ...sealed, sealed: sealed.sealed.subarray(0, 27) };
    await assert.rejects(envelope.open(short, IDENTITY), /cut short/);
  });

  it('says so when the key-encryption key is another one', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    await assert.rejects(envelopeUnder(old).open(sealed, IDENTITY), { reason: 'SEALED' });
  });

  it('puts a secret under another key-encryption key without opening it', async () => {
    const before = await envelopeUnder(old).seal(Buffer.from(SECRET), IDENTITY);
    const after = await envelope.rewrap(before, IDENTITY);
    assert.deepEqual([after.kekId, after.sealed], [kek.id, before.sealed]);
    assert.equal((await envelopeUnder(kek).open(after, IDENTITY)).toString(), SECRET);
    await assert.rejects(envelope.rewrap(before, ['key', 'key_2', '1', 'hmac_sha256']));
  });

  it('gives a secret a new data key', async () => {
    const before = await envelopeUnder(old).seal(Buffer.from(SECRET), IDENTITY);
    const after = await envelope.reseal(before, IDENTITY);
    assert.notDeepEqual(after.sealed, before.sealed);
    assert.equal((await envelopeUnder(kek).open(after, IDENTITY)).toString(), SECRET);
    await assert.rejects(envelope.open({ ...before, sealed: after.sealed }, IDENTITY));
  });

  it('opens what was sealed in the first format, and takes it to the second', async () => {
    const before = await inFirstFormat(old);
    assert.equal((await envelope.open(before, IDENTITY)).toString(), SECRET);
    const after = await envelope.rewrap(before, IDENTITY);
    assert.equal((await envelopeUnder(kek).open(after, IDENTITY)).toString(), SECRET);
    assert.equal(after.wrappedKey[0], 2);
  });

  it('refuses a wrapped key of no known format', async () => {
    const sealed = await envelope.seal(Buffer.from(SECRET), IDENTITY);
    const wrappedKey = Buffer.concat([Buffer.of(3), sealed.wrappedKey.subarray(1)]);
    await assert.rejects(envelope.open({ ...sealed, wrappedKey }, IDENTITY), /no known format/);
  });

  it('counts what a key-encryption key wraps, before it does', async () => {
    const counted: string[] = [];
    const keyring = createKeyring([kek, old], kek.id, async (id) => void counted.push(id));
    const counting = createEnvelope(keyring, systemIds);
    const sealed = await counting.seal(Buffer.from(SECRET), IDENTITY);
    await counting.open(sealed, IDENTITY);
    await counting.rewrap(sealed, IDENTITY);
    assert.deepEqual(counted, [kek.id, kek.id]);
  });

  it('shows nothing of its keys', () => {
    const bytes = Buffer.alloc(32, 0xab);
    const shown =
      inspect(kekOf(bytes), { depth: 9 }) + JSON.stringify(kekOf(Buffer.alloc(32, 0xab)));
    assert.ok(!shown.includes('abab') && !shown.includes('171'));
    assert.ok(bytes.every((byte) => byte === 0));
  });
});

describe('lengthPrefixed', () => {
  it('gives each list bytes of its own', () => {
    const lists = [['a', 'bc'], ['ab', 'c'], ['abc'], ['', 'abc'], ['abc', ''], []];
    const made = lists.map((list) => lengthPrefixed(list).toString('hex'));
    assert.equal(new Set(made).size, lists.length);
  });
});

function envelopeUnder(current: Kek, ...others: readonly Kek[]) {
  return createEnvelope(
    createKeyring([current, ...others], current.id, async () => undefined),
    systemIds,
  );
}

/** A secret as this service sealed it before it could rewrap. */
async function inFirstFormat(kek: Kek): Promise<Sealed> {
  const bound = (part: string) =>
    lengthPrefixed(['ramet.keys.sealed.v1', part, kek.id, ...IDENTITY]);
  const dataKey = systemIds.bytes(32);
  const wrappedKey = await kek.wrap(dataKey, systemIds.bytes(12), bound('data key'));
  const key = createSecretKey(dataKey);
  const sealed = close(key, systemIds.bytes(12), bound('secret'), Buffer.from(SECRET));
  return { kekId: kek.id, wrappedKey, sealed };
}
