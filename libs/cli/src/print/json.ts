import {
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  type JsonValue,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { loadContract } from '@ramet/proto-gen/contract';

/** How to write a message as JSON: its name in the contracts, and its code. */
export interface Shape<Message> {
  readonly type: string;
  encode(message: Message): { finish(): Uint8Array };
}

/** Names a message of the generated code. */
export function shape<Message>(
  type: string,
  { encode }: { readonly encode: (message: Message) => { finish(): Uint8Array } },
): Shape<Message> {
  return { type: `ramet.${type}`, encode };
}

/** Writes messages as JSON, as the contracts say. */
export type ToJson = <Message>(shape: Shape<Message>, message: Message) => JsonValue;

/**
 * Makes the writer of JSON: proto3's own mapping, with every field.
 *
 * Fields in camelCase, enums by name, 64-bit numbers as texts, bytes as base64, times as RFC 3339,
 * durations as `1.5s`. Messages that are absent are left out.
 */
export function jsonWriter(): ToJson {
  let registry: FileRegistry | undefined;
  return ({ type, encode }, message) => {
    registry ??= createFileRegistry(
      fromBinary(FileDescriptorSetSchema, loadContract().descriptorSet),
    );
    const schema = registry.getMessage(type);
    if (!schema) throw new Error(`the contracts have no ${type}`);
    const bytes = encode(message).finish();
    return toJson(schema, fromBinary(schema, bytes), { registry, alwaysEmitImplicit: true });
  };
}
