import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { BUILT_IN_FILES, bytesOfBuiltIn } from './built-in.js';

/** Finds files of descriptors by what they define. Each file keeps the bytes it came in. */
export class DescriptorIndex {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #imports = new Map<string, readonly string[]>();
  readonly #fileOfSymbol = new Map<string, string>();
  readonly #fileOfExtension = new Map<string, Map<number, string>>();

  /** The set is a serialized google.protobuf.FileDescriptorSet. */
  constructor(descriptorSet: Uint8Array) {
    const parts = filesIn(descriptorSet);
    fromBinary(FileDescriptorSetSchema, descriptorSet).file.forEach((file, index) => {
      this.#add(file, parts[index] ?? new Uint8Array());
    });
    for (const file of BUILT_IN_FILES) {
      if (!this.#bytes.has(file.name)) this.#add(file, bytesOfBuiltIn(file));
    }
  }

  /** The file and all that it imports, itself first. Undefined if there is none of that name. */
  withImports(file: string | undefined): readonly Uint8Array[] | undefined {
    if (file === undefined || !this.#bytes.has(file)) return undefined;
    const names = new Set([file]);
    for (const name of names) for (const each of this.#imports.get(name) ?? []) names.add(each);
    return [...names].flatMap((name) => this.#bytes.get(name) ?? []);
  }

  /** The file that defines a message, enum, service, method, field or extension. */
  fileOf(symbol: string): string | undefined {
    return this.#fileOfSymbol.get(symbol);
  }

  fileOfExtension(type: string, number: number): string | undefined {
    return this.#fileOfExtension.get(type)?.get(number);
  }

  /** The numbers of all extensions of a message. Undefined if there is no such message. */
  extensionsOf(type: string): readonly number[] | undefined {
    const numbers = this.#fileOfExtension.get(type);
    if (numbers) return [...numbers.keys()].sort((a, b) => a - b);
    return this.#fileOfSymbol.has(type) ? [] : undefined;
  }

  #add(file: FileDescriptorProto, bytes: Uint8Array): void {
    this.#bytes.set(file.name, bytes);
    this.#imports.set(file.name, file.dependency);
    const scope = file.package;
    for (const each of file.messageType) this.#addMessage(file.name, scope, each);
    for (const each of file.enumType) this.#addNames(file.name, scope, [each, ...each.value]);
    for (const each of file.extension) this.#addExtension(file.name, scope, each);
    for (const each of file.service) {
      const name = this.#addName(file.name, scope, each.name);
      this.#addNames(file.name, name, each.method);
    }
  }

  #addMessage(file: string, scope: string, message: DescriptorProto): void {
    const name = this.#addName(file, scope, message.name);
    this.#addNames(file, name, [...message.field, ...message.oneofDecl]);
    for (const each of message.nestedType) this.#addMessage(file, name, each);
    for (const each of message.enumType) this.#addNames(file, name, [each, ...each.value]);
    for (const each of message.extension) this.#addExtension(file, name, each);
  }

  #addExtension(file: string, scope: string, extension: FieldDescriptorProto): void {
    this.#addName(file, scope, extension.name);
    const type = extension.extendee.replace(/^\./, '');
    const files = this.#fileOfExtension.get(type) ?? new Map<number, string>();
    this.#fileOfExtension.set(type, files.set(extension.number, file));
  }

  #addNames(file: string, scope: string, named: readonly { readonly name: string }[]): void {
    for (const { name } of named) this.#addName(file, scope, name);
  }

  #addName(file: string, scope: string, name: string): string {
    const symbol = scope === '' ? name : `${scope}.${name}`;
    this.#fileOfSymbol.set(symbol, file);
    return symbol;
  }
}

/** The bytes of each file of a set, as they are. */
function filesIn(descriptorSet: Uint8Array): readonly Uint8Array[] {
  const files: Uint8Array[] = [];
  const reader = new BinaryReader(descriptorSet);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === WireType.LengthDelimited) files.push(reader.bytes());
    else reader.skip(wireType, field);
  }
  return files;
}
