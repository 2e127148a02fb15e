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

/** Answers whether a server and each of its services take calls: grpc.health.v1. */
export class Health {
  /** Whether each serves; the server as a whole has an empty name. */
  readonly #serving: Map<string, boolean>;
  #wake: () => void = () => undefined;
  #changed: Promise<void> = Promise.resolve();

  constructor(services: readonly string[]) {
    this.#serving = new Map(['', ...services].map((name) => [name, true]));
    this.#arm();
  }

  /** Says it of the services named, else of all. */
  set(serving: boolean, names: readonly string[] = [...this.#serving.keys()]): void {
    const changing = names.filter((name) => this.#serving.get(name) === !serving);
    if (changing.length === 0) return;
    for (const name of changing) this.#serving.set(name, serving);
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
    const serving = this.#serving.get(service);
    if (serving === undefined) throw notFound('service', service);
    return { status: statusOf(serving) };
  }

  #list(): unknown {
    const statuses = [...this.#serving].map(([name, serving]) => {
      return [name, { status: statusOf(serving) }];
    });
    return { statuses: Object.fromEntries(statuses) };
  }

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const hungUp = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const changed = this.#changed;
      yield this.#serving.has(service) ? this.#check(service) : { status: SERVICE_UNKNOWN };
      await Promise.race([changed, hungUp]);
    }
  }

  #arm(): void {
    this.#changed = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function statusOf(serving: boolean): number {
  return serving ? SERVING : NOT_SERVING;
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
