import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { ALGORITHMS, type Algorithm } from '../algorithm.js';
import { addressOf } from './address.js';

// The key of the example of EIP-155, and the sender that it names (eips.ethereum.org, 2016-10-14).
const EIP155 = {
  x: 'S8KjEmUVPwfnDgurCHJOa4XiF_jNYozrYpdCR7tJM4I',
  y: 'zijKt5rXEZ7hrT6825ihaAUhFTDsxs_vobiObf-ZIyo',
};
const EIP155_SENDER = '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F';

// The system program of Solana: all bytes zero (docs.solana.com, 2025).
const ZEROS = Buffer.alloc(32).toString('base64url');
const SYSTEM_PROGRAM = '1'.repeat(32);
// The first key of RFC 8032, 7.1; its base58 was worked out apart from ours.
const RFC8032 = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const RFC8032_ADDRESS = 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z';

describe('the address of a key', () => {
  it('is that of Ethereum for secp256k1, with its checksum', () => {
    const key = { kty: 'EC', crv: 'secp256k1', ...EIP155 };
    assert.equal(addressOf('ecdsa_secp256k1', derOf(key)), EIP155_SENDER);
  });

  it('is that of Solana for Ed25519', () => {
    const of = (x: string) => addressOf('ed25519', derOf({ kty: 'OKP', crv: 'Ed25519', x }));
    assert.deepEqual([of(ZEROS), of(RFC8032)], [SYSTEM_PROGRAM, RFC8032_ADDRESS]);
  });

  it('is none for algorithms of no chain', () => {
    const all = Object.keys(ALGORITHMS) as Algorithm[];
    const without = all.filter((each) => addressOf(each, Buffer.alloc(64)) === '');
    assert.deepEqual(all.filter((each) => !without.includes(each)).sort(), [
      'ecdsa_secp256k1',
      'ed25519',
    ]);
  });
});

function derOf(key: Readonly<Record<string, string>>): Buffer {
  return createPublicKey({ key, format: 'jwk' }).export({
    format: 'der',
    type: 'spki',
  });
}
