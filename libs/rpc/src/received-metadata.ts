import type { Metadata } from '@grpc/grpc-js';
import type { CallMetadata } from './call.js';

/** The metadata of a call that has come in, as a handler may see it. */
export class ReceivedMetadata implements CallMetadata {
  readonly #metadata: Metadata;

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
  }

  get(name: string): string | undefined {
    const [value] = this.#metadata.get(name);
    return typeof value === 'string' ? value : undefined;
  }
}
