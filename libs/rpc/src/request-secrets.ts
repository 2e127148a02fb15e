import type { DescMessage } from '@bufbuild/protobuf';

/** Tells whether a message has a field that the contract marks with `debug_redact`, at any depth. */
export function holdsSecrets(message: DescMessage, known = new Set<DescMessage>()): boolean {
  if (known.has(message)) return false;
  known.add(message);
  return message.fields.some(
    ({ proto, message: inner }) =>
      proto.options?.debugRedact === true || (inner && holdsSecrets(inner, known)),
  );
}

/** Zeroes all bytes in a message. Its texts stay: they cannot be zeroed. */
export function wipe(message: unknown): void {
  if (message instanceof Uint8Array) message.fill(0);
  else if (typeof message === 'object' && message !== null) Object.values(message).forEach(wipe);
}
