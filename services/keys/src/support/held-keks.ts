import { type KekProvider, keksOf } from '../sealing/kek-provider.js';

/** Key-encryption keys that a test holds, gives, changes and withholds. */
export class HeldKeks implements KekProvider {
  readonly name = 'a test';
  #keys: readonly Buffer[];
  #hasChanged = true;

  constructor(...keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  /** Gives these from now on, the newest first; none if there are none. */
  give(...keys: readonly Buffer[]): void {
    this.#keys = keys;
    this.#hasChanged = true;
  }

  hasChanged(): boolean {
    return this.#hasChanged;
  }

  async read() {
    this.#hasChanged = false;
    return keksOf(Buffer.concat(this.#keys));
  }
}
