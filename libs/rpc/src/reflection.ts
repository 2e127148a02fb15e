import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { PublicError } from '@ramet/errors';
import type { Bound } from './bind.js';
import { builtInMethod } from './built-in.js';
import type { Contract } from './contract.js';
import { DescriptorIndex } from './descriptor-index.js';
import { draining } from './endings.js';
import type { Authenticate } from './endpoint.js';
import { codecOf } from './health.js';
import { toStatus } from './status.js';

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
}

/** Answers what a server offers: grpc.reflection, v1 and v1alpha. */
export class Reflection {
  readonly #contract: Contract;
  readonly #services: readonly string[];
  readonly #authenticate: Authenticate | undefined;
  readonly #open = new Set<Stream>();
  #lazyIndex: DescriptorIndex | undefined;

  constructor({ contract, services, authenticate }: ReflectionOptions) {
    this.#contract = contract;
    this.#services = services;
    this.#authenticate = authenticate;
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
      () => this.#listen(stream),
      (thrown: unknown) => refuse(stream, thrown),
    );
  }

  async #admit({ metadata }: Stream): Promise<void> {
    if (!this.#authenticate) return;
    const get = (name: string): string | undefined => metadata.get(name).map(String)[0];
    const { kind } = await this.#authenticate({ get });
    if (kind === 'anonymous') throw tokenMissing();
  }

  /** Answers no faster than the client reads. */
  #listen(stream: Stream): void {
    stream.on('drain', () => stream.resume());
    stream.on('end', () => stream.end());
    stream.on('data', (request: Request) => {
      const answer = {
        validHost: request.host,
        originalRequest: request,
        messageResponse: this.#answer(request.messageRequest),
      };
      if (!stream.write(answer)) stream.pause();
    });
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
