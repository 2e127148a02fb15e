import { ANONYMOUS, type Caller, type CallMetadata } from '@ramet/rpc';

/** Who calls, in the words of a test. The servers of these tests take it for proof. */
export type Who = `user:${string}` | `admin:${string}` | `service:${string}` | `workload:${string}`;

/** The metadata to call with as somebody. */
export function as(who: Who): { readonly metadata: { readonly caller: string } } {
  return { metadata: { caller: who } };
}

/** The workload of an execution. */
export function workloadOf(of: {
  readonly cloneId: string;
  readonly executionId: string;
  readonly epoch: number;
}): Who {
  return `workload:${of.executionId}:${of.cloneId}:${of.epoch}`;
}

/** Reads who calls from the metadata. Tokens are proven in the tests of `@ramet/rpc`. */
export function callerIn(metadata: CallMetadata): Caller {
  const shown = metadata.get('caller') ?? metadata.get('authorization')?.slice('Bearer '.length);
  const [kind, id = '', cloneId = '', epoch] = (shown ?? '').split(':');
  const common = { id, admin: false, tokenId: 'test' };
  switch (kind) {
    case 'user':
      return { ...common, kind };
    case 'admin':
      return { ...common, kind: 'user', admin: true };
    case 'service':
      return { ...common, kind, ...onBehalfOf(metadata) };
    case 'workload': {
      const workload = { cloneId, executionId: id, epoch: Number(epoch) };
      return { ...common, kind, workload };
    }
    default:
      return ANONYMOUS;
  }
}

function onBehalfOf(metadata: CallMetadata): Pick<Caller, 'onBehalfOf'> {
  const user = metadata.get('x-on-behalf-of');
  return user === undefined ? {} : { onBehalfOf: user };
}
