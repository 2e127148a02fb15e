import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';
import type { Bound } from './bind.js';
import { builtInMethod } from './built-in.js';
import type { Contract, Rule } from './contract.js';
import { DescriptorIndex } from './descriptor-index.js';
import { draining } from './endings.js';
import type { Authenticate } from './endpoint.js';
import { codecOf } from './health.js';
import { labelsOf } from './spans.js';
import { toStatus } from './status.js';
import type { Charged, Priced, Throttle } from './throttle.js';

type Stream = ServerDuplexStream<Request, unknown>;

/** A question, in the shape of a message of @bufbuild/protobuf. */
interface Request {
  readonly host: string;
  readonly messageRequest: { readonly case?: string; readonly value?: unknown };
}

type Answer = { readonly case: string; readonly value: unknown };

interface ReflectionOptions {
  readonly contract: Contract;
  readonly services: readonly string[];
  /** Given where strangers can ask: then only who has a token is answered. */
  readonly authenticate: Authenticate | undefined;
  /** What each stream and each question is charged to, where only who has a token is answered. */
  readonly throttle?: Throttle | undefined;
}

/** Charges whoever has opened a stream for a question, or throws RATE_LIMITED. */
type Charge = () => void;

const V1 = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const RULE: Rule = {
  ...{ callers: ['user', 'service', 'workload'], services: [] },
  ...{ action: 'reflection', audit: 'none', idempotent: true },
};
const PRICED: Priced = { path: V1, labels: labelsOf(V1), rule: RULE };

/** Answers what a server offers: grpc.reflection, v1 and v1alpha. */
export class Reflection {
  readonly #contract: Contract;
  readonly #services: readonly string[];
  readonly #authenticate: Authenticate | undefined;
  readonly #throttle: Throttle | undefined;
  readonly #open = new Set<Stream>();
  #lazyIndex: DescriptorIndex | undefined;

  constructor({ contract, services, authenticate, throttle }: ReflectionOptions) {
    this.#contract = contract;
    this.#services = services;
    this.#authenticate = authenticate;
    this.#throttle = throttle;
  }

  /** The service in the terms of grpc-js, in both versions. */
  get bound(): readonly Bound[] {
    return ['v1', 'v1alpha'].map((version) => {
      const service = `grpc.reflection.${version}.ServerReflection`;
      const name = 'ServerReflectionInfo';
      const path = `/${service}/${name}`;
      const definition = { info: { path, ...codecOf(builtInMethod(service, name)) } };
      return { definition, implementation: { info: (stream: Stream) => this.#serve(stream) } };
    });
  }

  /** Ends all streams: a client that only listens would keep the server from stopping. */
  close(): void {
    for (const stream of this.#open) refuse(stream, draining());
  }

  /** Made when somebody asks: a start should not wait for it. */
  get #index(): DescriptorIndex {
    this.#lazyIndex ??= new DescriptorIndex(this.#contract.descriptorSet);
    return this.#lazyIndex;
  }

  #serve(stream: Stream): void {
    this.#open.add(stream);
    stream.on('close', () => this.#open.delete(stream));
    stream.on('cancelled', () => this.#open.delete(stream));
    this.#admit(stream).then(
      (charge) => this.#listen(stream, charge),
      (thrown: unknown) => refuse(stream, thrown),
    );
  }

  async #admit(stream: Stream): Promise<Charge> {
    if (!this.#authenticate) return () => undefined;
    const charged = await this.#prove(stream, this.#authenticate);
    this.#charge(stream, charged);
    if (charged.kind === 'anonymous') throw tokenMissing();
    return () => this.#charge(stream, charged);
  }

  async #prove(stream: Stream, authenticate: Authenticate): Promise<Charged> {
    const get = (name: string): string | undefined => stream.metadata.get(name).map(String)[0];
    try {
      return await authenticate({ get });
    } catch (thrown) {
      this.#charge(stream, { kind: 'unproven', id: '' });
      throw thrown;
    }
  }

  #charge(stream: Stream, charged: Charged): void {
    const refused = this.#throttle?.(charged, PRICED, () => stream.getPeer());
    if (refused) throw refused.error;
  }

  /** Answers no faster than the client reads. */
  #listen(stream: Stream, charge: Charge): void {
    const listen = (request: Request): void => {
      try {
        charge();
      } catch (thrown) {
        stream.off('data', listen);
        refuse(stream, thrown);
        return;
      }
      if (!stream.write(this.#answered(request))) stream.pause();
    };
    stream.on('drain', () => stream.resume());
    stream.on('end', () => stream.end());
    stream.on('data', listen);
  }

  #answered(request: Request) {
    return {
      validHost: request.host,
      originalRequest: request,
      messageResponse: this.#answer(request.messageRequest),
    };
  }

  #answer({ case: question, value }: Request['messageRequest']): Answer {
    switch (question) {
      case 'listServices': {
        const service = this.#services.map((name) => ({ name }));
        return { case: 'listServicesResponse', value: { service } };
      }
      case 'fileByFilename':
        return this.#file(String(value));
      case 'fileContainingSymbol':
        return this.#file(this.#index.fileOf(String(value)));
      case 'fileContainingExtension': {
        const asked = value as { containingType: string; extensionNumber: number };
        return this.#file(this.#index.fileOfExtension(asked.containingType, asked.extensionNumber));
      }
      case 'allExtensionNumbersOfType': {
        const extensionNumber = this.#index.extensionsOf(String(value));
        if (!extensionNumber) return notFound();
        const found = { baseTypeName: String(value), extensionNumber };
        return { case: 'allExtensionNumbersResponse', value: found };
      }
      default:
        return refusal(status.INVALID_ARGUMENT, 'no question was asked');
    }
  }

  #file(name: string | undefined): Answer {
    const fileDescriptorProto = this.#index.withImports(name);
    if (!fileDescriptorProto) return notFound();
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  }
}

/** Ends a stream that is not to be answered, or not any more. */
function refuse(stream: Stream, thrown: unknown): void {
  stream.emit('error', toStatus(thrown, { correlationId: '', traceId: '' }));
}

function tokenMissing(): PublicError {
  return new PublicError('unauthenticated', 'TOKEN_MISSING', 'reflection needs a token here');
}

function notFound(): Answer {
  return refusal(status.NOT_FOUND, 'there is no such file, symbol or type');
}

function refusal(errorCode: status, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
