import type { Streaming, Unary } from './call.js';

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
    ? Service[Name]['responseStream'] extends true
      ? Streaming<Request, Response>
      : Unary<Request, Response>
    : never;
};

/** The methods of a definition by name. */
export function methodsOf(service: object): readonly (readonly [string, AnyMethod])[] {
  return Object.entries(service as Record<string, AnyMethod>);
}
