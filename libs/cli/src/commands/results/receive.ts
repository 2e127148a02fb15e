import { createHash } from 'node:crypto';
import type { GetResultRequest, Result } from '@ramet/proto-gen/lifecycle.v1';
import type { Context } from '../../context.js';
import { FailedError } from '../../usage-error.js';
import { present } from '../options.js';
import type { Sink } from './sink.js';

/**
 * Receives a result, or the range of it that is asked for, into where it goes.
 *
 * Throws FailedError if what came is not all, or not what the service says it is: nothing of it is
 * kept then.
 */
export async function receive(
  { session, world }: Context,
  request: GetResultRequest,
  sink: Sink,
): Promise<Result> {
  const { signal } = world;
  const hash = createHash('sha256');
  let result: Result | undefined;
  let received = 0n;
  for await (const { part } of session.results.getResult(request, { signal })) {
    if (part?.$case === 'result') result = part.value;
    if (part?.$case !== 'data') continue;
    hash.update(part.value);
    received += BigInt(part.value.length);
    await sink.write(part.value);
  }
  const whole = present(result, 'result');
  requireWhole(whole, request, { received, sha256: hash.digest() });
  await sink.finish();
  return whole;
}

function requireWhole(
  result: Result,
  { offset, length }: GetResultRequest,
  { received, sha256 }: { readonly received: bigint; readonly sha256: Buffer },
): void {
  const left = result.sizeBytes - offset;
  const expected = length === 0n || length > left ? left : length;
  if (received !== expected) {
    throw new FailedError(`${result.name} is not whole: ${received} of ${expected} bytes came`);
  }
  if (received === result.sizeBytes && !sha256.equals(result.sha256)) {
    throw new FailedError(`${result.name} is not what was left: its sha256 differs`);
  }
}
