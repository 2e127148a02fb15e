import type { Json } from './json.js';

/** What is wrong with typed data, and where in it. */
export class NotTypedData extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** A member of a struct. */
export interface Field {
  readonly name: string;
  readonly type: string;
}

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,63}$/;
const ATOM = /^(bool|address|string|bytes([1-9]|[12][0-9]|3[0-2])?|u?int([1-9][0-9]*))$/;
const MAX_TYPES = 64;
const MAX_FIELDS = 64;
const MAX_DIMENSIONS = 4;

/** The struct types of typed data (EIP-712). Every type that a field names is known. */
export class Types {
  readonly #fields: ReadonlyMap<string, readonly Field[]>;

  private constructor(fields: ReadonlyMap<string, readonly Field[]>) {
    this.#fields = fields;
  }

  /** Reads `types`. Throws NotTypedData. */
  static read(json: Json | undefined, domain: readonly Field[]): Types {
    if (!(json instanceof Map)) throw new NotTypedData('types', 'must be an object');
    if (json.size > MAX_TYPES) throw new NotTypedData('types', `must be at most ${MAX_TYPES}`);
    const fields = new Map<string, readonly Field[]>([['EIP712Domain', domain]]);
    for (const [name, list] of json) {
      if (!NAME.test(name) || ATOM.test(name)) {
        throw new NotTypedData('types', 'has a name that no struct can have');
      }
      fields.set(name, readFields(list, `types.${name}`));
    }
    const types = new Types(fields);
    types.#requireKnown();
    return types;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  fieldsOf(name: string): readonly Field[] {
    return this.#fields.get(name) ?? [];
  }

  /** The type with all that it refers to, by name (EIP-712, `encodeType`). */
  encodeType(name: string): string {
    const referred = new Set<string>();
    this.#refer(name, referred);
    referred.delete(name);
    return [name, ...[...referred].sort()].map((each) => this.#written(each)).join('');
  }

  #refer(name: string, into: Set<string>): void {
    if (!this.has(name) || into.has(name)) return;
    into.add(name);
    for (const { type } of this.fieldsOf(name)) this.#refer(elementOf(type), into);
  }

  #written(name: string): string {
    const members = this.fieldsOf(name).map((field) => `${field.type} ${field.name}`);
    return `${name}(${members.join(',')})`;
  }

  #requireKnown(): void {
    for (const [name, fields] of this.#fields) {
      for (const { name: field, type } of fields) {
        const path = `types.${name}.${field}`;
        const element = elementOf(type);
        const dimensions = type.slice(element.length).split('[').length - 1;
        if (dimensions > MAX_DIMENSIONS) {
          throw new NotTypedData(path, `must have at most ${MAX_DIMENSIONS} dimensions`);
        }
        if (!this.has(element) && !isAtom(element)) {
          throw new NotTypedData(path, 'is of a type that is not known');
        }
      }
    }
  }
}

function readFields(json: Json, path: string): readonly Field[] {
  if (!Array.isArray(json) || json.length > MAX_FIELDS) {
    throw new NotTypedData(path, `must be an array of at most ${MAX_FIELDS}`);
  }
  const known = new Set<string>();
  return json.map((each: Json, at) => {
    const where = `${path}[${at}]`;
    const [name, type] = each instanceof Map ? [each.get('name'), each.get('type')] : [];
    if (typeof name !== 'string' || !NAME.test(name) || known.has(name)) {
      throw new NotTypedData(where, 'must have a name of its own');
    }
    if (typeof type !== 'string' || !/^[A-Za-z0-9_$]{1,64}(\[([1-9][0-9]{0,3})?\])*$/.test(type)) {
      throw new NotTypedData(where, 'must have a type');
    }
    known.add(name);
    return { name, type };
  });
}

function elementOf(type: string): string {
  const [element = ''] = type.split('[', 1);
  return element;
}

function isAtom(type: string): boolean {
  const [, , , bits] = ATOM.exec(type) ?? [];
  if (!ATOM.test(type)) return false;
  return bits === undefined || (Number(bits) % 8 === 0 && Number(bits) <= 256);
}
