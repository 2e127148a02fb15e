import { type SignKeyObjectInput, sign, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { promisify } from 'node:util';

type Done<Result> = (error: Error | null, result: Result) => void;

// With a callback both run in libuv's pool: a signature takes as long as many HMACs.

/** Signs in the background. */
export const signInPool = promisify(
  (hash: string | null, bytes: Buffer, key: SignKeyObjectInput, done: Done<Buffer>) =>
    sign(hash, bytes, key, done),
);

/** Verifies in the background. */
export const verifyInPool = promisify(
  (
    hash: string | null,
    bytes: Buffer,
    { key, signature }: { readonly key: VerifyKeyObjectInput; readonly signature: Buffer },
    done: Done<boolean>,
  ) => verify(hash, bytes, key, signature, done),
);
