import assert from 'node:assert/strict';
import { type Remote, RemoteError } from '@ramet/rpc';
import { systemClock } from '@ramet/service';

/** Makes a call that changes nothing. */
export type Probe = () => Promise<unknown>;

/** Calls the first plain method of a service with nothing in its request. */
export function probeOf<Service extends object>(service: Service, remote: Remote<Service>): Probe {
  const methods: readonly (readonly [string, Method])[] = Object.entries(service);
  const [name, method] =
    methods.find(([, { requestStream, responseStream }]) => !requestStream && !responseStream) ??
    assert.fail('a service of streams alone');
  const empty = method.requestDeserialize(Buffer.alloc(0));
  // The mapped type of a client says nothing of a name that is only a string.
  return () =>
    (remote as Record<string, (request: unknown) => Promise<unknown>>)[name]?.(empty) ??
    assert.fail();
}

interface Method {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
}

/** Waits until a client has its connection again: each waits longer between its tries. */
export async function untilReached(probe: Probe): Promise<void> {
  for (;;) {
    const thrown: unknown = await probe().catch((reason: unknown) => reason);
    const isAway = thrown instanceof RemoteError && thrown.code === 'UNAVAILABLE';
    // What the service itself says has a reason.
    if (!isAway || thrown.reason !== '') return;
    await systemClock.sleep(20);
  }
}
