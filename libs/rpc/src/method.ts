import type { Call, Streaming, Unary, Uploading } from './call.js';

/** One method of a service definition as ts-proto generates it. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (response: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** A method whose messages are not known at compile time. */
export type AnyMethod = Method<unknown, unknown>;

/** The handlers a service needs, one per method of its generated definition. */
export type Handlers<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends Method<infer Request, infer Response>
    ? {
        unary: Unary<Request, Response>;
        streaming: Streaming<Request, Response>;
        uploading: Uploading<Request, Response>;
        both: never;
      }[KindOf<Service[Name]>]
    : never;
};

/**
 * Told of a request of a caller who may make it that breaks a bound of the contract, before the caller
 * has the refusal: with the error, and the request as far as it can be read. What it throws takes the
 * place of the refusal.
 */
export type Invalid<Request> = (
  thrown: unknown,
  request: Partial<Request>,
  call: Call,
) => Promise<void>;

/** Who is told of invalid requests, by method. */
export type InvalidHandlers<Service> = {
  readonly [Name in keyof Service]?: Service[Name] extends Method<infer Request, infer _>
    ? Invalid<Request>
    : never;
};

/** Which sides of a method stream. What streams on both is not supported. */
export type KindOf<Streams extends Pick<AnyMethod, 'requestStream' | 'responseStream'>> =
  Streams['requestStream'] extends true
    ? Streams['responseStream'] extends true
      ? 'both'
      : 'uploading'
    : Streams['responseStream'] extends true
      ? 'streaming'
      : 'unary';

/** The methods of a definition by name. */
export function methodsOf(service: object): readonly (readonly [string, AnyMethod])[] {
  return Object.entries(service as Record<string, AnyMethod>);
}
