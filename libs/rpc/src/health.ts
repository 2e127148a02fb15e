import {
  create,
  type DescMethod,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { notFound } from '@ramet/errors';
import { builtInMethod } from './built-in.js';
import type { Call } from './call.js';
import type { Implemented } from './implement.js';
import type { AnyMethod } from './method.js';

const SERVICE = 'grpc.health.v1.Health';
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** Answers whether a server takes calls: grpc.health.v1. All services of a server share a state. */
export class Health {
  readonly #names: ReadonlySet<string>;
  #serving = true;
  #wake: () => void = () => undefined;
  #changed: Promise<void> = Promise.resolve();

  constructor(services: readonly string[]) {
    this.#names = new Set(['', ...services]);
    this.#arm();
  }

  set(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    const wake = this.#wake;
    this.#arm();
    wake();
  }

  get implemented(): Implemented {
    return {
      definition: {
        check: methodFor('Check'),
        list: methodFor('List'),
        watch: methodFor('Watch'),
      },
      handlers: {
        check: async (request: unknown) => this.#check(serviceOf(request)),
        list: async () => this.#list(),
        watch: (request: unknown, { signal }: Call) => this.#watch(serviceOf(request), signal),
      },
    };
  }

  #check(service: string): unknown {
    if (!this.#names.has(service)) throw notFound('service', service);
    return { status: this.#serving ? SERVING : NOT_SERVING };
  }

  #list(): unknown {
    const status = this.#serving ? SERVING : NOT_SERVING;
    return { statuses: Object.fromEntries([...this.#names].map((name) => [name, { status }])) };
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const hungUp = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const changed = this.#changed;
      yield this.#names.has(service) ? this.#check(service) : { status: SERVICE_UNKNOWN };
      await Promise.race([changed, hungUp]);
    }
  }

  #arm(): void {
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function serviceOf(request: unknown): string {
  return (request as { readonly service: string }).service;
}

function methodFor(name: string): AnyMethod {
  const method = builtInMethod(SERVICE, name);
  return { path: `/${SERVICE}/${name}`, ...codecOf(method) };
}

/** How grpc-js is to read and write the messages of a built-in method. */
export function codecOf(method: DescMethod): Omit<AnyMethod, 'path'> {
  const { input, output } = method;
  const write = (desc: typeof input, value: unknown): Buffer =>
    Buffer.from(toBinary(desc, create(desc, value as MessageShape<typeof desc>)));
  return {
    requestStream: method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind !== 'unary',
    requestSerialize: (request) => write(input, request),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (response) => write(output, response),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}
