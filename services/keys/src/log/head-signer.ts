import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import {
  type Checkpoint,
  type NoteSigner,
  noteKey,
  printCheckpoint,
  printNoteKey,
  signNote,
} from '@ramet/merkle';
import type { Ids } from '@ramet/service';
import { ISSUER } from '../domain/log.js';
import type { Envelope, Sealed } from '../sealing/envelope.js';

/** Signs what is said of logs. */
export interface HeadSigner {
  /** Opens the keys of these generations: with them heads are signed from then on. */
  use(generations: readonly number[]): Promise<void>;
  /** Forgets the keys: nothing is signed until they are asked for again. */
  clear(): void;
  /** Makes the key of a generation and publishes it, if there is none. */
  make(generation: number): Promise<void>;
  /** The note of a checkpoint: signed by each of the keys in use. */
  sign(checkpoint: Checkpoint): string;
}

interface ServiceSecrets {
  ensureService(name: string, fresh: Sealed): Promise<Sealed>;
}

interface LogKeys {
  /** Publishes a key, unless one of this generation is published already. */
  publish(generation: number, verifier: string): Promise<void>;
}

export interface HeadSignerOptions {
  readonly envelope: Envelope;
  readonly secrets: ServiceSecrets;
  readonly keys: LogKeys;
  readonly ids: Ids;
}

const FIRST = 1;
const SEED_BYTES = 32;
/** What stands before the 32 bytes of an Ed25519 key in its PKCS8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Makes the signer of heads. Its keys are secrets of the service, sealed like all others, and made
 * by whoever needs one first.
 */
export function createHeadSigner(options: HeadSignerOptions): HeadSigner {
  const opened = new Map<number, NoteSigner>();
  let signers: readonly NoteSigner[] = [];
  const open = async (generation: number): Promise<void> => {
    if (!opened.has(generation)) opened.set(generation, await openKey(generation, options));
  };
  return {
    make: open,
    async use(generations) {
      const wanted = generations.length === 0 ? [FIRST] : generations;
      for (const generation of wanted) await open(generation);
      signers = [...opened].filter(([of]) => wanted.includes(of)).map(([, signer]) => signer);
    },
    clear() {
      opened.clear();
      signers = [];
    },
    sign(checkpoint) {
      if (signers.length === 0) throw new Error('no key to sign heads with is open');
      return signNote(printCheckpoint(checkpoint), signers);
    },
  };
}

async function openKey(
  generation: number,
  { envelope, secrets, keys, ids }: HeadSignerOptions,
): Promise<NoteSigner> {
  const name = `log_key_${generation}`;
  const identity = ['service', name];
  const fresh = ids.bytes(SEED_BYTES);
  const stored = await secrets.ensureService(name, await envelope.seal(fresh, identity));
  fresh.fill(0);
  const privateKey = privateKeyOf(await envelope.open(stored, identity));
  const key = noteKey(ISSUER, createPublicKey(privateKey));
  await keys.publish(generation, printNoteKey(key));
  return { name: key.name, id: key.id, privateKey };
}

/** Makes a key of its secret, which is zeroed. */
function privateKeyOf(seed: Buffer): KeyObject {
  const pkcs8 = Buffer.concat([PKCS8, seed]);
  seed.fill(0);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return key;
}
