import assert from 'node:assert/strict';
import { SigningServiceService } from '@ramet/proto-gen/keys.v1';
import { connect, RemoteError } from '@ramet/rpc';
import { systemClock, systemIds } from '@ramet/service';
import type { TestMesh } from './mesh.js';

/** How long what teams says may be used elsewhere, and some more for a machine that is busy. */
const FELT_MS = 1_000 + 2_000;

/** Signs with a key as the runner that a token is of. */
export async function signWith(test: TestMesh, token: string, keyId: string): Promise<void> {
  const credential = { token: async () => token };
  await using signing = connect(SigningServiceService, test.addressOf('keys'), credential);
  const payload = { $case: 'raw' as const, value: Buffer.from('an order') };
  await signing.signTransaction({ requestId: systemIds.make('req'), keyId, payload });
}

/** Asks again until a call is refused, for as long as another service may keep what it knew. */
export async function untilRefused(call: () => Promise<unknown>, reason: RegExp): Promise<void> {
  const start = systemClock.elapsed();
  while (systemClock.elapsed() - start < FELT_MS) {
    const isLetIn = await call().then(
      () => true,
      () => false,
    );
    if (!isLetIn) break;
  }
  await assert.rejects(call(), { reason });
}

/** Reads a stream until it ends. Resolves to the reason. */
export async function drain(stream: AsyncIterable<unknown>): Promise<string> {
  try {
    for await (const _ of stream);
    return 'the end';
  } catch (thrown) {
    return thrown instanceof RemoteError ? thrown.reason : String(thrown);
  }
}
